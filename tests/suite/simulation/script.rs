//! What one seed tells: which service, how the source changes from run to run, and what every run meets.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use sendoff::world::sim::{Trouble, Weather};

/// People of the source have numbers below this.
const PEOPLE: usize = 12;

/// Requests of a run that may meet trouble.
const REQUESTS: u64 = 24;

/// Points of a run at which it may end.
const POINTS: u64 = 40;

#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    pub seed: u64,
    /// A number to choose the service by.
    pub service: usize,
    pub rounds: Vec<Round>,
}

/// The source changes, then one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Round {
    /// They are in the source from now on.
    pub join: BTreeSet<usize>,
    /// They are not any more.
    pub leave: BTreeSet<usize>,
    /// Their values change.
    pub age: BTreeSet<usize>,
    pub weather: Weather,
    /// Seconds before it.
    pub pause: u64,
    /// `settle` in place of `run`.
    pub settles: bool,
}

impl Script {
    pub fn of(seed: u64) -> Script {
        let mut random = StdRng::seed_from_u64(seed);
        let rounds = random.random_range(1..=3);
        let rounds = (0..rounds).map(|at| Round::drawn(&mut random, at == 0)).collect();
        Script { seed, service: random.random_range(0..1_000_000), rounds }
    }

    /// Scripts that tell a little less, the boldest cuts first.
    pub fn less(&self) -> Vec<Script> {
        let rounds = 0..self.rounds.len();
        let without = rounds.clone().filter(|_| self.rounds.len() > 1).map(|at| {
            let mut script = self.clone();
            let round = script.rounds.remove(at);
            // Who joined then joins in the round that takes its place.
            if let Some(next) = script.rounds.get_mut(at) {
                next.join.extend(&round.join);
            }
            script
        });
        let calmer = rounds.flat_map(|at| {
            self.rounds[at].less().into_iter().map(move |round| {
                let mut script = self.clone();
                script.rounds[at] = round;
                script
            })
        });
        without.chain(calmer).collect()
    }
}

impl Round {
    fn drawn(random: &mut StdRng, first: bool) -> Round {
        let some = |random: &mut StdRng, share: f64| -> BTreeSet<usize> {
            (0..PEOPLE).filter(|_| random.random_bool(share)).collect()
        };
        let join = some(random, if first { 0.6 } else { 0.15 });
        Round {
            join,
            leave: if first { BTreeSet::new() } else { some(random, 0.1) },
            age: if first { BTreeSet::new() } else { some(random, 0.3) },
            weather: weather(random),
            pause: *[60, 3_600, 86_400].choose(random).expect("not empty"),
            settles: !first && random.random_bool(0.15),
        }
    }

    fn less(&self) -> Vec<Round> {
        let mut less = Vec::new();
        let mut push = |change: &dyn Fn(&mut Round)| {
            let mut round = self.clone();
            change(&mut round);
            if round != *self {
                less.push(round);
            }
        };
        push(&|round| round.weather.crash = None);
        push(&|round| round.weather.troubles.clear());
        push(&|round| round.weather.jumps.clear());
        push(&|round| round.weather.threads = 1);
        push(&|round| round.leave.clear());
        push(&|round| round.age.clear());
        for number in self.weather.troubles.keys() {
            push(&|round| round.weather.troubles.retain(|known, _| known != number));
        }
        for person in 0..PEOPLE {
            push(&|round| round.join.retain(|known| *known != person));
            push(&|round| round.leave.retain(|known| *known != person));
            push(&|round| round.age.retain(|known| *known != person));
        }
        less
    }
}

fn weather(random: &mut StdRng) -> Weather {
    let share = *[0.0, 0.1, 0.3, 0.7].choose(random).expect("not empty");
    let troubles = (0..REQUESTS).filter(|_| random.random_bool(share)).collect::<Vec<_>>();
    let troubles = troubles.into_iter().map(|number| (number, trouble(random))).collect();
    let crash = random.random_bool(0.4).then(|| random.random_range(0..POINTS));
    let jumps = match random.random_bool(0.1) {
        true => BTreeMap::from([(random.random_range(0..8), random.random_range(-7_200..7_200))]),
        false => BTreeMap::new(),
    };
    let seed: u64 = random.random();
    Weather { seed, troubles, crash, jumps, threads: 1 + (seed % 2) as usize }
}

fn trouble(random: &mut StdRng) -> Trouble {
    let retry_after = random.random_bool(0.5).then(|| random.random_range(0..30));
    let status = |status| Trouble::Status { status, retry_after };
    match random.random_range(0..100) {
        0..18 => status(429),
        18..30 => status(500),
        30..40 => status(503),
        40..42 => status(401),
        42..44 => status(400),
        44..52 => Trouble::Unreached,
        52..60 => Trouble::TimedOut,
        60..76 => Trouble::AnswerLost,
        76..83 => Trouble::Truncated,
        83..88 => Trouble::NotJson,
        88..91 => Trouble::Page,
        91..93 => Trouble::Asleep(random.random_range(60..8_000)),
        93..95 => Trouble::JobStalls,
        _ => Trouble::JobFails,
    }
}
