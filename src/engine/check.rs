//! Reads a project and says everything that is wrong with it.

use std::collections::BTreeMap;
use std::path::Path;

use super::Options;
use crate::catalog::{self, DefinitionFile};
use crate::check::{self, Inputs};
use crate::diag::{Problem, Problems, Sources};
use crate::ir::ast::File;
use crate::ir::catalog::Catalog;
use crate::ir::facts::{ColumnFacts, Facts};
use crate::ir::ident::DatasetName;
use crate::ir::span::Span;
use crate::ir::spec::Spec;
use crate::project::{self, ProjectFiles};
use crate::store::{Store, StoreOptions};
use crate::world::World;
use crate::{emit, inspect, parse};

/// A project as far as it could be understood.
pub struct Checked {
    pub spec: Option<Spec>,
    pub problems: Problems,
    pub sources: Sources,
    pub catalog: Catalog,
}

/// `online`: the sources are asked for their columns and types, too.
pub fn check(world: &dyn World, root: &Path, options: &Options, online: bool) -> Checked {
    let (mut files, mut problems) = project::read(world, root);
    let trees = trees(&files, &mut problems);
    let catalog = definitions(&mut files, &mut problems);
    let (spec, mut found) = resolve(world, root, options, &trees, &catalog, None);
    forget_torn(&trees, &mut found);
    problems.extend(found);
    let mut checked = Checked { spec, problems, sources: files.sources, catalog };
    if online && let Some(spec) = &checked.spec {
        match super::session::columns(world, root, spec, options) {
            Ok((columns, looked)) => {
                let (_, found) = resolve(world, root, options, &trees, &checked.catalog, Some(&columns));
                add_new(&mut checked.problems, found);
                add_new(&mut checked.problems, looked);
            }
            Err(found) => checked.problems.extend(found),
        }
    }
    if checked.problems.any_error() {
        checked.spec = None;
    }
    checked.problems.sort();
    checked
}

/// What text means that has come apart is guesswork: what is wrong with the text comes first.
fn forget_torn(trees: &[File], problems: &mut Problems) {
    let torn: Vec<&Span> = trees.iter().flat_map(|tree| &tree.torn).collect();
    let within = |place: &Span| {
        torn.iter().any(|torn| torn.file == place.file && torn.start <= place.start && place.start < torn.end)
    };
    problems.0.retain(|problem| problem.labels.first().is_none_or(|(place, _)| !within(place)));
}

/// What was said of a place already is not said again, whichever stage found it: the one that knows the place best comes first.
fn add_new(problems: &mut Problems, found: Problems) {
    let place = |problem: &Problem| problem.labels.first().map(|(span, _)| *span);
    for problem in found.0 {
        let told = |known: &Problem| match (place(known), place(&problem)) {
            (Some(there), Some(new)) if known.is_error() && problem.is_error() => new.contains(there),
            (there, new) => known.message == problem.message && there == new,
        };
        if !problems.0.iter().any(told) {
            problems.push(problem);
        }
    }
}

fn trees(files: &ProjectFiles, problems: &mut Problems) -> Vec<File> {
    let mut trees = Vec::new();
    for file in &files.pipelines {
        let (tree, found) = parse::parse(*file, files.sources.text(*file));
        problems.extend(found);
        trees.push(tree);
    }
    trees
}

/// The product's definitions and the project's own, with what their examples prove wrong.
fn definitions(files: &mut ProjectFiles, problems: &mut Problems) -> Catalog {
    let own = files.definitions.iter().map(|file| DefinitionFile {
        file: *file,
        path: files.sources.name(*file).into(),
        text: files.sources.text(*file).into(),
    });
    let own: Vec<DefinitionFile> = own.collect();
    let (catalog, found) = catalog::with_own(&own, &mut |path, text| files.sources.add(path, text));
    problems.extend(found);
    let own: Vec<&str> = own.iter().map(|file| file.path.as_str()).collect();
    problems.extend(examples(&catalog, &own));
    catalog
}

/// Only the project's own: the product's are proven by its tests.
fn examples(catalog: &Catalog, own: &[&str]) -> Problems {
    let mut problems = Problems::default();
    for destination in catalog.destinations.values() {
        for service in destination.services.iter().filter(|service| own.contains(&service.origin.as_str())) {
            for call in service.calls.values() {
                for example in &call.examples {
                    if let Err(said) = emit::judge_example(destination, service, call, example) {
                        let message = format!(
                            "`{}`: the example `{}` of `{}` is read otherwise: {said}",
                            service.origin, example.name, call.name
                        );
                        problems.push(Problem::error("definition::example", message));
                    }
                }
            }
        }
    }
    problems
}

fn resolve(
    world: &dyn World,
    root: &Path,
    options: &Options,
    trees: &[File],
    catalog: &Catalog,
    columns: Option<&BTreeMap<DatasetName, Vec<ColumnFacts>>>,
) -> (Option<Spec>, Problems) {
    let (facts, mut problems) = facts(trees);
    let queries = check::query_paths(trees);
    let query_files = queries.into_iter().map(|(path, _)| (path.clone(), project::named(world, root, &path))).collect();
    let manifest = check::manifest_path(trees, &|name| world.env(name))
        .and_then(|(path, _)| project::named(world, root, &path).ok());
    let environment = options.environment.clone().or_else(|| world.env("SENDOFF_ENV")).filter(|name| !name.is_empty());
    let (spec, found) = check::check(&Inputs {
        files: trees,
        catalog,
        facts: &facts,
        env: &|name| world.env(name),
        vars: &options.vars,
        only: options.only.as_deref(),
        environment: environment.as_deref(),
        no_env: options.no_env,
        sandbox: options.sandbox.is_some(),
        query_files: &query_files,
        dbt_manifest: manifest.as_deref(),
        columns,
    });
    problems.extend(found);
    (spec, problems)
}

/// What DuckDB's parser says of every expression, without a source.
fn facts(trees: &[File]) -> (Facts, Problems) {
    let exprs = check::expressions(trees);
    if exprs.is_empty() {
        return (Facts::default(), Problems::default());
    }
    let facts = Store::open(&StoreOptions::default()).and_then(|store| inspect::expressions(&store, &exprs));
    match facts {
        Ok(facts) => (facts, Problems::default()),
        Err(error) => {
            (Facts::default(), Problem::error("store::open", format!("DuckDB cannot be used: {error}")).into())
        }
    }
}
