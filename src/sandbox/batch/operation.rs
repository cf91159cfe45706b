//! One operation of a call: whose profile, which attributes.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::answer::Failure;
use super::{ATTRIBUTES_MAX, EVENTS_MAX, pattern};

/// The documents give no limit for the API; this is the narrower of the two that its clients use.
const CUSTOM_ID_CHARS_MAX: usize = 512;

/// What code writes when it has no id: one profile would gather everybody.
static NO_ID: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?i:undefined|null|nil|\(null\)|\[object object\]|true|false|nan|-?infinity)$"));

pub struct Operation<'a> {
    pub identifiers: &'a Map<String, Value>,
    /// Under what the profile is kept, or why there can be none.
    pub identity: Result<String, String>,
    pub attributes: Option<&'a Map<String, Value>>,
}

impl<'a> Operation<'a> {
    pub fn read(index: usize, value: &'a Value) -> Result<Self, Failure> {
        let wrong = |what: String| Failure::malformed(format!("operation {index}: {what}"));
        let operation = value.as_object().ok_or_else(|| wrong("not an object".into()))?;
        let identifiers = operation.get("identifiers").and_then(Value::as_object);
        let identifiers = identifiers.ok_or_else(|| wrong("`identifiers` must be an object".into()))?;
        let identity = identity(identifiers).map_err(wrong)?;
        let attributes = attributes(operation).map_err(wrong)?;
        events(operation).map_err(wrong)?;
        Ok(Operation { identifiers, identity, attributes })
    }
}

/// Form is the call's business, content the profile's own.
fn identity(identifiers: &Map<String, Value>) -> Result<Result<String, String>, String> {
    let custom = identifiers.get("custom_id");
    let installation = identifiers.get("installation");
    match (custom, installation) {
        (Some(Value::String(id)), None) => Ok(custom_id(id)),
        (Some(_), None) => Err("`custom_id` must be a string".into()),
        (None, Some(installation)) => {
            let text = |name| installation.get(name).and_then(Value::as_str);
            let named = text("apikey").zip(text("installation_id"));
            let (_, id) = named.ok_or("`installation` needs `apikey` and `installation_id`")?;
            Ok(Ok(format!("installation {id}")))
        }
        _ => Err("exactly one of `custom_id` and `installation` is needed".into()),
    }
}

fn custom_id(id: &str) -> Result<String, String> {
    match id.chars().count() {
        _ if id.trim().is_empty() => Err("`custom_id` is empty".into()),
        count if count > CUSTOM_ID_CHARS_MAX => {
            Err(format!("`custom_id` has {count} characters, at most {CUSTOM_ID_CHARS_MAX} are allowed"))
        }
        _ if NO_ID.is_match(id) => Err(format!("`{id}` cannot be a `custom_id`")),
        _ => Ok(id.to_string()),
    }
}

fn attributes(operation: &Map<String, Value>) -> Result<Option<&Map<String, Value>>, String> {
    match operation.get("attributes") {
        None => Ok(None),
        Some(Value::Object(attributes)) if attributes.len() <= ATTRIBUTES_MAX => Ok(Some(attributes)),
        Some(Value::Object(attributes)) => {
            Err(format!("{} attributes, at most {ATTRIBUTES_MAX} are allowed", attributes.len()))
        }
        Some(_) => Err("`attributes` must be an object".into()),
    }
}

fn events(operation: &Map<String, Value>) -> Result<(), String> {
    match operation.get("events") {
        None => Ok(()),
        Some(Value::Array(events)) if events.len() <= EVENTS_MAX => Ok(()),
        Some(_) => Err(format!("`events` must be an array of at most {EVENTS_MAX}")),
    }
}
