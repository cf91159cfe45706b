//! What a destination must have before the first row, through the binary and over HTTP: shown by a plan, made by a run, and made
//! once.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use larder::Larder;

#[path = "prepared/larder.rs"]
mod larder;

struct Project {
    folder: tempfile::TempDir,
    larder: Larder,
}

impl Project {
    fn new() -> Project {
        let project = Project { folder: tempfile::tempdir().unwrap(), larder: Larder::open() };
        let definition = project.folder.path().join("destinations/larder");
        fs::create_dir_all(&definition).unwrap();
        for file in ["connection.yaml", "guests.yaml"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendors/larder").join(file);
            fs::copy(from, definition.join(file)).unwrap();
        }
        project.rows("Oslo");
        let text = format!(
            "destination larder = larder {{ key = env(\"LARDER_KEY\"), base_url = \"{}\" }}\n\
             model people {{ from file \"people.csv\", key id }}\n\
             activation guests {{\n  from people\n  to larder.guests {{ list = \"Summer\" }}\n  mode upsert\n  \
             identify {{ email }}\n  custom {{ city, visits }}\n}}\n",
            project.larder.url
        );
        fs::write(project.folder.path().join("it.sendoff"), text).unwrap();
        project
    }

    fn rows(&self, city: &str) {
        let lines = (0..25).map(|at| format!("{at},p{at}@x.test,{city},{at}\n"));
        let text = format!("id,email,city,visits\n{}", lines.collect::<String>());
        fs::write(self.folder.path().join("people.csv"), text).unwrap();
    }

    fn sendoff(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sendoff"));
        command.args(arguments).env("LARDER_KEY", "key-1").current_dir(self.folder.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn plan(&self, arguments: &[&str]) -> Value {
        let text = self.sendoff(&[&["plan", "--format", "json"], arguments].concat());
        serde_json::from_str::<Value>(&text).unwrap()["activations"][0].clone()
    }
}

#[test]
fn shown_then_made_and_made_once() {
    let project = Project::new();
    let told = project.sendoff(&["plan"]);
    for line in ["+ creates list `Summer`", "+ creates attribute `city`", "+ creates attribute `visits`"] {
        assert!(told.contains(line), "{line} in\n{told}");
    }
    assert_eq!(project.larder.take(), ["GET /lists", "GET /attributes"]);
    let estimate = project.plan(&[])["estimate"].clone();
    project.larder.take();

    let told = project.sendoff(&["run"]);
    assert!(told.contains("created list `Summer`"), "{told}");
    let requests = project.larder.take();
    let made = |line: &str| requests.iter().filter(|request| request.as_str() == line).count();
    assert_eq!(
        (made("POST /lists"), made("POST /attributes"), made("POST /lists/1/guests")),
        (1, 2, 3),
        "{requests:?}"
    );
    assert_eq!(estimate["requests"], json!({"from": requests.len(), "to": requests.len()}), "{requests:?}");

    project.rows("Bergen");
    assert_eq!(project.plan(&[])["creates"], json!([]));
    project.larder.take();
    let told = project.sendoff(&["run"]);
    assert!(!told.contains("created"), "{told}");
    let guests = "POST /lists/1/guests";
    assert_eq!(project.larder.take(), ["GET /lists", "GET /attributes", guests, guests, guests]);
}

#[test]
fn nothing_is_asked_offline_and_nothing_made_without_rows() {
    let project = Project::new();
    let plan = project.plan(&["--offline"]);
    let warnings = plan["warnings"].as_array().unwrap();
    assert!(
        warnings.iter().any(|told| told.as_str().unwrap().contains("not verified: whether the destination has list"))
    );
    // Nobody knows how long the listings are.
    assert_eq!(plan["estimate"]["requests"], json!({"from": 5, "to": null}));
    assert!(project.larder.take().is_empty());

    project.sendoff(&["run", "--adopt"]);
    project.sendoff(&["run"]);
    assert!(project.larder.take().is_empty());
}
