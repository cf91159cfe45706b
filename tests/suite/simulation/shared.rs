//! Two activations on one credential, each by several lanes: the vendor counts their requests together, and so must we.

use std::fs;

use sendoff::engine::{self, Options, Sandboxed, StopSignal};
use sendoff::ir::mode::Mode;
use sendoff::ir::run::Status;
use sendoff::world::sim::Weather;

use crate::people;
use crate::pipeline::{self, Turns};
use crate::play::{self, Played, Silent, said};
use crate::service::Case;
use crate::stage::Stage;

/// It counts records, and lets a thousand pass at once: what a second limiter would allow once more.
const SERVICE: &str = "batch_profiles";
const PEOPLE: usize = 1_000;

pub fn case(cases: &[Case]) -> Option<Case> {
    cases.iter().find(|case| case.service.name == SERVICE && case.mode == Mode::Upsert).cloned()
}

/// Seen in the vendor's own record of arrivals: none was refused as too fast.
pub fn one_limit(case: &Case) -> Played {
    let folder = play::folder();
    let stage = Stage::new(play::remote(case), 0);
    let people = people::people(0..PEOPLE);
    let text = pipeline::written(&[("them", case), ("again", case)], &Turns::default());
    fs::write(folder.path().join(pipeline::FILE), people::lines(&people)).expect("it can be written");
    fs::write(folder.path().join("people.sendoff"), text).expect("it can be written");
    let options = Options { sandbox: Some(Sandboxed::InProcess), ..Options::default() };
    stage.begin(Weather { threads: 2, ..Weather::default() });
    let world = &stage.world;
    let checked = engine::check(world, folder.path(), &options, false);
    let spec = checked.spec.ok_or_else(|| format!("the project is not right: {:?}", checked.problems))?;
    let stop = StopSignal::default();
    let work = engine::run(world, folder.path(), &spec, &options, &Silent, &stop);
    let report = world.block_on(work).expect("no process ends here").map_err(|trouble| said(&trouble))?;
    let received = stage.remote(|remote| remote.received(0));
    let too_fast = received.iter().filter(|one| one.status == 429).count();
    match (report.status(), too_fast) {
        (Status::Done, 0) => Ok(()),
        (status, _) => Err(format!("it ended {status:?}; {too_fast} of {} requests were too fast", received.len())),
    }
}
