//! The conductor: the stages in order, once. The only place that knows which stage follows which.

use std::collections::BTreeMap;

use crate::diag::Problems;
use crate::ir::run::{ActivationReport, Failure, Status, Stopped};
use crate::ir::secret::Redactor;
use crate::load;

mod account;
mod check;
mod deliver;
mod draft;
mod explain;
mod guards;
mod ledgers;
mod notify;
mod plan;
mod planned;
mod prepare;
mod retire;
mod run;
mod session;
mod settle;
mod target;
mod tell;
mod test;

pub use crate::check::Unset;
pub use crate::emit::StopSignal;
pub use check::{Checked, check, stops};
pub use draft::{Draft, Understood};
pub use explain::explain;
pub use ledgers::{history, ledgers, move_ledger, rejected};
pub use plan::plan;
pub use planned::Planned;
pub use retire::retire;
pub use run::run;
pub use session::ModelColumns;
pub use settle::settle;
pub use test::{Rehearsal, test};

/// What a person asked for, as far as stages need to know it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub environment: Option<String>,
    pub vars: BTreeMap<String, String>,
    pub unset: Unset,
    pub only: Option<String>,
    pub full: bool,
    pub adopt: bool,
    pub again: bool,
    pub limit: Option<u64>,
    /// Metrics whose guards do not stop this run.
    pub accept: Vec<String>,
    pub require_ledger: bool,
    pub sandbox: Option<Sandboxed>,
    /// Never ask the destination anything: `plan`, and tests.
    pub offline: bool,
    /// Rows of each kind that a plan shows.
    pub samples: u64,
    /// `plan`: every row, to be kept.
    pub with_rows: bool,
    /// `run`: what it has to come to.
    pub planned: Option<Planned>,
    pub memory_limit: Option<String>,
}

/// Which sandbox a run talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sandboxed {
    /// One in this process.
    InProcess,
    /// One that is served at a URL.
    At(String),
}

/// Hears how a run goes on, for progress bars and logs.
pub trait Progress: Send + Sync {
    fn begin(&self, activation: &str, rows: u64);
    /// Rows that have an outcome now.
    fn settled(&self, activation: &str, rows: u64);
    fn done(&self, report: &ActivationReport);
    /// What went wrong beside the run, which goes on.
    fn aside(&self, _said: &str) {}
}

/// Why a command could not do its work.
#[derive(Debug)]
pub enum Trouble {
    /// With places in the project's files.
    Problems(Problems),
    Failure(Failure),
}

impl Trouble {
    /// As what stopped a run: the first of several problems speaks for all.
    fn stopped(&self, redactor: &Redactor) -> Stopped {
        match self {
            Trouble::Failure(failure) => failure.clone().into(),
            Trouble::Problems(problems) => {
                let first = problems.0.iter().find(|problem| problem.is_error());
                Stopped {
                    status: status(problems),
                    code: first.map_or_else(String::new, |first| first.code.into()),
                    message: first.map_or_else(String::new, |first| redactor.scrub(&first.told())),
                    help: first.and_then(|first| first.help.clone()).unwrap_or_default(),
                }
            }
        }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Trouble::Failure(failure)
    }
}

/// What problems come to: a source that cannot be reached is not the spec's fault.
pub fn status(problems: &Problems) -> Status {
    let outside = |code: &str| code == load::error::UNREACHABLE;
    match problems.0.iter().filter(|problem| problem.is_error()).any(|problem| outside(problem.code)) {
        true => Status::Unreachable,
        false if problems.any_error() => Status::Wrong,
        false => Status::Done,
    }
}
