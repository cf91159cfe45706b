//! Seeds in groups, one trial each: `SEEDS=1000` plays so many, `SEED=17` that one, `SERVICES=emarsys` with services of such names.

use libtest_mimic::Trial;

use super::script::Script;
use super::{shared, storm};
use crate::play::Played;
use crate::service::Case;

/// Played where nobody asks for more.
const SEEDS: u64 = 200;

/// Seeds of one trial.
const GROUP: u64 = 10;

/// Scripts tried to make a failing one smaller; `TRIES` says it otherwise.
const TRIES: u64 = 300;

pub fn trials(cases: &[Case]) -> Vec<Trial> {
    let services = std::env::var("SERVICES").unwrap_or_default();
    let played = |case: &&Case| case.service.name.contains(&services);
    let cases: Vec<Case> = cases.iter().filter(played).cloned().collect();
    if cases.is_empty() {
        return Vec::new();
    }
    let (from, to) = match asked("SEED") {
        Some(seed) => (seed, seed + 1),
        None => (0, asked("SEEDS").unwrap_or(SEEDS)),
    };
    let groups = (from..to).step_by(GROUP as usize);
    let shared = shared::case(&cases).map(|case| {
        Trial::test("simulation::two_on_one_credential", move || shared::one_limit(&case).map_err(Into::into))
    });
    shared
        .into_iter()
        .chain(groups.map(|first| {
            let (cases, last) = (cases.clone(), (first + GROUP).min(to));
            Trial::test(format!("simulation::seeds_{first:05}"), move || {
                (first..last).try_for_each(|seed| hold(seed, &cases)).map_err(Into::into)
            })
        }))
        .collect()
}

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn hold(seed: u64, cases: &[Case]) -> Played {
    let script = Script::of(seed);
    let Err(why) = storm::play(&script, cases) else { return Ok(()) };
    let (script, why) = smaller(script, why, cases);
    let case = &cases[script.service % cases.len()];
    Err(format!(
        "seed {seed} ({} {}): {why}\nthe smallest script that shows it: {script:#?}\nSEED={seed} cargo test --test conformance plays it",
        case.service.name,
        case.mode.name()
    ))
}

/// The script with all that the failure does not need taken out.
fn smaller(mut script: Script, mut why: String, cases: &[Case]) -> (Script, String) {
    let mut tries = 0;
    'again: loop {
        for less in script.less() {
            tries += 1;
            if tries > asked("TRIES").unwrap_or(TRIES) {
                return (script, why);
            }
            if let Err(still) = storm::play(&less, cases) {
                (script, why) = (less, still);
                continue 'again;
            }
        }
        return (script, why);
    }
}
