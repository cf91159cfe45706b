//! Activations as a whole: entries, order, guards.

use super::meant;
use crate::diag::{Problem, list, nearest, slip};
use crate::ir::ast::Name;
use crate::ir::span::Span;
use crate::ir::spec::{Compare, Metric};

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

/// Of a guard's metric likeness says too little: `deleted` is more like `rejected` than like `removed`, and a guard on another one
/// guards nothing. So nothing but a slip of the finger, or the word of another tool, is a thing to put right.
pub fn unknown_metric(metric: &Name) -> Problem {
    let known = Metric::ALL.map(Metric::name);
    let wrong = metric.value.as_str();
    let problem = Problem::error("check::unknown_metric", format!("unknown metric `{wrong}`")).at(metric.span);
    if let "errors" | "error" | "failures" | "failure" = wrong {
        return problem.help("did you mean `failed`, or `rejected`?");
    }
    let all = format!("known here: {}", list(&known));
    problem.help(match (metric_elsewhere(wrong).or_else(|| slip(wrong, known)), nearest(wrong, known)) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, Some(near)) if near.starts_with(wrong.get(..3).unwrap_or(wrong)) => {
            format!("did you mean `{near}`? {all}")
        }
        _ => all,
    })
}

/// A guard that holds never, or always.
pub fn beyond_all(metric: Metric, compare: Compare, value: Span) -> Problem {
    let metric = metric.name();
    Problem::error("check::guard_beyond_all", format!("`{metric}` is a share that never goes beyond 100%"))
        .at(value)
        .help(match compare {
            Compare::Greater | Compare::GreaterOrEqual => "to have no limit, write `> 100%`",
            Compare::Less | Compare::LessOrEqual => "it is always less: write 100% or less here",
        })
}

/// What is ours for what other tools count.
fn metric_elsewhere(word: &str) -> Option<&'static str> {
    let metric = match word.to_lowercase().as_str() {
        "deleted" | "deletes" | "deletions" | "delete" | "gone" | "dropped" | "removals" | "unsubscribed" => {
            Metric::Removed
        }
        "new" | "created" | "creates" | "create" | "inserted" | "inserts" | "insert" | "additions" | "new_rows" => {
            Metric::Added
        }
        "updated" | "updates" | "update" | "modified" | "edited" | "changed_rows" => Metric::Changed,
        "refused" | "rejects" | "rejections" | "invalid" => Metric::Rejected,
        "fails" | "failing" => Metric::Failed,
        "not_found" | "notfound" => Metric::Absent,
        "row_count" | "rowcount" | "records" | "total" | "count" => Metric::Rows,
        "dupes" | "duplicated" => Metric::Duplicates,
        _ => return None,
    };
    Some(metric.name())
}
