//! A project that is looked at again after each change. What did not change is neither read nor parsed again.

mod columns;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Options;
use super::session::ModelColumns;
use crate::catalog::{self, DefinitionFile};
use crate::check::{self, Inputs};
use crate::diag::{Problem, Problems, Sources};
use crate::inspect::Learnt;
use crate::ir::ast::{Expr, File};
use crate::ir::catalog::Catalog;
use crate::ir::facts::Facts;
use crate::ir::ident::DatasetName;
use crate::ir::span::{FileId, Span};
use crate::ir::spec::{Model, Spec};
use crate::ir::written::Written;
use crate::lint::{self, Project};
use crate::project::{self, Part, ProjectFiles};
use crate::store::{Store, StoreError, StoreOptions};
use crate::world::World;
use crate::{emit, parse};
use columns::Columns;
pub use columns::keep;

/// Expressions that are remembered for each one that the project has: some keys of typing.
const REMEMBERED: usize = 2;

pub struct Draft<'w> {
    world: &'w dyn World,
    root: PathBuf,
    options: Options,
    files: ProjectFiles,
    /// Files that could not be read.
    unread: Problems,
    /// Of each pipeline file, in the order of `files.pipelines`.
    trees: Vec<File>,
    said: Vec<Problems>,
    catalog: Catalog,
    /// What is wrong with the project's own destinations.
    defined: Problems,
    store: Option<Store>,
    learnt: Learnt,
    columns: Columns,
    /// What was understood the last time.
    models: BTreeMap<DatasetName, Model>,
    /// Files that pipelines name, by path.
    named: BTreeMap<String, Result<String, String>>,
    /// Those of them that hold SQL.
    queries: BTreeMap<String, Result<Written, String>>,
}

/// A project as far as it can be understood, and all that is wrong with it.
pub struct Understood {
    pub spec: Spec,
    /// What was written is missing from the spec, or was guessed at.
    pub broken: bool,
    pub problems: Problems,
}

impl<'w> Draft<'w> {
    pub fn read(world: &'w dyn World, root: &Path, options: &Options) -> Draft<'w> {
        let (files, unread) = project::read(world, root);
        let parsed = files.pipelines.iter().map(|file| parse::parse(*file, files.sources.text(*file)));
        let (trees, said) = parsed.unzip();
        let mut draft = Draft {
            world,
            root: root.to_path_buf(),
            options: options.clone(),
            files,
            unread,
            trees,
            said,
            catalog: Catalog::default(),
            defined: Problems::default(),
            store: None,
            learnt: Learnt::default(),
            columns: Columns::default(),
            models: BTreeMap::new(),
            named: BTreeMap::new(),
            queries: BTreeMap::new(),
        };
        draft.define();
        draft.forget();
        draft
    }

    /// Takes a file's text as it is now, saved or not; none where it is gone. `path`: below the root.
    pub fn set(&mut self, path: &Path, text: Option<&str>) {
        let name = project::shown(&self.root, path);
        match project::part(path) {
            Some(Part::Pipeline) => self.set_pipeline(&name, text),
            Some(Part::Definition) => self.set_definition(&name, text),
            None => self.forget(),
        }
    }

    /// Files that pipelines name, data among them, may have changed.
    pub fn forget(&mut self) {
        self.named.clear();
        self.columns.forget(self.world, &self.root);
    }

    fn set_pipeline(&mut self, name: &str, text: Option<&str>) {
        let before = |file: &FileId| Path::new(self.files.sources.name(*file)) < Path::new(name);
        let at = self.files.pipelines.partition_point(before);
        let known = self.files.pipelines.get(at).is_some_and(|file| self.files.sources.name(*file) == name);
        if known {
            self.files.pipelines.remove(at);
            self.trees.remove(at);
            self.said.remove(at);
        }
        let Some(text) = text else { return };
        let file = self.files.sources.put(name, text);
        let (tree, said) = parse::parse(file, text);
        self.files.pipelines.insert(at, file);
        self.trees.insert(at, tree);
        self.said.insert(at, said);
    }

    fn set_definition(&mut self, name: &str, text: Option<&str>) {
        self.files.definitions.retain(|file| self.files.sources.name(*file) != name);
        if let Some(text) = text {
            let before = |file: &FileId| Path::new(self.files.sources.name(*file)) < Path::new(name);
            let at = self.files.definitions.partition_point(before);
            let file = self.files.sources.put(name, text);
            self.files.definitions.insert(at, file);
        }
        self.define();
    }

    /// All that is wrong with the project, columns included that were looked at: for editors, after each change.
    pub fn judge(&mut self) -> Problems {
        let columns = std::mem::take(&mut self.columns.now);
        let Understood { spec, problems, .. } = self.understand(Some(&columns));
        self.columns.now = columns;
        self.models = spec.models;
        problems
    }

    /// Finds out the columns of a model, where that costs no more than a look at a file. Says whether something new is known.
    pub fn look(&mut self, model: &DatasetName) -> bool {
        let before = self.columns.now.get(model).cloned();
        if let (Some(store), Some(model)) = (store(&mut self.store).ok(), self.models.get(model)) {
            self.columns.look(store, &self.root, model);
        }
        self.columns.now.get(model) != before.as_ref()
    }

    pub fn understand(&mut self, columns: Option<&ModelColumns>) -> Understood {
        let mut problems = self.unread.clone();
        self.said.iter().for_each(|said| problems.extend(said.clone()));
        problems.extend(self.defined.clone());
        let (spec, mut found) = self.resolve(columns);
        let broken = found.0.iter().any(super::check::stops);
        self.forget_torn(&mut found);
        self.forget_unread(&mut found);
        problems.extend(found);
        if !problems.any_error() {
            let facts = &self.learnt.facts;
            let project = Project { files: &self.trees, sources: &self.files.sources, facts, spec: &spec, columns };
            problems.extend(lint::lint(&project));
        }
        problems.sort();
        Understood { spec, broken, problems }
    }

    /// What text means that has come apart is guesswork: what is wrong with the text comes first. So it does right behind what seems
    /// to end too early.
    pub(super) fn forget_torn(&self, problems: &mut Problems) {
        let torn: Vec<&Span> = self.trees.iter().flat_map(|tree| &tree.torn).collect();
        let within = |place: &Span| {
            torn.iter().any(|torn| torn.file == place.file && torn.start <= place.start && place.start < torn.end)
        };
        let first = |problem: &Problem| problem.labels.first().map(|(place, _)| *place);
        let broken: Vec<Span> = self.said.iter().flat_map(|said| &said.0).filter_map(first).collect();
        let cut = |place: &Span| broken.iter().any(|broken| broken.file == place.file && broken.start == place.end);
        let items: Vec<Span> = self.trees.iter().flat_map(|tree| &tree.items).map(|item| item.span()).collect();
        let beside = |place: &Span| {
            let around = items.iter().find(|item| item.contains(*place));
            around.is_some_and(|item| broken.iter().any(|broken| item.contains(*broken)))
        };
        problems.0.retain(|problem| {
            let of_head = problem.message == check::NO_HEAD;
            let follows = |place| {
                of_head && beside(&place) || within(&place) || problem.code == "check::sql_syntax" && cut(&place)
            };
            !first(problem).is_some_and(follows)
        });
    }

    /// What a file that cannot be read, or the head of an item that cannot, may well define is not unknown.
    fn forget_unread(&self, problems: &mut Problems) {
        let heads: BTreeSet<&str> =
            self.trees.iter().flat_map(|tree| &tree.unread).map(|name| name.value.as_str()).collect();
        let text = |place: &Span| self.files.sources.text(place.file).get(place.start..place.end).unwrap_or_default();
        let named = |problem: &Problem| problem.labels.first().is_some_and(|(place, _)| heads.contains(text(place)));
        let lost = |problem: &Problem| {
            UNKNOWN.contains(&problem.code) && (self.unread.any_error() || heads.contains("") || named(problem))
                || problem.code == "check::unknown_environment"
                    && (self.unread.any_error()
                        || heads.iter().any(|name| problem.message.ends_with(&format!("`{name}`"))))
        };
        problems.0.retain(|problem| !lost(problem));
    }

    fn resolve(&mut self, columns: Option<&ModelColumns>) -> (Spec, Problems) {
        let mut problems = self.learn();
        self.read_queries();
        let manifest = check::manifest_path(&self.trees, &|name| self.world.env(name)).map(|(path, _)| path);
        if let Some(path) = &manifest {
            self.read_named(path.clone());
        }
        let environment =
            self.options.environment.clone().or_else(|| self.world.env("SENDOFF_ENV")).filter(|name| !name.is_empty());
        let (spec, found) = check::understand(&Inputs {
            files: &self.trees,
            catalog: &self.catalog,
            facts: &self.learnt.facts,
            env: &|name| self.world.env(name),
            vars: &self.options.vars,
            only: self.options.only.as_deref(),
            environment: environment.as_deref(),
            unset: self.options.unset,
            sandbox: self.options.sandbox.is_some(),
            query_files: &self.queries,
            dbt_manifest: manifest.and_then(|path| Some(self.named.get(&path)?.as_deref().map_err(String::as_str))),
            columns,
        });
        problems.extend(found);
        (spec, problems)
    }

    fn read_named(&mut self, path: String) -> &Result<String, String> {
        let (world, root) = (self.world, &self.root);
        self.named.entry(path).or_insert_with_key(|path| project::named(world, root, path))
    }

    /// Files with SQL that pipelines name: what is wrong in them is told there.
    fn read_queries(&mut self) {
        let paths: BTreeSet<String> = check::query_paths(&self.trees).into_iter().map(|(path, _)| path).collect();
        self.queries.retain(|path, _| paths.contains(path));
        for path in paths {
            let read = self.read_named(path.clone()).clone();
            let is_as_known = match (self.queries.get(&path), &read) {
                (Some(Ok(known)), Ok(text)) => known.text() == text,
                (Some(Err(known)), Err(cause)) => known == cause,
                _ => false,
            };
            if !is_as_known {
                let name = project::shown(&self.root, Path::new(&path));
                let query = read.map(|text| self.written(&name, &text));
                self.queries.insert(path, query);
            }
        }
    }

    fn written(&mut self, name: &str, text: &str) -> Written {
        let file = self.files.sources.put(name, text);
        Written::from((text, Span::new(file, 0, text.len())))
    }

    /// What DuckDB's parser says of every expression, without a source.
    fn learn(&mut self) -> Problems {
        let exprs = check::expressions(&self.trees);
        match learn(&mut self.store, &mut self.learnt, &exprs) {
            Ok(()) => Problems::default(),
            Err(error) => Problem::error("store::open", format!("DuckDB cannot be used: {error}")).into(),
        }
    }

    /// The product's definitions and the project's own, with what their examples prove wrong.
    fn define(&mut self) {
        let sources = &mut self.files.sources;
        let own = self.files.definitions.iter().map(|file| DefinitionFile {
            file: *file,
            path: sources.name(*file).into(),
            text: sources.text(*file).into(),
        });
        let own: Vec<DefinitionFile> = own.collect();
        let (catalog, mut found) = catalog::with_own(&own, &mut |path, text| sources.put(path, text));
        let own: Vec<&str> = own.iter().map(|file| file.path.as_str()).collect();
        // What is wrong with a definition changes how its answers are read.
        if !found.any_error() {
            found.extend(examples(&catalog, &own));
        }
        (self.catalog, self.defined) = (catalog, found);
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// As they are now, and as `check --online` saw them the last time.
    pub fn columns(&self) -> (&ModelColumns, &ModelColumns) {
        (&self.columns.now, &self.columns.then)
    }

    pub fn facts(&self) -> &Facts {
        &self.learnt.facts
    }

    pub fn sources(&self) -> &Sources {
        &self.files.sources
    }

    pub fn trees(&self) -> &[File] {
        &self.trees
    }

    pub fn pipelines(&self) -> &[FileId] {
        &self.files.pipelines
    }

    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub fn finish(self) -> (Sources, Catalog) {
        (self.files.sources, self.catalog)
    }
}

fn learn(store: &mut Option<Store>, learnt: &mut Learnt, exprs: &[&Expr]) -> Result<(), StoreError> {
    if exprs.is_empty() {
        return Ok(());
    }
    if learnt.facts.exprs.len() > REMEMBERED * exprs.len() {
        learnt.keep(exprs);
    }
    learnt.read(self::store(store)?, exprs)
}

/// Opened when it is first needed.
fn store(store: &mut Option<Store>) -> Result<&Store, StoreError> {
    Ok(match store {
        Some(store) => store,
        None => store.insert(Store::open(&StoreOptions::default())?),
    })
}

/// Codes of names that nothing has which was read.
const UNKNOWN: [&str; 4] =
    ["check::unknown_model", "check::unknown_source", "check::unknown_destination", "check::unknown_activation"];

/// Only the project's own: the product's are proven by its tests.
fn examples(catalog: &Catalog, own: &[&str]) -> Problems {
    let mut problems = Problems::default();
    for destination in catalog.destinations.values() {
        for service in destination.services.iter().filter(|service| own.contains(&service.origin.as_str())) {
            for call in service.calls.values() {
                for example in &call.examples {
                    if let Err(said) = emit::judge_example(destination, service, call, example) {
                        let message = format!("the example `{}` is read otherwise: {said}", example.name);
                        problems.push(Problem::error("definition::example", message).at(example.span));
                    }
                }
            }
        }
    }
    problems
}
