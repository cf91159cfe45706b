//! `test`: an activation put to rows that a test gives, by the stages that a run goes through, as far as a plan goes.

use std::path::{Path, PathBuf};

use super::session::{Access, Job, Session};
use super::{Options, Progress, StopSignal, Trouble, account, check, guards, prepare, run};
use crate::diag::{Miss, Problem, Verdict};
use crate::diff::{self, Basis, Pick};
use crate::emit::Depth;
use crate::ir::change::{Aside, Counts, Sample};
use crate::ir::delivery::Request;
use crate::ir::run::{ActivationReport, Failure, Stopped};
use crate::ir::span::Span;
use crate::ir::spec::{Activation, Metric, Model, Project, Spec};
use crate::ir::test::{Expected, Given, Test};
use crate::world::World;

mod compare;
mod rows;

/// More rows than anyone writes into a test, of each kind.
const ROWS_MAX: u64 = 100_000;

/// What tests need besides the project.
pub struct Rehearsal<'a> {
    pub world: &'a dyn World,
    pub root: &'a Path,
    pub options: &'a Options,
    /// A folder for ledgers, of which each test has its own.
    pub scratch: &'a Path,
}

/// All tests of the project, in the order written.
pub async fn test(rehearsal: &Rehearsal<'_>, spec: &Spec) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (number, test) in spec.tests.iter().enumerate() {
        let misses = match rehearsal.spec(spec, test) {
            Ok(spec) => {
                let folder = rehearsal.scratch.join(number.to_string());
                rehearsal.play(&spec, test, folder).await.unwrap_or_else(|misses| misses)
            }
            Err(misses) => misses,
        };
        let (name, activation) = (test.name.clone(), test.activation.to_string());
        verdicts.push(Verdict { test: name, activation, span: test.span, misses });
    }
    verdicts
}

/// What came of a test's rows.
pub(super) struct Seen<'a> {
    session: &'a Session<'a>,
    job: &'a Job<'a>,
    counts: Counts,
    samples: Vec<Sample>,
    asides: Vec<Aside>,
    requests: Vec<Request>,
}

impl Rehearsal<'_> {
    /// The project, read again where a test chooses its own environment or variables.
    fn spec(&self, spec: &Spec, test: &Test) -> Result<Spec, Vec<Miss>> {
        if test.environment.is_none() && test.vars.is_empty() {
            return Ok(spec.clone());
        }
        let mut options = self.options.clone();
        options.environment = test.environment.clone().or(options.environment);
        options.vars.extend(test.vars.clone());
        let checked = check(self.world, self.root, &options, false);
        let errors = checked.problems.0.into_iter().filter(Problem::is_error);
        checked.spec.ok_or_else(|| errors.map(|problem| placed(problem, test.span).into()).collect())
    }

    /// The same without the sandbox: requests are written as they would leave, and none does.
    fn options(&self, adopt: bool) -> Options {
        let accept = Metric::ALL.map(|metric| metric.name().to_string()).to_vec();
        Options { sandbox: None, offline: true, samples: ROWS_MAX, adopt, accept, ..self.options.clone() }
    }

    async fn play(&self, spec: &Spec, test: &Test, folder: PathBuf) -> Result<Vec<Miss>, Vec<Miss>> {
        let lost = || vec![Problem::error("test::failed", "the activation is gone").at(test.span).into()];
        let activation = spec.activations.iter().find(|one| one.name == test.activation).ok_or_else(lost)?;
        if let Some(before) = &test.before {
            self.adopt(&alone(spec, activation, before, &folder), before).await?;
        }
        let spec = alone(spec, activation, &test.rows, &folder);
        self.look(&spec, test).await
    }

    /// An earlier run, of which everything was acknowledged.
    async fn adopt(&self, spec: &Spec, before: &Given) -> Result<(), Vec<Miss>> {
        let options = self.options(true);
        let done = run::run(self.world, self.root, spec, &options, &Silent, &StopSignal::default()).await;
        let report = done.map_err(|trouble| misses(trouble, before))?;
        let done = report.activations.first().cloned().unwrap_or_default();
        let problem = match &done.stopped {
            Some(stopped) => stopped_by(stopped),
            None if done.counts.invalid + done.counts.unidentified > 0 => {
                let aside = self.seen(spec, false, |seen, _| seen.asides.first().cloned()).await;
                set_aside(aside.map_err(|trouble| misses(trouble, before))?)
            }
            None => return Ok(()),
        };
        Err(vec![problem.at(before.span).into()])
    }

    async fn look(&self, spec: &Spec, test: &Test) -> Result<Vec<Miss>, Vec<Miss>> {
        let requests = test.expects.iter().any(|expect| matches!(expect.what, Expected::Request { .. }));
        let compared = self.seen(spec, requests, |seen, stops| compare::compare(seen, stops, test)).await;
        compared.or_else(|trouble| compare::trouble(test, misses(trouble, &test.rows)))
    }

    /// What a look at the rows of a spec comes to. `requests`: whether they are written, too.
    async fn seen<T>(
        &self,
        spec: &Spec,
        requests: bool,
        judge: impl FnOnce(&Seen<'_>, &[Stopped]) -> T,
    ) -> Result<T, Trouble> {
        let options = self.options(false);
        let stop = StopSignal::default();
        let accounts = account::ask(self.world, spec, &options, account::Asking::Plan, &stop).await?;
        let session = Session::open(self.world, self.root, spec, &options, Access::Read, accounts, &stop).await?;
        let Some(job) = session.jobs.first() else {
            return Err(Trouble::Failure(
                session.failed.first().map(|(_, failure)| failure.clone()).unwrap_or_default(),
            ));
        };
        let (seen, stops) = see(&session, job, requests).await.map_err(Trouble::Failure)?;
        Ok(judge(&seen, &stops))
    }
}

/// No run could have sent such a row.
fn set_aside(aside: Option<Aside>) -> Problem {
    let message = match &aside {
        Some(aside) if aside.key.is_empty() => format!("a row of `before` would be set aside: {}", rows::reason(aside)),
        Some(aside) => format!("the row `{}` of `before` would be set aside: {}", aside.key, rows::reason(aside)),
        None => "a row of `before` would be set aside".to_string(),
    };
    let help = "every row of `before` stands for one that the destination has acknowledged";
    Problem::error("test::before", message).help(help)
}

/// Compares, and writes the requests where the test expects some; with what would stop a run.
async fn see<'a>(
    session: &'a Session<'a>,
    job: &'a Job<'a>,
    requests: bool,
) -> Result<(Seen<'a>, Vec<Stopped>), Failure> {
    let full_number = job.shape.full_number;
    let (changes, model_rows) = run::compare(session, job, full_number)?;
    let told = |error| run::told(job, &error);
    let basis = Basis { ledger: &job.ledger, shape: &job.shape, full_number, full: false, now: session.now.clone() };
    let samples = diff::samples(&session.store, &job.plan, &basis, Pick::First, ROWS_MAX).map_err(told)?;
    let asides = diff::asides(&session.store).map_err(told)?;
    let unguarded = Options { accept: Vec::new(), ..session.options.clone() };
    let fired = guards::before(job, &changes.counts, &unguarded).stop;
    let standing = guards::standing(job, &changes.counts, model_rows, session.options);
    let mut seen = Seen { session, job, counts: changes.counts, samples, asides, requests: Vec::new() };
    if requests {
        let stop = StopSignal::default();
        let (delivery, _) = prepare::delivery(session, job, &seen.counts, Depth::Offline, &stop).await?;
        let offers: Vec<_> = seen.samples.iter().map(|sample| sample.offer.clone()).collect();
        seen.requests = delivery.possible(&offers);
    }
    Ok((seen, job.stopped.iter().cloned().chain(standing).chain(fired).collect()))
}

/// The project with nothing but this activation, on rows that are given.
fn alone(spec: &Spec, activation: &Activation, given: &Given, folder: &Path) -> Spec {
    let activation = Activation { after: Vec::new(), ..activation.clone() };
    let name = activation.dataset.model.clone();
    let model = spec.models.get(&name).map(|model| Model { query: given.query.clone(), ..model.clone() });
    Spec {
        project: Project { ledger: folder.to_string_lossy().into_owned(), notify: None, ..spec.project.clone() },
        sources: Default::default(),
        models: model.map(|model| (name, model)).into_iter().collect(),
        connections: spec.connections.clone(),
        activations: vec![activation],
        tests: Vec::new(),
    }
}

/// What ended a test before anything could be compared. What has no place of its own is told at the rows.
fn misses(trouble: Trouble, given: &Given) -> Vec<Miss> {
    match trouble {
        Trouble::Problems(problems) => {
            problems.0.into_iter().filter(Problem::is_error).map(|problem| placed(problem, given.span).into()).collect()
        }
        Trouble::Failure(failure) => vec![stopped_by(&failure.into()).at(given.span).into()],
    }
}

fn placed(problem: Problem, span: Span) -> Problem {
    if problem.labels.is_empty() { problem.at(span) } else { problem }
}

fn stopped_by(stopped: &Stopped) -> Problem {
    let problem = Problem::error("test::stopped", format!("a run would stop: {} [{}]", stopped.message, stopped.code));
    match stopped.code.as_str() {
        "run::first_trigger" => problem.help("let `before` hold a row: only a first run has none"),
        _ if stopped.help.is_empty() => problem,
        _ => problem.help(stopped.help.clone()),
    }
}

/// Nobody watches a test.
struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: u64) {}
    fn settled(&self, _: &str, _: u64) {}
    fn done(&self, _: &ActivationReport) {}
}
