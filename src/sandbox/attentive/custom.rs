//! The types of custom attributes: made by the first value, kept ever after, the same for all people.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Attributes that the API may create.
pub const CREATED_MAX: usize = 100;

static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^-?\d+(\.\d+)?$").expect("the pattern is a constant"));

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Number,
    Boolean,
    Date,
    String,
}

impl Kind {
    /// Text counts for what it reads as: `"24"` makes a number of the attribute, for good.
    pub fn of(value: &Value) -> Kind {
        match value {
            Value::Number(_) => Kind::Number,
            Value::Bool(_) => Kind::Boolean,
            Value::String(text) if NUMBER.is_match(text) => Kind::Number,
            Value::String(text) if text.parse::<Date>().is_ok() || text.parse::<Timestamp>().is_ok() => Kind::Date,
            _ => Kind::String,
        }
    }

    /// Whether an attribute of this type takes the value.
    pub fn takes(self, value: &Value) -> bool {
        match self {
            Kind::String => value.is_string(),
            kind => Kind::of(value) == kind,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Kind::Number => "number",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::String => "string",
        }
    }
}
