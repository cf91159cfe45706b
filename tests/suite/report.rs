//! `tests/golden/report/<report>/<case>.json`: a value of `ir::run`, and what people read of it (`.txt`; plans also `.md`,
//! `.html`, and `.masked`: as JSON without values).

use std::fs;
use std::path::Path;

use sendoff::report::paint::Paint;
use sendoff::report::{html, json, ledger, markdown, mask, plan, row, run};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::common::{cases, golden};

const PLAIN: Paint = Paint { color: false };

fn shown<T: DeserializeOwned>(report: &str, view: impl Fn(&T) -> String) {
    views(report, "txt", view);
}

fn views<T: DeserializeOwned>(report: &str, expected: &str, view: impl Fn(&T) -> String) {
    let read = |case: &Path, text: &str| {
        let value: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        view(&value)
    };
    golden(&format!("report/{report}"), "json", expected, read);
}

#[test]
fn plans() {
    shown("plan", |report| plan::human(report, PLAIN));
    views("plan", "md", |report| markdown::plan(&mask::plan(report)));
    views("plan", "masked", |report| json::plan(&mask::plan(report)));
    views("plan", "html", |report| html::plan(report, jiff::Timestamp::UNIX_EPOCH));
}

/// Every member that is printed is described, and is what the description says.
#[test]
fn plans_fit_their_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut schema: Value =
        serde_json::from_str(&fs::read_to_string(root.join("docs/plan.schema.json")).unwrap()).unwrap();
    close(&mut schema);
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let cases = cases(&root.join("tests/golden/report/plan"), "masked");
    assert!(!cases.is_empty());
    for case in cases {
        let plan = serde_json::from_str(&fs::read_to_string(&case).unwrap()).unwrap();
        let wrong: Vec<String> =
            validator.iter_errors(&plan).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", case.display());
    }
}

/// Lets an object have no members but those it names.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            if members.contains_key("properties") && members.get("type") == Some(&json!("object")) {
                members.insert("additionalProperties".into(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Markup in names and data stays text, wherever a browser or a pull request shows it.
#[test]
fn hostile_values_stay_text() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/report/plan/hostile.json");
    let report = serde_json::from_str(&fs::read_to_string(case).unwrap()).unwrap();
    let page = html::plan(&report, jiff::Timestamp::UNIX_EPOCH);
    for tag in ["<script", "<img", "<b>x", "onerror=\"", "</pre><h1"] {
        assert!(!page.contains(tag), "{tag} in {page}");
    }
    let comment = markdown::plan(&report);
    let (comment, request) = comment.split_once("\n````http\n").expect("a fence that the body cannot close");
    assert!(request.contains("\n````\n"));
    let (cells, prose): (Vec<&str>, Vec<&str>) = comment.lines().partition(|line| line.starts_with("| ~ `"));
    for cell in cells.iter().flat_map(|line| line.trim_start_matches("| ~ ").trim_end_matches(" |").split(" | ")) {
        assert!(cell.starts_with('`') && cell.ends_with('`'), "{cell} is no code in {comment}");
    }
    for tag in ["<script", "<img", " @everyone"] {
        assert!(!cells.is_empty() && !prose.join("\n").contains(tag), "{tag} in {comment}");
    }
}

#[test]
fn runs() {
    shown("run", |report| run::human(report, PLAIN));
}

#[test]
fn histories() {
    shown("history", |runs: &Vec<_>| run::history(runs, PLAIN));
}

#[test]
fn rejected_rows() {
    shown("rejected", |found: &Vec<_>| row::rejected(found, 2, PLAIN));
}

#[test]
fn explanations() {
    shown("explain", |explanation| row::explanation(explanation, PLAIN));
}

#[test]
fn ledgers() {
    shown("ledgers", |ledgers: &Vec<_>| ledger::human(ledgers, PLAIN));
}

#[test]
fn colours_wrap_text_whole() {
    let painted = Paint { color: true }.bad("no");
    assert_eq!(painted, "\u{1b}[31mno\u{1b}[0m");
    assert_eq!(Paint { color: true }.bad(""), "");
}
