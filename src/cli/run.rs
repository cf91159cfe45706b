//! `run`: sends what is owed.

use crate::engine::{self, Options, StopSignal};
use crate::ir::run::{Failure, RunReport, Status};
use crate::report::{json, problems, run};
use crate::world::reason;

use super::choice::{Choice, Manner, Trial, View};
use super::plan::{Format, Keep, Look, Plan};
use super::progress::{self, Log};
use super::saved::{self, Saved};
use super::stage::{Stage, block_on};
use super::{Context, Ended, Stop, interrupt};

#[derive(Debug, clap::Args)]
pub struct Run {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    trial: Trial,
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    pub view: View,
    /// In place of progress bars
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub log: Option<Log>,
    /// As `plan`
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    planned: Saved,
}

impl Run {
    pub fn act(self, context: &Context) -> Ended {
        if self.dry_run {
            return self.plan().act(context);
        }
        let options = self.trial.add_to(self.manner.add_to(self.choice.options(&context.shared)));
        let options = self.planned.add_to(options, context)?;
        let loaded = context.load(&options)?;
        saved::hold(&options, &loaded)?;
        let stage = Stage::set(context, &loaded.root, &options);
        let progress = progress::of(context.console);
        let done = block_on(async {
            let stop = StopSignal::default();
            interrupt::watch(stop.clone());
            engine::run(stage.world.as_ref(), &loaded.root, &loaded.spec, &options, progress.as_ref(), &stop).await
        });
        stage.strike(context);
        let report = done.map_err(no_runtime)?.map_err(|trouble| Stop::trouble(trouble, &loaded.sources))?;
        Ok(show(&report, self.view, context))
    }

    fn plan(self) -> Plan {
        let look = Look { offline: false, samples: 3 };
        let format = if self.view.json() { Format::Json } else { Format::Human };
        let Run { choice, trial, manner, .. } = self;
        Plan { choice, trial, manner, look, format, values: false, keep: Keep::default(), detailed_exitcode: false }
    }
}

/// Says what came of a run, and gives its exit code.
pub fn show(report: &RunReport, view: View, context: &Context) -> u8 {
    let said = if view.json() { json::run(report) } else { run::human(report, context.console.paint) };
    context.console.print(&said);
    annotate(context, report.activations.iter().map(|done| (done.activation.as_str(), done.warnings.as_slice())));
    report.status().code()
}

/// Warnings where GitHub shows them, when a workflow runs this. Standard error keeps them out of what is piped on.
pub fn annotate<'a>(context: &Context, warnings: impl Iterator<Item = (&'a str, &'a [String])>) {
    if context.world.env("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
        return;
    }
    for (activation, warnings) in warnings {
        for warning in warnings {
            context.console.tell(&problems::github_warning(activation, warning));
        }
    }
}

pub fn no_runtime(error: std::io::Error) -> Stop {
    Stop::Failure(Failure {
        status: Status::Unreachable,
        code: "run::threads".into(),
        message: format!("no threads could be started: {}", reason(&error)),
        help: "the machine may be out of memory, or a limit on processes may hold".into(),
    })
}

/// What a run would see that reads ledgers alone: an environment, and perhaps the sandbox.
pub fn ledger_options(choice: &Choice, trial: &Trial, only: Option<&String>, context: &Context) -> Options {
    Options { only: only.cloned(), ..trial.add_to(choice.options(&context.shared)) }
}
