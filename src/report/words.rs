//! Wording that several reports share: counts, causes, times.

use crate::diag::{count, list, thousands};
use crate::ir::change::{Cause, Counts};
use crate::ir::run::{Sent, Status, Stopped, Waiting};

use super::paint::Paint;

/// Why a run sends more than what changed.
pub fn cause(cause: &Cause) -> String {
    match cause {
        Cause::NoLedger { path } => format!("no ledger at `{}`: full run", path.trim_start_matches("./")),
        Cause::BaselineOpen => "the first run is not complete: rows never offered go whole".into(),
        Cause::FullAsked => "`--full`: every row goes whole".into(),
        Cause::FullInterrupted => "a `--full` that was interrupted is finished: what is left of it goes whole".into(),
        Cause::Remapped { fields } => {
            let verb = if fields.len() == 1 { "is" } else { "are" };
            format!(
                "{} {verb} newly mapped: every row owes {}",
                list(fields),
                if fields.len() == 1 { "it" } else { "them" }
            )
        }
        Cause::TypeChanged { field, from, to, written_otherwise } => {
            let so = if *written_otherwise { "every row owes it" } else { "what cannot be compared counts as changed" };
            format!("the type of `{field}` changed from `{from}` to `{to}`: {so}")
        }
        Cause::ModeChanged { from, to } => format!("the mode changed from `{from}` to `{to}`"),
    }
}

/// "110 to send (10 added, 100 changed), 10 gone, 9,890 unchanged"
pub fn counts(counts: &Counts) -> String {
    let kinds = [
        (counts.added, "added"),
        (counts.changed, "changed"),
        (counts.removed, "removed"),
        (counts.remapped, "newly mapped"),
        (counts.resent, "sent again"),
        (counts.retried, "tried again"),
    ];
    let mut parts = match (counts.to_send(), parts(&kinds)) {
        (0, _) => vec!["nothing to send".to_string()],
        (to_send, kinds) => vec![format!("{} to send ({})", thousands(to_send), kinds.join(", "))],
    };
    parts.extend(at_rest(counts));
    parts.join(", ")
}

/// Rows of which nothing is sent, and why.
pub fn at_rest(counts: &Counts) -> Vec<String> {
    parts(&[
        (counts.gone, "gone"),
        (counts.held, "held"),
        (counts.pending, "pending"),
        (counts.unclear, "unclear"),
        (counts.absent, "absent there"),
        (counts.unchanged, "unchanged"),
    ])
}

/// Rows that are kept from the destination for what is wrong with them.
pub fn set_aside(counts: &Counts) -> Vec<String> {
    parts(&[
        (counts.unidentified, "without an identifier"),
        (counts.duplicates, "with a key or an identifier of another row"),
        (counts.null_keys, "without a key"),
        (counts.invalid.saturating_sub(counts.duplicates + counts.null_keys), "with a value that does not fit"),
    ])
}

/// Values that the destination refused before and that are still wanted.
pub fn refused(counts: &Counts) -> String {
    format!("{} refused before, not sent until another value is wanted", count(counts.refused, "field"))
}

/// What became of the rows that went out.
pub fn outcomes(sent: &Sent) -> Vec<String> {
    parts(&[
        (sent.accepted, "accepted"),
        (sent.exists, "there already"),
        (sent.pending, "pending"),
        (sent.absent, "absent there"),
        (sent.rejected, "rejected"),
        (sent.failed, "failed"),
        (sent.unclear, "unclear"),
    ])
}

/// "994 rows wait for 4 jobs of the destination, the oldest submitted 2 h 5 min ago"
pub fn waiting(waiting: &Waiting) -> Option<String> {
    if waiting.jobs == 0 {
        return None;
    }
    let wait = if waiting.rows == 1 { "waits" } else { "wait" };
    let oldest = if waiting.jobs == 1 { "" } else { "the oldest " };
    Some(format!(
        "{} {wait} for {} of the destination, {oldest}submitted {} ago",
        count(waiting.rows, "row"),
        count(waiting.jobs, "job"),
        duration(waiting.oldest_s as f64)
    ))
}

fn parts(counts: &[(u64, &str)]) -> Vec<String> {
    let counts = counts.iter().filter(|(number, _)| *number > 0);
    counts.map(|(number, what)| format!("{} {what}", thousands(*number))).collect()
}

/// "0.4 s", "12 s", "3 min 20 s", "5 min", "2 h 5 min"
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..60 => format!("{whole} s"),
        60..3600 if whole.is_multiple_of(60) => format!("{} min", whole / 60),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", thousands(whole / 3600), whole % 3600 / 60),
    }
}

pub fn requests(number: u64) -> String {
    count(number, "request")
}

pub fn status(status: Status) -> &'static str {
    match status {
        Status::Done => "done",
        Status::Wrong => "wrong",
        Status::Incomplete => "incomplete",
        Status::Stopped => "stopped",
        Status::Unreachable => "unreachable",
    }
}

/// The status, green, yellow or red.
pub fn painted_status(given: Status, paint: Paint) -> String {
    match given {
        Status::Done => paint.good(status(given)),
        Status::Incomplete => paint.warn(status(given)),
        Status::Wrong | Status::Stopped | Status::Unreachable => paint.bad(status(given)),
    }
}

/// What stopped an activation, indented by two.
pub fn stopped(stopped: &Stopped, paint: Paint) -> String {
    let mut out =
        format!("  {} {} {}\n", paint.bad("stopped:"), stopped.message, paint.dim(&format!("[{}]", stopped.code)));
    for line in stopped.help.lines() {
        out += &format!("    {} {line}\n", paint.mark("help:"));
    }
    out
}

/// The target as people know it: the ledger keeps it as JSON, of which kind and service come first.
pub fn target(target: &str) -> String {
    let Ok(serde_json::Value::Object(parts)) = serde_json::from_str(target) else { return target.to_string() };
    let text = |name: &str| parts.get(name).and_then(serde_json::Value::as_str);
    match (text("kind").or(text("destination")), text("service")) {
        (Some(kind), Some(service)) => format!("{kind}.{service}"),
        _ => target.to_string(),
    }
}
