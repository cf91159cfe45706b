//! What a choice of activations needs: with `--only` nobody is asked for the secrets of the rest.

use std::collections::BTreeSet;

use super::activation::after_names;
use super::dataset;
use super::names::Names;
use crate::ir::ast::{Activation, ActivationEntry, From, Input, Model, ModelEntry};

/// Names of what is needed, by namespace.
#[derive(Debug, Default)]
pub struct Needed<'a> {
    activations: BTreeSet<&'a str>,
    destinations: BTreeSet<&'a str>,
    models: BTreeSet<&'a str>,
    sources: BTreeSet<&'a str>,
    /// Without a choice. One that does not exist needs nothing: that it does not is what there is to say.
    all: bool,
}

impl<'a> Needed<'a> {
    /// By the activation of that name, and by those that come before it.
    pub fn by(only: Option<&str>, names: &Names<'a>) -> Needed<'a> {
        let mut needed = Needed::default();
        let mut open: Vec<&Activation> = only.and_then(|name| names.activation(name)).into_iter().collect();
        needed.all = only.is_none();
        while let Some(activation) = open.pop() {
            if needed.activations.insert(&activation.name.value) {
                needed.entries(activation, names);
                open.extend(after_names(activation).iter().filter_map(|name| names.activation(&name.value)));
            }
        }
        needed
    }

    fn entries(&mut self, activation: &'a Activation, names: &Names<'a>) {
        for entry in &activation.entries {
            match entry {
                ActivationEntry::To(to) => {
                    self.destinations.insert(&to.destination.value);
                }
                ActivationEntry::From(from) => self.from(from, names),
                _ => {}
            }
        }
    }

    fn from(&mut self, from: &'a From, names: &Names<'a>) {
        match &from.input {
            Input::Named(name) => {
                let Some(model) = dataset::model(names, &name.value) else { return };
                if self.models.insert(&model.name.value) {
                    froms(model).for_each(|from| self.from(from, names));
                }
            }
            Input::Table { source, .. } | Input::Sql { source, .. } | Input::SqlFile { source, .. } => {
                self.sources.insert(&source.value);
            }
            Input::File { .. } => {}
        }
    }

    pub fn activation(&self, name: &str) -> bool {
        self.all || self.activations.contains(name)
    }

    pub fn destination(&self, name: &str) -> bool {
        self.all || self.destinations.contains(name)
    }

    pub fn model(&self, name: &str) -> bool {
        self.all || self.models.contains(name)
    }

    pub fn source(&self, name: &str) -> bool {
        self.all || self.sources.contains(name)
    }
}

fn froms(model: &Model) -> impl Iterator<Item = &From> {
    model.entries.iter().filter_map(|entry| match entry {
        ModelEntry::From(from) => Some(from),
        ModelEntry::Key(_) => None,
    })
}
