//! `ledger`: the ledgers themselves.

use crate::engine::{self, Options, Unset};
use crate::ir::run::Status;
use crate::report::{json, ledger};

use super::choice::{Choice, Trial, View};
use super::{Context, Ended, Stop, run};

#[derive(Debug, clap::Subcommand)]
pub enum Ledger {
    /// All of them, with what they hold
    List(List),
    /// Give the ledger of an activation to another: it was renamed, or its target was
    Move(Move),
    /// Those that no activation uses
    Orphans(List),
}

#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    trial: Trial,
    #[command(flatten)]
    view: View,
}

#[derive(Debug, clap::Args)]
pub struct Move {
    /// The activation it was kept for
    old: String,
    /// The activation it is for from now on
    new: String,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    trial: Trial,
}

impl Ledger {
    pub fn act(self, context: &Context) -> Ended {
        match self {
            Ledger::List(command) => command.act(context, false),
            Ledger::Orphans(command) => command.act(context, true),
            Ledger::Move(command) => command.act(context),
        }
    }

    pub fn json(&self) -> bool {
        match self {
            Ledger::List(command) | Ledger::Orphans(command) => command.view.json(),
            Ledger::Move(_) => false,
        }
    }
}

impl List {
    fn act(self, context: &Context, orphans: bool) -> Ended {
        let options = run::ledger_options(&self.choice, &self.trial, None, context);
        let options = Options { unset: Unset::Elsewhere, ..options };
        let loaded = context.load(&options)?;
        let found = engine::ledgers(context.world.as_ref(), &loaded.root, &loaded.spec, &options);
        let mut found = found.map_err(|trouble| Stop::trouble(trouble, &loaded.sources))?;
        found.retain(|ledger| ledger.orphan || !orphans);
        let said = match self.view.json() {
            true => json::ledgers(&found),
            false if orphans && found.is_empty() => "every ledger has its activation\n".to_string(),
            false => ledger::human(&found, context.console.paint),
        };
        context.console.print(&said);
        Ok(Status::Done.code())
    }
}

impl Move {
    fn act(self, context: &Context) -> Ended {
        let options = run::ledger_options(&self.choice, &self.trial, None, context);
        let options = Options { unset: Unset::Elsewhere, ..options };
        let loaded = context.load(&options)?;
        let (world, root) = (context.world.as_ref(), &loaded.root);
        let moved = engine::move_ledger(world, root, &loaded.spec, &options, &self.old, &self.new);
        let said = moved.map_err(|trouble| Stop::trouble(trouble, &loaded.sources))?;
        context.console.print(&format!("{said}\n"));
        Ok(Status::Done.code())
    }
}
