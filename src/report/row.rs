//! Single rows for people: the refused ones, and one with all that is known of it.

use crate::diag::{count, thousands, visible_line};
use crate::ir::run::{EntryView, Explanation, RejectedRow, RequestView};

use super::paint::Paint;
use super::table::table;

/// By activation. `limit` is what was asked for: that many rows may not be all of them.
pub fn rejected(activations: &[(String, Vec<RejectedRow>)], limit: u64, paint: Paint) -> String {
    let mut out = String::new();
    for (name, rows) in activations.iter().filter(|(_, rows)| !rows.is_empty()) {
        out += &format!("{}\n", paint.bold(name));
        let head = ["key", "identifier", "state", "reason", "fields", "since"];
        let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
        out += &table(&head, &cells, paint);
        if rows.len() as u64 >= limit {
            out += &paint.dim(&format!("the first {}; `--limit` shows more\n", thousands(limit)));
        }
        out.push('\n');
    }
    let total: usize = activations.iter().map(|(_, rows)| rows.len()).sum();
    match total {
        0 => "nothing is rejected\n".into(),
        _ => out + &format!("{}\n", paint.bold(&count(total as u64, "row"))),
    }
}

fn cells(row: &RejectedRow) -> Vec<String> {
    vec![
        visible_line(&row.key),
        row.identifier.as_deref().map(visible_line).unwrap_or_default(),
        row.state.clone(),
        visible_line(&row.reason),
        row.fields.join(", "),
        row.since.clone().unwrap_or_default(),
    ]
}

/// One row: the entry, the fields side by side, the last request, and what comes next.
pub fn explanation(explanation: &Explanation, paint: Paint) -> String {
    let mut out = format!("{} in {}\n", paint.bold(&visible_line(&explanation.key)), explanation.activation);
    match &explanation.entry {
        Some(view) => out += &entry(view, paint),
        None => out += "  the ledger holds nothing of it\n",
    }
    if !explanation.fields.is_empty() {
        out.push('\n');
        out += &fields(explanation, paint);
    }
    if let Some(view) = &explanation.request {
        out.push('\n');
        out += &request(view, paint);
    }
    out + &format!("\n{} {}\n", paint.bold("next:"), explanation.next)
}

fn entry(view: &EntryView, paint: Paint) -> String {
    let since = view.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
    let mut out = format!("  state         {}{since}\n", view.state);
    let mut line = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            out += &format!("  {name:<12}  {}\n", visible_line(value));
        }
    };
    line("acknowledged", &view.acknowledged_at);
    line("remote id", &view.remote_id);
    line("reason", &view.reason);
    for (name, value) in &view.identifiers {
        out += &format!("  {name:<12}  {}\n", value.as_deref().map_or_else(|| paint.dim("null"), visible_line));
    }
    out
}

fn fields(explanation: &Explanation, paint: Paint) -> String {
    let told = |value: &Option<String>| value.as_deref().map(visible_line).unwrap_or_default();
    let rows: Vec<Vec<String>> = explanation
        .fields
        .iter()
        .map(|field| {
            let sign = if field.acknowledged == field.desired { " " } else { "~" };
            let name = format!("{sign} {}", field.field);
            vec![name, told(&field.acknowledged), told(&field.desired), told(&field.refused)]
        })
        .collect();
    table(&["  field", "acknowledged", "desired", "refused"], &rows, paint)
}

fn request(view: &RequestView, paint: Paint) -> String {
    let answered = view.status.map_or("no answer".to_string(), |status| format!("answered {status}"));
    let records = count(view.records, "record");
    let mut out = format!("last request  {} at {}, run {}\n", view.call, view.at, view.run);
    out += &format!("  {} {} ({records}): {answered}\n", paint.mark(&view.method), view.url);
    for line in view.answer.lines() {
        out += &format!("  {}\n", paint.dim(&visible_line(line)));
    }
    out
}
