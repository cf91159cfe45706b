//! A plan kept in a file, for a run that does just that or nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::change::Counts;
use super::run::{ActivationPlan, PlanReport, SampleRow};

/// Of the file; a run takes no other.
pub const FORMAT: u32 = 2;

/// Without `--with-rows` no row stands in it: hashes, counts and names alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedPlan {
    pub format: u32,
    /// The version that made it: what it compares is not promised to another one.
    pub sendoff: String,
    /// RFC 3339, UTC.
    pub made: String,
    pub environment: Option<String>,
    pub sandbox: bool,
    /// A hash of each of the project's files and of the definitions, by their paths below the project's folder.
    pub files: BTreeMap<String, String>,
    pub manner: SavedManner,
    pub activations: Vec<SavedActivation>,
}

/// What was asked for, so that the run need not be told again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedManner {
    pub only: Option<String>,
    pub full: bool,
    pub adopt: bool,
    pub again: bool,
    pub limit: Option<u64>,
    pub accept: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedActivation {
    pub activation: String,
    pub target: String,
    pub mode: String,
    /// How many runs had written to its ledger.
    pub ledger: u64,
    pub counts: Counts,
    /// A hash of what there is to do, row by row, in any order.
    pub digest: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<SampleRow>,
}

/// By how much the numbers of a plan may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Drift {
    Rows(u64),
    Percent(f64),
}

impl SavedPlan {
    pub fn of(report: &PlanReport) -> SavedPlan {
        SavedPlan {
            format: FORMAT,
            environment: report.environment.clone(),
            sandbox: report.sandbox,
            activations: report.activations.iter().map(SavedActivation::of).collect(),
            ..SavedPlan::default()
        }
    }
}

impl SavedActivation {
    fn of(plan: &ActivationPlan) -> SavedActivation {
        SavedActivation {
            activation: plan.activation.clone(),
            target: plan.target.clone(),
            mode: plan.mode.clone(),
            ledger: plan.ledger,
            counts: plan.counts.clone(),
            digest: plan.digest.clone(),
            rows: plan.rows.clone(),
        }
    }
}

impl Drift {
    /// Whether a number is near enough to the one that was planned.
    pub fn allows(self, planned: u64, now: u64) -> bool {
        let most = match self {
            Drift::Rows(rows) => rows as f64,
            Drift::Percent(percent) => planned as f64 * percent / 100.0,
        };
        planned.abs_diff(now) as f64 <= most
    }
}

impl std::str::FromStr for Drift {
    type Err = String;

    fn from_str(text: &str) -> Result<Drift, String> {
        let drift = match text.strip_suffix('%') {
            Some(percent) => percent.trim().parse().ok().filter(|percent| *percent >= 0.0).map(Drift::Percent),
            None => text.parse().ok().map(Drift::Rows),
        };
        drift.ok_or_else(|| "it must be a number of rows (`20`) or a percentage (`5%`)".into())
    }
}
