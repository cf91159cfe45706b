//! The shop of `pipelines/`, once out of its CSV file and once out of a PostgreSQL started for it: equal requests, on the
//! first day and on the next.

mod recorder;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use recorder::Recorder;
use serde_json::Value;

const CHANGES: [&str; 8] = ["--edit", "100", "--add", "10", "--remove", "10", "--seed", "7"];

#[test]
fn files_and_postgres_send_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let recorder = Recorder::start();
    let shop = folder.path().join("shop");
    let file = Project::new(folder.path().join("file"), &recorder);
    let postgres = Project::new(folder.path().join("postgres"), &recorder);
    fs::copy(root().join("tests/postgres/customers.sendoff"), postgres.folder.join("customers.sendoff")).unwrap();

    let day = |changes: &[&str]| {
        generate(&shop, changes);
        server.load(&shop);
        file.copy_data(&shop);
        let sent = [&file, &postgres].map(|project| {
            project.run(&server.url);
            recorder.take()
        });
        let [from_file, from_postgres] = sent.map(profiles);
        assert_eq!(from_file.keys().collect::<Vec<_>>(), from_postgres.keys().collect::<Vec<_>>());
        for (place, profile) in &from_file {
            assert_eq!(profile, &from_postgres[place], "{place:?}");
        }
        customers(from_file)
    };

    assert_eq!(day(&[]).len(), 10_000);
    assert_eq!(day(&CHANGES).len(), 110);
    assert_eq!(day(&CHANGES).len(), 0);
}

/// What was sent for each customer: by path, customer, and the names of the attributes (two activations write to each).
type Profiles = BTreeMap<(String, String, Vec<String>), Value>;

fn profiles(requests: Vec<(String, Value)>) -> Profiles {
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

fn customers(profiles: Profiles) -> BTreeSet<String> {
    profiles.into_keys().map(|(_, customer, _)| customer).collect()
}

/// A copy of `pipelines/` that sends to the recorder.
struct Project {
    folder: PathBuf,
}

impl Project {
    fn new(folder: PathBuf, recorder: &Recorder) -> Self {
        fs::create_dir_all(folder.join("data")).unwrap();
        for entry in fs::read_dir(root().join("pipelines")).unwrap().map(Result::unwrap) {
            if entry.path().is_file() {
                fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
            }
        }
        let connections = folder.join("connections.sendoff");
        let key = r#"project_key = var("project_key")"#;
        let text = fs::read_to_string(&connections).unwrap();
        assert!(text.contains(key));
        let address = format!("{key}\n  base_url = \"{}\"", recorder.url);
        fs::write(&connections, text.replace(key, &address)).unwrap();
        Project { folder }
    }

    fn copy_data(&self, shop: &Path) {
        fs::copy(shop.join("customers.csv"), self.folder.join("data/customers.csv")).unwrap();
    }

    fn run(&self, warehouse: &str) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sendoff"));
        command.args(["run", "--env", "staging"]).current_dir(&self.folder);
        finish(command.env("WAREHOUSE_URL", warehouse).env("BATCH_REST_API_KEY", "a-key"));
    }
}

/// A PostgreSQL of the test's own, stopped when the test ends.
struct Server {
    url: String,
    folder: PathBuf,
}

impl Server {
    fn start(below: &Path) -> Self {
        // The server runs as another user when the test runs as root: it must be able to get to its folder.
        make_passable(below);
        let folder = below.join("server");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = finish(Command::new(root().join("scripts/postgres")).arg("start").arg(&folder).arg(port.to_string()));
        Server { url: url.trim().to_string(), folder }
    }

    fn load(&self, shop: &Path) {
        let script = root().join("tests/postgres/load.sql");
        let options = ["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--file"];
        finish(Command::new("psql").current_dir(shop).arg(&self.url).args(options).arg(script));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = Command::new(root().join("scripts/postgres")).arg("stop").arg(&self.folder).status();
        if !stopped.is_ok_and(|status| status.success()) {
            eprintln!("PostgreSQL in {} was not stopped", self.folder.display());
        }
    }
}

#[cfg(unix)]
fn make_passable(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(not(unix))]
fn make_passable(_: &Path) {}

fn generate(shop: &Path, changes: &[&str]) {
    finish(Command::new("python3").arg(root().join("pipelines/data/generate.py")).arg("--out").arg(shop).args(changes));
}

/// What it printed; panics with everything it said where it failed.
fn finish(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{command:?} ended with {}\n{out}{err}", output.status);
    out
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
