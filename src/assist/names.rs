//! Names of the project: what they stand for, where they are defined, where they are used.

use super::node::{self, Node};
use crate::ir::assist::Edit;
use crate::ir::ast::{Activation, ActivationEntry, File, From, Input, Item, Name, Segment, To};
use crate::ir::ident::DatasetName;
use crate::ir::span::Span;

/// Sources, models and segments share one set of names, since all of them stand after `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    Datasets,
    Destinations,
    Activations,
    Environments,
    Tests,
}

pub fn items(files: &[File]) -> impl Iterator<Item = &Item> {
    files.iter().flat_map(|file| &file.items)
}

pub fn item_name(item: &Item) -> Option<&Name> {
    match item {
        Item::Project(_) => None,
        Item::Environment(item) => Some(&item.name),
        Item::Source(item) | Item::Destination(item) => Some(&item.name),
        Item::Model(item) => Some(&item.name),
        Item::Segment(item) => Some(&item.name),
        Item::Activation(item) => Some(&item.name),
        Item::Test(item) => Some(&item.name),
    }
}

pub fn space(item: &Item) -> Option<Space> {
    match item {
        Item::Project(_) => None,
        Item::Environment(_) => Some(Space::Environments),
        Item::Source(_) | Item::Model(_) | Item::Segment(_) => Some(Space::Datasets),
        Item::Destination(_) => Some(Space::Destinations),
        Item::Activation(_) => Some(Space::Activations),
        Item::Test(_) => Some(Space::Tests),
    }
}

pub fn defined<'a>(files: &'a [File], wanted: Space, name: &str) -> Option<&'a Item> {
    let called = |item: &&Item| item_name(item).is_some_and(|known| known.value == name);
    items(files).filter(|item| space(item) == Some(wanted)).find(called)
}

/// The set of names that a node's name is of.
fn named<'a>(node: &Node<'a>) -> Option<(Space, &'a Name)> {
    Some(match node {
        Node::Defined(item, name) => (space(item)?, name),
        Node::Dataset(name) | Node::Source(name) => (Space::Datasets, name),
        Node::Destination(name) => (Space::Destinations, name),
        Node::After(name) => (Space::Activations, name),
        _ => return None,
    })
}

/// The name at a place, where it is one that the project gives.
pub fn at(file: &File, offset: usize) -> Option<(Space, &Name)> {
    named(&node::at(file, offset)?.1)
}

/// Every place where a name stands, its definition included.
pub fn uses(files: &[File], wanted: Space, name: &str) -> Vec<Span> {
    let mut found = Vec::new();
    for item in items(files) {
        node::nodes(item, &mut |span, node| {
            if named(&node).is_some_and(|(space, known)| space == wanted && known.value == name) {
                found.push(span);
            }
        });
    }
    found
}

/// The edits that give a name's bearer another one; or why it cannot have it.
pub fn rename(files: &[File], file: &File, offset: usize, new: &str) -> Result<Vec<Edit>, String> {
    let Some((space, old)) = at(file, offset) else { return Err("only names of the project can be changed".into()) };
    if space == Space::Environments {
        return Err("environments are named outside the project, too: in `--env` and on disk".into());
    }
    if !is_name(new) {
        return Err(format!("`{new}` is no name: letters, digits and `_`, and no digit first"));
    }
    if space == Space::Datasets && new == "file" {
        return Err("after `from`, `file` begins the path of a file".into());
    }
    if new != old.value && defined(files, space, new).is_some() {
        return Err(format!("`{new}` is there already"));
    }
    let places = uses(files, space, &old.value).into_iter();
    Ok(places.map(|span| Edit { span, text: new.to_string() }).collect())
}

pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c == '_' || c.is_alphabetic()) && text.chars().all(super::tokens::is_name_char)
}

pub fn to(activation: &Activation) -> Option<&To> {
    activation.entries.iter().find_map(|entry| match entry {
        ActivationEntry::To(to) => Some(to),
        _ => None,
    })
}

fn activation_from(activation: &Activation) -> Option<&From> {
    activation.entries.iter().find_map(|entry| match entry {
        ActivationEntry::From(from) => Some(from),
        _ => None,
    })
}

/// The model that an item's expressions are about: itself, what its segments come to, or what it reads inline.
pub fn model_of(files: &[File], item: &Item) -> Option<DatasetName> {
    match item {
        Item::Model(model) => Some(DatasetName(model.name.value.clone())),
        Item::Segment(segment) => model_named(files, &segment.of.value),
        Item::Activation(activation) => model_of_activation(files, activation),
        Item::Test(test) => model_of(files, defined(files, Space::Activations, &test.of.value)?),
        Item::Project(_) | Item::Environment(_) | Item::Source(_) | Item::Destination(_) => None,
    }
}

pub fn model_of_activation(files: &[File], activation: &Activation) -> Option<DatasetName> {
    match &activation_from(activation)?.input {
        Input::Named(name) => model_named(files, &name.value),
        Input::Table { .. } | Input::Sql { .. } | Input::SqlFile { .. } | Input::File { .. } => {
            let name = &activation.name.value;
            Some(DatasetName::inline(name, defined(files, Space::Datasets, name).is_some()))
        }
    }
}

pub fn model_named(files: &[File], name: &str) -> Option<DatasetName> {
    let mut at = name;
    // A chain that is longer than any project's goes in circles.
    for _ in 0..100 {
        match defined(files, Space::Datasets, at)? {
            Item::Segment(Segment { of, .. }) => at = &of.value,
            Item::Model(model) => return Some(DatasetName(model.name.value.clone())),
            _ => return None,
        }
    }
    None
}
