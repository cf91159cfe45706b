//! `plan`: what would be sent, and why.

use std::path::{Path, PathBuf};

use crate::engine::{self, Options};
use crate::ir::run::{Failure, PlanReport, Status};
use crate::report::{html, json, markdown, mask, plan};
use crate::world::reason;

use super::choice::{Choice, Manner, Trial};
use super::stage::{Stage, block_on};
use super::{Context, Ended, Stop, run, saved};

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
    /// Show values in JSON, Markdown and HTML, where they are masked
    #[arg(long)]
    pub values: bool,
    #[command(flatten)]
    pub keep: Keep,
    /// End with 2 where there is something to send
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// Files that a plan leaves behind.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Keep {
    /// Write the plan as one page for a browser
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Keep the plan, for `run --plan FILE`: hashes and counts, no rows
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Keep every row in it, too, with its values
    #[arg(long, requires = "out")]
    pub with_rows: bool,
}

impl Keep {
    /// Before any work: a folder that is not there is misspelt more often than it is to be made.
    fn have_folders(&self, context: &Context) -> Result<(), Stop> {
        let folders = [&self.html, &self.out].into_iter().flatten();
        let missing = folders.filter_map(|path| Some((path, path.parent()?)));
        let mut missing =
            missing.filter(|(_, folder)| folder != &Path::new("") && context.world.files(folder).is_err());
        match missing.next() {
            Some((path, folder)) => Err(unwritable(path, &format!("there is no folder `{}`", folder.display()))),
            None => Ok(()),
        }
    }
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
        let with_rows = self.keep.with_rows;
        let options = Options { offline: self.look.offline, samples: self.look.samples, with_rows, ..options };
        self.keep.have_folders(context)?;
        let loaded = context.load(&options)?;
        let stage = Stage::set(context, &loaded.root, &options);
        let work = engine::plan(stage.world.as_ref(), &loaded.root, &loaded.spec, &options);
        let planned = block_on(work).map_err(run::no_runtime)?;
        let mut report = planned.map_err(|trouble| Stop::trouble(trouble, &loaded.sources))?;
        if let Some(path) = &self.keep.out {
            let plan = saved::plan(&report, &self.manner, &loaded, context);
            write(context, path, &json::text(&plan))?;
        }
        report.activations.iter_mut().for_each(|plan| plan.rows = Vec::new());
        if let Some(path) = &self.keep.html {
            write(context, path, &html::plan(&self.shown(&report), context.world.now()))?;
        }
        context.console.print(&self.view(&report, context));
        let warnings = report.activations.iter().map(|plan| (plan.activation.as_str(), plan.warnings.as_slice()));
        run::annotate(context, warnings);
        Ok(self.code(&report))
    }

    fn view(&self, report: &PlanReport, context: &Context) -> String {
        match self.format {
            Format::Human => plan::human(report, context.console.paint),
            Format::Json => json::plan(&self.shown(report)),
            Format::Markdown => markdown::plan(&self.shown(report)),
        }
    }

    /// As it may be posted somewhere.
    fn shown(&self, report: &PlanReport) -> PlanReport {
        if self.values { report.clone() } else { mask::plan(report) }
    }

    /// What went wrong is graver than what there is to do.
    fn code(&self, report: &PlanReport) -> u8 {
        match report.status().code() {
            0 if self.detailed_exitcode && report.has_changes() => CHANGES,
            code => code,
        }
    }
}

fn write(context: &Context, path: &Path, text: &str) -> Result<(), Stop> {
    context.world.write(path, text).map_err(|error| unwritable(path, &reason(&error)))
}

fn unwritable(path: &Path, why: &str) -> Stop {
    Stop::Failure(Failure {
        status: Status::Unreachable,
        code: "plan::write".into(),
        message: format!("`{}` cannot be written: {why}", path.display()),
        help: "nothing else was changed".into(),
    })
}
