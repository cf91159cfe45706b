//! A plan as a comment on a pull request.

use crate::diag::{count, thousands, visible, visible_line};
use crate::ir::run::{ActivationPlan, PlanReport, SampleRow};

use super::{estimate, plan, words};

/// Bytes that go into a comment: GitHub takes 65,536 characters, and whoever posts it adds a few.
const ROOM: usize = 60_000;

pub fn plan(report: &PlanReport) -> String {
    let environment =
        report.environment.as_ref().map(|name| format!(" for `{}`", name.replace('`', ""))).unwrap_or_default();
    let summary = plan::summary(report);
    let summary = summary.strip_prefix("Plan: ").unwrap_or(&summary);
    let mut out = format!("## sendoff plan{environment}\n\n**{summary}**\n");
    out += &fitted(&report.activations, ROOM);
    if let Some(total) = estimate::total(&report.total, report.activations.len()) {
        out += &format!("\n{total}\n");
    }
    out
}

/// Samples and requests go first where there is no room for everything, then whole activations.
fn fitted(plans: &[ActivationPlan], room: usize) -> String {
    let heads: Vec<String> = plans.iter().map(activation).collect();
    let mut spare = room.saturating_sub(heads.iter().map(String::len).sum());
    let (mut out, mut left_out) = (String::new(), 0);
    for (plan, head) in plans.iter().zip(heads) {
        let details = samples(plan) + &requests(plan);
        if out.len() + head.len() > room {
            left_out += 1;
            continue;
        }
        out += &head;
        if details.len() <= spare {
            spare -= details.len();
            out += &details;
        } else {
            out += "\nThere is no room for samples here: `sendoff plan --html plan.html` has them.\n";
        }
    }
    match left_out {
        0 => out,
        left_out => format!("{out}\nThere is no room for {} more.\n", count(left_out, "activation")),
    }
}

fn activation(plan: &ActivationPlan) -> String {
    let mut out = format!("\n### {} → {} ({})\n\n", plan.activation, prose(&words::target(&plan.target)), plan.mode);
    out += &counts(plan);
    for cause in &plan.causes {
        out += &format!("- {}\n", prose(&words::cause(cause)));
    }
    for warning in &plan.warnings {
        out += &format!("- ⚠️ {}\n", prose(warning));
    }
    if let Some(line) = words::waiting(&plan.waiting) {
        out += &format!("- ⏳ {}; the run asks after them first\n", prose(&line));
    }
    if let Some(stopped) = &plan.stopped {
        out += &format!("- 🛑 {}\n", prose(&format!("{}: {}", stopped.message, stopped.help)));
    }
    if let Some(silent) = &plan.silent {
        out += &format!("- nothing to send: {}\n", prose(silent));
    }
    for created in &plan.creates {
        out += &format!("- creates {}\n", prose(created));
    }
    for line in plan.estimate.iter().flat_map(estimate::lines) {
        out += &format!("- {}\n", prose(&line));
    }
    out
}

fn counts(plan: &ActivationPlan) -> String {
    let counts = &plan.counts;
    let kinds = [
        ("+ added", counts.added),
        ("~ changed", counts.changed),
        ("~ newly mapped", counts.remapped),
        ("~ sent again", counts.resent),
        ("~ tried again", counts.retried),
        ("- removed", counts.removed),
        ("gone", counts.gone),
        ("held", counts.held),
        ("pending", counts.pending),
        ("unchanged", counts.unchanged),
    ];
    let kinds: Vec<(&str, u64)> = kinds.into_iter().filter(|(_, number)| *number > 0).collect();
    if kinds.is_empty() {
        return String::new();
    }
    let rows: String = kinds.iter().map(|(kind, number)| format!("| {kind} | {} |\n", thousands(*number))).collect();
    format!("| | rows |\n|---|---:|\n{rows}\n")
}

fn samples(plan: &ActivationPlan) -> String {
    if plan.samples.is_empty() {
        return String::new();
    }
    let rows: String = plan.samples.iter().map(sample).collect();
    format!(
        "\n<details><summary>Some of the rows</summary>\n\n| row | field | old | new |\n|---|---|---|---|\n{rows}\n</details>\n"
    )
}

fn sample(row: &SampleRow) -> String {
    let sign = match row.kind.as_str() {
        "added" => "+",
        "removed" => "-",
        _ => "~",
    };
    let told = |value: &Option<String>| value.as_deref().map(cell).unwrap_or_default();
    let head = format!("| {sign} {} ", cell(row.identifier.as_deref().unwrap_or(&row.key)));
    if row.fields.is_empty() {
        return format!("{head}| | | |\n");
    }
    let fields = row.fields.iter().enumerate();
    let fields = fields.map(|(at, field)| {
        let head = if at == 0 { head.as_str() } else { "| " };
        format!("{head}| {} | {} | {} |\n", cell(&field.field), told(&field.old), told(&field.new))
    });
    fields.collect()
}

/// As code, in which nothing is markup, and nothing becomes a link, a mention or a reference to an issue.
fn cell(text: &str) -> String {
    let text = visible_line(&text.replace(['\n', '\r'], " "));
    if text.is_empty() {
        return text;
    }
    // In a table a `|` is escaped even in code. A backslash before it would be taken for the escape, and is kept apart.
    let text = text.replace("\\|", "\\\u{200b}|").replace('|', "\\|");
    let mark = "`".repeat(longest_ticks(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{mark}{pad}{text}{pad}{mark}")
}

fn requests(plan: &ActivationPlan) -> String {
    let Some(first) = plan.requests.first() else { return String::new() };
    let headers: String = first.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let body = first.body.as_deref().map(|body| format!("\n{}\n", plan::shown_body(body))).unwrap_or_default();
    let shown = visible(&format!("{} {}\n{headers}{body}", first.method, first.url));
    let fence = fence(&shown);
    format!("\n<details><summary>First request</summary>\n\n{fence}http\n{}\n{fence}\n</details>\n", shown.trim_end())
}

/// Text with names in backticks: markup is none there, and is taken apart elsewhere.
fn prose(text: &str) -> String {
    let text = visible_line(&text.replace(['\n', '\r'], " "));
    let parts: Vec<&str> = text.split('`').collect();
    let paired = parts.len() % 2 == 1;
    let plain = |part: &str| part.replace('&', "&amp;").replace('<', "&lt;").replace('@', "@&#8203;");
    let part = |(at, part): (usize, &&str)| if paired && at % 2 == 1 { part.to_string() } else { plain(part) };
    parts.iter().enumerate().map(part).collect::<Vec<_>>().join("`")
}

/// Longer than any run of backticks within.
fn fence(text: &str) -> String {
    "`".repeat(longest_ticks(text).max(2) + 1)
}

fn longest_ticks(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::run::SampleRequest;

    #[test]
    fn what_has_no_room_is_left_out_and_told() {
        let request = SampleRequest { body: Some("x".repeat(500)), ..SampleRequest::default() };
        let plan =
            ActivationPlan { activation: "contacts".into(), requests: vec![request], ..ActivationPlan::default() };
        let (plans, one) = ([plan.clone(), plan.clone(), plan.clone()], activation(&plan).len());
        assert_eq!(fitted(&plans, 5000).matches("First request").count(), 3);
        let some = fitted(&plans, 3 * one + 700);
        assert_eq!((some.matches("First request").count(), some.matches("no room for samples").count()), (1, 2));
        assert!(fitted(&plans, one + 100).ends_with("There is no room for 2 activations more.\n"));
    }
}
