//! A few changed rows, with what the ledger holds of them, for a plan to show.

use super::{Basis, compare, key_layout};
use crate::ir::change::Sample;
use crate::ir::delivery::{DeltaRow, Offer};
use crate::ir::mode::ChangeKind;
use crate::ir::plan::Plan;
use crate::ir::value::Value;
use crate::store::{Store, StoreError};

/// The first rows of each kind in key order, at most `most` a kind.
pub fn samples(store: &Store, plan: &Plan, basis: &Basis<'_>, most: u64) -> Result<Vec<Sample>, StoreError> {
    let mut samples = Vec::new();
    for kind in ChangeKind::ALL {
        let rows = store.rows(&query(plan, basis, kind, most))?;
        samples.extend(rows.into_iter().enumerate().filter_map(|(at, row)| sample(plan, kind, at as u64, row)));
    }
    Ok(samples)
}

/// Cut before the join: what a ledger of millions holds of a few rows is looked up, not sorted.
fn query(plan: &Plan, basis: &Basis<'_>, kind: ChangeKind, most: u64) -> String {
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
        "SELECT {columns} FROM (SELECT * FROM diff_rows d WHERE d.action = '{kind}' ORDER BY {order} LIMIT {most}) d \
         LEFT JOIN {entry} e ON {same_key} ORDER BY {order}",
        columns = columns.join(", "),
        kind = kind.name(),
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
    let offer = Offer {
        row: DeltaRow(at),
        kind,
        identifiers,
        which: which as usize,
        values: wanted,
        owed: plan.fields.iter().map(|field| positions.contains(&field.column.position)).collect(),
        whole: whole == Value::Bool(true),
        remote_id: text(remote_id),
        look_first: false,
    };
    Some(Sample { offer, key, old })
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
