//! Activations as a whole: entries, order, guards.

use super::{meant, meant_of_all};
use crate::diag::{Problem, list};
use crate::ir::ast::Name;
use crate::ir::span::Span;
use crate::ir::spec::Metric;

pub fn missing_to<'a>(owner: &str, span: Span, destinations: impl Iterator<Item = &'a str>) -> Problem {
    let known: Vec<&str> = destinations.collect();
    let problem = Problem::error("check::missing_to", format!("{owner} has no `to`")).at(span);
    problem.help(if known.is_empty() {
        "write `to DESTINATION.SERVICE`".to_string()
    } else {
        format!("write `to DESTINATION.SERVICE`; destinations here: {}", list(&known))
    })
}

pub fn entry_twice(word: &str, again: Span, first: Span) -> Problem {
    Problem::error("check::entry_twice", format!("`{word}` stands twice"))
        .label(again, "again here")
        .label(first, "first here")
}

pub fn unknown_after<'a>(name: &Name, known: impl Iterator<Item = &'a str>) -> Problem {
    Problem::error("check::unknown_activation", format!("unknown activation `{}`", name.value))
        .at(name.span)
        .help(meant(&name.value, known, "`after` names another activation of the project"))
}

/// `way`: the names written after `after`, from the first activation back to itself.
pub fn after_circle(start: &str, way: &[&Name]) -> Problem {
    let message = if way.len() == 1 {
        format!("activation `{start}` waits for itself")
    } else {
        format!("activation `{start}` waits for itself, by way of others")
    };
    let names: Vec<&str> = [start].into_iter().chain(way.iter().map(|name| name.value.as_str())).collect();
    let problem = Problem::error("check::after_circle", message).help(names.join(" after "));
    way.iter().fold(problem, |problem, name| problem.label(name.span, ""))
}

pub fn unknown_metric(metric: &Name) -> Problem {
    let known = Metric::ALL.map(Metric::name);
    let problem = Problem::error("check::unknown_metric", format!("unknown metric `{}`", metric.value)).at(metric.span);
    problem.help(match metric.value.as_str() {
        // What other tools call it.
        "errors" | "error" | "failures" => "did you mean `failed`, or `rejected`?".to_string(),
        wrong => meant_of_all(wrong, known),
    })
}
