//! Problems as SARIF 2.1.0, which code scanners and editors read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::diag::{Problem, Problems, Severity, Sources};
use crate::ir::secret::percent_encoded;
use crate::ir::span::Span;

use super::entry;
use super::json::text;

pub fn sarif(problems: &Problems, sources: &Sources) -> String {
    let codes: BTreeSet<&str> = problems.0.iter().map(|problem| problem.code).collect();
    let rules: Vec<Value> = codes.into_iter().map(rule).collect();
    let results: Vec<Value> = problems.0.iter().map(|problem| result(problem, sources)).collect();
    text(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "sendoff", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

/// A code with what its entry says, which viewers show beside the result.
fn rule(code: &str) -> Value {
    match (entry::about(code), entry::text(code)) {
        (Some(about), Some(text)) => {
            json!({"id": code, "shortDescription": {"text": about}, "help": {"text": text, "markdown": text}})
        }
        _ => json!({"id": code}),
    }
}

fn result(problem: &Problem, sources: &Sources) -> Value {
    let help = problem.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let places: Vec<Value> = problem.labels.first().map(|(span, _)| place(*span, sources)).into_iter().collect();
    json!({
        "ruleId": problem.code,
        "level": level(problem.severity),
        "message": {"text": format!("{}{help}", problem.told())},
        "locations": places,
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "note",
    }
}

fn place(span: Span, sources: &Sources) -> Value {
    let (line, column) = sources.position(span);
    let (end_line, end_column) = sources.position(Span { start: span.end, ..span });
    json!({
        "physicalLocation": {
            "artifactLocation": {"uri": uri(sources.name(span.file))},
            "region": {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column},
        },
    })
}

/// A path as a reference that RFC 3986 allows.
fn uri(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    let steps: Vec<String> = path.split('/').map(percent_encoded).collect();
    format!("{scheme}{}", steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("pipe lines/my,%20:å<x>.sendoff"), "pipe%20lines/my%2C%2520%3A%C3%A5%3Cx%3E.sendoff");
        assert_eq!(uri("/elsewhere/a.sendoff"), "file:///elsewhere/a.sendoff");
    }
}
