//! A runner of GitHub's or GitLab's, as far as `ci/action.yml` and `ci/gitlab.yml` ask: it lays out the repository of
//! `docs/ci.md`, fills in what these files leave to it, and runs their steps.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_yaml::Value;
use tempfile::TempDir;

use super::receiver::Receiver;
use super::sessions::bash;
use super::{all_blocks, root};

fn yaml(path: &Path) -> Value {
    serde_yaml::from_str(&fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a runner has: a checkout, a place for temporary files, a folder that is kept, and its settings.
pub struct Runner {
    pub place: TempDir,
    pub receiver: Receiver,
    pub secrets: bool,
}

/// What a job came to.
pub struct Job {
    pub code: i32,
    pub said: String,
}

impl Runner {
    /// The files of the page, with a warehouse that this machine has.
    pub fn new() -> Self {
        let runner = Runner { place: tempfile::tempdir().unwrap(), receiver: Receiver::open(), secrets: true };
        let page = fs::read_to_string(root().join("docs/ci.md")).unwrap();
        for block in all_blocks(&page) {
            if let Some(file) = block.file {
                runner.write(&file, &block.text);
            }
        }
        runner.change("pipelines/connections.sendoff", "postgres { url", "duckdb { path");
        runner.fill("('c-1', 'anna@example.com', 'Anna', true), ('c-2', 'bo@example.com', 'Bo', false)");
        runner
    }

    pub fn checkout(&self) -> PathBuf {
        self.place.path().join("checkout")
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.checkout().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn change(&self, file: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.checkout().join(file)).unwrap();
        assert!(text.contains(old), "{file} has no `{old}`");
        self.write(file, &text.replace(old, new));
    }

    fn warehouse(&self) -> PathBuf {
        self.place.path().join("warehouse.duckdb")
    }

    pub fn fill(&self, rows: &str) {
        let _ = fs::remove_file(self.warehouse());
        let warehouse = duckdb::Connection::open(self.warehouse()).unwrap();
        let table = "create schema marts; create table marts.customers (customer_id text, email text, first_name text, \
                     accepts_email boolean);";
        warehouse.execute_batch(&format!("{table} insert into marts.customers values {rows}")).unwrap();
    }

    /// The next runner: a fresh checkout. What is kept is what the page says is kept.
    pub fn forget(&self) {
        let _ = fs::remove_dir_all(self.checkout().join("pipelines/.sendoff"));
    }

    /// One step, with the variables that its machine and it set.
    pub fn step(&self, script: &str, variables: &BTreeMap<String, String>) -> Job {
        let mut command = bash(&self.checkout());
        command.envs(variables).env("RUNNER_TEMP", self.place.path());
        // A secret that is not there is an empty text, at GitHub.
        let (url, key) = if self.secrets { (self.warehouse(), "sk-secret") } else { (PathBuf::new(), "") };
        command.env("WAREHOUSE_URL", url).env("BATCH_REST_API_KEY", key);
        let output = command.args(["-e", "-o", "pipefail", "-c", script]).output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(!said.contains("sk-secret") && !said.contains("a-token"), "a secret is shown:\n{said}");
        Job { code: output.status.code().unwrap_or(-1), said }
    }

    /// The action with inputs, as GitHub would run it: steps after a failed one only where they say `always()`.
    pub fn action(&self, given: &Value) -> Job {
        let action = yaml(&root().join("ci/action.yml"));
        let mut inputs: BTreeMap<String, String> = BTreeMap::new();
        for (name, input) in action["inputs"].as_mapping().unwrap() {
            inputs.insert(name.as_str().unwrap().into(), input["default"].as_str().unwrap_or_default().into());
        }
        for (name, value) in given.as_mapping().unwrap() {
            let name = name.as_str().unwrap();
            assert!(inputs.contains_key(name), "the action has no input `{name}`");
            inputs.insert(name.into(), value.as_str().unwrap().into());
        }
        let mut all = Job { code: 0, said: String::new() };
        for step in action["runs"]["steps"].as_sequence().unwrap() {
            let when = step["if"].as_str().unwrap_or_default();
            let wanted = when.rsplit("== ").next().unwrap().trim_matches('\'');
            let left_out = !when.is_empty() && wanted != inputs["command"];
            let (Some(script), false) = (step["run"].as_str(), left_out) else { continue };
            if all.code == 0 || when.contains("always()") {
                let job = self.step(script, &self.variables(&step["env"], &inputs));
                all.said += &job.said;
                all.code = all.code.max(job.code);
            }
        }
        all
    }

    pub fn variables(&self, env: &Value, inputs: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let file = |name: &str| self.place.path().join(name).display().to_string();
        let mut variables: BTreeMap<String, String> = [
            ("GITHUB_ACTIONS", "true".to_string()),
            ("GITHUB_ACTION_PATH", root().join("ci").display().to_string()),
            ("GITHUB_API_URL", self.receiver.url.clone()),
            ("GITHUB_REPOSITORY", "shop/activation".into()),
            ("GITHUB_REF", "refs/pull/7/merge".into()),
            ("GITHUB_OUTPUT", file("output")),
            ("GITHUB_PATH", file("path")),
            ("GITHUB_STEP_SUMMARY", file("summary")),
        ]
        .map(|(name, value)| (name.to_string(), value))
        .into();
        for (name, value) in env.as_mapping().into_iter().flatten() {
            let value = filled(value.as_str().unwrap(), inputs, &file("home"));
            variables.insert(name.as_str().unwrap().into(), value);
        }
        variables
    }

    /// A job of the page's GitLab file on the template it extends, as GitLab would run it. Source is there already, as after
    /// the first job.
    pub fn gitlab(&self, name: &str, options: &str) -> Job {
        let template = yaml(&root().join("ci/gitlab.yml"));
        let file = yaml(&self.checkout().join(".gitlab-ci.yml"));
        let source = self.checkout().join(".sendoff-ci/source");
        if !source.exists() {
            fs::create_dir_all(source.parent().unwrap()).unwrap();
            symlink(root(), source).unwrap();
        }
        let job = &file[name];
        let base = &template[job["extends"].as_str().unwrap()];
        let mut variables: BTreeMap<String, String> = BTreeMap::new();
        let layers = [&template["variables"], &file["variables"], &job["variables"]];
        for (name, value) in layers.into_iter().filter_map(Value::as_mapping).flatten() {
            variables.insert(name.as_str().unwrap().into(), value.as_str().unwrap_or_default().into());
        }
        let machine = [
            ("CI_API_V4_URL", format!("{}/api/v4", self.receiver.url)),
            ("CI_PROJECT_ID", "11".into()),
            ("CI_MERGE_REQUEST_IID", "7".into()),
            ("SENDOFF_COMMENT_TOKEN", "a-token".into()),
            ("SENDOFF_OPTIONS", options.into()),
        ];
        variables.extend(machine.map(|(name, value)| (name.to_string(), value)));
        let folder = self.checkout().display().to_string();
        variables.values_mut().for_each(|value| *value = value.replace("$CI_PROJECT_DIR", &folder));
        let lines = |key: &str| {
            let own = base[key].as_sequence().or(template[".sendoff"][key].as_sequence());
            own.into_iter().flatten().map(|line| format!("{}\n", line.as_str().unwrap())).collect::<String>()
        };
        let done = self.step(&(lines("before_script") + &lines("script")), &variables);
        let after = self.step(&lines("after_script"), &variables);
        Job { code: done.code, said: done.said + &after.said }
    }

    pub fn summary(&self) -> String {
        fs::read_to_string(self.place.path().join("summary")).unwrap_or_default()
    }
}

/// The expressions that the action has: inputs, one output of a step, and the token.
fn filled(text: &str, inputs: &BTreeMap<String, String>, home: &str) -> String {
    let mut out = text.to_string();
    for (name, value) in inputs {
        out = out.replace(&format!("${{{{ inputs.{name} }}}}"), value);
    }
    let out = out.replace("${{ steps.source.outputs.home }}", home).replace("${{ github.token }}", "a-token");
    assert!(!out.contains("${{"), "what is `{out}`?");
    out
}

/// What a workflow of the page hands to the action, with what only GitHub could fill in filled in, and more options.
pub fn inputs_of(runner: &Runner, workflow: &str, options: &str) -> Value {
    let workflow = yaml(&runner.checkout().join(".github/workflows").join(workflow));
    let steps = workflow["jobs"].as_mapping().unwrap().values().flat_map(|job| job["steps"].as_sequence().unwrap());
    let mut uses = steps.filter(|step| step["uses"].as_str().is_some_and(|name| name.contains("/sendoff/ci@")));
    let mut inputs = uses.next().expect("the workflow uses the action")["with"].clone();
    for value in inputs.as_mapping_mut().unwrap().values_mut() {
        let text = value.as_str().unwrap();
        let text = text.replace("${{ secrets.LEDGER_KEY }}", "a passphrase");
        *value = text.replace("${{ inputs.options || '--require-ledger' }}", "").trim().into();
    }
    inputs["options"] = options.into();
    inputs
}
