//! The target of a ledger: which account, service and identifiers its entries speak of. Never a secret.

use std::collections::BTreeMap;

use super::{Options, Sandboxed};
use crate::ir::catalog::SettingKind;
use crate::ir::run::{Status, Stopped};
use crate::ir::spec::{Activation, Connection, Settings, Spec};

/// Facts by name, as they are told to people.
pub type Target = BTreeMap<String, String>;

/// What requests are made of, where the pipeline says so: too long to be told in a line.
const TEMPLATES: &str = "templates";

pub fn target(activation: &Activation, connection: &Connection, sandbox: Option<&Sandboxed>) -> Target {
    let mut target = Target::from([
        ("destination".to_string(), activation.destination.kind.to_string()),
        ("service".to_string(), activation.service.name.to_string()),
        ("identifiers".to_string(), names(activation.identify.iter().map(|one| one.name.as_str()))),
    ]);
    let identity = activation.destination.settings.iter().filter(|setting| setting.identity && !setting.secret);
    add(&mut target, identity.map(|setting| setting.name.as_str()), &connection.settings);
    let identity = activation.service.options.iter().filter(|option| option.identity && !option.secret);
    let (templates, plain): (Vec<_>, Vec<_>) = identity.partition(|option| option.kind == SettingKind::Template);
    add(&mut target, plain.into_iter().map(|option| option.name.as_str()), &activation.options);
    let templates = templates.iter().map(|option| (&option.name, activation.options.plain(&option.name)));
    let templates: BTreeMap<_, _> = templates.collect();
    if !templates.is_empty() {
        target.insert(TEMPLATES.into(), serde_json::to_string(&templates).unwrap_or_default());
    }
    if let (Some(base_url), None) = (&connection.base_url, sandbox) {
        target.insert("base_url".into(), base_url.clone());
    }
    if activation.mode.is_set() {
        target.insert("entries".into(), "by identifier".into());
    } else {
        target.insert("key".into(), names(activation.key.iter().map(String::as_str)));
    }
    target
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn add<'a>(target: &mut Target, names: impl Iterator<Item = &'a str>, settings: &Settings) {
    for name in names {
        match settings.plain(name) {
            Some(serde_json::Value::String(text)) => target.insert(name.into(), text.clone()),
            Some(serde_json::Value::Null) | None => None,
            Some(other) => target.insert(name.into(), other.to_string()),
        };
    }
}

pub fn text(target: &Target) -> String {
    serde_json::to_string(target).unwrap_or_default()
}

/// `crm.contacts (region r1)`, for the head of a report.
pub fn told(target: &Target) -> String {
    let get = |name: &str| target.get(name).map(String::as_str).unwrap_or_default();
    let rest: Vec<String> = target
        .iter()
        .filter(|(name, _)| {
            !["destination", "service", "identifiers", "key", "entries", TEMPLATES].contains(&name.as_str())
        })
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    let head = format!("{}.{}", get("destination"), get("service"));
    if rest.is_empty() { head } else { format!("{head} ({})", rest.join(", ")) }
}

/// The target in words, of an activation that could not be opened.
pub fn of(activation: &Activation, spec: &Spec, options: &Options) -> String {
    let connection = spec.connections.get(&activation.connection);
    let sandbox = options.sandbox.as_ref();
    connection.map(|connection| told(&target(activation, connection, sandbox))).unwrap_or_default()
}

/// What the ledger knows of its account stands as long as nobody could ask.
pub fn take_over(recorded: &str, target: &mut Target, facts: &[&str]) {
    let recorded: Target = serde_json::from_str(recorded).unwrap_or_default();
    for (name, value) in recorded.into_iter().filter(|(name, _)| facts.contains(&name.as_str())) {
        target.entry(name).or_insert(value);
    }
}

/// What differs between the ledger's target and the activation's, and the ways on. A ledger that never heard of its account
/// (`facts`) is told of it, and that is no change.
pub fn changed(recorded: &str, target: &Target, facts: &[&str]) -> Option<Stopped> {
    let recorded: Target = serde_json::from_str(recorded).unwrap_or_default();
    let learnt = |name: &str| facts.contains(&name) && !recorded.contains_key(name);
    let names: std::collections::BTreeSet<&String> = recorded.keys().chain(target.keys()).collect();
    let differences: Vec<String> = names
        .into_iter()
        .filter(|name| recorded.get(*name) != target.get(*name) && !learnt(name))
        .map(|name| match (recorded.get(name), target.get(name)) {
            (Some(old), Some(new)) => format!("{name} was `{old}` and is now `{new}`"),
            (Some(old), None) => format!("{name} was `{old}` and is now unset"),
            (None, Some(new)) => format!("{name} is new: `{new}`"),
            (None, None) => String::new(),
        })
        .collect();
    if differences.is_empty() {
        return None;
    }
    Some(Stopped {
        status: Status::Stopped,
        code: "run::target_changed".into(),
        message: format!("the ledger speaks of another target: {}", differences.join("; ")),
        help: "`--full` begins a new ledger and sends every row; `--adopt` takes the rows there as already sent; with \
               an old setting back, its ledger goes on; `sendoff ledger move OLD NEW` follows a renamed activation"
            .into(),
    })
}
