//! What happens while a run goes on, made durable at once: marks before requests leave, outcomes after answers came.

use super::OpenRun;
use crate::ir::delivery::{DeltaRow, Outcome, RequestNote};
use crate::ir::plan::Plan;
use crate::store::ledger::Ledger;
use crate::store::{Column, Store, StoreError};

/// Marks rows as in flight with a request; after a crash only marked rows can repeat.
pub fn mark(store: &Store, ledger: &Ledger, marks: &[(Vec<DeltaRow>, u64)]) -> Result<(), StoreError> {
    let rows = marks.iter().flat_map(|(rows, request)| rows.iter().map(|row| (row.0, *request)));
    let (rows, requests) = rows.unzip();
    store.append(&ledger.alias, "flight", vec![Column::Counts(rows), Column::Counts(requests)])
}

/// Takes back the marks of rows whose request never left. Rows are marked ahead once: no other mark of theirs is lost.
pub fn unmark(store: &Store, ledger: &Ledger, rows: &[DeltaRow]) -> Result<(), StoreError> {
    let numbers: Vec<String> = rows.iter().map(|row| row.0.to_string()).collect();
    store.execute(&format!("DELETE FROM {} WHERE row IN ({})", ledger.table("flight"), numbers.join(", ")))
}

/// Keeps outcomes until they are merged.
pub fn outcomes(
    store: &Store,
    ledger: &Ledger,
    plan: &Plan,
    outcomes: &[Outcome],
    at_micros: i64,
) -> Result<(), StoreError> {
    let refused: Vec<Option<String>> = outcomes.iter().map(|outcome| refused(plan, outcome)).collect();
    let columns = vec![
        Column::Counts(outcomes.iter().map(|outcome| outcome.row.0).collect()),
        Column::Texts(outcomes.iter().map(|outcome| Some(outcome.verdict.name())).collect()),
        Column::Texts(outcomes.iter().map(|outcome| outcome.reason.as_deref()).collect()),
        Column::Truths(outcomes.iter().map(|outcome| outcome.warning).collect()),
        Column::Texts(outcomes.iter().map(|outcome| outcome.remote_id.as_deref()).collect()),
        Column::Texts(outcomes.iter().map(|outcome| outcome.job.as_ref().map(|job| job.call.0.as_str())).collect()),
        Column::Texts(outcomes.iter().map(|outcome| outcome.job.as_ref().map(|job| job.id.as_str())).collect()),
        Column::Texts(refused.iter().map(Option::as_deref).collect()),
        Column::Truths(outcomes.iter().map(|outcome| outcome.sent_all).collect()),
        Column::Truths(outcomes.iter().map(|outcome| outcome.unsent).collect()),
        Column::Counts(outcomes.iter().map(|outcome| outcome.request).collect()),
        Column::Instants(vec![at_micros; outcomes.len()]),
    ];
    store.append(&ledger.alias, "outcome", columns)
}

/// Positions of the fields refused alone: `3,7`.
fn refused(plan: &Plan, outcome: &Outcome) -> Option<String> {
    let fields = outcome.refused.iter().filter_map(|at| plan.fields.get(*at));
    let positions: Vec<String> = fields.map(|field| field.column.position.to_string()).collect();
    (!positions.is_empty()).then(|| positions.join(","))
}

/// Keeps what was asked and answered, for `explain`: no secrets, no values.
pub fn note(
    store: &Store,
    ledger: &Ledger,
    run: &OpenRun,
    notes: &[RequestNote],
    at_micros: i64,
) -> Result<(), StoreError> {
    let columns = vec![
        Column::Counts(notes.iter().map(|note| note.number).collect()),
        Column::Texts(vec![Some(&run.run); notes.len()]),
        Column::Texts(notes.iter().map(|note| Some(note.call.0.as_str())).collect()),
        Column::Texts(notes.iter().map(|note| Some(note.method.as_str())).collect()),
        Column::Texts(notes.iter().map(|note| Some(note.url.as_str())).collect()),
        Column::Counts(notes.iter().map(|note| note.records as u64).collect()),
        Column::Numbers(notes.iter().map(|note| note.status.map(i32::from)).collect()),
        Column::Texts(notes.iter().map(|note| Some(note.answer.as_str())).collect()),
        Column::Instants(vec![at_micros; notes.len()]),
    ];
    store.append(&ledger.alias, "request", columns)
}
