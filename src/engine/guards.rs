//! Safeguards: the guards people write, and those that always stand.

use super::Options;
use super::session::Job;
use crate::diag::{count, thousands};
use crate::ir::change::Counts;
use crate::ir::mode::Mode;
use crate::ir::plan::UnclearPolicy;
use crate::ir::run::{Sent, Status, Stopped};
use crate::ir::spec::{Guard, Metric};

/// Above this share of surplus rows the source is taken for broken, in per cent.
const MOST_DUPLICATES: f64 = 5.0;

/// Fewer outcomes say nothing about a rate.
const ENOUGH_OUTCOMES: u64 = 100;

/// What fired: the first `stop`, and every `warn`.
#[derive(Debug, Default)]
pub struct Fired {
    pub stop: Option<Stopped>,
    pub warnings: Vec<String>,
}

/// Guards on what would be sent, before preparation and before the first row.
pub fn before(job: &Job<'_>, counts: &Counts, options: &Options) -> Fired {
    let first_load = options.full || !job.shape.baseline_closed;
    let measured = |guard: &Guard| match guard.metric {
        Metric::Rows => Some((counts.rows, job.shape.last_rows)),
        Metric::Duplicates => Some((counts.surplus + counts.shared, Some(counts.rows))),
        Metric::Removed => Some((counts.removed + counts.gone, Some(counts.entries))),
        Metric::Added if !first_load => Some((counts.added, Some(counts.entries))),
        Metric::Changed if !first_load => Some((counts.changed, Some(counts.entries))),
        Metric::Remapped if !first_load => Some((counts.remapped, Some(counts.entries))),
        _ => None,
    };
    fire(job, options, measured)
}

/// Guards on outcomes while more are coming: only once enough came.
pub fn under_way(job: &Job<'_>, sent: &Sent, options: &Options) -> Fired {
    let outcomes = sent.answered();
    if outcomes < ENOUGH_OUTCOMES { Fired::default() } else { on_outcomes(job, sent, 0, outcomes, options) }
}

/// Guards on outcomes when nothing more is coming. Rows refused here count as rejected, too. A handful that comes round again
/// is a share of the source, or every quiet run would be told of it.
pub fn ended(job: &Job<'_>, counts: &Counts, sent: &Sent, options: &Options) -> Fired {
    let few = sent.offered < ENOUGH_OUTCOMES;
    let base = if few { sent.offered.max(counts.rows.saturating_sub(counts.invalid)) } else { sent.offered };
    on_outcomes(job, sent, counts.invalid, base, options)
}

fn on_outcomes(job: &Job<'_>, sent: &Sent, invalid: u64, base: u64, options: &Options) -> Fired {
    fire(job, options, |guard| match guard.metric {
        Metric::Rejected => Some((sent.rejected + invalid, Some(base + invalid))),
        Metric::Failed => Some((sent.failed, Some(base))),
        Metric::Absent => Some((sent.absent, Some(base))),
        _ => None,
    })
}

fn fire(job: &Job<'_>, options: &Options, measured: impl Fn(&Guard) -> Option<(u64, Option<u64>)>) -> Fired {
    let mut fired = Fired::default();
    for guard in &job.activation.guards {
        let Some((value, base)) = measured(guard) else { continue };
        let Some(said) = exceeded(guard, value, base) else { continue };
        let accepted = options.accept.iter().any(|metric| metric == guard.metric.name());
        if guard.stop && !accepted {
            fired.stop.get_or_insert(stopped(guard, said));
        } else if guard.stop {
            fired.warnings.push(format!("`{}` would stop it, and is accepted: {said}", guard.text));
        } else {
            fired.warnings.push(format!("`{}`: {said}", guard.text));
        }
    }
    fired
}

/// What is measured, in words, where the guard's condition holds. A share of nothing is no share.
fn exceeded(guard: &Guard, value: u64, base: Option<u64>) -> Option<String> {
    let number = value as f64;
    if !guard.percent {
        return guard
            .compare
            .holds(number, guard.value)
            .then(|| format!("{} {}", thousands(value), guard.metric.name()));
    }
    let base = base.filter(|base| *base > 0)?;
    let share = number * 100.0 / base as f64;
    guard
        .compare
        .holds(share, guard.value)
        .then(|| format!("{share:.1} %, {} of {}", thousands(value), thousands(base)))
}

fn stopped(guard: &Guard, said: String) -> Stopped {
    Stopped {
        status: Status::Stopped,
        code: "run::guard".into(),
        message: format!("`{}` stopped it: {said}", guard.text),
        help: format!("look at the plan; `--accept {}` goes past it for one run", guard.metric.name()),
    }
}

/// Safeguards nobody has to write. `model_rows`: rows of the model, before any condition.
pub fn standing(job: &Job<'_>, counts: &Counts, model_rows: u64, options: &Options) -> Option<Stopped> {
    let stop = |code: &str, message: String, help: &str| {
        Some(Stopped { status: Status::Stopped, code: code.into(), message, help: help.into() })
    };
    if options.require_ledger && job.new {
        return stop(
            "run::no_ledger",
            "there is no ledger, and `--require-ledger` asks for one".into(),
            "restore it where it was kept, or leave the option out for a first run",
        );
    }
    if model_rows == 0 && counts.entries > 0 && !job.activation.dataset.allow_empty {
        return stop(
            "run::empty_model",
            format!(
                "the model `{}` is empty, and the ledger holds {}",
                job.activation.dataset.model,
                count(counts.entries, "row")
            ),
            "if that is right, say `from ... { allow_empty = true }`",
        );
    }
    let share = counts.surplus as f64 * 100.0 / counts.rows.max(1) as f64;
    if share > MOST_DUPLICATES && !options.accept.iter().any(|metric| metric == "duplicates") {
        return stop(
            "run::duplicate_keys",
            format!(
                "{share:.1} % of the rows repeat a key: {} of {}",
                thousands(counts.surplus),
                thousands(counts.rows)
            ),
            "check the key of the model; `--accept duplicates` goes past it for one run",
        );
    }
    if options.adopt && counts.entries > 0 {
        return stop(
            "run::adopt_over_entries",
            format!("`--adopt` would forget what the ledger holds: {}", count(counts.entries, "entry")),
            "leave `--adopt` out, or move the ledger away first",
        );
    }
    triggers(job, counts, options)
}

/// Calls that may never be repeated have effects that cannot be taken back, so they fire only when asked to.
fn triggers(job: &Job<'_>, counts: &Counts, options: &Options) -> Option<Stopped> {
    if job.plan.unclear != UnclearPolicy::Wait || options.adopt {
        return None;
    }
    let stop = |code: &str, message: String, help: &str| {
        Some(Stopped { status: Status::Stopped, code: code.into(), message, help: help.into() })
    };
    let first = !job.shape.baseline_closed && job.shape.full_number == 0;
    if first && !options.full && job.plan.mode == Mode::Insert {
        return stop(
            "run::first_trigger",
            format!("a first run would fire for {}, and that cannot be taken back", count(counts.added, "row")),
            "`--adopt` takes the rows there as done, so that only new ones fire; `--full` fires for all of them",
        );
    }
    // What an interrupted full run has not come to yet fires for the first time.
    if options.full && job.shape.sequence > 0 && counts.resent > 0 && !options.again {
        return stop(
            "run::again",
            format!("`--full` would fire again for {}", count(counts.resent, "row")),
            "without `--full`, a run sends what no run has sent yet; `--full --again` says that this is meant",
        );
    }
    None
}

/// Why a run with nothing to send has nothing to send. `noted`: what is set aside is written down, for `rejected` to list.
pub fn silence(counts: &Counts, adopt: bool, noted: bool) -> Option<String> {
    if counts.to_send() > 0 || adopt {
        return None;
    }
    if counts.rows == 0 {
        return Some("the source is empty".into());
    }
    let mut parts = Vec::new();
    let mut part = |number: u64, what: &str| {
        if number > 0 {
            parts.push(format!("{} {what}", count(number, "row")));
        }
    };
    part(counts.unchanged, "as the destination acknowledged them");
    part(counts.held, "held, since `mode update` holds new rows");
    part(counts.pending, "waiting for a job at the destination");
    part(counts.absent, "not known to the destination");
    part(counts.unclear, "of unknown outcome: `sendoff settle` says what became of them");
    part(counts.invalid, if noted { "set aside: `sendoff rejected` lists them" } else { "set aside" });
    part(counts.unidentified, "without an identifier");
    part(counts.removals_held_back, "not removed, since the source holds rows without a key");
    part(counts.gone, "gone from the source, for which this mode sends nothing");
    if counts.refused > 0 {
        let fields = count(counts.refused, "field");
        parts.push(format!("{fields} refused, until another value is wanted: `sendoff rejected` lists them"));
    }
    let why = if counts.unchanged > 0 { "no change: " } else { "" };
    Some(format!("{why}{}", parts.join("; ")))
}
