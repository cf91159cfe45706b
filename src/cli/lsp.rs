//! `lsp`: the language server, for editors.

use crate::engine::{Options, Unset};
use crate::ir::run::{Failure, Status};
use crate::lsp;

use super::choice::Choice;
use super::{Context, Ended, Stop};

#[derive(Debug, clap::Args)]
pub struct Lsp {
    #[command(flatten)]
    choice: Choice,
    /// What editors add; there is no other way
    #[arg(long, hide = true)]
    stdio: bool,
}

impl Lsp {
    /// Variables may stay unset: an editor is not where a run's secrets are.
    pub fn act(self, context: &Context) -> Ended {
        let options = Options { unset: Unset::Anything, ..self.choice.options(&context.shared) };
        let project = context.shared.project.as_deref();
        lsp::serve(context.world.as_ref(), project, &options).map_err(|error| {
            Stop::Failure(Failure {
                status: Status::Wrong,
                code: "lsp::protocol".into(),
                message: match error.contains("disconnected") {
                    true => "the input ended before an editor had introduced itself".to_string(),
                    false => format!("what came in is not the language server protocol: {error}"),
                },
                help: "an editor starts this; by hand, `sendoff check` says the same".into(),
            })
        })
    }
}
