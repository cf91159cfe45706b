//! A run that was planned before: it does what the plan says, or nothing.

use super::run::{compare, told};
use super::session::{Job, Session};
use super::target;
use crate::diag::{count, thousands};
use crate::diff;
use crate::ir::change::Counts;
use crate::ir::run::{Failure, Status, Stopped};
use crate::ir::saved::{Drift, SavedActivation, SavedPlan};

/// A plan, and how far from it a run may go.
#[derive(Clone, Debug)]
pub struct Planned {
    pub plan: SavedPlan,
    /// In numbers of rows alone; without it every row has to be as it was planned.
    pub drift: Option<Drift>,
}

/// Compares every activation before any of them sends: where one has moved, none goes. What cannot be compared is told in its turn.
pub fn look_ahead(session: &Session<'_>, jobs: &mut [Job<'_>]) {
    let Some(planned) = &session.options.planned else { return };
    let name = |job: &Job<'_>| job.activation.name.to_string();
    // One of the plan that fails or is stopped before it is compared (its target is another) is not as it was planned, either.
    let of_plan = |name: &String| planned.plan.activations.iter().any(|saved| saved.activation == *name);
    let failed = session.failed.iter().map(|(activation, _)| activation.name.to_string());
    let mut first = failed.chain(jobs.iter().filter(|job| job.stopped.is_some()).map(name)).find(of_plan);
    for job in jobs.iter_mut().filter(|job| job.stopped.is_none()) {
        let Ok((changes, _)) = compare(session, job, job.full_number(session.options)) else { continue };
        let held = held(session, job, &changes.counts, job.shape.sequence);
        job.stopped = if let Ok(Held::Moved(stopped)) = held { Some(stopped) } else { None };
        // What cannot be dropped makes the next comparison fail, which tells it.
        let _ = diff::forget(&session.store);
        first = first.or_else(|| job.stopped.as_ref().map(|_| name(job)));
    }
    let Some(first) = first else { return };
    for job in jobs.iter_mut().filter(|job| job.stopped.is_none()) {
        job.stopped = Some(stopped(format!("`{first}` is not as planned, and a plan is kept whole or not at all")));
    }
}

/// How near a run is to what was planned.
pub enum Held {
    /// It does just that, or was not planned.
    Kept,
    /// Something else, and no more of it than `--drift` allows.
    Near(String),
    Moved(Stopped),
}

/// `sequence`: of the ledger, before this run wrote to it.
pub fn held(session: &Session<'_>, job: &Job<'_>, counts: &Counts, sequence: u64) -> Result<Held, Failure> {
    let Some(planned) = &session.options.planned else { return Ok(Held::Kept) };
    let name = job.activation.name.as_str();
    let Some(saved) = planned.plan.activations.iter().find(|saved| saved.activation == name) else {
        return Ok(Held::Moved(stopped(format!("`{name}` is not in the plan"))));
    };
    if saved.target != target::told(&job.target) {
        let now = target::told(&job.target);
        return Ok(Held::Moved(stopped(format!("the target was {}, and is now {now}", saved.target))));
    }
    if saved.ledger != sequence {
        return Ok(Held::Moved(stopped(ledger_moved(saved.ledger, sequence))));
    }
    let digest = diff::digest(&session.store).map_err(|error| told(job, &error))?;
    if saved.digest == digest {
        return Ok(Held::Kept);
    }
    let moved = source_moved(saved, counts);
    let near = |drift: Drift| kinds(&saved.counts, counts).iter().all(|(_, was, is)| drift.allows(*was, *is));
    Ok(match planned.drift.is_some_and(near) {
        true => Held::Near(format!("other than planned: {moved}")),
        // Of nothing else may a share differ.
        false => Held::Moved(stopped_with(moved, format!("{NEW}, or let numbers differ with `--drift 5%`"))),
    })
}

const NEW: &str = "nothing was sent; make a new plan and look at it";

fn stopped(what: String) -> Stopped {
    stopped_with(what, NEW.into())
}

fn stopped_with(what: String, help: String) -> Stopped {
    Stopped {
        status: Status::Stopped,
        code: "run::plan_moved".into(),
        message: format!("it is no longer what was planned: {what}"),
        help,
    }
}

fn ledger_moved(was: u64, is: u64) -> String {
    match is.checked_sub(was) {
        Some(runs) => format!("the ledger has changed, {} wrote to it since", count(runs, "run")),
        None => "the ledger is another one".into(),
    }
}

fn source_moved(saved: &SavedActivation, counts: &Counts) -> String {
    let differ = kinds(&saved.counts, counts).into_iter().filter(|(_, was, is)| was != is);
    let differ: Vec<String> =
        differ.map(|(kind, was, is)| format!("{} {kind}, planned were {}", thousands(is), thousands(was))).collect();
    match differ.is_empty() {
        true => "the source has changed: as many rows as planned, but others, or with other values".into(),
        false => format!("the source has changed: {}", differ.join("; ")),
    }
}

fn kinds(planned: &Counts, now: &Counts) -> [(&'static str, u64, u64); 6] {
    [
        ("added", planned.added, now.added),
        ("changed", planned.changed, now.changed),
        ("removed", planned.removed, now.removed),
        ("newly mapped", planned.remapped, now.remapped),
        ("sent again", planned.resent, now.resent),
        ("tried again", planned.retried, now.retried),
    ]
}
