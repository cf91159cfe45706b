//! What the source wants: rows keyed, identified, typed, and set aside where they cannot be offered.

use super::{Basis, filters, identifiers_unique, key_text, rest};
use crate::ir::plan::{Plan, Sql};
use crate::ir::value::Value;
use crate::store::{Store, StoreError};

/// What one look at the source says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    pub rows: u64,
    pub null_keys: u64,
    /// All rows of groups that share a key.
    pub duplicate_rows: u64,
    /// Rows less distinct keys.
    pub surplus_rows: u64,
    /// All rows of groups that share an identifier, where that is refused.
    pub shared_rows: u64,
    /// Of these, rows less distinct identifiers.
    pub shared_surplus: u64,
    /// Set modes: distinct identifiers that can be offered.
    pub wanted: u64,
    /// Sums over the rows, where they were taken.
    pub sums: Option<String>,
    /// All rows are what their entries hold, and no other entry calls for anything.
    pub at_rest: bool,
}

/// Counts the source, finds its duplicates, and leaves `diff_want`: one line for each key (set modes: identifier).
pub fn prepare(store: &Store, plan: &Plan, basis: &Basis<'_>) -> Result<Source, StoreError> {
    let mut source = totals(store, plan)?;
    let look = rest::look(store, plan, basis, source.rows, &base(plan, &source))?;
    (source.sums, source.at_rest) = (look.sums, look.at_rest);
    if !source.at_rest {
        duplicate_keys(store, plan, &mut source)?;
    }
    if identifiers_unique(plan.mode) && !plan.identifiers.is_empty() && !source.at_rest {
        shared_identifiers(store, plan, &mut source)?;
    } else {
        store.execute("CREATE OR REPLACE TEMP TABLE diff_shared (which INTEGER, identifier VARCHAR)")?;
    }
    if plan.mode.is_set() {
        store.execute(&format!("CREATE OR REPLACE TEMP TABLE diff_base AS {}", base(plan, &source)))?;
        store.execute(&set_want(plan))?;
        view(store, "SELECT * FROM diff_set")?;
        source.wanted = store.number("SELECT count(*) FROM diff_want WHERE problem IS NULL")?;
        kept(store, basis)?;
    } else {
        view(store, &base(plan, &source))?;
    }
    Ok(source)
}

/// A view in all modes: what one activation of a run leaves behind, the next one replaces.
fn view(store: &Store, query: &str) -> Result<(), StoreError> {
    store.execute(&format!("CREATE OR REPLACE TEMP VIEW diff_want AS {query}"))
}

fn totals(store: &Store, plan: &Plan) -> Result<Source, StoreError> {
    let sql = format!(
        "SELECT count(*), count(*) FILTER ({}) FROM {} WHERE {}",
        any_null_key(plan),
        plan.relation,
        filters(plan)
    );
    match store.row(&sql)?.as_slice() {
        [Value::Int(rows), Value::Int(null_keys)] => {
            Ok(Source { rows: *rows as u64, null_keys: *null_keys as u64, ..Source::default() })
        }
        _ => Ok(Source::default()),
    }
}

fn any_null_key(plan: &Plan) -> String {
    plan.keys.iter().map(|key| format!("{} IS NULL", key.sql)).collect::<Vec<_>>().join(" OR ")
}

fn duplicate_keys(store: &Store, plan: &Plan, source: &mut Source) -> Result<(), StoreError> {
    let keys: Vec<String> =
        plan.keys.iter().enumerate().map(|(at, key)| format!("{} AS k{}", key.sql, at + 1)).collect();
    store.execute(&format!(
        "CREATE OR REPLACE TEMP TABLE diff_duplicate AS SELECT {}, count(*) AS n FROM {} WHERE {} AND NOT ({}) \
         GROUP BY ALL HAVING count(*) > 1",
        keys.join(", "),
        plan.relation,
        filters(plan),
        any_null_key(plan)
    ))?;
    (source.duplicate_rows, source.surplus_rows) = groups(store, "diff_duplicate")?;
    Ok(())
}

/// Groups by hashes first, which are half the work of groups by texts; texts are looked at only where two hashes meet.
fn shared_identifiers(store: &Store, plan: &Plan, source: &mut Source) -> Result<(), StoreError> {
    let (which, identifier) = (which(plan), first_identifier(plan));
    let rows = format!("FROM {} WHERE {}", plan.relation, row_conditions(plan, source));
    let hash = format!("hash({identifier})");
    store.execute(&format!(
        "CREATE OR REPLACE TEMP TABLE diff_shared_hash AS SELECT {hash} AS hash {rows} \
         GROUP BY ALL HAVING count(*) > 1"
    ))?;
    // Not in the query: DuckDB would push it below the grouping, and hash every text twice.
    store.execute("DELETE FROM diff_shared_hash WHERE hash = hash(NULL::VARCHAR)")?;
    store.execute(&format!(
        "CREATE OR REPLACE TEMP TABLE diff_shared AS SELECT {which} AS which, {identifier} AS identifier, count(*) AS n {rows} \
         AND {identifier} IS NOT NULL AND {hash} IN (SELECT hash FROM diff_shared_hash) GROUP BY ALL HAVING count(*) > 1"
    ))?;
    (source.shared_rows, source.shared_surplus) = groups(store, "diff_shared")?;
    Ok(())
}

/// Rows of all groups, and the same less one for each group.
fn groups(store: &Store, table: &str) -> Result<(u64, u64), StoreError> {
    let sql = format!("SELECT CAST(coalesce(sum(n), 0) AS BIGINT), count(*) FROM {table}");
    match store.row(&sql)?.as_slice() {
        [Value::Int(rows), Value::Int(groups)] => Ok((*rows as u64, (*rows - *groups) as u64)),
        _ => Ok((0, 0)),
    }
}

/// Rows that stand for themselves: a key that is there and not shared.
fn row_conditions(plan: &Plan, source: &Source) -> String {
    let mut conditions = vec![filters(plan)];
    if source.null_keys > 0 {
        conditions.push(format!("NOT ({})", any_null_key(plan)));
    }
    if source.duplicate_rows > 0 {
        conditions.push(format!("NOT {}", in_duplicates(plan)));
    }
    conditions.join(" AND ")
}

fn in_duplicates(plan: &Plan) -> String {
    let keys: Vec<String> = plan.keys.iter().map(|key| key.sql.0.clone()).collect();
    let columns: Vec<String> = (1..=keys.len()).map(|at| format!("k{at}")).collect();
    format!("(({}) IN (SELECT ({}) FROM diff_duplicate))", keys.join(", "), columns.join(", "))
}

/// The position of the first identifier that is not empty.
fn which(plan: &Plan) -> String {
    if plan.identifiers.len() == 1 {
        return "0".to_string();
    }
    let arms: Vec<String> = plan
        .identifiers
        .iter()
        .enumerate()
        .map(|(at, one)| format!("WHEN {} IS NOT NULL THEN {at}", one.sql))
        .collect();
    format!("CASE {} END", arms.join(" "))
}

fn first_identifier(plan: &Plan) -> String {
    let all: Vec<String> = plan.identifiers.iter().map(|one| one.sql.0.clone()).collect();
    format!("coalesce({}, NULL)", all.join(", "))
}

/// The query that gives one line a row: key, identifiers, values, and the reason it is set aside, if it is.
fn base(plan: &Plan, source: &Source) -> String {
    let mut columns: Vec<String> =
        plan.keys.iter().enumerate().map(|(at, key)| format!("{} AS k{}", key.sql, at + 1)).collect();
    if plan.mode.is_set() {
        columns.push(format!("{} AS key_text", key_text(plan)));
    }
    columns.extend(plan.identifiers.iter().enumerate().map(|(at, one)| format!("{} AS i{}", one.sql, at + 1)));
    columns.push(format!("{} AS which", which(plan)));
    columns.extend(plan.fields.iter().map(|field| format!("{} AS d{}", field.sql, field.column.position)));
    columns.push(format!("{} AS problem", problem(plan, source)));
    let rows = format!("SELECT {} FROM {} WHERE {}", columns.join(", "), plan.relation, row_conditions(plan, source));
    if source.duplicate_rows == 0 { rows } else { format!("{rows} UNION ALL {}", duplicate_lines(plan)) }
}

/// One line for each shared key: it is present, and cannot be offered.
fn duplicate_lines(plan: &Plan) -> String {
    let keys: Vec<String> = (1..=plan.keys.len()).map(|at| format!("k{at}")).collect();
    let mut columns = keys.clone();
    if plan.mode.is_set() {
        let texts: Vec<String> = keys.iter().map(|key| format!("CAST({key} AS VARCHAR)")).collect();
        columns.push(format!("concat_ws(' / ', {})", texts.join(", ")));
    }
    columns.extend(plan.identifiers.iter().map(|_| "NULL::VARCHAR".to_string()));
    columns.push("NULL".to_string());
    columns.extend(plan.fields.iter().map(|field| format!("CAST(NULL AS {})", field.sql_type)));
    columns.push("'duplicate key: ' || n || ' rows share it'".to_string());
    format!("SELECT {} FROM diff_duplicate", columns.join(", "))
}

/// Why a row cannot be offered; the first reason found.
fn problem(plan: &Plan, source: &Source) -> String {
    let mut arms = Vec::new();
    if !plan.identifiers.is_empty() {
        arms.push(format!("WHEN {} IS NULL THEN 'unidentified'", first_identifier(plan)));
    }
    if source.shared_rows > 0 {
        arms.push(format!(
            "WHEN ({}, {}) IN (SELECT (which, identifier) FROM diff_shared) THEN 'duplicate identifier: other rows have it too'",
            which(plan),
            first_identifier(plan)
        ));
    }
    for (at, identifier) in plan.identifiers.iter().enumerate() {
        for (condition, reason) in &identifier.unfit {
            let text = Sql::text(&format!("the identifier {} {reason}", identifier.name));
            arms.push(format!("WHEN {} = {at} AND {condition} THEN {text}", which(plan)));
        }
    }
    for field in &plan.fields {
        for (condition, reason) in &field.unfit {
            arms.push(format!("WHEN {condition} THEN {}", Sql::text(&format!("{} {reason}", field.name))));
        }
    }
    if arms.is_empty() { "NULL::VARCHAR".to_string() } else { format!("CASE {} END", arms.join(" ")) }
}

/// Set modes: one line for each identifier, with the keys that brought it; identifiers of rows set aside are present, too.
fn set_want(plan: &Plan) -> String {
    let values: String =
        plan.fields.iter().map(|field| format!(", any_value(d{0}) AS d{0}", field.column.position)).collect();
    let nulls: String = plan.fields.iter().map(|field| format!(", CAST(NULL AS {})", field.sql_type)).collect();
    format!(
        "CREATE OR REPLACE TEMP TABLE diff_set AS \
         SELECT i1 AS k1, i1, 0 AS which, list_sort(list(key_text)) AS keys{values}, NULL::VARCHAR AS problem FROM diff_base \
         WHERE problem IS NULL GROUP BY i1 \
         UNION ALL SELECT i1, i1, 0, list_sort(list(key_text)){nulls}, any_value(problem) FROM diff_base \
         WHERE problem IS NOT NULL AND i1 IS NOT NULL \
         AND i1 NOT IN (SELECT i1 FROM diff_base WHERE problem IS NULL AND i1 IS NOT NULL) GROUP BY i1"
    )
}

/// Set modes: entries brought by a key that still stands in the source, on a row that cannot be offered. They stay.
fn kept(store: &Store, basis: &Basis<'_>) -> Result<(), StoreError> {
    store.execute(&format!(
        "CREATE OR REPLACE TEMP TABLE diff_kept AS SELECT DISTINCT k1 FROM (SELECT k1, unnest(keys) AS key FROM {}) \
         WHERE key IN (SELECT key_text FROM diff_base WHERE problem IS NOT NULL)",
        basis.ledger.table("entry")
    ))
}

/// Fills `diff_aside`: what `rejected` shows of rows that were never offered.
pub fn note_aside(store: &Store, plan: &Plan, source: &Source) -> Result<(), StoreError> {
    let from = if plan.mode.is_set() {
        "SELECT key_text AS key, i1 AS identifier, problem AS reason FROM diff_base WHERE problem IS NOT NULL"
            .to_string()
    } else {
        let keys: Vec<String> = (1..=plan.keys.len()).map(|at| format!("CAST(k{at} AS VARCHAR)")).collect();
        let identifiers: Vec<String> = (1..=plan.identifiers.len()).map(|at| format!("i{at}")).collect();
        format!(
            "SELECT concat_ws(' / ', {}) AS key, coalesce({}, NULL) AS identifier, reason FROM diff_rows WHERE action = 'aside'",
            keys.join(", "),
            identifiers.join(", ")
        )
    };
    store.execute(&format!(
        "CREATE OR REPLACE TEMP TABLE diff_aside AS SELECT *, reason = 'unidentified' AS unidentified FROM ({from})"
    ))?;
    if source.null_keys == 0 {
        return Ok(());
    }
    let identifier = if plan.identifiers.is_empty() { "NULL".to_string() } else { first_identifier(plan) };
    store.execute(&format!(
        "INSERT INTO diff_aside SELECT '', {identifier}, 'the key is NULL', false FROM {} WHERE {} AND ({})",
        plan.relation,
        filters(plan),
        any_null_key(plan)
    ))
}
