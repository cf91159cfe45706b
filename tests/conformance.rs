//! Every service of every destination goes through the same scenarios: `tests/conformance/README.md`.

#[path = "suite/conformance/answerer.rs"]
mod answerer;
#[path = "suite/conformance/compare.rs"]
mod compare;
#[path = "suite/conformance/people.rs"]
mod people;
#[path = "suite/conformance/pipeline.rs"]
mod pipeline;
#[path = "suite/conformance/play.rs"]
mod play;
#[path = "suite/conformance/remote.rs"]
mod remote;
#[path = "suite/conformance/scenarios.rs"]
mod scenarios;
#[path = "suite/conformance/service.rs"]
mod service;
#[path = "suite/simulation/mod.rs"]
mod simulation;
#[path = "suite/conformance/stage.rs"]
mod stage;
#[path = "suite/conformance/wanted.rs"]
mod wanted;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let cases = service::cases();
    let trials = cases.iter().flat_map(|case| {
        let fitting = scenarios::ALL.iter().filter(|scenario| scenario.fits(case));
        fitting.map(|scenario| {
            let name = format!("{}::{}::{}", case.service.name, case.mode.name(), scenario.name);
            let (case, play) = (case.clone(), scenario.play);
            Trial::test(name, move || play(&case).map_err(Into::into))
        })
    });
    let trials = trials.chain(simulation::seeds::trials(&cases)).collect();
    libtest_mimic::run(&arguments, trials).exit();
}
