//! `tests/golden/report/<report>/<case>.json`: a value of `ir::run`, and what people read of it (`.txt`; plans also `.md`, and
//! `.masked`: as JSON without values).

use std::path::Path;

use sendoff::report::paint::Paint;
use sendoff::report::{json, ledger, markdown, mask, plan, row, run};
use serde::de::DeserializeOwned;

use crate::common::golden;

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
