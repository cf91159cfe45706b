//! A definition's own examples, judged: a misspelt path must not read as "no errors".

use serde_json::json;

use super::{Judge, Reading, Sent, verdict_name};
use crate::emit::fields::Fields;
use crate::emit::option;
use crate::emit::program::facts_of;
use crate::ir::catalog::{Answer, Call, Destination, Example, Service};
use crate::ir::delivery::Response;
use crate::ir::secret::Redactor;
use crate::template::Scope;

/// What an answer was read as, in the words of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleRead {
    pub answer: &'static str,
    /// One for each record sent.
    pub records: Vec<&'static str>,
    pub reasons: Vec<String>,
}

/// Reads the example's answer and compares; the error says what was read instead.
pub fn judge_example(
    destination: &Destination,
    service: &Service,
    call: &Call,
    example: &Example,
) -> Result<(), String> {
    let ExampleRead { answer, records, reasons } = read_example(destination, service, call, example)?;
    if answer != example.expect.answer {
        return Err(format!("the answer is read as `{answer}`, not as `{}`", example.expect.answer));
    }
    compare_records(example, &records)?;
    compare_reasons(example, &reasons)
}

/// Reads the example's answer; an error is one of the definition's.
pub fn read_example(
    destination: &Destination,
    service: &Service,
    call: &Call,
    example: &Example,
) -> Result<ExampleRead, String> {
    let call = &*option::filled(call, service, None);
    let judge = Judge::new(call, &destination.answer, Redactor::default())?;
    let response = response(example);
    let base = Scope::new()
        .with("sent", &json!(example.sent.len()))
        .with("token", &json!(destination.token.is_some()))
        .with("job", &json!({"id": "1", "age": 0}))
        .with("identifier", &identifier(service, example));
    let scope = judge.scope(&base, &response);
    let whole = judge.whole(&scope, &response);
    let answer = answer_name(whole.is);
    let sent: Vec<&str> = example.sent.iter().map(String::as_str).collect();
    let (records, reasons): (Vec<&'static str>, Vec<String>) = match whole.is {
        // An example has one word for a record, be it identifier or id.
        Answer::Read => match judge.records(
            &scope,
            &Sent { identifiers: sent.clone(), remote_ids: sent.iter().copied().map(Some).collect() },
            &Fields::none(),
        ) {
            Reading::Records(judged) => {
                judged.into_iter().map(|judged| (verdict_name(judged.is), judged.reason.unwrap_or_default())).unzip()
            }
            Reading::Stop(reason) => sent.iter().map(|_| ("stop", reason.clone())).unzip(),
        },
        Answer::Every(verdict) => {
            sent.iter().map(|_| (verdict.name(), whole.reason.clone().unwrap_or_default())).unzip()
        }
        _ => sent.iter().map(|_| (answer, whole.reason.clone().unwrap_or_default())).unzip(),
    };
    Ok(ExampleRead { answer, records, reasons })
}

/// The identifier that the example names, else the first of the service.
fn identifier(service: &Service, example: &Example) -> serde_json::Value {
    let first = service.identifiers.first().map(|identifier| identifier.name.as_str());
    let name = example.identifier.as_deref().or(first).unwrap_or_default();
    facts_of(name, service.identifier(name))
}

fn response(example: &Example) -> Response {
    let body = match &example.body {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Response { status: example.status, headers: example.headers.clone(), body }
}

fn compare_records(example: &Example, records: &[&str]) -> Result<(), String> {
    let expected = &example.expect.records;
    if expected.is_empty() || expected == records {
        return Ok(());
    }
    Err(format!("the records are read as {}, not as {}", listed(records), listed(expected)))
}

fn compare_reasons(example: &Example, reasons: &[String]) -> Result<(), String> {
    for (at, expected) in example.expect.reasons.iter().enumerate() {
        let reason = reasons.get(at).map_or("", String::as_str);
        let right = if expected.is_empty() { reason.is_empty() } else { reason.contains(expected.as_str()) };
        if !right {
            return Err(format!("the reason of record {at} is `{reason}`, not `{expected}`"));
        }
    }
    Ok(())
}

fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    names.join(", ")
}

/// The word a definition would use.
fn answer_name(answer: Answer) -> &'static str {
    Answer::NAMES.into_iter().find(|name| Answer::parse(name) == Some(answer)).unwrap_or("read")
}
