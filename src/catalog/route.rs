//! Modes and their routes: every kind of change of a mode must have a way through the calls, and every step one that leads
//! to it.

use std::collections::{BTreeMap, BTreeSet};

use super::connection::condition;
use super::field::Calls;
use super::names::{Declared, Site};
use super::node::Node;
use super::reader::{Fields, Reader};
use crate::diag::{Problem, list, suggestion};
use crate::ir::catalog::{Answer, AnswerRule, Call, Reader as RecordReader, RecordVerdict, Route, Step, StepAction};
use crate::ir::ident::CallName;
use crate::ir::mode::{ChangeKind, Mode, Verdict};

/// What routes are made of.
pub struct Ways<'w> {
    pub declared: &'w Declared,
    pub names: &'w Calls<'w>,
    pub calls: &'w BTreeMap<CallName, Call>,
    /// The connection's rules, tried after a call's own.
    pub shared: &'w [AnswerRule],
}

pub fn modes(reader: &Reader<'_>, node: &Node, ways: &Ways<'_>) -> Vec<(Mode, Vec<Route>)> {
    let mut found = Vec::new();
    for (name, node) in reader.entries(node) {
        let Some(mode) = Mode::parse(name) else {
            let names = Mode::ALL.map(Mode::name);
            let help = suggestion(name, names);
            let problem = Problem::error("catalog::word", format!("there is no mode `{name}`"));
            reader.push(Problem { help, ..problem.at(reader.key_span(node)) });
            continue;
        };
        let before = reader.found();
        let routes: Vec<Route> = reader.list(node).iter().filter_map(|item| route(reader, item, mode, ways)).collect();
        if reader.found() == before {
            check_cover(reader, node, mode, &routes);
        }
        found.push((mode, routes));
    }
    found
}

/// Kinds of change that a mode has to do with.
fn kinds(mode: Mode) -> &'static [ChangeKind] {
    match mode {
        Mode::Insert => &[ChangeKind::Added],
        Mode::Update | Mode::Upsert => &[ChangeKind::Added, ChangeKind::Changed],
        Mode::Mirror => &ChangeKind::ALL,
        Mode::Membership => &[ChangeKind::Added, ChangeKind::Removed],
    }
}

/// Each kind of change must end in a route that has no `when`, or rows would be left without one.
fn check_cover(reader: &Reader<'_>, node: &Node, mode: Mode, routes: &[Route]) {
    for kind in kinds(mode) {
        let covered = routes.iter().any(|route| route.when.is_none() && route.rows.contains(kind));
        if !covered {
            let message = format!("mode `{}` has no route without `when` for {} rows", mode.name(), kind.name());
            reader.push(Problem::error("catalog::route", message).at(reader.key_span(node)));
        }
    }
}

fn route(reader: &Reader<'_>, node: &Node, mode: Mode, ways: &Ways<'_>) -> Option<Route> {
    let mut fields = Fields::new(reader, node, "a route")?;
    let known: Vec<&str> = kinds(mode).iter().map(|kind| kind.name()).collect();
    let parse = |word: &str| ChangeKind::parse(word).filter(|kind| kinds(mode).contains(kind));
    let rows = fields.need("rows").map(|node| reader.list(node)).unwrap_or_default();
    let when = condition(reader, fields.take("when"), Site::Route, ways.declared);
    let steps = fields.need("steps").map(|node| steps(reader, node, ways)).unwrap_or_default();
    fields.finish(reader);
    Some(Route { rows: rows.iter().filter_map(|item| reader.word(item, parse, &known)).collect(), when, steps })
}

fn steps(reader: &Reader<'_>, node: &Node, ways: &Ways<'_>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut possible: BTreeSet<Verdict> = BTreeSet::new();
    for (at, item) in reader.list(node).iter().enumerate() {
        let Some(step) = step(reader, item, ways) else {
            possible.extend(Verdict::ALL);
            continue;
        };
        check_step(reader, item, &step, at == 0, &possible);
        possible.extend(outcomes(&step, ways));
        steps.push(step);
    }
    steps
}

fn check_step(reader: &Reader<'_>, node: &Node, step: &Step, first: bool, possible: &BTreeSet<Verdict>) {
    let at = node.get("after").unwrap_or(node);
    match (first, step.after.is_empty()) {
        (true, false) => reader.error("catalog::route", "the first step of a route comes after nothing", at),
        (false, true) => {
            let message = "a later step says `after` which outcomes it is taken";
            reader.error_help("catalog::route", message, node, Some("for example `after: [absent]`".to_string()));
        }
        _ => {}
    }
    for verdict in step.after.iter().filter(|verdict| !first && !possible.contains(verdict)) {
        let known: Vec<&str> = possible.iter().map(|verdict| verdict.name()).collect();
        let help = (!known.is_empty()).then(|| format!("they can be {}", list(&known)));
        let message = format!("no step before this one ends as `{}`", verdict.name());
        reader.error_help("catalog::route", message, at, help);
    }
}

fn step(reader: &Reader<'_>, node: &Node, ways: &Ways<'_>) -> Option<Step> {
    let mut fields = Fields::new(reader, node, "a step")?;
    let (call, scan) = (fields.take("call"), fields.take("scan"));
    let after = fields.take("after").map(|node| reader.list(node)).unwrap_or_default();
    let verdicts = Verdict::ALL.map(Verdict::name);
    let after = after.iter().filter_map(|item| reader.word(item, Verdict::parse, &verdicts)).collect();
    let lacks = |word: &str| (word == "remote_id").then_some(true);
    let lacks_remote_id = fields.take("lacks").and_then(|node| reader.word(node, lacks, &["remote_id"]));
    fields.finish(reader);
    let action = match (call, scan) {
        (Some(call), None) => ways.names.any(reader, call).map(StepAction::Call),
        (None, Some(scan)) => ways.names.listing(reader, scan).map(StepAction::Scan),
        _ => {
            reader.error("catalog::missing_key", "a step is either a `call` or a `scan`", node);
            None
        }
    };
    Some(Step { action: action?, after, lacks_remote_id: lacks_remote_id.unwrap_or(false) })
}

/// Outcomes a step can have, as far as its definition says.
fn outcomes(step: &Step, ways: &Ways<'_>) -> BTreeSet<Verdict> {
    let mut found = BTreeSet::new();
    match &step.action {
        StepAction::Scan(_) => found.extend([Verdict::Found, Verdict::Absent]),
        StepAction::Call(name) => gather(name, ways, &mut BTreeSet::new(), &mut found),
    }
    if step.lacks_remote_id {
        found.insert(Verdict::Found);
    }
    found
}

fn gather(name: &CallName, ways: &Ways<'_>, seen: &mut BTreeSet<CallName>, found: &mut BTreeSet<Verdict>) {
    let Some(call) = ways.calls.get(name) else { return };
    if !seen.insert(name.clone()) {
        return;
    }
    for rule in call.answer.iter().chain(ways.shared) {
        match rule.is {
            Answer::Every(verdict) => drop(found.insert(verdict)),
            Answer::Warning => drop(found.insert(Verdict::Accepted)),
            _ => {}
        }
        if let Some(with) = &rule.with {
            gather(with, ways, seen, found);
        }
    }
    for verdict in call.readers.iter().flat_map(record_verdicts) {
        found.insert(match verdict {
            RecordVerdict::Is(verdict) => verdict,
            RecordVerdict::Warning | RecordVerdict::Retry | RecordVerdict::Stop => Verdict::Accepted,
        });
    }
    if let Some(job) = &call.job {
        found.insert(job.then);
        gather(&job.poll, ways, seen, found);
    }
}

fn record_verdicts(reader: &RecordReader) -> Vec<RecordVerdict> {
    match reader {
        RecordReader::Each { rules, .. } => rules.iter().map(|rule| rule.is).collect(),
        RecordReader::Others { is, .. } => vec![*is],
    }
}
