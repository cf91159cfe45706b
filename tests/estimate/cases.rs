//! Cases of `tests/estimate/cases.yaml`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::scene::{Scene, Vendor};
use crate::vendors;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// Parts of a hundred that the vendor knows beforehand.
    #[serde(default)]
    known: u64,
    rows: Option<u64>,
    #[serde(default = "once")]
    rounds: u64,
    destination: String,
    activations: Vec<String>,
}

fn once() -> u64 {
    1
}

pub fn all() -> Vec<Scene> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/estimate/cases.yaml");
    let text = fs::read_to_string(path).expect("the cases can be read");
    let cases: Vec<Case> = serde_yaml::from_str(&text).expect("cases");
    cases.into_iter().map(scene).collect()
}

fn scene(case: Case) -> Scene {
    let activations = case.activations.iter().enumerate();
    let activations = activations.map(|(at, text)| format!("activation people_{at} {{\nfrom people\n{text}}}\n"));
    let pipeline = format!(
        "project {{ ledger = \"state\" }}\ndestination it = {}\n\
         model people {{\n  from file \"people.csv\"\n  key id\n}}\n{}",
        case.destination,
        activations.collect::<String>()
    );
    let relay = case.destination.starts_with("relay");
    Scene {
        name: case.name.replace(' ', "_"),
        pipeline,
        file: "people.csv",
        people: Box::new(people),
        vendor: Vendor::MadeUp(Box::new(move |rows| match relay {
            true => vendors::relay(),
            false => vendors::parcel(rows * case.known / 100),
        })),
        rows: case.rows,
        rounds: case.rounds,
        fires: false,
    }
}

fn people(rows: u64, round: u64) -> String {
    let mut text = String::from("id,email,name,city,points,member\n");
    let cities = ["Oslo", "Bergen", "Turku", "Malmö"];
    for at in 0..rows {
        let city = cities[(at + round) as usize % cities.len()];
        let _ = writeln!(text, "{at},p{at}@x.test,Person {at},{city},{},{}", at % 1000, at % 2 == 0);
    }
    text
}
