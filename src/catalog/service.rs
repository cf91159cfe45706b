//! A service's file: what can be written, by which modes, through which calls.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::call::{Surroundings, call};
use super::connection::{Connection, one_of, settings};
use super::field::{Calls, account_fields, custom, fields, identifiers, preparations};
use super::inherit::{CONNECTION, Home, Written};
use super::names::Declared;
use super::node::{Kind, Node};
use super::readback::{readback, refusals};
use super::reader::{Fields, Reader};
use super::route::{Ways, modes};
use super::sense;
use crate::ir::catalog::{ANY, AccountFields, Answer, Call, Dots, Identifier, Service, Setting, SettingKind};
use crate::ir::ident::{CallName, ServiceName};
use crate::template;

/// Days after which an absent row is tried again, unless the service says otherwise.
const ABSENT_RETRY_DAYS: u32 = 7;

pub fn service(
    reader: &Reader<'_>,
    home: &Home,
    origin: &str,
    node: &Node,
    connection: &Connection<'_>,
    written: &Written<'_>,
) -> Option<Service> {
    let mut top = Fields::new(reader, node, "a service")?;
    let option_nodes = top.take("options");
    let mut options = option_nodes.map(|node| settings(reader, node)).unwrap_or_default();
    let identifiers = top.need("identifiers").map(|node| identifiers(reader, node)).unwrap_or_default();
    let prepare = top.take("prepare");
    let mut declared = declared(connection, &options, &identifiers, prepare);
    declared.fields = closed_fields(node);
    top.take("calls");
    let nodes = call_nodes(reader, home, node, connection, written);
    let names = call_names(&nodes, written.names(home));
    let around = Surroundings {
        declared: &declared,
        calls: &names,
        limits: connection.limits.keys().map(String::as_str).collect(),
    };
    let read =
        nodes.iter().filter_map(|(name, node)| Some((CallName(name.clone()), call(reader, name, node, &around)?)));
    let calls: BTreeMap<CallName, Call> = read.collect();
    check_readers(reader, &nodes, &calls, connection);
    slots(reader, &mut options, option_nodes, &declared);
    let ways = Ways { declared: &declared, names: &names, calls: &calls, shared: &connection.answer };
    let service = Service {
        name: ServiceName(home.1.clone()),
        title: top.need("title").and_then(|node| reader.text(node)).unwrap_or_default(),
        about: top.text(reader, "about").unwrap_or_default(),
        not_for: top.lines(reader, "not_for"),
        unverified: top.lines(reader, "unverified"),
        origin: origin.to_string(),
        one_of: one_of(reader, top.take("one_of"), &options),
        identify_all: top.take("identify").and_then(|node| reader.word(node, identify, &["first", "all"]))
            == Some(true),
        fields: top.take("fields").map(|node| fields(reader, node, &declared, &names)).unwrap_or_default(),
        dots: top.take("dots").and_then(|node| reader.word(node, dots, &["nest", "name"])).unwrap_or_default(),
        account_fields: account_catalogue(reader, &mut top, &declared, &names),
        custom: top.take("custom").and_then(|node| custom(reader, node, &declared, &names)),
        max_fields: top.count(reader, "max_fields"),
        whole: top.texts(reader, "whole"),
        mandatory: top.take("mandatory").and_then(|node| reader.name(node, "option", names_of(&options))),
        membership_fields: top.flag(reader, "membership_fields", false),
        hold_new_rows: top.flag(reader, "hold_new_rows", false),
        absent_retry_days: top.take("absent_retry").and_then(|node| days(reader, node)).unwrap_or(ABSENT_RETRY_DAYS),
        modes: top.need("modes").map(|node| modes(reader, node, &ways)).unwrap_or_default(),
        prepare: prepare.map(|node| preparations(reader, node, &declared, &names)).unwrap_or_default(),
        readback: top.take("readback").and_then(|node| readback(reader, node, &declared, &names)),
        refuse: top.take("refuse").map(|node| refusals(reader, node, &declared)).unwrap_or_default(),
        options,
        identifiers,
        calls,
    };
    top.finish(reader);
    sense::check(reader, node, &service);
    Some(service)
}

fn names_of(options: &[Setting]) -> impl Iterator<Item = &str> {
    options.iter().map(|option| option.name.as_str())
}

fn identify(word: &str) -> Option<bool> {
    match word {
        "first" => Some(false),
        "all" => Some(true),
        _ => None,
    }
}

fn dots(word: &str) -> Option<Dots> {
    match word {
        "nest" => Some(Dots::Nest),
        "name" => Some(Dots::Name),
        _ => None,
    }
}

/// `catalogue: account` goes with how the account's list is read.
fn account_catalogue(
    reader: &Reader<'_>,
    top: &mut Fields<'_>,
    declared: &Declared,
    calls: &Calls<'_>,
) -> Option<AccountFields> {
    let word = top.take("catalogue");
    let account = word.and_then(|node| reader.word(node, catalogue, &CATALOGUES)) == Some(true);
    match (top.take("account_fields"), word) {
        (Some(node), _) if account => account_fields(reader, node, declared, calls),
        (Some(node), _) => {
            reader.error("catalog::shape", "`account_fields` says nothing without `catalogue: account`", node);
            None
        }
        (None, Some(node)) if account => {
            reader.error("catalog::missing_key", "`catalogue: account` needs `account_fields`", node);
            None
        }
        (None, _) => None,
    }
}

const CATALOGUES: [&str; 2] = ["definition", "account"];

fn catalogue(word: &str) -> Option<bool> {
    match word {
        "definition" => Some(false),
        "account" => Some(true),
        _ => None,
    }
}

fn days(reader: &Reader<'_>, node: &Node) -> Option<u32> {
    const DAY: Duration = Duration::from_secs(86_400);
    let duration = reader.duration(node)?;
    if duration < DAY || !node.text().is_some_and(|text| text.ends_with('d')) {
        reader.error("catalog::duration", "an absent row is tried again after days, such as `7d`", node);
        return None;
    }
    u32::try_from(duration.as_secs() / DAY.as_secs()).ok()
}

/// Gives template options the places that calls have for them, and holds their defaults against these.
fn slots(reader: &Reader<'_>, options: &mut [Setting], nodes: Option<&Node>, declared: &Declared) {
    for (name, slot) in declared.slots.take() {
        options.iter_mut().filter(|option| option.name == name).for_each(|option| option.slots.push(slot.clone()));
    }
    for option in options.iter().filter(|option| option.kind == SettingKind::Template) {
        let at = nodes.and_then(|nodes| nodes.get(&option.name)).and_then(|node| node.get("default"));
        let (Some(at), Some(default)) = (at, &option.default) else { continue };
        for flaw in template::flaws_of_default(&option.slots, default) {
            let message = format!("the default of `{}` is wrong: {flaw}", option.name);
            reader.error("catalog::expression", message, at);
        }
    }
}

/// Names that the service's expressions may use.
fn declared(
    connection: &Connection<'_>,
    options: &[Setting],
    identifiers: &[Identifier],
    prepare: Option<&Node>,
) -> Declared {
    let mut declared = connection.declared.clone();
    declared.options.extend(options.iter().map(|option| option.name.clone()));
    let templates = options.iter().filter(|option| option.kind == SettingKind::Template);
    declared.templates.extend(templates.map(|option| option.name.clone()));
    declared.identifier.extend(identifiers.iter().flat_map(|identifier| identifier.extra.keys().cloned()));
    for (name, node) in prepare.map(Node::entries).unwrap_or_default() {
        let gives = node.get("gives").map(Node::entries).unwrap_or_default();
        declared.prepared.insert(name.clone(), gives.iter().map(|(name, _)| name.clone()).collect());
    }
    declared
}

/// The names that records can have, where no pipeline brings others.
fn closed_fields(service: &Node) -> Option<BTreeSet<String>> {
    let names: BTreeSet<String> =
        service.get("fields").map(Node::entries).unwrap_or_default().iter().map(|(name, _)| name.clone()).collect();
    let open = ["custom", "account_fields"].iter().any(|key| service.get(key).is_some()) || names.contains(ANY);
    (!open).then_some(names)
}

/// Own calls count as there even where what they inherit is not, which is a problem of its own.
fn call_names<'c>(nodes: &'c BTreeMap<String, Node>, own: Vec<&'c str>) -> Calls<'c> {
    let broken = own.into_iter().filter(|name| !nodes.contains_key(*name));
    let listings = nodes.iter().filter(|(_, node)| node.get("list").is_some());
    Calls {
        all: nodes.keys().map(String::as_str).chain(broken).collect(),
        listings: listings.clone().map(|(name, _)| name.as_str()).collect(),
        choices: listings
            .filter(|(_, node)| node.get("list").is_some_and(|list| list.get("choice").is_some()))
            .map(|(name, _)| name.as_str())
            .collect(),
    }
}

/// The service's calls and those of the connection that are used here, inheritance resolved.
fn call_nodes(
    reader: &Reader<'_>,
    home: &Home,
    node: &Node,
    connection: &Connection<'_>,
    written: &Written<'_>,
) -> BTreeMap<String, Node> {
    let shared = (home.0.clone(), CONNECTION.to_string());
    let mut nodes = BTreeMap::new();
    for (name, _) in written.calls.get(home).into_iter().flatten() {
        nodes.extend(written.resolved(reader, home, name).map(|node| (name.to_string(), node)));
    }
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    references(node, &mut wanted);
    nodes.values().for_each(|node| references(node, &mut wanted));
    wanted.extend(connection.account.iter().chain(&connection.test).filter_map(|node| node.text()).map(str::to_string));
    while let Some(name) = wanted.pop_first() {
        let own =
            nodes.contains_key(&name) || written.calls.get(home).into_iter().flatten().any(|(own, _)| *own == name);
        let there = written.calls.get(&shared).into_iter().flatten().any(|(call, _)| *call == name);
        if own || !there {
            continue;
        }
        if let Some(node) = written.resolved(reader, &shared, &name) {
            references(&node, &mut wanted);
            nodes.insert(name, node);
        }
    }
    nodes
}

/// Every text that stands where a call may be named.
fn references(node: &Node, found: &mut BTreeSet<String>) {
    const KEYS: [&str; 9] = ["call", "scan", "in", "create", "find", "poll", "with", "after", "choices"];
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::List(items) => items.iter().for_each(|item| references(item, found)),
        Kind::Map(entries) => {
            for (key, node) in entries {
                match node.text() {
                    Some(text) if KEYS.contains(&key.as_str()) => {
                        found.insert(text.to_string());
                    }
                    _ => references(node, found),
                }
            }
        }
    }
}

/// An answer that is to be read record by record needs readers, or every record would be left without an outcome.
fn check_readers(
    reader: &Reader<'_>,
    nodes: &BTreeMap<String, Node>,
    calls: &BTreeMap<CallName, Call>,
    connection: &Connection<'_>,
) {
    for (name, call) in calls {
        let mut rules = call.answer.iter().chain(&connection.answer);
        let reads = rules.any(|rule| rule.is == Answer::Read && rule.with.is_none());
        if let Some(node) = nodes.get(name.as_str())
            && reads
            && call.readers.is_empty()
            && call.list.is_none()
        {
            let message = format!("the call `{name}` may be answered `read`, but has no `records` that say how");
            reader.push(crate::diag::Problem::error("catalog::records", message).at(reader.key_span(node)));
        }
    }
}
