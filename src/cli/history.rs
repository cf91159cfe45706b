//! `history`: past runs.

use crate::engine;
use crate::ir::run::Status;
use crate::report::{json, run as report};

use super::choice::Past;
use super::{Context, Ended, Stop};

#[derive(Debug, clap::Args)]
pub struct History {
    #[command(flatten)]
    pub past: Past,
    /// The latest so many of each activation
    #[arg(long, value_name = "RUNS", default_value_t = 20)]
    limit: usize,
}

impl History {
    pub fn act(self, context: &Context) -> Ended {
        let options = self.past.options(&context.shared);
        let loaded = context.load(&options)?;
        let told = engine::history(
            context.world.as_ref(),
            &loaded.root,
            &loaded.spec,
            &options,
            self.past.activation.as_deref(),
        );
        let mut runs = told.map_err(|trouble| Stop::trouble(trouble, &loaded.sources))?;
        runs.sort_by(|one, other| (&other.started, &one.activation).cmp(&(&one.started, &other.activation)));
        let mut seen = std::collections::BTreeMap::<String, usize>::new();
        runs.retain(|run| {
            let number = seen.entry(run.activation.clone()).or_default();
            *number += 1;
            *number <= self.limit
        });
        let said =
            if self.past.view.json() { json::history(&runs) } else { report::history(&runs, context.console.paint) };
        context.console.print(&said);
        Ok(Status::Done.code())
    }
}
