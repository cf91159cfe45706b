//! A few changed rows, with what the ledger holds of them, for a plan to show; and how many there are of each sort.

use super::{Basis, compare, key_layout};
use crate::ir::change::{Cohort, Sample};
use crate::ir::delivery::DeltaRow;
use crate::ir::mode::ChangeKind;
use crate::ir::offer::{Alone, Offer};
use crate::ir::plan::Plan;
use crate::ir::value::Value;
use crate::store::{Store, StoreError};

/// Which rows are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The first in key order.
    First,
    /// Some from everywhere, the same ones each time.
    Spread,
}

/// Rows of each kind, at most `most` a kind.
pub fn samples(
    store: &Store,
    plan: &Plan,
    basis: &Basis<'_>,
    pick: Pick,
    most: u64,
) -> Result<Vec<Sample>, StoreError> {
    let mut samples = Vec::new();
    for kind in ChangeKind::ALL {
        let rows = store.rows(&query(plan, basis, kind, pick, most))?;
        samples.extend(rows.into_iter().enumerate().filter_map(|(at, row)| sample(plan, kind, at as u64, row)));
    }
    Ok(samples)
}

/// Cut before the join: what a ledger of millions holds of a few rows is looked up, not sorted.
fn query(plan: &Plan, basis: &Basis<'_>, kind: ChangeKind, pick: Pick, most: u64) -> String {
    let keys = key_layout(plan).len();
    let texts: Vec<String> = (1..=keys).map(|at| format!("CAST(d.k{at} AS VARCHAR)")).collect();
    let order: Vec<String> = (1..=keys).map(|at| format!("d.k{at}")).collect();
    let mut columns = vec![
        format!("concat_ws(' / ', {})", texts.join(", ")),
        "d.which".into(),
        "d.whole".into(),
        "d.owed".into(),
        "d.remote_id".into(),
    ];
    columns.extend((1..=plan.identifiers.len()).map(|at| format!("d.i{at}")));
    columns.extend(plan.fields.iter().map(|field| format!("d.d{}", field.column.position)));
    columns.extend(
        plan.fields
            .iter()
            .map(|field| if field.column.fresh { "NULL".to_string() } else { format!("e.v{}", field.column.position) }),
    );
    format!(
        "SELECT {columns} FROM (SELECT * FROM diff_rows d WHERE d.action = '{kind}' ORDER BY {picked} LIMIT {most}) d \
         LEFT JOIN {entry} e ON {same_key} ORDER BY {order}",
        columns = columns.join(", "),
        kind = kind.name(),
        picked = match pick {
            Pick::First => order.join(", "),
            Pick::Spread => format!("hash({}), {}", order.join(", "), order.join(", ")),
        },
        order = order.join(", "),
        entry = basis.ledger.table("entry"),
        same_key = compare::same_key("d", "e", keys),
    )
}

fn sample(plan: &Plan, kind: ChangeKind, at: u64, row: Vec<Value>) -> Option<Sample> {
    let mut values = row.into_iter();
    let (Some(Value::Text(key)), Some(Value::Int(which)), Some(whole), Some(owed), Some(remote_id)) =
        (values.next(), values.next(), values.next(), values.next(), values.next())
    else {
        return None;
    };
    let identifiers = values.by_ref().take(plan.identifiers.len()).map(text).collect();
    let wanted: Vec<Value> = values.by_ref().take(plan.fields.len()).collect();
    let old: Vec<Value> = values.collect();
    let positions = positions(&owed);
    let offer = Offer::alone(Alone {
        row: DeltaRow(at),
        kind,
        which: which as usize,
        whole: whole == Value::Bool(true),
        look_first: false,
        owed: plan.fields.iter().map(|field| positions.contains(&field.column.position)).collect(),
        remote_id: text(remote_id),
        identifiers,
        values: wanted,
    });
    Some(Sample { offer, key, old })
}

/// All rows to send, counted by what decides their way.
pub fn cohorts(store: &Store) -> Result<Vec<Cohort>, StoreError> {
    let rows = store.rows(
        "SELECT action, which, remote_id IS NOT NULL, look_first, count(*) FROM diff_rows \
         WHERE action IN ('added', 'changed', 'removed') GROUP BY ALL ORDER BY ALL",
    )?;
    Ok(rows.into_iter().filter_map(cohort).collect())
}

fn cohort(row: Vec<Value>) -> Option<Cohort> {
    let [Value::Text(kind), Value::Int(which), Value::Bool(known), Value::Bool(look_first), Value::Int(rows)] =
        row.as_slice()
    else {
        return None;
    };
    Some(Cohort {
        kind: ChangeKind::parse(kind)?,
        which: usize::try_from(*which).ok()?,
        has_remote_id: *known,
        look_first: *look_first,
        rows: u64::try_from(*rows).ok()?,
    })
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn positions(owed: &Value) -> Vec<u32> {
    match owed {
        Value::List(items) => items
            .iter()
            .filter_map(|item| match item {
                Value::Int(position) => u32::try_from(*position).ok(),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}
