//! Sources asked for their columns, for `check --online`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{exprs, ledger_folder, loader, open_store, redactor};
use crate::diag::{Problem, Problems};
use crate::engine::Options;
use crate::ir::facts::ColumnFacts;
use crate::ir::ident::DatasetName;
use crate::ir::plan::LedgerShape;
use crate::ir::spec::{Activation, Query, SourceKind, Spec};
use crate::load::LoadedModel;
use crate::store::Store;
use crate::world::World;
use crate::{inspect, plan};

/// Columns of every model, asked of the sources.
pub type ModelColumns = BTreeMap<DatasetName, Vec<ColumnFacts>>;

/// Columns of every model in use, for `check --online`; with what is wrong in expressions and types.
pub fn columns(
    world: &dyn World,
    root: &Path,
    spec: &Spec,
    options: &Options,
) -> Result<(ModelColumns, Problems), Problems> {
    let told = |error| Problem::error("store::open", format!("DuckDB cannot be used: {error}"));
    let store = open_store(world, &ledger_folder(root, spec, options), options).map_err(told)?;
    let loader = loader(world, &store, root, spec, redactor(spec));
    let models = spec.activations.iter().map(|one| one.dataset.model.clone());
    let models: BTreeSet<DatasetName> = models.filter(|model| can_be_had(spec, model)).collect();
    let mut problems = loader.attach(&models);
    if problems.any_error() {
        return Err(problems);
    }
    let (files, folders) = loader.files(&models);
    store.lock_down(&files, &folders).map_err(told)?;
    let mut columns = ModelColumns::new();
    for model in models.iter().filter_map(|name| spec.models.get(name)) {
        match loader.load(model, None) {
            Ok(loaded) => {
                let using = spec.activations.iter().filter(|one| one.dataset.model == model.name);
                using.for_each(|activation| problems.extend(look(&store, activation, &loaded)));
                columns.insert(model.name.clone(), loaded.columns);
            }
            Err(problem) => problems.push(problem),
        }
    }
    Ok((columns, problems))
}

/// Not where the source could not be read, which was told, nor where a variable has no value: all that followed would be of that.
fn can_be_had(spec: &Spec, model: &DatasetName) -> bool {
    let is_named = |source: &DatasetName| match spec.sources.get(source).map(|source| &source.kind) {
        Some(SourceKind::DuckDb { path } | SourceKind::Sqlite { path }) => !path.is_empty(),
        Some(SourceKind::Postgres { url } | SourceKind::MySql { url }) => !url.reveal().is_empty(),
        None => false,
    };
    match spec.models.get(model).map(|model| &model.query) {
        Some(Query::Sql { source, text, .. }) => is_named(source) && !text.has_gap,
        Some(Query::Table { source, .. }) => is_named(source),
        Some(Query::File { .. } | Query::Given { .. }) | None => true,
    }
}

/// What is wrong in the expressions of an activation, and in the types they have.
fn look(store: &Store, activation: &Activation, model: &LoadedModel) -> Problems {
    let (types, mut problems) = inspect::types(store, &model.relation, &exprs(activation));
    let loaded =
        plan::Loaded { relation: model.relation.clone(), columns: &model.columns, types: &types, account: None };
    problems.extend(plan::plan(activation, &loaded, &LedgerShape::default()).1);
    problems
}
