//! What destinations declare: definitions after reading, `from:` resolved, names checked. Expressions stay text
//! (`docs/destination-format.md` says which names each of them may use).
//!
//! One vocabulary: whoever uses a word finds it here, whichever of the files below has it.

mod answer;
mod call;
mod field;
mod service;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::ident::{CallName, KindName};
use super::mode::Mode;
use super::slot::Slot;

pub use answer::{Answer, AnswerRule, Match, Reader, RecordRule, RecordVerdict};
pub use call::{Batch, Call, Example, Expect, Format, Job, Listing, Repeat, Send};
pub use field::{Caution, Clear, Digits, Field, Identifier, IdentifierKind, Normalise, Placement, Refused, Wire};
pub use service::{
    ANY, AccountFields, Custom, CustomType, Dots, Known, Prepare, Readback, Refusal, Route, Service, Step, StepAction,
};

/// Every destination of the product and of the project.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    pub destinations: BTreeMap<KindName, Destination>,
}

/// A bare minijinja expression (`status == 202`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Condition(pub String);

/// Text that may hold `{{ expr }}`; where it is exactly one such expression it stands for that value, not for text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Template(pub String);

/// A JSON tree whose strings are templates; `$records`, `$record`, `$mapped`, `$fields` and `$identifiers` stand for rows.
pub type Tree = serde_json::Value;

#[derive(Clone, Debug)]
pub struct Destination {
    pub kind: KindName,
    pub title: String,
    pub about: String,
    /// The file it came from, as a reader would look for it.
    pub origin: String,
    /// In the order written, which is the order of the documentation.
    pub settings: Vec<Setting>,
    /// Groups of settings of which exactly one must be given whole.
    pub one_of: Vec<Vec<String>>,
    pub base_url: Template,
    /// Evaluated for each attempt; a header whose value is none is not sent. The name `*` stands for several: its value is
    /// an object of names and values.
    pub headers: Vec<(String, Template)>,
    pub token: Option<Token>,
    pub limits: BTreeMap<String, Limit>,
    /// Tried after a call's own rules.
    pub answer: Vec<AnswerRule>,
    /// A call that says which account a key opens; part of the target.
    pub account: Option<CallName>,
    pub services: Vec<Service>,
    /// Facts about the vendor that no public source settles.
    pub unverified: Vec<String>,
    /// Where an OAuth-free connection test would go; `None` where every call has an effect.
    pub test: Option<CallName>,
}

impl Destination {
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name.as_str() == name)
    }
}

/// A setting of a destination, or an option of a service.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    pub name: String,
    pub kind: SettingKind,
    pub secret: bool,
    pub required: bool,
    /// Part of the target: another value is another ledger.
    pub identity: bool,
    /// Modes in which the setting must be given.
    pub needed_by: Vec<Mode>,
    pub default: Option<serde_json::Value>,
    /// The only values allowed, where the list is closed.
    pub values: Vec<String>,
    pub pattern: Option<String>,
    /// The only names that may stand in a block, where the list is closed.
    pub parts: Vec<String>,
    /// Groups of these names of which at most one may be given, and that whole.
    pub one_of: Vec<Vec<String>>,
    pub about: String,
    /// Where calls put an option of type `template`.
    #[serde(skip)]
    pub slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingKind {
    Text,
    Url,
    Number,
    /// A whole number from 1
    Count,
    Boolean,
    /// A list or audience by its number or by its name.
    IdOrName,
    /// A list of texts.
    Texts,
    /// A block of names and values that go as headers.
    Headers,
    /// Anything, blocks included.
    Any,
    /// A text or a block of texts that may hold `{{ expr }}`. Where a call's template is exactly `{{ option.NAME.PART }}`,
    /// the option's own text or tree stands in its place before the call is compiled.
    Template,
}

/// OAuth2 client credentials and the like: one call that gives a token for the others.
#[derive(Clone, Debug)]
pub struct Token {
    pub when: Option<Condition>,
    pub url: Template,
    pub basic: Option<(Template, Template)>,
    pub form: Vec<(String, Template)>,
    pub gives: Template,
    /// Seconds the token lives.
    pub lives: Template,
    pub renew_before: Duration,
}

/// How fast everything that runs on one credential may go.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    pub requests: Option<u32>,
    /// Records (identifiers) instead of, or besides, requests.
    pub records: Option<u32>,
    pub per: Duration,
    /// How many may go at once before the rate holds. Without it no stretch of `per` holds more than the limit.
    pub burst: Option<u32>,
    /// What an answer says is left in this window.
    pub remaining: Option<Template>,
    /// What an answer says of the window's end: epoch seconds, or seconds from now.
    pub reset: Option<Template>,
}

/// A token of RFC 9110.
pub fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
