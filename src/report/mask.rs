//! Values taken out of a plan before it is posted somewhere: lengths and shapes stay, persons do not.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::ir::run::{ActivationPlan, PlanReport, SampleField, SampleRequest, SampleRow, Stopped};

const DOTS: &str = "•••";

/// Characters from which a value is long enough to show its ends.
const TELLING: usize = 8;

/// Characters from which a value is looked for inside of other text.
const DISTINCT: usize = 4;

/// What stopped an activation on a value of one row, which DuckDB quotes.
const QUOTES_VALUES: &str = "run::expression";

pub fn plan(report: &PlanReport) -> PlanReport {
    let activations = report.activations.iter().map(activation).collect();
    PlanReport { activations, ..report.clone() }
}

fn activation(plan: &ActivationPlan) -> ActivationPlan {
    let known = Known::of(&plan.samples);
    let samples = plan.samples.iter().map(sample).collect();
    let requests = plan.requests.iter().map(|request| self::request(request, &known)).collect();
    let stopped = plan.stopped.as_ref().map(stopped);
    ActivationPlan { samples, requests, stopped, rows: Vec::new(), ..plan.clone() }
}

fn sample(row: &SampleRow) -> SampleRow {
    let field = |field: &SampleField| SampleField {
        field: field.field.clone(),
        old: field.old.as_deref().map(text),
        new: field.new.as_deref().map(text),
    };
    SampleRow {
        kind: row.kind.clone(),
        key: text(&row.key),
        identifier: row.identifier.as_deref().map(text),
        fields: row.fields.iter().map(field).collect(),
    }
}

/// Everything that stands in rows which the requests were made of.
struct Known<'a>(BTreeSet<&'a str>);

impl<'a> Known<'a> {
    fn of(rows: &'a [SampleRow]) -> Known<'a> {
        let values = |row: &'a SampleRow| {
            row.fields.iter().flat_map(|field| field.old.as_deref().into_iter().chain(field.new.as_deref()))
        };
        let texts =
            |row: &'a SampleRow| values(row).chain(row.identifier.as_deref()).chain(std::iter::once(row.key.as_str()));
        Known(rows.iter().flat_map(texts).filter(|text| !text.is_empty()).collect())
    }

    fn within(&self, text: &str) -> bool {
        self.0.contains(text) || self.0.iter().any(|known| known.chars().count() >= DISTINCT && text.contains(known))
    }
}

fn request(request: &SampleRequest, known: &Known<'_>) -> SampleRequest {
    let shown = |value: &str| if known.within(value) { DOTS.to_string() } else { value.to_string() };
    SampleRequest {
        method: request.method.clone(),
        url: url(&request.url, known),
        headers: request.headers.iter().map(|(name, value)| (name.clone(), shown(value))).collect(),
        body: request.body.as_deref().map(body),
    }
}

fn stopped(stopped: &Stopped) -> Stopped {
    if stopped.code != QUOTES_VALUES {
        return stopped.clone();
    }
    // Between an odd quote and the next one stands a value; a quote in it only moves the border.
    let parts = stopped.message.split('\'').enumerate();
    let parts: Vec<String> = parts.map(|(at, part)| if at % 2 == 1 { text(part) } else { part.to_string() }).collect();
    Stopped { message: parts.join("'"), ..stopped.clone() }
}

/// `a…m`; short values show nothing.
pub fn text(value: &str) -> String {
    let mut letters = value.chars();
    match (letters.next(), letters.next_back()) {
        (Some(first), Some(last)) if value.chars().count() >= TELLING => format!("{first}…{last}"),
        _ => DOTS.to_string(),
    }
}

/// The shape of a body stays: names and nesting, a dot for every value. What is not JSON is not shown at all.
fn body(body: &str) -> String {
    let lines: Option<Vec<Value>> = body.lines().map(|line| serde_json::from_str(line).ok()).collect();
    match (serde_json::from_str::<Value>(body), lines) {
        (Ok(whole), _) => hidden(whole).to_string(),
        (_, Some(lines)) => lines.into_iter().map(|line| format!("{}\n", hidden(line))).collect(),
        _ => DOTS.to_string(),
    }
}

fn hidden(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name, hidden(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(hidden).collect()),
        Value::Null => Value::Null,
        Value::String(value) => Value::String(text(&value)),
        Value::Bool(_) | Value::Number(_) => Value::String(DOTS.into()),
    }
}

/// Identifiers travel in paths and queries: what a row holds is hidden, and what looks like an identifier; versions and words
/// stay.
fn url(url: &str, known: &Known<'_>) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let (server, path) =
        match address.find("://").and_then(|at| address[at + 3..].find('/').map(|slash| at + 3 + slash)) {
            Some(at) => address.split_at(at),
            None => (address, ""),
        };
    let path: Vec<String> = path.split('/').map(|part| segment(part, known)).collect();
    let query = query.map(|query| query.split('&').map(parameter).collect::<Vec<_>>().join("&"));
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{server}{}{query}", path.join("/"))
}

fn segment(part: &str, known: &Known<'_>) -> String {
    let numbered = part.chars().all(|c| c.is_ascii_digit() || c == '.' || c == 'v');
    let version = numbered && part.len() <= 5 && (part.len() <= 2 || part.contains(['v', '.']));
    let word = part.chars().all(|c| c.is_ascii_alphabetic() || "-_.$".contains(c));
    if (version || word) && !known.within(part) { part.to_string() } else { text(part) }
}

fn parameter(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, value)) => format!("{name}={}", text(value)),
        None => text(pair),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str) -> Vec<SampleRow> {
        vec![SampleRow { key: key.into(), ..SampleRow::default() }]
    }

    #[test]
    fn words_of_a_path_stay_unless_a_row_holds_them() {
        let rows = row("anna");
        let masked = |address: &str| url(address, &Known::of(&rows));
        assert_eq!(masked("https://x.io/api/v3/contacts/by"), "https://x.io/api/v3/contacts/by");
        assert_eq!(masked("https://x.io/2.11/people/anna"), "https://x.io/2.11/people/•••");
        assert_eq!(masked("https://x.io/people/12345"), "https://x.io/people/•••");
        assert_eq!(masked("https://x.io/people?who=bo"), "https://x.io/people?who=•••");
    }

    #[test]
    fn headers_lose_what_a_row_holds() {
        let rows = row("anna@example.com");
        let headers = vec![("For".to_string(), "mailto:anna@example.com".to_string()), ("Accept".into(), "a/b".into())];
        let masked = request(&SampleRequest { headers, ..SampleRequest::default() }, &Known::of(&rows));
        assert_eq!(masked.headers[0].1, DOTS);
        assert_eq!(masked.headers[1].1, "a/b");
    }

    #[test]
    fn a_value_that_duckdb_quotes_is_hidden() {
        let message = "`a`: Could not convert string 'anna@example.com' to INT32".to_string();
        let masked = stopped(&Stopped { code: QUOTES_VALUES.into(), message, ..Stopped::default() });
        assert_eq!(masked.message, "`a`: Could not convert string 'a…m' to INT32");
    }
}
