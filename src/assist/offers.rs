//! Offers, by what they are of.

use std::collections::BTreeSet;

use super::{View, names};
use crate::ir::assist::{Offer, OfferKind, Subject};
use crate::ir::ast::{ActivationEntry, Expr, File, Item, Key, ModelEntry};
use crate::ir::catalog::{CustomType, Destination, Field, Identifier, Service, Setting, SettingKind};
use crate::ir::facts::ColumnFacts;
use crate::ir::ident::DatasetName;
use crate::ir::mode::Mode;
use crate::ir::spec::Metric;
use crate::ir::vocabulary::{SMALL_WORDS, Word};

pub fn plain<'a>(label: &str, kind: OfferKind) -> Offer<'a> {
    Offer { label: label.to_string(), detail: String::new(), shape: "", kind, subject: None }
}

fn of<'a>(label: &str, kind: OfferKind, detail: &str, subject: Subject<'a>) -> Offer<'a> {
    Offer { detail: detail.to_string(), subject: Some(subject), ..plain(label, kind) }
}

pub fn word<'a>(word: &'static Word) -> Offer<'a> {
    Offer { shape: word.shape, ..of(word.word, OfferKind::Word, "", Subject::Word(word)) }
}

pub fn words<'a>(known: &'static [Word]) -> Vec<Offer<'a>> {
    known.iter().map(word).collect()
}

pub fn small<'a>(wanted: &[&str]) -> Vec<Offer<'a>> {
    SMALL_WORDS.iter().filter(|known| wanted.contains(&known.word)).map(word).collect()
}

pub fn kind(known: &Destination) -> Offer<'_> {
    of(known.kind.as_str(), OfferKind::Kind, &known.title, Subject::Kind(known))
}

pub fn address<'a>(destination: &str, kind: &'a Destination, service: &'a Service) -> Offer<'a> {
    let label = format!("{destination}.{}", service.name);
    of(&label, OfferKind::Name, &service.title, Subject::Service(kind, service))
}

pub fn mode<'a>(mode: Mode, service: Option<&'a Service>) -> Offer<'a> {
    of(mode.name(), OfferKind::Value, "", Subject::Mode(mode, service))
}

pub fn metric<'a>(metric: Metric) -> Offer<'a> {
    of(metric.name(), OfferKind::Value, "", Subject::Metric(metric))
}

/// Those that must be given come first.
pub fn settings<'a>(known: impl Iterator<Item = Setting>) -> Vec<Offer<'a>> {
    let mut known: Vec<Setting> = known.collect();
    known.sort_by_key(|setting| !setting.required);
    known.into_iter().map(setting).collect()
}

fn setting<'a>(known: Setting) -> Offer<'a> {
    let shape = match known.kind {
        SettingKind::Headers => " {\n  $0\n}",
        SettingKind::Any if known.values.is_empty() => " {\n  $0\n}",
        _ if known.secret => " = env(\"$1\")$0",
        SettingKind::Text | SettingKind::Url if known.values.is_empty() => " = \"$1\"$0",
        _ => " = $0",
    };
    let detail = if known.required { "required" } else { "" };
    let label = known.name.clone();
    Offer { shape, ..of(&label, OfferKind::Setting, detail, Subject::Setting(Box::new(known))) }
}

/// What may stand behind `=`.
pub fn values<'a>(known: &Setting) -> Vec<Offer<'a>> {
    let written = |value: &String| if names::is_name(value) { value.clone() } else { format!("\"{value}\"") };
    let mut values: Vec<String> = known.values.iter().map(written).collect();
    if known.kind == SettingKind::Boolean {
        values.extend(["true", "false"].map(String::from));
    }
    let mut offers: Vec<Offer<'a>> = values.iter().map(|value| plain(value, OfferKind::Value)).collect();
    let from_outside = [("env", "an environment variable"), ("var", "a variable of the environment chosen")];
    offers.extend(from_outside.iter().filter(|(word, _)| *word == "env" || !known.secret).map(|(word, about)| Offer {
        detail: about.to_string(),
        shape: "(\"$1\")$0",
        ..plain(word, OfferKind::Word)
    }));
    offers
}

pub fn custom_type(known: &CustomType) -> Offer<'_> {
    of(&known.word, OfferKind::Value, "", Subject::CustomType(known))
}

pub fn identifier<'a>(service: &'a Service, known: &'a Identifier) -> Offer<'a> {
    of(&target(&known.name), OfferKind::Field, known.placement.wire.name(), Subject::Identifier(service, known))
}

pub fn field<'a>(service: &'a Service, known: &'a Field) -> Offer<'a> {
    of(&target(&known.name), OfferKind::Field, known.placement.wire.name(), Subject::Field(service, known))
}

/// Names joined by dots are written bare, whatever else has blanks and signs in quotes.
pub fn target(name: &str) -> String {
    let bare = |part: &str| names::is_name(part) || (!part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if name.split('.').all(bare) { name.to_string() } else { quoted(name) }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub fn column_label(name: &str) -> String {
    if names::is_name(name) { name.to_string() } else { quoted(name) }
}

pub fn known_columns<'a>(known: &'a [ColumnFacts]) -> Vec<Offer<'a>> {
    known
        .iter()
        .map(|column| of(&column_label(&column.name), OfferKind::Column, &column.sql_type, Subject::Column(column)))
        .collect()
}

/// Where the source has not told its columns: those that the project names already.
pub fn columns<'a>(view: &View<'a>, model: &DatasetName) -> Vec<Offer<'a>> {
    let about = |item: &&Item| names::model_of(view.files, item).as_ref() == Some(model);
    let named = names::items(view.files).filter(about).flat_map(|item| named_by(view, item)).collect();
    of_columns(named, "named elsewhere in the project")
}

pub fn of_columns<'a>(names: BTreeSet<&str>, detail: &str) -> Vec<Offer<'a>> {
    let offer = |name: &str| Offer { detail: detail.into(), ..plain(&column_label(name), OfferKind::Column) };
    names.into_iter().map(offer).collect()
}

/// Columns that an item names, in its key and in its expressions.
pub fn named_by<'a>(view: &View<'a>, item: &'a Item) -> Vec<&'a str> {
    let facts = expressions(item).into_iter().filter_map(|expr| view.facts.of(expr));
    let named = facts.flat_map(|facts| &facts.columns).map(|(name, _)| name.as_str());
    keys(item).flat_map(|key| &key.columns).map(|column| column.name.as_str()).chain(named).collect()
}

fn expressions(item: &Item) -> Vec<&Expr> {
    let mut found = Vec::new();
    super::node::nodes(item, &mut |_, node| {
        if let super::node::Node::Expr(_, expr) = node {
            found.push(expr);
        }
    });
    found
}

pub fn keys(item: &Item) -> impl Iterator<Item = &Key> {
    let of_model = match item {
        Item::Model(model) => model.entries.as_slice(),
        _ => &[],
    };
    let of_activation = match item {
        Item::Activation(activation) => activation.entries.as_slice(),
        _ => &[],
    };
    let model = of_model.iter().filter_map(|entry| match entry {
        ModelEntry::Key(key) => Some(key),
        ModelEntry::From(_) => None,
    });
    model.chain(of_activation.iter().filter_map(|entry| match entry {
        ActivationEntry::Key(key) => Some(key),
        _ => None,
    }))
}

pub fn variables<'a>(files: &'a [File]) -> Vec<Offer<'a>> {
    let settings = names::items(files).filter_map(|item| match item {
        Item::Environment(environment) => Some(&environment.settings),
        _ => None,
    });
    let named: BTreeSet<&str> = settings.flatten().map(|setting| setting.key.value.as_str()).collect();
    named.into_iter().map(|name| plain(name, OfferKind::Name)).collect()
}
