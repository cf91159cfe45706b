//! Records on their way, and the batches they are cut into: by count, by bytes, by the identifier in use.

use crate::ir::delivery::{JobId, Outcome};
use crate::ir::mode::Verdict;
use crate::ir::offer::Offer;

/// Room for the envelope around the records of a body, in bytes.
pub const ENVELOPE: u64 = 1024;

/// A row on its way through its route.
#[derive(Clone, Debug)]
pub struct Rider {
    pub offer: Offer,
    /// The step it is at; `None` while a look goes before its route.
    pub step: Option<usize>,
    pub remote_id: Option<String>,
    /// The ledger has it marked in flight.
    pub marked: bool,
    /// A request with it has left, whatever came of it.
    pub left: bool,
    /// A writing request held it, and may have had an effect.
    pub sent: bool,
    /// One of them did so, for all that is known, and the last one's answer says nothing of it.
    pub doubtful: bool,
    pub sent_all: bool,
    /// The destination said that it does not have the record.
    pub missing: bool,
    /// How often an answer asked for this record again.
    pub tries: u32,
    pub warning: Option<String>,
    pub refused: Vec<usize>,
}

impl Rider {
    /// `remote_id` is known beforehand, or not yet.
    pub fn new(offer: Offer, remote_id: Option<String>) -> Rider {
        Rider {
            remote_id,
            offer,
            step: None,
            marked: false,
            left: false,
            sent: false,
            doubtful: false,
            sent_all: false,
            missing: false,
            tries: 0,
            warning: None,
            refused: Vec::new(),
        }
    }

    pub fn identifier(&self) -> &str {
        self.offer.identified_by()
    }

    /// How far along its route it is.
    pub fn depth(&self) -> usize {
        self.step.map_or(0, |step| step + 1)
    }

    /// Whatever becomes of it, there is something to say.
    pub fn warn(&mut self, reason: Option<String>) {
        self.warning = join(self.warning.take(), reason);
        self.warning.get_or_insert_default();
    }

    pub fn outcome(self, verdict: Verdict, reason: Option<String>, request: u64, job: Option<JobId>) -> Outcome {
        let warning = self.warning.is_some() && verdict == Verdict::Accepted;
        let reason = join(self.warning.filter(|text| warning && !text.is_empty()), reason);
        Outcome {
            row: self.offer.row(),
            verdict,
            reason,
            warning,
            remote_id: self.remote_id.filter(|_| verdict != Verdict::Absent),
            job: job.filter(|_| verdict == Verdict::Pending),
            refused: self.refused,
            sent_all: self.sent_all,
            // A refusal speaks of the last request alone, and so does an answer that there is no such record.
            unsent: !match verdict {
                Verdict::Rejected | Verdict::Absent => self.doubtful,
                _ => self.sent,
            },
            request,
        }
    }
}

fn join(old: Option<String>, new: Option<String>) -> Option<String> {
    match (old, new) {
        (Some(old), Some(new)) => Some(format!("{old}; {new}")),
        (old, new) => old.or(new),
    }
}

/// The records of one request: who they are, and their text, one after the other.
#[derive(Clone, Debug)]
pub struct Load {
    pub call: usize,
    pub riders: Vec<Rider>,
    pub text: Vec<u8>,
    /// Where each record's text ends.
    pub ends: Vec<usize>,
}

impl Load {
    pub fn new(call: usize) -> Load {
        Load { call, riders: Vec::new(), text: Vec::new(), ends: Vec::new() }
    }

    /// An empty one with room for as much as this one holds: most loads of a call are alike, and none has to grow.
    fn alike(&self) -> Load {
        Load {
            call: self.call,
            riders: Vec::with_capacity(self.len()),
            text: Vec::with_capacity(self.text.len() + self.text.len() / 16),
            ends: Vec::with_capacity(self.len()),
        }
    }

    pub fn push(&mut self, rider: Rider, record: &[u8]) {
        self.text.extend_from_slice(record);
        self.ends.push(self.text.len());
        self.riders.push(rider);
    }

    pub fn len(&self) -> usize {
        self.riders.len()
    }

    pub fn is_empty(&self) -> bool {
        self.riders.is_empty()
    }

    /// The text of the record at a place.
    pub fn record(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[at]]
    }

    /// Two loads of half the records each, to find the one that spoils the whole.
    pub fn halves(mut self) -> (Load, Load) {
        let (call, half) = (self.call, self.len() / 2);
        let (mut first, mut second) = (Load::new(call), Load::new(call));
        for (at, rider) in std::mem::take(&mut self.riders).into_iter().enumerate() {
            let load = if at < half { &mut first } else { &mut second };
            load.push(rider, self.record(at));
        }
        (first, second)
    }
}

/// Gathers the records of one call until a request is full.
#[derive(Debug)]
pub struct Batcher {
    load: Load,
    records: usize,
    bytes: Option<u64>,
}

impl Batcher {
    pub fn new(call: usize, records: usize, bytes: Option<u64>) -> Batcher {
        Batcher { load: Load::new(call), records, bytes }
    }

    /// Adds a record; gives the loads that are full now.
    pub fn add(&mut self, rider: Rider, record: &[u8]) -> Vec<Load> {
        let mut full = Vec::new();
        if !self.load.is_empty() && self.overflows(record.len()) {
            full.extend(self.cut());
        }
        self.load.push(rider, record);
        if self.load.len() >= self.records {
            full.extend(self.cut());
        }
        full
    }

    pub fn cut(&mut self) -> Option<Load> {
        let next = self.load.alike();
        (!self.load.is_empty()).then(|| std::mem::replace(&mut self.load, next))
    }

    pub fn len(&self) -> usize {
        self.load.len()
    }

    /// How far along their routes the first of its records are.
    pub fn depth(&self) -> Option<usize> {
        self.load.riders.iter().map(Rider::depth).min()
    }

    fn overflows(&self, record: usize) -> bool {
        let commas = self.load.len() + 1;
        self.bytes.is_some_and(|most| (self.load.text.len() + record + commas) as u64 + ENVELOPE > most)
    }
}
