//! A project as written, checked against what destinations declare: every name resolved, every problem at once.
//!
//! Functions carry on after a problem and hand back what could still be made sense of (`None` where nothing could), so
//! that one mistake hides no other; a thing that is known to be broken brings no second complaint where it is used.

use std::collections::BTreeMap;

use crate::diag::Problems;
use crate::ir::ast;
use crate::ir::catalog::Catalog;
use crate::ir::facts::{ColumnFacts, Facts};
use crate::ir::ident::DatasetName;
use crate::ir::spec::Spec;
use crate::ir::written::Written;

mod activation;
mod conflict;
mod custom;
mod dataset;
mod destination;
mod digest;
mod error;
mod expr;
mod file;
mod guard;
mod identify;
mod mapping;
mod mode;
mod model;
mod names;
mod need;
mod order;
mod project;
mod refuse;
mod scope;
mod secret;
mod settings;
mod source;
mod sql;
mod target;
mod template;
mod test;
mod values;
mod walk;

pub use error::NO_HEAD;
pub use walk::{expressions, manifest_path, query_paths};

use scope::Scope;

/// All that `check` may look at. Nothing else is read: no clock, no file, no network.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    pub files: &'a [ast::File],
    pub catalog: &'a Catalog,
    /// What DuckDB's parser says of each expression.
    pub facts: &'a Facts,
    /// Environment variables.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// `--var NAME=VALUE`
    pub vars: &'a BTreeMap<String, String>,
    /// `--only NAME`: what neither it nor those before it use may stay unset.
    pub only: Option<&'a str>,
    /// `--env NAME` or `SENDOFF_ENV`
    pub environment: Option<&'a str>,
    pub unset: Unset,
    /// Unset secrets of destinations are no error: the sandbox takes any.
    pub sandbox: bool,
    /// Contents of the files that `sql file "..."` names, by path; the text of an error where one could not be read.
    pub query_files: &'a BTreeMap<String, Result<Written, String>>,
    /// The text of the dbt manifest, or of the error where it could not be read.
    pub dbt_manifest: Option<Result<&'a str, &'a str>>,
    /// Columns of the models, where the sources were asked: then unknown columns are errors.
    pub columns: Option<&'a BTreeMap<DatasetName, Vec<ColumnFacts>>>,
}

/// Which variables of the environment may stay unset, for whoever does not need what they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unset {
    #[default]
    Nothing,
    /// Secrets of destinations: nothing is asked of them.
    Secrets,
    /// All but those that say where ledgers lie.
    Elsewhere,
    Anything,
}

/// The project as meant, when nothing is wrong with it, and all that is to be said of it.
pub fn check(inputs: &Inputs<'_>) -> (Option<Spec>, Problems) {
    let (spec, problems) = understand(inputs);
    let spec = if problems.any_error() { None } else { Some(spec) };
    (spec, problems)
}

/// The same, with whatever could be made sense of: for editors, which never see a project finished.
pub fn understand(inputs: &Inputs<'_>) -> (Spec, Problems) {
    let mut problems = Problems::default();
    let names = names::collect(inputs.files, &mut problems);
    let scope = Scope::new(inputs, names, &mut problems);
    let spec = resolve(&scope, &mut problems);
    values::words(inputs.files, &mut problems);
    scope.unread_variables(&mut problems);
    problems.sort();
    (spec, problems)
}

fn resolve(scope: &Scope<'_>, problems: &mut Problems) -> Spec {
    let project = project::resolve(scope, problems);
    let sources = source::resolve_all(scope, problems);
    let connections = destination::resolve_all(scope, problems);
    let mut models = model::resolve_all(scope, problems);
    let shelf = target::Shelf::new(scope.inputs.catalog, &connections);
    let activations = activation::resolve_all(scope, &shelf, &connections, &mut models, problems);
    conflict::shared_fields(&activations, problems);
    conflict::shared_members(&activations, problems);
    let activations = order::in_order(scope, activations, problems);
    let tests = test::resolve_all(scope, &models, &activations, problems);
    Spec { project, sources, models, connections, activations, tests }
}
