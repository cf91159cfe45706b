//! Desired rows minus ledger: what to send, as set differences in SQL.
//!
//! The comparison fills the temporary table `diff_rows`, one line for each row that something must be done about; rows
//! that rest never leave DuckDB's join. `record` turns it into the delta of a run; `plan` only looks.

use crate::ir::change::{Aside, Changes, Counts};
use crate::ir::mode::{Mode, State};
use crate::ir::plan::{LedgerShape, Plan, Sql};
use crate::ir::value::Value;
use crate::store::ledger::Ledger;
use crate::store::{Store, StoreError};

mod caution;
mod compare;
mod rest;
mod sample;
mod want;

pub use caution::{Found, cautions};
pub use rest::sums;
pub use sample::{Pick, cohorts, samples};

/// What a comparison depends on besides the plan.
#[derive(Clone, Debug)]
pub struct Basis<'a> {
    pub ledger: &'a Ledger,
    pub shape: &'a LedgerShape,
    /// The number of the newest `--full`, this run's included: entries below it are sent whole.
    pub full_number: u32,
    /// `--full` was asked for now.
    pub full: bool,
    /// DuckDB's spelling of an instant, UTC.
    pub now: String,
}

impl Basis<'_> {
    /// New rows count as part of a first load.
    fn first_load(&self) -> bool {
        self.full || !self.shape.baseline_closed
    }
}

pub fn diff(store: &Store, plan: &Plan, basis: &Basis<'_>) -> Result<Changes, StoreError> {
    let source = want::prepare(store, plan, basis)?;
    store.execute(&compare::statement(plan, basis, &source))?;
    want::note_aside(store, plan, &source)?;
    count(store, plan, basis, &source)
}

/// A hash of all there is to do, whatever the order of the rows: to be held against that of another comparison by the same
/// version. Hashes are added up, since a row that stands twice must not vanish.
pub fn digest(store: &Store) -> Result<String, StoreError> {
    let row = store.row(
        "SELECT concat(count(*), '-', coalesce(sum(CAST(hash(one) AS HUGEINT)), 0)) FROM \
         (SELECT * EXCLUDE (reason) FROM diff_rows) AS one",
    )?;
    Ok(row
        .into_iter()
        .find_map(|value| if let Value::Text(text) = value { Some(text) } else { None })
        .unwrap_or_default())
}

/// Rows that were set aside, in the order of their keys.
pub fn asides(store: &Store) -> Result<Vec<Aside>, StoreError> {
    let rows = store.rows("SELECT key, identifier, reason FROM diff_aside ORDER BY ALL")?;
    let aside = |row: Vec<Value>| match <[Value; 3]>::try_from(row) {
        Ok([Value::Text(key), identifier, Value::Text(reason)]) => {
            let identifier = if let Value::Text(text) = identifier { Some(text) } else { None };
            Some(Aside { key, identifier, reason })
        }
        _ => None,
    };
    Ok(rows.into_iter().filter_map(aside).collect())
}

/// Drops what a comparison left in memory, once it stands in the ledger what to do: the rows on their way need the room.
pub fn forget(store: &Store) -> Result<(), StoreError> {
    let tables = ["rows", "aside", "base", "set", "duplicate", "shared_hash", "shared", "kept", "woken"];
    let drops = tables.map(|name| format!("DROP TABLE IF EXISTS diff_{name}; "));
    store.execute(&format!("DROP VIEW IF EXISTS diff_want; {}", drops.concat()))
}

fn count(store: &Store, plan: &Plan, basis: &Basis<'_>, source: &want::Source) -> Result<Changes, StoreError> {
    let mut changes = Changes { sums: source.sums.clone(), ..Changes::default() };
    let counts = &mut changes.counts;
    counts.rows = source.rows;
    counts.null_keys = source.null_keys;
    counts.duplicates = source.duplicate_rows + source.shared_rows;
    counts.surplus = source.surplus_rows;
    counts.shared = source.shared_surplus;
    counts.entries = basis.shape.entries;
    for row in
        store.rows("SELECT action, cause, count(*), count(*) FILTER (reidentified) FROM diff_rows GROUP BY ALL")?
    {
        let [Value::Text(action), cause, Value::Int(number), Value::Int(reidentified)] = row.as_slice() else {
            continue;
        };
        let cause = if let Value::Text(cause) = cause { cause.as_str() } else { "" };
        changes.actions.insert(action.clone());
        tally(counts, action, cause, *number as u64);
        counts.reidentified += *reidentified as u64;
    }
    for row in store.rows("SELECT unidentified, count(*) FROM diff_aside GROUP BY ALL")? {
        match row.as_slice() {
            [Value::Bool(true), Value::Int(number)] => counts.unidentified += *number as u64,
            [Value::Bool(false), Value::Int(number)] => counts.invalid += *number as u64,
            _ => {}
        }
    }
    // The comparison keeps one line for all rows that share a key.
    counts.invalid += source.surplus_rows;
    // A row that goes whole takes its refused values along once more.
    counts.refused = store.number("SELECT CAST(sum(len(standing)) AS BIGINT) FROM diff_rows WHERE NOT whole")?;
    let sent = counts.to_send() - counts.removed;
    let newly_held = counts.held;
    let at_rest = standing(store, basis, counts)?;
    let present = if plan.mode.is_set() { source.wanted } else { source.rows - source.null_keys };
    let aside = if plan.mode.is_set() { 0 } else { counts.unidentified + counts.invalid - counts.null_keys };
    counts.deliverable = present.saturating_sub(aside);
    counts.unchanged = counts.deliverable.saturating_sub(sent + newly_held + at_rest);
    changes.by_field = by_field(store, plan)?;
    Ok(changes)
}

fn tally(counts: &mut Counts, action: &str, cause: &str, number: u64) {
    let count = match (action, cause) {
        ("removed", _) => &mut counts.removed,
        ("held_back", _) => &mut counts.removals_held_back,
        ("gone", _) => &mut counts.gone,
        ("held", _) => &mut counts.held,
        ("added" | "changed", "added") => &mut counts.added,
        ("added" | "changed", "changed") => &mut counts.changed,
        ("added" | "changed", "remapped") => &mut counts.remapped,
        ("added" | "changed", "resent") => &mut counts.resent,
        ("added" | "changed", _) => &mut counts.retried,
        _ => return,
    };
    *count += number;
}

/// Counts entries whose state keeps them where they are, and that this comparison does not move. Returns how many of their
/// rows stand in the source.
fn standing(store: &Store, basis: &Basis<'_>, counts: &mut Counts) -> Result<u64, StoreError> {
    let keys = basis.shape.keys.len().max(1);
    let at_rest = format!(
        "FROM {} e WHERE e.state IN ('held', 'pending', 'unclear', 'absent') \
         AND NOT EXISTS (SELECT 1 FROM diff_rows d WHERE {} AND d.action <> 'moved')",
        basis.ledger.table("entry"),
        compare::same_key("d", "e", keys)
    );
    let (mut present, mut frozen) = (0, false);
    for row in store.rows(&format!("SELECT e.state, count(*) {at_rest} GROUP BY ALL"))? {
        let [Value::Text(state), Value::Int(number)] = row.as_slice() else { continue };
        let count = match state.as_str() {
            name if name == State::Held.name() => &mut counts.held,
            name if name == State::Pending.name() => &mut counts.pending,
            name if name == State::Unclear.name() => &mut counts.unclear,
            _ => &mut counts.absent,
        };
        *count += *number as u64;
        // Only these stay when their row leaves.
        let may_have_left = [State::Pending.name(), State::Unclear.name()].contains(&state.as_str());
        frozen |= may_have_left;
        present += if may_have_left { 0 } else { *number as u64 };
    }
    if frozen {
        let wanted = compare::same_key("w", "e", keys);
        present += store.number(&format!(
            "SELECT count(*) {at_rest} AND e.state IN ('pending', 'unclear') \
             AND EXISTS (SELECT 1 FROM diff_want w WHERE {wanted} AND w.problem IS NULL)"
        ))?;
    }
    Ok(present)
}

fn by_field(store: &Store, plan: &Plan) -> Result<std::collections::BTreeMap<String, u64>, StoreError> {
    let mut counts = std::collections::BTreeMap::new();
    let rows = store.rows(
        "SELECT position, count(*) FROM (SELECT unnest(owed) AS position FROM diff_rows WHERE action IN ('added', 'changed')) \
         GROUP BY ALL",
    )?;
    for row in rows {
        let [Value::Int(position), Value::Int(number)] = row.as_slice() else { continue };
        let field = plan.fields.iter().find(|field| i128::from(field.column.position) == *position);
        if let Some(field) = field {
            counts.insert(field.name.clone(), *number as u64);
        }
    }
    Ok(counts)
}

/// The columns that make up a key in the ledger: the row's own, or the identifier alone.
pub fn key_layout(plan: &Plan) -> Vec<(String, String)> {
    if plan.mode.is_set() {
        let name = plan.identifiers.first().map(|identifier| identifier.name.clone()).unwrap_or_default();
        return vec![(name, "VARCHAR".to_string())];
    }
    plan.keys.iter().map(|key| (key.name.clone(), key.sql_type.clone())).collect()
}

/// The key of a source row as one text, for people: parts joined by ` / `.
fn key_text(plan: &Plan) -> String {
    let parts: Vec<String> = plan.keys.iter().map(|key| format!("CAST({} AS VARCHAR)", key.sql)).collect();
    format!("concat_ws(' / ', {})", parts.join(", "))
}

fn filters(plan: &Plan) -> String {
    if plan.filters.is_empty() {
        return "true".to_string();
    }
    plan.filters.iter().map(|Sql(text)| text.clone()).collect::<Vec<_>>().join(" AND ")
}

/// Whether rows that share an identifier are refused: where their values may differ, no one can say whose should win.
fn identifiers_unique(mode: Mode) -> bool {
    mode != Mode::Membership
}
