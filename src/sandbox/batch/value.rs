//! What a value may be.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;
use serde_json::Value;

use super::pattern;

type Verdict = Result<(), String>;

const TEXT_CHARS_MAX: usize = 300;
const URL_CHARS_MAX: usize = 2048;
const EMAIL_CHARS_MAX: usize = 256;
const ITEMS_MAX: usize = 25;

static EMAIL: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[^@\s]+@[^@\s]+\.[^@\s.]+$"));
static PHONE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\+[0-9]{1,15}$"));
static LANGUAGE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[a-z]{2,3}$"));
static REGION: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[A-Z]{2}$"));
static TOPIC: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[a-z0-9_]+$"));
static INSTANT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"));
static URL: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/\s]+\S*$"));
/// The form of a name in the time zone database: the sandbox answers alike on machines that have none.
static ZONE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(UTC|GMT|CET|EET|MET|WET|EST|MST|HST|(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc|US|Canada|Brazil|Chile|Mexico)(/[A-Za-z0-9_+-]+){1,2})$",
    )
});

/// A native attribute, its name known and its value not null.
pub fn native(name: &str, value: &Value) -> Verdict {
    if name == "$topic_preferences" {
        let topics = texts(value, ITEMS_MAX)?;
        return demand(topics.iter().all(|topic| TOPIC.is_match(topic)), "topics are written in a-z, 0-9 and _");
    }
    let text = value.as_str().ok_or("must be a string")?;
    match name {
        "$email_address" => demand(is_email(text), "not an e-mail address"),
        "$email_marketing" | "$sms_marketing" => {
            demand(["subscribed", "unsubscribed"].contains(&text), "must be subscribed or unsubscribed")
        }
        "$phone_number" => demand(PHONE.is_match(text), "not an E.164 number"),
        "$language" => demand(LANGUAGE.is_match(text), "not a lower-case ISO 639 code"),
        "$region" => demand(REGION.is_match(text), "not an upper-case ISO 3166 code"),
        _ => demand(ZONE.is_match(text), "not an IANA time zone"),
    }
}

fn is_email(text: &str) -> bool {
    text.chars().count() <= EMAIL_CHARS_MAX && EMAIL.is_match(text)
}

/// A custom attribute, typed by a wrapper around its key or else by its JSON type.
pub fn custom(wrapper: Option<&str>, value: &Value) -> Verdict {
    match (wrapper, value) {
        (Some("date"), value) => demand(value.as_str().is_some_and(is_instant), "not an RFC 3339 date and time"),
        (Some("url"), value) => demand(value.as_str().is_some_and(is_url), "not a URL"),
        (_, Value::String(text)) => plain(text),
        (_, Value::Array(_)) => texts(value, ITEMS_MAX).and_then(|items| match items.is_empty() {
            true => Err("an array must not be empty".into()),
            false => Ok(()),
        }),
        (_, Value::Number(_) | Value::Bool(_)) => Ok(()),
        _ => Err("not a value an attribute can have".into()),
    }
}

fn is_instant(text: &str) -> bool {
    INSTANT.is_match(text) && text.parse::<Timestamp>().is_ok()
}

fn is_url(text: &str) -> bool {
    text.chars().count() <= URL_CHARS_MAX && URL.is_match(text)
}

fn plain(text: &str) -> Verdict {
    demand(!text.trim().is_empty(), "text must not be empty")?;
    demand(text.chars().count() <= TEXT_CHARS_MAX, "text has at most 300 characters")
}

/// The items of an array of strings.
pub fn texts(value: &Value, items_max: usize) -> Result<Vec<&str>, String> {
    let items = value.as_array().ok_or("must be an array of strings")?;
    demand(items.len() <= items_max, &format!("an array has at most {items_max} items"))?;
    let text = |item| Value::as_str(item).ok_or_else(|| "items must be strings".to_string());
    let items = items.iter().map(text).collect::<Result<Vec<_>, _>>()?;
    items.iter().try_for_each(|item| plain(item))?;
    Ok(items)
}

fn demand(holds: bool, otherwise: &str) -> Verdict {
    if holds { Ok(()) } else { Err(otherwise.to_string()) }
}
