//! `tests/golden/ledger/<case>.yaml`: an activation to the made-up vendor Parcel and a few runs of it, with the real engine
//! -> `<case>.out`: what was sent, how each run ended, and what the ledger held then.
//!
//! A step keeps what the step before said of the source and the activation; `answers` and `run` are its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sendoff::engine::{self, Options, Progress, StopSignal, Trouble};
use sendoff::ir::run::{ActivationReport, RunReport};
use sendoff::ir::spec::Spec;
use sendoff::store::ledger;
use serde::Deserialize;

use crate::common::{cases, golden};
use show::line;
use vendor::{Answers, Vendor};

#[path = "ledger/show.rs"]
mod show;
#[path = "ledger/vendor.rs"]
mod vendor;

#[derive(Deserialize)]
struct Case {
    #[serde(rename = "about")]
    _about: String,
    #[serde(flatten)]
    activation: Activation,
    steps: Vec<Step>,
}

/// What is written into the pipeline file.
#[derive(Clone, Default, Deserialize)]
struct Activation {
    /// Service with its options: `circle { circle = "gold" }`.
    to: Option<String>,
    mode: Option<String>,
    /// `email`, `person_id, email`; `all number, email`.
    identify: Option<String>,
    map: Option<String>,
    /// Further lines of the activation.
    more: Option<String>,
    /// Options after the model's name: `{ allow_empty = true }`, `where vip`.
    from: Option<String>,
    site: Option<String>,
    /// Types of columns that are not text; `id` is an integer.
    types: Option<BTreeMap<String, String>>,
    /// Further activations and segments.
    also: Option<String>,
    /// Columns of the key, `id` where none are named.
    key: Option<String>,
    /// Further settings of the project.
    project: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// What the connection's definition says besides, from here on.
    definition: Option<String>,
    source: Option<String>,
    /// How often a line of the source with `#` in it stands there, with numbers from 2 in place of `#`. How far such a run
    /// comes before it stops is nobody's to say, so little is told of it.
    times: Option<usize>,
    #[serde(default)]
    activation: Activation,
    #[serde(default)]
    run: Run,
    /// Time that passed before the step: `8d`, `30m`, `10s`.
    #[serde(default)]
    advance: String,
    #[serde(default)]
    answers: Answers,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Run {
    plan: bool,
    offline: bool,
    settle: bool,
    /// Take out what was put in; `forget`: only the ledger.
    retire: bool,
    forget: bool,
    assume: Option<String>,
    full: bool,
    adopt: bool,
    again: bool,
    require_ledger: bool,
    limit: Option<u64>,
    only: Option<String>,
    accept: Vec<String>,
}

struct Silent;

impl Progress for Silent {
    fn begin(&self, _activation: &str, _rows: u64) {}
    fn settled(&self, _activation: &str, _rows: u64) {}
    fn done(&self, _report: &ActivationReport) {}
}

#[test]
fn ledger_golden() {
    let cases = cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/ledger"), "yaml");
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(path) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = outcome(path);
                    done.lock().expect("not poisoned").insert(path.clone(), outcome);
                }
            });
        }
    });
    let done = done.into_inner().expect("not poisoned");
    golden("ledger", "yaml", "out", |path, _| done[path].clone());
}

/// `CASE=name` plays only the cases whose path holds it.
fn outcome(path: &Path) -> String {
    if std::env::var("CASE").is_ok_and(|only| !path.to_string_lossy().contains(&only)) {
        return fs::read_to_string(path.with_extension("out")).unwrap_or_default();
    }
    let text = fs::read_to_string(path).expect("the case can be read");
    let case: Case = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    played(&case)
}

fn played(case: &Case) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    copy_definitions(folder.path(), "");
    let vendor = Vendor::default();
    let mut activation = case.activation.clone();
    let mut checked = (String::new(), Err(Vec::new()));
    let mut out = String::new();
    for (at, step) in case.steps.iter().enumerate() {
        activation.overlay(&step.activation);
        if let Some(definition) = &step.definition {
            copy_definitions(folder.path(), definition);
            checked.0.clear();
        }
        if let Some(source) = &step.source {
            fs::write(folder.path().join("people.csv"), rows(source, step.times)).expect("the folder can be written");
        }
        let written = activation.written(folder.path());
        if checked.0 != written {
            fs::write(folder.path().join("people.sendoff"), &written).expect("the folder can be written");
            checked = (written, check(&vendor, folder.path()));
        }
        vendor.prepare(duration(&step.advance) + Duration::from_secs(60), step.answers.clone());
        line(&mut out, &format!("== {}{}", at + 1, step.run.told()));
        match &checked.1 {
            Ok(spec) => step.play(&vendor, folder.path(), spec, &mut out),
            Err(problems) => problems.iter().for_each(|problem| line(&mut out, &format!("problem: {problem}"))),
        }
        line(&mut out, "");
    }
    out.replace(&*folder.path().to_string_lossy(), "[DIR]")
}

fn rows(source: &str, times: Option<usize>) -> String {
    let Some(times) = times else { return source.to_string() };
    let lines = source.lines().flat_map(|line| {
        let times = if line.contains('#') { times } else { 1 };
        (0..times).map(move |at| line.replace('#', &(at + 2).to_string()) + "\n")
    });
    lines.collect()
}

fn check(vendor: &Vendor, root: &Path) -> Result<Spec, Vec<String>> {
    let checked = engine::check(vendor, root, &Options::default(), false);
    let problems = || checked.problems.0.iter().map(|problem| problem.message.clone()).collect();
    checked.spec.clone().ok_or_else(problems)
}

fn copy_definitions(folder: &Path, more: &str) {
    let target = folder.join("destinations/parcel");
    fs::create_dir_all(&target).expect("a folder");
    let parcel = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendors/parcel");
    for entry in fs::read_dir(parcel).expect("the vendor is there").flatten() {
        fs::copy(entry.path(), target.join(entry.file_name())).expect("copied");
    }
    let connection = target.join("connection.yaml");
    let text = fs::read_to_string(&connection).expect("the definition can be read");
    fs::write(connection, format!("{text}\n{more}")).expect("the folder can be written");
}

impl Step {
    /// A runtime of its own, which takes all its threads along when the machine stops.
    fn play(&self, vendor: &Vendor, root: &Path, spec: &Spec, out: &mut String) {
        let options = self.run.options();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            tokio::select! {
                // In this order, or it would be by chance how far the others get.
                biased;
                () = vendor.crash.notified() => line(out, "the machine stops"),
                () = self.act(vendor, root, spec, &options, out) => {}
            }
        });
        drop(runtime);
        let requests = vendor.take_requests();
        if self.times.is_none() {
            for same in requests.chunk_by(|one, next| one == next) {
                match same {
                    [first, ..] if same.len() > 10 => line(out, &format!("> {first} (again and again)")),
                    _ => same.iter().for_each(|request| line(out, &format!("> {request}"))),
                }
            }
        }
        for path in ledgers(root) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name != "people.duckdb" {
                line(out, &name);
            }
            if self.times.is_none() {
                look(out, root, &path);
            }
        }
    }

    async fn act(&self, vendor: &Vendor, root: &Path, spec: &Spec, options: &Options, out: &mut String) {
        if self.run.plan {
            match engine::plan(vendor, root, spec, options).await {
                Ok(report) => report.activations.iter().for_each(|one| show::plan(out, one)),
                Err(trouble) => told(out, &trouble),
            }
            return;
        }
        let done = if self.run.settle {
            let assume = self.run.assume.as_deref().map(|word| word == "sent");
            engine::settle(vendor, root, spec, options, assume, &Silent).await
        } else if self.run.retire || self.run.forget {
            engine::retire(vendor, root, spec, options, "people", self.run.forget, &Silent).await
        } else {
            engine::run(vendor, root, spec, options, &Silent, &StopSignal::default()).await
        };
        match done {
            Ok(report) if self.times.is_some() => report.activations.iter().for_each(|one| show::brief(out, one)),
            Ok(report) => reported(out, &report),
            Err(trouble) => told(out, &trouble),
        }
    }
}

fn reported(out: &mut String, report: &RunReport) {
    for activation in &report.activations {
        if report.activations.len() > 1 {
            line(out, &format!("{}:", activation.activation));
        }
        show::report(out, activation);
    }
}

fn told(out: &mut String, trouble: &Trouble) {
    match trouble {
        Trouble::Problems(problems) => {
            problems.0.iter().for_each(|problem| line(out, &format!("problem: {}", problem.message)));
        }
        Trouble::Failure(failure) => line(out, &format!("failure: {}: {}", failure.code, failure.message)),
    }
}

fn ledgers(root: &Path) -> Vec<PathBuf> {
    let folder = root.join("state");
    let entries = fs::read_dir(folder).map(|entries| entries.flatten().collect()).unwrap_or_else(|_| Vec::new());
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "duckdb"));
    paths.sort();
    paths
}

/// A copy is looked at: an open run's ledger is not folded together by looking.
fn look(out: &mut String, root: &Path, path: &Path) {
    let copy = root.join("look.duckdb");
    ledger::copy(path, &copy).expect("copied");
    show::ledger(out, &copy);
    ledger::remove(&copy).expect("removed");
}

impl Activation {
    fn overlay(&mut self, over: &Activation) {
        let Activation { to, mode, identify, map, more, from, site, types, also, key, project } = over.clone();
        self.to = to.or(self.to.take());
        self.mode = mode.or(self.mode.take());
        self.identify = identify.or(self.identify.take());
        self.map = map.or(self.map.take());
        self.more = more.or(self.more.take());
        self.from = from.or(self.from.take());
        self.site = site.or(self.site.take());
        self.types = types.or(self.types.take());
        self.also = also.or(self.also.take());
        self.key = key.or(self.key.take());
        self.project = project.or(self.project.take());
    }

    fn written(&self, root: &Path) -> String {
        let text = |text: &Option<String>, default: &str| text.clone().unwrap_or_else(|| default.to_string());
        let identify = text(&self.identify, "email");
        let (all, identify) = identify.strip_prefix("all ").map_or(("", identify.as_str()), |rest| ("all ", rest));
        let map = self.map.as_ref().map(|map| format!("  map {{ {map} }}\n")).unwrap_or_default();
        format!(
            "project {{ ledger = \"state\" {project}}}\n\
             destination parcel = parcel {{ site = \"{site}\", token = env(\"PARCEL_TOKEN\") }}\n\
             model people {{\n  from file \"people.csv\" {{ types {{ {types} }} }}\n  key {key}\n}}\n{also}\n\
             activation people {{\n  from {from}\n  to parcel.{to}\n  mode {mode}\n  identify {all}{{ {identify} }}\n{map}{more}\n}}\n",
            site = text(&self.site, "acme"),
            types = self.column_types(root),
            also = text(&self.also, ""),
            key = text(&self.key, "id"),
            project = self.project.as_ref().map(|more| format!(", {more} ")).unwrap_or_default(),
            from = text(&self.from, "people"),
            to = text(&self.to, "people"),
            mode = text(&self.mode, "upsert"),
            more = text(&self.more, ""),
        )
    }

    fn column_types(&self, root: &Path) -> String {
        let source = fs::read_to_string(root.join("people.csv")).unwrap_or_default();
        let columns = source.lines().next().unwrap_or_default().split(',');
        let types = self.types.clone().unwrap_or_default();
        let typed = columns.map(|column| match types.get(column) {
            Some(sql_type) => format!("{column} = \"{sql_type}\""),
            None if column == "id" => "id = \"integer\"".to_string(),
            None => format!("{column} = \"varchar\""),
        });
        typed.collect::<Vec<_>>().join(", ")
    }
}

impl Run {
    fn options(&self) -> Options {
        Options {
            full: self.full,
            adopt: self.adopt,
            again: self.again,
            limit: self.limit,
            only: self.only.clone(),
            accept: self.accept.clone(),
            require_ledger: self.require_ledger,
            offline: self.offline,
            samples: 5,
            ..Options::default()
        }
    }

    /// The command line, but for its first words.
    fn told(&self) -> String {
        let flags = [
            (self.plan, "plan"),
            (self.offline, "--offline"),
            (self.settle, "settle"),
            (self.retire, "retire"),
            (self.forget, "retire --forget"),
            (self.full, "--full"),
            (self.adopt, "--adopt"),
            (self.again, "--again"),
            (self.require_ledger, "--require-ledger"),
        ];
        let mut words: Vec<String> =
            flags.into_iter().filter(|(on, _)| *on).map(|(_, word)| word.to_string()).collect();
        words.extend(self.assume.iter().map(|word| format!("--assume {word}")));
        words.extend(self.limit.map(|limit| format!("--limit {limit}")));
        words.extend(self.only.iter().map(|name| format!("--only {name}")));
        words.extend(self.accept.iter().map(|metric| format!("--accept {metric}")));
        words.iter().map(|word| format!(" {word}")).collect()
    }
}

fn duration(text: &str) -> Duration {
    let Some((unit, number)) = text.char_indices().last().map(|(at, unit)| (unit, &text[..at])) else {
        return Duration::ZERO;
    };
    let seconds = match unit {
        'd' => 86_400,
        'm' => 60,
        _ => 1,
    };
    Duration::from_secs(seconds * number.parse::<u64>().expect("a number"))
}
