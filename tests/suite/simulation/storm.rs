//! A script, played: runs in bad weather that end anywhere, then calm ones, and what has to hold after them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sendoff::engine::{self, Options, Sandboxed, StopSignal, Trouble};
use sendoff::ir::mode::Mode;
use sendoff::ir::run::RunReport;
use sendoff::ir::spec::Spec;
use sendoff::sandbox::{Holdings, Rates, Sandbox};
use sendoff::world::sim::{Simulated, Weather};
use tempfile::TempDir;

use super::script::{Round, Script};
use crate::compare::{differences, shows};
use crate::people::{self, Person};
use crate::pipeline::{self, Turns};
use crate::play::{Played, Silent, introduced, said};
use crate::service::{Case, Word};
use crate::wanted::{Memory, Wanted, identifier};

const START: &str = "2026-01-31T09:00:00Z";

/// Calm runs until all is quiet: one, and with jobs one more for what was asked for while a job went on.
const CALM_RUNS: usize = 1;
const CALM_RUNS_WITH_JOBS: usize = 4;

/// Few records to a request, so that few people make many requests.
const BATCH: u32 = 3;

struct Storm {
    case: Case,
    world: Simulated,
    sandbox: Arc<Mutex<Sandbox>>,
    folder: TempDir,
    /// In the source, by number, with how often their values have changed.
    source: BTreeMap<usize, usize>,
    /// How often the values of anyone who ever was in the source have changed.
    ages: BTreeMap<usize, usize>,
    /// The newest values that the vendor was seen to hold, by number and field.
    seen: BTreeMap<(usize, String), usize>,
    before: Holdings,
}

/// Plays a script and holds it to what is promised.
pub fn play(script: &Script, cases: &[Case]) -> Played {
    let mut storm = Storm::open(&cases[script.service % cases.len()]);
    for round in &script.rounds {
        storm.change(round);
        let ended = storm.run(&round.weather, round.settles, round.pause)?;
        let crashed = ended.is_none();
        storm.nothing_older()?;
        storm.nobody_created()?;
        if crashed {
            storm.restore();
        }
    }
    storm.calm()
}

impl Storm {
    fn open(case: &Case) -> Storm {
        let folder = tempfile::tempdir().expect("a folder");
        let sandbox = Arc::new(Mutex::new(Sandbox::new(Rates::AsDocumented)));
        if !matches!(case.mode, Mode::Upsert | Mode::Mirror) {
            let people: Vec<Person> = people::people(0..100);
            let met = people.iter().map(|person| introduced(case, person)).collect();
            sandbox.lock().expect("not poisoned").meet(&case.service.destination, met);
        }
        let (state, remains) = (folder.path().join("state"), folder.path().join("remains"));
        let environment = [("SECRET", "0123456789abcdef"), ("SENDOFF_THREADS", "1")];
        let world = Simulated::new(
            START.parse().expect("a time"),
            environment.map(|(name, value)| (name.to_string(), value.to_string())).into(),
            sandbox.clone(),
            move || copy(&state, &remains),
        );
        let before = held(&sandbox, case);
        let (source, ages, seen) = Default::default();
        Storm { case: case.clone(), world, sandbox, folder, source, ages, seen, before }
    }

    fn change(&mut self, round: &Round) {
        for number in &round.age {
            if let Some(age) = self.ages.get_mut(number) {
                *age += 1;
            }
        }
        self.source.retain(|number, _| !round.leave.contains(number));
        for number in &round.join {
            self.source.insert(*number, *self.ages.entry(*number).or_insert(0));
        }
        for (number, age) in &mut self.source {
            *age = self.ages[number];
        }
    }

    fn people(&self) -> Vec<Person> {
        self.source.iter().map(|(number, age)| Person::aged(*number, *age)).collect()
    }

    /// Checking takes longer than running, and every seed of a service has the same project.
    fn spec(&self) -> Result<Arc<Spec>, String> {
        static KNOWN: Mutex<BTreeMap<String, Arc<Spec>>> = Mutex::new(BTreeMap::new());
        let text = pipeline::written(&[("them", &self.case)], &Turns::default());
        let write = |name: &str, text: &str| fs::write(self.folder.path().join(name), text).expect("it can be written");
        write(pipeline::FILE, &people::lines(&self.people()));
        write("people.sendoff", &text);
        if let Some(spec) = KNOWN.lock().expect("not poisoned").get(&text) {
            return Ok(spec.clone());
        }
        let spec = Arc::new(self.check()?);
        KNOWN.lock().expect("not poisoned").insert(text, spec.clone());
        Ok(spec)
    }

    fn check(&self) -> Result<Spec, String> {
        let options = Options { sandbox: Some(Sandboxed::InProcess), ..Options::default() };
        let checked = engine::check(&self.world, self.folder.path(), &options, false);
        let mut spec = checked.spec.ok_or_else(|| format!("the project is not right: {:?}", checked.problems))?;
        for activation in &mut spec.activations {
            let calls = Arc::make_mut(&mut activation.service).calls.values_mut();
            calls.for_each(|call| call.batch.records = call.batch.records.min(BATCH));
        }
        Ok(spec)
    }

    /// `None` when the process ended before the run did.
    fn run(&mut self, weather: &Weather, settles: bool, pause: u64) -> Result<Option<RunReport>, String> {
        self.world.pass(Duration::from_secs(pause));
        let spec = self.spec()?;
        self.world.begin(weather.clone());
        let options = Options {
            sandbox: Some(Sandboxed::InProcess),
            full: self.case.mode == Mode::Insert && !self.folder.path().join("state").exists(),
            accept: vec!["removed".into(), "changed".into()],
            ..Options::default()
        };
        let (world, root, stop) = (&self.world, self.folder.path(), StopSignal::default());
        let ended = self.world.block_on(async {
            match settles {
                true => engine::settle(world, root, &spec, &options, None, &Silent).await,
                false => engine::run(world, root, &spec, &options, &Silent, &stop).await,
            }
        });
        match ended {
            None => Ok(None),
            Some(Ok(report)) => Ok(Some(report)),
            // An empty model, or a destination that is not there: nothing was done, and nothing is lost.
            Some(Err(Trouble::Failure(_))) => Ok(Some(RunReport::default())),
            Some(Err(trouble)) => Err(said(&trouble)),
        }
    }

    /// What was on the disk when the process ended takes the place of what it went on to write.
    fn restore(&self) {
        let (state, remains) = (self.folder.path().join("state"), self.folder.path().join("remains"));
        remove(&state);
        copy(&remains, &state);
        remove(&remains);
    }

    /// Faults have ended: the desired state is reached within the runs that are promised, and then nothing is sent.
    fn calm(&mut self) -> Played {
        let most = if self.case.service.jobs { CALM_RUNS_WITH_JOBS } else { CALM_RUNS };
        let mut told = String::new();
        for _ in 0..most {
            let report = self.run(&Weather::default(), false, 86_400)?.ok_or("a calm run ended early")?;
            told = format!("{report:?}");
            let sent = report.activations.first().map(|one| one.sent.clone()).unwrap_or_default();
            if sent.pending == 0 && self.case.service.jobs && sent.offered == 0 {
                break;
            }
        }
        self.desired().map_err(|differs| format!("{differs}\nthe last calm run: {told}"))?;
        let mark = self.received();
        self.run(&Weather::default(), false, 86_400)?;
        self.silent_since(mark)?;
        self.desired()
    }

    /// Of people who left nobody can say what the vendor should hold: they may have left before they were delivered.
    fn desired(&self) -> Played {
        let mut wanted = Wanted::default();
        let column = self.case.identify()[0].written.column.clone();
        if !matches!(self.case.mode, Mode::Upsert | Mode::Mirror) {
            wanted.meet(&self.case, &people::people(0..100));
        }
        wanted.run(&self.case, &Turns::default(), &mut Memory::default(), &self.people(), &[]);
        let mut held = held(&self.sandbox, &self.case);
        if !self.case.mode.is_set() {
            let gone = self.ages.keys().filter(|number| !self.source.contains_key(number));
            let gone: Vec<_> = gone.filter_map(|number| identifier(&Person::new(*number), &column)).collect();
            wanted.contacts.retain(|id, _| !gone.contains(id));
            let name = &self.case.identify()[0].target;
            held.contacts.retain(|contact| contact.identifiers.get(name).is_none_or(|id| !gone.contains(id)));
        }
        differences(&self.case, &wanted, &held, &self.before)
    }

    fn received(&self) -> usize {
        locked(&self.sandbox).received().count()
    }

    fn silent_since(&self, mark: usize) -> Played {
        let sandbox = locked(&self.sandbox);
        let reads = |path: &str| self.case.service.reads.iter().any(|part| path.contains(part.as_str()));
        let writes = sandbox.received().skip(mark).find(|one| one.method != "GET" && !reads(&one.path));
        match writes {
            None => Ok(()),
            Some(one) => {
                Err(format!("nothing should be sent any more, but: {} {} {:?}", one.method, one.path, one.body))
            }
        }
    }

    /// No field goes back to a value that it had before.
    fn nothing_older(&mut self) -> Played {
        let column = self.case.identify()[0].written.column.clone();
        let name = self.case.identify()[0].target.clone();
        let held = held(&self.sandbox, &self.case);
        for (number, newest) in self.ages.clone() {
            let id = identifier(&Person::new(number), &column);
            let Some(contact) = held.contacts.iter().find(|contact| contact.identifiers.get(&name) == id.as_ref())
            else {
                continue;
            };
            for field in self.case.fields() {
                let fits = |age: &usize| {
                    let person = Person::aged(number, *age);
                    let wanted = crate::wanted::shown(&person, &field);
                    wanted.is_some_and(|wanted| {
                        contact.fields.get(&field.name()).is_some_and(|held| shows(&wanted, held))
                    })
                };
                // Values of some columns come round again.
                let ever = ["visits", "zip", "last_name"].contains(&field.written.column.as_str());
                let Some(age) = (0..=newest).rev().find(fits).filter(|_| ever) else { continue };
                let seen = self.seen.entry((number, field.name())).or_insert(0);
                if age < *seen {
                    return Err(format!("{id:?} {}: an older value over a newer one", field.name()));
                }
                *seen = age;
            }
        }
        Ok(())
    }

    fn nobody_created(&self) -> Played {
        if !matches!(self.case.mode, Mode::Update | Mode::Membership) {
            return Ok(());
        }
        let count = |holdings: &Holdings| holdings.contacts.iter().filter(|contact| !contact.unsubscribed).count();
        match count(&held(&self.sandbox, &self.case)) == count(&self.before) {
            true => Ok(()),
            false => Err("somebody was created, or is gone".into()),
        }
    }
}

/// What everyone who may be simulated is asked: nothing that must not be repeated, whose rows wait for a person.
pub fn fits(case: &Case) -> bool {
    let ours = case.service.vendor.is_none();
    ours && case.mode != Mode::Insert && case.can(Word::Repeat) && case.can(Word::Remove)
}

fn locked(sandbox: &Arc<Mutex<Sandbox>>) -> std::sync::MutexGuard<'_, Sandbox> {
    sandbox.lock().unwrap_or_else(PoisonError::into_inner)
}

fn held(sandbox: &Arc<Mutex<Sandbox>>, case: &Case) -> Holdings {
    locked(sandbox).holdings(&case.service.destination).unwrap_or_default()
}

fn copy(from: &Path, to: &Path) {
    remove(to);
    let Ok(entries) = fs::read_dir(from) else { return };
    fs::create_dir_all(to).expect("a folder");
    for entry in entries.flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match from.is_dir() {
            true => copy(&from, &to),
            false => drop(fs::copy(from, to).expect("copied")),
        }
    }
}

fn remove(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
}
