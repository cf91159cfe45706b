//! What `plan` foretells, held against what the run then does on a virtual clock: requests call by call, and time.
//!
//! `tests/estimate/cases.yaml` lists what is planned; `CASE=name` plays only the cases whose name holds it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sendoff::engine::{self, Options, Progress, Sandboxed as InSandbox, StopSignal};
use sendoff::ir::estimate::{Estimate, Purpose, Span};
use sendoff::ir::run::{ActivationReport, Status};
use sendoff::ir::value::Value;
use sendoff::sandbox::{Rates, Sandbox};
use sendoff::store::ledger::Ledger;
use sendoff::store::{Store, StoreOptions};
use sendoff::world::World;
use sendoff::world::real::RealWorld;
use sendoff::world::sandboxed::Sandboxed;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use clock::{Answer, Time, Virtual};

#[path = "estimate/clock.rs"]
mod clock;
#[path = "estimate/vendors.rs"]
mod vendors;

/// How far the clock may be from what was foretold.
const TOLERANCE: f64 = 0.2;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default = "sandbox")]
    vendor: String,
    destination: String,
    activations: Vec<String>,
    #[serde(default = "rows")]
    rows: u64,
    #[serde(default)]
    known: u64,
    /// Of a known person: names that pipelines use, and columns.
    #[serde(default)]
    person: BTreeMap<String, String>,
    #[serde(default = "once")]
    rounds: u64,
}

fn sandbox() -> String {
    "sandbox".into()
}

fn rows() -> u64 {
    20_000
}

fn once() -> u64 {
    1
}

struct Silent;

impl Progress for Silent {
    fn begin(&self, _activation: &str, _rows: u64) {}
    fn settled(&self, _activation: &str, _rows: u64) {}
    fn done(&self, _report: &ActivationReport) {}
}

/// When requests left, by their address.
type Wire = Arc<Mutex<Vec<(Duration, String)>>>;

#[test]
fn runs_do_what_plans_foretell() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/estimate/cases.yaml"));
    let cases: Vec<Case> = serde_yaml::from_str(&text.expect("the cases can be read")).expect("cases");
    let only = std::env::var("CASE").unwrap_or_default();
    let wrong: Vec<String> =
        cases.iter().filter(|case| case.name.contains(&only)).flat_map(|case| case.play()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

impl Case {
    fn play(&self) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        copy_vendors(&folder.path().join("destinations"));
        let text = format!(
            "project {{ ledger = \"state\" }}\ndestination it = {}\n\
             model people {{\n  from file \"people.csv\" {{ types {{ phone = \"varchar\" }} }}\n  key id\n}}\n{}",
            self.destination,
            self.activations.iter().enumerate().map(activation).collect::<String>()
        );
        fs::write(folder.path().join("it.sendoff"), text).expect("written");
        let rows = std::env::var("ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(self.rows);
        let (time, wire) = (Time::default(), Wire::default());
        let (world, options) = self.world(&time, &wire);
        let mut wrong = Vec::new();
        for round in 1..=self.rounds {
            fs::write(folder.path().join("people.csv"), people(rows, round)).expect("written");
            wire.lock().expect("not poisoned").clear();
            for complaint in self.round(folder.path(), &time, &wire, world.as_ref(), &options) {
                wrong.push(format!("{}, round {round}: {complaint}", self.name));
            }
        }
        wrong
    }

    fn world(&self, time: &Time, wire: &Wire) -> (Box<dyn World>, Options) {
        let inner: Answer = match self.vendor.as_str() {
            "parcel" => vendors::parcel(self.known),
            "relay" => vendors::relay(),
            _ => Box::new(|_, request| panic!("{} is for the sandbox", request.url)),
        };
        let noted = wire.clone();
        let answer: Answer = Box::new(move |now, request| {
            noted.lock().expect("not poisoned").push((now, request.url.clone()));
            inner(now, request)
        });
        let world = Virtual { time: time.clone(), answer, files: RealWorld::default() };
        if self.vendor != "sandbox" {
            return (Box::new(world), Options::default());
        }
        let kind = self.destination.split([' ', '{']).next().unwrap_or_default();
        let mut sandbox = Sandbox::new(Rates::AsDocumented);
        assert!(sandbox.meet(kind, self.acquaintances()), "the sandbox has no {kind}");
        let world = Sandboxed::new(Arc::new(world), Arc::new(Mutex::new(sandbox)));
        (Box::new(world), Options { sandbox: Some(InSandbox::InProcess), ..Options::default() })
    }

    fn acquaintances(&self) -> Vec<Map<String, Json>> {
        let text = people(self.known, 1);
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let head = lines.next().unwrap_or_default();
        let column = |name: &str| head.iter().position(|column| *column == name).expect("a column");
        let person = |line: Vec<&str>| {
            self.person.iter().map(|(name, from)| (name.clone(), json!(line[column(from)]))).collect()
        };
        lines.map(person).collect()
    }

    fn round(&self, root: &Path, time: &Time, wire: &Wire, world: &dyn World, options: &Options) -> Vec<String> {
        let spec = engine::check(world, root, options, false);
        let problems: Vec<String> = spec.problems.0.iter().map(|problem| problem.message.clone()).collect();
        let Some(spec) = spec.spec else { return problems };
        let plan = match time.run(engine::plan(world, root, &spec, options)) {
            Ok(plan) => plan,
            Err(trouble) => return vec![format!("{trouble:?}")],
        };
        wire.lock().expect("not poisoned").clear();
        // Buckets are full again.
        time.run(world.sleep(Duration::from_secs(86_400)));
        let run = match time.run(engine::run(world, root, &spec, options, &Silent, &StopSignal::default())) {
            Ok(report) if report.status() == Status::Done => report,
            other => return vec![format!("the run went wrong: {other:#?}")],
        };
        let mut wrong = Vec::new();
        for (plan, report) in plan.activations.iter().zip(&run.activations) {
            let Some(estimate) = &plan.estimate else {
                wrong.push(format!("no estimate: {:?}", plan.warnings));
                continue;
            };
            let (requests, slowed) = requests(root, report);
            let wire = wire.lock().expect("not poisoned").clone();
            let done = Done { requests, slowed, all: report.sent.requests, seconds: report.seconds, wire };
            println!("{}", told(&self.name, estimate, &done));
            wrong.extend(held_against(estimate, &done));
        }
        wrong
    }
}

/// What a run did: of its calls, each with the addresses it went to.
struct Done {
    requests: BTreeMap<String, Vec<String>>,
    /// Those that were too fast, among them.
    slowed: u64,
    /// Those that prepare among them.
    all: u64,
    seconds: f64,
    wire: Vec<(Duration, String)>,
}

impl Done {
    fn count(&self, call: &str) -> u64 {
        self.requests.get(call).map_or(0, Vec::len) as u64
    }

    /// Mean seconds from the first question after a job to its end.
    fn job_seconds(&self, asked_by: &[String]) -> f64 {
        let Some(urls) = asked_by.first().and_then(|call| self.requests.get(call)) else { return 0.0 };
        let mut spans: BTreeMap<&str, (Duration, Duration)> = BTreeMap::new();
        for (at, url) in self.wire.iter().filter(|(_, url)| urls.contains(url)) {
            spans.entry(url).or_insert((*at, *at)).1 = *at;
        }
        let sum: f64 = spans.values().map(|(first, last)| (*last - *first).as_secs_f64()).sum();
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
    let asked: u64 = estimate.jobs.iter().flat_map(|jobs| &jobs.asked_by).map(|call| done.count(call)).sum();
    let jobs = estimate.jobs.iter().fold(Span::default(), |mut sum, jobs| {
        sum += jobs.requests;
        sum
    });
    foretold("questions after jobs", jobs, asked);
    let mut prepared = Span::default();
    preparing.iter().for_each(|call| prepared += call.requests);
    let known: usize = done.requests.values().map(Vec::len).sum();
    foretold("preparation", prepared, done.all - known as u64);
    foretold("all", estimate.requests, done.all - asked);
    let strange: Vec<&String> = done
        .requests
        .keys()
        .filter(|call| !by_call.contains_key(call.as_str()))
        .filter(|call| !estimate.jobs.iter().any(|jobs| jobs.asked_by.contains(call)))
        .collect();
    if !strange.is_empty() {
        wrong.push(format!("calls that were not foretold: {strange:?}"));
    }
    wrong.extend(times_apart(estimate, done));
    wrong
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
    let waits = estimate.jobs.iter().filter(|jobs| !jobs.later && jobs.jobs.from > 0);
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
        "  {:?} s at {:?}; found {:.1} s, {} too fast",
        estimate.seconds, estimate.limit, done.seconds, done.slowed
    );
    out
}

/// Requests of a run as its ledger notes them.
fn requests(root: &Path, report: &ActivationReport) -> (BTreeMap<String, Vec<String>>, u64) {
    // The sandbox has ledgers of its own.
    let paths =
        ["state/sandbox", "state"].map(|folder| root.join(folder).join(format!("{}.duckdb", report.activation)));
    let path = paths.iter().find(|path| path.exists()).expect("a ledger");
    let store = Store::open(&StoreOptions::default()).expect("DuckDB opens");
    let ledger = Ledger::attach(&store, path, "ledger", false).expect("the ledger opens");
    let rows =
        store.rows(&format!("SELECT call, url, status FROM {} WHERE run = '{}'", ledger.table("request"), report.run));
    let mut requests: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut slowed = 0;
    for row in rows.expect("the requests are there") {
        if let [Value::Text(call), Value::Text(url), status] = row.as_slice() {
            requests.entry(call.clone()).or_default().push(url.clone());
            slowed += u64::from(*status == Value::Int(429));
        }
    }
    (requests, slowed)
}

fn people(rows: u64, round: u64) -> String {
    let mut text = String::from("id,email,phone,name,city,points,member\n");
    let cities = ["Oslo", "Bergen", "Turku", "Malmö"];
    for at in 0..rows {
        let city = cities[(at + round) as usize % cities.len()];
        let member = at % 2 == 0;
        let _ = writeln!(text, "{at},p{at}@x.test,+4670{:07},Person {at},{city},{},{member}", at, at % 1000);
    }
    text
}

fn activation((at, text): (usize, &String)) -> String {
    format!("activation people_{at} {{\nfrom people\n{text}}}\n")
}

fn copy_vendors(target: &Path) {
    for vendor in ["parcel", "relay"] {
        let target = target.join(vendor);
        fs::create_dir_all(&target).expect("a folder");
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendors").join(vendor);
        for entry in fs::read_dir(from).expect("the vendor is there").flatten() {
            fs::copy(entry.path(), target.join(entry.file_name())).expect("copied");
        }
    }
}
