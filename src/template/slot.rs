//! What fills a slot, held against what the slot takes.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use serde_json::Value as Json;

use super::Engine;
use crate::ir::catalog::Template;
use crate::ir::slot::{Form, Slot, Stranger};

/// What is wrong with a text in its slot. Ranges are bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It does not read. `assigns`: a single `=` stands in it, where two compare.
    Syntax { message: String, range: Option<Range<usize>>, assigns: bool },
    /// A name that means nothing there.
    Name { stranger: Stranger, range: Option<Range<usize>> },
    /// `{{ ... }}` around a condition.
    Braces,
    /// Text where a list or a truth is wanted.
    Text,
    /// `$word` that does not stand for rows here.
    Word { word: String, known: Vec<&'static str> },
    /// None of the words there are.
    Unknown { known: Vec<&'static str> },
    /// A block or list where text is wanted.
    Tree,
    /// A tree that holds none of the words that stand for rows.
    NoRows { words: Vec<&'static str> },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Syntax { message, .. } => write!(f, "the expression does not read: {message}"),
            Flaw::Name { stranger, .. } => write!(f, "the name `{}` means nothing here", stranger.path),
            Flaw::Braces => f.write_str("a condition is a bare expression"),
            Flaw::Text => f.write_str("a value is needed here, and this is text"),
            Flaw::Word { word, .. } => write!(f, "`{word}` does not stand for rows here"),
            Flaw::Unknown { known } => write!(f, "one of `{}` is needed here", known.join("`, `")),
            Flaw::Tree => f.write_str("text is needed here"),
            Flaw::NoRows { words } => write!(f, "the rows go nowhere: `{}` is missing", words.join("` or `")),
        }
    }
}

/// What a text in a slot may not be.
pub fn flaws(slot: &Slot, text: &str) -> Vec<Flaw> {
    match &slot.form {
        Form::Tree { words } if text.starts_with('$') => {
            let known = words.contains(&text);
            if known { Vec::new() } else { vec![Flaw::Word { word: text.to_string(), known: words.clone() }] }
        }
        Form::Condition if text.trim_start().starts_with("{{") => vec![Flaw::Braces],
        Form::Condition => match Engine::lenient().expression(text) {
            Ok(expression) => strangers(slot, text, &expression.paths()),
            Err(error) => {
                vec![Flaw::Syntax { message: error.message, range: error.range, assigns: assigns(text) }]
            }
        },
        Form::Word { known } if !text.contains("{{") => {
            let there = known.contains(&text);
            if there { Vec::new() } else { vec![Flaw::Unknown { known: known.clone() }] }
        }
        Form::Text | Form::Word { .. } | Form::Value | Form::Tree { .. } => {
            match Engine::lenient().text(&Template(text.to_string())) {
                Ok(read) if slot.form == Form::Value && read.expression().is_none() => vec![Flaw::Text],
                Ok(read) => strangers(slot, text, &read.paths()),
                Err(error) => {
                    vec![Flaw::Syntax { message: error.message, range: error.range, assigns: assigns(text) }]
                }
            }
        }
    }
}

fn assigns(text: &str) -> bool {
    let bare: String = text.split(['\'', '"']).step_by(2).collect();
    let compared = ["==", "!=", "<=", ">="].iter().fold(bare, |text, sign| text.replace(sign, ""));
    compared.contains('=')
}

fn strangers(slot: &Slot, text: &str, paths: &[String]) -> Vec<Flaw> {
    let strangers = slot.names.strangers(paths).into_iter();
    strangers
        .map(|stranger| {
            let range = text.find(&stranger.path).map(|start| start..start + stranger.path.len());
            Flaw::Name { stranger, range }
        })
        .collect()
}

/// What a whole value in a slot may not be. Numbers, truths and nothing are at home anywhere.
pub fn flaws_of(slot: &Slot, value: &Json) -> Vec<Flaw> {
    let mut found = Vec::new();
    match value {
        Json::Null => return found,
        Json::String(text) => found.extend(flaws(slot, text)),
        Json::Array(_) | Json::Object(_) if !matches!(slot.form, Form::Tree { .. }) => found.push(Flaw::Tree),
        Json::Array(items) => found.extend(items.iter().flat_map(|item| parts(slot, item))),
        Json::Object(members) => {
            found.extend(members.iter().flat_map(|(name, item)| [flaws(slot, name), parts(slot, item)].concat()));
        }
        Json::Bool(_) | Json::Number(_) => {}
    }
    if found.is_empty() {
        found.extend(no_rows(slot, value));
    }
    found
}

fn parts(slot: &Slot, value: &Json) -> Vec<Flaw> {
    let mut found = flaws_of(slot, value);
    found.retain(|flaw| !matches!(flaw, Flaw::NoRows { .. }));
    found
}

/// A body that holds rows must say where.
pub fn no_rows(slot: &Slot, value: &Json) -> Option<Flaw> {
    let Form::Tree { words } = &slot.form else { return None };
    let carries = words.contains(&"$records");
    (carries && !mentions(value, words)).then(|| Flaw::NoRows { words: words.clone() })
}

fn mentions(value: &Json, words: &[&str]) -> bool {
    match value {
        Json::String(text) => words.contains(&text.as_str()),
        Json::Array(items) => items.iter().any(|item| mentions(item, words)),
        Json::Object(members) => members.values().any(|item| mentions(item, words)),
        _ => false,
    }
}

/// What is wrong with an option's default: it must fit at least one of the slots of each part, and have no others.
pub fn flaws_of_default(slots: &[Slot], default: &Json) -> Vec<String> {
    let mut found = Vec::new();
    let parts: BTreeSet<&Vec<String>> = slots.iter().map(|slot| &slot.part).collect();
    for part in &parts {
        let Some(value) = part.iter().try_fold(default, |value, name| value.get(name)) else { continue };
        let all: Vec<Vec<Flaw>> =
            slots.iter().filter(|slot| slot.part == **part).map(|slot| flaws_of(slot, value)).collect();
        if !all.iter().any(Vec::is_empty) {
            found.extend(all.into_iter().next().into_iter().flatten().map(|flaw| flaw.to_string()));
        }
    }
    unused(default, &parts, &mut Vec::new(), &mut found);
    found
}

fn unused(value: &Json, parts: &BTreeSet<&Vec<String>>, at: &mut Vec<String>, found: &mut Vec<String>) {
    if parts.iter().any(|part| **part == *at) {
        return;
    }
    match value.as_object().filter(|_| parts.iter().any(|part| part.starts_with(at))) {
        Some(members) => {
            for (name, value) in members {
                at.push(name.clone());
                unused(value, parts, at, found);
                at.pop();
            }
        }
        None => found.push(format!("no call reads `{}`", at.join("."))),
    }
}
