//! Activations: each entry once, then all of them together.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::dataset::{self, Narrowed};
use super::mapping::{Against, Block, Required};
use super::scope::Scope;
use super::target::{Shelf, Target};
use super::{conflict, digest, error, guard, identify, mapping, mode, model, order, refuse, target, template};
use crate::diag::Problems;
use crate::ir::ast::{self, ActivationEntry, After, From, Identify, Input, Key, ModeEntry, Name, To};
use crate::ir::facts::ColumnFacts;
use crate::ir::ident::{ActivationName, DatasetName, DestinationName};
use crate::ir::mode::Mode;
use crate::ir::spec::{Activation, Connection, Dataset, IdentifierMapping, Model, Settings};

pub fn resolve_all(
    scope: &Scope<'_>,
    shelf: &Shelf,
    connections: &BTreeMap<DestinationName, Connection>,
    models: &mut BTreeMap<DatasetName, Model>,
    problems: &mut Problems,
) -> Vec<Activation> {
    let written = scope.names.activations.iter();
    let around = Around { scope, shelf, connections };
    let mut read = |activation: &ast::Activation| {
        let is_needed = scope.needed.activation(&activation.name.value);
        scope.reading(is_needed, || resolve(&around, models, activation, problems))
    };
    written.filter_map(|activation| read(activation)).collect()
}

/// What every activation is resolved against.
struct Around<'a> {
    scope: &'a Scope<'a>,
    shelf: &'a Shelf,
    connections: &'a BTreeMap<DestinationName, Connection>,
}

/// The entries by their words; of those that may stand once, the first.
#[derive(Default)]
struct Entries<'a> {
    from: Option<&'a From>,
    key: Option<&'a Key>,
    to: Option<&'a To>,
    mode: Option<&'a ModeEntry>,
    identify: Option<&'a Identify>,
    after: Vec<&'a After>,
    blocks: Vec<Block<'a>>,
    guards: Vec<&'a ast::Guard>,
}

impl<'a> Entries<'a> {
    fn of(activation: &'a ast::Activation, problems: &mut Problems) -> Entries<'a> {
        let mut all = Entries::default();
        for entry in &activation.entries {
            match entry {
                ActivationEntry::From(one) => {
                    model::once(&mut all.from, one, "from", one.span, |first| first.span, problems);
                }
                ActivationEntry::Key(one) => {
                    model::once(&mut all.key, one, "key", one.span, |first| first.span, problems);
                }
                ActivationEntry::To(one) => {
                    model::once(&mut all.to, one, "to", one.span, |first| first.span, problems);
                }
                ActivationEntry::Mode(one) => {
                    model::once(&mut all.mode, one, "mode", one.span, |first| first.span, problems);
                }
                ActivationEntry::Identify(one) => {
                    model::once(&mut all.identify, one, "identify", one.span, |first| first.span, problems);
                }
                ActivationEntry::After(one) => all.after.push(one),
                ActivationEntry::Map(one) => all.blocks.push(Block { written: one, custom: false }),
                ActivationEntry::Custom(one) => all.blocks.push(Block { written: one, custom: true }),
                ActivationEntry::Guard(one) => all.guards.push(one),
            }
        }
        all
    }
}

pub fn after_names(activation: &ast::Activation) -> Vec<&Name> {
    let entries = activation.entries.iter();
    entries
        .filter_map(|entry| match entry {
            ActivationEntry::After(after) => Some(&after.names),
            _ => None,
        })
        .flatten()
        .collect()
}

fn resolve(
    around: &Around<'_>,
    models: &mut BTreeMap<DatasetName, Model>,
    written: &ast::Activation,
    problems: &mut Problems,
) -> Option<Activation> {
    let scope = around.scope;
    let entries = Entries::of(written, problems);
    let rows = rows(scope, written, &entries, models, problems);
    let target = entries.to.and_then(|to| target::resolve(scope, to, around.shelf, around.connections, problems));
    missing(scope, written, &entries, target.as_ref(), problems);
    let chosen = mode::resolve(scope, written, entries.mode, target.as_ref(), problems);
    let mode = chosen.as_ref().map(|chosen| chosen.mode);
    let options = options(scope, &entries, target.as_ref(), mode, problems);
    let identify_all = entries.identify.is_some_and(|identify| identify.all);
    let mut against =
        Against { scope, target: target.as_ref(), columns: rows.columns, required: Vec::new(), identify_all };
    let identify = entries.identify.map_or_else(Vec::new, |one| identify::resolve(&against, one, mode, problems));
    if let (Some(target), Some(mode)) = (&target, mode) {
        against.required = required(target, mode, &options, &identify, entries.to);
    }
    let fields = mapping::resolve(&against, mode, &entries.blocks, problems);
    if let Some(mode) = mode {
        // What is mapped is not known where a part of it could not be read.
        let lost = entries.blocks.iter().any(|block| scope.lost_in(block.written.span));
        if !lost && !["map", "custom"].iter().any(|word| scope.is_unread(word, written.span)) {
            mapping::complete(&against, mode, &entries.blocks, &identify, written.name.span, problems);
        }
        if let (Some(target), Some(to)) = (&target, entries.to) {
            let (options, identify, fields) = (&options, identify.as_slice(), fields.as_slice());
            refuse::check(target, &refuse::Written { mode, options, identify, fields, to }, problems);
            template::check(scope, to, target, mode, options, &template::Mapped { identify, fields }, problems);
        }
    }
    let mut guards: Vec<_> = entries.guards.iter().filter_map(|one| guard::resolve(one, problems)).collect();
    let after = order::names(scope, &entries.after, problems);
    let (target, chosen, dataset) = (target?, chosen?, rows.dataset?);
    guard::for_mode(chosen.mode, &mut guards, chosen.span);
    let model = models.get(&dataset.model)?;
    let takes_out = conflict::takes_out(&target.service, chosen.mode, &options, &identify);
    Some(Activation {
        name: ActivationName(written.name.value.clone()),
        span: written.span,
        key: model.key.clone(),
        key_spans: model.key_spans.clone(),
        mapping_digest: digest::mapping(&dataset, model, &identify, &fields),
        dataset,
        connection: target.connection.name.clone(),
        destination: target.connection.kind.clone(),
        service: target.service,
        options,
        mode: chosen.mode,
        mode_span: chosen.span,
        hold_new_rows: chosen.hold_new_rows,
        insert_again: chosen.insert_again,
        takes_out,
        after,
        identify_all,
        identify,
        fields,
        guards,
    })
}

fn missing(
    scope: &Scope<'_>,
    written: &ast::Activation,
    entries: &Entries<'_>,
    target: Option<&Target<'_>>,
    problems: &mut Problems,
) {
    let owner = format!("activation `{}`", written.name.value);
    let is_missing = |word: &str, there: bool| !there && !scope.is_unread(word, written.span);
    if is_missing("from", entries.from.is_some()) {
        problems.push(error::missing_from(&owner, written.name.span));
    }
    if is_missing("to", entries.to.is_some()) {
        problems.push(error::missing_to(&owner, written.name.span, scope.names.destinations.keys().copied()));
    }
    if is_missing("identify", entries.identify.is_some()) {
        problems.push(error::missing_identify(&owner, written.name.span, target));
    }
}

fn options(
    scope: &Scope<'_>,
    entries: &Entries<'_>,
    target: Option<&Target<'_>>,
    mode: Option<Mode>,
    problems: &mut Problems,
) -> Settings {
    match (entries.to, target) {
        (Some(to), Some(target)) => target::options(scope, to, target, mode, problems),
        _ => Settings::default(),
    }
}

/// Fields that a create needs: by the definition, and by the option that lists what the account asks of every new contact
/// (`mandatory = ["email"]`).
fn required(
    target: &Target<'_>,
    mode: Mode,
    options: &Settings,
    identify: &[IdentifierMapping],
    to: Option<&ast::To>,
) -> Vec<Required> {
    let asked = |name: &str| {
        let mut written = to?.settings.as_ref()?.settings.iter();
        written.find(|setting| setting.key.value == name).map(|setting| setting.value.span())
    };
    let by_definition = refuse::required(target, mode, options, identify).into_iter();
    let mut required: Vec<Required> = by_definition.map(|name| Required { name, asked: None }).collect();
    let listed = target.service.mandatory.as_ref().and_then(|name| options.plain(name)).and_then(Json::as_array);
    let listed = listed.into_iter().flatten().filter_map(Json::as_str);
    for name in listed {
        if !required.iter().any(|known| known.name == name) {
            let asked = target.service.mandatory.as_deref().and_then(asked);
            required.push(Required { name: name.to_string(), asked });
        }
    }
    required
}

/// Which rows an activation reads, as far as it can be made out.
struct Rows<'a> {
    dataset: Option<Dataset>,
    columns: Option<&'a [ColumnFacts]>,
}

fn rows<'a>(
    scope: &Scope<'a>,
    written: &ast::Activation,
    entries: &Entries<'_>,
    models: &mut BTreeMap<DatasetName, Model>,
    problems: &mut Problems,
) -> Rows<'a> {
    let Some(from) = entries.from else {
        return Rows { dataset: None, columns: None };
    };
    let options = dataset::options(scope, from, true, problems);
    let (narrowed, shown) = match &from.input {
        Input::Named(name) => (by_name(scope, name, from, entries.key, problems), name.value.clone()),
        _ => {
            let model = inline(scope, written, from, entries.key, &options, problems);
            let name = model_name(scope, written);
            models.extend(model.map(|model| (model.name.clone(), model)));
            (Some(Narrowed { model: name, filters: Vec::new() }), written.name.value.clone())
        }
    };
    let columns = narrowed.as_ref().and_then(|narrowed| scope.columns(&narrowed.model));
    if let Some(narrowed) = &narrowed {
        model::condition(scope, from, &narrowed.model, problems);
    }
    let dataset = narrowed.map(|narrowed| Dataset {
        model: narrowed.model,
        name: shown,
        span: from.span,
        filters: narrowed.filters,
        allow_empty: options.allow_empty,
    });
    Rows { dataset, columns }
}

/// A model or segment, narrowed further by this `from`'s own condition. Its key is the model's.
fn by_name(
    scope: &Scope<'_>,
    name: &Name,
    from: &From,
    key: Option<&Key>,
    problems: &mut Problems,
) -> Option<Narrowed> {
    if !dataset::named(scope, name, problems) {
        return None;
    }
    let narrowed = dataset::narrowed(scope, &name.value);
    if let Some(key) = key {
        let model = narrowed.as_ref().map_or(name.value.as_str(), |narrowed| narrowed.model.as_str());
        problems.push(error::key_not_here(key.span, model));
    }
    let mut narrowed = narrowed?;
    narrowed.filters.extend(from.filter.clone());
    Some(narrowed)
}

fn model_name(scope: &Scope<'_>, written: &ast::Activation) -> DatasetName {
    let name = written.name.value.as_str();
    let taken = scope.names.datasets().any(|known| known == name) || scope.names.sources.contains_key(name);
    DatasetName::inline(name, taken)
}

fn inline(
    scope: &Scope<'_>,
    written: &ast::Activation,
    from: &From,
    key: Option<&Key>,
    options: &dataset::Options,
    problems: &mut Problems,
) -> Option<Model> {
    let query = dataset::query(scope, from, options, problems);
    let name = model_name(scope, written);
    let Some(key) = key else {
        let owner = format!("activation `{}`", written.name.value);
        if !scope.is_unread("key", written.span) {
            problems.push(error::missing_key(&owner, written.name.span));
        }
        return None;
    };
    let (key, key_spans) = model::columns(key, scope.columns(&name), problems);
    Some(Model { name, span: from.span, query: query?, filter: from.filter.clone(), key, key_spans })
}
