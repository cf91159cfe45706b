//! Values taken out of a plan before it is posted somewhere: lengths and shapes stay, persons do not.

use serde_json::Value;

use crate::ir::run::{ActivationPlan, PlanReport, SampleField, SampleRequest, SampleRow};

const DOTS: &str = "•••";

/// Characters from which a value is long enough to show its ends.
const TELLING: usize = 8;

pub fn plan(report: &PlanReport) -> PlanReport {
    let activations = report.activations.iter().map(activation).collect();
    PlanReport { activations, ..report.clone() }
}

fn activation(plan: &ActivationPlan) -> ActivationPlan {
    let samples = plan.samples.iter().map(sample).collect();
    let requests = plan.requests.iter().map(request).collect();
    ActivationPlan { samples, requests, ..plan.clone() }
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

fn request(request: &SampleRequest) -> SampleRequest {
    SampleRequest { url: url(&request.url), body: request.body.as_deref().map(body), ..request.clone() }
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

/// Identifiers travel in paths and queries: what looks like one is hidden, versions and words stay.
fn url(url: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let (server, path) =
        match address.find("://").and_then(|at| address[at + 3..].find('/').map(|slash| at + 3 + slash)) {
            Some(at) => address.split_at(at),
            None => (address, ""),
        };
    let path: Vec<String> = path.split('/').map(segment).collect();
    let query = query.map(|query| query.split('&').map(parameter).collect::<Vec<_>>().join("&"));
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{server}{}{query}", path.join("/"))
}

fn segment(part: &str) -> String {
    let version = part.len() <= 5 && part.chars().all(|c| c.is_ascii_digit() || c == '.' || c == 'v');
    let word = part.chars().all(|c| c.is_ascii_alphabetic() || "-_.$".contains(c));
    if version || word { part.to_string() } else { text(part) }
}

fn parameter(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, value)) => format!("{name}={}", text(value)),
        None => text(pair),
    }
}
