//! A user of a v2 call, its form checked as the schema has it: a wrong one refuses the call.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;
use serde_json::{Map, Value};

use super::answer::Failure;
use super::names::IDENTIFIERS;

const EMAIL_CHARS_MAX: usize = 100;
const CLIENT_ID_CHARS_MAX: usize = 100;
const CUSTOM_NAME_CHARS_MAX: usize = 200;

static EMAIL: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[^@\s]+@[^@\s]+\.[^@\s.]+$"));
static PHONE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\+[1-9][0-9]{6,14}$"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant")
}

/// What a member of `attributes` must be, by group: none is the top.
const TEXTS: [(&str, &[&str]); 4] = [
    ("", &["firstName", "lastName"]),
    ("demographic", &["language", "organization", "title", "website"]),
    (
        "location",
        &["address1", "address2", "city", "state", "zip", "latitude", "longitude", "country", "region", "timezone"],
    ),
    ("locale", &["language", "country"]),
];

#[derive(Debug)]
pub struct Record<'a> {
    pub identifiers: &'a Map<String, Value>,
    pub attributes: Option<&'a Map<String, Value>>,
    /// A subscription makes a subscriber of whoever it is.
    pub subscribes: bool,
}

type Form = Result<(), String>;

impl<'a> Record<'a> {
    pub fn read(value: &'a Value, place: &str) -> Result<Self, Failure> {
        read(value).map_err(|what| Failure::wrong(format!("{place}{what}")))
    }

    /// Identifiers by the names that pipelines use.
    pub fn named(&self) -> Map<String, Value> {
        let known = IDENTIFIERS.iter().filter_map(|(name, key)| Some((name.to_string(), self.identifiers.get(*key)?)));
        known.map(|(name, value)| (name, value.clone())).collect()
    }
}

fn read(value: &Value) -> Result<Record<'_>, String> {
    let members = object(value, "")?;
    known(members, "", &["identifiers", "attributes", "subscriptions"])?;
    let identifiers = object(members.get("identifiers").unwrap_or(&Value::Null), ".identifiers")?;
    identify(identifiers)?;
    let attributes = members.get("attributes").map(|attributes| object(attributes, ".attributes")).transpose()?;
    attributes.map_or(Ok(()), describe)?;
    let subscriptions = members.get("subscriptions").map(subscriptions).transpose()?;
    Ok(Record { identifiers, attributes, subscribes: subscriptions.is_some_and(|count| count > 0) })
}

fn object<'a>(value: &'a Value, place: &str) -> Result<&'a Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("{place} must be an object"))
}

fn known(members: &Map<String, Value>, place: &str, names: &[&str]) -> Form {
    match members.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(format!("{place}.{name} is not a known property")),
        None => Ok(()),
    }
}

/// At least one, none of them empty.
fn identify(identifiers: &Map<String, Value>) -> Form {
    let place = ".identifiers";
    let mut names: Vec<&str> = IDENTIFIERS.iter().map(|(_, key)| *key).collect();
    names.push("customIdentifiers");
    known(identifiers, place, &names)?;
    if identifiers.is_empty() {
        return Err(format!("{place} must hold at least one identifier"));
    }
    for (name, value) in identifiers {
        let place = format!("{place}.{name}");
        match name.as_str() {
            "customIdentifiers" => custom_identifiers(value, &place)?,
            name => identifier(name, text(value, &place)?, &place)?,
        }
    }
    Ok(())
}

fn identifier(name: &str, text: &str, place: &str) -> Form {
    let length = text.chars().count();
    let fits = match name {
        "email" => EMAIL.is_match(text) && length <= EMAIL_CHARS_MAX,
        "phone" => PHONE.is_match(text),
        "clientUserId" => length <= CLIENT_ID_CHARS_MAX,
        _ => true,
    };
    if fits { Ok(()) } else { Err(format!("{place} is not valid")) }
}

/// A list of `{key, value}`; version 1 of the API says `name` instead.
fn custom_identifiers(value: &Value, place: &str) -> Form {
    let items = value.as_array().ok_or_else(|| format!("{place} must be an array"))?;
    for item in items {
        let item = object(item, place)?;
        known(item, place, &["key", "value"])?;
        for name in ["key", "value"] {
            text(item.get(name).unwrap_or(&Value::Null), &format!("{place}.{name}"))?;
        }
    }
    Ok(())
}

fn text<'a>(value: &'a Value, place: &str) -> Result<&'a str, String> {
    let text = value.as_str().ok_or_else(|| format!("{place} must be a string"))?;
    if text.is_empty() { Err(format!("{place} must not be empty")) } else { Ok(text) }
}

fn describe(attributes: &Map<String, Value>) -> Form {
    let place = ".attributes";
    known(attributes, place, &["firstName", "lastName", "demographic", "location", "locale", "custom"])?;
    for (name, value) in attributes {
        let place = format!("{place}.{name}");
        match name.as_str() {
            "custom" => custom(object(value, &place)?, &place)?,
            group @ ("demographic" | "location" | "locale") => members(group, object(value, &place)?, &place)?,
            _ => drop(text(value, &place)?),
        }
    }
    Ok(())
}

fn members(group: &str, members: &Map<String, Value>, place: &str) -> Form {
    let texts = TEXTS.iter().find(|(known, _)| *known == group).map(|(_, texts)| *texts).unwrap_or_default();
    for (name, value) in members {
        let place = format!("{place}.{name}");
        match (group, name.as_str()) {
            ("demographic", "age") if value.is_i64() || value.is_u64() => {}
            ("demographic", "age") => return Err(format!("{place} must be an integer")),
            ("demographic", "dateOfBirth") => date(text(value, &place)?, &place)?,
            (_, name) if texts.contains(&name) => drop(text(value, &place)?),
            _ => return Err(format!("{place} is not a known property")),
        }
    }
    Ok(())
}

/// `YYYY-MM-DD`
fn date(text: &str, place: &str) -> Form {
    match text.len() == 10 && text.parse::<Date>().is_ok() {
        true => Ok(()),
        false => Err(format!("{place} must be a date, YYYY-MM-DD")),
    }
}

/// Neither arrays nor maps.
fn custom(attributes: &Map<String, Value>, place: &str) -> Form {
    for (name, value) in attributes {
        if name.is_empty() || name.chars().count() > CUSTOM_NAME_CHARS_MAX {
            return Err(format!("{place}: a name has 1 to {CUSTOM_NAME_CHARS_MAX} characters"));
        }
        let place = format!("{place}.{name}");
        match value {
            Value::String(_) => drop(text(value, &place)?),
            Value::Number(_) | Value::Bool(_) => {}
            _ => return Err(format!("{place} must be a string, a number or a boolean")),
        }
    }
    Ok(())
}

fn subscriptions(value: &Value) -> Result<usize, String> {
    let place = ".subscriptions";
    let items = value.as_array().ok_or_else(|| format!("{place} must be an array"))?;
    for item in items {
        let item = object(item, place)?;
        known(item, place, &["signUpSourceId", "channel", "singleOptIn"])?;
        text(item.get("signUpSourceId").unwrap_or(&Value::Null), &format!("{place}.signUpSourceId"))?;
        let channel = item.get("channel").and_then(Value::as_str).unwrap_or_default();
        if !["TEXT", "EMAIL"].contains(&channel) {
            return Err(format!("{place}.channel must be TEXT or EMAIL"));
        }
    }
    Ok(items.len())
}
