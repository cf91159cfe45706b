//! One service of a destination, as parts of its page.

use crate::diag::{count, list, thousands};
use crate::ir::catalog::{
    Call, Custom, Destination, Dots, Job, Refusal, Repeat, Route, Service, Setting, SettingKind, Step, StepAction,
};
use crate::ir::ident::CallName;
use crate::ir::mode::{Mode, Verdict};
use crate::report::page::Page;
use crate::report::words;

use super::{code, rules, settings};

/// "upsert, update"; the first is the default.
pub fn modes(service: &Service) -> String {
    let modes: Vec<&str> = service.modes.iter().map(|(mode, _)| mode.name()).collect();
    modes.join(", ")
}

pub fn fill(page: &mut Page, destination: &Destination, known: &Service) {
    page.heading(2, format!("`{}.{}`: {}", destination.kind, known.name, known.title));
    page.text(&known.about);
    page.section(3, "When to use something else", |page| page.list(known.not_for.iter().cloned()));
    page.section(3, "Modes", |page| {
        page.table(&["mode", "what it does"], known.modes.iter().map(|(one, _)| mode(known, *one)));
        for (mode, routes) in &known.modes {
            page.text(format!("Requests of `{}`, the first that holds:", mode.name()));
            page.list(routes.iter().map(way));
        }
    });
    page.section(3, "Settings of the service", |page| settings(page, &known.options, &known.one_of));
    page.section(3, "Identifiers", |page| identifiers(page, known));
    page.section(3, "Fields", |page| fields(page, known));
    page.section(3, "Custom attributes", |page| {
        known.custom.iter().for_each(|known| custom(page, known));
    });
    page.section(3, "Refused by `check`", |page| {
        page.list(known.refuse.iter().filter(|one| !one.warning).map(refusal));
    });
    page.section(3, "Told by `check`", |page| {
        page.list(known.refuse.iter().filter(|one| one.warning).map(refusal));
    });
    page.section(3, "Requests", |page| calls(page, known));
    page.section(3, "Not verified", |page| page.list(known.unverified.iter().cloned()));
}

fn refusal(known: &Refusal) -> String {
    [shortened(&known.says.0), known.help.clone()].join(": ")
}

fn mode(service: &Service, mode: Mode) -> Vec<String> {
    let default = if service.modes.first().is_some_and(|(first, _)| *first == mode) { ", the default" } else { "" };
    vec![format!("`{}`{default}", mode.name()), does(mode, Some(service)).to_string()]
}

/// In general, or as a service does it.
pub fn does(mode: Mode, service: Option<&Service>) -> &'static str {
    match mode {
        Mode::Insert => "creates new rows, once each",
        Mode::Update if service.is_some_and(|service| service.hold_new_rows) => {
            "updates who is there and creates nobody; new rows are held until something of them changes, or sent with `new_rows = send`"
        }
        Mode::Update => "updates who is there and creates nobody",
        Mode::Upsert => "updates who is there and creates who is not",
        Mode::Mirror => "as upsert, and deletes what it wrote once its row is gone",
        Mode::Membership => "who is in the source belongs to it; creates and deletes nobody",
    }
}

/// "added: `find`, then `create` where absent"
fn way(route: &Route) -> String {
    let rows: Vec<&str> = route.rows.iter().map(|kind| kind.name()).collect();
    let when = route.when.as_ref().map(|when| format!(" when `{}`", when.0)).unwrap_or_default();
    let steps: Vec<String> = route.steps.iter().map(step).collect();
    let steps = if steps.is_empty() { "nothing is sent".to_string() } else { steps.join(", then ") };
    format!("{}{when}: {steps}", rows.join(" and "))
}

fn step(step: &Step) -> String {
    let name = name(&step.action);
    let after: Vec<&str> = step.after.iter().map(|verdict: &Verdict| verdict.name()).collect();
    let after = if after.is_empty() { String::new() } else { format!(" where {}", after.join(" or ")) };
    let lacks = if step.lacks_remote_id { " unless its id is known" } else { "" };
    format!("`{name}`{after}{lacks}")
}

fn name(action: &StepAction) -> &CallName {
    let (StepAction::Call(name) | StepAction::Scan(name)) = action;
    name
}

fn identifiers(page: &mut Page, known: &Service) {
    page.table(&["identifier", "form", "what it is"], known.identifiers.iter().map(rules::identifier));
    if known.identifiers.len() > 1 || known.identify_all {
        page.text(match known.identify_all {
            true => "Of several, the first that a row has identifies it; `identify all { ... }` sends every one.",
            false => "Of several, the first that a row has identifies it.",
        });
    }
}

fn fields(page: &mut Page, known: &Service) {
    page.table(&["field", "form", "what it is"], known.fields.iter().map(rules::field));
    if known.account_fields.as_ref().is_some_and(|account| !account.types.is_empty()) {
        page.text("Fields that the account has besides are mapped by their names, too; `plan` looks them up.");
    }
    if !known.whole.is_empty() {
        page.text(format!("Goes whole whenever a part of it does: {}.", list(&known.whole)));
    }
    if known.dots == Dots::Name {
        page.text("Dots belong to names; nothing nests.");
    }
    if let Some(max) = known.max_fields {
        page.text(format!("At most {} in one activation, custom attributes included.", count(max.into(), "field")));
    }
    if known.readback.is_some() {
        page.text("One record is read back before the second request, to see that what was sent arrived.");
    }
    if let Some(option) = &known.mandatory {
        page.text(format!("The setting `{option}` names further fields that a create needs."));
    }
}

fn custom(page: &mut Page, known: &Custom) {
    page.text(format!("Names: {}.", rules::names(known).trim_end_matches('.')));
    if !known.reserved.is_empty() {
        let names: Vec<String> = known.reserved.iter().map(|name| code(name)).collect();
        page.text(format!("Reserved: {}.", names.join(", ")));
    }
    if known.locks {
        page.text("The type of an attribute is what its first value made it, for good.");
    }
    if known.fold_case {
        page.text("Names that differ in letter case alone are one.");
    }
    page.text(created(known));
    let types = known.types.iter().map(|kind| {
        let families: Vec<&str> = kind.families.iter().map(|family| family.name()).collect();
        let from = match kind.ask {
            true => format!("`{{ type = {} }}`", kind.word),
            false => format!("columns of {}", families.join(", ")),
        };
        vec![code(&kind.word), from, rules::placement(&kind.placement).join(", ")]
    });
    page.table(&["type", "for", "form"], types);
}

/// What becomes of an attribute that is not there.
pub fn created(known: &Custom) -> &'static str {
    match (known.create, &known.known) {
        (true, Some(known)) if known.create.is_some() => "Missing ones are created before the first row.",
        (true, None) => "Missing ones come to be when they are first sent.",
        _ => "They must exist at the destination already.",
    }
}

fn calls(page: &mut Page, known: &Service) {
    // What looks somebody up is a step of a route; what else reads is of no interest.
    let steps = known.modes.iter().flat_map(|(_, routes)| routes).flat_map(|route| &route.steps);
    let named: Vec<&CallName> = steps.map(|step| name(&step.action)).collect();
    let calls = known.calls.values().filter(|call| call.writes || named.contains(&&call.name));
    page.table(
        &["request", "what is sent", "rows in one", "if its answer is lost", "what it does"],
        calls.map(|one| call(one, &known.options)),
    );
    if known.readback.is_some() {
        page.text("Records are read back after they were written, before a second batch leaves, to see that the values arrived.");
    }
}

fn call(known: &Call, options: &[Setting]) -> Vec<String> {
    let limits = if known.limits.is_empty() { String::new() } else { format!(", limit {}", known.limits.join(", ")) };
    let request = match inner(&known.method, options) {
        Some(option) => format!("as `{option}` says{limits}"),
        None => format!("`{} {}`{limits}", known.method, shortened(&known.path.0)),
    };
    let repeat = match &known.repeat {
        _ if !known.writes => String::new(),
        Repeat::Safe => "sent again after a lost answer".to_string(),
        Repeat::Never => "never sent again, whatever became of it".to_string(),
        Repeat::After(call) => format!("after a lost answer `{call}` looks first"),
    };
    let about: Vec<String> = Some(known.about.clone()).into_iter().chain(known.job.as_ref().map(job)).collect();
    let about = about.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
    vec![code(known.name.as_str()), request, size(known), repeat, about]
}

/// How much goes into one request, and how many of them go at a time.
fn size(known: &Call) -> String {
    let records = known.record.as_ref().map(|_| format!("up to {}", count(known.batch.records.into(), "record")));
    let bytes = known.batch.bytes.map(|bytes| format!("{} bytes", thousands(bytes)));
    let at_once = known.in_flight.map(|most| match most {
        1 => "one at a time".to_string(),
        most => format!("{} at a time", thousands(most.into())),
    });
    records.into_iter().chain(bytes).chain(at_once).collect::<Vec<_>>().join(", ")
}

fn job(known: &Job) -> String {
    match known.later {
        true => "a job that no run waits for: `settle` or the next run asks after it".to_string(),
        false => format!("a job, asked after for up to {}", words::duration(known.wait.as_secs_f64())),
    }
}

/// The option that the pipeline writes a part of the request with.
fn inner<'t>(text: &'t str, options: &[Setting]) -> Option<&'t str> {
    let path = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim().strip_prefix("option.")?;
    let name = path.split('.').next()?;
    options.iter().any(|option| option.name == name && option.kind == SettingKind::Template).then_some(name)
}

/// A path with dots for what is filled in.
fn shortened(path: &str) -> String {
    let parts = path.split("{{").map(|part| part.split_once("}}").map_or(part, |(_, after)| after));
    parts.collect::<Vec<_>>().join("...")
}
