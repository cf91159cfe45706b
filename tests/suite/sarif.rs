//! What `check --format sarif` prints is valid by SARIF's own schema.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::shop::{Shop, execute};

fn schema() -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/sarif");
    let said = Command::new(script).output().expect("the script runs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let path = String::from_utf8(said.stdout).expect("it is a path");
    let text = fs::read_to_string(path.trim()).expect("the schema is there");
    let mut schema: Value = serde_json::from_str(&text).expect("it is JSON");
    // It has a bracket that only JavaScript takes for a letter.
    for place in ["run", "toolComponent"] {
        let language = schema["definitions"][place]["properties"]["language"].as_object_mut();
        language.expect("it has a language").remove("pattern");
    }
    schema
}

fn said(folder: &Path) -> Value {
    let output = execute("sendoff check --env staging --format sarif", folder);
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

#[test]
fn sarif_is_valid_with_problems_and_without() {
    let validator = jsonschema::options().build(&schema()).expect("it is a schema");
    let folder = Shop::filled().copied();
    let path = folder.path().join("customers.sendoff");
    let sound = fs::read_to_string(&path).unwrap();
    let wrong = sound.replace("-> email\n", "-> emial\n").replace("is_vip and", "now() >") + "model stores { key }\n";
    for (text, results) in [(&sound, 0), (&wrong, 2)] {
        fs::write(&path, text).unwrap();
        let said = said(folder.path());
        let wrong: Vec<String> = validator.iter_errors(&said).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let run = &said["runs"][0];
        assert!(run["results"].as_array().is_some_and(|found| found.len() >= results), "{said:#}");
        for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
            assert!(rule["help"]["markdown"].is_string(), "{rule:#}");
        }
    }
}
