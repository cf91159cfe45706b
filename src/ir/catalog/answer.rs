//! Answers: what is read from them, on all three levels.

use serde::Serialize;

use super::{Condition, Template};
use crate::ir::ident::CallName;
use crate::ir::mode::Verdict;

/// One rule for an answer as a whole: the first whose `when` holds decides.
#[derive(Clone, Debug)]
pub struct AnswerRule {
    pub when: Option<Condition>,
    pub is: Answer,
    pub reason: Option<Template>,
    /// What the records learn from it (`remote_id`).
    pub learn: Vec<(String, Template)>,
    /// When to try again: epoch seconds, or seconds from now.
    pub until: Option<Template>,
    /// The call whose readers read this answer's follow-up (a result file).
    pub with: Option<CallName>,
}

impl AnswerRule {
    /// What goes before all other rules where answers are JSON.
    pub fn garbled() -> AnswerRule {
        let when = Some(Condition("garbled".into()));
        AnswerRule { when, is: Answer::Lost, reason: None, learn: Vec::new(), until: None, with: None }
    }
}

/// What an answer means for its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Read it record by record.
    Read,
    /// Every record of the call has this outcome.
    Every(Verdict),
    /// Every record is accepted, with something to say.
    Warning,
    /// Send again, with backoff.
    Retry,
    /// Too fast: wait; never a failure of a row.
    SlowDown,
    /// The token is stale: fetch another, once.
    Reauth,
    /// Refused whole: halve, until the bad record stands alone.
    Split,
    /// Nothing of this activation can go through.
    Stop,
    /// A job, or a result, that is not ready.
    Running,
    /// It exists already: read the listing again.
    Relist,
    /// Too many jobs at once: wait for one to end.
    WaitForJob,
    /// Nothing that tells whether it was done: as if no answer had come.
    Lost,
}

impl Answer {
    pub fn parse(name: &str) -> Option<Answer> {
        Some(match name {
            "read" => Answer::Read,
            "warning" => Answer::Warning,
            "retry" => Answer::Retry,
            "slow_down" => Answer::SlowDown,
            "reauth" => Answer::Reauth,
            "split" => Answer::Split,
            "stop" => Answer::Stop,
            "running" => Answer::Running,
            "relist" => Answer::Relist,
            "wait_for_job" => Answer::WaitForJob,
            "lost" => Answer::Lost,
            other => Answer::Every(Verdict::parse(other)?),
        })
    }

    pub const NAMES: [&'static str; 19] = [
        "read",
        "accepted",
        "warning",
        "found",
        "exists",
        "absent",
        "pending",
        "rejected",
        "failed",
        "unclear",
        "retry",
        "slow_down",
        "reauth",
        "split",
        "stop",
        "running",
        "relist",
        "wait_for_job",
        "lost",
    ];
}

/// One pass over an answer: the complaints it lists, each tied to its record; or what silence means.
#[derive(Clone, Debug)]
pub enum Reader {
    Each { each: Template, matching: Match, rules: Vec<RecordRule> },
    Others { is: RecordVerdict, reason: Option<Template> },
}

/// How an item of an answer names its record.
#[derive(Clone, Debug, Default)]
pub struct Match {
    pub index: Option<Template>,
    pub key: Option<Template>,
    /// The destination's own id, where a request names its records by that.
    pub remote_id: Option<Template>,
    pub fold_case: bool,
}

#[derive(Clone, Debug)]
pub struct RecordRule {
    pub when: Option<Condition>,
    pub is: RecordVerdict,
    pub reason: Option<Template>,
    pub learn: Vec<(String, Template)>,
    /// The target name of a field refused alone (`warning`), as the answer spells it.
    pub field: Option<Template>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordVerdict {
    Is(Verdict),
    /// Accepted, with something to say; a named field counts as refused with its value.
    Warning,
    /// Send this record again.
    Retry,
    /// The whole activation is misconfigured.
    Stop,
}

impl RecordVerdict {
    pub fn parse(name: &str) -> Option<RecordVerdict> {
        Some(match name {
            "warning" => RecordVerdict::Warning,
            "retry" => RecordVerdict::Retry,
            "stop" => RecordVerdict::Stop,
            other => RecordVerdict::Is(Verdict::parse(other)?),
        })
    }
}
