//! What happens while a run goes on, made durable at once: marks before requests leave, outcomes after answers came. All of
//! it goes into one table of the ledger, so that a commit has one thing to write.

use crate::ir::delivery::{DeltaRow, Outcome, RequestNote};
use crate::ir::plan::Plan;
use crate::store::ledger::Ledger;
use crate::store::{Column, Store, StoreError};

/// What one commit takes.
#[derive(Debug, Default)]
pub struct Events {
    /// Rows about to leave, with the number of their request; after a crash only marked rows can repeat.
    pub marks: Vec<(Vec<DeltaRow>, u64)>,
    /// Marked rows whose request never left. Rows are marked ahead once: no other mark of theirs is lost.
    pub spared: Vec<DeltaRow>,
    pub outcomes: Vec<Outcome>,
    /// What was asked and answered, for `explain`: no secrets, no values.
    pub requests: Vec<RequestNote>,
}

/// Keeps what happened until it is merged.
pub fn keep(store: &Store, ledger: &Ledger, plan: &Plan, events: &Events, at_micros: i64) -> Result<(), StoreError> {
    let lines = lines(plan, events);
    if lines.is_empty() {
        return Ok(());
    }
    store.append(&ledger.alias, "journal", columns(&lines, at_micros))
}

/// A line of the journal: about rows, or about a request.
#[derive(Default)]
struct Line<'a> {
    kind: &'static str,
    row: u64,
    last: u64,
    request: u64,
    fate: Option<&'a Outcome>,
    refused: Option<String>,
    note: Option<&'a RequestNote>,
}

fn lines<'a>(plan: &Plan, events: &'a Events) -> Vec<Line<'a>> {
    let mut marked = Stretches::new();
    for (rows, request) in &events.marks {
        rows.iter().for_each(|row| marked.add(*row, *request));
    }
    let mut spared = Stretches::new();
    events.spared.iter().for_each(|row| spared.add(*row, ()));
    let mut fates = Stretches::new();
    events.outcomes.iter().for_each(|outcome| fates.add(outcome.row, Fate(outcome)));
    let marked = marked.of.iter().map(|(row, last, request)| Line {
        kind: "flight",
        row: *row,
        last: *last,
        request: *request,
        ..Line::default()
    });
    let spared =
        spared.of.iter().map(|(row, last, ())| Line { kind: "spared", row: *row, last: *last, ..Line::default() });
    let fates = fates.of.iter().map(|(row, last, Fate(outcome))| Line {
        kind: "outcome",
        row: *row,
        last: *last,
        request: outcome.request,
        fate: Some(*outcome),
        refused: refused(plan, outcome),
        note: None,
    });
    let notes = events.requests.iter().map(|note| Line {
        kind: "request",
        request: note.number,
        note: Some(note),
        ..Line::default()
    });
    marked.chain(spared).chain(fates).chain(notes).collect()
}

/// In the order of [`Ledger::journal`].
fn columns<'a>(lines: &'a [Line<'a>], at_micros: i64) -> Vec<Column<'a>> {
    fn counts<'a>(lines: &[Line<'_>], of: impl Fn(&Line<'_>) -> u64) -> Column<'a> {
        Column::Counts(lines.iter().map(of).collect())
    }
    let fate = |of: fn(&'a Outcome) -> Option<&'a str>| {
        Column::Texts(lines.iter().map(|line| line.fate.and_then(of)).collect())
    };
    let said = |of: fn(&Outcome) -> bool| Column::Truths(lines.iter().map(|line| line.fate.is_some_and(of)).collect());
    let note = |of: fn(&'a RequestNote) -> &'a str| Column::Texts(lines.iter().map(|line| line.note.map(of)).collect());
    vec![
        Column::Texts(lines.iter().map(|line| Some(line.kind)).collect()),
        counts(lines, |line| line.row),
        counts(lines, |line| line.last),
        counts(lines, |line| line.request),
        fate(|outcome| Some(outcome.verdict.name())),
        fate(|outcome| outcome.reason.as_deref()),
        said(|outcome| outcome.warning),
        fate(|outcome| outcome.remote_id.as_deref()),
        fate(|outcome| outcome.job.as_ref().map(|job| job.call.0.as_str())),
        fate(|outcome| outcome.job.as_ref().map(|job| job.id.as_str())),
        Column::Texts(lines.iter().map(|line| line.refused.as_deref()).collect()),
        said(|outcome| outcome.sent_all),
        said(|outcome| outcome.unsent),
        Column::Instants(vec![at_micros; lines.len()]),
        note(|note| note.call.0.as_str()),
        note(|note| note.method.as_str()),
        note(|note| note.url.as_str()),
        counts(lines, |line| line.note.map_or(0, |note| note.records as u64)),
        Column::Numbers(lines.iter().map(|line| line.note.and_then(|note| note.status).map(i32::from)).collect()),
        note(|note| note.answer.as_str()),
    ]
}

/// Rows that follow one another and fare alike, as one line: a batch that is accepted whole is one, not a thousand.
struct Stretches<T> {
    /// The first row, the last one, and how they fare.
    of: Vec<(u64, u64, T)>,
}

impl<T: PartialEq> Stretches<T> {
    fn new() -> Self {
        Stretches { of: Vec::new() }
    }

    fn add(&mut self, row: DeltaRow, of: T) {
        match self.of.last_mut() {
            Some((_, last, before)) if *last + 1 == row.0 && *before == of => *last = row.0,
            _ => self.of.push((row.0, row.0, of)),
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
