//! Ledgers attached and brought to rest before anything is compared.

use std::path::{Path, PathBuf};

use super::owner::Owner;
use super::{Access, Job, Session};
use crate::engine::target::{self, Target};
use crate::engine::{Trouble, tell};
use crate::ir::plan::{LedgerShape, Plan};
use crate::ir::run::Stopped;
use crate::ir::spec::{Activation, Connection};
use crate::record;
use crate::store::StoreError;
use crate::store::ledger::{self, Ledger};

/// An activation whose ledger is there, before its plan is.
pub struct Opened<'a> {
    pub activation: &'a Activation,
    pub connection: &'a Connection,
    pub target: Target,
    pub path: PathBuf,
    pub ledger: Ledger,
    pub new: bool,
    pub recovered: Option<u64>,
    pub unverified: Option<String>,
    pub stopped: Option<Stopped>,
    pub unseen: Vec<String>,
}

impl<'a> Opened<'a> {
    pub fn job(self, plan: Plan, shape: LedgerShape) -> Job<'a> {
        let Opened { activation, connection, target, path, ledger, new, recovered, unverified, stopped, unseen } = self;
        Job { activation, connection, target, path, ledger, new, plan, shape, recovered, unverified, stopped, unseen }
    }
}

impl Opened<'_> {
    /// What the destination says of its account becomes part of the target. A look goes on without it, a run does not.
    fn settle_owner(&mut self, owner: Owner, access: Access) {
        match owner {
            Owner::Nameless => {}
            Owner::Told(facts) => self.target.extend(facts),
            Owner::Unasked => self.unverified = Some("which account the key opens".into()),
            Owner::Failed(stopped) if access == Access::Read => {
                self.unverified = Some(format!("which account the key opens: {}", stopped.message));
            }
            Owner::Failed(stopped) => self.stopped = Some(stopped),
        }
    }
}

impl<'a> Session<'a> {
    /// Attaches one ledger and brings it to rest: a run that was cut short is merged first.
    pub fn attach(
        &self,
        activation: &'a Activation,
        at: usize,
        (folder, access): (&Path, Access),
        owner: Owner,
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
            unverified: None,
            stopped: None,
            unseen: Vec::new(),
        };
        opened.settle_owner(owner, access);
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
            self.world.durable();
        }
        if opened.stopped.is_some() {
            return Ok(opened);
        }
        let facts = Owner::facts(activation);
        target::take_over(&shape.target, &mut opened.target, &facts);
        opened.stopped = target::changed(&shape.target, &opened.target, &facts);
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

    fn attach_file(&self, path: &Path, alias: &str, access: Access) -> Result<(), StoreError> {
        Ledger::attach(&self.store, path, alias, access == Access::Read).map(|_| ())
    }

    /// A file that no run has opened yet is as good as none, and a look may not write the tables into it.
    fn stand_in(&self, opened: &Opened<'_>, access: Access) -> Result<(), StoreError> {
        if access == Access::Write || !opened.path.exists() {
            return Ok(());
        }
        self.store.detach(&opened.ledger.alias)?;
        opened.ledger.stand_in(&self.store)
    }

    /// A look may not write, so it merges in a copy.
    fn recover(&self, opened: &Opened<'_>, shape: &LedgerShape, access: Access) -> Result<Option<u64>, StoreError> {
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
    fn set_aside(&self, opened: &Opened<'_>, folder: &Path) -> Result<(), StoreError> {
        self.store.detach(&opened.ledger.alias)?;
        let name = format!("{}.until-{}.duckdb", opened.activation.name, self.run);
        ledger::rename(&opened.path, &folder.join(name))?;
        self.world.durable();
        self.attach_file(&opened.path, &opened.ledger.alias, Access::Write)
    }
}
