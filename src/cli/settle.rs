//! `settle`: asks after pending rows, decides unclear ones.

use crate::engine;

use super::choice::{Choice, Trial, View};
use super::progress::{self, Log};
use super::stage::{Stage, block_on};
use super::{Context, Ended, Stop, run};

#[derive(Debug, clap::Args)]
pub struct Settle {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    trial: Trial,
    #[command(flatten)]
    pub view: View,
    /// This activation alone
    #[arg(long, value_name = "ACTIVATION")]
    only: Option<String>,
    /// Take rows whose fate nobody knows as sent, or as not sent
    #[arg(long, value_enum, value_name = "FATE")]
    assume: Option<Fate>,
    /// In place of progress bars
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub log: Option<Log>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Fate {
    Sent,
    Unsent,
}

impl Settle {
    pub fn act(self, context: &Context) -> Ended {
        let options = run::ledger_options(&self.choice, &self.trial, self.only.as_ref(), context);
        let loaded = context.load(&options)?;
        let stage = Stage::set(context, &loaded.root, &options);
        let progress = progress::of(context.console);
        let assume = self.assume.map(|fate| fate == Fate::Sent);
        let world = stage.world.as_ref();
        let settled = block_on(engine::settle(world, &loaded.root, &loaded.spec, &options, assume, progress.as_ref()));
        stage.strike(context);
        let report = settled.map_err(run::no_runtime)?.map_err(|trouble| Stop::trouble(trouble, &loaded.sources))?;
        Ok(run::show(&report, self.view, context))
    }
}
