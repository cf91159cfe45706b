//! Whether the source is what every entry already holds: then nothing is joined. Both sides are read once and summed up.
//!
//! Equal sums over 64-bit hashes of whole rows stand for equal sets of rows. A set that differs passes for equal with a
//! probability of some 2^-64.
//!
//! The sums of a source that proved to be at rest are kept in the ledger (`LedgerShape::rested`): rows with these sums have
//! been looked through for shared identifiers before.

use super::{Basis, key_layout};
use crate::ir::mode::Mode;
use crate::ir::plan::Plan;
use crate::ir::value::Value;
use crate::store::{Store, StoreError};

/// The sums of the source, when its rows are those the ledger holds. `wanted`: the query of `diff_want`, as it is when no
/// row shares its key or identifier. Keys are then unique because they are in the ledger; identifiers need a look of their
/// own.
pub fn sums(
    store: &Store,
    plan: &Plan,
    basis: &Basis<'_>,
    rows: u64,
    wanted: &str,
) -> Result<Option<String>, StoreError> {
    if !worth_a_look(plan, basis, rows) {
        return Ok(None);
    }
    let entry = basis.ledger.table("entry");
    let gone = format!("SELECT count(*) FROM {entry} WHERE state = 'gone' AND acked_at IS NOT NULL");
    if store.number(&gone)? != basis.shape.entries - rows {
        return Ok(None);
    }
    let columns = |values: &str| {
        let keys = (1..=key_layout(plan).len()).map(|at| format!("k{at}"));
        let identifiers = (1..=plan.identifiers.len()).map(|at| format!("i{at}"));
        let fields = plan.fields.iter().map(|field| format!("{values}{}", field.column.position));
        keys.chain(identifiers).chain(fields).collect::<Vec<_>>().join(", ")
    };
    let held = format!("SELECT hash({}) AS hash, NULL AS problem FROM {entry} WHERE {}", columns("v"), settled(basis));
    let wanted = format!("SELECT hash({}) AS hash, problem FROM ({wanted})", columns("d"));
    let held = summed(store, &held)?;
    let same = held.starts_with(&format!("{rows} ")) && held == summed(store, &wanted)?;
    Ok(same.then_some(held))
}

/// How many rows can be offered, and the sums over all. A row that is set aside makes the first number too small.
fn summed(store: &Store, rows: &str) -> Result<String, StoreError> {
    let sql = format!("SELECT concat_ws(' ', count(*) - count(problem), sum(hash), bit_xor(hash)) FROM ({rows})");
    match store.row(&sql)?.into_iter().next() {
        Some(Value::Text(text)) => Ok(text),
        _ => Ok(String::new()),
    }
}

/// Sums cost a sixth of a comparison, in vain where something changed: so they are tried where nothing had last time.
fn worth_a_look(plan: &Plan, basis: &Basis<'_>, rows: u64) -> bool {
    let shape = basis.shape;
    let same_types = plan.fields.iter().all(|field| {
        let column = &field.column;
        !column.fresh && column.sql_type.as_deref() == Some(field.sql_type.as_str())
    });
    shape.rested.is_some()
        && !basis.first_load()
        && matches!(plan.mode, Mode::Update | Mode::Upsert)
        && same_types
        && (1..=shape.entries).contains(&rows)
}

/// Entries that owe nothing as long as their row stays as it is.
fn settled(basis: &Basis<'_>) -> String {
    format!(
        "state = 'synced' AND acked_at IS NOT NULL AND coalesce(len(owes), 0) = 0 \
         AND coalesce(cardinality(refused), 0) = 0 AND coalesce(full_number, 0) >= {}",
        basis.full_number
    )
}
