//! A script, played: runs in bad weather that end anywhere, then calm ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sendoff::engine::{self, Options, Sandboxed, StopSignal};
use sendoff::ir::mode::Mode;
use sendoff::ir::run::RunReport;
use sendoff::ir::spec::Spec;
use sendoff::sandbox::Holdings;
use sendoff::world::sim::{Trouble, Weather};
use tempfile::TempDir;

use super::script::{Round, Script};
use crate::people::{self, Person};
use crate::pipeline::{self, Turns};
use crate::play::{self, Played, Silent, introduced, said};
use crate::service::Case;
use crate::stage::Stage;

/// Calm runs until all is quiet: one, and with jobs one more for each time that one was waited for.
const CALM_RUNS_WITH_JOBS: usize = 6;

const DAY_S: u64 = 86_400;

/// Longer than anyone waits for a job.
const AGES_S: u64 = 15 * DAY_S;

/// Longest way of a request, or of its answer, in milliseconds.
const LATENCY_MS: u64 = 150;

/// Few records to a request, so that few people make many requests.
const BATCH: u32 = 3;

/// One seed in so many has all fields mapped.
const WIDE: u64 = 5;

/// Everybody who may ever be in the source.
pub const PEOPLE: std::ops::Range<usize> = 0..100;

pub struct Storm {
    pub case: Case,
    pub turns: Turns,
    pub stage: Stage,
    folder: TempDir,
    /// In the source, by number, with how often their values have changed.
    pub source: BTreeMap<usize, usize>,
    /// How often the values of anyone who ever was in the source have changed.
    pub ages: BTreeMap<usize, usize>,
    /// The newest values that the vendor was seen to hold, by number and field.
    pub seen: BTreeMap<(usize, String), usize>,
    pub before: Holdings,
    /// The next run is told that it may fire for all that is there.
    fires: bool,
    /// A full run that was cut short is not to fire again: the next one goes without.
    told_again: bool,
    /// The clock was wrong for a while, or a request late: a signature with the time in it may have been refused.
    pub untimely: bool,
}

/// Plays a script and holds it to what is promised.
pub fn play(script: &Script, cases: &[Case]) -> Played {
    let mut storm = Storm::open(script, &cases[script.service % cases.len()]);
    for round in &script.rounds {
        storm.change(round);
        let ended = storm.run(&round.weather, round.settles, round.pause)?;
        storm.always()?;
        if ended.is_none() {
            storm.restore();
        }
    }
    storm.calm()
}

impl Storm {
    fn open(script: &Script, case: &Case) -> Storm {
        let folder = play::folder();
        let (state, remains) = (folder.path().join("state"), folder.path().join("remains"));
        let stage = Stage::new(play::remote(case), LATENCY_MS).leaving(move || copy(&state, &remains));
        let creates = matches!(case.mode, Mode::Upsert | Mode::Mirror | Mode::Insert) && case.service.event.is_none();
        if !creates {
            let met = people::people(PEOPLE).iter().map(|person| introduced(case, person)).collect();
            stage.remote(|remote| remote.meet(met));
        }
        play::define(case, folder.path());
        let before = stage.remote(|remote| remote.holdings());
        let (source, ages, seen) = Default::default();
        let fires = case.mode == Mode::Insert;
        // Most of what can go wrong does not ask how many fields there are, and many take long.
        let turns = Turns { empties: true, narrow: !script.seed.is_multiple_of(WIDE), ..Turns::default() };
        Storm {
            case: case.clone(),
            turns,
            stage,
            folder,
            source,
            ages,
            seen,
            before,
            fires,
            told_again: false,
            untimely: false,
        }
    }

    pub fn change(&mut self, round: &Round) {
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

    pub fn people(&self) -> Vec<Person> {
        self.source.iter().map(|(number, age)| Person::aged(*number, *age)).collect()
    }

    /// Checking takes longer than running, and every seed of a service has the same project.
    pub fn spec(&self) -> Result<Arc<Spec>, String> {
        static KNOWN: Mutex<BTreeMap<String, Arc<Spec>>> = Mutex::new(BTreeMap::new());
        let text = pipeline::written(&[("them", &self.case)], &self.turns);
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
        let checked = engine::check(&self.stage.world, self.folder.path(), &self.options(false), false);
        let mut spec = checked.spec.ok_or_else(|| format!("the project is not right: {:?}", checked.problems))?;
        for activation in &mut spec.activations {
            let calls = Arc::make_mut(&mut activation.service).calls.values_mut();
            calls.for_each(|call| call.batch.records = call.batch.records.min(BATCH));
        }
        Ok(spec)
    }

    fn options(&self, full: bool) -> Options {
        Options {
            sandbox: Some(Sandboxed::InProcess),
            full,
            accept: vec!["removed".into(), "changed".into()],
            ..Options::default()
        }
    }

    /// `None` when the process ended before the run did.
    pub fn run(&mut self, weather: &Weather, settles: bool, pause: u64) -> Result<Option<RunReport>, String> {
        self.stage.world.pass(Duration::from_secs(pause));
        let spec = self.spec()?;
        self.stage.begin(weather.clone());
        let late = |trouble: &Trouble| matches!(trouble, Trouble::Asleep(_));
        self.untimely |= !weather.jumps.is_empty() || weather.troubles.values().any(late);
        let options = self.options(self.fires && !settles);
        let (world, root, stop) = (&self.stage.world, self.folder.path(), StopSignal::default());
        let ended = world.block_on(async {
            match settles {
                true => engine::settle(world, root, &spec, &options, None, &Silent).await,
                false => engine::run(world, root, &spec, &options, &Silent, &stop).await,
            }
        });
        let report = match ended {
            None => return Ok(None),
            Some(Ok(report)) => report,
            // A destination that is not there: nothing was done, and nothing is lost.
            Some(Err(engine::Trouble::Failure(_))) => RunReport::default(),
            Some(Err(trouble)) => return Err(said(&trouble)),
        };
        // Where a first run left nothing behind, the next one is the first; where it left something, the next one does as it is told.
        let stopped = |code: &str| {
            let mut all = report.activations.iter().filter_map(|one| one.stopped.as_ref());
            all.any(|stopped| stopped.code == code)
        };
        self.fires = stopped("run::first_trigger");
        self.told_again = stopped("run::again");
        Ok(Some(report))
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
        self.stage.world.set_right();
        let told = self.converge()?;
        let hold = |held: Played| held.map_err(|differs| format!("{differs}\nthe last calm run: {told}"));
        hold(self.desired())?;
        let mark = self.stage.remote(|remote| remote.count());
        self.run(&Weather::default(), false, DAY_S)?;
        hold(self.silent_since(mark))?;
        hold(self.desired())?;
        self.always()?;
        self.well_behaved()
    }

    fn converge(&mut self) -> Result<String, String> {
        for turn in 1.. {
            let report = self.run(&Weather::default(), false, DAY_S)?.ok_or("a calm run ended early")?;
            let told = format!("{report:?}");
            let Some(one) = report.activations.first() else { return Err(format!("a calm run did nothing: {told}")) };
            let waits = one.waiting.rows > 0;
            let again = self.case.service.jobs && (waits || one.sent.offered > 0) && turn < CALM_RUNS_WITH_JOBS;
            if !again && !self.fires && !self.told_again {
                return Ok(told);
            }
            if waits {
                self.stage.world.pass(Duration::from_secs(AGES_S));
            }
        }
        unreachable!("it turns for ever")
    }

    /// Keys of rows whose outcome nobody knows, and that wait for a person to say it.
    pub fn unclear(&self) -> Result<Vec<String>, String> {
        let (spec, options) = (self.spec()?, self.options(false));
        let found = engine::rejected(&self.stage.world, self.folder.path(), &spec, &options, None, 10_000);
        let rows = found.map_err(|trouble| said(&trouble))?.into_iter().flat_map(|(_, rows)| rows);
        Ok(rows.filter(|row| row.state == "unclear").map(|row| row.key).collect())
    }
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
