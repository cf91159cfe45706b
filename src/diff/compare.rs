//! The one join of wanted rows and entries, and what to do about each pair.

use super::want::Source;
use super::{Basis, key_layout};
use crate::ir::mode::Mode;
use crate::ir::plan::{Plan, PlannedField, UnclearPolicy};

/// `a.k1 = b.k1 AND ...`
pub fn same_key(left: &str, right: &str, columns: usize) -> String {
    (1..=columns).map(|at| format!("{left}.k{at} = {right}.k{at}")).collect::<Vec<_>>().join(" AND ")
}

/// Fills `diff_rows` from `diff_want` and the ledger's entries.
pub fn statement(plan: &Plan, basis: &Basis<'_>, source: &Source) -> String {
    let keys = key_layout(plan).len();
    let mut columns =
        vec![format!("{} AS action", action(plan, basis, source)), format!("{} AS cause", cause(plan, basis))];
    columns.extend((1..=keys).map(|at| format!("coalesce(w.k{at}, e.k{at}) AS k{at}")));
    columns
        .push(if plan.mode.is_set() { "coalesce(w.keys, e.keys) AS keys" } else { "NULL::VARCHAR[] AS keys" }.into());
    columns.extend(
        (1..=plan.identifiers.len()).map(|at| format!("CASE WHEN w.k1 IS NULL THEN e.i{at} ELSE w.i{at} END AS i{at}")),
    );
    columns.push("coalesce(w.which, 0) AS which".into());
    columns.extend(plan.fields.iter().map(|field| format!("w.d{0} AS d{0}", field.column.position)));
    columns.push(format!("{} AS whole", whole(plan, basis)));
    columns.push(format!("CASE WHEN {} THEN NULL ELSE {} END AS owed", whole(plan, basis), owed(plan)));
    columns.push(format!("{} AS standing", standing(plan)));
    columns.push(format!("CASE WHEN {} THEN NULL ELSE e.remote_id END AS remote_id", reidentified(plan)));
    columns.push(format!(
        "coalesce(e.state = 'unclear' OR (e.state = 'gone' AND e.acked_at IS NULL), false) AND {} AS look_first",
        plan.unclear == UnclearPolicy::LookFirst
    ));
    columns.push(format!("{} AS reason", reason(plan)));
    columns.push(format!("{} AS reidentified", reidentified(plan)));
    columns.push("e.state IS NULL AS is_new".into());
    format!(
        "{}CREATE OR REPLACE TEMP TABLE diff_rows AS SELECT * REPLACE (look_first AND action = 'added' AS look_first) FROM (\
         SELECT {} FROM diff_want w FULL OUTER JOIN {} e ON {}) WHERE action <> 'none'{}",
        woken_table(plan, basis, keys),
        columns.join(", "),
        basis.ledger.table("entry"),
        same_key("w", "e", keys),
        // DuckDB then reads neither side, and the table is there for those who count on it.
        if source.at_rest { " AND false" } else { "" },
    )
}

/// Entries that waited for a contact another activation has written since.
fn woken_table(plan: &Plan, basis: &Basis<'_>, keys: usize) -> String {
    if plan.wake.is_empty() {
        return String::new();
    }
    let columns: Vec<String> = (1..=keys).map(|at| format!("e.k{at}")).collect();
    let written: Vec<String> = plan.wake.iter().map(|query| query.0.clone()).collect();
    let identifiers: Vec<String> = (1..=plan.identifiers.len()).map(|at| format!("e.i{at}")).collect();
    format!(
        "CREATE OR REPLACE TEMP TABLE diff_woken AS SELECT DISTINCT {} FROM {} e JOIN ({}) o \
         ON o.identifier IN ({}) AND o.acked_at > e.since WHERE e.state = 'absent'; ",
        columns.join(", "),
        basis.ledger.table("entry"),
        written.join(" UNION ALL "),
        identifiers.join(", ")
    )
}

fn woken(plan: &Plan) -> String {
    if plan.wake.is_empty() {
        return "false".to_string();
    }
    let keys = key_layout(plan).len();
    let own: Vec<String> = (1..=keys).map(|at| format!("e.k{at}")).collect();
    let columns: Vec<String> = (1..=keys).map(|at| format!("k{at}")).collect();
    format!("(({}) IN (SELECT ({}) FROM diff_woken))", own.join(", "), columns.join(", "))
}

fn action(plan: &Plan, basis: &Basis<'_>, source: &Source) -> String {
    let wait = plan.unclear == UnclearPolicy::Wait;
    format!(
        "CASE WHEN w.k1 IS NULL THEN {left} WHEN {problem} IS NOT NULL THEN 'aside' WHEN e.state IS NULL THEN '{new}' \
         WHEN e.state = 'pending' OR (e.state = 'unclear' AND {wait}) THEN 'none' {known} {moved} ELSE 'none' END",
        left = left(plan, source, wait),
        problem = reason(plan),
        new = if plan.mode == Mode::Update && plan.hold_new_rows && !basis.first_load() { "held" } else { "added" },
        known = known(plan, basis),
        moved = if plan.mode.is_set() { "WHEN e.keys IS DISTINCT FROM w.keys THEN 'moved'" } else { "" },
    )
}

/// What becomes of an entry whose row no longer stands in the source.
fn left(plan: &Plan, source: &Source, wait: bool) -> String {
    let end = match (plan.mode.is_set(), source.null_keys > 0) {
        (true, true) => "WHEN e.k1 IN (SELECT k1 FROM diff_kept) THEN 'none' ELSE 'held_back'",
        (true, false) => "WHEN e.k1 IN (SELECT k1 FROM diff_kept) THEN 'none' ELSE 'removed'",
        (false, _) => "WHEN e.state = 'gone' THEN 'none' ELSE 'gone'",
    };
    // Something was sent and nobody knows what came of it: then the row may be there.
    let doubtful = if plan.mode.is_set() { "e.owes IS NOT NULL" } else { "e.state IN ('unclear', 'gone')" };
    format!(
        "CASE WHEN e.state = 'pending' OR (e.state = 'unclear' AND {wait}) THEN 'none' \
         WHEN e.acked_at IS NULL AND NOT ({doubtful}) THEN 'drop' {end} END"
    )
}

/// What an entry whose row is present and can be offered calls for.
fn known(plan: &Plan, basis: &Basis<'_>) -> String {
    let full = is_full(basis);
    let retry = format!(
        "(e.state = 'absent' AND ({} OR e.since < TIMESTAMP '{}' - INTERVAL {} DAY OR {}))",
        plan.mode.creates(),
        basis.now,
        plan.absent_retry_days,
        woken(plan)
    );
    match plan.mode {
        Mode::Insert => format!(
            "WHEN e.state <> 'synced' AND e.acked_at IS NULL THEN 'added' \
             WHEN e.state = 'gone' AND {} THEN 'added' WHEN {full} THEN 'added' WHEN e.state = 'gone' THEN 'back'",
            plan.insert_again
        ),
        Mode::Membership => format!(
            "WHEN {full} OR {retry} THEN 'added' WHEN e.state = 'absent' THEN 'none' \
             WHEN e.state IN ('owed', 'held', 'unclear') AND (e.acked_at IS NULL OR e.owes IS NOT NULL) THEN 'added' \
             WHEN e.state IN ('owed', 'unclear') THEN 'clean' WHEN e.state = 'gone' THEN 'added'"
        ),
        Mode::Update | Mode::Upsert | Mode::Mirror => compared(plan, &full, &retry),
    }
}

fn compared(plan: &Plan, full: &str, retry: &str) -> String {
    let any = any_owed(plan);
    let holds = plan.mode == Mode::Update && plan.hold_new_rows;
    format!(
        "WHEN e.state = 'held' THEN CASE WHEN {full} OR NOT {holds} OR {any} OR {renamed} THEN 'added' ELSE 'none' END \
         WHEN e.state = 'absent' THEN CASE WHEN {full} OR {retry} OR {any} OR {renamed} THEN 'added' ELSE 'none' END \
         WHEN e.acked_at IS NULL THEN 'added' WHEN {reidentified} THEN 'added' WHEN {full} THEN 'changed' \
         WHEN {any} OR coalesce(len(e.owes) > 0, false) THEN 'changed' WHEN e.state = 'gone' THEN 'back' \
         WHEN e.state IN ('owed', 'unclear') THEN 'clean' WHEN cardinality(e.refused) > 0 THEN 'refused'",
        renamed = renamed(plan),
        reidentified = reidentified(plan),
    )
}

fn is_full(basis: &Basis<'_>) -> String {
    format!("coalesce(e.full_number, 0) < {}", basis.full_number)
}

fn cause(plan: &Plan, basis: &Basis<'_>) -> String {
    let differs = match plan.mode.compares() {
        true => {
            let old = plan.fields.iter().map(|field| format!("({} AND NOT {})", owes(field), remapped(field)));
            format!("WHEN {} OR {} THEN 'changed' WHEN {} THEN 'remapped'", renamed(plan), either(old), any_owed(plan))
        }
        false => String::new(),
    };
    format!(
        "CASE WHEN w.k1 IS NULL THEN 'removed' WHEN e.state IS NULL THEN 'added' \
         WHEN e.state IN ('owed', 'unclear') OR (e.state = 'gone' AND e.acked_at IS NULL) THEN 'retried' \
         {differs} WHEN {full} THEN 'resent' WHEN e.state = 'gone' THEN 'added' ELSE 'retried' END",
        full = is_full(basis),
    )
}

/// Rows of which every field travels.
fn whole(plan: &Plan, basis: &Basis<'_>) -> String {
    format!(
        "(w.k1 IS NOT NULL AND (e.acked_at IS NULL OR e.state IN ('held', 'absent') OR {} OR {}))",
        is_full(basis),
        reidentified(plan)
    )
}

/// Records modes: the identifier in use is not the one acknowledged, so it is another contact.
fn reidentified(plan: &Plan) -> String {
    format!("(w.k1 IS NOT NULL AND e.acked_at IS NOT NULL AND w.problem IS NULL AND {})", renamed(plan))
}

/// Records modes: the identifier in use is not the one the entry holds.
fn renamed(plan: &Plan) -> String {
    if plan.mode.is_set() || plan.mode == Mode::Insert {
        return "false".to_string();
    }
    let differs = |at: usize| format!("(w.which = {at} AND e.i{0} IS DISTINCT FROM w.i{0})", at + 1);
    either((0..plan.identifiers.len()).map(differs))
}

/// Set aside in the source, or lacking what a create needs.
fn reason(plan: &Plan) -> String {
    let required: Vec<String> = plan
        .fields
        .iter()
        .filter(|field| field.required_on_create && plan.mode.creates())
        .map(|field| {
            let text = crate::ir::plan::Sql::text(&format!("{} is NULL, and a create needs it", field.name));
            format!("WHEN w.k1 IS NOT NULL AND e.acked_at IS NULL AND w.d{} IS NULL THEN {text}", field.column.position)
        })
        .collect();
    if required.is_empty() {
        return "w.problem".to_string();
    }
    format!("CASE WHEN w.problem IS NOT NULL THEN w.problem {} END", required.join(" "))
}

fn any_owed(plan: &Plan) -> String {
    either(plan.fields.iter().map(owes))
}

/// Conditions joined by OR; none of none holds.
fn either(conditions: impl Iterator<Item = String>) -> String {
    let conditions: Vec<String> = conditions.collect();
    if conditions.is_empty() { "false".to_string() } else { format!("({})", conditions.join(" OR ")) }
}

/// A field owes when its value differs from the acknowledged one, unless that very value was refused before.
fn owes(field: &PlannedField) -> String {
    let position = field.column.position;
    let differs = format!("w.d{position} IS DISTINCT FROM {}", acknowledged(field));
    let opinion = if field.clear { String::new() } else { format!("w.d{position} IS NOT NULL AND ") };
    if field.column.fresh {
        return format!("({opinion}{differs})");
    }
    format!(
        "({opinion}{differs} AND (e.refused IS NULL OR \
         coalesce(e.refused[{position}] <> coalesce(CAST(w.d{position} AS VARCHAR), ''), true)))"
    )
}

/// Positions of fields whose very value was refused before and is still wanted. NULL where no refusal is to be judged: none
/// stands, or the row is not compared.
fn standing(plan: &Plan) -> String {
    if !plan.mode.compares() {
        return "CAST(NULL AS INTEGER[])".to_string();
    }
    let stands = plan.fields.iter().filter(|field| !field.column.fresh).map(|field| {
        let position = field.column.position;
        let opinion = if field.clear { "true".to_string() } else { format!("w.d{position} IS NOT NULL") };
        format!(
            "CASE WHEN {opinion} AND w.d{position} IS DISTINCT FROM {} \
             AND e.refused[{position}] = coalesce(CAST(w.d{position} AS VARCHAR), '') THEN {position} END",
            acknowledged(field)
        )
    });
    let items: Vec<String> = stands.collect();
    format!(
        "CASE WHEN cardinality(e.refused) > 0 AND w.k1 IS NOT NULL AND ({}) IS NULL \
         THEN list_filter(CAST([{}] AS INTEGER[]), lambda x: x IS NOT NULL) END",
        reason(plan),
        items.join(", ")
    )
}

fn acknowledged(field: &PlannedField) -> String {
    let column = &field.column;
    match &column.sql_type {
        _ if column.fresh => "NULL".to_string(),
        None => "NULL".to_string(),
        Some(sql_type) if *sql_type == field.sql_type => format!("e.v{}", column.position),
        Some(_) => format!("try_cast(e.v{} AS {})", column.position, field.sql_type),
    }
}

fn remapped(field: &PlannedField) -> String {
    if field.column.fresh { "true".to_string() } else { format!("coalesce(e.mapping, 0) < {}", field.column.since) }
}

/// Positions of the fields to send: those that differ, and those whose last sending nobody knows the outcome of.
fn owed(plan: &Plan) -> String {
    let items: Vec<String> = plan
        .fields
        .iter()
        .map(|field| {
            let position = field.column.position;
            let there = if field.clear { "true".to_string() } else { format!("w.d{position} IS NOT NULL") };
            format!(
                "CASE WHEN {} OR ({there} AND coalesce(list_contains(e.owes, {position}), false)) THEN {position} END",
                owes(field)
            )
        })
        .collect();
    if items.is_empty() {
        return "CAST([] AS INTEGER[])".to_string();
    }
    format!("list_filter(CAST([{}] AS INTEGER[]), lambda x: x IS NOT NULL)", items.join(", "))
}
