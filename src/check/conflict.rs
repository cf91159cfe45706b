//! Two activations in one place: those that write one field would overwrite each other for ever, those that keep one list take
//! out each other's members.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value as Json;

use super::error;
use crate::diag::Problems;
use crate::ir::catalog::{Condition, Route, Service};
use crate::ir::mode::{ChangeKind, Mode};
use crate::ir::spec::{Activation, FieldMapping, IdentifierMapping, Settings};
use crate::template::{Engine, Scope};

pub fn shared_fields(activations: &[Activation], problems: &mut Problems) {
    let mut writers: BTreeMap<(String, String), Vec<(&Activation, &FieldMapping)>> = BTreeMap::new();
    for activation in activations {
        for field in &activation.fields {
            writers.entry((records(activation), name(activation, field))).or_default().push((activation, field));
        }
    }
    for writers in writers.values().filter(|writers| writers.len() > 1) {
        let Some(at) = writers.iter().rposition(|(_, field)| !field.shared) else { continue };
        let other = if at == 0 { 1 } else { 0 };
        problems.push(error::field_written_twice(writers[at], writers[other]));
    }
}

/// Each knows its own members alone, so whoever is in both and leaves one of them is taken out.
pub fn shared_members(activations: &[Activation], problems: &mut Problems) {
    let keeps = |activation: &&Activation| activation.mode == Mode::Membership && activation.takes_out;
    let mut keepers: BTreeMap<String, &Activation> = BTreeMap::new();
    for activation in activations.iter().filter(keeps) {
        match keepers.entry(records(activation)) {
            Entry::Vacant(place) => {
                place.insert(activation);
            }
            Entry::Occupied(first) => problems.push(error::members_kept_twice(activation, first.get())),
        }
    }
}

/// Whether those who leave are taken out: unless its route for them has no steps.
pub fn takes_out(service: &Service, mode: Mode, options: &Settings, identify: &[IdentifierMapping]) -> bool {
    let identifier = identify.first().map_or(Json::Null, |one| service.identifier_facts(&one.name));
    let scope = Scope::new()
        .with("option", &options.known(&service.options))
        .with("mode", &mode.name().into())
        .with("identifier", &identifier);
    let taken = |route: &&Route| {
        let holds = |when: &Condition| Engine::lenient().expression(&when.0).and_then(|when| when.truth(&scope));
        route.when.as_ref().is_none_or(|when| holds(when).unwrap_or(true))
    };
    let mut routes = service.routes(mode).into_iter().flatten();
    routes
        .find(|route| route.rows.contains(&ChangeKind::Removed) && taken(route))
        .is_some_and(|route| !route.steps.is_empty())
}

fn name(activation: &Activation, field: &FieldMapping) -> String {
    let folds = activation.service.custom.as_ref().is_some_and(|custom| custom.fold_case);
    let name = field.name.to_string();
    if folds && field.target.is_custom() { name.to_lowercase() } else { name }
}

/// Which records are written: those of another list or contact type are others.
fn records(activation: &Activation) -> String {
    let identity = activation.service.options.iter().filter(|option| option.identity);
    let identity: Vec<String> = identity
        .map(|option| activation.options.plain(&option.name).map_or_else(String::new, ToString::to_string))
        .collect();
    format!("{}.{} {}", activation.connection, activation.service.name, identity.join(" "))
}
