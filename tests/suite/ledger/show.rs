//! What a step did, in lines a person can check against the design.

use std::fmt::Write;
use std::path::Path;

use sendoff::ir::run::{ActivationPlan, ActivationReport, Stopped};
use sendoff::ir::value::Value;
use sendoff::report::estimate;
use sendoff::store::ledger::Ledger;
use sendoff::store::{Store, StoreOptions};
use serde_json::Value as Json;

pub fn report(out: &mut String, report: &ActivationReport) {
    line(out, &format!("exit {}", report.status.code()));
    numbers(out, "counts", &report.counts);
    numbers(out, "settled", &report.settlement);
    numbers(out, "sent", &report.sent);
    if report.left > 0 {
        line(out, &format!("left {}", report.left));
    }
    tail(out, (&report.causes, &report.warnings, report.stopped.as_ref(), report.silent.as_deref()));
}

pub fn brief(out: &mut String, report: &ActivationReport) {
    let stopped = report.stopped.as_ref().map_or("done", |stopped| stopped.code.as_str());
    let left = if report.left > 0 { ", some rows left" } else { "" };
    line(out, &format!("{}: exit {}, {stopped}{left}", report.activation, report.status.code()));
}

pub fn plan(out: &mut String, plan: &ActivationPlan) {
    line(out, &format!("plan, exit {}", plan.status.code()));
    numbers(out, "counts", &plan.counts);
    numbers(out, "owed", &plan.by_field);
    tail(out, (&plan.causes, &plan.warnings, plan.stopped.as_ref(), plan.silent.as_deref()));
    for told in plan.estimate.iter().flat_map(estimate::lines) {
        line(out, &told);
    }
    for sample in &plan.samples {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        let fields: Vec<String> = sample
            .fields
            .iter()
            .map(|one| format!("{}: {} => {}", one.field, text(&one.old), text(&one.new)))
            .collect();
        line(out, &format!("{} {} {} {}", sample.kind, sample.key, text(&sample.identifier), fields.join(", ")));
    }
}

type Tail<'a> = (&'a [sendoff::ir::change::Cause], &'a [String], Option<&'a Stopped>, Option<&'a str>);

fn tail(out: &mut String, (causes, warnings, stopped, silent): Tail<'_>) {
    let causes: Vec<String> = causes.iter().map(cause).collect();
    if !causes.is_empty() {
        line(out, &format!("cause: {}", causes.join(", ")));
    }
    warnings.iter().for_each(|warning| line(out, &format!("warning: {warning}")));
    if let Some(stopped) = stopped {
        line(out, &format!("stopped: {}: {}", stopped.code, stopped.message));
    }
    silent.iter().for_each(|silent| line(out, &format!("silent: {silent}")));
}

fn cause(cause: &sendoff::ir::change::Cause) -> String {
    let mut json = serde_json::to_value(cause).expect("a cause is JSON");
    let fields = json.as_object_mut().expect("an object");
    let name = fields.remove("cause").unwrap_or_default();
    fields.remove("path");
    let name = name.as_str().unwrap_or_default().to_string();
    if fields.is_empty() { name } else { format!("{name} {json}") }
}

/// Only what is not zero.
fn numbers(out: &mut String, what: &str, counts: &impl serde::Serialize) {
    let json = serde_json::to_value(counts).expect("counts are JSON");
    let Json::Object(counts) = json else { return };
    let told: Vec<String> = counts
        .iter()
        .filter(|(_, value)| value.as_u64().is_some_and(|value| value > 0))
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if !told.is_empty() {
        line(out, &format!("{what}: {}", told.join(", ")));
    }
}

/// The entries of a ledger, with what it says of itself.
pub fn ledger(out: &mut String, path: &Path) {
    if !path.exists() {
        return line(out, "no ledger");
    }
    let store = Store::open(&StoreOptions::default()).expect("DuckDB opens");
    let ledger = Ledger::attach(&store, path, "ledger", false).expect("the ledger opens");
    if ledger.is_new(&store).expect("the ledger answers") {
        return line(out, "empty ledger");
    }
    let shape = ledger.shape(&store).expect("the ledger answers");
    let baseline = if shape.baseline_closed { "closed" } else { "open" };
    let open = if shape.open_run.is_some() { ", run open" } else { "" };
    line(
        out,
        &format!("ledger: baseline {baseline}, mapping {}, full {}{open}", shape.mapping_version, shape.full_number),
    );
    let columns = |letter: &str, count: usize| (1..=count).map(move |at| format!("{letter}{at}")).collect::<Vec<_>>();
    let keys = columns("k", shape.keys.len());
    let identifiers = columns("i", shape.identifiers.len());
    let fixed =
        ["state", "acked_at IS NOT NULL", "owes", "refused", "remote_id", "mapping", "full_number", "reason", "keys"];
    let values: Vec<String> = shape.fields.iter().map(|field| format!("v{}", field.position)).collect();
    let selected = [keys.clone(), identifiers.clone(), fixed.map(String::from).to_vec(), values].concat();
    let selected: Vec<String> = selected.into_iter().map(|column| as_text(&column)).collect();
    let sql = format!("SELECT {} FROM {} ORDER BY {}", selected.join(", "), ledger.table("entry"), keys.join(", "));
    for row in store.rows(&sql).expect("the entries are there") {
        let mut row = row.into_iter().map(|value| if let Value::Text(text) = value { Some(text) } else { None });
        let mut next = |count: usize| row.by_ref().take(count).collect::<Vec<_>>();
        let keys = next(keys.len());
        let identifiers = next(identifiers.len());
        let fixed = next(fixed.len());
        let values = next(shape.fields.len());
        entry(out, &shape.fields, &keys, &identifiers, &fixed, &values);
    }
}

fn as_text(column: &str) -> String {
    format!("CAST({column} AS VARCHAR)")
}

type Texts = [Option<String>];

fn entry(
    out: &mut String,
    fields: &[sendoff::ir::plan::LedgerField],
    keys: &Texts,
    identifiers: &Texts,
    fixed: &Texts,
    values: &Texts,
) {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    let all = |texts: &Texts| texts.iter().map(text).collect::<Vec<_>>().join(" ");
    let mut told = format!("{} {}: {}", all(keys), all(identifiers), text(&fixed[0]));
    if fixed[1].as_deref() == Some("false") {
        told.push_str(", never acknowledged");
    }
    let names = |numbers: &str| {
        fields.iter().fold(numbers.to_string(), |text, field| {
            text.replace(&format!("{}=", field.position), &format!("{}=", field.name))
        })
    };
    for (field, value) in fields.iter().zip(values) {
        if let Some(value) = value {
            write!(told, " {}={value}", field.name).expect("text");
        }
    }
    let parts = [("owes", 2), ("refused", 3), ("id", 4), ("mapping", 5), ("full", 6), ("because", 7), ("keys", 8)];
    for (name, at) in parts {
        match fixed[at].as_deref() {
            None => {}
            Some("0") if name == "full" => {}
            Some("{}") if name == "refused" => {}
            Some(value) if name == "refused" => write!(told, ", {name} {}", names(value)).expect("text"),
            Some(value) => write!(told, ", {name} {value}").expect("text"),
        }
    }
    line(out, &format!("  {told}"));
}

pub fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}
