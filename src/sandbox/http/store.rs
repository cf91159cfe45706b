//! Objects of one collection, by key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::sandbox::Refusal;

/// Members that are taken for the key, in this order; else the first that ends with [`KEY_ENDING`].
pub const KEYS: [&str; 2] = ["id", "email"];
const KEY_ENDING: &str = "_id";

#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Collection {
    /// The member that holds the key, once an object has shown it.
    pub key: Option<String>,
    pub records: BTreeMap<String, Map<String, Value>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Create,
    Replace,
    Merge,
    Delete,
}

impl Act {
    pub fn of(method: &str) -> Option<Act> {
        match method {
            "PUT" => Some(Act::Replace),
            "PATCH" => Some(Act::Merge),
            "DELETE" => Some(Act::Delete),
            _ => None,
        }
    }
}

/// Why an object was not written.
#[derive(Clone, Debug)]
pub struct Complaint {
    code: Code,
    key: Option<String>,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Absent,
    Exists,
    Invalid,
    Malformed,
}

impl Complaint {
    pub fn no_key() -> Self {
        Complaint { code: Code::Malformed, key: None, message: "the object has no key".into() }
    }

    pub fn absent(key: &str) -> Self {
        Complaint { code: Code::Absent, key: Some(key.into()), message: "there is no such object".into() }
    }

    fn exists(key: &str) -> Self {
        Complaint { code: Code::Exists, key: Some(key.into()), message: "there is one of this key".into() }
    }

    fn invalid(key: &str, message: &str) -> Self {
        Complaint { code: Code::Invalid, key: Some(key.into()), message: message.into() }
    }

    pub fn is_malformed(&self) -> bool {
        self.code == Code::Malformed
    }

    pub fn status(&self) -> u16 {
        match self.code {
            Code::Absent => 404,
            Code::Exists => 409,
            Code::Invalid | Code::Malformed => 422,
        }
    }

    pub fn body(&self) -> Value {
        json!({"error": self.word(), "message": self.message})
    }

    /// As an entry of a batch's `errors`.
    pub fn at(&self, index: usize) -> Value {
        json!({"index": index, "key": self.key, "code": self.word(), "message": self.message})
    }

    fn word(&self) -> &'static str {
        match self.code {
            Code::Absent => "absent",
            Code::Exists => "exists",
            Code::Invalid => "invalid",
            Code::Malformed => "malformed",
        }
    }
}

impl Collection {
    /// The key that an object holds.
    pub fn key_in(&self, object: &Map<String, Value>) -> Option<String> {
        let shown = self.key.as_deref().or_else(|| key_name(object));
        shown.and_then(|name| object.get(name)).and_then(text)
    }

    /// An object that is there from the beginning; one without a key is none.
    pub fn take_in(&mut self, object: Map<String, Value>) {
        if self.key.is_none() {
            self.key = key_name(&object).map(str::to_string);
        }
        if let Some(key) = self.key_in(&object) {
            self.records.insert(key, object);
        }
    }

    pub fn act(
        &mut self,
        act: Act,
        key: &str,
        object: &Map<String, Value>,
        refusals: &[Refusal],
    ) -> Result<(), Complaint> {
        if self.key.is_none() {
            self.key = key_name(object).map(str::to_string);
        }
        self.refused(key, object, refusals)?;
        let there = self.records.contains_key(key);
        match act {
            Act::Create if there => return Err(Complaint::exists(key)),
            Act::Merge | Act::Delete if !there => return Err(Complaint::absent(key)),
            Act::Delete => drop(self.records.remove(key)),
            Act::Create | Act::Replace => {
                self.records.insert(key.into(), self.with_key(key));
                self.merge(key, object);
            }
            Act::Merge => self.merge(key, object),
        }
        Ok(())
    }

    /// Nothing is taken in part: who refuses one member refuses the object.
    pub fn refused(&self, key: &str, object: &Map<String, Value>, refusals: &[Refusal]) -> Result<(), Complaint> {
        let identifiers = self.with_key(key);
        let meets = |refusal: &&Refusal| {
            refusal.meets(&identifiers) && refusal.attribute.as_ref().is_none_or(|name| object.contains_key(name))
        };
        let refusal = refusals.iter().find(meets);
        refusal.map_or(Ok(()), |refusal| Err(Complaint::invalid(key, &refusal.reason)))
    }

    fn with_key(&self, key: &str) -> Map<String, Value> {
        let name = self.key.clone().unwrap_or_else(|| KEYS[0].into());
        [(name, Value::String(key.into()))].into_iter().collect()
    }

    fn merge(&mut self, key: &str, object: &Map<String, Value>) {
        if let Some(record) = self.records.get_mut(key) {
            merged(record, object);
        }
    }
}

/// As RFC 7386 has it: null takes away, objects go into objects.
fn merged(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (name, value) in from {
        match (into.get_mut(name), value) {
            (_, Value::Null) => drop(into.remove(name)),
            (Some(Value::Object(old)), Value::Object(new)) => merged(old, new),
            (_, value) => drop(into.insert(name.clone(), value.clone())),
        }
    }
}

fn key_name(object: &Map<String, Value>) -> Option<&str> {
    let common = KEYS.into_iter().find(|name| object.contains_key(*name));
    common.or_else(|| object.keys().find(|name| name.ends_with(KEY_ENDING)).map(String::as_str))
}

/// A key: text or a number.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
