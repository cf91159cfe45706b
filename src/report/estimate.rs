//! What a run will ask of its destination, for people: rounded, since it is an estimate.

use crate::diag::{count, thousands};
use crate::ir::estimate::{CallEstimate, Estimate, JobEstimate, Purpose, SlowestLimit, Span, Total};

use super::words;

/// Calls named behind a number of requests before the rest is only counted.
const CALLS_MAX: usize = 4;

/// Times below this are not worth a word.
const SECONDS_MIN: f64 = 2.0;

/// "20,000 to 40,000 requests (find 20,000, patch up to 20,000), about 7 to 13 min at 50 requests a second", then a line for
/// each sort of jobs.
pub fn lines(estimate: &Estimate) -> Vec<String> {
    let jobs = estimate.jobs.iter().filter(|jobs| jobs.jobs.to != Some(0)).map(jobs);
    if estimate.requests == Span::default() {
        return jobs.collect();
    }
    let mut first = format!("{}{}", requests(estimate.requests), calls(&estimate.calls));
    if let Some(time) = time(estimate.seconds) {
        let limit = estimate.limit.as_ref().map(|limit| format!(" at {}", self::limit(limit)));
        first += &format!(", {time}{}", limit.unwrap_or_default());
    }
    std::iter::once(first).chain(jobs).collect()
}

/// All activations together, and what the times leave out; `None` where no limit asks for time.
pub fn total(total: &Total, activations: usize) -> Option<String> {
    let waits = total.job_seconds.to != Some(0.0);
    let besides = if waits {
        "jobs and the time that answers take come on top"
    } else {
        "the time that answers take comes on top"
    };
    match (time(total.seconds), activations) {
        (None, _) if !waits => None,
        (None, _) => Some(besides.to_string()),
        (Some(_), 0..=1) => Some(format!("Times are by the limits of the destination; {besides}")),
        (Some(time), _) => {
            Some(format!("In all {}, {time} by the limits of the destinations; {besides}", requests(total.requests)))
        }
    }
}

/// "1 request", "2 to 5 requests", "at least 2 requests"
fn requests(span: Span<u64>) -> String {
    match span.to {
        Some(to) if to == span.from => words::requests(to),
        Some(to) => format!("{} to {}", thousands(span.from), words::requests(to)),
        None => format!("at least {}", words::requests(span.from)),
    }
}

fn calls(calls: &[CallEstimate]) -> String {
    let there = calls.iter().filter(|call| call.requests.to != Some(0));
    let (again, calls): (Vec<_>, Vec<_>) = there.partition(|call| call.purpose == Purpose::Readback);
    let several = calls.len() + again.len() > 1;
    let mut told: Vec<String> = calls.iter().take(CALLS_MAX).map(|call| self::call(call, several)).collect();
    let read = again.iter().filter_map(|call| call.requests.to).sum::<u64>();
    if calls.len() > CALLS_MAX {
        told.push(count((calls.len() - CALLS_MAX) as u64, "more call"));
    }
    if read > 0 {
        told.push(format!("up to {} to read some of it back", thousands(read)));
    }
    if told.is_empty() { String::new() } else { format!(" ({})", told.join(", ")) }
}

fn call(call: &CallEstimate, several: bool) -> String {
    let by = call.identifier.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
    let number = match call.requests {
        _ if !several => String::new(),
        Span { from: 0, to: Some(to) } => format!(" up to {}", thousands(to)),
        Span { from, to: Some(to) } if from == to => format!(" {}", thousands(to)),
        Span { from, to: Some(to) } => format!(" {} to {}", thousands(from), thousands(to)),
        Span { from, to: None } => format!(" at least {}", thousands(from)),
    };
    format!("{}{by}{number}", call.call)
}

/// "job time comes on top: 10 jobs of import, 4 at a time, up to 1 h 30 min"
fn jobs(jobs: &JobEstimate) -> String {
    let number = match (jobs.jobs.from, jobs.jobs.to) {
        (from, Some(to)) if from == to => count(to, "job"),
        (0, Some(to)) => format!("up to {}", count(to, "job")),
        (from, Some(to)) => format!("{} to {}", thousands(from), count(to, "job")),
        (from, None) => format!("at least {}", count(from, "job")),
    };
    let what = format!("{number} of {}", jobs.call);
    if jobs.earlier {
        let (verb, they) = if jobs.jobs.from == 1 { ("is", "it leaves") } else { ("are", "they leave") };
        return format!(
            "{what}, begun by an earlier run, {verb} asked after first; rows that {they} owed are sent, too"
        );
    }
    if jobs.later {
        return format!(
            "{what}, which the run does not wait for: the next one, or `sendoff settle`, asks for the outcome"
        );
    }
    let at_once = if jobs.jobs.to == Some(1) { String::new() } else { format!(", {} at a time", jobs.at_once) };
    let time = jobs.seconds.to.map(|most| format!(", up to {}", rounded(most))).unwrap_or_default();
    format!("job time comes on top: {what}{at_once}{time}")
}

/// "300 records a second", "35 requests a minute", "10 requests every 5 s"
fn limit(limit: &SlowestLimit) -> String {
    let counted = [
        limit.requests.map(|most| count(most.into(), "request")),
        limit.records.map(|most| count(most.into(), "record")),
    ];
    let counted: Vec<String> = counted.into_iter().flatten().collect();
    let per = match limit.per_seconds {
        1.0 => "a second".to_string(),
        60.0 => "a minute".to_string(),
        3600.0 => "an hour".to_string(),
        86400.0 => "a day".to_string(),
        seconds => format!("every {}", words::duration(seconds)),
    };
    format!("{} {per}", counted.join(" and "))
}

/// "about 3 min", "about 3 to 7 min", "3 min or more"
fn time(seconds: Span<f64>) -> Option<String> {
    match seconds.to {
        Some(to) if to < SECONDS_MIN => None,
        Some(to) => {
            let (from, to) = (rounded(seconds.from), rounded(to));
            let told = match (from.split_once(' '), to.split_once(' ')) {
                _ if from == to => to,
                _ if seconds.from < SECONDS_MIN => return Some(format!("up to about {to}")),
                (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} to {to}"),
                _ => format!("{from} to {to}"),
            };
            Some(format!("about {told}"))
        }
        None if seconds.from < SECONDS_MIN => None,
        None => Some(format!("{} or more", rounded(seconds.from))),
    }
}

/// As exact as an estimate can be: "4 s", "65 s", "3 min", "1 h 20 min", "3 days".
fn rounded(seconds: f64) -> String {
    let to = |step: f64| ((seconds / step).round() * step) as u64;
    match seconds {
        ..10.0 => format!("{} s", to(1.0).max(1)),
        ..90.0 => format!("{} s", to(5.0)),
        ..600.0 => halves(to(30.0)),
        ..5400.0 => format!("{} min", to(60.0) / 60),
        ..172_800.0 => hours(to(600.0)),
        _ => format!("{} days", thousands(to(86_400.0) / 86_400)),
    }
}

fn halves(seconds: u64) -> String {
    format!("{}{} min", seconds / 60, if seconds % 60 == 30 { ".5" } else { "" })
}

fn hours(seconds: u64) -> String {
    match seconds % 3600 / 60 {
        0 => format!("{} h", seconds / 3600),
        minutes => format!("{} h {minutes} min", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_to_what_is_known() {
        let told = [0.6, 4.4, 63.3, 100.0, 199.0, 299.0, 601.0, 5_300.0, 6_000.0, 80_000.0, 250_000.0].map(rounded);
        let wanted = [
            "1 s",
            "4 s",
            "65 s",
            "1.5 min",
            "3.5 min",
            "5 min",
            "10 min",
            "88 min",
            "1 h 40 min",
            "22 h 10 min",
            "3 days",
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn spans_of_time_name_their_unit_once() {
        let told = |from, to| time(Span { from, to }).unwrap_or_default();
        assert_eq!(told(300.0, Some(720.0)), "about 5 to 12 min");
        assert_eq!(told(50.0, Some(720.0)), "about 50 s to 12 min");
        assert_eq!(told(300.0, Some(301.0)), "about 5 min");
        assert_eq!(told(0.0, Some(300.0)), "up to about 5 min");
        assert_eq!(told(300.0, None), "5 min or more");
        assert_eq!(told(0.1, Some(0.2)), "");
    }
}
