//! A plan as one page: nothing is fetched, nothing runs. Whatever comes from data goes through `escaped`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::diag::{thousands, visible};
use crate::ir::run::{ActivationPlan, PlanReport, SampleField, SampleRequest, SampleRow};

use super::{estimate, plan, words};

const STYLE: &str = include_str!("html/plan.css");

pub fn plan(report: &PlanReport, made: Timestamp) -> String {
    let summary = plan::summary(report);
    let summary = summary.strip_prefix("Plan: ").unwrap_or(&summary);
    let activations: String = report.activations.iter().map(activation).collect();
    let total = estimate::total(&report.total, report.activations.len());
    let total = total.map(|total| format!("<p class=total>{}</p>", escaped(&total))).unwrap_or_default();
    format!(
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\n\
         <title>sendoff plan: {title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n\
         <p class=place>{place}</p>\n<h1>{title}</h1>\n{total}\n</header>\n<main>\n{activations}</main>\n\
         <footer>made by sendoff {version}, {made}</footer>\n</body>\n</html>\n",
        title = escaped(summary),
        place = escaped(&place(report)),
        version = env!("CARGO_PKG_VERSION"),
        made = made.strftime("%Y-%m-%d %H:%M UTC"),
    )
}

fn place(report: &PlanReport) -> String {
    let environment = report.environment.as_deref().map(|name| format!("environment {name}"));
    let sandbox = report.sandbox.then(|| "the sandbox".to_string());
    let place: Vec<String> = environment.into_iter().chain(sandbox).collect();
    if place.is_empty() { "sendoff plan".into() } else { format!("sendoff plan for {}", place.join(", ")) }
}

fn activation(plan: &ActivationPlan) -> String {
    format!(
        "<section>\n<h2>{}</h2>\n<p class=target>{} <span class=mode>{}</span></p>\n{}{}{}{}{}</section>\n",
        escaped(&plan.activation),
        escaped(&words::target(&plan.target)),
        escaped(&plan.mode),
        counts(plan),
        notes(plan),
        by_field(&plan.by_field),
        samples(&plan.samples),
        requests(&plan.requests),
    )
}

/// A tile for each kind of row that there is.
fn counts(plan: &ActivationPlan) -> String {
    let counts = &plan.counts;
    let tile = |(class, kind, number): &(&str, &str, u64)| {
        format!("<li class={class}><b>{}</b> {kind}</li>\n", thousands(*number))
    };
    let kinds = [
        ("add", "added", counts.added),
        ("change", "changed", counts.changed),
        ("change", "newly mapped", counts.remapped),
        ("change", "sent again", counts.resent),
        ("change", "tried again", counts.retried),
        ("remove", "removed", counts.removed),
        ("rest", "gone", counts.gone),
        ("rest", "held", counts.held),
        ("rest", "pending", counts.pending),
        ("rest", "unclear", counts.unclear),
        ("rest", "absent there", counts.absent),
        ("rest", "unchanged", counts.unchanged),
    ];
    let tiles: String = kinds.iter().filter(|(.., number)| *number > 0).map(tile).collect();
    if tiles.is_empty() { String::new() } else { format!("<ul class=counts>\n{tiles}</ul>\n") }
}

/// What stops it, what it warns of, why so much is sent, and what it asks of the destination.
fn notes(plan: &ActivationPlan) -> String {
    let aside = words::set_aside(&plan.counts);
    let stopped = plan.stopped.iter().map(|stopped| ("stop", format!("{}: {}", stopped.message, stopped.help)));
    let warnings = plan.warnings.iter().map(|warning| ("warn", warning.clone()));
    let aside = (!aside.is_empty()).then(|| ("warn", format!("set aside: {}", aside.join(", "))));
    let causes = plan.causes.iter().map(|cause| ("cause", words::cause(cause)));
    let waiting = words::waiting(&plan.waiting).map(|line| ("plain", format!("{line}; the run asks after them first")));
    let silent = plan.silent.iter().map(|why| ("plain", format!("nothing to send: {why}")));
    let creates = plan.creates.iter().map(|what| ("plain", format!("creates {what}")));
    let lines = plan.estimate.iter().flat_map(estimate::lines).map(|line| ("plain", line));
    let all = stopped.chain(warnings).chain(aside).chain(causes).chain(waiting).chain(silent).chain(creates);
    let notes: String =
        all.chain(lines).map(|(class, text)| format!("<li class={class}>{}</li>\n", escaped(&text))).collect();
    if notes.is_empty() { String::new() } else { format!("<ul class=notes>\n{notes}</ul>\n") }
}

fn by_field(fields: &BTreeMap<String, u64>) -> String {
    let mut fields: Vec<(&String, &u64)> = fields.iter().collect();
    fields.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
    let rows = fields.iter().map(|(name, number)| {
        format!("<tr><td>{}</td><td class=number>{}</td></tr>\n", escaped(name), thousands(**number))
    });
    let rows: String = rows.collect();
    folded("Rows by field", rows.is_empty(), &format!("<table>\n<tr><th>field</th><th>rows</th></tr>\n{rows}</table>"))
}

fn samples(samples: &[SampleRow]) -> String {
    let rows: String = samples.iter().map(sample).collect();
    let head = "<thead><tr><th>field</th><th>was</th><th>will be</th></tr></thead>";
    let table = format!("<div class=wide><table>\n{head}\n{rows}</table></div>");
    if rows.is_empty() { String::new() } else { format!("<h3>Some of the rows</h3>\n{table}\n") }
}

fn sample(row: &SampleRow) -> String {
    let (class, sign) = match row.kind.as_str() {
        "added" => ("add", "+"),
        "removed" => ("remove", "&minus;"),
        _ => ("change", "~"),
    };
    let name = escaped(row.identifier.as_deref().unwrap_or(&row.key));
    let fields: String = row.fields.iter().map(field).collect();
    format!(
        "<tbody class={class}>\n<tr><th colspan=3 scope=rowgroup><span class=sign>{sign}</span> {name}</th></tr>\n\
         {fields}</tbody>\n"
    )
}

fn field(field: &SampleField) -> String {
    let told = |value: &Option<String>| value.as_deref().map(escaped).unwrap_or_default();
    let (old, new) = (told(&field.old), told(&field.new));
    format!("<tr><td>{}</td><td class=old>{old}</td><td class=new>{new}</td></tr>\n", escaped(&field.field))
}

fn requests(requests: &[SampleRequest]) -> String {
    let shown = requests.iter().map(|request| {
        let headers: String = request.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        let body = request.body.as_deref().map(|body| format!("\n{}", plan::shown_body(body))).unwrap_or_default();
        format!("<pre>{}</pre>\n", escaped(&format!("{} {}\n{headers}{body}", request.method, request.url)))
    });
    let shown: String = shown.collect();
    let title = if requests.len() == 1 { "First request" } else { "First requests" };
    folded(title, shown.is_empty(), &shown)
}

fn folded(title: &str, is_empty: bool, inside: &str) -> String {
    if is_empty {
        return String::new();
    }
    format!("<details>\n<summary>{title}</summary>\n{inside}\n</details>\n")
}

/// Text as it is, between tags and within quotes.
fn escaped(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}
