//! Data fields and what their values may be.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pattern;

/// A copy of the vendor's help page says 1,000; an older page 255.
const TEXT_CHARS_MAX: usize = 1000;
/// Digits before the decimal mark.
const WHOLE_DIGITS_MAX: usize = 18;

static NAME: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[A-Za-z0-9_-]{1,20}$"));
static INSTANT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"));

const RESERVED: [&str; 16] = [
    "account",
    "campaign",
    "campaignid",
    "contact",
    "contact_api_id",
    "contactid",
    "email",
    "hcontactid",
    "hemail",
    "hemail256",
    "id",
    "messagecontent",
    "mobilenumberid",
    "notes",
    "unsubscribed",
    "uniquecontactid",
];

/// A data field of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataField {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub visibility: String,
    pub default_value: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    String,
    Numeric,
    Date,
    Boolean,
}

impl DataField {
    pub fn new(name: &str, kind: Kind) -> Self {
        DataField { name: name.into(), kind, visibility: "Private".into(), default_value: None }
    }
}

/// Those that every account has.
pub fn built_in() -> Vec<DataField> {
    ["FIRSTNAME", "LASTNAME", "FULLNAME", "GENDER", "POSTCODE"].map(|name| DataField::new(name, Kind::String)).into()
}

/// Why a field cannot be called so.
pub fn bad_name(name: &str) -> Option<&'static str> {
    if !NAME.is_match(name) {
        return Some("a name has 1 to 20 letters, digits, hyphens and underscores");
    }
    RESERVED.contains(&name.to_ascii_lowercase().as_str()).then_some("the name is reserved")
}

impl Kind {
    pub fn parse(word: &str) -> Option<Kind> {
        [Kind::String, Kind::Numeric, Kind::Date, Kind::Boolean].into_iter().find(|kind| kind.name() == word)
    }

    pub fn name(self) -> &'static str {
        match self {
            Kind::String => "String",
            Kind::Numeric => "Numeric",
            Kind::Date => "Date",
            Kind::Boolean => "Boolean",
        }
    }

    /// What a value would be kept as, for people that are known beforehand.
    pub fn of(value: &Value) -> Kind {
        match value {
            Value::Bool(_) => Kind::Boolean,
            Value::Number(_) => Kind::Numeric,
            Value::String(text) if is_instant(text) => Kind::Date,
            _ => Kind::String,
        }
    }

    /// Why a value, which is not null, cannot be one of the field's.
    pub fn refuses(self, value: &Value) -> Option<Refused> {
        let typed = match (self, value) {
            (Kind::String, Value::String(text)) if text.chars().count() > TEXT_CHARS_MAX => {
                return Some(Refused::Content("ERROR_DATAFIELD_VALUE_OVERFLOW"));
            }
            (Kind::Numeric, Value::Number(number)) if whole_digits(&number.to_string()) > WHOLE_DIGITS_MAX => {
                return Some(Refused::Content("ERROR_DATAFIELD_VALUE_OVERFLOW"));
            }
            (Kind::Date, Value::String(text)) => is_instant(text),
            (Kind::String, Value::String(_)) | (Kind::Numeric, Value::Number(_)) | (Kind::Boolean, Value::Bool(_)) => {
                true
            }
            _ => false,
        };
        (!typed).then_some(Refused::Type)
    }
}

/// A wrong type is the client's mistake; a value that is too long may be anybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    Type,
    Content(&'static str),
}

fn whole_digits(number: &str) -> usize {
    number.trim_start_matches('-').chars().take_while(char::is_ascii_digit).count()
}

fn is_instant(text: &str) -> bool {
    INSTANT.is_match(text) && text.parse::<Timestamp>().is_ok()
}
