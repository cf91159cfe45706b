//! What a field takes.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;
use serde_json::Value;

use super::answer::Complaint;
use super::field::{Kind, Known};

static DAY: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\d{4}-\d\d-\d\d$"));
static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"^-?\d+(\.\d+)?$"));

/// Digits of a numeric field.
const DIGITS_MAX: usize = 24;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant")
}

/// A scalar as text, the way keys of errors are spelled.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// The value as it is kept, or what is wrong with it. All of it can be known before sending.
pub fn kept(field: &Known<'_>, value: &Value) -> Result<Value, Complaint> {
    let wrong = |what: &str| Err(Complaint::strange(2007, format!("{what} for field id: {}", field.id)));
    if field.read_only {
        return wrong("The field cannot be written");
    }
    match (field.kind, value) {
        (Kind::MultiChoice, Value::Array(items)) if items.is_empty() => wrong("No choice provided"),
        (Kind::MultiChoice, Value::Array(items)) if items.iter().all(|item| is_choice(field, item)) => {
            Ok(value.clone())
        }
        (Kind::MultiChoice, Value::Array(_)) => wrong("Invalid choice id"),
        (Kind::MultiChoice, _) => wrong("Array expected"),
        (_, Value::Array(_) | Value::Object(_)) => wrong("Scalar expected"),
        (_, Value::Bool(_)) => wrong("Boolean values are not allowed"),
        // Documented for the opt-in alone.
        (Kind::SingleChoice, Value::Null) => Ok(Value::Null),
        (_, Value::Null) => wrong("No value provided"),
        (Kind::SingleChoice, value) if is_choice(field, value) => Ok(value.clone()),
        (Kind::SingleChoice, _) => wrong("Invalid choice id"),
        (Kind::Date, value) if is_day(value) => Ok(value.clone()),
        (Kind::Date, _) => wrong("Invalid date format"),
        (Kind::Numeric, value) if is_numeric(&text(value)) => Ok(value.clone()),
        (Kind::Numeric, _) => wrong("Invalid numeric value"),
        // What becomes of longer texts is not documented; nobody should have to find out.
        (Kind::Text(max), value) if text(value).chars().count() > max => wrong("The value is too long"),
        (Kind::Text(_), value) => Ok(value.clone()),
    }
}

fn is_choice(field: &Known<'_>, value: &Value) -> bool {
    let id = text(value);
    field.choices.iter().any(|(known, _)| *known == id)
}

fn is_day(value: &Value) -> bool {
    value.as_str().is_some_and(|day| DAY.is_match(day) && day.parse::<Date>().is_ok())
}

fn is_numeric(text: &str) -> bool {
    NUMBER.is_match(text) && text.bytes().filter(u8::is_ascii_digit).count() <= DIGITS_MAX
}
