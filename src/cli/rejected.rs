//! `rejected`: rows and fields that are refused.

use crate::engine;
use crate::ir::run::Status;
use crate::report::{json, row};

use super::choice::Past;
use super::{Context, Ended, Stop};

#[derive(Debug, clap::Args)]
pub struct Rejected {
    #[command(flatten)]
    pub past: Past,
    /// At most so many rows of each activation
    #[arg(long, value_name = "ROWS", default_value_t = 100)]
    limit: u64,
}

impl Rejected {
    pub fn act(self, context: &Context) -> Ended {
        let options = self.past.options(&context.shared);
        let loaded = context.load(&options)?;
        let (world, activation) = (context.world.as_ref(), self.past.activation.as_deref());
        let found = engine::rejected(world, &loaded.root, &loaded.spec, &options, activation, self.limit);
        let found = found.map_err(|trouble| Stop::trouble(trouble, &loaded.sources))?;
        let said = match self.past.view.json() {
            true => json::rejected(&found),
            false => row::rejected(&found, self.limit, context.console.paint),
        };
        context.console.print(&said);
        Ok(Status::Done.code())
    }
}
