//! The wording of what is wrong with a text. Each function is one kind of mistake; codes are `parse::...`.

mod brackets;
mod entries;
mod expectations;
mod foreign;
mod inputs;
mod mappings;
mod settings;

use super::recover::Place;
use crate::diag::Problem;
use crate::ir::span::Span;

pub(super) use brackets::*;
pub(super) use entries::*;
pub(super) use expectations::*;
pub(super) use foreign::*;
pub(super) use inputs::*;
pub(super) use mappings::*;
pub(super) use settings::*;

const ITEMS: [&str; 8] = ["project", "environment", "source", "destination", "model", "segment", "activation", "test"];
const MODEL_ENTRIES: [&str; 2] = ["from", "key"];
const TEST_ENTRIES: [&str; 5] = ["environment", "vars", "before", "rows", "expect"];
const ENTRIES: [&str; 10] = ["from", "key", "to", "mode", "after", "identify", "map", "custom", "warn", "stop"];

/// The words that begin an entry there.
pub(super) fn known_words(place: Place) -> &'static [&'static str] {
    match place {
        Place::File => &ITEMS,
        Place::Model => &MODEL_ENTRIES,
        Place::Activation => &ENTRIES,
        Place::Test => &TEST_ENTRIES,
        Place::Table | Place::Settings | Place::Mappings | Place::List => &[],
    }
}

/// Whether an entry or an item begins so.
pub(super) fn begins(word: &str) -> bool {
    ITEMS.contains(&word) || ENTRIES.contains(&word)
}

/// Whether an entry of some item begins so, and no item.
pub(super) fn begins_entry(word: &str) -> bool {
    !ITEMS.contains(&word) && (ENTRIES.contains(&word) || TEST_ENTRIES.contains(&word))
}

/// How the entries and items that begin with a word are written.
fn form(keyword: &str) -> Option<&'static str> {
    Some(match keyword {
        "project" => "project { ledger = \"state/{env}\" }",
        "environment" => "environment NAME { KEY = VALUE }",
        "source" => "source NAME = KIND { KEY = VALUE }",
        "destination" => "destination NAME = KIND { KEY = VALUE }",
        "model" => "model NAME { from ... key ... }",
        "segment" => "segment NAME of MODEL where CONDITION",
        "activation" => "activation NAME { from ... to ... identify { ... } }",
        "test" => "test NAME of ACTIVATION { rows { ... } expect ... }",
        "vars" => "vars { NAME = VALUE }",
        "before" => {
            "before { a line of columns, then a line for each row }, or before file \"PATH\", or before sql \"...\""
        }
        "rows" => "rows { a line of columns, then a line for each row }, or rows file \"PATH\", or rows sql \"...\"",
        "expect" => {
            "expect added { ... }, expect unchanged NUMBER, expect nothing, expect request METHOD \"PATH\", expect error \"...\""
        }
        "from" => "from MODEL where CONDITION, from SOURCE table NAME, from SOURCE sql \"...\", from file \"PATH\"",
        "key" => "key COLUMN, or key (COLUMN, COLUMN)",
        "to" => "to DESTINATION.SERVICE { KEY = VALUE }",
        "mode" => "mode NAME { KEY = VALUE }",
        "after" => "after ACTIVATION, ACTIVATION",
        "identify" => "identify { COLUMN -> IDENTIFIER }, or identify all { ... }",
        "map" => "map { EXPRESSION -> FIELD }",
        "custom" => "custom { EXPRESSION -> ATTRIBUTE }",
        "warn" => "warn when METRIC > NUMBER, or NUMBER%",
        "stop" => "stop when METRIC > NUMBER, or NUMBER%",
        _ => return None,
    })
}

fn with_form(problem: Problem, keyword: &str) -> Problem {
    match form(keyword) {
        Some(form) => problem.help(format!("written `{form}`")),
        None => problem,
    }
}

/// What entries there are entries of.
fn owner(place: Place) -> &'static str {
    match place {
        Place::Model => "a model",
        Place::Test => "a test",
        _ => "an activation",
    }
}

/// At most forty characters of the first line, for a message.
fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    match line.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_string(),
    }
}

pub(super) fn unreadable(at: Span) -> Problem {
    Problem::error("parse::unreadable", "brackets nested too deep to be read").at(at)
}
