//! Problems for people, for programs and for GitHub.

use serde_json::{Value, json};

use crate::diag::{Drawing, Problem, Problems, Severity, Sources, count, draw, visible};

use super::paint::Paint;

/// Every problem with its source, then how many there are.
pub fn human(problems: &Problems, sources: &Sources, drawing: Drawing) -> String {
    let drawn: Vec<String> = problems.0.iter().map(|problem| tidied(&draw(problem, sources, drawing))).collect();
    match drawn.is_empty() {
        true => String::new(),
        false => format!("{}\n{}\n", drawn.join("\n"), Paint { color: drawing.color }.bold(&tally(problems))),
    }
}

/// Lines end where their text ends.
pub fn tidied(drawn: &str) -> String {
    drawn.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// "2 errors, 1 warning"
pub fn tally(problems: &Problems) -> String {
    let number = |severity| problems.0.iter().filter(|problem| problem.severity == severity).count() as u64;
    let kinds = [Severity::Error, Severity::Warning];
    let kinds = kinds.into_iter().map(|severity| (number(severity), severity.name()));
    let mut parts: Vec<String> =
        kinds.filter(|(number, _)| *number > 0).map(|(number, name)| count(number, name)).collect();
    match number(Severity::Advice) {
        0 => {}
        1 => parts.push("1 piece of advice".into()),
        more => parts.push(format!("{more} pieces of advice")),
    }
    parts.join(", ")
}

/// A list of objects; places are counted from 1, `end` is where the place ends.
pub fn json(problems: &Problems, sources: &Sources) -> Value {
    problems.0.iter().map(|problem| one(problem, sources)).collect()
}

fn one(problem: &Problem, sources: &Sources) -> Value {
    let mut told = json!({
        "code": problem.code,
        "severity": problem.severity.name(),
        "message": problem.told(),
        "help": problem.help,
    });
    if let Some((span, _)) = problem.labels.first() {
        let (line, column) = sources.position(*span);
        let (end_line, end_column) = end(problem, sources).unwrap_or((line, column));
        told["file"] = json!(sources.name(span.file));
        told["line"] = json!(line);
        told["column"] = json!(column);
        told["end"] = json!({"line": end_line, "column": end_column});
    }
    told
}

fn end(problem: &Problem, sources: &Sources) -> Option<(usize, usize)> {
    let (span, _) = problem.labels.first()?;
    Some(sources.position(crate::ir::span::Span { start: span.end, ..*span }))
}

/// Workflow commands: GitHub shows them at the lines of a pull request.
pub fn github(problems: &Problems, sources: &Sources) -> String {
    problems.0.iter().map(|problem| format!("{}\n", annotation(problem, sources))).collect()
}

fn annotation(problem: &Problem, sources: &Sources) -> String {
    let help = problem.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let place = problem.labels.first().map(|(span, _)| {
        let (line, column) = sources.position(*span);
        let end = end(problem, sources).unwrap_or((line, column));
        // Columns may only be given where begin and end stand on one line.
        let columns = if end.0 == line { format!(",col={column},endColumn={}", end.1) } else { String::new() };
        format!("file={},line={line},endLine={}{columns},", property(sources.name(span.file)), end.0)
    });
    let title = format!("title={}", property(problem.code));
    let place = place.unwrap_or_default();
    command(level(problem.severity), &format!("{place}{title}"), &format!("{}{help}", problem.told()))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "notice",
    }
}

/// A warning of a run, which has no place in a file.
pub fn github_warning(activation: &str, message: &str) -> String {
    command("warning", &format!("title={}", property(activation)), message) + "\n"
}

fn command(level: &str, properties: &str, message: &str) -> String {
    format!("::{level} {properties}::{}", escaped(message))
}

fn escaped(text: &str) -> String {
    visible(&text.replace('\r', "")).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
