//! Plans in files: `plan --out FILE` keeps one, `run --plan FILE` holds to it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::diag::{Sources, count};
use crate::engine::{Options, Planned};
use crate::ir::run::{Failure, PlanReport, Status};
use crate::ir::saved::{Drift, FORMAT, SavedManner, SavedPlan};
use crate::world::reason;

use super::choice::Manner;
use super::load::Loaded;
use super::{Context, Stop};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A run that was planned before.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Saved {
    /// Do what this plan says (`plan --out`), or nothing
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["only", "full", "adopt", "again", "limit", "accept", "dry_run"]
    )]
    plan: Option<PathBuf>,
    /// By how much the plan's numbers may be off: rows, or a percentage as in `5%`
    #[arg(long, value_name = "N", requires = "plan")]
    drift: Option<Drift>,
}

/// What `run --plan` needs to know again.
pub fn plan(report: &PlanReport, manner: &Manner, loaded: &Loaded, context: &Context) -> SavedPlan {
    SavedPlan {
        sendoff: VERSION.into(),
        made: context.world.now().to_string(),
        files: files(loaded),
        manner: SavedManner {
            only: manner.only.clone(),
            full: manner.full,
            adopt: manner.adopt,
            again: manner.again,
            limit: manner.limit,
            accept: manner.accept.clone(),
        },
        ..SavedPlan::of(report)
    }
}

impl Saved {
    /// The options that the plan was made with.
    pub fn add_to(&self, options: Options, context: &Context) -> Result<Options, Stop> {
        let Some(path) = &self.plan else { return Ok(options) };
        let unfit = |why: String| refused("run::plan_file", format!("`{}` {why}", path.display()), NEW);
        let text = context.world.read(path).map_err(|error| unfit(format!("cannot be read: {}", reason(&error))))?;
        let plan: SavedPlan =
            serde_json::from_str(&text).map_err(|_| unfit("is no plan that `sendoff plan --out` keeps".into()))?;
        if plan.format != FORMAT {
            return Err(unfit(format!("is of format {}, and this sendoff reads format {FORMAT}", plan.format)));
        }
        if plan.sendoff != VERSION {
            return Err(unfit(format!("was made by sendoff {}, and this is {VERSION}", plan.sendoff)));
        }
        let environment = options.environment.clone().or_else(|| plan.environment.clone());
        if environment != plan.environment || options.sandbox.is_some() != plan.sandbox {
            let message = format!("the plan is for {}", place(plan.environment.as_deref(), plan.sandbox));
            let now = place(environment.as_deref(), options.sandbox.is_some());
            let help = "run it with the plan's `--env` and `--sandbox`";
            return Err(refused("run::plan_place", format!("{message}, and this run for {now}"), help));
        }
        let manner = plan.manner.clone();
        Ok(Options {
            environment,
            only: manner.only,
            full: manner.full,
            adopt: manner.adopt,
            again: manner.again,
            limit: manner.limit,
            accept: manner.accept,
            planned: Some(Planned { plan, drift: self.drift }),
            ..options
        })
    }
}

const NEW: &str = "make a new plan with `sendoff plan --out FILE`";

/// A hash of each text that the project was read from.
fn files(loaded: &Loaded) -> BTreeMap<String, String> {
    let sources = &loaded.sources;
    let hashed = sources.ids().map(|file| {
        let path = Path::new(sources.name(file));
        let mut alone = Sources::default();
        alone.add("", sources.text(file));
        (path.strip_prefix(&loaded.root).unwrap_or(path).display().to_string(), alone.digest())
    });
    hashed.collect()
}

/// A project that is not the one the plan was made of is not run.
pub fn hold(options: &Options, loaded: &Loaded) -> Result<(), Stop> {
    let Some(planned) = &options.planned else { return Ok(()) };
    let moved = moved(&planned.plan.files, &files(loaded));
    if moved.is_empty() {
        return Ok(());
    }
    Err(refused("run::plan_project", format!("the project has changed since the plan: {}", told(&moved)), NEW))
}

/// The files that differ, and how.
fn moved(was: &BTreeMap<String, String>, is: &BTreeMap<String, String>) -> Vec<String> {
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let how = |name: &String| match (was.get(name), is.get(name)) {
        (Some(was), Some(is)) if was == is => None,
        (Some(_), Some(_)) => Some(format!("`{name}` is another")),
        (None, _) => Some(format!("`{name}` is new")),
        (_, None) => Some(format!("`{name}` is gone")),
    };
    names.into_iter().filter_map(how).collect()
}

/// Enough of them to know where to look.
fn told(moved: &[String]) -> String {
    const SHOWN: usize = 3;
    match moved.get(SHOWN..) {
        Some(rest) if rest.len() > 1 => {
            format!("{}, and {} more", moved[..SHOWN].join(", "), count(rest.len() as u64, "file"))
        }
        _ => moved.join(", "),
    }
}

fn place(environment: Option<&str>, sandbox: bool) -> String {
    let place = if sandbox { "the sandbox" } else { "the real destinations" };
    environment.map_or_else(|| place.to_string(), |name| format!("{place} of `{name}`"))
}

fn refused(code: &str, message: String, help: &str) -> Stop {
    Stop::Failure(Failure { status: Status::Stopped, code: code.into(), message, help: help.into() })
}
