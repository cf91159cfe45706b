//! The shop of `pipelines/`, out of its CSV file and out of PostgreSQL, by a query and by a table: equal requests, on the
//! first day, on the next, and none when nothing changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::project::Project;
use super::recorder::Recorder;
use super::server::Server;
use super::{finish, root};

const CHANGES: [&str; 8] = ["--edit", "100", "--add", "10", "--remove", "10", "--seed", "7"];

#[test]
fn files_and_postgres_send_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::postgres(folder.path());
    let recorder = Recorder::start();
    let shop = folder.path().join("shop");
    let project = |name: &str| copy(&folder.path().join(name), &recorder).env("WAREHOUSE_URL", &server.url);
    let (file, sql, table) = (project("file"), project("sql"), project("table"));
    for (project, model) in [(&sql, "customers-sql.sendoff"), (&table, "customers-table.sendoff")] {
        fs::copy(root().join("tests/sources").join(model), project.folder.join("customers.sendoff")).unwrap();
    }

    let day = |changes: &[&str]| {
        generate(&shop, changes);
        server.psql(&shop, &root().join("tests/sources/load.sql"));
        fs::copy(shop.join("customers.csv"), file.folder.join("data/customers.csv")).unwrap();
        let [from_file, from_sql, from_table] = [&file, &sql, &table].map(|project| {
            project.run(&["--env", "staging"]);
            profiles(recorder.take())
        });
        assert_same(&from_file, &from_sql);
        assert_same(&from_file, &from_table);
        customers(from_file)
    };

    assert_eq!(day(&[]).len(), 10_000);
    assert_eq!(day(&CHANGES).len(), 110);
    assert_eq!(day(&CHANGES).len(), 0);
}

/// What was sent for each customer: by path, customer, and the names of the attributes (two activations write to each).
pub type Profiles = BTreeMap<(String, String, Vec<String>), Value>;

pub fn profiles(requests: Vec<(String, Value)>) -> Profiles {
    let mut profiles = Profiles::new();
    for (path, body) in requests {
        for profile in body.as_array().expect("a list of profiles") {
            let customer = profile["identifiers"]["custom_id"].as_str().expect("a custom ID").to_string();
            let attributes = profile["attributes"].as_object().expect("attributes").keys().cloned().collect();
            let before = profiles.insert((path.clone(), customer, attributes), profile.clone());
            assert_eq!(before, None, "a profile was sent twice");
        }
    }
    profiles
}

pub fn assert_same(left: &Profiles, right: &Profiles) {
    assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>());
    for (place, profile) in left {
        assert_eq!(profile, &right[place], "{place:?}");
    }
}

fn customers(profiles: Profiles) -> BTreeSet<String> {
    profiles.into_keys().map(|(_, customer, _)| customer).collect()
}

/// A copy of `pipelines/` that sends to the recorder: what goes to one destination, and no file named after another.
fn copy(folder: &Path, recorder: &Recorder) -> Project {
    let project = Project::new(folder.to_path_buf());
    fs::create_dir_all(folder.join("data")).unwrap();
    for entry in fs::read_dir(root().join("pipelines")).unwrap().map(Result::unwrap) {
        let elsewhere = entry.path().file_stem().is_some_and(|stem| root().join("destinations").join(stem).is_dir());
        if entry.path().is_file() && !elsewhere {
            fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }
    let key = r#"project_key = var("project_key")"#;
    let text = fs::read_to_string(folder.join("connections.sendoff")).unwrap();
    assert!(text.contains(key));
    let address = format!("{key}\n  base_url = \"{}\"", recorder.url);
    project.write("connections.sendoff", &text.replace(key, &address));
    project
}

fn generate(shop: &Path, changes: &[&str]) {
    finish(Command::new("python3").arg(root().join("pipelines/data/generate.py")).arg("--out").arg(shop).args(changes));
}
