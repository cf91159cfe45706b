//! A contact as requests write it: read by its form first, so that one wrong form refuses a request whole.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::answer::Failure;

/// What may stand in a contact; an import's also says which identifier finds it.
const KEYS: [&str; 6] = ["identifiers", "dataFields", "channelProperties", "lists", "preferences", "consentRecords"];
/// What a channel can be told, and in which words; an empty list stands for any.
const CHANNELS: [(&str, &str, &[&str]); 6] = [
    ("email", "status", &["subscribed", "unsubscribed", "suppressed"]),
    ("email", "emailType", &["html", "plainText"]),
    ("email", "optInType", &["unknown", "single", "double", "verifiedDouble"]),
    ("email", "resubscribeOptions", &[]),
    ("sms", "status", &["subscribed", "unsubscribed", "suppressed", "noSubscription"]),
    ("whatsApp", "status", &["subscribed", "unsubscribed", "suppressed", "noSubscription"]),
];
const LISTS_MAX: usize = 100;

/// One contact of a request.
#[derive(Debug)]
pub struct Written<'a> {
    /// Texts by `email`, `mobileNumber`, `contactId`.
    pub identifiers: BTreeMap<&'a str, String>,
    /// As they were sent: reports give them back.
    pub sent: Option<&'a Value>,
    pub data: Option<&'a Map<String, Value>>,
    pub lists: Vec<u64>,
    /// By path: `channelProperties.email.status`.
    pub channels: Vec<(String, &'a Value)>,
}

/// How what is sent meets what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    Overwrite,
    IfNotEmpty,
    IfEmpty,
}

impl Merge {
    pub fn parse(word: &str, words: [&str; 3]) -> Option<Merge> {
        let kinds = [Merge::Overwrite, Merge::IfNotEmpty, Merge::IfEmpty];
        words.iter().position(|known| *known == word).map(|at| kinds[at])
    }

    /// Whether a value takes the place of the one held.
    pub fn takes(self, held: Option<&Value>, sent: &Value) -> bool {
        let empty = |value: &Value| value.is_null() || value.as_str() == Some("");
        match self {
            Merge::Overwrite => true,
            Merge::IfNotEmpty => !empty(sent),
            Merge::IfEmpty => held.is_none_or(empty),
        }
    }
}

impl<'a> Written<'a> {
    /// `item` is where it stands, as errors name it; `more` are keys allowed besides.
    pub fn read(item: &str, value: &'a Value, more: &[&str]) -> Result<Written<'a>, Failure> {
        let at = |name: &str| if item.is_empty() { name.to_string() } else { format!("{item}.{name}") };
        let contact = value.as_object().ok_or_else(|| Failure::bad_item(item, "a contact is an object"))?;
        if let Some(name) = contact.keys().find(|name| !KEYS.contains(&name.as_str()) && !more.contains(&name.as_str()))
        {
            return Err(Failure::bad_item(&at(name), "unknown field"));
        }
        if let Some((name, _)) = contact.iter().find(|(_, value)| is_empty_object(value)) {
            return Err(Failure::bad_item(&at(name), "an empty object is left out"));
        }
        Ok(Written {
            identifiers: identifiers(&at("identifiers"), contact.get("identifiers"))?,
            sent: contact.get("identifiers"),
            data: object(&at("dataFields"), contact.get("dataFields"))?,
            lists: lists(&at("lists"), contact.get("lists"))?,
            channels: channels(&at("channelProperties"), contact.get("channelProperties"))?,
        })
    }

    /// Whether somebody could be created with it.
    pub fn can_be_created(&self) -> bool {
        ["email", "mobileNumber"].iter().any(|name| self.identifiers.contains_key(name))
    }
}

fn is_empty_object(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

fn object<'a>(item: &str, value: Option<&'a Value>) -> Result<Option<&'a Map<String, Value>>, Failure> {
    match value {
        None => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(Failure::bad_item(item, "an object is expected")),
    }
}

fn identifiers<'a>(item: &str, value: Option<&'a Value>) -> Result<BTreeMap<&'a str, String>, Failure> {
    let mut read = BTreeMap::new();
    for (name, value) in object(item, value)?.into_iter().flatten() {
        let text = match (name.as_str(), value) {
            ("contactId", Value::Number(number)) if number.is_u64() => number.to_string(),
            ("email" | "mobileNumber", Value::String(text)) => text.clone(),
            ("contactId" | "email" | "mobileNumber", _) => return Err(Failure::bad_item(item, "wrong type")),
            _ => return Err(Failure::bad_item(item, "an identifier that the account does not have")),
        };
        read.insert(name.as_str(), text);
    }
    Ok(read)
}

fn channels<'a>(item: &str, value: Option<&'a Value>) -> Result<Vec<(String, &'a Value)>, Failure> {
    let mut read = Vec::new();
    for (channel, properties) in object(item, value)?.into_iter().flatten() {
        for (name, value) in object(item, Some(properties))?.into_iter().flatten() {
            let known = CHANNELS.iter().find(|(known, property, _)| known == channel && property == name);
            let fits = |words: &[&str]| words.is_empty() || value.as_str().is_some_and(|word| words.contains(&word));
            if !known.is_some_and(|(_, _, words)| fits(words)) {
                return Err(Failure::bad_item(
                    &format!("{item}.{channel}.{name}"),
                    "not a property, or not one of its words",
                ));
            }
            read.push((format!("channelProperties.{channel}.{name}"), value));
        }
    }
    Ok(read)
}

fn lists(item: &str, value: Option<&Value>) -> Result<Vec<u64>, Failure> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let items = value.as_array().filter(|items| items.len() <= LISTS_MAX);
    let items = items.ok_or_else(|| Failure::bad_item(item, "1 to 100 numbers are expected"))?;
    let ids: Option<Vec<u64>> = items.iter().map(Value::as_u64).collect();
    ids.ok_or_else(|| Failure::bad_item(item, "lists go by number"))
}
