//! One command's DuckDB: sources and ledgers attached, doors locked, models loaded, every activation planned.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

use super::account::{Accounts, Said};
use super::{Options, StopSignal, Trouble, tell};
use crate::diag::Problems;
use crate::emit::Limiters;
use crate::ir::account::Account;
use crate::ir::ast::Expr;
use crate::ir::ident::DatasetName;
use crate::ir::plan::{LedgerShape, Plan, Sql};
use crate::ir::run::{Failure, RunReport};
use crate::ir::secret::Redactor;
use crate::ir::spec::{Activation, Query, Spec};
use crate::load::{LoadedModel, LoadedModels, Loader};
use crate::store::ledger::{Layout, Ledger};
use crate::store::{Store, StoreError, StoreOptions};
use crate::world::World;
use crate::{diff, inspect, plan};

mod attach;
mod naming;
mod online;
mod owner;

use attach::Opened;
pub use naming::{base_url, duck_time, ledger_folder, redactor, run_id};
pub use online::{ModelColumns, columns};
use owner::Owner;
pub use owner::keys_set;

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
    pub accounts: Accounts,
    pub limiters: Limiters,
    pub run: String,
    /// The start of the command, as DuckDB spells it, UTC.
    pub now: String,
    pub jobs: Vec<Job<'a>>,
    /// Activations whose ledger cannot be used. The others go on.
    pub failed: Vec<(&'a Activation, Failure)>,
}

/// An activation, ready to be compared: an opened one with its plan.
pub struct Job<'a> {
    opened: Opened<'a>,
    pub plan: Plan,
    pub shape: LedgerShape,
    /// Another one reads the same model after it, or there is nothing to give back.
    keeps_model: bool,
}

impl<'a> Deref for Job<'a> {
    type Target = Opened<'a>;

    fn deref(&self) -> &Opened<'a> {
        &self.opened
    }
}

impl Job<'_> {
    /// Of the full runs of its ledger, the one that this run is or belongs to.
    pub fn full_number(&self, options: &Options) -> u32 {
        self.shape.full_number + u32::from(options.full)
    }
}

impl DerefMut for Job<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.opened
    }
}

impl<'a> Session<'a> {
    pub async fn open(
        world: &'a dyn World,
        root: &'a Path,
        spec: &'a Spec,
        options: &'a Options,
        access: Access,
        accounts: Accounts,
        stop: &StopSignal,
    ) -> Result<Session<'a>, Trouble> {
        let chosen = chosen(spec, options)?;
        let folder = ledger_folder(root, spec, options);
        let redactor = redactor(spec);
        let store = open_store(world, &folder, options).map_err(|error| tell::store(&error))?;
        let (run, now) = (naming::run_id(world), duck_time(world));
        let mut session = Session {
            world,
            root,
            spec,
            options,
            store,
            redactor,
            limiters: accounts.limiters.clone(),
            accounts,
            run,
            now,
            jobs: Vec::new(),
            failed: Vec::new(),
        };
        let models = chosen.iter().map(|activation| activation.dataset.model.clone()).collect();
        let loader = session.loader();
        refuse(loader.attach(&models))?;
        let owners = session.owners(&chosen, stop).await;
        let mut opened = Vec::new();
        for (at, activation) in chosen.iter().enumerate() {
            let owner = owners.get(&activation.connection).cloned().unwrap_or(Owner::Unasked);
            match session.attach(activation, at, (&folder, access), owner) {
                Ok(one) => opened.push(one),
                Err(failure) => session.failed.push((*activation, failure)),
            }
        }
        let (files, folders) = session.loader().files(&models);
        session.store.lock_down(&files, &folders).map_err(|error| tell::store(&error))?;
        let loaded = session.load(&models, &chosen)?;
        session.jobs = session.plan_all(opened, &loaded)?;
        Ok(session)
    }

    /// Gives back the memory of what a comparison no longer needs: its tables, and a model that no one reads after it.
    pub fn release(&self, job: &Job<'_>) -> Result<(), StoreError> {
        diff::forget(&self.store)?;
        match job.keeps_model {
            true => Ok(()),
            false => self.store.execute(&format!("DROP TABLE {}", job.plan.relation)),
        }
    }

    /// The first expression of an activation that fails on some row, where the rows themselves can be read.
    pub fn failing(&self, job: &Job<'a>) -> Option<&'a Expr> {
        let fails = |what: &str| {
            let sql = format!("SELECT count(hash({what})) FROM {} AS one", job.plan.relation);
            self.store.row(&sql).is_err()
        };
        let exprs = if fails("one") { Vec::new() } else { exprs(job.activation) };
        exprs.into_iter().find(|expr| fails(&format!("({}\n)", expr.text)))
    }

    /// The head of what a run or a settlement reports.
    pub fn report(&self) -> RunReport {
        RunReport {
            settles: false,
            run: self.run.clone(),
            environment: self.spec.project.environment.clone(),
            sandbox: self.options.sandbox.is_some(),
            activations: Vec::new(),
        }
    }

    fn loader(&self) -> Loader<'_> {
        loader(self.world, &self.store, self.root, self.spec, self.redactor.clone())
    }

    fn load(&self, models: &BTreeSet<DatasetName>, chosen: &[&Activation]) -> Result<LoadedModels, Trouble> {
        let needed = self.needed(chosen);
        let mut problems = Problems::default();
        let mut loaded = LoadedModels::new();
        for model in models.iter().filter_map(|name| self.spec.models.get(name)) {
            match self.loader().load(model, needed.get(&model.name)) {
                Ok(table) => {
                    loaded.insert(model.name.clone(), table);
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
        let Ok(named) = inspect::columns(&self.store, &texts) else { return needed };
        for (model, expr) in exprs {
            needed.entry(model.clone()).or_default().extend(named.get(&expr.text).into_iter().flatten().cloned());
        }
        for activation in chosen {
            needed.entry(activation.dataset.model.clone()).or_default().extend(activation.key.iter().cloned());
        }
        needed
    }

    fn plan_all(&mut self, opened: Vec<Opened<'a>>, loaded: &LoadedModels) -> Result<Vec<Job<'a>>, Trouble> {
        let mut problems = Problems::default();
        let mut jobs = Vec::new();
        for opened in opened {
            let activation = opened.activation;
            let Some(model) = loaded.get(&activation.dataset.model) else { continue };
            match self.plan_one(opened, model, &mut problems) {
                Ok(job) => jobs.extend(job),
                Err(failure) => self.failed.push((activation, failure)),
            }
        }
        refuse(problems)?;
        self.wake(&mut jobs);
        for at in 0..jobs.len() {
            let relation = &jobs[at].plan.relation;
            let again = jobs[at + 1..].iter().any(|later| later.plan.relation == *relation);
            jobs[at].keeps_model = again || self.is_given(jobs[at].activation);
        }
        Ok(jobs)
    }

    fn plan_one(
        &self,
        mut opened: Opened<'a>,
        model: &LoadedModel,
        problems: &mut Problems,
    ) -> Result<Option<Job<'a>>, Failure> {
        let activation = opened.activation;
        let (types, found) = inspect::types(&self.store, &model.relation, &exprs(activation));
        let bad = found.any_error();
        problems.extend(found);
        let mut shape =
            if opened.new { LedgerShape::default() } else { self.shape(activation, &opened.path, &opened.ledger)? };
        let account = self.account(&mut opened);
        let loaded = plan::Loaded { relation: model.relation.clone(), columns: &model.columns, types: &types, account };
        let (plan, found) = plan::plan(activation, &loaded, &shape);
        let bad = bad || found.any_error();
        if bad && self.is_empty(model)? {
            return Err(tell::empty_model(activation));
        }
        problems.extend(found);
        if bad {
            return Ok(None);
        }
        if opened.new {
            let layout = Layout {
                keys: diff::key_layout(&plan),
                identifiers: plan.identifiers.iter().map(|one| one.name.clone()).collect(),
            };
            let told = |error| tell::ledger(activation.name.as_str(), &opened.path, &error);
            opened.ledger.create(&self.store, &layout).map_err(told)?;
            self.world.durable();
            shape = self.shape(activation, &opened.path, &opened.ledger)?;
        }
        Ok(Some(Job { opened, plan, shape, keeps_model: false }))
    }

    /// Whether a test has put a few rows in the model's place, which is a view then.
    fn is_given(&self, activation: &Activation) -> bool {
        let model = self.spec.models.get(&activation.dataset.model);
        model.is_some_and(|model| matches!(model.query, Query::Given { .. }))
    }

    /// What the account says; a run that could not ask it stops here.
    fn account(&self, opened: &mut Opened<'_>) -> Option<&Account> {
        match self.accounts.said(opened.activation)? {
            Said::Told(account) => return Some(account),
            Said::Unasked(names) => opened.unseen = names.clone(),
            Said::Failed(stopped) => opened.stopped = opened.stopped.take().or_else(|| Some(stopped.clone())),
        }
        None
    }

    /// Columns of an empty file have no types that an expression could be held to.
    fn is_empty(&self, model: &LoadedModel) -> Result<bool, Failure> {
        let rows = self.store.number(&format!("SELECT count(*) FROM {}", model.relation));
        Ok(rows.map_err(|error| tell::store(&error))? == 0)
    }

    fn shape(&self, activation: &Activation, path: &Path, ledger: &Ledger) -> Result<LedgerShape, Failure> {
        ledger.shape(&self.store).map_err(|error| tell::ledger(activation.name.as_str(), path, &error))
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
        // What this run itself writes wakes others in it, but for a run that was planned: then it does in the next.
        let until = self.options.planned.as_ref().map(|_| format!(" WHERE acked_at <= TIMESTAMP '{}'", self.now));
        let until = until.unwrap_or_default();
        for job in jobs {
            let own: Vec<&str> = job.plan.identifiers.iter().map(|one| one.name.as_str()).collect();
            let before = |name: &str| job.activation.after.iter().any(|after| after.as_str() == name);
            let same = |connection: &str| connection == job.activation.connection.as_str();
            let queries = sources.iter().filter(|(name, connection, ..)| before(name) && same(connection)).flat_map(
                |(_, _, names, ledger)| {
                    let shared = names.iter().enumerate().filter(|(_, name)| own.contains(&name.as_str()));
                    shared.map(|(at, _)| {
                        let entries = ledger.table("entry");
                        Sql(format!("SELECT i{} AS identifier, acked_at FROM {entries}{until}", at + 1))
                    })
                },
            );
            job.plan.wake = queries.collect();
        }
    }
}

/// Everything of an activation that DuckDB evaluates over its model.
fn exprs(activation: &Activation) -> Vec<&Expr> {
    let filters = activation.dataset.filters.iter();
    let identifiers = activation.identify.iter().map(|one| &one.expr);
    filters.chain(identifiers).chain(activation.fields.iter().map(|field| &field.expr)).collect()
}

pub fn chosen<'a>(spec: &'a Spec, options: &Options) -> Result<Vec<&'a Activation>, Trouble> {
    let Some(only) = &options.only else { return Ok(spec.activations.iter().collect()) };
    match spec.activations.iter().find(|activation| activation.name.as_str() == only) {
        Some(activation) => Ok(vec![activation]),
        None => Err(tell::no_activation(spec, only).into()),
    }
}

/// Problems that are errors end the command; a source that is not there is not the spec's fault.
fn refuse(mut problems: Problems) -> Result<(), Trouble> {
    problems.once();
    if problems.any_error() { Err(Trouble::Problems(problems)) } else { Ok(()) }
}

fn open_store(world: &dyn World, folder: &Path, options: &Options) -> Result<Store, StoreError> {
    Store::open(&StoreOptions {
        memory_limit: options.memory_limit.clone().or_else(|| world.env("SENDOFF_MEMORY_LIMIT")),
        threads: world.env("SENDOFF_THREADS").and_then(|text| text.parse().ok()),
        temp: Some(folder.join("tmp")),
    })
}

fn loader<'a>(world: &dyn World, store: &'a Store, root: &'a Path, spec: &'a Spec, redactor: Redactor) -> Loader<'a> {
    Loader { store, root, spec, extensions: world.env("SENDOFF_EXTENSIONS").map(PathBuf::from), redactor }
}
