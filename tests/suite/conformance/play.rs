//! A scenario at work: a project in a folder, the vendor, what it should hold, and runs of the real engine.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use sendoff::diag::Drawing;
use sendoff::engine::{self, Options, Progress, Sandboxed, StopSignal, Trouble};
use sendoff::ir::catalog::StepAction;
use sendoff::ir::mode::Mode;
use sendoff::ir::run::{ActivationReport, RejectedRow, RunReport, Status};
use sendoff::ir::spec::Spec;
use sendoff::report;
use sendoff::sandbox::{Fault, Holdings, Received};
use sendoff::world::sim::Simulated;
use serde_json::{Map, Value};
use tempfile::TempDir;

use super::answerer::Answerer;
use super::compare::differences;
use super::people::{self, Person};
use super::pipeline::{self, Turns};
use super::remote::{OfSandbox, Remote};
use super::service::Case;
use super::stage::Stage;
use super::wanted::{self, Memory, Wanted};

pub type Played = Result<(), String>;

/// The activation under test; `first` is what comes before it.
const THEM: &str = "them";
const FIRST: &str = "first";

/// How often one asks after jobs before one gives up on them.
const ASKED_MAX: usize = 40;

pub struct Play {
    pub case: Case,
    /// Comes before the case, once it is there.
    pub creator: Option<Case>,
    pub people: Vec<Person>,
    pub turns: Turns,
    /// Only the case is run.
    pub alone: bool,
    wanted: Wanted,
    memory: [Memory; 2],
    stage: Stage,
    folder: TempDir,
    before: Holdings,
    /// A run was there.
    begun: bool,
    /// Requests whose answers the suite spoilt, by number.
    pardoned: Vec<Range<usize>>,
}

/// By whether the secret is wrong, and the text of the project.
type Specs = HashMap<(bool, String), Arc<Spec>>;

pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _activation: &str, _rows: u64) {}
    fn settled(&self, _activation: &str, _rows: u64) {}
    fn done(&self, _report: &ActivationReport) {}
}

impl Play {
    /// People of these numbers are known where the mode asks for it.
    pub fn open(case: &Case, known: impl IntoIterator<Item = usize>) -> Play {
        let stage = Stage::new(remote(case), 0);
        let all = matches!(case.mode, Mode::Update | Mode::Membership | Mode::Insert);
        let met = people::people(known.into_iter().filter(|number| all || number % 2 == 0));
        let mut wanted = Wanted::default();
        if case.mode != Mode::Insert || case.service.event.is_some() {
            wanted.meet(case, &met);
            let met = met.iter().map(|person| introduced(case, person)).collect();
            stage.remote(|remote| remote.meet(met));
        }
        let before = stage.remote(|remote| remote.holdings());
        Play {
            case: case.clone(),
            creator: None,
            people: Vec::new(),
            turns: Turns::default(),
            alone: false,
            wanted,
            memory: Default::default(),
            stage,
            folder: folder(),
            before,
            begun: false,
            pardoned: Vec::new(),
        }
    }

    pub fn person(&mut self, number: usize) -> &mut Person {
        let key = format!("p-{number:05}");
        let person = self.people.iter_mut().find(|person| person.key() == key);
        person.unwrap_or_else(|| panic!("{key} is not in the source"))
    }

    /// What contacts are told apart by.
    pub fn identifier(&mut self, number: usize) -> String {
        let column = self.case.identify()[0].written.column.clone();
        wanted::identifier(self.person(number), &column).unwrap_or_default()
    }

    pub fn age(&mut self, numbers: impl IntoIterator<Item = usize>, round: usize) {
        numbers.into_iter().for_each(|number| *self.person(number) = Person::aged(number, round));
    }

    pub fn leave(&mut self, numbers: &[usize]) {
        let keys: Vec<String> = numbers.iter().map(|number| format!("p-{number:05}")).collect();
        self.people.retain(|person| !keys.iter().any(|key| key == person.key()));
    }

    /// What the next run is to bring about, but for the rows of these people.
    pub fn desire(&mut self, but: &[usize]) {
        let but: Vec<String> = but.iter().map(|number| format!("p-{number:05}")).collect();
        if let Some(creator) = self.creator.as_ref().filter(|_| !self.alone) {
            self.wanted.run(creator, &self.turns, &mut self.memory[1], &self.people, &but);
        }
        self.wanted.run(&self.case, &self.turns, &mut self.memory[0], &self.people, &but);
    }

    /// A run that brings all of it about.
    pub fn sync(&mut self) -> Result<RunReport, String> {
        self.desire(&[]);
        let report = self.run()?;
        self.ended(&report, Status::Done)?;
        self.compare()?;
        Ok(report)
    }

    pub fn ended(&self, report: &RunReport, status: Status) -> Played {
        match report.status() == status {
            true => Ok(()),
            false => Err(format!("it should end {status:?}:\n{}", self.told(report))),
        }
    }

    fn told(&self, report: &RunReport) -> String {
        let rejected = self.rejected().unwrap_or_default();
        let rejected = rejected.iter().take(5).map(|row| format!("  {}: {}: {}\n", row.key, row.state, row.reason));
        report::run::human(report, report::paint::Paint { color: false }) + &rejected.collect::<String>()
    }

    pub fn compare(&self) -> Played {
        let held = self.stage.remote(|remote| remote.holdings());
        differences(&self.case, &self.wanted, &held, &self.before).map_err(|told| told + &self.heard())
    }

    /// The last requests that wrote, for whoever has to find out.
    fn heard(&self) -> String {
        let received = self.stage.remote(|remote| remote.received(0));
        let writes = received.iter().rev().filter(|one| self.writes(one)).take(3);
        let line = |one: &Received| {
            let body: String = one.body.as_deref().unwrap_or_default().chars().take(400).collect();
            format!("\n  heard {} {} -> {}: {body}", one.method, one.path, one.status)
        };
        writes.map(line).collect()
    }

    fn writes(&self, received: &Received) -> bool {
        let reads = self.case.service.reads.iter().any(|part| received.path.contains(part.as_str()));
        !reads && !["GET", "HEAD"].contains(&received.method.as_str())
    }

    /// Requests so far.
    pub fn mark(&self) -> usize {
        self.stage.remote(|remote| remote.count())
    }

    /// Requests since then that wrote.
    pub fn writes_since(&self, mark: usize) -> Vec<Received> {
        let received = self.stage.remote(|remote| remote.received(mark));
        received.into_iter().filter(|one| self.writes(one)).collect()
    }

    pub fn nothing_written_since(&self, mark: usize) -> Played {
        match self.writes_since(mark).first() {
            None => Ok(()),
            Some(one) => Err(format!("nothing should be written, but: {} {} {:?}", one.method, one.path, one.body)),
        }
    }

    /// Every scenario's end: another run writes nothing, and no request was one that should not have been.
    pub fn end(&mut self) -> Played {
        let mark = self.mark();
        let report = self.run()?;
        self.nothing_written_since(mark)?;
        if report.activations.iter().any(|one| one.counts.to_send() > 0 || one.stopped.is_some()) {
            return Err(format!("nothing should be left to send:\n{}", self.told(&report)));
        }
        self.compare()?;
        let received = self.stage.remote(|remote| remote.received(0));
        let spoilt = self.stage.spoilt();
        let pardoned = |at: &usize| spoilt.contains(at) || self.pardoned.iter().any(|range| range.contains(at));
        let unpardoned = received.iter().enumerate().filter(|(at, _)| !pardoned(at)).map(|(_, one)| one);
        if let Some(one) = unpardoned.clone().find(|one| one.unexpected) {
            let Received { method, path, query, status, body, .. } = one;
            return Err(format!("nobody who knows the vendor asks so: {method} {path}?{query} -> {status}: {body:?}"));
        }
        // Time between taking a turn and sending lets two requests come closer than they should, now and then.
        let too_fast = unpardoned.filter(|one| one.status == 429).count();
        match too_fast > 1 + received.len() / 20 {
            true => Err(format!("{too_fast} of {} requests were too fast", received.len())),
            false => Ok(()),
        }
    }

    pub fn run(&mut self) -> Result<RunReport, String> {
        let spec = self.project()?;
        self.stage.world.pass(Duration::from_secs(60));
        let options = self.options();
        self.begun = true;
        let mut report = self.block_on(async |world, root| {
            engine::run(world, root, &spec, &options, &Silent, &StopSignal::default()).await
        })?;
        let mut asked = 0;
        while report.activations.iter().any(|one| one.waiting.rows > 0) {
            asked += 1;
            if asked > ASKED_MAX {
                return Err(format!("a job never ends:\n{}", self.told(&report)));
            }
            self.stage.world.pass(Duration::from_secs(1_800));
            let settled = self.settle(&spec, None)?;
            merge(&mut report, settled);
        }
        Ok(report)
    }

    /// Runs until all is done, `sent` being what is said of rows that nobody can ask after.
    pub fn recover(&mut self, sent: bool) -> Played {
        for _ in 0..4 {
            if self.rejected()?.iter().any(|row| row.state == "unclear") {
                let spec = self.project()?;
                self.settle(&spec, Some(sent))?;
            }
            let report = self.run()?;
            if report.status() == Status::Done {
                return self.compare();
            }
        }
        let report = self.run()?;
        Err(format!("it should have recovered:\n{}", self.told(&report)))
    }

    fn settle(&self, spec: &Spec, assume: Option<bool>) -> Result<RunReport, String> {
        let options = self.options();
        self.block_on(async |world, root| engine::settle(world, root, spec, &options, assume, &Silent).await)
    }

    /// What `sendoff rejected` shows of the case.
    pub fn rejected(&self) -> Result<Vec<RejectedRow>, String> {
        let spec = self.project()?;
        let options = self.options();
        let found = engine::rejected(&self.stage.world, self.folder.path(), &spec, &options, Some(THEM), 10_000);
        Ok(found.map_err(|trouble| said(&trouble))?.into_iter().flat_map(|(_, rows)| rows).collect())
    }

    fn options(&self) -> Options {
        Options {
            sandbox: Some(Sandboxed::InProcess),
            // What fires once a row has to be told that it may, at first.
            full: self.case.mode == Mode::Insert && !self.begun,
            only: self.alone.then(|| THEM.to_string()),
            accept: vec!["removed".into()],
            ..Options::default()
        }
    }

    fn block_on<T>(&self, work: impl AsyncFnOnce(&Simulated, &Path) -> Result<T, Trouble>) -> Result<T, String> {
        let world = &self.stage.world;
        let done = world.block_on(work(world, self.folder.path())).expect("no process ends here");
        done.map_err(|trouble| said(&trouble))
    }

    /// Writes the project as it is now.
    fn project(&self) -> Result<Arc<Spec>, String> {
        let mut activations = vec![(THEM, &self.case)];
        if let Some(creator) = &self.creator {
            activations.insert(0, (FIRST, creator));
        }
        let text = pipeline::written(&activations, &self.turns);
        let write = |name: &str, text: &str| fs::write(self.folder.path().join(name), text).expect("it can be written");
        write(pipeline::FILE, &people::lines(&self.people));
        write("people.sendoff", &text);
        self.checked(&text)
    }

    /// Checking takes longer than running, and the same text is checked in many scenarios.
    fn checked(&self, text: &str) -> Result<Arc<Spec>, String> {
        static KNOWN: OnceLock<Mutex<Specs>> = OnceLock::new();
        let known = KNOWN.get_or_init(Mutex::default);
        let key = (self.stage.wrong(), text.to_string());
        if let Some(spec) = known.lock().expect("not poisoned").get(&key) {
            return Ok(spec.clone());
        }
        let spec = Arc::new(self.check()?);
        known.lock().expect("not poisoned").insert(key, spec.clone());
        Ok(spec)
    }

    fn check(&self) -> Result<Spec, String> {
        define(&self.case, self.folder.path());
        let options = Options { sandbox: Some(Sandboxed::InProcess), ..Options::default() };
        let checked = engine::check(&self.stage.world, self.folder.path(), &options, false);
        let drawing = Drawing { color: false, width: 120 };
        let told = || report::problems::human(&checked.problems, &checked.sources, drawing);
        checked.spec.clone().ok_or_else(told)
    }

    /// Records that the largest batch on the way takes.
    pub fn largest_batch(&self) -> Result<usize, String> {
        if let Some(batch) = self.case.service.batch {
            return Ok(batch);
        }
        let spec = self.project()?;
        let service = &spec.activations.last().expect("there is one").service;
        let routes = service.routes(self.case.mode).unwrap_or_default();
        let steps = routes.iter().flat_map(|route| &route.steps).filter_map(|step| match &step.action {
            StepAction::Call(name) => service.calls.get(name),
            StepAction::Scan(_) => None,
        });
        Ok(steps.map(|call| call.batch.records as usize).max().unwrap_or(1))
    }

    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// From now on, until the vendor behaves again.
    pub fn misbehave(&mut self, fault: Fault) {
        self.pardoned.push(self.mark()..usize::MAX);
        let fault = self.fault(fault);
        self.stage.remote(|remote| remote.misbehave(fault));
    }

    pub fn secret_is_wrong(&mut self, wrong: bool) {
        self.stage.secret_is_wrong(wrong);
        let mark = self.mark();
        match wrong {
            true => self.pardoned.push(mark..usize::MAX),
            false => self.pardon_until(mark),
        }
    }

    fn pardon_until(&mut self, mark: usize) {
        self.pardoned.iter_mut().for_each(|range| range.end = range.end.min(mark));
    }

    pub fn fault(&self, fault: Fault) -> Fault {
        Fault { vendor: self.case.service.destination.clone(), ..fault }
    }

    pub fn behave(&mut self) {
        self.stage.remote(|remote| remote.behave());
        self.pardon_until(self.mark());
    }

    /// Makes people of the source known whose identifiers are not those of their number.
    pub fn introduce(&mut self, numbers: &[usize]) {
        if matches!(self.case.mode, Mode::Upsert | Mode::Mirror)
            || self.case.mode.creates() && self.case.service.event.is_none()
        {
            return;
        }
        let people: Vec<Person> = numbers.iter().map(|number| self.person(*number).clone()).collect();
        let met = people.iter().map(|person| introduced(&self.case, person)).collect();
        self.wanted.meet(&self.case, &people);
        self.before = self.stage.remote(|remote| {
            remote.meet(met);
            remote.holdings()
        });
    }
}

impl Drop for Play {
    /// Of a scenario that is looked into the folder stays.
    fn drop(&mut self) {
        if std::env::var_os("KEEP").is_some() {
            self.folder.disable_cleanup(true);
            eprintln!("{} {}: {}", self.case.service.name, self.case.mode.name(), self.folder.path().display());
        }
    }
}

/// In memory where there is such a place: ledgers are made durable many times.
pub fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder")
}

/// Puts the definition of a destination that is not built in into the project.
pub fn define(case: &Case, folder: &Path) {
    let Some(definition) = &case.service.definition else { return };
    let target = folder.join("destinations").join(&case.service.destination);
    fs::create_dir_all(&target).expect("a folder");
    let from = super::service::folder().join(definition);
    for entry in fs::read_dir(&from).unwrap_or_else(|error| panic!("{}: {error}", from.display())).flatten() {
        fs::copy(entry.path(), target.join(entry.file_name())).expect("copied");
    }
}

pub fn remote(case: &Case) -> Box<dyn Remote> {
    let name = &case.service.destination;
    match &case.service.vendor {
        Some(file) => Box::new(Answerer::new(name, file)),
        None => Box::new(OfSandbox::new(name)),
    }
}

pub fn introduced(case: &Case, person: &Person) -> Map<String, Value> {
    let part = |(name, column, value): (String, Option<String>, Value)| match column {
        Some(column) => (name, person.json(&column)),
        None => (name, value),
    };
    case.people().into_iter().map(part).collect()
}

pub fn said(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Problems(problems) => {
            let lines = problems.0.iter().map(|problem| format!("{}: {}", problem.code, problem.message));
            lines.collect::<Vec<_>>().join("\n")
        }
        Trouble::Failure(failure) => format!("{}: {} ({})", failure.code, failure.message, failure.help),
    }
}

/// What came of jobs belongs to the run that began them.
fn merge(report: &mut RunReport, settled: RunReport) {
    for done in settled.activations {
        let Some(one) = report.activations.iter_mut().find(|one| one.activation == done.activation) else { continue };
        one.status = one.status.max(done.status);
        one.stopped = one.stopped.take().or(done.stopped);
        one.waiting = done.waiting;
        one.sent.pending = done.waiting.rows;
        one.sent.accepted += done.settlement.accepted;
        one.sent.absent += done.settlement.absent;
        one.sent.rejected += done.settlement.rejected;
        one.sent.failed += done.settlement.failed;
    }
}
