//! `run`: one activation after another, each from comparison to merged ledger.

use std::path::Path;

use super::account::{self, Asking};
use super::deliver::{self, Delivered, Scene};
use super::notify::Notifier;
use super::prepare::delivery;
use super::session::{self, Access, Job, Session, ledger_folder};
use super::{Options, Progress, StopSignal, Trouble, guards, planned, settle, target, tell};
use crate::diff::{self, Basis};
use crate::emit::Depth;
use crate::ir::change::{Cause, Changes, Counts};
use crate::ir::plan::{LedgerField, PlannedField};
use crate::ir::run::{ActivationReport, Failure, RunReport, Sent, Status, Stopped};
use crate::ir::spec::{Activation, Spec};
use crate::record::{self, Closing, OpenRun, Opening};
use crate::store::StoreError;
use crate::world::World;

pub async fn run(
    world: &dyn World,
    root: &Path,
    spec: &Spec,
    options: &Options,
    progress: &dyn Progress,
    stop: &StopSignal,
) -> Result<RunReport, Trouble> {
    let ended = all(world, root, spec, options, progress, stop).await;
    if let Err(trouble) = &ended {
        let redactor = &session::redactor(spec);
        break_off(&Notifier { world, root, spec, options, redactor, progress }, trouble).await;
    }
    ended
}

async fn all(
    world: &dyn World,
    root: &Path,
    spec: &Spec,
    options: &Options,
    progress: &dyn Progress,
    stop: &StopSignal,
) -> Result<RunReport, Trouble> {
    let accounts = account::ask(world, spec, options, Asking::Run, stop).await?;
    let mut session = Session::open(world, root, spec, options, Access::Write, accounts, stop).await?;
    let mut report = session.report();
    let notifier = Notifier { world, root, spec, options, redactor: &session.redactor.clone(), progress };
    let mut end = async |session: &Session<'_>, done: ActivationReport| {
        progress.done(&done);
        notifier.tell(std::slice::from_ref(&done)).await;
        keep(session, &done);
        report.activations.push(done);
    };
    for (activation, failure) in &session.failed {
        end(&session, failed(&session, activation, failure)).await;
    }
    let mut jobs = std::mem::take(&mut session.jobs);
    planned::look_ahead(&session, &mut jobs);
    for job in jobs {
        let done = conduct(&session, job, progress, stop).await;
        end(&session, done).await;
    }
    Ok(report)
}

/// A run that ended before any activation began: the source is away, a column is. It is told, and stands in the history of
/// every activation that it was for.
async fn break_off(notifier: &Notifier<'_>, trouble: &Trouble) {
    let Notifier { world, root, spec, options, redactor, progress: _ } = *notifier;
    let Ok(chosen) = session::chosen(spec, options) else { return };
    let stopped = trouble.stopped(redactor);
    let run = session::run_id(world);
    let report = |activation: &&Activation| ActivationReport {
        run: run.clone(),
        target: target::of(activation, spec, options),
        started: world.now().to_string(),
        ..unopened(activation, &stopped)
    };
    let reports: Vec<ActivationReport> = chosen.iter().map(report).collect();
    notifier.tell(&reports).await;
    reports.iter().for_each(|report| record_run(world, &ledger_folder(root, spec, options), report));
}

/// One activation. What goes wrong with its ledger or its definition is told in its report, and the others go on.
pub async fn conduct(
    session: &Session<'_>,
    mut job: Job<'_>,
    progress: &dyn Progress,
    stop: &StopSignal,
) -> ActivationReport {
    let begun = session.world.elapsed();
    let mut report = head(session, &job);
    let outcome = steps(session, &mut job, &mut report, progress, stop).await;
    if let Err(failure) = outcome {
        report.stopped = Some(failure.into());
    }
    report.waiting = settle::under_way(session, &job).unwrap_or_default();
    report.seconds = (session.world.elapsed() - begun).as_secs_f64();
    report.status = report.status.max(status(&report));
    report
}

/// An activation whose ledger cannot be used.
pub fn failed(session: &Session<'_>, activation: &Activation, failure: &Failure) -> ActivationReport {
    ActivationReport {
        run: session.run.clone(),
        target: target::of(activation, session.spec, session.options),
        started: session.world.now().to_string(),
        ..unopened(activation, &failure.clone().into())
    }
}

fn unopened(activation: &Activation, stopped: &Stopped) -> ActivationReport {
    ActivationReport {
        activation: activation.name.to_string(),
        mode: activation.mode.name().into(),
        status: stopped.status,
        stopped: Some(stopped.clone()),
        ..ActivationReport::default()
    }
}

pub fn head(session: &Session<'_>, job: &Job<'_>) -> ActivationReport {
    ActivationReport {
        run: session.run.clone(),
        activation: job.activation.name.to_string(),
        target: target::told(&job.target),
        mode: job.activation.mode.name().into(),
        started: session.world.now().to_string(),
        causes: causes(session, job),
        ..ActivationReport::default()
    }
}

async fn steps(
    session: &Session<'_>,
    job: &mut Job<'_>,
    report: &mut ActivationReport,
    progress: &dyn Progress,
    stop: &StopSignal,
) -> Result<(), Failure> {
    if let Some(lost) = job.recovered.filter(|lost| *lost > 0) {
        report.warnings.push(tell::cut_short(lost, job.plan.unclear));
    }
    report.warnings.extend(job.back.as_deref().map(tell::back));
    // Nothing may be compared with the entries of another target.
    if let Some(stopped) = &job.stopped {
        report.stopped = Some(stopped.clone());
        return Ok(());
    }
    let sequence = job.shape.sequence;
    settle::waiting(session, job, report, progress, stop).await?;
    if report.stopped.is_some() {
        return Ok(());
    }
    let full_number = job.full_number(session.options);
    let (changes, model_rows) = compare(session, job, full_number)?;
    report.counts = changes.counts.clone();
    match planned::held(session, job, &changes.counts, sequence)? {
        planned::Held::Kept => {}
        planned::Held::Near(other) => report.warnings.push(other),
        planned::Held::Moved(stopped) => {
            report.stopped = Some(stopped);
            report.left = changes.counts.to_send();
            return Ok(());
        }
    }
    let fired = guards::before(job, &changes.counts, session.options);
    report.warnings.extend(fired.warnings);
    if let Some(stopped) = guards::standing(job, &changes.counts, model_rows, session.options).or(fired.stop) {
        report.stopped = Some(stopped);
        report.left = changes.counts.to_send();
        return Ok(());
    }
    report.warnings.extend(cautions(session, job, &changes)?);
    report.silent = guards::silence(&changes.counts, session.options.adopt, true);
    let run = open_run(session, job, full_number);
    let opening = opening(session, job, &run, &changes);
    if session.options.adopt {
        adopt(session, job, report, &changes, &opening).map_err(|error| told(job, &error))?;
        session.world.durable();
        return Ok(());
    }
    send(session, job, report, &changes, &opening, progress, stop).await
}

fn adopt(
    session: &Session<'_>,
    job: &Job<'_>,
    report: &mut ActivationReport,
    changes: &Changes,
    opening: &Opening<'_>,
) -> Result<(), StoreError> {
    let sums = diff::sums(&session.store, &job.plan, changes)?;
    report.sent.adopted = record::adopt(&session.store, opening, sums.as_deref())?;
    Ok(())
}

/// Opens the run in the ledger, offers what is owed, and merges what came of it.
async fn send(
    session: &Session<'_>,
    job: &Job<'_>,
    report: &mut ActivationReport,
    changes: &Changes,
    opening: &Opening<'_>,
    progress: &dyn Progress,
    stop: &StopSignal,
) -> Result<(), Failure> {
    let fail = |error| told(job, &error);
    let nothing = changes.counts.to_send() == 0;
    // Before anything is written: a definition that cannot be used leaves no trace. Without rows nothing is prepared.
    let delivery = match nothing {
        true => None,
        false => {
            let (delivery, preparation) = delivery(session, job, &changes.counts, Depth::Create, stop).await?;
            report.created = preparation.created;
            Some(delivery)
        }
    };
    // The source is summed up while it is there.
    let sums = match at_rest(&changes.counts) {
        true => diff::sums(&session.store, &job.plan, changes).map_err(fail)?,
        false => None,
    };
    let delta = record::begin(&session.store, opening, changes).map_err(fail)?;
    session.world.durable();
    session.release(job).map_err(fail)?;
    progress.begin(job.activation.name.as_str(), delta.rows());
    let mut delivered = Delivered::default();
    if let Some(delivery) = &delivery {
        let scene = Scene { session, job, progress, stop };
        let went = deliver::deliver(scene, delivery, &delta, &mut delivered).await;
        report.sent = delivered.sent.clone();
        report.left = (delta.rows() + delta.left).saturating_sub(report.sent.answered());
        went.map_err(fail)?;
    }
    let complete = delivered.halt.is_none() && report.left == 0 && changes.counts.rows > 0;
    let now = session::duck_time(session.world);
    let sums = sums.filter(|_| acknowledged(&changes.counts, &delivered));
    record::finish(&session.store, &job.ledger, &opening.run, &now, &Closing { complete, sums }).map_err(fail)?;
    session.world.durable();
    conclude(session, job, report, delivered);
    Ok(())
}

/// Whether nothing but the rows to send keeps the ledger from holding the source just as it is.
fn at_rest(counts: &Counts) -> bool {
    counts.held + counts.pending + counts.unclear + counts.absent + counts.refused == 0
}

/// Whether the destination has taken every row to send just as it is.
fn acknowledged(counts: &Counts, delivered: &Delivered) -> bool {
    let sent = &delivered.sent;
    delivered.halt.is_none() && sent.warned == 0 && sent.accepted + sent.exists == counts.to_send()
}

/// The comparison, and the rows of the model before any condition.
pub fn compare(session: &Session<'_>, job: &Job<'_>, full_number: u32) -> Result<(Changes, u64), Failure> {
    let basis = Basis {
        ledger: &job.ledger,
        shape: &job.shape,
        full_number,
        full: session.options.full,
        now: session.now.clone(),
    };
    let changes =
        diff::diff(&session.store, &job.plan, &basis).map_err(|error| compare_failed(session, job, &error))?;
    let model_rows = if changes.counts.rows > 0 {
        changes.counts.rows
    } else {
        let sql = format!("SELECT count(*) FROM {}", job.plan.relation);
        session.store.number(&sql).map_err(|error| told(job, &error))?
    };
    Ok((changes, model_rows))
}

/// What the definition says of values that are about to be sent for the first time.
pub fn cautions(session: &Session<'_>, job: &Job<'_>, changes: &Changes) -> Result<Vec<String>, Failure> {
    if changes.counts.to_send() == 0 || session.options.adopt {
        return Ok(Vec::new());
    }
    let found = diff::cautions(&session.store, &job.plan, !job.shape.baseline_closed);
    let found = found.map_err(|error| compare_failed(session, job, &error))?;
    Ok(found.iter().map(tell::caution).collect())
}

/// An expression that fails on some row fails the comparison: the message of DuckDB says why.
fn compare_failed(session: &Session<'_>, job: &Job<'_>, error: &StoreError) -> Failure {
    if error.is_of_files() {
        return told(job, error);
    }
    tell::expression(job.activation, session.failing(job), &session.redactor.scrub(&error.message))
}

pub fn told(job: &Job<'_>, error: &StoreError) -> Failure {
    tell::ledger(job.activation.name.as_str(), &job.path, error)
}

pub fn open_run(session: &Session<'_>, job: &Job<'_>, full_number: u32) -> OpenRun {
    OpenRun {
        run: session.run.clone(),
        mode: job.plan.mode,
        started: session.now.clone(),
        full_number,
        mapping_version: record::mapping_version(&job.plan, &job.shape),
        clears: job.plan.fields.iter().filter(|field| field.clear).map(|field| field.column.position).collect(),
        unclear_waits: job.plan.unclear == crate::ir::plan::UnclearPolicy::Wait,
        keys: diff::key_layout(&job.plan).len(),
        identify_all: job.plan.identify_all,
        identifiers: job.plan.identifiers.len(),
    }
}

fn opening<'a>(session: &'a Session<'_>, job: &'a Job<'_>, run: &OpenRun, changes: &Changes) -> Opening<'a> {
    Opening {
        ledger: &job.ledger,
        plan: &job.plan,
        shape: &job.shape,
        run: run.clone(),
        target: target::text(&job.target),
        mapping_digest: job.activation.mapping_digest.clone(),
        rows: changes.counts.rows,
        limit: session.options.limit,
        full: session.options.full,
        first_load: session.options.full || !job.shape.baseline_closed,
    }
}

/// Why more is sent than changed.
pub fn causes(session: &Session<'_>, job: &Job<'_>) -> Vec<Cause> {
    let mut causes = Vec::new();
    if job.new {
        causes.push(Cause::NoLedger { path: job.path.display().to_string() });
    } else if !job.shape.baseline_closed {
        causes.push(if job.shape.full_number > 0 { Cause::FullInterrupted } else { Cause::BaselineOpen });
    }
    if session.options.full {
        causes.push(Cause::FullAsked);
    }
    if job.new {
        return causes;
    }
    let held = |field: &PlannedField| {
        job.shape.fields.iter().find(|held| held.position == field.column.position && held.mapped)
    };
    let fresh = job.plan.fields.iter().filter(|field| field.column.fresh && held(field).is_none());
    let fresh: Vec<String> = fresh.map(|field| field.name.clone()).collect();
    if !fresh.is_empty() {
        causes.push(Cause::Remapped { fields: fresh });
    }
    causes.extend(job.plan.fields.iter().filter_map(|field| type_changed(field, held(field)?)));
    if let Some(mode) = job.shape.mode.filter(|mode| *mode != job.plan.mode) {
        causes.push(Cause::ModeChanged { from: mode.name().into(), to: job.plan.mode.name().into() });
    }
    causes
}

fn type_changed(field: &PlannedField, held: &LedgerField) -> Option<Cause> {
    let (from, to) = match (&held.wire, field.sql_type != held.sql_type) {
        (_, true) => (held.sql_type.clone(), field.sql_type.clone()),
        // One type in the ledger, two at the destination.
        (Some(wire), false) if field.column.fresh => (wire.clone(), field.wire()),
        _ => return None,
    };
    Some(Cause::TypeChanged { field: field.name.clone(), from, to, written_otherwise: field.column.fresh })
}

fn conclude(session: &Session<'_>, job: &Job<'_>, report: &mut ActivationReport, delivered: Delivered) {
    report.stopped = delivered.halt.map(|halt| tell::halted(session, halt));
    let fired = guards::ended(job, &report.counts, &report.sent, session.options);
    report.warnings.extend(fired.warnings);
    report.stopped = report.stopped.take().or(fired.stop);
}

/// The gravest of what happened.
pub fn status(report: &ActivationReport) -> Status {
    let bad = |sent: &Sent| sent.rejected + sent.failed + sent.unclear > 0;
    // What an earlier job refused was sent again by this run: where all of it has an outcome now, that one counts.
    let over = report.sent.answered() > 0 && report.sent.pending == 0 && report.left == 0;
    let incomplete = bad(&report.sent)
        || (bad(&report.settlement) && !over)
        || report.sent.warned + report.settlement.warned > 0
        || report.counts.invalid + report.counts.refused + report.counts.removals_held_back > 0;
    let stopped = report.stopped.as_ref().map_or(Status::Done, |stopped| stopped.status);
    stopped.max(if incomplete { Status::Incomplete } else { Status::Done })
}

/// One line of history. A disk that refuses it does not undo the run.
pub fn keep(session: &Session<'_>, report: &ActivationReport) {
    record_run(session.world, &ledger_folder(session.root, session.spec, session.options), report);
}

fn record_run(world: &dyn World, folder: &Path, report: &ActivationReport) {
    let path = folder.join(format!("{}.history.jsonl", report.activation));
    let line = serde_json::to_string(report).unwrap_or_default();
    if let Err(error) = world.append(&path, &format!("{line}\n")) {
        tracing::warn!(%error, path = %path.display(), "the history cannot be written");
    }
}
