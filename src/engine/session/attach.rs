//! Ledgers attached and brought to rest before anything is compared.

use std::path::{Path, PathBuf};

use super::owner::Owner;
use super::{Access, Session};
use crate::engine::target::{self, Target};
use crate::engine::tell;
use crate::ir::plan::LedgerShape;
use crate::ir::run::{Failure, Stopped};
use crate::ir::spec::{Activation, Connection};
use crate::record;
use crate::store::StoreError;
use crate::store::ledger::{self, Ledger};

/// An activation whose ledger is there; its plan comes once its model was read.
pub struct Opened<'a> {
    pub activation: &'a Activation,
    pub connection: &'a Connection,
    pub target: Target,
    pub path: PathBuf,
    pub ledger: Ledger,
    /// There was no ledger before this command.
    pub new: bool,
    /// Rows of a cut-short run whose outcome nobody knows.
    pub recovered: Option<u64>,
    /// What could not be verified of the target.
    pub unverified: Option<String>,
    /// The ledger was set aside when the target changed, and goes on now that the target is back: its file.
    pub back: Option<PathBuf>,
    /// Why this activation may not go on.
    pub stopped: Option<Stopped>,
    /// Fields that only the account knows, where it was not asked.
    pub unseen: Vec<String>,
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
    ) -> Result<Opened<'a>, Failure> {
        let connection =
            self.spec.connections.get(&activation.connection).ok_or_else(|| tell::no_connection(activation))?;
        let target = target::target(activation, connection, self.options.sandbox.as_ref());
        let path = folder.join(format!("{}.duckdb", activation.name));
        let alias = format!("ledger_{at}");
        let mut opened = Opened {
            activation,
            connection,
            target,
            new: !ledger::exists(&path),
            path,
            ledger: Ledger { alias },
            recovered: None,
            unverified: None,
            back: None,
            stopped: None,
            unseen: Vec::new(),
        };
        opened.settle_owner(owner, access);
        match self.bring_to_rest(&mut opened, folder, access) {
            Ok(()) => Ok(opened),
            Err(error) => Err(tell::ledger(activation.name.as_str(), &opened.path, &error)),
        }
    }

    fn bring_to_rest(&self, opened: &mut Opened<'a>, folder: &Path, access: Access) -> Result<(), StoreError> {
        if opened.new && self.take_back(opened, folder, access)? {
            return Ok(());
        }
        self.attach_file(&opened.path, &opened.ledger.alias, access)?;
        if opened.ledger.is_new(&self.store)? {
            opened.new = true;
            return self.stand_in(opened, access);
        }
        let shape = opened.ledger.shape(&self.store)?;
        if access == Access::Write {
            opened.ledger.migrate(&self.store, shape.format)?;
        }
        if shape.open_run.is_some() {
            opened.recovered = self.recover(opened, &shape, access)?;
            self.world.durable();
        }
        if opened.stopped.is_some() {
            return Ok(());
        }
        let facts = Owner::facts(opened.activation);
        target::take_over(&shape.target, &mut opened.target, &facts);
        opened.stopped = target::changed(&shape.target, &opened.target, &facts);
        if opened.stopped.is_some() && !self.take_back(opened, folder, access)? {
            self.begin_anew(opened, folder, access)?;
        }
        Ok(())
    }

    /// A new ledger in place of another target's, where that was asked for.
    fn begin_anew(&self, opened: &mut Opened<'a>, folder: &Path, access: Access) -> Result<(), StoreError> {
        if !self.options.full && !self.options.adopt {
            return Ok(());
        }
        match access {
            Access::Write => {
                self.set_aside(opened, folder)?;
                self.attach_file(&opened.path, &opened.ledger.alias, Access::Write)?;
            }
            Access::Read => self.stand_in(opened, access)?,
        }
        opened.new = true;
        opened.stopped = None;
        Ok(())
    }

    /// The ledger of this very target that was set aside when another took its place, if there is one: it goes on. One at a
    /// time is called by the activation's name.
    fn take_back(&self, opened: &mut Opened<'a>, folder: &Path, access: Access) -> Result<bool, StoreError> {
        let Some(file) = self.set_aside_for(opened, folder) else { return Ok(false) };
        if !opened.new && access == Access::Write {
            self.set_aside(opened, folder)?;
        } else if !opened.new {
            self.store.detach(&opened.ledger.alias)?;
        }
        let path = match access {
            Access::Read => &file,
            Access::Write => {
                ledger::rename(&file, &opened.path)?;
                self.world.durable();
                &opened.path
            }
        };
        self.attach_file(path, &opened.ledger.alias, access)?;
        (opened.new, opened.stopped, opened.back) = (false, None, Some(file));
        Ok(true)
    }

    /// The newest such file. One that cannot be read says nothing.
    fn set_aside_for(&self, opened: &Opened<'_>, folder: &Path) -> Option<PathBuf> {
        let prefix = format!("{}.until-", opened.activation.name);
        let files = self.world.files(folder).unwrap_or_default();
        let mut files = files.iter().rev().filter(|file| file.starts_with(&prefix) && file.ends_with(".duckdb"));
        let path = files.find(|file| self.speaks_of(&folder.join(file), opened).unwrap_or(false));
        path.map(|file| folder.join(file))
    }

    fn speaks_of(&self, path: &Path, opened: &Opened<'_>) -> Result<bool, StoreError> {
        let old = Ledger { alias: format!("{}_aside", opened.ledger.alias) };
        self.attach_file(path, &old.alias, Access::Read)?;
        let facts = Owner::facts(opened.activation);
        let same = old.shape(&self.store).map(|shape| target::changed(&shape.target, &opened.target, &facts).is_none());
        self.store.detach(&old.alias)?;
        same
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
            opened.ledger.migrate(&self.store, shape.format)?;
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
        Ok(())
    }
}
