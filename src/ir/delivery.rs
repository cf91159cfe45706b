//! What goes to a destination and what comes back.

use std::time::Duration;

use super::ident::CallName;
use super::mode::Verdict;
use super::offer::Offer;

/// The number of a row in the delta table of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeltaRow(pub u64);

/// A request, ready to be sent. `secret_headers` name the headers no report may show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub secret_headers: Vec<String>,
    pub body: Option<String>,
    pub timeout: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// Why no answer came. `Unreached`: the request never left; `Lost`: it may have been carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    #[error("{0}")]
    Unreached(String),
    #[error("{0}")]
    Lost(String),
}

/// What became of one offered row.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub row: DeltaRow,
    pub verdict: Verdict,
    pub reason: Option<String>,
    /// Accepted with something to say.
    pub warning: bool,
    pub remote_id: Option<String>,
    pub job: Option<JobId>,
    /// Positions of fields refused alone.
    pub refused: Vec<usize>,
    /// Every field with a value was in the request; otherwise the owed ones were.
    pub sent_all: bool,
    /// No writing request that held the row can have had an effect: a look-up settled it, or nothing ever left.
    pub unsent: bool,
    /// The request that decided, by its number in this run.
    pub request: u64,
}

/// A vendor's job and the call that submitted it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct JobId {
    pub call: CallName,
    pub id: String,
}

/// A job that rows of the ledger wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingJob {
    pub job: JobId,
    /// Seconds since it was submitted.
    pub age_s: u64,
    pub rows: u64,
}

/// A job found in the ledger, with the rows that wait for it.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenJob {
    pub job: JobId,
    /// Seconds since it was submitted.
    pub age_s: u64,
    pub offers: Vec<Offer>,
}

/// A listing that the records of a run are looked up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanId {
    /// Among the calls of the delivery.
    pub number: usize,
    /// The identifier it goes by.
    pub which: usize,
}

/// A page of such a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanPage {
    pub id: ScanId,
    /// Identifier, as the destination spells it, and the destination's id.
    pub items: Vec<(String, String)>,
    pub first: bool,
    pub last: bool,
}

/// A request, told for the ledger and for `explain`: no secrets, no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestNote {
    pub number: u64,
    pub call: CallName,
    pub method: String,
    pub url: String,
    pub records: usize,
    pub status: Option<u16>,
    /// The beginning of the answer.
    pub answer: String,
}

/// Why delivery ended before its rows did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    /// A definition's `stop`: credentials, configuration.
    Refused(String),
    /// Something must be there before the first row, and is not, or is something else.
    NotReady(String),
    /// No answer could be had, again and again.
    Unreachable(String),
    /// A guard on outcomes.
    Guard(String),
    /// Ctrl-C or SIGTERM.
    Interrupted,
    /// The ledger could not be written.
    Ledger(String),
    /// Sendoff itself failed.
    Fault(String),
}
