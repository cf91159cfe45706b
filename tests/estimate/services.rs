//! Every service of the conformance suite, in each of its modes: a first load, then a run in which rows change, come and go.

use sendoff::ir::mode::Mode;
use serde_json::{Map, Value as Json};

use crate::people::{self, Person};
use crate::pipeline::{self, Turns};
use crate::scene::{Scene, Vendor};
use crate::service::{self, Case};

pub fn all() -> Vec<Scene> {
    // A vendor of its own answers by data of its own.
    let built_in = service::cases().into_iter().filter(|case| case.service.definition.is_none());
    built_in.map(scene).collect()
}

fn scene(case: Case) -> Scene {
    Scene {
        name: format!("{}::{}", case.service.name, case.mode.name()),
        pipeline: pipeline::written(&[("them", &case)], &Turns::default()),
        file: pipeline::FILE,
        people: Box::new(|rows, round| people::lines(&present(rows as usize, round as usize))),
        rows: None,
        rounds: 2,
        fires: case.mode == Mode::Insert,
        vendor: Vendor::Sandbox {
            kind: case.service.destination.clone(),
            known: Box::new(move |rows| known(&case, rows as usize)),
        },
    }
}

/// The first half of those who were there is gone in the next round, and half as many are new.
fn present(rows: usize, round: usize) -> Vec<Person> {
    let gone = rows / 2 * (round - 1);
    (1 + gone..=rows + gone).map(|number| Person::aged(number, round)).collect()
}

/// Every other one, whom most modes treat otherwise than strangers; those who only something happens to are all there.
fn known(case: &Case, rows: usize) -> Vec<Map<String, Json>> {
    let all = case.mode == Mode::Insert;
    let numbers = (1..=2 * rows).filter(|number| all || number % 2 == 0);
    numbers.map(|number| introduced(case, &Person::new(number))).collect()
}

fn introduced(case: &Case, person: &Person) -> Map<String, Json> {
    let part = |(name, column, value): (String, Option<String>, Json)| match column {
        Some(column) => (name, person.json(&column)),
        None => (name, value),
    };
    case.people().into_iter().map(part).collect()
}
