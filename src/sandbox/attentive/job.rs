//! Bulk jobs: taken in at once, worked off hours later, kept for two weeks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::error;
use super::people::People;
use super::record::Record;
use super::{RECORD_BYTES_MAX, Rates};
use crate::sandbox::Call;

const HOUR_MS: u64 = 60 * 60 * 1000;
const DAY_MS: u64 = 24 * HOUR_MS;
const KEPT_MS: u64 = 14 * DAY_MS;

/// Records of a day that are worked off within four hours; the others, within twelve.
const SOON_RECORDS: u64 = 10_000;

#[derive(Default, Serialize, Deserialize)]
pub struct Jobs {
    jobs: BTreeMap<String, Job>,
    /// Records taken in, by day.
    days: BTreeMap<u64, u64>,
}

#[derive(Serialize, Deserialize)]
pub struct Job {
    begun_ms: u64,
    due_ms: u64,
    /// It comes to nothing.
    fails: bool,
    /// Its status never says that it is done.
    #[serde(default)]
    stalls: bool,
    done: bool,
    users: Vec<Value>,
    /// Why a record is refused on purpose, one for each.
    refused: Vec<Option<String>>,
    /// One for each record, once it is done.
    results: Vec<Value>,
}

impl Jobs {
    pub fn add(&mut self, mut job: Job, rates: Rates) -> String {
        let today = self.days.entry(job.begun_ms / DAY_MS).or_default();
        *today += job.users.len() as u64;
        let hours = if *today <= SOON_RECORDS { 2 } else { 8 };
        job.due_ms = match rates {
            Rates::AsDocumented => job.begun_ms + hours * HOUR_MS,
            Rates::Relaxed => job.begun_ms,
        };
        let id = format!("bulk-job-{:06}", self.jobs.len() + 1);
        self.jobs.insert(id.clone(), job);
        id
    }

    /// Works off a job that is asked for and due, after those that came before it.
    pub fn work(&mut self, id: &str, at_ms: u64, people: &mut People) {
        let before = self.jobs.iter_mut().filter(|(known, _)| known.as_str() <= id);
        before.for_each(|(_, job)| job.work(at_ms, people));
    }

    pub fn kept(&self, id: &str, at_ms: u64) -> Option<&Job> {
        self.jobs.get(id).filter(|job| at_ms.saturating_sub(job.begun_ms) <= KEPT_MS)
    }
}

impl Job {
    pub fn new(users: Vec<Value>, refused: Vec<Option<String>>, call: &Call<'_>) -> Self {
        let (begun_ms, fails, stalls) = (call.request.at_ms, call.fail_job, call.stall_job);
        Job { begun_ms, due_ms: begun_ms, fails, stalls, done: false, users, refused, results: Vec::new() }
    }

    fn work(&mut self, at_ms: u64, people: &mut People) {
        if self.done || at_ms < self.due_ms {
            return;
        }
        self.done = true;
        if !self.fails {
            let records = self.users.iter().zip(&self.refused);
            self.results = records.map(|(user, refused)| result(user, refused.as_deref(), people)).collect();
        }
    }

    pub fn status(&self, id: &str, origin: &str) -> Value {
        let status = match (self.done && !self.stalls, self.fails) {
            (false, _) => "IN_PROGRESS",
            (true, true) => "FAILED",
            (true, false) => "COMPLETED",
        };
        let url =
            (status == "COMPLETED").then(|| format!("{origin}/attentive/files/{id}.jsonl?{}", self.signature(id)));
        json!({"bulkJobId": id, "status": status, "totalRecords": self.users.len(), "url": url})
    }

    /// The query of the file's address: whoever has it may read the file.
    pub fn signature(&self, id: &str) -> String {
        format!("signature={id}-{:x}", self.begun_ms ^ 0x5eed)
    }

    /// One line for each record: the request it was, and its answer. What is in a line is not documented beyond that.
    pub fn file(&self) -> String {
        let lines = self.users.iter().zip(&self.results);
        lines.map(|(user, response)| format!("{}\n", json!({"request": user, "response": response}))).collect()
    }
}

fn result(user: &Value, refused: Option<&str>, people: &mut People) -> Value {
    let answer = |status: u16, body: Value| json!({"status": status, "body": body});
    if user.to_string().len() > RECORD_BYTES_MAX {
        return answer(413, error("the record is too large"));
    }
    let written = match (refused, Record::read(user, "")) {
        (Some(reason), _) => Err(reason.to_string()),
        (None, Ok(record)) => people.apply(&record),
        (None, Err(_)) => Err("the record is not valid".into()),
    };
    match written {
        Ok(()) => answer(202, json!({"success": true})),
        Err(reason) => answer(400, error(&reason)),
    }
}
