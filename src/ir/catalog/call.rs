//! Calls: one request, and what is listed, begun or told by its answer.

use std::time::Duration;

use super::answer::{AnswerRule, Reader};
use super::{Condition, Template, Tree};
use crate::ir::ident::CallName;
use crate::ir::mode::Verdict;
use crate::ir::span::Span;

#[derive(Clone, Debug)]
pub struct Call {
    pub name: CallName,
    pub about: String,
    /// A verb, or a template for one (`{{ option.added.method }}`).
    pub method: String,
    pub path: Template,
    /// A whole URL in place of base and path (a result file).
    pub url: Option<Template>,
    pub query: Vec<(Template, Template)>,
    pub headers: Vec<(String, Template)>,
    /// `None`: no body.
    pub body: Option<Tree>,
    pub record: Option<Tree>,
    pub batch: Batch,
    pub limits: Vec<String>,
    /// Requests at once.
    pub in_flight: Option<u32>,
    pub send: Send,
    pub repeat: Repeat,
    /// It changes something at the destination; a look-up does not.
    pub writes: bool,
    /// `plan` may make it.
    pub plan: bool,
    /// Whether our credentials go along.
    pub auth: bool,
    pub format: Format,
    pub answer: Vec<AnswerRule>,
    pub readers: Vec<Reader>,
    /// What must be true before silence counts as yes.
    pub holds: Option<Condition>,
    pub list: Option<Listing>,
    pub job: Option<Job>,
    pub gives: Vec<(String, Template)>,
    pub examples: Vec<Example>,
}

impl Call {
    /// Calls that may have to follow it: a look after a lost answer, questions after its job, files that its answer names.
    pub fn leads_to(&self) -> impl Iterator<Item = &CallName> {
        let look = match &self.repeat {
            Repeat::After(name) => Some(name),
            Repeat::Safe | Repeat::Never => None,
        };
        let files = self.answer.iter().filter_map(|rule| rule.with.as_ref());
        look.into_iter().chain(self.job.as_ref().map(|job| &job.poll)).chain(files)
    }
}

/// What the body of a successful answer is, where it has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One that begins like JSON or like markup, and is no JSON, tells nothing: it was cut short, or is not the destination's.
    #[default]
    Json,
    /// One JSON value a line; the same holds for each.
    JsonLines,
    /// Whatever it is, the rules read it.
    Any,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub records: u32,
    pub bytes: Option<u64>,
    /// A number (of an option) that may lower `records`.
    pub at_most: Option<Template>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Send {
    /// Only the owed fields.
    Changed,
    All,
}

/// Whether a call may be sent again when its answer was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeat {
    Safe,
    /// After this call has looked.
    After(CallName),
    Never,
}

/// A paged GET that fills a table.
#[derive(Clone, Debug)]
pub struct Listing {
    pub items: Template,
    pub next: Option<Template>,
    pub more: Option<Template>,
    pub identifier: Option<Template>,
    pub learn: Vec<(String, Template)>,
    /// What makes it a list of choices: the id that is sent, and the label that people know.
    pub choice: Option<(Template, Template)>,
}

/// Work the destination does after it answered.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: Template,
    pub poll: CallName,
    /// First and longest pause between two questions.
    pub every: (Duration, Duration),
    pub wait: Duration,
    /// What a job that outlives `wait` counts as.
    pub then: Verdict,
    /// The run does not wait: `settle` or the next run asks.
    pub later: bool,
}

/// An answer and what it must be read as: run by `check`, since a misspelt path reads as "no errors".
#[derive(Clone, Debug)]
pub struct Example {
    pub name: String,
    pub span: Span,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: serde_json::Value,
    /// What the records are identified by; the service's first identifier where it does not say.
    pub identifier: Option<String>,
    /// Identifiers of the records sent, in order.
    pub sent: Vec<String>,
    pub expect: Expect,
}

#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// The verdict on the call (`read`, `split`, ...).
    pub answer: String,
    /// Verdicts of the records, in the order sent (`accepted`, `warning`, ...).
    pub records: Vec<String>,
    /// Parts of the reasons, in the order sent; empty text: no reason.
    pub reasons: Vec<String>,
}
