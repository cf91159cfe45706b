//! What happens while a run goes on, made durable at once: marks before requests leave, outcomes after answers came.

use super::{OpenRun, each};
use crate::ir::delivery::{DeltaRow, Outcome, RequestNote};
use crate::ir::plan::Plan;
use crate::store::ledger::Ledger;
use crate::store::{Column, Store, StoreError};

/// Marks rows as in flight with a request; after a crash only marked rows can repeat.
pub fn mark(store: &Store, ledger: &Ledger, marks: &[(Vec<DeltaRow>, u64)]) -> Result<(), StoreError> {
    let mut stretches = Stretches::new();
    for (rows, request) in marks {
        rows.iter().for_each(|row| stretches.add(*row, request));
    }
    let requests = stretches.of.iter().map(|request| **request).collect();
    let columns = vec![Column::Counts(stretches.first), Column::Counts(requests), Column::Counts(stretches.last)];
    store.append(&ledger.alias, "flight", columns)
}

/// Takes back the marks of rows whose request never left. Rows are marked ahead once: no other mark of theirs is lost.
pub fn unmark(store: &Store, ledger: &Ledger, rows: &[DeltaRow]) -> Result<(), StoreError> {
    let numbers: Vec<String> = rows.iter().map(|row| row.0.to_string()).collect();
    // Stretches are cut where a row of theirs goes.
    store.execute(&format!(
        "CREATE OR REPLACE TABLE {} AS SELECT row, request, row AS last FROM {} WHERE row NOT IN ({})",
        ledger.table("flight"),
        each(ledger, "flight"),
        numbers.join(", ")
    ))
}

/// Keeps outcomes until they are merged.
pub fn outcomes(
    store: &Store,
    ledger: &Ledger,
    plan: &Plan,
    outcomes: &[Outcome],
    at_micros: i64,
) -> Result<(), StoreError> {
    let mut stretches = Stretches::new();
    outcomes.iter().for_each(|outcome| stretches.add(outcome.row, Fate(outcome)));
    let fates = || stretches.of.iter().map(|fate| fate.0);
    let refused: Vec<Option<String>> = fates().map(|outcome| refused(plan, outcome)).collect();
    let columns = vec![
        Column::Counts(stretches.first.clone()),
        Column::Texts(fates().map(|outcome| Some(outcome.verdict.name())).collect()),
        Column::Texts(fates().map(|outcome| outcome.reason.as_deref()).collect()),
        Column::Truths(fates().map(|outcome| outcome.warning).collect()),
        Column::Texts(fates().map(|outcome| outcome.remote_id.as_deref()).collect()),
        Column::Texts(fates().map(|outcome| outcome.job.as_ref().map(|job| job.call.0.as_str())).collect()),
        Column::Texts(fates().map(|outcome| outcome.job.as_ref().map(|job| job.id.as_str())).collect()),
        Column::Texts(refused.iter().map(Option::as_deref).collect()),
        Column::Truths(fates().map(|outcome| outcome.sent_all).collect()),
        Column::Truths(fates().map(|outcome| outcome.unsent).collect()),
        Column::Counts(fates().map(|outcome| outcome.request).collect()),
        Column::Instants(vec![at_micros; stretches.first.len()]),
        Column::Counts(stretches.last.clone()),
    ];
    store.append(&ledger.alias, "outcome", columns)
}

/// Rows that follow one another and fare alike, as one line: a batch that is accepted whole is one, not a thousand.
struct Stretches<T> {
    first: Vec<u64>,
    last: Vec<u64>,
    of: Vec<T>,
}

impl<T: PartialEq> Stretches<T> {
    fn new() -> Self {
        Stretches { first: Vec::new(), last: Vec::new(), of: Vec::new() }
    }

    fn add(&mut self, row: DeltaRow, of: T) {
        match (self.last.last_mut(), self.of.last()) {
            (Some(last), Some(before)) if *last + 1 == row.0 && *before == of => *last = row.0,
            _ => {
                self.first.push(row.0);
                self.last.push(row.0);
                self.of.push(of);
            }
        }
    }
}

/// What came of a row, whichever it is.
struct Fate<'a>(&'a Outcome);

impl PartialEq for Fate<'_> {
    fn eq(&self, other: &Self) -> bool {
        let Outcome { row: _, verdict, reason, warning, remote_id, job, refused, sent_all, unsent, request } = self.0;
        let same = |two: &Outcome| (two.verdict, two.warning, two.sent_all, two.unsent, two.request);
        same(other.0) == (*verdict, *warning, *sent_all, *unsent, *request)
            && (reason, remote_id, job, refused)
                == (&other.0.reason, &other.0.remote_id, &other.0.job, &other.0.refused)
    }
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
