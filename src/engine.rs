//! The conductor: the stages in order, once. The only place that knows which stage follows which.

use std::collections::BTreeMap;

use crate::ir::run::ActivationReport;

/// What a person asked for, as far as stages need to know it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub environment: Option<String>,
    pub vars: BTreeMap<String, String>,
    pub no_env: bool,
    pub only: Option<String>,
    pub full: bool,
    pub adopt: bool,
    pub again: bool,
    pub limit: Option<u64>,
    /// Metrics whose guards do not stop this run.
    pub accept: Vec<String>,
    pub require_ledger: bool,
    pub sandbox: Option<Sandboxed>,
    /// `plan`: never ask the destination anything.
    pub offline: bool,
    /// Rows of each kind that a plan shows.
    pub samples: u64,
    pub memory_limit: Option<String>,
}

/// Which sandbox a run talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sandboxed {
    /// One in this process.
    InProcess,
    /// One that is served at a URL.
    At(String),
}

/// Hears how a run goes on, for progress bars and logs.
pub trait Progress: Send + Sync {
    fn begin(&self, activation: &str, rows: u64);
    /// Rows that have an outcome now.
    fn settled(&self, activation: &str, rows: u64);
    fn done(&self, report: &ActivationReport);
}

use crate::diag::{Problem, Problems, Sources};
pub use crate::emit::StopSignal;
use crate::ir::catalog::Catalog;
use crate::ir::run::{Explanation, Failure, LedgerView, PlanReport, RejectedRow, RunReport, Status};
use crate::ir::spec::Spec;
use crate::world::World;
use std::path::Path;

pub struct Checked {
    pub spec: Option<Spec>,
    pub problems: Problems,
    pub sources: Sources,
    pub catalog: Catalog,
}

pub enum Trouble {
    Problems(Problems),
    Failure(Failure),
}

pub fn check(world: &dyn World, root: &Path, options: &Options, _online: bool) -> Checked {
    let (mut project, mut problems) = crate::project::read(world, root);
    let mut trees = Vec::new();
    for file in &project.pipelines {
        let (tree, found) = crate::parse::parse(*file, project.sources.text(*file));
        problems.extend(found);
        trees.push(tree);
    }
    let mut definitions = Vec::new();
    for (path, text) in crate::catalog::builtin() {
        let file = project.sources.add(path, text);
        definitions.push(crate::catalog::DefinitionFile { file, path: path.into(), text: text.into() });
    }
    for file in &project.definitions {
        let (path, text) = (project.sources.name(*file).into(), project.sources.text(*file).into());
        definitions.push(crate::catalog::DefinitionFile { file: *file, path, text });
    }
    let (catalog, found) = crate::catalog::read(&definitions);
    problems.extend(found);
    if problems.any_error() {
        return Checked { spec: None, problems, sources: project.sources, catalog };
    }
    let store = match crate::store::Store::open(&Default::default()) {
        Ok(store) => store,
        Err(error) => {
            problems.push(Problem::error("store::open", error.to_string()));
            return Checked { spec: None, problems, sources: project.sources, catalog };
        }
    };
    let exprs = crate::check::expressions(&trees);
    let facts = crate::inspect::expressions(&store, &exprs).unwrap_or_default();
    let (spec, found) = crate::check::check(&crate::check::Inputs {
        files: &trees,
        catalog: &catalog,
        facts: &facts,
        env: &|name| world.env(name),
        vars: &options.vars,
        environment: options.environment.as_deref(),
        no_env: options.no_env,
        query_files: &Default::default(),
        dbt_manifest: None,
        columns: None,
    });
    problems.extend(found);
    Checked { spec, problems, sources: project.sources, catalog }
}

fn missing<T>() -> Result<T, Trouble> {
    Err(Trouble::Failure(Failure {
        status: Status::Unreachable,
        code: "engine::stub".into(),
        message: "the engine is not here yet".into(),
        help: String::new(),
    }))
}

pub async fn plan(_: &dyn World, _: &Path, _: &Spec, _: &Options) -> Result<PlanReport, Trouble> {
    missing()
}
pub async fn run(
    _: &dyn World,
    _: &Path,
    _: &Spec,
    _: &Options,
    _: &dyn Progress,
    _: &StopSignal,
) -> Result<RunReport, Trouble> {
    missing()
}
pub async fn settle(
    _: &dyn World,
    _: &Path,
    _: &Spec,
    _: &Options,
    _: Option<bool>,
    _: &dyn Progress,
) -> Result<RunReport, Trouble> {
    missing()
}
pub fn history(
    _: &dyn World,
    _: &Path,
    _: &Spec,
    _: &Options,
    _: Option<&str>,
) -> Result<Vec<ActivationReport>, Trouble> {
    missing()
}
pub fn rejected(
    _: &dyn World,
    _: &Path,
    _: &Spec,
    _: &Options,
    _: Option<&str>,
    _: u64,
) -> Result<Vec<(String, Vec<RejectedRow>)>, Trouble> {
    missing()
}
pub async fn explain(_: &dyn World, _: &Path, _: &Spec, _: &Options, _: &str, _: &str) -> Result<Explanation, Trouble> {
    missing()
}
pub fn ledgers(_: &dyn World, _: &Path, _: &Spec, _: &Options) -> Result<Vec<LedgerView>, Trouble> {
    missing()
}
pub fn move_ledger(_: &dyn World, _: &Path, _: &Spec, _: &Options, _: &str, _: &str) -> Result<String, Trouble> {
    missing()
}
pub async fn retire(
    _: &dyn World,
    _: &Path,
    _: &Spec,
    _: &Options,
    _: &str,
    _: bool,
    _: &dyn Progress,
) -> Result<RunReport, Trouble> {
    missing()
}
