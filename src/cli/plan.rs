//! `plan`: what would be sent, and why.

use crate::engine::{self, Options};
use crate::ir::run::PlanReport;
use crate::report::{json, markdown, mask, plan};

use super::choice::{Choice, Manner, Trial};
use super::stage::{Stage, block_on};
use super::{Context, Ended, Stop, run};

/// The exit code of `--detailed-exitcode` where there is something to send.
const CHANGES: u8 = 2;

#[derive(Debug, clap::Args)]
pub struct Plan {
    #[command(flatten)]
    pub choice: Choice,
    #[command(flatten)]
    pub trial: Trial,
    #[command(flatten)]
    pub manner: Manner,
    #[command(flatten)]
    pub look: Look,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Show values in JSON and Markdown, where they are masked
    #[arg(long)]
    pub values: bool,
    /// End with 2 where there is something to send
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// How closely to look.
#[derive(Debug, Clone, clap::Args)]
pub struct Look {
    /// Ask the destination nothing at all
    #[arg(long)]
    pub offline: bool,
    /// Rows to show of each kind of change
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub samples: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Human,
    Json,
    /// For a comment on a pull request
    Markdown,
}

impl Plan {
    pub fn act(self, context: &Context) -> Ended {
        let options = self.trial.add_to(self.manner.add_to(self.choice.options(&context.shared)));
        let options = Options { offline: self.look.offline, samples: self.look.samples, ..options };
        let loaded = context.load(&options)?;
        let stage = Stage::set(context, &loaded.root, &options);
        let work = engine::plan(stage.world.as_ref(), &loaded.root, &loaded.spec, &options);
        let planned = block_on(work).map_err(run::no_runtime)?;
        let report = planned.map_err(|trouble| Stop::trouble(trouble, &loaded.sources))?;
        context.console.print(&self.view(&report, context));
        let warnings = report.activations.iter().map(|plan| (plan.activation.as_str(), plan.warnings.as_slice()));
        run::annotate(context, warnings);
        Ok(self.code(&report))
    }

    fn view(&self, report: &PlanReport, context: &Context) -> String {
        let masked = || if self.values { report.clone() } else { mask::plan(report) };
        match self.format {
            Format::Human => plan::human(report, context.console.paint),
            Format::Json => json::plan(&masked()),
            Format::Markdown => markdown::plan(&masked()),
        }
    }

    /// What went wrong is graver than what there is to do.
    fn code(&self, report: &PlanReport) -> u8 {
        match report.status().code() {
            0 if self.detailed_exitcode && report.has_changes() => CHANGES,
            code => code,
        }
    }
}
