//! What `plan` foretells, held against what the run then does on a virtual clock: requests call by call, and time.
//!
//! Every service of `tests/conformance/` is played in each of its modes, and what stands in `tests/estimate/cases.yaml`, with made-up
//! vendors. 10,000 rows; where that would take more than some 1,500 requests, fewer rows, since each request costs a
//! commit. `ROWS=20000` plays all with so many. Names narrow it down, as in any test.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use jiff::Timestamp;
use libtest_mimic::{Arguments, Trial};
use sendoff::engine::{self, Progress, StopSignal};
use sendoff::ir::estimate::{Estimate, Purpose, Span};
use sendoff::ir::run::{ActivationReport, PlanReport, RunReport, Status};
use sendoff::ir::spec::Spec;
use sendoff::ir::value::Value;
use sendoff::store::ledger::Ledger;
use sendoff::store::{Store, StoreOptions};

use scene::{Scene, Stage};

#[path = "estimate/cases.rs"]
mod cases;
// What the conformance suite knows of services and people; it uses more of it.
#[path = "suite/conformance/people.rs"]
#[allow(dead_code)]
mod people;
#[path = "suite/conformance/pipeline.rs"]
#[allow(dead_code)]
mod pipeline;
#[path = "estimate/scene.rs"]
mod scene;
#[path = "suite/conformance/service.rs"]
#[allow(dead_code)]
mod service;
#[path = "estimate/services.rs"]
mod services;
#[path = "estimate/vendors.rs"]
mod vendors;

/// How far the clock may be from what was foretold.
const TOLERANCE: f64 = 0.2;

const ROWS: u64 = 10_000;

/// Rows of a case that would take more than so many requests otherwise.
const ROWS_FEW: u64 = 1_000;
const REQUESTS_MAX: u64 = 1_500;

struct Silent;

impl Progress for Silent {
    fn begin(&self, _activation: &str, _rows: u64) {}
    fn settled(&self, _activation: &str, _rows: u64) {}
    fn done(&self, _report: &ActivationReport) {}
}

fn main() {
    let arguments = Arguments::from_args();
    let scenes = cases::all().into_iter().chain(services::all());
    let trials = scenes.map(|scene| Trial::test(scene.name.clone(), move || Ok(play(&scene)?)));
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn play(scene: &Scene) -> Result<(), String> {
    let rows = std::env::var("ROWS").ok().and_then(|rows| rows.parse().ok());
    let rows = match rows.or(scene.rows) {
        Some(rows) => rows,
        None => {
            let stage = scene.stage(ROWS, 1);
            let plan = planned(&stage, &specified(&stage)?)?;
            if plan.total.requests.to.is_some_and(|to| to > REQUESTS_MAX) { ROWS_FEW } else { ROWS }
        }
    };
    let mut stage = scene.stage(rows, 1);
    let mut wrong = Vec::new();
    for round in 1..=scene.rounds {
        stage.source(&(scene.people)(rows, round));
        settle(&stage)?;
        stage.options.full = scene.fires && round == 1;
        for complaint in played(&stage)? {
            wrong.push(format!("round {round} of {rows} rows: {complaint}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn specified(stage: &Stage) -> Result<Spec, String> {
    let checked = engine::check(&stage.world, stage.root(), &stage.options, false);
    let problems = || checked.problems.0.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>().join("\n");
    checked.spec.clone().ok_or_else(problems)
}

fn planned(stage: &Stage, spec: &Spec) -> Result<PlanReport, String> {
    let work = engine::plan(&stage.world, stage.root(), spec, &stage.options);
    stage.run(work).map_err(|trouble| format!("{trouble:?}"))
}

/// Jobs of the round before, of which no plan can know what comes of them.
fn settle(stage: &Stage) -> Result<(), String> {
    stage.rest();
    let spec = specified(stage)?;
    let work = engine::settle(&stage.world, stage.root(), &spec, &stage.options, None, &Silent);
    stage.run(work).map(|_| ()).map_err(|trouble| format!("{trouble:?}"))
}

fn run(stage: &Stage, spec: &Spec) -> Result<RunReport, String> {
    let stop = StopSignal::default();
    let work = engine::run(&stage.world, stage.root(), spec, &stage.options, &Silent, &stop);
    match stage.run(work) {
        Ok(report) if report.status() == Status::Done => Ok(report),
        other => Err(format!("the run went wrong: {other:#?}")),
    }
}

/// A plan and its run. What they disagree on.
fn played(stage: &Stage) -> Result<Vec<String>, String> {
    let spec = specified(stage)?;
    let plan = planned(stage, &spec)?;
    // Buckets are full again.
    stage.rest();
    stage.heard();
    let report = run(stage, &spec)?;
    let wire = stage.heard();
    let mut wrong = Vec::new();
    for (plan, report) in plan.activations.iter().zip(&report.activations) {
        let Some(estimate) = &plan.estimate else {
            wrong.push(format!("no estimate: {:?}", plan.warnings));
            continue;
        };
        let done = Done::of(stage, report, &wire);
        println!("{}", told(&plan.activation, estimate, &done));
        wrong.extend(held_against(estimate, &done));
    }
    Ok(wrong)
}

/// What a run did: of its calls, each with the addresses it went to.
struct Done {
    requests: BTreeMap<String, Vec<String>>,
    /// Those that were too fast, among them.
    slowed: u64,
    /// Those that prepare among them.
    all: u64,
    seconds: f64,
    wire: Vec<(Timestamp, String)>,
}

impl Done {
    fn of(stage: &Stage, report: &ActivationReport, wire: &[(Timestamp, String)]) -> Done {
        let mut requests: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut slowed = 0;
        for row in noted(stage.root(), report) {
            if let [Value::Text(call), Value::Text(url), status] = row.as_slice() {
                requests.entry(call.clone()).or_default().push(url.clone());
                slowed += u64::from(*status == Value::Int(429));
            }
        }
        Done { requests, slowed, all: report.sent.requests, seconds: report.seconds, wire: wire.to_vec() }
    }

    fn count(&self, call: &str) -> u64 {
        self.requests.get(call).map_or(0, Vec::len) as u64
    }

    /// Mean seconds from the first question after a job to its end.
    fn job_seconds(&self, asked_by: &[String]) -> f64 {
        let Some(urls) = asked_by.first().and_then(|call| self.requests.get(call)) else { return 0.0 };
        let mut spans: BTreeMap<&str, (Timestamp, Timestamp)> = BTreeMap::new();
        for (at, url) in self.wire.iter().filter(|(_, url)| urls.contains(url)) {
            spans.entry(url).or_insert((*at, *at)).1 = *at;
        }
        let sum: f64 = spans.values().map(|(first, last)| last.duration_since(*first).as_secs_f64()).sum();
        sum / spans.len().max(1) as f64
    }
}

fn held_against(estimate: &Estimate, done: &Done) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut foretold = |what: &str, span: Span<u64>, found: u64| {
        if found < span.from || span.to.is_some_and(|to| found > to) {
            wrong.push(format!("{what}: foretold {span:?}, found {found}"));
        }
    };
    let (preparing, writing): (Vec<_>, Vec<_>) =
        estimate.calls.iter().partition(|call| call.purpose == Purpose::Preparation);
    let mut by_call: BTreeMap<&str, Span<u64>> = BTreeMap::new();
    writing.iter().for_each(|call| *by_call.entry(&call.call).or_default() += call.requests);
    by_call.iter().for_each(|(call, requests)| foretold(call, *requests, done.count(call)));
    let asked: u64 = asked_by(estimate).map(|call| done.count(call)).sum();
    let mut jobs = Span::default();
    estimate.jobs.iter().for_each(|of| jobs += of.requests);
    foretold("questions after jobs", jobs, asked);
    let mut prepared = Span::default();
    preparing.iter().for_each(|call| prepared += call.requests);
    // Jobs of earlier runs are asked after before the counting begins.
    let before = if estimate.jobs.iter().any(|jobs| jobs.earlier) { asked } else { 0 };
    let known: usize = done.requests.values().map(Vec::len).sum();
    foretold("preparation", prepared, done.all + before - known as u64);
    foretold("all", estimate.requests, done.all + before - asked);
    let strange: Vec<&String> = done
        .requests
        .keys()
        .filter(|call| !by_call.contains_key(call.as_str()))
        .filter(|call| !asked_by(estimate).any(|asked| asked == *call))
        .collect();
    if !strange.is_empty() {
        wrong.push(format!("calls that were not foretold: {strange:?}"));
    }
    wrong.extend(times_apart(estimate, done));
    wrong
}

fn asked_by(estimate: &Estimate) -> impl Iterator<Item = &String> {
    let names: BTreeSet<&String> = estimate.jobs.iter().flat_map(|jobs| &jobs.asked_by).collect();
    names.into_iter()
}

/// Waiting for jobs and for limits may overlap, or not.
fn times_apart(estimate: &Estimate, done: &Done) -> Option<String> {
    let jobs = job_seconds(estimate, done);
    let (from, to) = (estimate.seconds.from.max(jobs), estimate.seconds.to.unwrap_or(f64::INFINITY) + jobs);
    let near = (from * (1.0 - TOLERANCE) - 1.0..=to * (1.0 + TOLERANCE) + 1.0).contains(&done.seconds);
    (!near).then(|| format!("foretold {from:.0} to {to:.0} s ({jobs:.0} s of them jobs), found {:.0} s", done.seconds))
}

/// As many rounds of jobs as were foretold, each as long as they were.
fn job_seconds(estimate: &Estimate, done: &Done) -> f64 {
    let waits = estimate.jobs.iter().filter(|jobs| !jobs.later && !jobs.earlier && jobs.jobs.from > 0);
    waits
        .map(|jobs| {
            let rounds = jobs.jobs.from.div_ceil(jobs.at_once) as f64;
            jobs.seconds.from + rounds * done.job_seconds(&jobs.asked_by)
        })
        .sum()
}

fn told(name: &str, estimate: &Estimate, done: &Done) -> String {
    let mut out = format!("{name}\n");
    for call in &estimate.calls {
        let _ = writeln!(
            out,
            "  {} {:?} {} {}: {:?} of {:?}, {} a request; found {}",
            call.call,
            call.purpose,
            call.method,
            call.endpoint,
            call.requests,
            call.records,
            call.full,
            done.count(&call.call)
        );
    }
    for jobs in &estimate.jobs {
        let _ = writeln!(out, "  {jobs:?}; found {:.1} s each", done.job_seconds(&jobs.asked_by));
    }
    let _ = write!(
        out,
        "  {:?} s at {:?}; found {:.1} s, {} too fast, {} on the wire and {} by the report",
        estimate.seconds,
        estimate.limit,
        done.seconds,
        done.slowed,
        done.wire.len(),
        done.all
    );
    out
}

/// Requests of a run as its ledger notes them.
fn noted(root: &Path, report: &ActivationReport) -> Vec<Vec<Value>> {
    // The sandbox has ledgers of its own.
    let paths =
        ["state/sandbox", "state"].map(|folder| root.join(folder).join(format!("{}.duckdb", report.activation)));
    let path = paths.iter().find(|path| path.exists()).expect("a ledger");
    let store = Store::open(&StoreOptions::default()).expect("DuckDB opens");
    let ledger = Ledger::attach(&store, path, "ledger", false).expect("the ledger opens");
    let sql = format!("SELECT call, url, status FROM {} WHERE run = '{}'", ledger.table("request"), report.run);
    store.rows(&sql).expect("the requests are there")
}
