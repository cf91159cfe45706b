//! A run told afterwards: one value that the human and the JSON report are two views of.

use serde::{Deserialize, Serialize};

use super::change::{Cause, Counts};

/// How a run ended, gravest last; `code` is the exit code (design: command line).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    Done,
    /// The spec, the project or the usage is wrong.
    Wrong,
    /// Done, but rows or fields were rejected or failed, or removals held back.
    Incomplete,
    /// A safeguard stopped it.
    Stopped,
    /// Source, destination or ledger unreachable or refused.
    Unreachable,
}

impl Status {
    pub fn code(self) -> u8 {
        match self {
            Status::Done => 0,
            Status::Wrong => 1,
            Status::Incomplete => 3,
            Status::Stopped => 4,
            Status::Unreachable => 5,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    pub run: String,
    pub environment: Option<String>,
    pub sandbox: bool,
    pub activations: Vec<ActivationReport>,
}

impl RunReport {
    pub fn status(&self) -> Status {
        self.activations.iter().map(|activation| activation.status).max().unwrap_or_default()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ActivationReport {
    pub run: String,
    pub activation: String,
    pub target: String,
    pub mode: String,
    /// RFC 3339, UTC.
    pub started: String,
    pub seconds: f64,
    pub status: Status,
    pub causes: Vec<Cause>,
    pub counts: Counts,
    pub sent: Sent,
    /// Guards and other warnings that fired.
    pub warnings: Vec<String>,
    /// What stopped it, and what to do.
    pub stopped: Option<Stopped>,
    /// Why nothing was sent, where nothing was.
    pub silent: Option<String>,
    /// Rows that stay owed: `--limit`, a stop, an interrupt.
    pub left: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stopped {
    pub code: String,
    pub message: String,
    pub help: String,
}

/// What went out and what came of it, in rows (but for `requests`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    pub requests: u64,
    pub offered: u64,
    pub accepted: u64,
    pub absent: u64,
    pub exists: u64,
    pub pending: u64,
    pub rejected: u64,
    pub failed: u64,
    pub unclear: u64,
    /// Rows accepted with fields refused alone.
    pub warned: u64,
    pub adopted: u64,
    pub settled: u64,
}
