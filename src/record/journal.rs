//! What happens while a run goes on, made durable at once: marks before requests leave, outcomes after answers came.

use super::OpenRun;
use crate::ir::delivery::{DeltaRow, Outcome, RequestNote};
use crate::ir::plan::Plan;
use crate::ir::value::Value;
use crate::store::ledger::Ledger;
use crate::store::{Store, StoreError};

/// Marks rows as in flight with a request; after a crash only marked rows can repeat.
pub fn mark(store: &Store, ledger: &Ledger, marks: &[(Vec<DeltaRow>, u64)]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = marks
        .iter()
        .flat_map(|(rows, request)| {
            rows.iter().map(|row| vec![Value::Int(row.0.into()), Value::Int((*request).into())])
        })
        .collect();
    store.append(&ledger.alias, "flight", &rows)
}

/// Keeps outcomes until they are merged.
pub fn outcomes(
    store: &Store,
    ledger: &Ledger,
    plan: &Plan,
    outcomes: &[Outcome],
    at_micros: i64,
) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = outcomes.iter().map(|outcome| line(plan, outcome, at_micros)).collect();
    store.append(&ledger.alias, "outcome", &rows)
}

fn line(plan: &Plan, outcome: &Outcome, at_micros: i64) -> Vec<Value> {
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
    let refused: Vec<String> = outcome
        .refused
        .iter()
        .filter_map(|at| plan.fields.get(*at))
        .map(|field| field.column.position.to_string())
        .collect();
    vec![
        Value::Int(outcome.row.0.into()),
        Value::Text(outcome.verdict.name().into()),
        text(&outcome.reason),
        Value::Bool(outcome.warning),
        text(&outcome.remote_id),
        outcome.job.as_ref().map_or(Value::Null, |job| Value::Text(job.call.to_string())),
        outcome.job.as_ref().map_or(Value::Null, |job| Value::Text(job.id.clone())),
        if refused.is_empty() { Value::Null } else { Value::Text(refused.join(",")) },
        Value::Bool(outcome.sent_all),
        Value::Bool(outcome.unsent),
        Value::Int(outcome.request.into()),
        Value::Timestamp(at_micros),
    ]
}

/// Keeps what was asked and answered, for `explain`: no secrets, no values.
pub fn note(
    store: &Store,
    ledger: &Ledger,
    run: &OpenRun,
    notes: &[RequestNote],
    at_micros: i64,
) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = notes
        .iter()
        .map(|note| {
            vec![
                Value::Int(note.number.into()),
                Value::Text(run.run.clone()),
                Value::Text(note.call.to_string()),
                Value::Text(note.method.clone()),
                Value::Text(note.url.clone()),
                Value::Int(note.records as i128),
                note.status.map_or(Value::Null, |status| Value::Int(status.into())),
                Value::Text(note.answer.clone()),
                Value::Timestamp(at_micros),
            ]
        })
        .collect();
    store.append(&ledger.alias, "request", &rows)
}
