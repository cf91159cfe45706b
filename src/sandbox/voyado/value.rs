//! Attributes: which there are, and what their values may be.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;
use serde_json::Value;

use super::is_unknown;

static EMAIL: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[^@\s]+@[^@\s]+\.[^@\s.]+$"));
static PHONE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\+[0-9]{6,15}$"));
static PERSONAL: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[0-9]{6,8}[-+A]?[0-9A-Z]{4}$"));
static COUNTRY: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[A-Za-z]{2}$"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant")
}

/// Engage's own: writing them has no effect, and no client who knows it tries.
const COMPUTED: [&str; 10] = [
    "age",
    "memberNumber",
    "nps.averagegrade",
    "nps.datetime",
    "nps.grade",
    "retail.keyvalue.frequency",
    "retail.keyvalue.monetary",
    "retail.keyvalue.recency",
    "rfm",
    "id",
];

const STANDARD: [&str; 17] = [
    "birthDay",
    "careOf",
    "city",
    "country",
    "countryCode",
    "createdInStore",
    "email",
    "externalId",
    "firstName",
    "gender",
    "lang",
    "lastName",
    "mobilePhone",
    "socialSecurityNumber",
    "store",
    "street",
    "zipCode",
];

/// What a name of a payload stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Standard,
    Custom,
    Computed,
    /// Nobody made it: it is ignored, and nothing is said.
    Unknown,
}

pub fn kind(name: &str) -> Kind {
    match name {
        _ if STANDARD.contains(&name) => Kind::Standard,
        _ if COMPUTED.contains(&name) => Kind::Computed,
        _ if is_unknown(name) => Kind::Unknown,
        _ => Kind::Custom,
    }
}

pub fn is_email(text: &str) -> bool {
    EMAIL.is_match(text)
}

pub fn is_phone(text: &str) -> bool {
    PHONE.is_match(text)
}

pub fn is_personal_number(text: &str) -> bool {
    PERSONAL.is_match(text)
}

pub fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// What is wrong with a part of a payload.
pub struct Complaint {
    pub name: String,
    pub reason: String,
    /// It has a form that no client who knows the vendor sends.
    pub unexpected: bool,
}

impl Complaint {
    pub fn form(name: &str, reason: &str) -> Self {
        Complaint { name: name.into(), reason: reason.into(), unexpected: true }
    }
}

/// Whether the attribute takes the value, which is not empty.
pub fn check(name: &str, value: &Value) -> Option<Complaint> {
    if kind(name) == Kind::Custom {
        let plain = value.is_string() || value.is_number() || value.is_boolean();
        return (!plain).then(|| Complaint::form(name, "text, a number or a boolean is needed"));
    }
    let Some(text) = value.as_str() else { return Some(Complaint::form(name, "text is needed")) };
    let right = match name {
        "email" => is_email(text),
        "mobilePhone" => is_phone(text),
        "socialSecurityNumber" => is_personal_number(text),
        "countryCode" => COUNTRY.is_match(text),
        "birthDay" => text.len() == 10 && text.parse::<Date>().is_ok(),
        "gender" => ["male", "female", "other"].contains(&text.to_lowercase().as_str()),
        _ => true,
    };
    let reason = || format!("`{text}` is not valid");
    (!right).then(|| Complaint { name: name.into(), reason: reason(), unexpected: false })
}
