//! Answers judged on three levels: the call as a whole, what the answer says of single records, and what its silence means.

mod example;
mod records;

pub use example::{ExampleRead, judge_example, read_example};
pub use records::{Judged, Reading, Sent};

use serde_json::{Value as Json, json};

use crate::ir::catalog::{Answer, AnswerRule, Call, Condition, Format, RecordRule, RecordVerdict, Template};
use crate::ir::delivery::Response;
use crate::ir::ident::CallName;
use crate::ir::secret::Redactor;
use crate::template::{Datum, Engine, Expression, Scope, Text};

/// How much of an answer goes into reasons and notes, in characters.
pub const EXCERPT: usize = 300;

/// A call's rules, compiled.
#[derive(Clone, Debug)]
pub struct Judge {
    answer: Vec<Rule>,
    readers: Vec<records::Reads>,
    holds: Option<Expression>,
    format: Format,
    /// Texts of answers are cleaned and cut here, where they become reasons, and nowhere later.
    redactor: Redactor,
}

/// Rules for what was read back, compiled.
#[derive(Clone, Debug)]
pub struct Rules(Vec<ItemRule>);

impl Rules {
    pub fn new(rules: &[RecordRule]) -> Result<Rules, String> {
        let engine = Engine::lenient();
        rules.iter().map(|rule| ItemRule::new(engine, rule)).collect::<Result<_, _>>().map(Rules)
    }

    /// What the first rule that holds says, with its reason.
    pub fn first(&self, scope: &Scope) -> Option<(RecordVerdict, String)> {
        let rule = self.0.iter().find(|rule| holds(rule.when.as_ref(), scope))?;
        Some((rule.is, rule.reason.as_ref().and_then(|reason| told(reason, scope)).unwrap_or_default()))
    }
}

#[derive(Clone, Debug)]
struct Rule {
    when: Option<Expression>,
    is: Answer,
    reason: Option<Text>,
    remote_id: Option<Text>,
    until: Option<Text>,
    with: Option<CallName>,
}

/// What an answer means for its call.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    pub is: Answer,
    pub reason: Option<String>,
    pub remote_id: Option<String>,
    /// Epoch seconds, or seconds from now.
    pub until: Option<f64>,
    pub with: Option<CallName>,
}

impl Judge {
    /// The call's own rules come before the connection's, and before all of them that an answer has to be JSON.
    pub fn new(call: &Call, shared: &[AnswerRule], redactor: Redactor) -> Result<Judge, String> {
        let engine = Engine::lenient();
        let garbled = (call.format != Format::Any).then(AnswerRule::garbled);
        let rules = garbled.iter().chain(&call.answer).chain(shared);
        Ok(Judge {
            answer: rules.map(|rule| Rule::new(engine, rule)).collect::<Result<_, _>>()?,
            readers: call.readers.iter().map(|reader| records::Reads::new(engine, reader)).collect::<Result<_, _>>()?,
            holds: call.holds.as_ref().map(|condition| condition_of(engine, condition)).transpose()?,
            format: call.format,
            redactor,
        })
    }

    /// The scope that an answer is read in.
    pub fn scope(&self, base: &Scope, response: &Response) -> Scope {
        let headers = response.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()));
        let (body, broken) =
            if self.format == Format::JsonLines { lines(&response.body) } else { parsed(&response.body) };
        base.with_datum("status", usize::from(response.status).into())
            .with_datum("headers", Datum::texts(headers))
            .with_datum("garbled", (broken && (200..300).contains(&response.status)).into())
            .with_datum("body", body)
    }

    /// The first rule that holds decides. Where none does, success is read record by record, and the rest has failed.
    pub fn whole(&self, scope: &Scope, response: &Response) -> Whole {
        let found = self.answer.iter().find(|rule| holds(rule.when.as_ref(), scope));
        match found {
            Some(rule) => Whole {
                is: rule.is,
                reason: rule
                    .reason
                    .as_ref()
                    .and_then(|reason| reason_of(reason, scope, &self.redactor))
                    .or_else(|| self.unasked(rule.is, response)),
                remote_id: rule.remote_id.as_ref().and_then(|text| id_of(text, scope, &self.redactor)),
                until: rule.until.as_ref().and_then(|text| number(text, scope)),
                with: rule.with.clone(),
            },
            None if (200..300).contains(&response.status) => Whole::plain(Answer::Read, None),
            None => Whole::plain(Answer::Every(crate::ir::mode::Verdict::Failed), Some(self.excerpt(response))),
        }
    }

    /// An answer's status and beginning, for those who must find out what went wrong.
    pub fn excerpt(&self, response: &Response) -> String {
        match response.body.trim() {
            "" => format!("status {}", response.status),
            body => format!("status {}: {}", response.status, self.redactor.excerpt(body, EXCERPT)),
        }
    }

    /// Refusals without a reason of their own are told by status and body; what is no refusal needs none.
    fn unasked(&self, is: Answer, response: &Response) -> Option<String> {
        use crate::ir::mode::Verdict;
        match is {
            Answer::Every(
                Verdict::Accepted | Verdict::Found | Verdict::Exists | Verdict::Absent | Verdict::Pending,
            )
            | Answer::Read
            | Answer::Running => None,
            _ => Some(self.excerpt(response)),
        }
    }
}

impl Whole {
    fn plain(is: Answer, reason: Option<String>) -> Whole {
        Whole { is, reason, remote_id: None, until: None, with: None }
    }
}

impl Rule {
    fn new(engine: Engine, rule: &AnswerRule) -> Result<Rule, String> {
        Ok(Rule {
            when: rule.when.as_ref().map(|condition| condition_of(engine, condition)).transpose()?,
            is: rule.is,
            reason: rule.reason.as_ref().map(|text| text_of(engine, text)).transpose()?,
            remote_id: remote_id_of(engine, &rule.learn)?,
            until: rule.until.as_ref().map(|text| text_of(engine, text)).transpose()?,
            with: rule.with.clone(),
        })
    }
}

/// The number a template comes to, be it a number or text that reads as one.
pub fn number(text: &Text, scope: &Scope) -> Option<f64> {
    let value = text.value(scope).ok()?;
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// The text a template comes to, where it comes to any.
fn told(text: &Text, scope: &Scope) -> Option<String> {
    let told = text.text(scope).ok().flatten()?;
    Some(told.trim().to_string()).filter(|told| !told.is_empty())
}

/// An id is kept in the ledger and travels in paths. One that holds a secret is none: somebody says back what they heard.
fn id_of(text: &Text, scope: &Scope, redactor: &Redactor) -> Option<String> {
    told(text, scope).filter(|id| redactor.scrub(id) == *id)
}

fn reason_of(text: &Text, scope: &Scope, redactor: &Redactor) -> Option<String> {
    told(text, scope).map(|told| redactor.excerpt(&told, EXCERPT))
}

/// A condition that fails to evaluate does not hold: the answer is not of the shape its rule is about.
fn holds(when: Option<&Expression>, scope: &Scope) -> bool {
    when.is_none_or(|when| when.truth(scope).unwrap_or(false))
}

fn condition_of(engine: Engine, condition: &Condition) -> Result<Expression, String> {
    engine.expression(&condition.0).map_err(|error| format!("`{}`: {error}", condition.0))
}

fn text_of(engine: Engine, template: &Template) -> Result<Text, String> {
    engine.text(template).map_err(|error| format!("`{}`: {error}", template.0))
}

fn remote_id_of(engine: Engine, learn: &[(String, Template)]) -> Result<Option<Text>, String> {
    let found = learn.iter().find(|(name, _)| name == "remote_id");
    found.map(|(_, template)| text_of(engine, template)).transpose()
}

/// Whether text that is no JSON was cut short, or is a page of something in between. One that begins neither like JSON nor
/// like markup may be what some destination answers.
pub fn is_broken(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[', '"', '<'])
}

/// JSON where it is JSON, text where it is not, none where it is empty.
fn parsed(body: &str) -> (Datum, bool) {
    match Datum::parse(body) {
        Some(body) => (body, false),
        None if body.trim().is_empty() => (Datum::of(&Json::Null), false),
        None => (Datum::of(&json!(body)), is_broken(body)),
    }
}

fn lines(body: &str) -> (Datum, bool) {
    let mut broken = false;
    let lines = body.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        serde_json::from_str(line).unwrap_or_else(|_| {
            broken |= is_broken(line);
            json!(line)
        })
    });
    let items = Json::Array(lines.collect());
    (Datum::of(&items), broken)
}

/// The word a definition would use.
pub fn verdict_name(verdict: RecordVerdict) -> &'static str {
    match verdict {
        RecordVerdict::Is(verdict) => verdict.name(),
        RecordVerdict::Warning => "warning",
        RecordVerdict::Retry => "retry",
        RecordVerdict::Stop => "stop",
    }
}

/// One rule for an item of an answer, compiled.
#[derive(Clone, Debug)]
struct ItemRule {
    when: Option<Expression>,
    is: RecordVerdict,
    reason: Option<Text>,
    remote_id: Option<Text>,
    field: Option<Text>,
}

impl ItemRule {
    fn new(engine: Engine, rule: &RecordRule) -> Result<ItemRule, String> {
        Ok(ItemRule {
            when: rule.when.as_ref().map(|condition| condition_of(engine, condition)).transpose()?,
            is: rule.is,
            reason: rule.reason.as_ref().map(|text| text_of(engine, text)).transpose()?,
            remote_id: remote_id_of(engine, &rule.learn)?,
            field: rule.field.as_ref().map(|text| text_of(engine, text)).transpose()?,
        })
    }
}
