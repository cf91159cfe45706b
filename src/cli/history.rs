//! `history`: past runs.

use crate::engine;
use crate::ir::run::Status;
use crate::report::{json, run as report};

use super::choice::{Choice, Trial, View};
use super::{Context, Ended, Stop, run};

#[derive(Debug, clap::Args)]
pub struct History {
    /// Of this activation alone
    activation: Option<String>,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    trial: Trial,
    #[command(flatten)]
    pub view: View,
    /// The latest so many of each activation
    #[arg(long, value_name = "RUNS", default_value_t = 20)]
    limit: usize,
}

impl History {
    pub fn act(self, context: &Context) -> Ended {
        let options = run::ledger_options(&self.choice, &self.trial, None, context);
        let loaded = context.load(&options)?;
        let told =
            engine::history(context.world.as_ref(), &loaded.root, &loaded.spec, &options, self.activation.as_deref());
        let mut runs = told.map_err(|trouble| Stop::trouble(trouble, &loaded.sources))?;
        runs.sort_by(|one, other| (&other.started, &one.activation).cmp(&(&one.started, &other.activation)));
        let mut seen = std::collections::BTreeMap::<String, usize>::new();
        runs.retain(|run| {
            let number = seen.entry(run.activation.clone()).or_default();
            *number += 1;
            *number <= self.limit
        });
        let said = if self.view.json() { json::history(&runs) } else { report::history(&runs, context.console.paint) };
        context.console.print(&said);
        Ok(Status::Done.code())
    }
}
