//! One command's DuckDB: sources and ledgers attached, doors locked, models loaded, every activation planned.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::target::{self, Target};
use super::{Options, Sandboxed, Trouble, tell};
use crate::diag::{Problem, Problems};
use crate::emit::Limiters;
use crate::ir::ast::Expr;
use crate::ir::facts::ColumnFacts;
use crate::ir::ident::DatasetName;
use crate::ir::plan::{LedgerShape, Plan, Sql};
use crate::ir::secret::Redactor;
use crate::ir::spec::{Activation, Connection, SourceKind, Spec};
use crate::load::{LoadedModel, LoadedModels, Loader};
use crate::store::ledger::{self, Layout, Ledger};
use crate::store::{Store, StoreOptions};
use crate::world::World;
use crate::{diff, inspect, plan, record};

/// Whether ledgers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

pub struct Session<'a> {
    pub world: &'a dyn World,
    pub root: &'a Path,
    pub spec: &'a Spec,
    pub options: &'a Options,
    pub store: Store,
    pub redactor: Redactor,
    pub limiters: Limiters,
    pub run: String,
    /// The start of the command, as DuckDB spells it, UTC.
    pub now: String,
    pub jobs: Vec<Job<'a>>,
}

/// An activation, ready to be compared.
pub struct Job<'a> {
    pub activation: &'a Activation,
    pub connection: &'a Connection,
    pub target: Target,
    pub path: PathBuf,
    pub ledger: Ledger,
    /// There was no ledger before this command.
    pub new: bool,
    pub plan: Plan,
    pub shape: LedgerShape,
    /// Rows of a cut-short run whose outcome nobody knows.
    pub recovered: Option<u64>,
    /// Why this activation may not go on.
    pub stopped: Option<crate::ir::run::Stopped>,
}

/// Columns of every model, asked of the sources.
pub type ModelColumns = BTreeMap<DatasetName, Vec<ColumnFacts>>;

impl<'a> Session<'a> {
    pub fn open(
        world: &'a dyn World,
        root: &'a Path,
        spec: &'a Spec,
        options: &'a Options,
        access: Access,
    ) -> Result<Session<'a>, Trouble> {
        let chosen = chosen(spec, options)?;
        let folder = ledger_folder(root, spec, options);
        let redactor = redactor(spec);
        let store = open_store(world, &folder, options).map_err(|error| tell::store(&error))?;
        let (run, now) = (run_id(world), duck_time(world));
        let mut session = Session {
            world,
            root,
            spec,
            options,
            store,
            redactor,
            limiters: Limiters::default(),
            run,
            now,
            jobs: Vec::new(),
        };
        let models = chosen.iter().map(|activation| activation.dataset.model.clone()).collect();
        let loader = session.loader();
        refuse(loader.attach(&models))?;
        let mut opened = Vec::new();
        for (at, activation) in chosen.iter().enumerate() {
            opened.push(session.attach(activation, at, &folder, access)?);
        }
        let (files, folders) = session.loader().files(&models);
        session.store.lock_down(&files, &folders).map_err(|error| tell::store(&error))?;
        let loaded = session.load(&models, &chosen)?;
        session.jobs = session.plan_all(opened, &loaded)?;
        Ok(session)
    }

    fn loader(&self) -> Loader<'_> {
        loader(self.world, &self.store, self.root, self.spec, self.redactor.clone())
    }

    /// Attaches one ledger and brings it to rest: a run that was cut short is merged first.
    fn attach(
        &self,
        activation: &'a Activation,
        at: usize,
        folder: &Path,
        access: Access,
    ) -> Result<Opened<'a>, Trouble> {
        let connection =
            self.spec.connections.get(&activation.connection).ok_or_else(|| tell::no_connection(activation))?;
        let target = target::target(activation, connection, self.options.sandbox.as_ref());
        let path = folder.join(format!("{}.duckdb", activation.name));
        let alias = format!("ledger_{at}");
        let mut opened = Opened {
            activation,
            connection,
            target,
            new: !path.exists(),
            path,
            ledger: Ledger { alias },
            recovered: None,
            stopped: None,
        };
        let told = |error| tell::ledger(activation, &opened.path, &error);
        self.attach_file(&opened.path, &opened.ledger.alias, access).map_err(told)?;
        let told = |error| tell::ledger(activation, &opened.path, &error);
        if opened.ledger.is_new(&self.store).map_err(told)? {
            opened.new = true;
            self.stand_in(&opened, access).map_err(told)?;
            return Ok(opened);
        }
        let shape = opened.ledger.shape(&self.store).map_err(told)?;
        if shape.open_run.is_some() {
            opened.recovered = self.recover(&opened, &shape, access).map_err(told)?;
        }
        opened.stopped = target::changed(&shape.target, &opened.target);
        if opened.stopped.is_some() && (self.options.full || self.options.adopt) {
            match access {
                Access::Write => self.set_aside(&opened, folder).map_err(told)?,
                Access::Read => self.stand_in(&opened, access).map_err(told)?,
            }
            opened.new = true;
            opened.stopped = None;
        }
        Ok(opened)
    }

    fn attach_file(&self, path: &Path, alias: &str, access: Access) -> Result<(), crate::store::StoreError> {
        Ledger::attach(&self.store, path, alias, access == Access::Read).map(|_| ())
    }

    /// A file that no run has opened yet is as good as none, and a look may not write the tables into it.
    fn stand_in(&self, opened: &Opened<'_>, access: Access) -> Result<(), crate::store::StoreError> {
        if access == Access::Write || !opened.path.exists() {
            return Ok(());
        }
        self.store.detach(&opened.ledger.alias)?;
        self.store.attach(Path::new(":memory:"), &opened.ledger.alias, false)
    }

    /// A look may not write, so it merges in a copy.
    fn recover(
        &self,
        opened: &Opened<'_>,
        shape: &LedgerShape,
        access: Access,
    ) -> Result<Option<u64>, crate::store::StoreError> {
        if access == Access::Read {
            let copy = opened.path.with_extension(format!("{}.look", self.run));
            self.store.detach(&opened.ledger.alias)?;
            ledger::copy(&opened.path, &copy)?;
            self.attach_file(&copy, &opened.ledger.alias, Access::Write)?;
            // Unlinked while open: nothing of it stays behind, whatever ends this command.
            ledger::remove(&copy)?;
        }
        record::recover(&self.store, &opened.ledger, shape.open_run.as_deref(), &self.now)
    }

    /// The ledger of another target keeps its file under another name: the old setting may come back.
    fn set_aside(&self, opened: &Opened<'_>, folder: &Path) -> Result<(), crate::store::StoreError> {
        self.store.detach(&opened.ledger.alias)?;
        let name = format!("{}.until-{}.duckdb", opened.activation.name, self.run);
        ledger::rename(&opened.path, &folder.join(name))?;
        self.attach_file(&opened.path, &opened.ledger.alias, Access::Write)
    }

    fn load(&self, models: &BTreeSet<DatasetName>, chosen: &[&Activation]) -> Result<LoadedModels, Trouble> {
        let needed = self.needed(chosen);
        let mut problems = Problems::default();
        let mut loaded = LoadedModels::new();
        for model in models {
            match self.loader().load(model, needed.get(model)) {
                Ok(table) => {
                    loaded.insert(model.clone(), table);
                }
                Err(problem) => problems.push(problem),
            }
        }
        refuse(problems)?;
        Ok(loaded)
    }

    /// The columns of each model that any expression names; a model with an expression that cannot be read has none here,
    /// and is loaded whole.
    fn needed(&self, chosen: &[&Activation]) -> BTreeMap<DatasetName, BTreeSet<String>> {
        let mut needed: BTreeMap<DatasetName, BTreeSet<String>> = BTreeMap::new();
        let exprs: Vec<(&DatasetName, &Expr)> = chosen
            .iter()
            .flat_map(|activation| exprs(activation).into_iter().map(|expr| (&activation.dataset.model, expr)))
            .collect();
        let texts: Vec<&Expr> = exprs.iter().map(|(_, expr)| *expr).collect();
        let Ok(facts) = inspect::expressions(&self.store, &texts) else { return needed };
        for (model, expr) in exprs {
            let columns = facts.exprs.get(&expr.span).map(|facts| facts.columns.iter().map(|(name, _)| name.clone()));
            needed.entry(model.clone()).or_default().extend(columns.into_iter().flatten());
        }
        for activation in chosen {
            needed.entry(activation.dataset.model.clone()).or_default().extend(activation.key.iter().cloned());
        }
        needed
    }

    fn plan_all(&self, opened: Vec<Opened<'a>>, loaded: &LoadedModels) -> Result<Vec<Job<'a>>, Trouble> {
        let mut problems = Problems::default();
        let mut jobs = Vec::new();
        for opened in opened {
            let Some(model) = loaded.get(&opened.activation.dataset.model) else { continue };
            jobs.extend(self.plan_one(opened, model, &mut problems)?);
        }
        refuse(problems)?;
        self.wake(&mut jobs);
        Ok(jobs)
    }

    fn plan_one(
        &self,
        opened: Opened<'a>,
        model: &LoadedModel,
        problems: &mut Problems,
    ) -> Result<Option<Job<'a>>, Trouble> {
        let activation = opened.activation;
        let (types, found) = inspect::types(&self.store, &model.relation, &exprs(activation));
        let bad = found.any_error();
        problems.extend(found);
        let shape =
            if opened.new { LedgerShape::default() } else { self.shape(activation, &opened.path, &opened.ledger)? };
        let loaded = plan::Loaded { relation: model.relation.clone(), columns: &model.columns, types: &types };
        let (plan, found) = plan::plan(activation, &loaded, &shape);
        let bad = bad || found.any_error();
        problems.extend(found);
        if bad {
            return Ok(None);
        }
        if opened.new {
            let layout = Layout {
                keys: diff::key_layout(&plan),
                identifiers: plan.identifiers.iter().map(|one| one.name.clone()).collect(),
            };
            let told = |error| tell::ledger(activation, &opened.path, &error);
            opened.ledger.create(&self.store, &layout).map_err(told)?;
        }
        let shape = self.shape(activation, &opened.path, &opened.ledger)?;
        Ok(Some(opened.job(plan, shape)))
    }

    pub fn shape(&self, activation: &Activation, path: &Path, ledger: &Ledger) -> Result<LedgerShape, Trouble> {
        ledger.shape(&self.store).map_err(|error| tell::ledger(activation, path, &error).into())
    }

    /// Absent rows wake when an activation that comes before, on the same destination, has written their identifier.
    fn wake(&self, jobs: &mut [Job<'_>]) {
        let sources: Vec<(String, String, Vec<String>, Ledger)> = jobs
            .iter()
            .map(|job| {
                let names = job.plan.identifiers.iter().map(|one| one.name.clone()).collect();
                (job.activation.name.to_string(), job.activation.connection.to_string(), names, job.ledger.clone())
            })
            .collect();
        for job in jobs {
            let own: Vec<&str> = job.plan.identifiers.iter().map(|one| one.name.as_str()).collect();
            let before = |name: &str| job.activation.after.iter().any(|after| after.as_str() == name);
            let same = |connection: &str| connection == job.activation.connection.as_str();
            let queries = sources.iter().filter(|(name, connection, ..)| before(name) && same(connection)).flat_map(
                |(_, _, names, ledger)| {
                    let shared = names.iter().enumerate().filter(|(_, name)| own.contains(&name.as_str()));
                    shared.map(|(at, _)| {
                        Sql(format!("SELECT i{} AS identifier, acked_at FROM {}", at + 1, ledger.table("entry")))
                    })
                },
            );
            job.plan.wake = queries.collect();
        }
    }
}

struct Opened<'a> {
    activation: &'a Activation,
    connection: &'a Connection,
    target: Target,
    path: PathBuf,
    ledger: Ledger,
    new: bool,
    recovered: Option<u64>,
    stopped: Option<crate::ir::run::Stopped>,
}

impl<'a> Opened<'a> {
    fn job(self, plan: Plan, shape: LedgerShape) -> Job<'a> {
        let Opened { activation, connection, target, path, ledger, new, recovered, stopped } = self;
        Job { activation, connection, target, path, ledger, new, plan, shape, recovered, stopped }
    }
}

/// Everything of an activation that DuckDB evaluates over its model.
fn exprs(activation: &Activation) -> Vec<&Expr> {
    let filters = activation.dataset.filters.iter();
    let identifiers = activation.identify.iter().map(|one| &one.expr);
    filters.chain(identifiers).chain(activation.fields.iter().map(|field| &field.expr)).collect()
}

fn chosen<'a>(spec: &'a Spec, options: &Options) -> Result<Vec<&'a Activation>, Trouble> {
    let Some(only) = &options.only else { return Ok(spec.activations.iter().collect()) };
    match spec.activations.iter().find(|activation| activation.name.as_str() == only) {
        Some(activation) => Ok(vec![activation]),
        None => Err(tell::no_activation(spec, only).into()),
    }
}

/// Problems that are errors end the command; a source that is not there is not the spec's fault.
fn refuse(problems: Problems) -> Result<(), Trouble> {
    if problems.any_error() { Err(Trouble::Problems(problems)) } else { Ok(()) }
}

/// Ledgers of every environment are their own, and so are those of each sandbox.
pub fn ledger_folder(root: &Path, spec: &Spec, options: &Options) -> PathBuf {
    let folder = root.join(&spec.project.ledger);
    match &options.sandbox {
        None => folder,
        Some(Sandboxed::InProcess) => folder.join("sandbox"),
        Some(Sandboxed::At(url)) => folder.join(format!("sandbox-{}", place(url))),
    }
}

/// `http://127.0.0.1:4010` as part of a folder's name: `127.0.0.1-4010`.
fn place(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    host.trim_matches('/').replace(|letter: char| !letter.is_alphanumeric() && letter != '.', "-")
}

fn open_store(world: &dyn World, folder: &Path, options: &Options) -> Result<Store, crate::store::StoreError> {
    Store::open(&StoreOptions {
        memory_limit: options.memory_limit.clone().or_else(|| world.env("SENDOFF_MEMORY_LIMIT")),
        threads: world.env("SENDOFF_THREADS").and_then(|text| text.parse().ok()),
        temp: Some(folder.join("tmp")),
    })
}

fn loader<'a>(world: &dyn World, store: &'a Store, root: &'a Path, spec: &'a Spec, redactor: Redactor) -> Loader<'a> {
    Loader { store, root, spec, extensions: world.env("SENDOFF_EXTENSIONS").map(PathBuf::from), redactor }
}

/// Every secret of the project, so that none of them shows, wherever it may be echoed.
pub fn redactor(spec: &Spec) -> Redactor {
    let settings = spec.connections.values().flat_map(|connection| connection.settings.secrets());
    let options = spec.activations.iter().flat_map(|activation| activation.options.secrets());
    let sources = spec.sources.values().filter_map(|source| match &source.kind {
        SourceKind::Postgres { url } | SourceKind::MySql { url } => Some(url),
        SourceKind::DuckDb { .. } | SourceKind::Sqlite { .. } => None,
    });
    let whole: Vec<_> = settings.chain(options).chain(sources.clone()).chain(&spec.project.notify).cloned().collect();
    let passwords = sources.filter_map(|url| password(url.reveal())).map(crate::ir::secret::Secret::new);
    Redactor::new(whole.into_iter().chain(passwords))
}

/// The password inside a connection URL: drivers may echo it alone.
fn password(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let (login, _) = rest.rsplit_once('@')?;
    login.split_once(':').map(|(_, password)| password.to_string())
}

fn run_id(world: &dyn World) -> String {
    let second = world.now().strftime("%Y%m%dT%H%M%S");
    format!("{second}-{:04x}", world.random() & 0xffff)
}

pub fn duck_time(world: &dyn World) -> String {
    world.now().strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

pub fn base_url(connection: &Connection, sandbox: Option<&Sandboxed>) -> Option<String> {
    let kind = connection.kind.kind.as_str();
    match sandbox {
        Some(Sandboxed::InProcess) => Some(crate::sandbox::base(crate::sandbox::IN_PROCESS, kind)),
        Some(Sandboxed::At(url)) => Some(crate::sandbox::base(url.trim_end_matches('/'), kind)),
        None => connection.base_url.clone(),
    }
}

/// Columns of every model in use, for `check --online`; with what is wrong in expressions and types.
pub fn columns(
    world: &dyn World,
    root: &Path,
    spec: &Spec,
    options: &Options,
) -> Result<(ModelColumns, Problems), Problems> {
    let opened = Store::open(&StoreOptions::default());
    let store = opened.map_err(|error| Problem::error("store::open", format!("DuckDB cannot be used: {error}")))?;
    let loader = loader(world, &store, root, spec, redactor(spec));
    let models: BTreeSet<DatasetName> = spec.activations.iter().map(|one| one.dataset.model.clone()).collect();
    let mut problems = loader.attach(&models);
    if problems.any_error() {
        return Err(problems);
    }
    let mut columns = ModelColumns::new();
    for name in &models {
        match loader.load(name, None) {
            Ok(model) => {
                for activation in spec.activations.iter().filter(|one| one.dataset.model == *name) {
                    let (types, found) = inspect::types(&store, &model.relation, &exprs(activation));
                    problems.extend(found);
                    let loaded =
                        plan::Loaded { relation: model.relation.clone(), columns: &model.columns, types: &types };
                    problems.extend(plan::plan(activation, &loaded, &LedgerShape::default()).1);
                }
                columns.insert(name.clone(), model.columns);
            }
            Err(problem) => problems.push(problem),
        }
    }
    let _ = options;
    Ok((columns, problems))
}
