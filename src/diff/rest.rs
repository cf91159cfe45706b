//! Whether the source is what every entry already holds: then nothing is joined. Both sides are read once and summed up.
//!
//! Equal sums over 64-bit hashes of whole rows stand for equal sets of rows. A set that differs passes for equal with a
//! probability of some 2^-64.
//!
//! A run that read and delivered everything leaves the sums of its source in the ledger (`LedgerShape::rested`). They say
//! one thing only, which no later event makes untrue: rows with these sums share neither key nor identifier. What is
//! acknowledged is summed up anew each time.

use super::{Basis, key_layout};
use crate::ir::change::Changes;
use crate::ir::mode::Mode;
use crate::ir::plan::Plan;
use crate::ir::value::Value;
use crate::store::{Store, StoreError};

/// What a look at both sides' sums told.
#[derive(Default)]
pub struct Look {
    /// The sums of the source, where they were taken.
    pub sums: Option<String>,
    /// The source is what the ledger holds, and nothing else is to be done.
    pub at_rest: bool,
}

/// `wanted`: the query of `diff_want`, as it is when no row shares its key or identifier.
pub fn look(store: &Store, plan: &Plan, basis: &Basis<'_>, rows: u64, wanted: &str) -> Result<Look, StoreError> {
    let Some(before) = basis.shape.rested.as_deref().filter(|_| comparable(plan, basis, rows)) else {
        return Ok(Look::default());
    };
    let entry = basis.ledger.table("entry");
    let settled = settled(basis);
    let resting = store.row(&format!(
        "SELECT count(*) FILTER ({settled}), count(*) FILTER (state = 'gone' AND acked_at IS NOT NULL) FROM {entry}"
    ))?;
    let expected = [rows, basis.shape.entries - rows].map(|number| Value::Int(number.into()));
    if resting != expected {
        return Ok(Look::default());
    }
    let sums = summed(store, plan, wanted)?;
    let held = format!("SELECT hash({}) AS hash, NULL AS problem FROM {entry} WHERE {settled}", columns(plan, "v"));
    // Other rows than those that were looked through may share identifiers: then only the comparison can tell.
    let at_rest = sums == before && sums == totals(store, &held)?;
    Ok(Look { sums: Some(sums), at_rest })
}

/// The sums by which the next run knows this source again, where every row of it can be offered. Reads `diff_want`.
pub fn sums(store: &Store, plan: &Plan, changes: &Changes) -> Result<Option<String>, StoreError> {
    let counts = &changes.counts;
    if !by_values(plan) || counts.rows == 0 || counts.deliverable != counts.rows {
        return Ok(None);
    }
    match &changes.sums {
        Some(sums) => Ok(Some(sums.clone())),
        None => Ok(Some(summed(store, plan, "SELECT * FROM diff_want")?)),
    }
}

fn summed(store: &Store, plan: &Plan, wanted: &str) -> Result<String, StoreError> {
    totals(store, &format!("SELECT hash({}) AS hash, problem FROM ({wanted})", columns(plan, "d")))
}

/// Everything that is compared of a row: key, identifiers, values.
fn columns(plan: &Plan, values: &str) -> String {
    let keys = (1..=key_layout(plan).len()).map(|at| format!("k{at}"));
    let identifiers = (1..=plan.identifiers.len()).map(|at| format!("i{at}"));
    let fields = plan.fields.iter().map(|field| format!("{values}{}", field.column.position));
    keys.chain(identifiers).chain(fields).collect::<Vec<_>>().join(", ")
}

/// How many rows can be offered, and the sums over all. A row that is set aside makes the first number too small.
fn totals(store: &Store, rows: &str) -> Result<String, StoreError> {
    let sql = format!("SELECT concat_ws(' ', count(*) - count(problem), sum(hash), bit_xor(hash)) FROM ({rows})");
    match store.row(&sql)?.into_iter().next() {
        Some(Value::Text(text)) => Ok(text),
        _ => Ok(String::new()),
    }
}

/// Modes whose entries hold, for each key, the values of its row.
fn by_values(plan: &Plan) -> bool {
    matches!(plan.mode, Mode::Update | Mode::Upsert)
}

fn comparable(plan: &Plan, basis: &Basis<'_>, rows: u64) -> bool {
    let same_types = plan.fields.iter().all(|field| {
        let column = &field.column;
        !column.fresh && column.sql_type.as_deref() == Some(field.sql_type.as_str())
    });
    by_values(plan) && !basis.first_load() && same_types && (1..=basis.shape.entries).contains(&rows)
}

/// Entries that owe nothing as long as their row stays as it is.
fn settled(basis: &Basis<'_>) -> String {
    format!(
        "state = 'synced' AND acked_at IS NOT NULL AND coalesce(len(owes), 0) = 0 \
         AND coalesce(cardinality(refused), 0) = 0 AND coalesce(full_number, 0) >= {}",
        basis.full_number
    )
}
