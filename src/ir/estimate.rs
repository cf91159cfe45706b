//! What a run will ask of its destination, as far as that can be known before it asks.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// From, to: equal where it is known exactly. Without `to`, nobody knows how much more it may be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span<T> {
    pub from: T,
    pub to: Option<T>,
}

impl<T: Copy> Span<T> {
    pub fn exactly(value: T) -> Span<T> {
        Span { from: value, to: Some(value) }
    }

    pub fn between(from: T, to: T) -> Span<T> {
        Span { from, to: Some(to) }
    }
}

impl<T: Copy + Default> Default for Span<T> {
    fn default() -> Span<T> {
        Span::exactly(T::default())
    }
}

impl<T: AddAssign> AddAssign for Span<T> {
    fn add_assign(&mut self, more: Span<T>) {
        self.from += more.from;
        match (&mut self.to, more.to) {
            (Some(to), Some(more)) => *to += more,
            (to, _) => *to = None,
        }
    }
}

/// Of one activation. Times are what the limits of the destination ask for, were every answer there at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Estimate {
    /// What prepares comes first, then the calls that rows meet.
    pub calls: Vec<CallEstimate>,
    /// Of all calls; questions after jobs are counted with the jobs.
    pub requests: Span<u64>,
    /// Jobs come on top.
    pub seconds: Span<f64>,
    /// The limit that takes longest.
    pub limit: Option<SlowestLimit>,
    pub jobs: Vec<JobEstimate>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallEstimate {
    pub call: String,
    pub purpose: Purpose,
    pub method: String,
    /// The path, with the expressions of its definition in braces: `/people/{record.remote_id}`.
    pub endpoint: String,
    /// The identifier in use, where the activation has several.
    pub identifier: Option<String>,
    pub requests: Span<u64>,
    pub records: Span<u64>,
    /// Records in a full request.
    pub full: u64,
    /// Requests are full by their bytes before they are full by their records.
    pub cut_by_bytes: bool,
    /// Of all records, judged by some of them; none where records have no text of their own.
    pub bytes: Option<Span<u64>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Something must be found or made before the first row.
    Preparation,
    #[default]
    Rows,
    /// Some of what was written is read again.
    Readback,
}

/// Jobs that one call submits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobEstimate {
    pub call: String,
    pub jobs: Span<u64>,
    /// How many the run waits for at the same time.
    pub at_once: u64,
    /// The calls that ask whether they are done, and for their results.
    pub asked_by: Vec<String>,
    /// Of those calls.
    pub requests: Span<u64>,
    /// Waiting alone: for the first question of each, and for as long as one is patient.
    pub seconds: Span<f64>,
    /// The run does not wait for them.
    pub later: bool,
    /// An earlier run began them; this one asks before it compares.
    pub earlier: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SlowestLimit {
    pub name: String,
    pub requests: Option<u32>,
    pub records: Option<u32>,
    pub per_seconds: f64,
}

/// Of all activations of a run, one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Total {
    pub requests: Span<u64>,
    pub seconds: Span<f64>,
    /// Waiting for jobs.
    pub job_seconds: Span<f64>,
}

impl Total {
    pub fn add(&mut self, estimate: &Estimate) {
        self.requests += estimate.requests;
        self.seconds += estimate.seconds;
        let waits = estimate.jobs.iter().filter(|jobs| !jobs.later && !jobs.earlier);
        waits.for_each(|jobs| self.job_seconds += jobs.seconds);
    }
}
