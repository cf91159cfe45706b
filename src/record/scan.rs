//! A destination's listing, kept for one run and joined with the rows of its delta. It lies in memory (and spills like
//! anything there): a later run reads it anew.

use std::collections::BTreeMap;

use crate::ir::delivery::{DeltaRow, ScanId, ScanPage};
use crate::ir::plan::{Plan, Sql};
use crate::ir::value::Value;
use crate::store::ledger::Ledger;
use crate::store::{Column, Store, StoreError};

/// The database that DuckDB has in memory.
const MEMORY: &str = "memory";

/// Keeps a page; after the last one the rows are known that the listing names. May be done again where memory ran out: a page
/// kept twice names nobody else.
pub fn listed(store: &Store, ledger: &Ledger, plan: &Plan, page: &ScanPage) -> Result<(), StoreError> {
    let listing = name("listing", ledger, page.id);
    let table = table(&listing);
    if page.first {
        store.execute(&format!("CREATE OR REPLACE TABLE {table} (identifier VARCHAR, remote_id VARCHAR)"))?;
    }
    let items = page.items.iter().map(|(identifier, id)| (Some(identifier.as_str()), Some(id.as_str())));
    let (identifiers, ids) = items.unzip();
    store.append(MEMORY, &listing, vec![Column::Texts(identifiers), Column::Texts(ids)])?;
    if page.last { store.execute(&join(ledger, plan, page.id, &table)) } else { Ok(()) }
}

/// Identifiers are compared as the definition normalises them, on both sides. One that several items have is that of the first.
fn join(ledger: &Ledger, plan: &Plan, id: ScanId, listing: &str) -> String {
    let steps = plan.identifiers.get(id.which).map(|identifier| identifier.normalise.as_slice()).unwrap_or_default();
    let named = Sql("identifier".into()).normalised(steps);
    format!(
        "CREATE OR REPLACE TABLE {found} AS SELECT d.row, l.remote_id FROM {delta} d \
         JOIN (SELECT {named} AS identifier, min(remote_id) AS remote_id FROM {listing} GROUP BY ALL) l \
         ON l.identifier = d.i{at} WHERE d.which = {which}; DROP TABLE {listing}",
        found = table(&name("found", ledger, id)),
        delta = ledger.table("delta"),
        at = id.which + 1,
        which = id.which,
    )
}

/// For each row the destination's id, where the listing names it.
pub fn look_up(
    store: &Store,
    ledger: &Ledger,
    id: ScanId,
    rows: &[DeltaRow],
) -> Result<Vec<Option<String>>, StoreError> {
    let numbers: Vec<String> = rows.iter().map(|row| row.0.to_string()).collect();
    let found = store.rows(&format!(
        "SELECT row, remote_id FROM {} WHERE row IN ({})",
        table(&name("found", ledger, id)),
        numbers.join(", ")
    ))?;
    let known: BTreeMap<u64, String> = found.into_iter().filter_map(pair).collect();
    Ok(rows.iter().map(|row| known.get(&row.0).cloned()).collect())
}

fn pair(row: Vec<Value>) -> Option<(u64, String)> {
    match <[Value; 2]>::try_from(row).ok()? {
        [Value::Int(row), Value::Text(id)] => Some((u64::try_from(row).ok()?, id)),
        _ => None,
    }
}

fn name(what: &str, ledger: &Ledger, id: ScanId) -> String {
    format!("{what}_{}_{}", ledger.alias, id.number)
}

fn table(name: &str) -> String {
    format!("{MEMORY}.main.{}", Sql::name(name))
}
