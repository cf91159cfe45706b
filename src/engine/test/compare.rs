//! What came out beside what was expected.

use std::collections::BTreeMap;

use serde_json::{Number, Value as Json};

use super::rows;
use super::{Seen, stopped_by};
use crate::diag::{Miss, Problem, count};
use crate::ir::delivery::Request;
use crate::ir::mode::ChangeKind;
use crate::ir::run::Stopped;
use crate::ir::span::Span;
use crate::ir::test::{Counted, Expect, Expected, Test};

/// Shares of a handful of rows say nothing, so that these stop a test only where it expects that.
const SHARES: [&str; 2] = ["run::guard", "run::duplicate_keys"];

pub fn compare(seen: &Seen<'_>, stops: &[Stopped], test: &Test) -> Vec<Miss> {
    let mut misses: Vec<Miss> = Vec::new();
    let awaited = test.expects.iter().any(|expect| matches!(expect.what, Expected::Error(_)));
    let stop = stops.iter().find(|stop| !awaited && !SHARES.contains(&stop.code.as_str()));
    misses.extend(stop.map(|stop| stopped_by(stop).at(test.span).into()));
    for expect in &test.expects {
        misses.extend(one(seen, stops, expect));
    }
    misses.extend(unexpected(seen, test));
    misses
}

/// A run that ends before it compares: right where a test expects that and nothing else.
pub fn trouble(test: &Test, misses: Vec<Miss>) -> Result<Vec<Miss>, Vec<Miss>> {
    let meets = |text: &str| misses.iter().any(|miss| speaks(&miss.problem.told(), miss.problem.code, text));
    let met = |expect: &Expect| matches!(&expect.what, Expected::Error(text) if meets(text));
    if test.expects.iter().any(met) { Ok(Vec::new()) } else { Err(misses) }
}

fn speaks(message: &str, code: &str, text: &str) -> bool {
    message.contains(text) || code.contains(text)
}

fn one(seen: &Seen<'_>, stops: &[Stopped], expect: &Expect) -> Option<Miss> {
    match &expect.what {
        Expected::Changes { kind, rows } => rows::changes(seen, *kind, rows, expect.span).map(Miss::from),
        Expected::Aside(rows) => rows::asides(seen, rows, expect.span).map(Miss::from),
        Expected::Count { what, number } => counted(seen, *what, *number, expect.span).map(Miss::from),
        Expected::Nothing => None,
        Expected::Request { method, path, exactly, body } => {
            request(seen, (method, path), body.as_ref(), *exactly, expect.span)
        }
        Expected::Error(text) => error(stops, text, expect.span).map(Miss::from),
    }
}

fn error(stops: &[Stopped], text: &str, span: Span) -> Option<Problem> {
    if stops.iter().any(|stop| speaks(&stop.message, &stop.code, text)) {
        return None;
    }
    let problem = Problem::error("test::failed", "nothing of the kind would stop a run").at(span);
    Some(match stops.first() {
        Some(stop) => problem.help(format!("this would: {} [{}]", stop.message, stop.code)),
        None => problem,
    })
}

fn counted(seen: &Seen<'_>, what: Counted, number: u64, span: Span) -> Option<Problem> {
    let of = |kind| seen.samples.iter().filter(|sample| sample.offer.kind() == kind).count() as u64;
    let found = match what {
        Counted::Added => of(ChangeKind::Added),
        Counted::Changed => of(ChangeKind::Changed),
        Counted::Removed => of(ChangeKind::Removed),
        Counted::Aside => seen.asides.len() as u64,
        Counted::Unchanged => seen.counts.unchanged,
        Counted::Held => seen.counts.held,
        Counted::Gone => seen.counts.gone,
    };
    let message = format!("{}, where {number} would be right", told(found, what.name()));
    let problem = || {
        let problem = Problem::error("test::failed", message).at(span);
        match seen.asides.first() {
            Some(aside) if found < number && what != Counted::Aside => {
                problem.help(format!("{} aside, one because {}", told(seen.asides.len() as u64, "set"), aside.reason))
            }
            _ => problem,
        }
    };
    (found != number).then(problem)
}

fn told(number: u64, what: &str) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{} {verb} {what}", count(number, "row"))
}

/// A test that expects changes expects all of them: rows of a kind that it does not name are too many.
fn unexpected(seen: &Seen<'_>, test: &Test) -> Vec<Miss> {
    let nothing = test.expects.iter().find(|expect| matches!(expect.what, Expected::Nothing));
    let named = |kind: ChangeKind| {
        nothing.is_none()
            && test.expects.iter().any(|expect| match &expect.what {
                Expected::Changes { kind: named, .. } => *named == kind,
                Expected::Count { what, .. } => what.name() == kind.name(),
                _ => false,
            })
    };
    if nothing.is_none() && !ChangeKind::ALL.into_iter().any(named) {
        return Vec::new();
    }
    let mut misses = Vec::new();
    for kind in ChangeKind::ALL.into_iter().filter(|kind| !named(*kind)) {
        let rows: Vec<String> = rows::of_kind(seen, kind).map(rows::told).collect();
        if rows.is_empty() {
            continue;
        }
        let message = format!("{}, and none is expected to be", told(rows.len() as u64, kind.name()));
        let problem = Problem::error("test::failed", message).at(nothing.map_or(test.span, |nothing| nothing.span));
        misses.push(problem.help(rows.join("\n")).into());
    }
    misses
}

fn request(
    seen: &Seen<'_>,
    (method, path): (&str, &str),
    body: Option<&Json>,
    exactly: bool,
    span: Span,
) -> Option<Miss> {
    let same: Vec<&Request> =
        seen.requests.iter().filter(|request| request.method == *method && leads_to(&request.url, path)).collect();
    let miss = |message: &str| Problem::error("test::failed", message).at(span);
    if same.is_empty() {
        let others = others(&seen.requests);
        let problem = miss("no such request would be made");
        return Some(if others.is_empty() { problem } else { problem.help(others) }.into());
    }
    let wanted = body?;
    let found: Vec<Json> =
        same.iter().map(|request| read(request)).map(|found| shown(found, wanted, exactly)).collect();
    if found.contains(wanted) {
        return None;
    }
    let nearest = found.into_iter().max_by_key(|found| alike(&laid_out(found), &laid_out(wanted)))?;
    let problem = miss("a request is made, with another body");
    Some(Miss { problem, difference: Some((laid_out(wanted), laid_out(&nearest))) })
}

/// The whole address, or its end from a slash on.
fn leads_to(url: &str, path: &str) -> bool {
    url == path || (path.starts_with('/') && url.ends_with(path))
}

/// "POST https://... (2)", one line for each.
fn others(requests: &[Request]) -> String {
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    for request in requests {
        *told.entry(format!("{} {}", request.method, request.url)).or_default() += 1;
    }
    let lines: Vec<String> = told
        .into_iter()
        .map(|(line, number)| if number > 1 { format!("{line} ({number} times)") } else { line })
        .collect();
    if lines.is_empty() { "no row is sent".into() } else { format!("made would be:\n{}", lines.join("\n")) }
}

fn read(request: &Request) -> Json {
    let body = request.body.as_deref().unwrap_or_default();
    serde_json::from_str(body).unwrap_or_else(|_| Json::String(body.to_string()))
}

/// Of what was found, as much as is compared, in the order in which it is wanted: all of it, or of each object the members that
/// are wanted, and of a list of objects the items.
fn shown(found: Json, wanted: &Json, exactly: bool) -> Json {
    match (found, wanted) {
        (Json::Object(mut found), Json::Object(wanted)) => {
            let mut members = serde_json::Map::new();
            for (name, wanted) in wanted {
                members.extend(found.shift_remove(name).map(|found| (name.clone(), shown(found, wanted, exactly))));
            }
            if exactly {
                members.extend(found);
            }
            Json::Object(members)
        }
        (Json::Array(found), Json::Array(wanted))
            if !exactly && !wanted.is_empty() && wanted.iter().all(Json::is_object) =>
        {
            Json::Array(items(found, wanted))
        }
        (Json::Array(found), Json::Array(wanted)) => {
            let item = |(at, found)| match wanted.get(at) {
                Some(wanted) => shown(found, wanted, exactly),
                None => found,
            };
            Json::Array(found.into_iter().enumerate().map(item).collect())
        }
        // 5 and 5.0 are one number.
        (Json::Number(found), Json::Number(wanted)) if is_one(&found, wanted) => Json::Number(wanted.clone()),
        (found, _) => found,
    }
}

fn is_one(found: &Number, wanted: &Number) -> bool {
    let whole = |number: &Number| number.is_i64() || number.is_u64();
    if whole(found) && whole(wanted) { found == wanted } else { found.as_f64() == wanted.as_f64() }
}

/// For each item that is wanted the one most like it.
fn items(mut found: Vec<Json>, wanted: &[Json]) -> Vec<Json> {
    let mut items = Vec::new();
    for wanted in wanted {
        let like = |found: &Json| {
            let shown = shown(found.clone(), wanted, false);
            (shown == *wanted, alike(&laid_out(&shown), &laid_out(wanted)))
        };
        if let Some(at) = (0..found.len()).max_by_key(|at| (like(&found[*at]), std::cmp::Reverse(*at))) {
            items.push(shown(found.remove(at), wanted, false));
        }
    }
    items
}

fn laid_out(json: &Json) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default() + "\n"
}

/// Lines that both have.
fn alike(one: &str, other: &str) -> usize {
    one.lines().filter(|line| other.lines().any(|known| known == *line)).count()
}
