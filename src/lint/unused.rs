//! What nothing reads or sends to.

use std::collections::BTreeSet;

use super::{Project, Rule};
use crate::diag::Problem;
use crate::ir::ast::{ActivationEntry, From, Input, Item, ModelEntry, Name};

pub const SOURCE: Rule = Rule {
    code: "lint::unused_source",
    look: |project| {
        unread(project, &SOURCE, "source", "reads", |item| match item {
            Item::Source(source) => Some(&source.name),
            _ => None,
        })
    },
};

pub const DESTINATION: Rule = Rule {
    code: "lint::unused_destination",
    look: |project| {
        unread(project, &DESTINATION, "destination", "sends to", |item| match item {
            Item::Destination(destination) => Some(&destination.name),
            _ => None,
        })
    },
};

pub const MODEL: Rule = Rule {
    code: "lint::unused_model",
    look: |project| {
        unread(project, &MODEL, "model", "draws on", |item| match item {
            Item::Model(model) => Some(&model.name),
            _ => None,
        })
    },
};

pub const SEGMENT: Rule = Rule {
    code: "lint::unused_segment",
    look: |project| {
        unread(project, &SEGMENT, "segment", "draws on", |item| match item {
            Item::Segment(segment) => Some(&segment.name),
            _ => None,
        })
    },
};

fn unread(
    project: &Project<'_>,
    rule: &Rule,
    noun: &str,
    verb: &str,
    defines: fn(&Item) -> Option<&Name>,
) -> Vec<Problem> {
    let mut used = Used::default();
    project.items().for_each(|item| used.note(item));
    let names = match noun {
        "destination" => &used.destinations,
        _ => &used.datasets,
    };
    let idle = project.items().filter_map(defines).filter(|name| !names.contains(name.value.as_str()));
    let told = |name: &Name| {
        let message = format!("nothing {verb} the {noun} `{}`", name.value);
        rule.finds(message, name.span).help("take it out, unless something outside the project goes by it")
    };
    idle.map(told).collect()
}

/// Names that are used somewhere. Sources, models and segments share one namespace.
#[derive(Default)]
struct Used<'a> {
    datasets: BTreeSet<&'a str>,
    destinations: BTreeSet<&'a str>,
}

impl<'a> Used<'a> {
    fn note(&mut self, item: &'a Item) {
        match item {
            Item::Model(model) => model.entries.iter().for_each(|entry| match entry {
                ModelEntry::From(from) => self.from(from),
                ModelEntry::Key(_) => {}
            }),
            Item::Segment(segment) => drop(self.datasets.insert(&segment.of.value)),
            Item::Activation(activation) => activation.entries.iter().for_each(|entry| match entry {
                ActivationEntry::From(from) => self.from(from),
                ActivationEntry::To(to) => drop(self.destinations.insert(&to.destination.value)),
                _ => {}
            }),
            Item::Project(_) | Item::Environment(_) | Item::Source(_) | Item::Destination(_) | Item::Test(_) => {}
        }
    }

    fn from(&mut self, from: &'a From) {
        match &from.input {
            Input::Named(name) => drop(self.datasets.insert(&name.value)),
            Input::Table { source, .. } | Input::Sql { source, .. } | Input::SqlFile { source, .. } => {
                self.datasets.insert(&source.value);
            }
            Input::File { .. } => {}
        }
    }
}
