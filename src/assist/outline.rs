//! The items of a file, for an editor's outline.

use super::names;
use crate::ir::ast::{File, Item, Name};
use crate::ir::span::Span;

/// Word, name, place of the name and of the whole item.
pub fn outline(file: &File) -> Vec<(&'static str, String, Span, Span)> {
    let entry = |item: &Item| {
        let name = names::item_name(item);
        let (text, place) = name.map_or(("project", item.span()), |Name { value, span }| (value.as_str(), *span));
        (word(item), text.to_string(), place, item.span())
    };
    file.items.iter().map(entry).collect()
}

pub fn word(item: &Item) -> &'static str {
    match item {
        Item::Project(_) => "project",
        Item::Environment(_) => "environment",
        Item::Source(_) => "source",
        Item::Destination(_) => "destination",
        Item::Model(_) => "model",
        Item::Segment(_) => "segment",
        Item::Activation(_) => "activation",
        Item::Test(_) => "test",
    }
}
