//! Identifiers and fields: where and how values go on the wire.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Condition;
use crate::ir::ident::CallName;
use crate::ir::value::Family;

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
    pub kind: Option<IdentifierKind>,
    /// Further words the calls use for it (`match: email`), read as `identifier.NAME`.
    pub extra: BTreeMap<String, serde_json::Value>,
}

/// What identifiers are that advice can be given on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifierKind {
    /// People are reached by it, so it is compared in clear text: a hash of it finds nobody.
    Address,
    /// Given by the company once and for all: who gets another one is somebody else there.
    Id,
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
    /// It says what a person has agreed to.
    pub consent: bool,
    /// When a create needs it: unmapped is an error then, and NULL makes the row invalid.
    pub required_on_create: Option<Condition>,
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
