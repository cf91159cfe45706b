//! A run for people: what was sent, what came of it, what is left and what to do about it.

use crate::diag::{count, thousands};
use crate::ir::change::Counts;
use crate::ir::run::{ActivationReport, RunReport, Sent};

use super::paint::Paint;
use super::table::table;
use super::words;

/// One block for each activation, then a line for all of them.
pub fn human(report: &RunReport, paint: Paint) -> String {
    let blocks: Vec<String> = report.activations.iter().map(|done| activation(done, paint)).collect();
    if report.activations.iter().all(forgotten) && !report.activations.is_empty() {
        return blocks.concat();
    }
    format!("{}\n{}\n", blocks.join("\n"), paint.bold(&summary(report)))
}

/// "Run: 110 sent, 105 accepted, 5 rejected, 12 left"
pub fn summary(report: &RunReport) -> String {
    let sent = report.activations.iter().fold(Sent::default(), |sum, done| add(sum, &done.sent));
    let left: u64 = report.activations.iter().map(|done| done.left).sum();
    let mut parts = match sent.answered() {
        0 => vec!["nothing sent".to_string()],
        answered => vec![format!("{} sent", thousands(answered))],
    };
    parts.extend(words::outcomes(&sent));
    parts.extend(aside_from_sending(&sent));
    if left > 0 {
        parts.push(format!("{} left", thousands(left)));
    }
    let sandbox = if report.sandbox { " into the sandbox" } else { "" };
    format!("Run{sandbox}: {}", parts.join(", "))
}

fn add(sum: Sent, more: &Sent) -> Sent {
    Sent {
        requests: sum.requests + more.requests,
        offered: sum.offered + more.offered,
        accepted: sum.accepted + more.accepted,
        absent: sum.absent + more.absent,
        exists: sum.exists + more.exists,
        pending: sum.pending + more.pending,
        rejected: sum.rejected + more.rejected,
        failed: sum.failed + more.failed,
        unclear: sum.unclear + more.unclear,
        warned: sum.warned + more.warned,
        adopted: sum.adopted + more.adopted,
        settled: sum.settled + more.settled,
    }
}

fn aside_from_sending(sent: &Sent) -> Vec<String> {
    let parts = [(sent.adopted, "adopted"), (sent.settled, "settled")];
    parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", thousands(*number)))
        .collect()
}

/// Not a run: a ledger was forgotten, whatever its target was.
fn forgotten(done: &ActivationReport) -> bool {
    done.target.is_empty() && done.silent.is_some()
}

fn activation(done: &ActivationReport, paint: Paint) -> String {
    if let (true, Some(silent)) = (forgotten(done), &done.silent) {
        return format!("{}: {silent}\n", paint.bold(&done.activation));
    }
    let status = words::painted_status(done.status, paint);
    let time = paint.dim(&words::duration(done.seconds));
    let mut out = format!("{} -> {}: {status}, {time}\n", paint.bold(&done.activation), words::target(&done.target));
    for cause in &done.causes {
        out += &format!("  {}\n", paint.warn(&words::cause(cause)));
    }
    // What reads no source (`settle`) has nothing to count.
    if done.counts != Counts::default() {
        let counts = match done.sent.adopted {
            0 => words::counts(&done.counts),
            adopted => format!("{} adopted", thousands(adopted)),
        };
        out += &format!("  {}: {counts}\n", count(done.counts.rows, "row"));
    }
    let aside = words::set_aside(&done.counts);
    if !aside.is_empty() {
        out += &format!("  set aside: {}\n", aside.join(", "));
    }
    for line in sending(done) {
        out += &format!("  {line}\n");
    }
    for warning in &done.warnings {
        out += &format!("  {} {warning}\n", paint.warn("warning:"));
    }
    if let Some(silent) = &done.silent {
        out += &format!("  nothing sent: {silent}\n");
    }
    if let Some(stopped) = &done.stopped {
        out += &words::stopped(stopped, paint);
    }
    out + &advice(done, paint)
}

fn sending(done: &ActivationReport) -> Vec<String> {
    let sent = &done.sent;
    let mut lines = Vec::new();
    if sent.answered() > 0 {
        let outcomes = words::outcomes(sent).join(", ");
        lines.push(format!("sent {} in {}: {outcomes}", thousands(sent.answered()), words::requests(sent.requests)));
    }
    if sent.warned > 0 {
        lines.push(format!("{} accepted without fields that were refused", count(sent.warned, "row")));
    }
    if done.counts.refused > 0 && done.silent.is_none() {
        lines.push(words::refused(&done.counts));
    }
    if sent.settled > 0 {
        lines.push(format!("{} settled", thousands(sent.settled)));
    }
    if done.counts.removals_held_back > 0 {
        let held = thousands(done.counts.removals_held_back);
        lines.push(format!("{held} removals held back: the source has rows without a key"));
    }
    if done.left > 0 {
        lines.push(format!("{} left for the next run", count(done.left, "row")));
    }
    lines
}

/// What to type next, where something needs a person.
fn advice(done: &ActivationReport, paint: Paint) -> String {
    let mut out = String::new();
    let mut advise = |text: String| out += &format!("  {} {text}\n", paint.mark("help:"));
    // What was stopped before anything was offered has not been written down.
    let noted = done.stopped.is_none() || done.sent.offered > 0;
    let aside = if noted { done.counts.invalid + done.counts.refused } else { 0 };
    if done.sent.rejected + done.sent.failed + done.sent.warned + aside > 0 {
        advise(format!("`sendoff rejected {}` lists rows with the reasons", done.activation));
    }
    if done.sent.unclear + done.counts.unclear > 0 {
        advise("`sendoff settle --assume sent` or `unsent` decides rows whose fate nobody knows".into());
    } else if done.sent.pending + done.counts.pending > 0 {
        advise("`sendoff settle` asks after pending rows; so does the next run".into());
    }
    out
}

/// Past runs, a line each.
pub fn history(runs: &[ActivationReport], paint: Paint) -> String {
    if runs.is_empty() {
        return "no run yet\n".into();
    }
    let head = ["started", "activation", "status", "#rows", "#sent", "#accepted", "#rejected", "#left", "time", "note"];
    let rows: Vec<Vec<String>> = runs.iter().map(past).collect();
    table(&head, &rows, paint)
}

fn past(run: &ActivationReport) -> Vec<String> {
    let sent = &run.sent;
    let note = run.stopped.as_ref().map(|stopped| stopped.message.clone());
    let note = note.or_else(|| run.warnings.first().cloned()).or_else(|| run.silent.clone());
    vec![
        run.started.split('.').next().unwrap_or_default().trim_end_matches('Z').replace('T', " "),
        run.activation.clone(),
        words::status(run.status).into(),
        thousands(run.counts.rows),
        thousands(sent.answered()),
        thousands(sent.accepted + sent.exists),
        thousands(sent.rejected + sent.failed),
        thousands(run.left),
        words::duration(run.seconds),
        note.unwrap_or_default(),
    ]
}
