//! A run told afterwards: one value that the human and the JSON report are two views of. Fields that a history written by an
//! earlier version lacks have their defaults.

use serde::{Deserialize, Serialize};

use super::change::{Cause, Counts};
use super::estimate::{Estimate, Total};

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
    /// Source, destination or ledger unreachable or refused, or sendoff itself failed.
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
#[serde(default)]
pub struct RunReport {
    pub run: String,
    /// Nothing was compared or sent, only asked after (`settle`).
    pub settles: bool,
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
#[serde(default)]
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
    /// What came of rows sent by earlier runs: those that waited for jobs, and those a person decided.
    pub settlement: Sent,
    /// What is still under way at the end.
    pub waiting: Waiting,
    /// What had to be made at the destination before the first row, as a person calls it.
    pub created: Vec<String>,
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
#[serde(default)]
pub struct Stopped {
    pub status: Status,
    pub code: String,
    pub message: String,
    pub help: String,
}

/// What went out and what came of it, in rows (but for `requests`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
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
    /// In a settlement: rows that wait no longer.
    pub settled: u64,
}

/// Jobs at the destination that rows wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Waiting {
    pub jobs: u64,
    pub rows: u64,
    /// Seconds since the oldest of them was submitted.
    pub oldest_s: u64,
}

impl Sent {
    /// Rows that went out and have an outcome; those offered and never sent have none.
    pub fn answered(&self) -> u64 {
        self.accepted + self.exists + self.absent + self.pending + self.rejected + self.failed + self.unclear
    }
}

/// What a run would do, for people and machines to look at before it does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanReport {
    pub environment: Option<String>,
    pub sandbox: bool,
    pub activations: Vec<ActivationPlan>,
    pub total: Total,
}

impl PlanReport {
    pub fn status(&self) -> Status {
        self.activations.iter().map(|activation| activation.status).max().unwrap_or_default()
    }

    pub fn has_changes(&self) -> bool {
        self.activations.iter().any(|activation| activation.counts.to_send() > 0)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActivationPlan {
    pub activation: String,
    pub target: String,
    pub mode: String,
    pub status: Status,
    pub causes: Vec<Cause>,
    pub counts: Counts,
    /// Rows that owe a field, by field; of rows sent in part.
    pub by_field: std::collections::BTreeMap<String, u64>,
    /// How many runs have written to the ledger.
    pub ledger: u64,
    /// A hash of what there is to do, row by row, in any order.
    pub digest: String,
    pub samples: Vec<SampleRow>,
    /// All rows, where a plan is to be kept with them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<SampleRow>,
    /// What the first requests would look like; secrets masked.
    pub requests: Vec<SampleRequest>,
    /// What must be there before the first row and is not: as a person calls it.
    pub creates: Vec<String>,
    /// What a run would ask of the destination; none where that cannot be said, or nothing would be sent.
    pub estimate: Option<Estimate>,
    /// Guards that would fire and other warnings.
    pub warnings: Vec<String>,
    pub stopped: Option<Stopped>,
    pub silent: Option<String>,
    /// What earlier runs left under way. A run asks after it first, and plans anew with the answers.
    pub waiting: Waiting,
}

/// A row of the plan. Values are text as a person reads them; `None` is NULL or never sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SampleRow {
    /// `added`, `changed` or `removed`.
    pub kind: String,
    pub key: String,
    pub identifier: Option<String>,
    pub fields: Vec<SampleField>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SampleField {
    pub field: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SampleRequest {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
}

/// A row that the engine or the destination refused, or that nobody knows the fate of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RejectedRow {
    pub key: String,
    pub identifier: Option<String>,
    /// `invalid` (refused here), `owed` (refused or failed there), `unclear`, `absent`, `warning` (accepted with
    /// something to say, fields refused alone among it), `pending` (refused before, tried again, and waiting for a job).
    pub state: String,
    pub reason: String,
    pub fields: Vec<String>,
    /// RFC 3339, UTC.
    pub since: Option<String>,
}

/// Everything the ledger holds of one row, beside what the source wants now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Explanation {
    pub activation: String,
    pub key: String,
    pub entry: Option<EntryView>,
    pub fields: Vec<ExplainedField>,
    /// What the next run does with the row, in a sentence.
    pub next: String,
    pub request: Option<RequestView>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntryView {
    pub state: String,
    pub since: Option<String>,
    pub acknowledged_at: Option<String>,
    pub identifiers: Vec<(String, Option<String>)>,
    pub remote_id: Option<String>,
    pub reason: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExplainedField {
    pub field: String,
    pub acknowledged: Option<String>,
    pub desired: Option<String>,
    pub refused: Option<String>,
}

/// The last request a row was in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestView {
    pub run: String,
    pub call: String,
    pub method: String,
    pub url: String,
    pub records: u64,
    pub status: Option<u16>,
    pub answer: String,
    pub at: String,
}

/// A ledger file, for `ledger list` and `ledger orphans`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerView {
    pub file: String,
    pub activation: String,
    pub target: String,
    pub mode: String,
    pub entries: u64,
    pub by_state: Vec<(String, u64)>,
    pub baseline_closed: bool,
    pub sequence: u64,
    /// No activation of the project uses it.
    pub orphan: bool,
    /// Why it could not be read, where it could not.
    pub problem: Option<String>,
}

impl From<Failure> for Stopped {
    fn from(Failure { status, code, message, help }: Failure) -> Stopped {
        Stopped { status, code, message, help }
    }
}

/// A command that could not do its work at all: what, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Failure {
    pub status: Status,
    pub code: String,
    pub message: String,
    pub help: String,
}
