//! What a ledger gives back: rows to offer, jobs to ask after, what was rejected.

use super::{OpenRun, numbered, positions, timestamp};
use crate::ir::delivery::{DeltaRow, JobId, WaitingJob};
use crate::ir::ident::CallName;
use crate::ir::mode::ChangeKind;
use crate::ir::offer::{Offer, Page};
use crate::ir::plan::Plan;
use crate::ir::run::RejectedRow;
use crate::ir::value::{Cell, Value, Values};
use crate::store::ledger::Ledger;
use crate::store::{Store, StoreError};

/// The delta of an open run, read page by page.
pub struct DeltaPages {
    ledger: Ledger,
    plan: Plan,
    columns: String,
}

impl DeltaPages {
    pub fn new(store: &Store, ledger: &Ledger, plan: &Plan) -> Result<DeltaPages, StoreError> {
        let fixed = ["CAST(row AS BIGINT)", "kind", "which", "whole", "owed", "remote_id", "look_first"]
            .map(String::from)
            .to_vec();
        // Rows that waited for a job lack the fields mapped since.
        let there = positions(store, ledger, "delta", 'd')?;
        let value = |position: u32| if there.contains(&position) { format!("d{position}") } else { "NULL".into() };
        let values: Vec<String> = plan.fields.iter().map(|field| value(field.column.position)).collect();
        let columns = [fixed, numbered("i", plan.identifiers.len()), values].concat().join(", ");
        Ok(DeltaPages { ledger: ledger.clone(), plan: plan.clone(), columns })
    }

    /// Rows `from..to`, in order, as offers; values in the order of the plan's fields.
    pub fn offers(&self, store: &Store, from: u64, to: u64) -> Result<Vec<Offer>, StoreError> {
        let (columns, delta) = (&self.columns, self.ledger.table("delta"));
        let page = store.columns(&format!("SELECT {columns} FROM {delta} WHERE row >= {from} AND row < {to}"))?;
        // Nearly sorted as they come: DuckDB would sort every column along.
        Ok(self.page(page).offers())
    }

    fn page(&self, columns: Vec<Values>) -> Page {
        let mut columns = columns.into_iter();
        let mut next = || columns.next().unwrap_or_default();
        let (numbers, kinds, which, whole, owed, remote_ids, look) =
            (next(), next(), next(), next(), next(), next(), next());
        let rows = (0..).map_while(|at| number(numbers.at(at))).map(DeltaRow).collect::<Vec<_>>();
        let each = || 0..rows.len();
        Page {
            kinds: each().map(|at| kind(kinds.at(at))).collect(),
            which: each().map(|at| number(which.at(at)).unwrap_or_default() as usize).collect(),
            whole: each().map(|at| whole.at(at) == Cell::Bool(true) || owed.at(at).is_null()).collect(),
            look_first: each().map(|at| look.at(at) == Cell::Bool(true)).collect(),
            owed: each().map(|at| self.owed(owed.at(at))).collect(),
            remote_ids,
            identifiers: columns.by_ref().take(self.plan.identifiers.len()).collect(),
            values: columns.collect(),
            rows,
        }
    }

    /// Which fields are owed; none is told apart where all travel.
    fn owed(&self, positions: Cell<'_>) -> Vec<bool> {
        let Cell::List(positions) = positions else { return Vec::new() };
        let owed = |position: u32| positions.contains(&Value::Int(position.into()));
        self.plan.fields.iter().map(|field| owed(field.column.position)).collect()
    }
}

fn number(cell: Cell<'_>) -> Option<u64> {
    if let Cell::Int(number) = cell { u64::try_from(number).ok() } else { None }
}

/// The delta holds what is sent, and nothing else.
fn kind(cell: Cell<'_>) -> ChangeKind {
    cell.text().and_then(ChangeKind::parse).unwrap_or(ChangeKind::Changed)
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Jobs that rows of the ledger wait for, in the order in which [`begin_settle`] lines up their rows.
pub fn waiting_jobs(store: &Store, ledger: &Ledger, now: &str) -> Result<Vec<WaitingJob>, StoreError> {
    if !ledger.has(store, "parked")? {
        return Ok(Vec::new());
    }
    let rows = store.rows(&format!(
        "SELECT job_call, job_id, CAST(max(date_diff('second', noted_at, {})) AS BIGINT), count(*) FROM {} \
         WHERE verdict = 'pending' AND job_id IS NOT NULL GROUP BY ALL ORDER BY 1, 2",
        timestamp(now),
        ledger.table("parked")
    ))?;
    Ok(rows
        .into_iter()
        .filter_map(|row| match row.as_slice() {
            [Value::Text(call), Value::Text(id), Value::Int(age), Value::Int(rows)] => Some(WaitingJob {
                job: JobId { call: CallName(call.clone()), id: id.clone() },
                age_s: (*age).max(0) as u64,
                rows: *rows as u64,
            }),
            _ => None,
        })
        .collect())
}

/// Rows parked with no job to ask: only a person can say what became of them.
pub fn unclear(store: &Store, ledger: &Ledger) -> Result<u64, StoreError> {
    if !ledger.has(store, "parked")? {
        return Ok(0);
    }
    store.number(&format!("SELECT count(*) FROM {} WHERE verdict = 'unclear'", ledger.table("parked")))
}

/// Opens a run over parked rows that wait for jobs, or over the unclear ones; the delta holds what was sent.
pub fn begin_settle(store: &Store, ledger: &Ledger, run: &OpenRun, verdict: &str) -> Result<u64, StoreError> {
    let (delta, parked) = (ledger.table("delta"), ledger.table("parked"));
    let open = serde_json::to_string(run).unwrap_or_default();
    store.transaction(&[
        format!("DROP TABLE IF EXISTS {delta}"),
        format!(
            "CREATE TABLE {delta} AS SELECT CAST(row_number() OVER (ORDER BY job_call NULLS LAST, job_id NULLS LAST) - 1 AS UBIGINT) AS row, \
             * EXCLUDE (verdict) FROM {parked} WHERE verdict = '{verdict}'"
        ),
        ledger.journal(),
        ledger.set("open_run", &open),
    ])?;
    store.number(&format!("SELECT count(*) FROM {delta}"))
}

/// A person says what became of the unclear rows: all of an opened settle run were sent, or none was.
pub fn assume(store: &Store, ledger: &Ledger, sent: bool, now: &str) -> Result<(), StoreError> {
    let verdict = if sent { "accepted" } else { "failed" };
    let reason = if sent { "NULL" } else { "'taken as not sent'" };
    store.execute(&format!(
        "INSERT INTO {} BY NAME SELECT 'outcome' AS kind, row, row AS last, 0 AS request, '{verdict}' AS verdict, \
         {reason} AS reason, false AS warning, false AS sent_all, {} AS unsent, {} AS noted_at FROM {}",
        ledger.table("journal"),
        !sent,
        timestamp(now),
        ledger.table("delta")
    ))
}

/// Everything refused, failed, unclear or set aside, in the order of the key; at most `limit` rows. A row whose refusal led to
/// another attempt, which waits for a job, is among them.
pub fn rejected(store: &Store, ledger: &Ledger, limit: u64) -> Result<Vec<RejectedRow>, StoreError> {
    let shape = ledger.shape(store)?;
    let keys: Vec<String> = (1..=shape.keys.len()).map(|at| format!("CAST(k{at} AS VARCHAR)")).collect();
    let identifiers = numbered("i", shape.identifiers.len());
    let identifier =
        if identifiers.is_empty() { "NULL".to_string() } else { format!("coalesce({}, NULL)", identifiers.join(", ")) };
    let rows = store.rows(&format!(
        "SELECT * FROM (\
         SELECT concat_ws(' / ', {keys}) AS key, {identifier} AS identifier, \
         CASE WHEN state = 'synced' THEN 'warning' ELSE state END AS state, coalesce(reason, '') AS reason, \
         CASE WHEN refused IS NULL THEN CAST([] AS INTEGER[]) ELSE map_keys(refused) END AS fields, \
         strftime(since, '%Y-%m-%dT%H:%M:%SZ') AS since FROM {entry} \
         WHERE (state = 'owed' AND (acked_at IS NOT NULL OR request IS NOT NULL)) OR state IN ('unclear', 'absent') OR (state <> 'gone' AND cardinality(coalesce(refused, MAP {{}})) > 0) \
         OR (state IN ('synced', 'pending') AND reason IS NOT NULL) \
         UNION ALL SELECT key, identifier, 'invalid', reason, CAST([] AS INTEGER[]), NULL FROM {aside}) \
         ORDER BY key LIMIT {limit}",
        keys = keys.join(", "),
        entry = ledger.table("entry"),
        aside = ledger.table("aside"),
    ))?;
    let name = |position: &Value| match position {
        Value::Int(position) => {
            let field = shape.fields.iter().find(|field| i128::from(field.position) == *position);
            field.map(|field| field.name.clone())
        }
        _ => None,
    };
    Ok(rows
        .into_iter()
        .filter_map(|row| match <[Value; 6]>::try_from(row).ok()? {
            [Value::Text(key), identifier, Value::Text(state), Value::Text(reason), Value::List(fields), since] => {
                Some(RejectedRow {
                    key,
                    identifier: text(identifier),
                    state,
                    reason,
                    fields: fields.iter().filter_map(name).collect(),
                    since: text(since),
                })
            }
            _ => None,
        })
        .collect())
}
