//! Advice on a project that is right as it stands: what is left over, and what will surprise.
//!
//! A rule is one item: its code and what it looks for. `RULES` is the only list of them.

use std::collections::BTreeMap;

use crate::diag::{Problem, Problems, Sources};
use crate::ir::ast::{File, Item};
use crate::ir::facts::{ColumnFacts, Facts};
use crate::ir::ident::DatasetName;
use crate::ir::spec::Spec;

mod activations;
mod allow;
mod expressions;
mod fields;
mod identifiers;
mod personal;
mod rule;
mod unused;

use rule::Rule;
pub use rule::short;

/// The stage that all codes of rules begin with.
pub const STAGE: &str = "lint::";

const RULES: [Rule; 14] = [
    activations::MISSING_AFTER,
    activations::UNGUARDED,
    expressions::UNSTEADY,
    expressions::FLOAT_KEY,
    fields::CONSTANT_CONSENT,
    fields::LOCKED_TYPE,
    identifiers::ADDRESS_AS_ID,
    identifiers::HASHED,
    identifiers::OTHER_IDENTIFIER,
    personal::DATA,
    unused::DESTINATION,
    unused::MODEL,
    unused::SEGMENT,
    unused::SOURCE,
];

/// What rules look at: a project in which nothing is wrong, as written and as meant.
#[derive(Clone, Copy)]
pub struct Project<'a> {
    pub files: &'a [File],
    pub sources: &'a Sources,
    pub facts: &'a Facts,
    pub spec: &'a Spec,
    /// Of the models, where the sources were asked.
    pub columns: Option<&'a BTreeMap<DatasetName, Vec<ColumnFacts>>>,
}

impl<'a> Project<'a> {
    fn items(&self) -> impl Iterator<Item = &'a Item> + use<'a> {
        self.files.iter().flat_map(|file| &file.items)
    }
}

/// What every rule has to say, but for what the project allows; and what is odd about that.
pub fn lint(project: &Project<'_>) -> Problems {
    let found: Vec<Problem> = RULES.iter().flat_map(|rule| (rule.look)(project)).collect();
    allow::applied(project, found)
}
