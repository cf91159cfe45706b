//! Which settings a place declares.

use super::View;
use super::node::{Owner, Targets};
use crate::ir::ast::{Activation, ActivationEntry, Block, From, Input, Item, TextLit, Value};
use crate::ir::catalog::Setting;
use crate::ir::ident::KindName;
use crate::ir::mode::Mode;
use crate::ir::spec::FileFormat;
use crate::ir::vocabulary;

impl View<'_> {
    pub(super) fn declared(&self, owner: Owner<'_>) -> Vec<Setting> {
        match owner {
            Owner::Item(item) => self.of_item(item),
            Owner::From(item, from) => of_from(item, from),
            Owner::File(path, options) => of_file(path, options),
            Owner::To(activation) => {
                self.target(activation).map_or_else(Vec::new, |(_, service)| service.options.clone())
            }
            Owner::Mode(activation) => self.mode(activation).map_or_else(Vec::new, vocabulary::mode_options),
            Owner::Mapping(Targets::Identifiers) => Vec::new(),
            Owner::Mapping(targets) => vocabulary::mapping_options(targets == Targets::Custom),
        }
    }

    fn of_item(&self, item: &Item) -> Vec<Setting> {
        match item {
            Item::Project(_) => vocabulary::project_settings(),
            Item::Source(source) => vocabulary::source_settings(&source.kind.value).unwrap_or_default(),
            Item::Destination(destination) => self.of_kind(&destination.kind.value),
            Item::Environment(_) | Item::Model(_) | Item::Segment(_) | Item::Activation(_) | Item::Test(_) => {
                Vec::new()
            }
        }
    }

    pub(super) fn of_kind(&self, kind: &str) -> Vec<Setting> {
        let kind = self.catalog.destinations.get(&KindName(kind.to_string()));
        kind.map_or_else(Vec::new, vocabulary::destination_settings)
    }

    /// The mode written, else the service's first.
    pub(super) fn mode(&self, activation: &Activation) -> Option<Mode> {
        let written = activation.entries.iter().find_map(|entry| match entry {
            ActivationEntry::Mode(mode) => Mode::parse(&mode.name.value),
            _ => None,
        });
        written.or_else(|| Some(self.target(activation)?.1.modes.first()?.0))
    }
}

fn of_from(item: &Item, from: &From) -> Vec<Setting> {
    let mut declared = match &from.input {
        Input::File { path } => of_file(path, from.options.as_ref()),
        Input::Named(_) | Input::Table { .. } | Input::Sql { .. } | Input::SqlFile { .. } => Vec::new(),
    };
    if let Item::Activation(_) = item {
        declared.push(vocabulary::allow_empty());
    }
    declared
}

fn of_file(path: &TextLit, options: Option<&Block>) -> Vec<Setting> {
    vocabulary::file_options(FileFormat::of(&path.value, said(options)))
}

fn said(options: Option<&Block>) -> Option<&str> {
    let settings = options.iter().flat_map(|block| &block.settings);
    settings.filter(|setting| setting.key.value == "format").find_map(|setting| match &setting.value {
        Value::Text(text) => Some(text.value.as_str()),
        Value::Word(word) => Some(word.value.as_str()),
        _ => None,
    })
}
