//! A plan for people: what would be sent, by activation, and why.

use std::collections::BTreeMap;

use crate::diag::{thousands, visible_line};
use crate::ir::change::{Counts, RETRIED};
use crate::ir::run::{ActivationPlan, PlanReport, SampleField, SampleRequest, SampleRow};

use super::paint::Paint;
use super::{estimate, pretty, words};

/// Fields listed behind a count before the rest is only counted.
const FIELDS_MAX: usize = 6;

/// Characters of a request's body that are shown.
const BODY_MAX: usize = 1200;

/// One block for each activation, then a line for all of them.
pub fn human(report: &PlanReport, paint: Paint) -> String {
    let blocks: Vec<String> = report.activations.iter().map(|plan| activation(plan, paint)).collect();
    let total = estimate::total(&report.total, report.activations.len());
    let total = total.map(|total| format!("{}\n", paint.dim(&total))).unwrap_or_default();
    format!("{}\n{}\n{total}", blocks.join("\n"), paint.bold(&summary(report)))
}

/// "Plan: 110 to send (10 added, 100 changed), 10 gone, 9,890 unchanged"
pub fn summary(report: &PlanReport) -> String {
    let stopped = report.activations.iter().filter(|plan| plan.stopped.is_some()).count();
    let stopped =
        if stopped == 0 { String::new() } else { format!("; {} would be stopped", thousands(stopped as u64)) };
    format!("Plan: {}{stopped}", words::counts(&total(report)))
}

fn total(report: &PlanReport) -> Counts {
    report.activations.iter().fold(Counts::default(), |sum, plan| Counts {
        added: sum.added + plan.counts.added,
        changed: sum.changed + plan.counts.changed,
        removed: sum.removed + plan.counts.removed,
        remapped: sum.remapped + plan.counts.remapped,
        resent: sum.resent + plan.counts.resent,
        retried: sum.retried + plan.counts.retried,
        unchanged: sum.unchanged + plan.counts.unchanged,
        held: sum.held + plan.counts.held,
        pending: sum.pending + plan.counts.pending,
        unclear: sum.unclear + plan.counts.unclear,
        absent: sum.absent + plan.counts.absent,
        gone: sum.gone + plan.counts.gone,
        ..sum
    })
}

fn activation(plan: &ActivationPlan, paint: Paint) -> String {
    let mut out = format!("{} -> {}, {}\n", paint.bold(&plan.activation), words::target(&plan.target), plan.mode);
    for cause in &plan.causes {
        out += &format!("  {}\n", paint.warn(&words::cause(cause)));
    }
    for line in changes(plan, paint) {
        out += &format!("  {line}\n");
    }
    for created in &plan.creates {
        out += &format!("  {} creates {created}\n", paint.good("+"));
    }
    for line in plan.estimate.iter().flat_map(estimate::lines) {
        out += &format!("  {line}\n");
    }
    for warning in &plan.warnings {
        out += &format!("  {} {warning}\n", paint.warn("warning:"));
    }
    if let Some(line) = words::waiting(&plan.waiting) {
        out += &format!("  {} {line}; the run asks after them first\n", paint.warn("pending:"));
    }
    if let Some(silent) = &plan.silent {
        out += &format!("  nothing to send: {silent}\n");
    }
    if let Some(stopped) = &plan.stopped {
        out += &words::stopped(stopped, paint);
    }
    out += &samples(&plan.samples, paint);
    out += &requests(plan, paint);
    out
}

/// Counts, grouped: what is sent under its sign, then what rests, then what is set aside.
fn changes(plan: &ActivationPlan, paint: Paint) -> Vec<String> {
    let counts = &plan.counts;
    let changed = by_field(&plan.by_field);
    let kinds = [
        (counts.added, paint.good("+"), "added".to_string()),
        (counts.changed, paint.warn("~"), format!("changed{changed}")),
        (counts.remapped, paint.warn("~"), format!("newly mapped{}", if counts.changed == 0 { &changed } else { "" })),
        (counts.resent, paint.warn("~"), "sent again".to_string()),
        (counts.retried, paint.warn("~"), RETRIED.to_string()),
        (counts.removed, paint.bad("-"), "removed".to_string()),
    ];
    let kinds = kinds.into_iter().filter(|(number, ..)| *number > 0);
    let mut lines: Vec<String> =
        kinds.map(|(number, sign, what)| format!("{sign} {} {what}", thousands(number))).collect();
    let rest = words::at_rest(counts);
    if !rest.is_empty() {
        lines.push(format!("  {}", paint.dim(&rest.join(", "))));
    }
    let aside = words::set_aside(counts);
    if !aside.is_empty() {
        lines.push(format!("set aside: {}", aside.join(", ")));
    }
    if counts.refused > 0 && plan.silent.is_none() {
        lines.push(words::refused(counts));
    }
    if counts.reidentified > 0 {
        lines.push(format!("{} with another identifier: written as another contact", thousands(counts.reidentified)));
    }
    if counts.removals_held_back > 0 {
        let held = thousands(counts.removals_held_back);
        lines.push(format!("{held} removals held back: the source has rows without a key"));
    }
    lines
}

/// "  (email 60, city 40)", the most frequent first.
fn by_field(fields: &BTreeMap<String, u64>) -> String {
    let mut fields: Vec<(&String, &u64)> = fields.iter().collect();
    fields.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
    let shown = fields.iter().take(FIELDS_MAX).map(|(name, number)| format!("{name} {}", thousands(**number)));
    let mut shown: Vec<String> = shown.collect();
    if fields.len() > FIELDS_MAX {
        shown.push(format!("{} more", fields.len() - FIELDS_MAX));
    }
    if shown.is_empty() { String::new() } else { format!(" ({})", shown.join(", ")) }
}

fn samples(rows: &[SampleRow], paint: Paint) -> String {
    let mut out = String::new();
    for row in rows {
        let identifier = row.identifier.as_deref().filter(|identifier| *identifier != row.key);
        let identifier = identifier.map(|identifier| format!("  {}", visible_line(identifier))).unwrap_or_default();
        out += &format!(
            "\n  {} {}{}\n",
            sign(&row.kind, paint),
            paint.bold(&visible_line(&row.key)),
            paint.dim(&identifier)
        );
        let width = row.fields.iter().map(|field| field.field.chars().count()).max().unwrap_or(0);
        for field in &row.fields {
            out += &format!("      {:<width$}  {}\n", field.field, movement(row, field, paint));
        }
    }
    out
}

fn sign(kind: &str, paint: Paint) -> String {
    match kind {
        "added" => paint.good("+"),
        "removed" => paint.bad("-"),
        _ => paint.warn("~"),
    }
}

/// "old -> new"; only what it gets, where the row is added or the value goes out once more.
fn movement(row: &SampleRow, field: &SampleField, paint: Paint) -> String {
    let told = |value: &Option<String>| value.as_deref().map_or_else(|| paint.dim("null"), visible_line);
    match field.old == field.new || row.kind == "added" && field.old.is_none() {
        true => told(&field.new),
        false => format!("{} -> {}", told(&field.old), told(&field.new)),
    }
}

fn requests(plan: &ActivationPlan, paint: Paint) -> String {
    plan.requests.iter().map(|request| format!("\n{}", drawn(request, paint))).collect()
}

fn drawn(request: &SampleRequest, paint: Paint) -> String {
    let mut out = format!("  {} {}\n", paint.mark(&request.method), request.url);
    for (name, value) in &request.headers {
        out += &format!("  {}\n", paint.dim(&format!("{name}: {value}")));
    }
    if let Some(body) = &request.body {
        for line in shown_body(body).lines() {
            out += &format!("  {}\n", visible_line(line));
        }
    }
    out
}

/// JSON laid out to be read, cut where it is long.
pub fn shown_body(body: &str) -> String {
    let body = pretty::laid_out(body).unwrap_or_else(|| body.to_string());
    match body.char_indices().nth(BODY_MAX) {
        Some((cut, _)) => {
            format!("{}\n... ({} characters in all)", &body[..cut], thousands(body.chars().count() as u64))
        }
        None => body,
    }
}
