//! Columns that the tables of a test may have.

use std::collections::BTreeSet;

use super::node::Targets;
use super::offers::{self, named_by};
use super::{Space, View, names};
use crate::ir::assist::{Offer, OfferKind};
use crate::ir::ast::{Activation, ActivationEntry, Item, Mapping, Path};

/// Of `rows` and `before`: those that the activation reads, the key first.
pub fn given<'a>(view: &View<'a>, tested: &'a Activation) -> Vec<Offer<'a>> {
    let model = names::model_of_activation(view.files, tested);
    let about = |item: &&Item| match item {
        Item::Activation(activation) => activation.name == tested.name,
        _ => names::model_of(view.files, item) == model,
    };
    let read: BTreeSet<&str> = names::items(view.files).filter(about).flat_map(|item| named_by(view, item)).collect();
    let mut found = offers::of_columns(read, "read by the activation");
    let keys = key(view, tested);
    found.sort_by_key(|offer| !keys.contains(&offer.label));
    found
}

/// Of `expect added { ... }`: the key, identifiers and fields.
pub fn expected<'a>(view: &View<'a>, tested: &Activation) -> Vec<Offer<'a>> {
    let mut labels = key(view, tested);
    for entry in &tested.entries {
        let mappings = match entry {
            ActivationEntry::Identify(identify) => &identify.mappings,
            ActivationEntry::Map(block) | ActivationEntry::Custom(block) => &block.mappings,
            _ => continue,
        };
        labels.extend(mappings.iter().filter_map(target));
    }
    let mut seen = BTreeSet::new();
    labels.retain(|label| seen.insert(label.clone()));
    labels.iter().map(|label| offers::plain(label, OfferKind::Field)).collect()
}

/// The mapping that a column of `expect added { ... }` speaks of.
pub fn mapping<'a>(view: &View<'a>, tested: &str, path: &Path) -> Option<(&'a Activation, Targets, &'a Mapping)> {
    let Some(Item::Activation(tested)) = names::defined(view.files, Space::Activations, tested) else { return None };
    let name = written(path);
    tested.entries.iter().find_map(|entry| {
        let (targets, mappings) = match entry {
            ActivationEntry::Identify(identify) => (Targets::Identifiers, &identify.mappings),
            ActivationEntry::Map(block) => (Targets::Fields, &block.mappings),
            ActivationEntry::Custom(block) => (Targets::Custom, &block.mappings),
            _ => return None,
        };
        let wanted = offers::target(&name);
        let is_meant = |mapping: &&Mapping| target(mapping).is_some_and(|target| target.eq_ignore_ascii_case(&wanted));
        mappings.iter().find(is_meant).map(|mapping| (tested.as_ref(), targets, mapping))
    })
}

/// A name with its dots.
pub fn written(path: &Path) -> String {
    path.parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join(".")
}

fn key(view: &View<'_>, tested: &Activation) -> Vec<String> {
    let model = names::model_of_activation(view.files, tested);
    let items = names::items(view.files).filter(|item| match item {
        Item::Model(_) => names::model_of(view.files, item) == model,
        Item::Activation(activation) => activation.name == tested.name,
        _ => false,
    });
    items.flat_map(offers::keys).flat_map(|key| &key.columns).map(|column| offers::column_label(&column.name)).collect()
}

fn target(mapping: &Mapping) -> Option<String> {
    match (&mapping.target, &mapping.column) {
        (Some(path), _) => Some(offers::target(&written(path))),
        (None, column) => column.as_ref().map(|column| offers::column_label(&column.name)),
    }
}
