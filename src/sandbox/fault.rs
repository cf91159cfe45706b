//! What goes wrong on purpose.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Reply;

/// `{"vendor": "...", "times": 2, "status": 429, "retry_after": 1}`: trouble for the next requests to a vendor.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fault {
    pub vendor: String,
    /// Only requests whose path holds this text.
    pub path: Option<String>,
    /// For so many requests; without it, until the desk is told otherwise.
    pub times: Option<u32>,
    /// Answered in place of the vendor, which does nothing.
    pub status: Option<u16>,
    /// Seconds, for a `Retry-After` header.
    pub retry_after: Option<u32>,
    /// The connection ends without an answer, once the vendor has done its work.
    pub lose_answer: bool,
    pub delay_ms: u64,
    /// A job begun meanwhile comes to nothing.
    pub fail_job: bool,
    /// A job begun meanwhile is done in its time, and never said to be.
    pub stall_job: bool,
    pub refuse: Vec<Refusal>,
}

/// `{"custom_id": "c-17", "reason": "..."}`: a record the vendor refuses, or, with `attribute`, a part of it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Refusal {
    pub reason: String,
    pub attribute: Option<String>,
    /// What the record's identifiers must hold.
    #[serde(flatten)]
    pub identifiers: Map<String, Value>,
}

impl Refusal {
    pub fn meets(&self, identifiers: &Map<String, Value>) -> bool {
        self.identifiers.iter().all(|(name, value)| identifiers.get(name) == Some(value))
    }
}

#[derive(Default)]
pub struct Script {
    faults: Vec<Fault>,
}

impl Script {
    pub fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    pub fn clear(&mut self) {
        self.faults.clear();
    }

    /// What befalls a request: all faults that meet it at once, each of them used up by one.
    pub fn turn(&mut self, vendor: &str, route: &str) -> Fault {
        let mut turn = Fault::default();
        for fault in self.faults.iter_mut().filter(|fault| fault.meets(vendor, route)) {
            fault.befall(&mut turn);
        }
        self.faults.retain(|fault| fault.times != Some(0));
        turn
    }
}

impl Fault {
    /// Adds itself to what befalls one request, which uses it up by one.
    pub fn befall(&mut self, turn: &mut Fault) {
        self.times = self.times.map(|times| times.saturating_sub(1));
        turn.status = turn.status.or(self.status);
        turn.retry_after = turn.retry_after.or(self.retry_after);
        turn.lose_answer |= self.lose_answer;
        turn.fail_job |= self.fail_job;
        turn.stall_job |= self.stall_job;
        turn.delay_ms = turn.delay_ms.max(self.delay_ms);
        turn.refuse.extend(self.refuse.iter().cloned());
    }

    fn meets(&self, vendor: &str, route: &str) -> bool {
        self.vendor == vendor
            && self.times != Some(0)
            && self.path.as_ref().is_none_or(|part| route.contains(part.as_str()))
    }

    pub fn spoil(&self, reply: Reply) -> Reply {
        let reply = Reply { delay_ms: reply.delay_ms + self.delay_ms, lost: reply.lost || self.lose_answer, ..reply };
        match self.retry_after {
            Some(seconds) => reply.header("retry-after", seconds),
            None => reply,
        }
    }
}
