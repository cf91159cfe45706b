//! Who is called what: one table for each namespace of the project.

use std::collections::{BTreeMap, BTreeSet};

use super::error;
use crate::diag::Problems;
use crate::ir::ast::{Activation, Connection, Environment, File, Item, Model, Name, Project, Segment, Test};
use crate::ir::span::Span;

/// The first definition of each name; later ones are problems and are passed over.
#[derive(Default)]
pub struct Names<'a> {
    pub project: Option<&'a Project>,
    pub environments: BTreeMap<&'a str, &'a Environment>,
    pub sources: BTreeMap<&'a str, &'a Connection>,
    pub destinations: BTreeMap<&'a str, &'a Connection>,
    /// Destinations that stand twice and are of two kinds: which one an activation means is not known.
    pub disputed: BTreeSet<&'a str>,
    pub models: BTreeMap<&'a str, &'a Model>,
    pub segments: BTreeMap<&'a str, &'a Segment>,
    /// In the order written, too, since they run in it.
    pub activations: Vec<&'a Activation>,
    pub tests: Vec<&'a Test>,
}

impl<'a> Names<'a> {
    pub fn activation(&self, name: &str) -> Option<&'a Activation> {
        self.activations.iter().find(|activation| activation.name.value == name).copied()
    }

    /// What may stand alone after `from`: models and segments.
    pub fn datasets(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.models.keys().chain(self.segments.keys()).copied()
    }
}

/// The name that stands after `from` for files.
const RESERVED: &str = "file";

pub fn collect<'a>(files: &'a [File], problems: &mut Problems) -> Names<'a> {
    let mut collector = Collector { names: Names::default(), taken: BTreeMap::new(), problems };
    for item in files.iter().flat_map(|file| &file.items) {
        collector.add(item);
    }
    collector.names
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Namespace {
    Environments,
    Datasets,
    Destinations,
    Activations,
    Tests,
}

struct Collector<'a, 'p> {
    names: Names<'a>,
    taken: BTreeMap<(Namespace, &'a str), (&'static str, Span)>,
    problems: &'p mut Problems,
}

impl<'a> Collector<'a, '_> {
    fn add(&mut self, item: &'a Item) {
        match item {
            Item::Project(project) => self.project(project),
            Item::Environment(environment) => {
                if self.free(Namespace::Environments, "environment", &environment.name) {
                    self.names.environments.insert(&environment.name.value, environment);
                }
            }
            Item::Source(source) => {
                if self.free(Namespace::Datasets, "source", &source.name) {
                    self.names.sources.insert(&source.name.value, source);
                }
            }
            Item::Destination(destination) => self.destination(destination),
            Item::Model(model) => {
                if self.free(Namespace::Datasets, "model", &model.name) {
                    self.names.models.insert(&model.name.value, model);
                }
            }
            Item::Segment(segment) => {
                if self.free(Namespace::Datasets, "segment", &segment.name) {
                    self.names.segments.insert(&segment.name.value, segment);
                }
            }
            Item::Activation(activation) => {
                if self.free(Namespace::Activations, "activation", &activation.name) {
                    self.names.activations.push(activation);
                }
            }
            Item::Test(test) => {
                if self.free(Namespace::Tests, "test", &test.name) {
                    self.names.tests.push(test);
                }
            }
        }
    }

    fn destination(&mut self, destination: &'a Connection) {
        let name = destination.name.value.as_str();
        if self.free(Namespace::Destinations, "destination", &destination.name) {
            self.names.destinations.insert(name, destination);
        } else if self.names.destinations.get(name).is_some_and(|first| first.kind.value != destination.kind.value) {
            self.names.disputed.insert(name);
        }
    }

    fn project(&mut self, project: &'a Project) {
        match self.names.project {
            Some(first) => self.problems.push(error::two_projects(project.span, first.span)),
            None => self.names.project = Some(project),
        }
    }

    /// Whether the name can still be given; a reserved one is complained of, yet kept, so that its uses resolve.
    fn free(&mut self, namespace: Namespace, what: &'static str, name: &'a Name) -> bool {
        if namespace == Namespace::Datasets && name.value == RESERVED {
            self.problems.push(error::reserved_name(what, name));
        }
        match self.taken.get(&(namespace, name.value.as_str())) {
            Some((first, span)) => {
                self.problems.push(error::duplicate_name(what, name, first, *span));
                false
            }
            None => {
                self.taken.insert((namespace, &name.value), (what, name.span));
                true
            }
        }
    }
}
