//! Outcomes into entries: the only place where what is acknowledged moves.

use super::{Closing, OpenRun, each, lost, numbered, positions, timestamp};
use crate::ir::mode::Mode;
use crate::ir::plan::Sql;
use crate::store::ledger::Ledger;
use crate::store::{Store, StoreError};

/// Merges what a run left behind when it was cut short. `None` when nothing was open.
pub fn recover(store: &Store, ledger: &Ledger, open_run: Option<&str>, now: &str) -> Result<Option<u64>, StoreError> {
    let Some(run) = open_run.and_then(|text| serde_json::from_str::<OpenRun>(text).ok()) else { return Ok(None) };
    let lost = lost::count(store, ledger)?;
    finish(store, ledger, &run, now, &Closing::default())?;
    Ok(Some(lost))
}

/// Merges the outcomes of a run and closes it.
pub fn finish(store: &Store, ledger: &Ledger, run: &OpenRun, now: &str, closing: &Closing) -> Result<(), StoreError> {
    let mut statements = Vec::new();
    // Without rows there is nothing to merge, and looking for it would read every entry.
    if store.number(&format!("SELECT count(*) FROM {}", ledger.table("delta")))? > 0 {
        let lost = lost::any(store, ledger)?;
        if lost {
            statements.push(lost::told(ledger, now));
        }
        let last = last(store, ledger)?;
        let occurs = Occurs::found(store, ledger, lost)?;
        let merge = Merge { ledger, run, columns: &positions(store, ledger, "delta", 'd')?, now, last: &last, occurs };
        if store.number(&format!("SELECT count(*) FROM {}", ledger.table("entry")))? == 0 {
            statements.push(merge.insert());
        } else {
            statements.push(merge.merge());
            statements.extend(overwritten(ledger, run));
        }
        statements.extend(park(store, ledger, run, &last)?);
    }
    if closing.complete {
        statements.push(ledger.set("baseline", "closed"));
    }
    statements.extend(closing.sums.as_deref().map(|sums| ledger.set("rested", sums)));
    statements.push(ledger.unset("open_run"));
    statements.push(requests(ledger, run));
    for table in ["delta", "journal"] {
        statements.push(format!("DROP TABLE {}", ledger.table(table)));
    }
    store.transaction(&statements)?;
    store.execute(&format!("CHECKPOINT {}", Sql::name(&ledger.alias)))
}

/// A contact that another key has written since holds that key's values: whatever was acknowledged of the row that had the
/// identifier before says nothing any more, and it is sent whole should it come back. One statement for each identifier, so
/// that each is a join on equal texts.
fn overwritten(ledger: &Ledger, run: &OpenRun) -> Vec<String> {
    if !matches!(run.mode, Mode::Update | Mode::Upsert) {
        return Vec::new();
    }
    let others: Vec<String> =
        numbered("k", run.keys).iter().map(|key| format!("d.{key} IS DISTINCT FROM e.{key}")).collect();
    numbered("i", run.identifiers)
        .iter()
        .enumerate()
        .map(|(at, identifier)| {
            format!(
                "UPDATE {} e SET acked_at = NULL WHERE e.acked_at IS NOT NULL AND EXISTS (SELECT 1 FROM {} d JOIN {} o \
                 ON o.row = d.row WHERE o.verdict = 'accepted' AND d.which = {at} AND d.{identifier} = e.{identifier} AND ({}))",
                ledger.table("entry"),
                ledger.table("delta"),
                each(ledger, &["outcome"]),
                others.join(" OR ")
            )
        })
        .collect()
}

/// What was asked and answered stays.
fn requests(ledger: &Ledger, run: &OpenRun) -> String {
    format!(
        "INSERT INTO {} SELECT request, {}, call, method, url, records, status, answer, noted_at FROM {}",
        ledger.table("request"),
        Sql::text(&run.run),
        each(ledger, &["request"])
    )
}

/// Rows that wait for a job, or for a person to say what became of them, keep the values that were sent.
fn park(store: &Store, ledger: &Ledger, run: &OpenRun, last: &str) -> Result<Vec<String>, StoreError> {
    let (delta, outcome, parked) = (ledger.table("delta"), each(ledger, &["outcome"]), ledger.table("parked"));
    let described = store.describe(&format!("SELECT * FROM {delta}"))?;
    let columns: Vec<String> = described.into_iter().map(|column| column.name).collect();
    let waits = if run.unclear_waits { "('pending', 'unclear')" } else { "('pending')" };
    // A job that is waited for again is as old as it was.
    let again = columns.contains(&"job_id".to_string());
    let (own, noted_at) = if again {
        (
            ", job_call, job_id, noted_at",
            "CASE o.verdict WHEN 'pending' THEN d.noted_at ELSE o.noted_at END AS noted_at",
        )
    } else {
        ("", "o.noted_at")
    };
    let from = format!(
        "SELECT d.* EXCLUDE (row{own}) REPLACE (coalesce(o.remote_id, d.remote_id) AS remote_id), o.job_call, o.job_id, o.verdict, {noted_at} FROM {delta} d JOIN {last} o ON o.row = d.row"
    );
    let keys = numbered("k", run.keys).join(", ");
    let mut statements = Vec::new();
    if ledger.has(store, "parked")? {
        statements.push(format!(
            "DELETE FROM {parked} WHERE ({keys}) IN (SELECT ({keys}) FROM {delta} WHERE row IN (SELECT row FROM {outcome}))"
        ));
        for position in positions(store, ledger, "delta", 'd')? {
            let sql_type = column_type(store, ledger, position)?;
            statements.push(format!("ALTER TABLE {parked} ADD COLUMN IF NOT EXISTS d{position} {sql_type}"));
        }
    } else {
        statements.push(format!("CREATE TABLE {parked} AS {from} WHERE false"));
    }
    statements.push(format!("INSERT INTO {parked} BY NAME {from} WHERE o.verdict IN {waits}"));
    Ok(statements)
}

fn column_type(store: &Store, ledger: &Ledger, position: u32) -> Result<String, StoreError> {
    let columns = store.describe(&format!("SELECT d{position} FROM {}", ledger.table("delta")))?;
    Ok(columns.into_iter().next().map(|column| column.sql_type).unwrap_or_else(|| "VARCHAR".into()))
}

/// The last word on each row: a row may pass several requests. Where none has two, nothing needs to be put in order.
fn last(store: &Store, ledger: &Ledger) -> Result<String, StoreError> {
    let (journal, each) = (ledger.table("journal"), each(ledger, &["outcome"]));
    let repeated = store.number(&format!(
        "SELECT count(*) FROM (SELECT row, max(last) OVER (ORDER BY row, last ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) \
         AS before FROM {journal} WHERE kind = 'outcome') WHERE before >= row"
    ))?;
    Ok(match repeated {
        0 => each,
        _ => format!(
            "(SELECT * FROM {each} QUALIFY row_number() OVER (PARTITION BY row ORDER BY request DESC, noted_at DESC) = 1)"
        ),
    })
}

/// What a merge has to reckon with. What does not occur is left out of its statement: DuckDB would take longer to plan that than
/// to merge a small delta.
#[derive(Clone, Copy)]
struct Occurs {
    /// Fields were refused, now or in an earlier run.
    refusals: bool,
    /// Something may have been carried out that was not answered for.
    doubts: bool,
}

impl Occurs {
    /// `lost`: the journal is about to be told of rows that nobody answered for.
    fn found(store: &Store, ledger: &Ledger, lost: bool) -> Result<Occurs, StoreError> {
        let any = |table: &str, condition: &str| {
            let number =
                format!("SELECT count(*) FROM (SELECT 1 FROM {} WHERE {condition} LIMIT 1)", ledger.table(table));
            Ok::<_, StoreError>(store.number(&number)? > 0)
        };
        Ok(Occurs {
            refusals: any("journal", "refused IS NOT NULL")? || any("entry", "refused IS NOT NULL")?,
            doubts: lost || any("journal", &doubtful(""))?,
        })
    }
}

/// Outcomes on their way into entries.
struct Merge<'a> {
    ledger: &'a Ledger,
    run: &'a OpenRun,
    columns: &'a [u32],
    now: &'a str,
    last: &'a str,
    occurs: Occurs,
}

impl Merge<'_> {
    /// What it comes to in a ledger without entries: DuckDB does it in parallel, and looks for nothing.
    fn insert(&self) -> String {
        let (names, values) = self.fresh();
        format!(
            "INSERT INTO {} ({names}) SELECT {values} FROM ({}) s WHERE s.kind <> 'removed'",
            self.ledger.table("entry"),
            self.answered()
        )
    }

    fn merge(&self) -> String {
        let same: Vec<String> = numbered("k", self.run.keys).iter().map(|key| format!("e.{key} = s.{key}")).collect();
        let updates = self.assignments(|column| format!("e.{column}"));
        let set: Vec<String> = updates.iter().map(|(column, value)| format!("{column} = {value}")).collect();
        let (names, values) = self.fresh();
        format!(
            "MERGE INTO {} e USING ({}) s ON {} \
             WHEN MATCHED AND s.kind = 'removed' AND s.verdict IN ('accepted', 'absent', 'exists') THEN DELETE \
             WHEN MATCHED THEN UPDATE SET {} WHEN NOT MATCHED AND s.kind <> 'removed' THEN INSERT ({names}) VALUES ({values})",
            self.ledger.table("entry"),
            self.answered(),
            same.join(" AND "),
            set.join(", "),
        )
    }

    /// Rows of the delta with what came of them.
    fn answered(&self) -> String {
        format!(
            "SELECT d.*, o.verdict, o.reason, o.remote_id AS learnt_id, o.sent_all, o.unsent, o.request, \
             CAST(string_split(o.refused, ',') AS INTEGER[]) AS refused_now FROM {} d JOIN {} o ON o.row = d.row",
            self.ledger.table("delta"),
            self.last
        )
    }

    /// Columns of a new entry and their values.
    fn fresh(&self) -> (String, String) {
        let keys = numbered("k", self.run.keys).into_iter().map(|key| (key.clone(), format!("s.{key}")));
        let (names, values): (Vec<_>, Vec<_>) = keys.chain(self.assignments(|_| "NULL".to_string())).unzip();
        (names.join(", "), values.join(", "))
    }

    /// Column and new value, where `old` names what the entry held before (NULL for a new one).
    fn assignments(&self, old: impl Fn(&str) -> String) -> Vec<(String, String)> {
        let Merge { run, columns, occurs, .. } = *self;
        let now = timestamp(self.now);
        let done = "s.verdict IN ('accepted', 'exists')";
        let settled = "s.verdict IN ('accepted', 'exists', 'absent')";
        let mut all: Vec<(String, String)> = Vec::new();
        let mut set = |column: &str, value: String| all.push((column.to_string(), value));
        set(
            "state",
            "CASE s.verdict WHEN 'accepted' THEN 'synced' WHEN 'exists' THEN 'synced' WHEN 'absent' THEN 'absent' \
                      WHEN 'pending' THEN 'pending' WHEN 'unclear' THEN 'unclear' ELSE 'owed' END"
                .into(),
        );
        set("since", now.clone());
        // A removal that may have been carried out leaves nothing to rely on.
        let void = format!("s.verdict = 'absent' OR (s.kind = 'removed' AND ({}))", doubtful("s."));
        set("acked_at", format!("CASE WHEN {done} THEN {now} WHEN {void} THEN NULL ELSE {} END", old("acked_at")));
        set("keys", "s.keys".into());
        set("owes", owes(columns, settled, &cast(&old("owes"), "INTEGER[]"), occurs));
        // The reason of what stays refused stays, and that of a row that is tried again, until the job says what came of it.
        let mut stays = format!("s.verdict = 'pending' AND {} IN ('owed', 'pending')", old("state"));
        if occurs.refusals {
            let refused = refused(columns, &cast(&old("refused"), "MAP(INTEGER, VARCHAR)"));
            stays = format!("cardinality({refused}) > 0 OR ({stays})");
            set("refused", refused);
        }
        set("reason", format!("coalesce(s.reason, CASE WHEN {stays} THEN {} END)", old("reason")));
        set(
            "remote_id",
            format!(
                "CASE WHEN s.verdict = 'absent' THEN NULL WHEN {done} THEN coalesce(s.learnt_id, s.remote_id) \
                 ELSE coalesce({}, CASE WHEN NOT s.reidentified THEN s.learnt_id END) END",
                old("remote_id")
            ),
        );
        for column in ["mapping", "full_number"] {
            set(column, format!("CASE WHEN {settled} THEN s.{column} ELSE {} END", old(column)));
        }
        set("request", "s.request".into());
        for at in 1..=run.identifiers {
            let (column, sent) = (format!("i{at}"), run.identifier(at, "s."));
            let value =
                format!("CASE WHEN {settled} OR {} IS NULL THEN {sent} ELSE {} END", old("acked_at"), old(&column));
            all.push((column, value));
        }
        all.extend(columns.iter().map(|position| value(*position, &old(&format!("v{position}")), occurs)));
        all
    }
}

/// Nobody knows whether it was carried out.
fn doubtful(of: &str) -> String {
    format!("{of}verdict IN ('failed', 'rejected', 'unclear') AND NOT {of}unsent")
}

/// Fields that are still to be sent, by position.
fn owes(columns: &[u32], settled: &str, old: &str, occurs: Occurs) -> String {
    let more = if occurs.doubts {
        let (doubtful, sent) = (doubtful("s."), sent_positions(columns));
        format!(
            "WHEN {doubtful} THEN list_sort(list_distinct(list_concat(coalesce({old}, CAST([] AS INTEGER[])), {sent}))) "
        )
    } else {
        String::new()
    };
    format!(
        "CASE WHEN s.verdict = 'absent' AND NOT s.unsent THEN CAST([] AS INTEGER[]) \
         WHEN s.verdict = 'absent' OR ({settled} AND (s.owed IS NULL OR s.sent_all)) THEN NULL \
         WHEN {settled} THEN nullif(list_filter({old}, lambda x: NOT list_contains(s.owed, x)), []) {more}ELSE {old} END"
    )
}

fn cast(sql: &str, sql_type: &str) -> String {
    if sql == "NULL" { format!("CAST(NULL AS {sql_type})") } else { sql.to_string() }
}

/// Whether the field at a position was in the request.
fn was_sent(position: u32) -> String {
    format!(
        "((s.owed IS NULL OR s.sent_all OR list_contains(s.owed, {position})) \
         AND (s.d{position} IS NOT NULL OR list_contains(s.clears, {position})))"
    )
}

fn was_refused(position: u32) -> String {
    format!("coalesce(list_contains(s.refused_now, {position}), false)")
}

/// An answer moves only the fields that were in its request; a refusal moves none. Of an absent contact only what was
/// offered is kept, to notice a change; of a contact written anew, nothing older counts.
fn value(position: u32, old: &str, occurs: Occurs) -> (String, String) {
    let sent = was_sent(position);
    let taken = if occurs.refusals { format!(" AND NOT {}", was_refused(position)) } else { String::new() };
    (
        format!("v{position}"),
        format!(
            "CASE WHEN s.verdict = 'accepted' AND {sent}{taken} THEN s.d{position} \
             WHEN s.verdict = 'absent' THEN s.d{position} WHEN s.verdict = 'accepted' AND s.kind = 'added' THEN NULL \
             ELSE {old} END"
        ),
    )
}

fn sent_positions(columns: &[u32]) -> String {
    if columns.is_empty() {
        return "CAST([] AS INTEGER[])".to_string();
    }
    let items: Vec<String> =
        columns.iter().map(|position| format!("CASE WHEN {} THEN {position} END", was_sent(*position))).collect();
    format!("list_filter(CAST([{}] AS INTEGER[]), lambda x: x IS NOT NULL)", items.join(", "))
}

fn refused(columns: &[u32], old: &str) -> String {
    if columns.is_empty() {
        return old.to_string();
    }
    let items: Vec<String> = columns
        .iter()
        .map(|position| {
            format!(
                "CASE WHEN {} THEN ({position}, coalesce(CAST(s.d{position} AS VARCHAR), '')) \
                 WHEN s.verdict = 'absent' OR (s.verdict = 'accepted' AND (s.kind = 'added' OR {})) THEN NULL \
                 WHEN {old}[{position}] IS NOT NULL THEN ({position}, {old}[{position}]) END",
                was_refused(*position),
                was_sent(*position)
            )
        })
        .collect();
    format!(
        "CASE WHEN s.refused_now IS NULL AND {old} IS NULL THEN NULL ELSE \
         map_from_entries(list_filter([{}], lambda x: x IS NOT NULL)) END",
        items.join(", ")
    )
}
