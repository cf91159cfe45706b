//! People who stand in the file by their data.

use std::sync::LazyLock;

use regex::Regex;

use super::{Project, Rule};
use crate::ir::ast::{ActivationEntry, Expr, From, Input, Item, Mapping, ModelEntry};
use crate::ir::span::Span;

pub const DATA: Rule = Rule {
    code: "lint::personal_data",
    look: |project| {
        let told = |(what, place)| {
            let help = "let a column or a table of the warehouse say who is meant";
            DATA.finds(format!("{what} stands in the file, which git keeps for good"), place).help(help)
        };
        texts(project).into_iter().flat_map(|(text, span)| people(text, span)).map(told).collect()
    },
};

/// SQL as written, expressions and queries alike.
fn texts<'a>(project: &Project<'a>) -> Vec<(&'a str, Span)> {
    let mut found = Vec::new();
    for item in project.items() {
        match item {
            Item::Model(model) => model.entries.iter().for_each(|entry| match entry {
                ModelEntry::From(one) => from(one, &mut found),
                ModelEntry::Key(_) => {}
            }),
            Item::Segment(segment) => found.extend(segment.filter.as_ref().map(expr)),
            Item::Activation(activation) => activation.entries.iter().for_each(|one| entry(one, &mut found)),
            // Rows of tests are made up, or should be; a linter cannot tell.
            Item::Project(_) | Item::Environment(_) | Item::Source(_) | Item::Destination(_) | Item::Test(_) => {}
        }
    }
    found
}

fn entry<'a>(entry: &'a ActivationEntry, found: &mut Vec<(&'a str, Span)>) {
    let of = |mapping: &'a Mapping| expr(&mapping.expr);
    match entry {
        ActivationEntry::From(one) => from(one, found),
        ActivationEntry::Identify(identify) => found.extend(identify.mappings.iter().map(of)),
        ActivationEntry::Map(block) | ActivationEntry::Custom(block) => found.extend(block.mappings.iter().map(of)),
        ActivationEntry::Key(_)
        | ActivationEntry::To(_)
        | ActivationEntry::Mode(_)
        | ActivationEntry::After(_)
        | ActivationEntry::Guard(_) => {}
    }
}

fn from<'a>(from: &'a From, found: &mut Vec<(&'a str, Span)>) {
    found.extend(from.filter.as_ref().map(expr));
    if let Input::Sql { text, .. } = &from.input {
        found.push((&text.value, text.inner));
    }
}

fn expr(expr: &Expr) -> (&str, Span) {
    (&expr.text, expr.span)
}

/// Where text in single quotes is somebody, and what it is of them. The value itself is not told again.
fn people(text: &str, span: Span) -> Vec<(&'static str, Span)> {
    // Escapes make a text shorter than its place: then the whole of it is the place.
    let exact = text.len() == span.end - span.start;
    let place = |at: usize, len: usize| if exact { span.part(at, len) } else { span };
    let found = literals(text).into_iter();
    found.filter_map(|(at, literal)| Some((kind(literal)?, place(at, literal.len())))).collect()
}

/// What stands in single quotes, each with its offset. What looks like one inside of double quotes or of a comment is told too: it
/// stands in the file as well.
fn literals(text: &str) -> Vec<(usize, &str)> {
    let (mut found, mut rest) = (Vec::new(), 0);
    while let Some(open) = text[rest..].find('\'').map(|at| rest + at + 1) {
        let Some(close) = text[open..].find('\'').map(|at| open + at) else { break };
        found.push((open, &text[open..close]));
        rest = close + 1;
    }
    found
}

fn kind(literal: &str) -> Option<&'static str> {
    let looks = |pattern: &LazyLock<Regex>| pattern.is_match(literal.trim());
    match () {
        () if looks(&EMAIL) && !looks(&NOBODY) => Some("an e-mail address"),
        () if looks(&PHONE) => Some("a phone number"),
        () if looks(&IDENTITY) => Some("what looks like a national identity number"),
        () => None,
    }
}

static EMAIL: LazyLock<Regex> = LazyLock::new(|| pattern(r"[A-Za-z0-9][\w.+-]*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}"));

/// Domains that are kept for examples and tests (RFC 2606).
static NOBODY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)@(?:[a-z0-9-]+\.)*(?:example\.(?:com|net|org)|example|test|invalid|localhost)\b"));

/// The code of a country first. Numbers without one look like any other number.
static PHONE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\+[1-9](?:[ ()./-]?[0-9]){7,14}$"));

/// A birth date with four characters behind it, as in the Nordic countries, or the American form.
static IDENTITY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:(?:\d\d)?\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[-+]\d{3}[0-9A-Z]|\d{3}-\d{2}-\d{4})$")
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern that tests run")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_from_other_texts() {
        for somebody in ["ann.lee@shop.se", "+46 70-123 45 67", "811228-9874", "19811228-9874", "078-05-1120"] {
            assert!(kind(somebody).is_some(), "{somebody}");
        }
        for nobody in ["a@example.com", "%@shop.se", "x@y", "2024-01-31", "202413-0001", "+1", "0701234567", "SE", ""] {
            assert_eq!(kind(nobody), None, "{nobody}");
        }
    }

    #[test]
    fn literals_are_those_in_single_quotes() {
        assert_eq!(literals("a = 'x' or b = 'y''z'"), [(5, "x"), (16, "y"), (19, "z")]);
        assert_eq!(literals("it's open"), []);
    }
}
