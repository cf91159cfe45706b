//! `explain`: all that is known of one row.

use crate::engine::{self, Options, Unset};
use crate::ir::run::Status;
use crate::report::{json, row};

use super::choice::{Choice, Trial, View};
use super::stage::{Stage, block_on};
use super::{Context, Ended, Stop, run};

#[derive(Debug, clap::Args)]
pub struct Explain {
    activation: String,
    /// The row's key, several parts as `a / b` or `["a", "b"]`; in set modes the identifier
    key: String,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    trial: Trial,
    #[command(flatten)]
    pub view: View,
}

impl Explain {
    pub fn act(self, context: &Context) -> Ended {
        let options = run::ledger_options(&self.choice, &self.trial, Some(&self.activation), context);
        let options = Options { unset: Unset::Secrets, ..options };
        let loaded = context.load(&options)?;
        let stage = Stage::set(context, &loaded.root, &options);
        let world = stage.world.as_ref();
        let work = engine::explain(world, &loaded.root, &loaded.spec, &options, &self.activation, &self.key);
        let explained = block_on(work).map_err(run::no_runtime)?;
        let explanation = explained.map_err(|trouble| Stop::trouble(trouble, &loaded.sources))?;
        let said = match self.view.json() {
            true => json::explanation(&explanation),
            false => row::explanation(&explanation, context.console.paint),
        };
        context.console.print(&said);
        Ok(Status::Done.code())
    }
}
