//! Jobs of earlier runs, and rows whose fate only a person knows.

use std::path::Path;

use tokio::sync::mpsc;

use super::account::Accounts;
use super::deliver::{self, Delivered, Scene};
use super::run::{self, open_run, told};
use super::session::{self, Access, Job, Session};
use super::{Options, Progress, StopSignal, Trouble, guards, prepare, tell};
use crate::emit::Depth;
use crate::ir::change::Counts;
use crate::ir::delivery::WaitingJob;
use crate::ir::run::{ActivationReport, Failure, RunReport, Sent, Waiting};
use crate::ir::spec::Spec;
use crate::record::{self, Closing};
use crate::world::World;

/// Asks after every job that rows wait for. `assume`: what became of the rows no one can ask after.
pub async fn settle(
    world: &dyn World,
    root: &Path,
    spec: &Spec,
    options: &Options,
    assume: Option<bool>,
    progress: &dyn Progress,
) -> Result<RunReport, Trouble> {
    let mut session =
        Session::open(world, root, spec, options, Access::Write, Accounts::default(), &StopSignal::default()).await?;
    let mut report = RunReport { settles: true, ..session.report() };
    for (activation, failure) in &session.failed {
        report.activations.push(run::failed(&session, activation, failure));
    }
    for mut job in std::mem::take(&mut session.jobs).into_iter().filter(|job| !job.new) {
        let mut done = run::head(&session, &job);
        let settled = both(&session, &mut job, &mut done, assume, progress).await;
        if let Err(failure) = settled {
            done.status = failure.status;
            done.stopped = Some(failure.into());
        }
        done.status = done.status.max(run::status(&done));
        let idle = done.settlement.settled == 0 && done.stopped.is_none() && done.warnings.is_empty();
        done.silent = idle.then(|| match done.waiting.jobs {
            0 => "no row waits for a job".into(),
            _ => "the jobs are still at work".into(),
        });
        if !idle {
            run::keep(&session, &done);
        }
        report.activations.push(done);
    }
    Ok(report)
}

async fn both(
    session: &Session<'_>,
    job: &mut Job<'_>,
    report: &mut ActivationReport,
    assume: Option<bool>,
    progress: &dyn Progress,
) -> Result<(), Failure> {
    // The jobs are those of another account.
    if let Some(stopped) = &job.stopped {
        report.stopped = Some(stopped.clone());
        return Ok(());
    }
    waiting(session, job, report, progress, &StopSignal::default()).await?;
    report.waiting = under_way(session, job)?;
    let unclear = record::unclear(&session.store, &job.ledger).map_err(|error| told(job, &error))?;
    match assume {
        _ if unclear == 0 => Ok(()),
        Some(sent) => assumed(session, job, report, sent),
        None => {
            report.warnings.push(format!(
                "the outcome of {unclear} rows is not known: `--assume sent` or `--assume unsent` says it"
            ));
            Ok(())
        }
    }
}

fn assumed(session: &Session<'_>, job: &mut Job<'_>, report: &mut ActivationReport, sent: bool) -> Result<(), Failure> {
    let run = open_run(session, job, job.shape.full_number);
    let now = session::duck_time(session.world);
    let fail = |error| told(job, &error);
    let rows = record::begin_settle(&session.store, &job.ledger, &run, "unclear").map_err(fail)?;
    report.settlement.settled += rows;
    record::assume(&session.store, &job.ledger, sent, &now).map_err(fail)?;
    record::finish(&session.store, &job.ledger, &run, &now, &Closing::default()).map_err(fail)
}

/// Settles what waits for jobs, before anything is compared. The ledger's shape is read again afterwards.
pub async fn waiting(
    session: &Session<'_>,
    job: &mut Job<'_>,
    report: &mut ActivationReport,
    progress: &dyn Progress,
    stop: &StopSignal,
) -> Result<(), Failure> {
    let now = session::duck_time(session.world);
    let jobs = record::waiting_jobs(&session.store, &job.ledger, &now).map_err(|error| told(job, &error))?;
    if jobs.is_empty() {
        return Ok(());
    }
    ask(session, job, report, progress, stop, jobs).await?;
    job.shape = job.ledger.shape(&session.store).map_err(|error| told(job, &error))?;
    let fired = guards::ended(job, &Counts::default(), &report.settlement, session.options);
    report.warnings.extend(fired.warnings);
    report.stopped = report.stopped.take().or(fired.stop);
    Ok(())
}

/// Jobs that rows still wait for.
pub fn under_way(session: &Session<'_>, job: &Job<'_>) -> Result<Waiting, Failure> {
    let now = session::duck_time(session.world);
    let jobs = record::waiting_jobs(&session.store, &job.ledger, &now).map_err(|error| told(job, &error))?;
    Ok(Waiting {
        jobs: jobs.len() as u64,
        rows: jobs.iter().map(|job| job.rows).sum(),
        oldest_s: jobs.iter().map(|job| job.age_s).max().unwrap_or_default(),
    })
}

async fn ask(
    session: &Session<'_>,
    job: &Job<'_>,
    report: &mut ActivationReport,
    progress: &dyn Progress,
    stop: &StopSignal,
    jobs: Vec<WaitingJob>,
) -> Result<(), Failure> {
    let (delivery, _) = prepare::delivery(session, job, &Counts::default(), Depth::Look, stop).await?;
    let run = open_run(session, job, job.shape.full_number);
    let fail = |error| told(job, &error);
    let rows = record::begin_settle(&session.store, &job.ledger, &run, "pending").map_err(fail)?;
    session.world.durable();
    let (give, open) = mpsc::channel(4);
    let giving = deliver::jobs(session, job, jobs, give);
    let mut delivered = Delivered { sent: Sent { offered: rows, ..Sent::default() }, ..Delivered::default() };
    let scene = Scene { session, job, progress, stop };
    let work = async |journal: &crate::emit::Journal, stop: &StopSignal| {
        delivery.settle(session.world, open, journal, stop).await
    };
    let (given, ending) = futures::join!(giving, deliver::journaled(scene, &mut delivered, work));
    let ending = ending.map_err(fail)?;
    given.map_err(fail)?;
    let now = session::duck_time(session.world);
    record::finish(&session.store, &job.ledger, &run, &now, &Closing::default()).map_err(fail)?;
    session.world.durable();
    // What came of them counts in the exit code like what comes of rows sent now.
    let settled = delivered.sent.answered() - delivered.sent.pending;
    report.settlement = Sent { settled, offered: settled, pending: 0, requests: ending.requests, ..delivered.sent };
    report.stopped = ending.halt.map(|halt| tell::halted(session, halt));
    Ok(())
}
