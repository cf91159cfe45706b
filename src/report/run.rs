//! A run for people: what was sent, what came of it, what is left and what to do about it.

use crate::diag::{count, thousands};
use crate::ir::change::Counts;
use crate::ir::run::{ActivationReport, RunReport, Sent};

use super::paint::Paint;
use super::table::table;
use super::words;

/// One block for each activation, then a line for all of them.
pub fn human(report: &RunReport, paint: Paint) -> String {
    let blocks: Vec<String> = report.activations.iter().map(|done| activation(done, report.settles, paint)).collect();
    if report.activations.iter().all(forgotten) && !report.activations.is_empty() {
        return blocks.concat();
    }
    format!("{}\n{}\n", blocks.join("\n"), paint.bold(&summary(report)))
}

/// "Run: 110 sent, 105 accepted, 5 rejected, 12 left"
pub fn summary(report: &RunReport) -> String {
    let total = |part: fn(&ActivationReport) -> &Sent| {
        report.activations.iter().fold(Sent::default(), |sum, done| add(sum, part(done)))
    };
    let (sent, settlement) = (total(|done| &done.sent), total(|done| &done.settlement));
    let left: u64 = report.activations.iter().map(|done| done.left).sum();
    let waiting: u64 = report.activations.iter().map(|done| done.waiting.rows).sum();
    let mut parts = Vec::new();
    if !report.settles {
        parts = match sent.answered() {
            0 => vec!["nothing sent".to_string()],
            answered => vec![format!("{} sent", thousands(answered))],
        };
        parts.extend(words::outcomes(&sent));
    }
    if sent.adopted > 0 {
        parts.push(format!("{} adopted", thousands(sent.adopted)));
    }
    if left > 0 {
        parts.push(format!("{} left", thousands(left)));
    }
    if settlement.settled > 0 {
        parts.push(settled(&settlement));
    } else if report.settles {
        parts.push("nothing settled".into());
    }
    // Those of this run are counted already.
    let waiting = waiting.saturating_sub(sent.pending);
    if waiting > 0 {
        let still = if report.settles { "still" } else { "from earlier runs" };
        parts.push(format!("{} pending {still}", thousands(waiting)));
    }
    let (what, sandbox) = match (report.settles, report.sandbox) {
        (true, true) => ("Settle", " in the sandbox"),
        (true, false) => ("Settle", ""),
        (false, true) => ("Run", " into the sandbox"),
        (false, false) => ("Run", ""),
    };
    format!("{what}{sandbox}: {}", parts.join(", "))
}

/// "994 settled (989 accepted, 5 rejected)"
fn settled(settlement: &Sent) -> String {
    let outcomes = words::outcomes(settlement);
    let outcomes = if outcomes.is_empty() { String::new() } else { format!(" ({})", outcomes.join(", ")) };
    format!("{} settled{outcomes}", thousands(settlement.settled))
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

/// Not a run: a ledger was forgotten, whatever its target was.
fn forgotten(done: &ActivationReport) -> bool {
    done.target.is_empty() && done.silent.is_some()
}

fn activation(done: &ActivationReport, settles: bool, paint: Paint) -> String {
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
    for line in settling(done).into_iter().chain(sending(done)) {
        out += &format!("  {line}\n");
    }
    if let Some(line) = words::waiting(&done.waiting) {
        out += &format!("  {} {line}\n", paint.warn("pending:"));
    }
    for warning in &done.warnings {
        out += &format!("  {} {warning}\n", paint.warn("warning:"));
    }
    if let Some(silent) = &done.silent {
        let nothing = if settles { "nothing settled" } else { "nothing sent" };
        out += &format!("  {nothing}: {silent}\n");
    }
    if let Some(stopped) = &done.stopped {
        out += &words::stopped(stopped, paint);
    }
    out + &advice(done, paint)
}

/// What came of rows of earlier runs.
fn settling(done: &ActivationReport) -> Vec<String> {
    let settlement = &done.settlement;
    let mut lines = Vec::new();
    if settlement.settled > 0 {
        let asked = if settlement.requests > 0 {
            format!(", in {}", words::requests(settlement.requests))
        } else {
            String::new()
        };
        lines.push(format!("rows of earlier runs: {}{asked}", settled(settlement)));
    }
    if settlement.warned > 0 {
        lines.push(format!("{} of them with a warning", count(settlement.warned, "row")));
    }
    lines
}

fn sending(done: &ActivationReport) -> Vec<String> {
    let sent = &done.sent;
    let mut lines: Vec<String> = done.created.iter().map(|created| format!("created {created}")).collect();
    if sent.answered() > 0 {
        let outcomes = words::outcomes(sent).join(", ");
        lines.push(format!("sent {} in {}: {outcomes}", thousands(sent.answered()), words::requests(sent.requests)));
    }
    if sent.warned > 0 {
        lines.push(format!("{} accepted with a warning", count(sent.warned, "row")));
    }
    if sent.adopted > 0 {
        lines.push(format!("{} adopted", thousands(sent.adopted)));
    }
    if done.counts.refused > 0 && done.silent.is_none() {
        lines.push(words::refused(&done.counts));
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
    let bad = |sent: &Sent| sent.rejected + sent.failed + sent.warned > 0;
    // What was stopped before anything was offered has not been written down.
    let noted = done.stopped.is_none() || done.sent.offered > 0;
    let aside = if noted { done.counts.invalid + done.counts.refused } else { 0 };
    if bad(&done.sent) || bad(&done.settlement) || aside > 0 {
        advise(format!("`sendoff rejected {}` lists rows with the reasons", done.activation));
    }
    if done.sent.unclear + done.counts.unclear > 0 {
        advise("`sendoff settle --assume sent` or `unsent` decides rows whose fate nobody knows".into());
    } else if done.waiting.rows > 0 {
        advise("`sendoff settle` asks what became of them; so does the next run".into());
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
    let (sent, settlement) = (&run.sent, &run.settlement);
    let note = run.stopped.as_ref().map(|stopped| stopped.message.clone());
    let note = note.or_else(|| run.warnings.first().cloned()).or_else(|| run.silent.clone());
    vec![
        run.started.split('.').next().unwrap_or_default().trim_end_matches('Z').replace('T', " "),
        run.activation.clone(),
        words::status(run.status).into(),
        thousands(run.counts.rows),
        thousands(sent.answered()),
        thousands(sent.accepted + sent.exists + settlement.accepted + settlement.exists),
        thousands(sent.rejected + sent.failed + settlement.rejected + settlement.failed),
        thousands(run.left),
        words::duration(run.seconds),
        note.unwrap_or_default(),
    ]
}
