//! The binary against the sandbox over HTTP: whole runs, as a person or a schedule has them.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_sendoff");

/// Told from anything else that could be printed.
const KEY: &str = "sk-marked-4f1c";

/// The one key that the sandbox refuses.
const WRONG: &str = "wrong";

#[path = "end_to_end/alerts.rs"]
mod alerts;
#[cfg(unix)]
#[path = "end_to_end/hardships.rs"]
mod hardships;
#[path = "end_to_end/killed.rs"]
mod killed;
#[path = "end_to_end/lanes.rs"]
mod lanes;
#[path = "end_to_end/pace.rs"]
mod pace;
#[path = "end_to_end/shop.rs"]
mod shop;

use shop::Shop;

#[test]
fn only_what_changed_is_sent() {
    let shop = Shop::open(10_000);
    shop.run(&[]).done();
    assert_eq!(shop.ids().len(), 10_000);
    shop.forget();
    shop.write((0..10_000).filter(|at| *at >= 10).chain(10_000..10_010), |at| if at < 110 { "Umeå" } else { "Oslo" });
    let plan = shop.json(&["plan"]);
    let counts = &plan["activations"][0]["counts"];
    assert_eq!((&counts["added"], &counts["changed"], &counts["gone"]), (&json!(10), &json!(100), &json!(10)));
    shop.run(&[]).done();
    let expected: Vec<String> = (10..110).chain(10_000..10_010).map(|at| format!("c-{at:05}")).collect();
    assert_eq!(shop.ids(), expected);
    let plan = shop.json(&["plan"]);
    assert_eq!(plan["activations"][0]["counts"]["unchanged"], json!(10_000));
    shop.forget();
    shop.run(&[]).done().says("nothing sent: no change");
    assert!(shop.ids().is_empty());
}

/// After `kill -9` only what was marked as in flight repeats, and what repeats is current.
#[test]
fn a_killed_run_is_completed() {
    let shop = Shop::open(2_000);
    shop.run(&[]).done();
    shop.forget();
    shop.write(0..2_000, |_| "Umeå");
    // Requests of 200, of which the destination's limit lets five go at once.
    shop.misbehave(&json!({"vendor": "batch", "delay_ms": 300}));
    let mut run = shop.sendoff(&["run"]).stdout(Stdio::null()).spawn().unwrap();
    wait_until("more than five requests came in", || shop.ids().len() > 1_000);
    run.kill().unwrap();
    run.wait().unwrap();
    let before = shop.ids();
    assert!(before.len() < 2_000, "the run ended before it was killed");
    shop.behave();
    shop.forget();
    let said = shop.run(&[]).done();
    said.says("the last run was cut short with");
    let after = shop.ids();
    let all: BTreeSet<&String> = before.iter().chain(&after).collect();
    assert_eq!(all.len(), 2_000, "nothing is lost");
    let repeated = before.len() + after.len() - all.len();
    assert!(repeated <= said.number(" rows in flight"), "{repeated} rows repeat");
    assert!(shop.cities().values().all(|city| city == "Umeå"));
    shop.run(&[]).done().says("nothing sent: no change");
}

/// A run that is killed while its first request waits for an answer.
fn killed_in_flight(shop: &Shop) {
    shop.misbehave(&json!({"vendor": "batch", "delay_ms": 60_000}));
    let mut run = shop.sendoff(&["run"]).stdout(Stdio::null()).spawn().unwrap();
    wait_until("a request came in", || !shop.ids().is_empty());
    run.kill().unwrap();
    run.wait().unwrap();
    shop.behave();
}

#[test]
fn a_first_run_killed_before_its_turn_leaves_no_ledger() {
    let shop = Shop::open(50);
    shop.append("later.sendoff", LATER);
    killed_in_flight(&shop);
    let said = shop.run(&[]).done();
    said.says("later.duckdb`: full run");
    said.says("cut short with 50 rows in flight");
    shop.run(&[]).done().says("nothing sent: no change");
}

const LATER: &str = "
activation later {
  from customers
  to crm.profiles
  after contacts
  identify { id -> custom_id }
  custom { city -> later_city }
}
";

#[test]
fn a_limited_first_run_is_completed() {
    let shop = Shop::open(300);
    shop.run(&["--limit", "100"]).done().says("200 rows left for the next run");
    assert_eq!(shop.ids().len(), 100);
    shop.run(&[]).done().says("the first run is not complete");
    let ids = shop.ids();
    assert_eq!(ids.len(), 300);
    shop.run(&["--require-ledger"]).done().says("nothing sent: no change");
}

#[test]
fn refused_rows_come_round_again() {
    let shop = Shop::open(20);
    shop.run(&[]).done();
    shop.write(0..20, |at| if at < 2 { "Umeå" } else { "Oslo" });
    shop.misbehave(&json!({"vendor": "batch", "refuse": [
        {"custom_id": "c-00000", "reason": "a blocked profile"},
        {"custom_id": "c-00001", "attribute": "city", "reason": "a bad city"},
    ]}));
    shop.run(&[]).ends(3).says("1 accepted, 1 rejected");
    let rejected = shop.json(&["rejected"]);
    let rows = &rejected[0]["rows"];
    assert_eq!((&rows[0]["key"], &rows[0]["reason"]), (&json!("c-00000"), &json!("a blocked profile")));
    assert_eq!((&rows[1]["key"], &rows[1]["fields"]), (&json!("c-00001"), &json!(["city"])));
    assert_eq!(rows[1]["state"], json!("warning"));
    shop.behave();
    shop.forget();
    shop.write(0..20, |at| match at {
        0 => "Kiruna",
        1 => "Umeå",
        _ => "Oslo",
    });
    shop.run(&[]).ends(3).says("1 field refused before");
    assert_eq!(shop.ids(), ["c-00000"], "a field that was refused waits for another value");
    assert_eq!(shop.cities()["c-00000"], "Kiruna");
    assert_eq!(shop.json(&["rejected"])[0]["rows"].as_array().unwrap().len(), 1);
    shop.write(0..20, |at| if at < 2 { "Kiruna" } else { "Oslo" });
    shop.run(&[]).done();
    assert_eq!(shop.json(&["rejected"])[0]["rows"], json!([]));
}

#[test]
fn a_new_field_goes_alone() {
    let shop = Shop::open(30);
    shop.run(&[]).done();
    shop.forget();
    shop.replace("shop.sendoff", "    city\n", "    city\n    upper(city) -> shout\n");
    shop.command(&["plan"]).done().says("`shout` is newly mapped: every row owes it");
    shop.run(&[]).done().says("30 newly mapped");
    let bodies = shop.attributes();
    assert_eq!(bodies.len(), 30);
    assert!(bodies.iter().all(|(_, attributes)| *attributes == json!({"shout": "OSLO"})));
}

#[test]
fn the_sandbox_has_ledgers_of_its_own() {
    let shop = Shop::open(40);
    shop.run(&["--sandbox"]).done().says("Run into the sandbox: 40 sent, 40 accepted");
    assert!(shop.ids().is_empty(), "a trial in process sends nothing over the network");
    shop.run(&[&format!("--sandbox={}", shop.url)]).done().says("40 sent");
    shop.forget();
    shop.run(&[]).done().says("40 sent");
    assert_eq!(shop.ids().len(), 40);
}

#[test]
fn another_project_stops_the_run() {
    let shop = Shop::open(15);
    shop.run(&[]).done();
    shop.forget();
    shop.replace("shop.sendoff", "project_1", "project_2");
    for command in ["plan", "run"] {
        let said = shop.command(&[command]).ends(4);
        said.says("project_key was `project_1` and is now `project_2`");
        said.says("`--full` begins a new ledger and sends every row");
    }
    assert!(shop.ids().is_empty());
    shop.run(&["--full"]).done();
    assert_eq!(shop.ids().len(), 15);
    shop.run(&[]).done().says("nothing sent: no change");
}

#[test]
fn safeguards_have_their_exit_codes() {
    let shop = Shop::open(100);
    shop.run(&["--require-ledger"]).ends(4).says("there is no ledger");
    shop.run(&[]).done();
    shop.write(0..100, |_| "Umeå");
    shop.replace("shop.sendoff", "  identify", "  stop when changed > 30%\n  identify");
    shop.run(&[]).ends(4).says("`stop when changed > 30%` stopped it: 100.0 %, 100 of 100");
    shop.run(&["--accept", "changed"]).done();
    shop.write(0..0, |_| "");
    shop.run(&[]).ends(4).says("is empty");
    shop.write((0..100).chain(0..20), |_| "Umeå");
    shop.run(&[]).ends(4).says("16.7 % of the rows repeat a key: 20 of 120");
    fs::remove_file(shop.folder.path().join("customers.csv")).unwrap();
    shop.run(&[]).ends(5).says("reads a file that is not there");
}

#[test]
fn a_refused_key_is_never_shown() {
    let shop = Shop::open(10);
    let output = shop.sendoff(&["run"]).env("BATCH_KEY", WRONG).output().unwrap();
    let said = shop::Said::of(output).ends(5);
    said.says("the REST API key is missing or not valid");
    said.hides(WRONG);
    let output = shop.sendoff(&["run", "--log", "json"]).env("SENDOFF_LOG", "trace").output().unwrap();
    shop::Said::of(output).ends(0).hides(KEY);
    for (name, bytes) in shop.kept() {
        for key in [KEY, WRONG] {
            assert!(!bytes.windows(key.len()).any(|part| part == key.as_bytes()), "{name} holds a secret");
        }
    }
}

fn wait_until(what: &str, there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < Duration::from_secs(60), "never: {what}");
        sleep(Duration::from_millis(50));
    }
}

/// A plan that was kept is run as it is, or not at all.
#[test]
fn a_kept_plan_is_held_to() {
    let shop = Shop::open(100);
    shop.run(&[]).done();
    shop.write(0..100, |at| if at < 20 { "Umeå" } else { "Oslo" });
    shop.command(&["plan", "--out", "kept.json"]).done();
    assert!(!fs::read_to_string(shop.path("kept.json")).unwrap().contains("Umeå"), "no rows without --with-rows");
    shop.forget();
    let kept = ["--plan", "kept.json"];
    shop.write(0..100, |at| if at < 20 { "Lund" } else { "Oslo" });
    shop.run(&kept).ends(4).says("as many rows as planned, but others, or with other values");
    shop.write(0..100, |at| if at < 21 { "Umeå" } else { "Oslo" });
    shop.run(&kept).ends(4).says("the source has changed: 21 changed, planned were 20");
    shop.run(&[&kept[..], &["--drift", "1%"]].concat()).ends(4);
    assert!(shop.ids().is_empty());
    let pipeline = fs::read_to_string(shop.path("shop.sendoff")).unwrap();
    shop.replace("shop.sendoff", "    city\n", "    upper(city) -> city\n");
    shop.run(&kept).ends(4).says("the project has changed since the plan");
    fs::write(shop.path("shop.sendoff"), pipeline).unwrap();
    let near = shop.run(&[&kept[..], &["--drift", "5%"]].concat());
    near.ends(0).says("other than planned: the source has changed: 21 changed, planned were 20");
    assert_eq!(shop.ids().len(), 21);
    shop.run(&kept).ends(4).says("the ledger has changed, 1 run wrote to it since");
    shop.command(&["plan", "--full", "--limit", "7", "--out", "kept.json", "--with-rows"]).done();
    assert!(fs::read_to_string(shop.path("kept.json")).unwrap().contains("Umeå"));
    shop.forget();
    shop.run(&kept).done().says("7 sent");
    assert_eq!(shop.ids().len(), 7);
}
