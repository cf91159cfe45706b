//! `retire`: takes out what a set-mode activation put in.

use crate::engine;

use super::choice::{Choice, Trial, View};
use super::progress::{self, Log};
use super::stage::{Stage, block_on};
use super::{Context, Ended, Stop, run};

#[derive(Debug, clap::Args)]
pub struct Retire {
    /// The activation, or the ledger of one that is gone
    name: String,
    /// Take nothing out; only forget what the ledger holds
    #[arg(long)]
    forget: bool,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    trial: Trial,
    #[command(flatten)]
    pub view: View,
    /// In place of progress bars
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub log: Option<Log>,
}

impl Retire {
    pub fn act(self, context: &Context) -> Ended {
        let options = run::ledger_options(&self.choice, &self.trial, Some(&self.name), context);
        let loaded = context.load(&options)?;
        let stage = Stage::set(context, &loaded.root, &options);
        let progress = progress::of(context.console);
        let (world, root, spec) = (stage.world.as_ref(), &loaded.root, &loaded.spec);
        let retired = block_on(engine::retire(world, root, spec, &options, &self.name, self.forget, progress.as_ref()));
        stage.strike(context);
        let report = retired.map_err(run::no_runtime)?.map_err(|trouble| Stop::trouble(trouble, &loaded.sources))?;
        Ok(run::show(&report, self.view, context))
    }
}
