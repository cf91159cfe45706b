//! The repository that `docs/ci.md` shows, laid out and put through its workflows: the steps of the action and of the GitLab
//! template are run as they stand there, with a stand-in for where comments go.

use std::collections::BTreeMap;
use std::fs;

use serde_yaml::Value;

use super::runner::{Runner, inputs_of};
use super::{all_blocks, root};

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
    let job = runner.gitlab("review", "--sandbox");
    assert_eq!(job.code, 0, "{}", job.said);
    assert!(runner.receiver.comments()[0].contains("**2 to send (2 added)**"));
    assert_eq!(runner.receiver.requests()[1], "POST /api/v4/projects/11/merge_requests/7/notes Private-Token: a-token",);
    let job = runner.gitlab("run", "--sandbox");
    assert_eq!(job.code, 0, "{}", job.said);
    runner.forget();
    let job = runner.gitlab("run", "--sandbox --require-ledger");
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

/// What the page hands to pre-commit, called as pre-commit does: entry, arguments, files.
#[test]
fn hooks_before_the_commit_work() {
    let runner = Runner::new();
    let blocks = all_blocks(&fs::read_to_string(root().join("docs/ci.md")).unwrap());
    let page = blocks.iter().find(|block| block.text.starts_with("repos:")).unwrap();
    let page: Value = serde_yaml::from_str(&page.text).unwrap();
    let ours: Vec<Value> =
        serde_yaml::from_str(&fs::read_to_string(root().join(".pre-commit-hooks.yaml")).unwrap()).unwrap();
    let used = page["repos"][0]["hooks"].as_sequence().unwrap();
    let call = |used: &Value| {
        let hook = ours.iter().find(|hook| hook["id"] == used["id"]).expect("a hook of ours");
        let mut words = vec![hook["entry"].as_str().unwrap()];
        words.extend(used["args"].as_sequence().into_iter().flatten().filter_map(Value::as_str));
        words.extend(hook["pass_filenames"].is_null().then_some("pipelines/customers.sendoff"));
        runner.step(&words.join(" "), &BTreeMap::new())
    };
    assert_eq!(used.len(), ours.len());
    let codes: Vec<i32> = used.iter().map(|hook| call(hook).code).collect();
    assert_eq!(codes, [0, 0]);
    runner.change("pipelines/customers.sendoff", "lower(email)  -> email", "lower(email) -> emial");
    assert_eq!(call(&used[1]).code, 1);
    call(&used[0]);
    let text = fs::read_to_string(runner.checkout().join("pipelines/customers.sendoff")).unwrap();
    assert!(text.contains("lower(email)  -> emial"), "{text}");
}

/// Where there is no `sendoff` one is built, once, and taken from the cache afterwards. `make` only pretends to.
#[test]
fn a_program_that_is_missing_is_built_once() {
    let runner = Runner::new();
    let pretend = "#!/bin/sh\necho building; echo made >> \"$HOME/made\"; mkdir -p \"$CARGO_TARGET_DIR/release\"\n\
                   cd \"$CARGO_TARGET_DIR/release\" && touch sendoff libduckdb.so && chmod +x sendoff\n";
    runner.write("bin/make", pretend);
    runner.write("bin/npm", "#!/bin/sh\n");
    let path = format!("{}:/usr/bin:/bin", runner.checkout().join("bin").display());
    let variables = [("PATH", path), ("SENDOFF_HOME", runner.checkout().join("home").display().to_string())];
    let variables = variables.map(|(name, value)| (name.to_string(), value)).into();
    let install = root().join("ci/install.sh").display().to_string();
    let first = format!("chmod +x bin/*; folder=$('{install}'); ls \"$folder\"");
    let script = format!("{first}; test \"$('{install}')\" = \"$folder\"; ls home");
    let job = runner.step(&script, &variables);
    assert_eq!((job.code, job.said.as_str()), (0, "libduckdb.so\nsendoff\nbin\nbuilding\n"));
    assert_eq!(fs::read_to_string(runner.checkout().join("made")).unwrap(), "made\n");
}
