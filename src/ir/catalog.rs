//! What destinations declare: definitions after reading, `from:` resolved, names checked. Expressions stay text
//! (`docs/destination-format.md` says which names each of them may use).

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::ident::{CallName, KindName, ServiceName};
use super::mode::{ChangeKind, Mode, Verdict};
use super::slot::Slot;
use super::value::Family;

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

/// A token bucket, shared by everything that runs on one credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    pub requests: Option<u32>,
    /// Records (identifiers) instead of, or besides, requests.
    pub records: Option<u32>,
    pub per: Duration,
    /// How many more may go at once before the rate holds.
    pub burst: Option<u32>,
    /// What an answer says is left in this window.
    pub remaining: Option<Template>,
    /// What an answer says of the window's end: epoch seconds, or seconds from now.
    pub reset: Option<Template>,
}

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

#[derive(Clone, Debug)]
pub struct Service {
    pub name: ServiceName,
    pub title: String,
    pub about: String,
    /// When another service, or another tool, is the better choice.
    pub not_for: Vec<String>,
    pub unverified: Vec<String>,
    pub origin: String,
    pub options: Vec<Setting>,
    pub one_of: Vec<Vec<String>>,
    pub identifiers: Vec<Identifier>,
    /// Whether `identify all` is allowed.
    pub identify_all: bool,
    pub fields: Vec<Field>,
    pub dots: Dots,
    /// How fields are read that only the account's own list knows, where `map` may name them.
    pub account_fields: Option<AccountFields>,
    pub custom: Option<Custom>,
    /// At most so many fields (standard and custom) in one record.
    pub max_fields: Option<u32>,
    /// Objects that go whole or not at all, by their top name.
    pub whole: Vec<String>,
    /// The option (a list of field names) that says what a create needs besides `required_on_create`.
    pub mandatory: Option<String>,
    /// Whether `map` and `custom` make sense in membership.
    pub membership_fields: bool,
    /// What `mode update` does with new rows where the pipeline does not say.
    pub hold_new_rows: bool,
    /// Days after which an absent row is tried again.
    pub absent_retry_days: u32,
    /// In the order of the documentation: the first is the default.
    pub modes: Vec<(Mode, Vec<Route>)>,
    pub calls: BTreeMap<CallName, Call>,
    pub prepare: Vec<Prepare>,
    pub readback: Option<Readback>,
    pub refuse: Vec<Refusal>,
}

impl Service {
    pub fn routes(&self, mode: Mode) -> Option<&[Route]> {
        self.modes.iter().find(|(name, _)| *name == mode).map(|(_, routes)| routes.as_slice())
    }

    /// The identifier of that name, else the one declared as `*`, which stands for any name.
    pub fn identifier(&self, name: &str) -> Option<&Identifier> {
        let named = |wanted: &str| self.identifiers.iter().find(|identifier| identifier.name == wanted);
        named(name).or_else(|| named(ANY))
    }

    /// What conditions can say of an identifier: its name, whether it is the destination's own id, its `extra`.
    pub fn identifier_facts(&self, name: &str) -> serde_json::Value {
        let known = self.identifier(name);
        let extra = known.into_iter().flat_map(|identifier| identifier.extra.clone());
        let mut facts: serde_json::Map<_, _> = extra.collect();
        facts.insert("name".to_string(), name.into());
        facts.insert("remote_id".to_string(), known.is_some_and(|identifier| identifier.remote_id).into());
        serde_json::Value::Object(facts)
    }

    /// The field of that name, else the one declared as `*`, which stands for any name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        let named = |wanted: &str| self.fields.iter().find(|field| field.is_called(wanted));
        named(name).or_else(|| named(ANY))
    }
}

/// An identifier or field of this name stands for every name; `{name}` in its pointer is the name used.
pub const ANY: &str = "*";

/// A token of RFC 9110.
pub fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether dots of a target nest objects or belong to flat names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Dots {
    #[default]
    Nest,
    Name,
}

#[derive(Clone, Debug)]
pub struct Identifier {
    pub name: String,
    pub about: String,
    pub placement: Placement,
    pub normalise: Vec<Normalise>,
    /// Values that stand for "nobody" (`null`, `undefined`), compared without case.
    pub refuse: Vec<String>,
    /// Values, as normalised, that stand for somebody and are refused all the same.
    pub refuse_patterns: Vec<Refused>,
    /// It is the destination's own id of the record.
    pub remote_id: bool,
    /// Further words the calls use for it (`match: email`), read as `identifier.NAME`.
    pub extra: BTreeMap<String, serde_json::Value>,
}

/// What a value looks like that is not taken, and why: `refuse: [{pattern: ..., reason: looks hashed}]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub pattern: String,
    /// Follows the identifier's name: "the identifier email looks hashed".
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalise {
    Trim,
    Lower,
    Upper,
    /// All but digits goes.
    Digits,
}

#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    /// Other names that pipelines may use for it (a number, a label).
    pub also: Vec<String>,
    pub about: String,
    pub placement: Placement,
    /// The destination computes it: never a target.
    pub read_only: bool,
    /// A create needs it: unmapped is an error, NULL makes the row invalid.
    pub required_on_create: bool,
    pub extra: BTreeMap<String, serde_json::Value>,
}

impl Field {
    pub fn is_called(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name).chain(&self.also).map(String::as_str)
    }
}

/// Where and how a value goes on the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// JSON pointer; `{name}` and `{id}` are filled in for custom attributes and account fields.
    pub at: String,
    pub wire: Wire,
    /// Words for booleans (and other values) before they leave: `true -> subscribed`.
    pub words: Vec<(String, serde_json::Value)>,
    /// The only values the destination takes.
    pub values: Vec<serde_json::Value>,
    /// Characters.
    pub min: Option<u32>,
    pub max: Option<u32>,
    pub max_items: Option<u32>,
    pub digits: Digits,
    /// The least and the greatest number, be it sent as a number or as text.
    pub between: Option<(f64, f64)>,
    pub pattern: Option<String>,
    /// The same in words; follows "does not look like".
    pub pattern_help: Option<String>,
    /// NULL members of structs are left out.
    pub skip_null: bool,
    /// What each object of a list must have: those that lack it are left out.
    pub needs: Vec<String>,
    pub clear: Clear,
    /// The vendor's own word for the type, used when an attribute is created.
    pub native: Option<String>,
    /// Families this target takes; empty: whatever converts.
    pub from: Vec<Family>,
    /// The listing of the ids and labels that may be chosen, where the account keeps them.
    pub choices: Option<CallName>,
    /// What values can look like that are taken and still not what was meant.
    pub warn: Vec<Caution>,
}

impl Placement {
    /// The placement of one name, where the pointer says `{name}`.
    pub fn named(&self, name: &str) -> Placement {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        Placement { at: self.at.replace("{name}", &escaped), ..self.clone() }
    }
}

/// How many digits a number may have, as it is written on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digits {
    pub all: Option<u32>,
    pub before_point: Option<u32>,
}

/// Values that match are told of before they are first sent; they are sent all the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Caution {
    pub pattern: String,
    /// What the destination makes of them.
    pub says: String,
}

/// Wire types: a closed list, since each needs an exact rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    Text,
    Integer,
    /// Integers stay integers, decimals keep their digits, floats always show a point.
    Number,
    Boolean,
    /// `YYYY-MM-DD`
    Date,
    /// RFC 3339 in UTC, with `Z`
    DatetimeUtc,
    /// An array of texts
    List,
    /// Lists and structs as they are
    Json,
    /// A number or word from a list the account keeps
    Choice,
    /// An array of choices
    Choices,
}

impl Wire {
    pub const ALL: [Wire; 10] = [
        Wire::Text,
        Wire::Integer,
        Wire::Number,
        Wire::Boolean,
        Wire::Date,
        Wire::DatetimeUtc,
        Wire::List,
        Wire::Json,
        Wire::Choice,
        Wire::Choices,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Wire::Text => "text",
            Wire::Integer => "integer",
            Wire::Number => "number",
            Wire::Boolean => "boolean",
            Wire::Date => "date",
            Wire::DatetimeUtc => "datetime_utc",
            Wire::List => "list",
            Wire::Json => "json",
            Wire::Choice => "choice",
            Wire::Choices => "choices",
        }
    }

    pub fn parse(name: &str) -> Option<Wire> {
        Wire::ALL.into_iter().find(|wire| wire.name() == name)
    }
}

/// How a value is taken away at the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Clear {
    /// It cannot be: `null = clear` is an error.
    #[default]
    Never,
    ExplicitNull,
    EmptyText,
}

#[derive(Clone, Debug)]
pub struct Custom {
    /// What a name must look like.
    pub name: String,
    pub name_help: String,
    pub create: bool,
    /// By type word; each family has a default (`default_for`), others are asked for with `{ type = ... }`.
    pub types: Vec<CustomType>,
    pub known: Option<Known>,
    /// Names that may not be used.
    pub reserved: Vec<String>,
    /// Names that differ in letter case alone are one.
    pub fold_case: bool,
}

impl Custom {
    /// Whether two names mean one attribute.
    pub fn same(&self, one: &str, other: &str) -> bool {
        one == other || (self.fold_case && one.to_lowercase() == other.to_lowercase())
    }
}

/// A record read again after it was written, at a destination that may take a value and not keep it. The first batch of a
/// run is, before a second one leaves.
#[derive(Clone, Debug)]
pub struct Readback {
    pub when: Option<Condition>,
    /// A record of every batch is read, not only one of the first.
    pub every: Option<Condition>,
    /// Gives the remote id of a record that has none.
    pub find: Option<CallName>,
    pub call: CallName,
    /// What must not be: asked of the record as a whole.
    pub record: Vec<RecordRule>,
    /// And of each field that went along with a value.
    pub fields: Vec<RecordRule>,
}

/// What may not be written together, beyond what settings and fields say by themselves. Asked of each field where it speaks
/// of `field`, else of each identifier where it speaks of `identifier`, else once.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub when: Condition,
    pub says: Template,
    pub help: String,
    /// It goes, and is told all the same.
    pub warning: bool,
}

#[derive(Clone, Debug)]
pub struct CustomType {
    pub word: String,
    pub families: Vec<Family>,
    /// Only when the mapping says `{ type = WORD }`.
    pub ask: bool,
    pub placement: Placement,
}

/// The account's own list of fields: where it is read, how an item names itself, and what its types take.
#[derive(Clone, Debug)]
pub struct AccountFields {
    pub listing: CallName,
    /// Whether `item` is what the pipeline calls `field.name`.
    pub by: Template,
    pub id: Template,
    /// The vendor's word for the type, a key of `types`.
    pub kind: Template,
    /// The names it goes by, for suggestions.
    pub names: Template,
    /// By the vendor's word. Others cannot be written.
    pub types: Vec<(String, Placement)>,
}

/// Custom attributes that live in the account: found in a listing, created where missing.
#[derive(Clone, Debug)]
pub struct Known {
    pub listing: CallName,
    pub by: Template,
    /// What must be true of one that is found, or the mapping does not go together with it (its type).
    pub fits: Option<Condition>,
    pub gives: Vec<(String, Template)>,
    pub create: Option<CallName>,
}

/// Something that must exist before the first row: found in a listing, else created.
#[derive(Clone, Debug)]
pub struct Prepare {
    pub name: String,
    pub when: Option<Condition>,
    pub want: Template,
    pub listing: CallName,
    pub by: Template,
    pub gives: Vec<(String, Template)>,
    pub create: Option<CallName>,
}

/// One way through the calls for some kinds of change; the first whose `when` holds is taken.
#[derive(Clone, Debug)]
pub struct Route {
    pub rows: Vec<ChangeKind>,
    pub when: Option<Condition>,
    pub steps: Vec<Step>,
}

/// A step is taken by records whose last outcome is in `after` (the first step: by all).
#[derive(Clone, Debug)]
pub struct Step {
    pub action: StepAction,
    pub after: Vec<Verdict>,
    /// Records that have a remote id pass over this step with the outcome `found`.
    pub lacks_remote_id: bool,
}

#[derive(Clone, Debug)]
pub enum StepAction {
    Call(CallName),
    /// Read a whole listing and join it.
    Scan(CallName),
}

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
