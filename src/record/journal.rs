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

/// A line of the journal: about rows, or about requests.
struct Line<'a> {
    kind: &'static str,
    stretch: Stretch,
    fate: Option<&'a Outcome>,
    refused: Option<String>,
    note: Option<&'a RequestNote>,
}

/// Numbers that follow one another, of rows or of requests, and the requests that they go with.
#[derive(Clone, Copy)]
struct Stretch {
    first: u64,
    last: u64,
    request: u64,
    /// Each has a request of its own, whose numbers go up with them.
    apart: bool,
}

impl Stretch {
    fn of(number: u64, request: u64) -> Stretch {
        Stretch { first: number, last: number, request, apart: false }
    }

    /// The stretch with another number at its end, if it fits there.
    fn with(self, number: u64, request: u64) -> Option<Stretch> {
        let longer = Stretch { last: number, ..self };
        let alone = self.first == self.last;
        match request.checked_sub(self.request) {
            _ if number != self.last + 1 => None,
            Some(0) if alone || !self.apart => Some(longer),
            Some(gap) if gap == number - self.first && (alone || self.apart) => Some(Stretch { apart: true, ..longer }),
            _ => None,
        }
    }
}

fn lines<'a>(plan: &Plan, events: &'a Events) -> Vec<Line<'a>> {
    let marked = events.marks.iter().flat_map(|(rows, request)| rows.iter().map(|row| (row.0, *request, ())));
    let spared = events.spared.iter().map(|row| (row.0, 0, ()));
    let fates = events.outcomes.iter().map(|outcome| (outcome.row.0, outcome.request, Fate(outcome)));
    let notes = events.requests.iter().map(|note| (note.number, note.number, Said(note)));
    let plain = |kind, stretch| Line { kind, stretch, fate: None, refused: None, note: None };
    let marked = stretches(marked).into_iter().map(|(stretch, ())| plain("flight", stretch));
    let spared = stretches(spared).into_iter().map(|(stretch, ())| plain("spared", stretch));
    let fates = stretches(fates).into_iter().map(|(stretch, Fate(outcome))| Line {
        fate: Some(outcome),
        refused: refused(plan, outcome),
        ..plain("outcome", stretch)
    });
    let notes = stretches(notes)
        .into_iter()
        .map(|(stretch, Said(note))| Line { note: Some(note), ..plain("request", stretch) });
    marked.chain(spared).chain(fates).chain(notes).collect()
}

/// Those that follow one another and fare alike, as one: a batch that is accepted whole is one line and not a thousand, and so
/// are a thousand requests of one row.
fn stretches<T: PartialEq>(of: impl Iterator<Item = (u64, u64, T)>) -> Vec<(Stretch, T)> {
    let mut all: Vec<(u64, u64, T)> = of.collect();
    // Answers come in any order.
    all.sort_by_key(|(number, ..)| *number);
    let mut found: Vec<(Stretch, T)> = Vec::new();
    for (number, request, how) in all {
        let before = found.last_mut().filter(|(_, before)| *before == how);
        match before.and_then(|(stretch, _)| Some((stretch.with(number, request)?, stretch))) {
            Some((longer, stretch)) => *stretch = longer,
            None => found.push((Stretch::of(number, request), how)),
        }
    }
    found
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
        counts(lines, |line| line.stretch.first),
        counts(lines, |line| line.stretch.last),
        counts(lines, |line| line.stretch.request),
        Column::Truths(lines.iter().map(|line| line.stretch.apart).collect()),
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

/// What came of a row, whichever it is.
struct Fate<'a>(&'a Outcome);

impl PartialEq for Fate<'_> {
    fn eq(&self, Fate(other): &Self) -> bool {
        let Outcome { row: _, verdict, reason, warning, remote_id, job, refused, sent_all, unsent, request: _ } =
            self.0;
        let same = |two: &Outcome| (two.verdict, two.warning, two.sent_all, two.unsent);
        same(other) == (*verdict, *warning, *sent_all, *unsent)
            && (reason, remote_id, job, refused) == (&other.reason, &other.remote_id, &other.job, &other.refused)
    }
}

/// What was asked and answered, whichever request it was.
struct Said<'a>(&'a RequestNote);

impl PartialEq for Said<'_> {
    fn eq(&self, Said(other): &Self) -> bool {
        let RequestNote { number: _, call, method, url, records, status, answer } = self.0;
        (call, method, url, records, status, answer)
            == (&other.call, &other.method, &other.url, &other.records, &other.status, &other.answer)
    }
}

/// Positions of the fields refused alone: `3,7`.
fn refused(plan: &Plan, outcome: &Outcome) -> Option<String> {
    let fields = outcome.refused.iter().filter_map(|at| plan.fields.get(*at));
    let positions: Vec<String> = fields.map(|field| field.column.position.to_string()).collect();
    (!positions.is_empty()).then(|| positions.join(","))
}
