//! Opening a run: what the comparison settles without a request is written, and the delta becomes durable.

use super::{Delta, Opening, PAGE, REMOVALS, columns, list, numbered, timestamp};
use crate::ir::change::Changes;
use crate::ir::facts::ColumnFacts;
use crate::ir::plan::Sql;
use crate::ir::value::Value;
use crate::store::ledger::Ledger;
use crate::store::{Store, StoreError};

/// Writes the bookkeeping of a comparison and its delta, in one transaction. Needs `diff_rows` and `diff_aside`.
pub fn begin(store: &Store, opening: &Opening<'_>, changes: &Changes) -> Result<Delta, StoreError> {
    columns::align(store, opening.ledger, opening.plan, opening.shape)?;
    let mut statements = bookkeeping(opening, changes);
    statements.extend(delta(store, opening)?);
    statements.push(facts(opening));
    statements.push(opening.ledger.unset("rested"));
    store.transaction(&statements)?;
    paged(store, opening.ledger, changes)
}

/// The pages of the delta. Their rows are numbered with gaps, so each is cut where there are enough rows.
fn paged(store: &Store, ledger: &Ledger, changes: &Changes) -> Result<Delta, StoreError> {
    let found = store.rows(&format!(
        "SELECT min(row), max(row), count(*) FROM {} GROUP BY row // {PAGE} ORDER BY 1",
        ledger.table("delta")
    ))?;
    let mut delta = Delta::default();
    for stretch in found {
        if let [Value::Int(first), Value::Int(last), Value::Int(rows)] = stretch.as_slice() {
            delta.add(*first as u64, *last as u64, *rows as u64);
        }
    }
    delta.left = changes.counts.to_send().saturating_sub(delta.rows());
    Ok(delta)
}

/// Takes every row that could be offered as acknowledged, and sends nothing. Returns how many. `sums`: those of the source.
pub fn adopt(store: &Store, opening: &Opening<'_>, sums: Option<&str>) -> Result<u64, StoreError> {
    columns::align(store, opening.ledger, opening.plan, opening.shape)?;
    let ledger = opening.ledger;
    let mut statements = vec![insert_entries(opening, "synced", true, "action IN ('added', 'held')")];
    statements.extend(aside(opening, true));
    statements.push(facts(opening));
    statements.push(ledger.unset("open_run"));
    statements.extend(sums.map(|sums| ledger.set("rested", sums)));
    if opening.rows > 0 {
        statements.push(ledger.set("baseline", "closed"));
    }
    store.transaction(&statements)?;
    store.execute(&format!("CHECKPOINT {}", Sql::name(&ledger.alias)))?;
    store.number("SELECT count(*) FROM diff_rows WHERE action IN ('added', 'held')")
}

/// Of what the comparison found, only what there was: each statement takes DuckDB about as long as all of a small delta.
fn bookkeeping(opening: &Opening<'_>, changes: &Changes) -> Vec<String> {
    let there = |actions: &[&str]| actions.iter().any(|action| changes.actions.contains(*action));
    let entry = opening.ledger.table("entry");
    let now = timestamp(&opening.run.started);
    let keys = numbered("k", opening.run.keys);
    let of = |action: &str| {
        format!("({}) IN (SELECT ({}) FROM diff_rows WHERE action = '{action}')", keys.join(", "), keys.join(", "))
    };
    let mut statements = Vec::new();
    if there(&["held"]) {
        statements.push(insert_entries(opening, "held", false, "action = 'held'"));
    }
    if there(&["gone"]) {
        statements.push(format!("UPDATE {entry} SET state = 'gone', since = {now} WHERE {}", of("gone")));
    }
    if there(&["clean", "back"]) {
        statements.push(format!(
            "UPDATE {entry} SET state = 'synced', since = {now}, reason = CASE WHEN cardinality(refused) > 0 THEN reason END \
             WHERE {} OR {}",
            of("clean"),
            of("back")
        ));
    }
    if there(&["drop"]) {
        statements.push(format!("DELETE FROM {entry} WHERE {}", of("drop")));
    }
    if opening.shape.entries > 0 && !changes.actions.is_empty() {
        statements.push(forget_refusals(opening));
    }
    if opening.run.mode.is_set() && there(&["moved", "clean", "refused"]) {
        // An identifier may leave with one key and come with another.
        statements.push(format!(
            "UPDATE {entry} SET keys = d.keys FROM diff_rows d WHERE {entry}.k1 = d.k1 AND d.action IN ('moved', 'clean', 'refused')"
        ));
    }
    if opening.full {
        // What is not there now was not asked for.
        statements.push(format!("UPDATE {entry} SET full_number = {} WHERE state = 'gone'", opening.run.full_number));
    }
    statements.extend(aside(opening, there(&["aside"])));
    statements
}

/// A refusal stands as long as the value refused is wanted; after that it says nothing.
fn forget_refusals(opening: &Opening<'_>) -> String {
    let entry = opening.ledger.table("entry");
    let keys: Vec<String> =
        numbered("k", opening.run.keys).iter().map(|key| format!("{entry}.{key} = d.{key}")).collect();
    format!(
        "UPDATE {entry} SET refused = map_from_entries(list_filter(map_entries(refused), lambda x: list_contains(d.standing, x.key))), \
         reason = CASE WHEN len(d.standing) > 0 OR state <> 'synced' THEN {entry}.reason END \
         FROM diff_rows d WHERE {} AND len(d.standing) < cardinality(refused)",
        keys.join(" AND ")
    )
}

fn aside(opening: &Opening<'_>, any: bool) -> Vec<String> {
    let table = opening.ledger.table("aside");
    let mut statements = vec![
        format!("DELETE FROM {table}"),
        format!("INSERT INTO {table} SELECT key, identifier, reason FROM diff_aside WHERE NOT unidentified"),
    ];
    if any && opening.first_load && !opening.run.mode.is_set() {
        statements.push(insert_entries(opening, "owed", false, "action = 'aside' AND is_new"));
    }
    statements
}

/// Entries for rows of the comparison that need no request. Values stand for acknowledged ones when they were (`acked`),
/// or were first seen (`held`).
fn insert_entries(opening: &Opening<'_>, state: &str, acked: bool, condition: &str) -> String {
    let run = &opening.run;
    let now = timestamp(&run.started);
    let keys = numbered("k", run.keys);
    let identifiers = numbered("i", run.identifiers);
    let positions: Vec<u32> = if state == "owed" {
        Vec::new()
    } else {
        opening.plan.fields.iter().map(|field| field.column.position).collect()
    };
    let targets: Vec<String> = positions.iter().map(|position| format!("v{position}")).collect();
    let values: Vec<String> = positions.iter().map(|position| format!("d{position}")).collect();
    let used: Vec<String> = (1..=run.identifiers).map(|at| run.identifier(at, "")).collect();
    let own = ["state", "since", "acked_at", "keys", "mapping", "full_number", "reason"].map(String::from);
    let acked_at = if acked { now.clone() } else { "NULL".to_string() };
    let facts = [
        format!("'{state}'"),
        now,
        acked_at,
        "keys".into(),
        run.mapping_version.to_string(),
        run.full_number.to_string(),
        "reason".into(),
    ];
    format!(
        "INSERT INTO {} ({}) SELECT {} FROM diff_rows WHERE {condition}",
        opening.ledger.table("entry"),
        [keys.clone(), identifiers.clone(), targets, own.to_vec()].concat().join(", "),
        [keys, used, values, facts.to_vec()].concat().join(", "),
    )
}

/// The tables of an open run. Rows keep the numbers they have in the comparison, so that many threads may write them; removals
/// come after all others. A limit cuts in the order of the key.
fn delta(store: &Store, opening: &Opening<'_>) -> Result<Vec<String>, StoreError> {
    let ledger = opening.ledger;
    let keys = numbered("k", opening.run.keys).join(", ");
    let table = ledger.table("delta");
    let columns = delta_columns(opening);
    let rows = |number: &str, actions: &str, rest: &str| {
        format!(
            "INSERT INTO {table} SELECT CAST({number} AS UBIGINT), {columns} FROM diff_rows WHERE action IN ({actions}){rest}"
        )
    };
    let limited = |left: String| opening.limit.map(|_| format!(" ORDER BY {keys} LIMIT {left}")).unwrap_or_default();
    let limit = opening.limit.unwrap_or_default();
    let first = limited(limit.to_string());
    let rest = limited(format!("greatest(0, {limit} - (SELECT count(*) FROM {table}))"));
    Ok(vec![
        format!("DROP TABLE IF EXISTS {table}"),
        delta_table(store, &table, &columns)?,
        rows("rowid", "'added', 'changed'", &first),
        rows(&format!("rowid + {REMOVALS}"), "'removed'", &rest),
        ledger.journal(),
    ])
}

/// The table lives as long as the run. Looking for the best way to compress its texts takes DuckDB longer than all else that
/// it does with them.
fn delta_table(store: &Store, table: &str, columns: &str) -> Result<String, StoreError> {
    let described = store.describe(&format!("SELECT CAST(rowid AS UBIGINT) AS row, {columns} FROM diff_rows"))?;
    let plainly =
        |column: &ColumnFacts| if column.sql_type == "VARCHAR" { " USING COMPRESSION uncompressed" } else { "" };
    let columns: Vec<String> = described
        .iter()
        .map(|column| format!("{} {}{}", Sql::name(&column.name), column.sql_type, plainly(column)))
        .collect();
    Ok(format!("CREATE TABLE {table} ({})", columns.join(", ")))
}

fn delta_columns(opening: &Opening<'_>) -> String {
    let mut columns = vec!["action AS kind".to_string()];
    columns.extend(numbered("k", opening.run.keys));
    columns.push("keys".into());
    columns.extend(numbered("i", opening.run.identifiers));
    columns.push("which".into());
    columns.extend(opening.plan.fields.iter().map(|field| format!("d{}", field.column.position)));
    columns.extend(["whole", "owed", "remote_id", "look_first", "reidentified"].map(String::from));
    // What an answer means depends on the run that sent the row, however late it comes.
    let run = &opening.run;
    columns.push(format!("{} AS mapping", run.mapping_version));
    columns.push(format!("{} AS full_number", run.full_number));
    columns.push(format!("{} AS clears", list(&run.clears)));
    columns.join(", ")
}

fn facts(opening: &Opening<'_>) -> String {
    let ledger = opening.ledger;
    let run = &opening.run;
    let open = serde_json::to_string(run).unwrap_or_default();
    let mut facts = vec![
        ("open_run", open),
        ("target", opening.target.clone()),
        ("mode", run.mode.name().to_string()),
        ("holds_new_rows", opening.plan.hold_new_rows.to_string()),
        ("mapping_version", run.mapping_version.to_string()),
        ("mapping_digest", opening.mapping_digest.clone()),
        ("full_number", run.full_number.to_string()),
        ("sequence", (opening.shape.sequence + 1).to_string()),
        ("last_rows", opening.rows.to_string()),
    ];
    if opening.shape.target.is_empty() || (opening.full && opening.rows > 0) {
        facts.push(("baseline", "open".to_string()));
    }
    ledger.set_all(&facts)
}
