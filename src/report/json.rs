//! The same values for programs.

use serde::Serialize;
use serde_json::{Value, json};

use crate::ir::run::{ActivationReport, Explanation, Failure, LedgerView, PlanReport, RejectedRow, RunReport, Status};

pub fn run(report: &RunReport) -> String {
    text(&with_status(report, report.status()))
}

/// Of `docs/plan.schema.json`: raised where something is taken away or means something else.
const PLAN_VERSION: u32 = 1;

pub fn plan(report: &PlanReport) -> String {
    let mut whole = with_status(report, report.status());
    whole["version"] = json!(PLAN_VERSION);
    text(&whole)
}

pub fn history(runs: &[ActivationReport]) -> String {
    text(&runs)
}

pub fn rejected(activations: &[(String, Vec<RejectedRow>)]) -> String {
    let activations: Vec<Value> =
        activations.iter().map(|(name, rows)| json!({"activation": name, "rows": rows})).collect();
    text(&activations)
}

pub fn explanation(explanation: &Explanation) -> String {
    text(explanation)
}

pub fn ledgers(ledgers: &[LedgerView]) -> String {
    text(&ledgers)
}

pub fn failure(failure: &Failure) -> String {
    text(&json!({"failure": failure, "code": failure.status.code()}))
}

/// A list of problems in place of what was asked for.
pub fn problems(problems: Value) -> String {
    text(&json!({"problems": problems}))
}

/// The status of the whole and its exit code come first.
fn with_status(report: &impl Serialize, status: Status) -> Value {
    let mut whole = json!({"status": status, "code": status.code()});
    if let (Value::Object(whole), Ok(Value::Object(members))) = (&mut whole, serde_json::to_value(report)) {
        whole.extend(members);
    }
    whole
}

pub fn text(value: &impl Serialize) -> String {
    // Reports are plain data: names are text, numbers finite or null.
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .unwrap_or_else(|error| json!({"failure": error.to_string()}).to_string())
}
