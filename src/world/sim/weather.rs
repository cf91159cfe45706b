//! What a run meets: drawn from a seed or written by hand, and always told in full.

use std::collections::BTreeMap;

use crate::sandbox::Fault;

/// What befalls one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// Answered in the vendor's place, who does nothing.
    Status { status: u16, retry_after: Option<u32> },
    /// Something in between answers, as if all were well, and nothing was done.
    Page,
    /// No connection came to stand.
    Unreached,
    /// Nothing came back, and nothing was done.
    TimedOut,
    /// Nothing came back, though it was done.
    AnswerLost,
    /// It was done, and half of the answer came.
    Truncated,
    /// It was done, and something in between said something else.
    NotJson,
    /// The job it begins comes to nothing.
    JobFails,
    /// The job it begins is done in its time, and never said to be.
    JobStalls,
    /// It leaves so many seconds later than it should have: the machine was asleep.
    Asleep(u64),
    /// What the sandbox can be told.
    Fault(Box<Fault>),
}

impl Trouble {
    /// What the vendor has to be told for it.
    pub(super) fn fault(&self) -> Option<Fault> {
        let fault = Fault::default();
        Some(match self {
            Trouble::Status { status, retry_after } => {
                Fault { status: Some(*status), retry_after: *retry_after, ..fault }
            }
            Trouble::AnswerLost => Fault { lose_answer: true, ..fault },
            Trouble::JobFails => Fault { fail_job: true, ..fault },
            Trouble::JobStalls => Fault { stall_job: true, ..fault },
            Trouble::Fault(fault) => Fault::clone(fault),
            _ => return None,
        })
    }
}

/// What a run is to meet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weather {
    /// Latencies, jitter and nonces are drawn from it.
    pub seed: u64,
    /// By the number of the request in this run, from 0.
    pub troubles: BTreeMap<u64, Trouble>,
    /// The process ends at this point, counted from 0; see [`Simulated::points`](super::Simulated::points).
    pub crash: Option<u64>,
    /// By the number of the request: seconds that the wall clock jumps.
    pub jumps: BTreeMap<u64, i64>,
    /// Threads that a delivery's requests may be shared between, taking turns here; 0 for one.
    pub threads: usize,
}
