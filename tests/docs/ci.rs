//! The repository that `docs/ci.md` shows, laid out and put through its workflows: the steps of the action and of the GitLab
//! template are run as they stand there, with a stand-in for where comments go.

use std::collections::BTreeMap;
use std::fs;
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
struct Runner {
    place: TempDir,
    receiver: Receiver,
    secrets: bool,
}

/// What a job came to.
struct Job {
    code: i32,
    said: String,
}

impl Runner {
    /// The files of the page, with a warehouse that this machine has.
    fn new() -> Self {
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

    fn checkout(&self) -> PathBuf {
        self.place.path().join("checkout")
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.checkout().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn change(&self, file: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.checkout().join(file)).unwrap();
        assert!(text.contains(old), "{file} has no `{old}`");
        self.write(file, &text.replace(old, new));
    }

    fn warehouse(&self) -> PathBuf {
        self.place.path().join("warehouse.duckdb")
    }

    fn fill(&self, rows: &str) {
        let _ = fs::remove_file(self.warehouse());
        let warehouse = duckdb::Connection::open(self.warehouse()).unwrap();
        let table = "create schema marts; create table marts.customers (customer_id text, email text, first_name text, \
                     accepts_email boolean);";
        warehouse.execute_batch(&format!("{table} insert into marts.customers values {rows}")).unwrap();
    }

    /// The next runner: a fresh checkout. What is kept is what the page says is kept.
    fn forget(&self) {
        let _ = fs::remove_dir_all(self.checkout().join("pipelines/.sendoff"));
    }

    /// One step, with the variables that its machine and it set.
    fn step(&self, script: &str, variables: &BTreeMap<String, String>) -> Job {
        let mut command = bash(&self.checkout());
        command.envs(variables).env("RUNNER_TEMP", self.place.path());
        if self.secrets {
            command.env("WAREHOUSE_URL", self.warehouse()).env("BATCH_REST_API_KEY", "sk-secret");
        }
        let output = command.args(["-e", "-o", "pipefail", "-c", script]).output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(!said.contains("sk-secret") && !said.contains("a-token"), "a secret is shown:\n{said}");
        Job { code: output.status.code().unwrap_or(-1), said }
    }

    /// The action with inputs, as GitHub would run it: steps after a failed one only where they say `always()`.
    fn action(&self, given: &Value) -> Job {
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

    fn variables(&self, env: &Value, inputs: &BTreeMap<String, String>) -> BTreeMap<String, String> {
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

    fn summary(&self) -> String {
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
fn inputs_of(runner: &Runner, workflow: &str, options: &str) -> Value {
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

/// The page's picture of the repository has the files of the page, each once.
#[test]
fn the_picture_has_every_file() {
    let blocks = all_blocks(&fs::read_to_string(root().join("docs/ci.md")).unwrap());
    let picture = blocks.iter().find(|block| block.language == "text").unwrap();
    let names = picture.text.lines().filter_map(|line| line.split_whitespace().next());
    let mut drawn: Vec<String> = names.filter(|name| !name.ends_with('/')).map(str::to_string).collect();
    let mut files: Vec<String> = blocks.into_iter().filter_map(|block| block.file).collect();
    files.iter_mut().for_each(|file| *file = file.trim_start_matches("pipelines/").to_string());
    drawn.sort();
    files.sort();
    assert_eq!(drawn, files);
}

#[test]
fn a_pull_request_is_checked_planned_and_commented_on() {
    let runner = Runner::new();
    let inputs = inputs_of(&runner, "sendoff.yml", "--sandbox");
    let job = runner.action(&inputs);
    assert_eq!(job.code, 0, "{}", job.said);
    let [comment] = runner.receiver.comments().try_into().expect("one comment");
    assert!(
        comment.starts_with("<!-- sendoff pipelines production -->\n## sendoff plan for `production`"),
        "{comment}"
    );
    assert!(comment.contains("**2 to send (2 added)**"), "{comment}");
    assert!(!comment.contains("anna@example.com"), "values are shown:\n{comment}");
    assert!(runner.summary().contains("2 to send"));
    let requests = runner.receiver.requests();
    let expected = [
        "GET /repos/shop/activation/issues/7/comments?per_page=100&page=1 Authorization: Bearer a-token",
        "POST /repos/shop/activation/issues/7/comments Authorization: Bearer a-token",
    ];
    assert_eq!(requests, expected);

    // The next push writes the comment anew, others' comments between.
    runner.receiver.board.lock().unwrap().comments.extend((0..100).map(|at| format!("I agree, {at}")));
    runner.receiver.board.lock().unwrap().comments.rotate_left(1);
    runner.change("pipelines/customers.sendoff", "from customers\n", "from customers where accepts_email\n");
    assert_eq!(runner.action(&inputs).code, 0);
    let comments = runner.receiver.comments();
    assert_eq!(comments.len(), 101);
    assert!(comments[100].contains("**1 to send (1 added)**"), "{}", comments[100]);
    assert!(
        runner
            .receiver
            .requests()
            .iter()
            .any(|asked| asked.contains("PATCH /repos/shop/activation/issues/comments/101"))
    );
}

#[test]
fn a_pull_request_without_secrets_is_checked() {
    let runner = Runner { secrets: false, ..Runner::new() };
    runner.receiver.board.lock().unwrap().refuse = Some(403);
    let inputs = inputs_of(&runner, "sendoff.yml", "");
    let job = runner.action(&inputs);
    assert_eq!(job.code, 0, "{}", job.said);
    assert!(job.said.contains("comment: refused with 403"), "{}", job.said);
    let summary = runner.summary();
    assert!(summary.contains("nothing wrong, but no plan") && summary.contains("- `WAREHOUSE_URL`"), "{summary}");

    runner.change("pipelines/customers.sendoff", "-> email\n", "-> emial\n");
    let job = runner.action(&inputs);
    assert_eq!(job.code, 1);
    assert!(job.said.contains("::error file=pipelines/customers.sendoff,line="), "{}", job.said);
    assert!(runner.summary().contains("did you mean `email`?"));
}

/// From one runner to the next: a first run, one that finds its ledger, and one that does not.
#[test]
fn ledgers_outlive_their_runner() {
    let runner = Runner::new();
    let first = inputs_of(&runner, "sendoff-run.yml", "--sandbox");
    let later = inputs_of(&runner, "sendoff-run.yml", "--sandbox --require-ledger");
    let job = runner.action(&later);
    assert_eq!(job.code, 4, "{}", job.said);
    assert!(job.said.contains("run::no_ledger") && job.said.contains("ledger: there is none to keep"), "{}", job.said);
    runner.forget();
    assert_eq!(runner.action(&first).code, 0);
    runner.forget();
    let job = runner.action(&later);
    assert_eq!(job.code, 0, "{}", job.said);
    assert!(job.said.contains("nothing sent: no change"), "{}", job.said);
    let kept = fs::read(runner.checkout().join("ledgers/production.tar.gz.gpg")).unwrap();
    assert!(!kept.windows(4).any(|bytes| bytes == b"anna"), "the archive can be read");

    // A pull request's plan knows the ledger, tells of the guard that half of the rows would fire, and keeps nothing.
    runner.forget();
    runner.fill("('c-1', 'anna@example.com', 'Anna', true), ('c-2', 'bo@example.com', 'Bosse', false)");
    let mut review = inputs_of(&runner, "sendoff.yml", "--sandbox");
    assert_eq!(runner.action(&review).code, 4);
    assert!(
        runner.summary().contains("**1 to send (1 changed), 1 unchanged; 1 would be stopped**"),
        "{}",
        runner.summary()
    );
    review["tolerate"] = "3 4".into();
    assert_eq!(runner.action(&review).code, 0);
    assert_eq!(fs::read(runner.checkout().join("ledgers/production.tar.gz.gpg")).unwrap(), kept);
}

#[test]
fn two_runs_at_once_do_not_replace_each_other() {
    let runner = Runner::new();
    let script = |name: &str| format!("'{}' {name}", root().join("ci/ledger.sh").display());
    let machine = |folder: &str| {
        let variables = [("SENDOFF_PROJECT", folder), ("SENDOFF_LEDGER_STORE", "store")];
        variables.map(|(name, value)| (name.to_string(), value.to_string())).into()
    };
    let (one, other): (BTreeMap<_, _>, BTreeMap<_, _>) = (machine("one"), machine("other"));
    for (variables, folder) in [(&one, "one"), (&other, "other")] {
        assert_eq!(runner.step(&script("fetch"), variables).code, 0);
        runner.write(&format!("{folder}/.sendoff/default/a.duckdb"), folder);
    }
    assert_eq!(runner.step(&script("keep"), &one).code, 0);
    let refused = runner.step(&script("keep"), &other);
    assert_eq!(refused.code, 5, "{}", refused.said);
    assert!(refused.said.contains("another run has kept its ledger"), "{}", refused.said);
    let kept = fs::read_dir(runner.checkout().join("store")).unwrap().count();
    assert_eq!(kept, 2, "both are there to be decided between");

    // The one that was first goes on; an archive that cannot be read is no first run.
    runner.write("other/.sendoff/default/a.duckdb", "behind");
    assert_eq!(runner.step(&script("fetch"), &other).code, 0);
    assert_eq!(fs::read_to_string(runner.checkout().join("other/.sendoff/default/a.duckdb")).unwrap(), "one");
    runner.write("store/default.tar.gz", "no archive");
    let broken = runner.step(&script("fetch"), &other);
    assert_eq!(broken.code, 5, "{}", broken.said);
    assert!(broken.said.contains("cannot be read"), "{}", broken.said);
}

/// The jobs of the GitLab file of the page, on the template, as GitLab would run them.
#[test]
fn gitlab_reviews_and_runs() {
    let runner = Runner::new();
    let template = yaml(&root().join("ci/gitlab.yml"));
    let file = yaml(&runner.checkout().join(".gitlab-ci.yml"));
    std::os::unix::fs::symlink(root(), runner.checkout().join("sendoff-source")).unwrap();
    fs::create_dir(runner.checkout().join(".sendoff-ci")).unwrap();
    std::os::unix::fs::symlink(root(), runner.checkout().join(".sendoff-ci/source")).unwrap();
    let run = |name: &str, options: &str| {
        let job = &file[name];
        let base = &template[job["extends"].as_str().unwrap()];
        let mut variables: BTreeMap<String, String> = BTreeMap::new();
        let layers = [&template["variables"], &file["variables"], &job["variables"]];
        for (name, value) in layers.into_iter().filter_map(Value::as_mapping).flatten() {
            variables.insert(name.as_str().unwrap().into(), value.as_str().unwrap_or_default().into());
        }
        let machine = [
            ("CI_PROJECT_DIR", runner.checkout().display().to_string()),
            ("CI_API_V4_URL", format!("{}/api/v4", runner.receiver.url)),
            ("CI_PROJECT_ID", "11".into()),
            ("CI_MERGE_REQUEST_IID", "7".into()),
            ("SENDOFF_COMMENT_TOKEN", "a-token".into()),
            ("SENDOFF_OPTIONS", options.into()),
        ];
        variables.extend(machine.map(|(name, value)| (name.to_string(), value)));
        let lines = |key: &str| {
            let own = base[key].as_sequence().or(template[".sendoff"][key].as_sequence());
            own.into_iter().flatten().map(|line| format!("{}\n", line.as_str().unwrap())).collect::<String>()
        };
        let job = runner.step(&(lines("before_script") + &lines("script")), &variables);
        let after = runner.step(&lines("after_script"), &variables);
        Job { code: job.code, said: job.said + &after.said }
    };
    let job = run("review", "--sandbox");
    assert_eq!(job.code, 0, "{}", job.said);
    assert!(runner.receiver.comments()[0].contains("**2 to send (2 added)**"));
    assert_eq!(runner.receiver.requests()[1], "POST /api/v4/projects/11/merge_requests/7/notes Private-Token: a-token",);
    let job = run("run", "--sandbox");
    assert_eq!(job.code, 0, "{}", job.said);
    runner.forget();
    let job = run("run", "--sandbox --require-ledger");
    assert_eq!(job.code, 0, "{}", job.said);
}

/// What is too long is cut between activations, and nothing is left open.
#[test]
fn a_long_report_still_fits_into_a_comment() {
    let runner = Runner::new();
    let activation = format!("\n### a\n\n<details>\n```http\n{}\n```\n</details>\n", "x".repeat(20_000));
    for report in [
        format!("## plan\n{}", activation.repeat(5)),
        format!("## plan\n\n<details>\n\n```http\n{}", "x\n".repeat(60_000)),
    ] {
        runner.write("report.md", &report);
        let variables = runner.variables(&Value::Null, &BTreeMap::new());
        let variables = variables.into_iter().chain([("GITHUB_TOKEN".to_string(), "a-token".to_string())]).collect();
        let job = runner.step(&format!("'{}' report.md", root().join("ci/comment.py").display()), &variables);
        assert!(job.said.contains("comment: written"), "{}", job.said);
        let comment = runner.receiver.comments().pop().unwrap();
        assert!(comment.len() < 65_536 && comment.contains("did not fit"), "{} long", comment.len());
        assert_eq!(comment.matches("```").count() % 2, 0, "{}", &comment[comment.len() - 200..]);
        assert_eq!(comment.matches("<details>").count(), comment.matches("</details>").count());
    }
}
