//! The people of an account: user records, some of them of subscribers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::custom::{CREATED_MAX, Kind};
use super::names::{self, IDENTIFIERS};
use super::record::Record;
use crate::sandbox::Contact;

#[derive(Default, Serialize, Deserialize)]
pub struct People {
    users: BTreeMap<u64, User>,
    /// Who has an identifier, by its [`place`].
    known: BTreeMap<String, u64>,
    /// The types of custom attributes, by name: names are case sensitive.
    types: BTreeMap<String, Kind>,
    made: u64,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub struct User {
    /// By the key they have in `identifiers`; custom ones as `custom:KEY`.
    identifiers: BTreeMap<String, String>,
    /// By path: `location.city`.
    attributes: BTreeMap<String, Value>,
    pub custom: BTreeMap<String, Value>,
    subscribed: bool,
}

/// Addresses are alike whatever their case.
fn place(key: &str, value: &str) -> String {
    match key {
        "email" => format!("email {}", value.to_lowercase()),
        _ => format!("{key} {value}"),
    }
}

impl People {
    pub fn find(&self, key: &str, value: &str) -> Option<&User> {
        self.known.get(&place(key, value)).and_then(|id| self.users.get(id))
    }

    /// Writes a record, or says why nothing of it was written.
    pub fn apply(&mut self, record: &Record<'_>) -> Result<(), String> {
        let custom = record.attributes.and_then(|attributes| attributes.get("custom")).and_then(Value::as_object);
        self.type_custom(custom)?;
        let mut user = self.resolve(identifiers(record.identifiers));
        user.subscribed |= record.subscribes;
        for (name, value) in record.attributes.into_iter().flatten() {
            match (name.as_str(), value) {
                ("custom", Value::Object(custom)) => user.custom.extend(custom.clone()),
                (group, Value::Object(members)) => {
                    let members = members.iter().map(|(name, value)| (format!("{group}.{name}"), value.clone()));
                    user.attributes.extend(members);
                }
                (name, value) => drop(user.attributes.insert(name.to_string(), value.clone())),
            }
        }
        self.keep(user);
        Ok(())
    }

    /// Whoever has one of the identifiers, taken out. Two people whom one record names become one.
    fn resolve(&mut self, identifiers: BTreeMap<String, String>) -> User {
        let ids = identifiers.iter().filter_map(|(key, value)| self.known.get(&place(key, value)).copied());
        let ids: BTreeSet<u64> = ids.collect();
        let met = ids.iter().filter_map(|id| self.users.remove(id));
        let mut user = met.reduce(User::join).unwrap_or_default();
        user.identifiers.extend(identifiers);
        user
    }

    fn keep(&mut self, user: User) {
        self.made += 1;
        self.known.extend(user.identifiers.iter().map(|(key, value)| (place(key, value), self.made)));
        self.users.insert(self.made, user);
    }

    fn type_custom(&mut self, custom: Option<&Map<String, Value>>) -> Result<(), String> {
        let mut made = Vec::new();
        for (name, value) in custom.into_iter().flatten() {
            match self.types.get(name) {
                Some(kind) if !kind.takes(value) => {
                    return Err(format!("the attribute `{name}` is of type {}, which the value is not", kind.name()));
                }
                Some(_) => {}
                None => made.push((name.clone(), Kind::of(value))),
            }
        }
        if !made.is_empty() && self.types.len() + made.len() > CREATED_MAX {
            return Err(format!("at most {CREATED_MAX} custom attributes can be created"));
        }
        self.types.extend(made);
        Ok(())
    }

    pub fn meet(&mut self, mut person: Map<String, Value>) {
        let identifiers = IDENTIFIERS.iter().filter_map(|(name, key)| match person.remove(*name) {
            Some(Value::String(text)) => Some((key.to_string(), text)),
            _ => None,
        });
        let identifiers: BTreeMap<_, _> = identifiers.collect();
        let subscribed = person.remove("unsubscribed").is_none_or(|value| value == Value::Bool(false));
        let mut user = self.resolve(identifiers);
        user.subscribed = subscribed;
        let mut made = Vec::new();
        for (name, value) in person {
            match names::path(&name) {
                Some(path) => drop(user.attributes.insert(path.to_string(), value)),
                None => {
                    made.push((name.clone(), Kind::of(&value)));
                    user.custom.insert(name, value);
                }
            }
        }
        self.types.extend(made);
        self.keep(user);
    }

    pub fn contacts(&self) -> Vec<Contact> {
        self.users.values().map(User::contact).collect()
    }
}

impl User {
    fn join(mut self, other: User) -> User {
        self.identifiers.extend(other.identifiers);
        self.attributes.extend(other.attributes);
        self.custom.extend(other.custom);
        self.subscribed |= other.subscribed;
        self
    }

    fn contact(&self) -> Contact {
        let name =
            |key: &str| IDENTIFIERS.iter().find(|(_, known)| *known == key).map_or(key, |(name, _)| *name).to_string();
        let attributes = self.attributes.iter().map(|(path, value)| (names::field(path).to_string(), value.clone()));
        Contact {
            identifiers: self.identifiers.iter().map(|(key, value)| (name(key), value.clone())).collect(),
            fields: attributes.chain(self.custom.clone()).collect(),
            unsubscribed: !self.subscribed,
            ..Contact::default()
        }
    }
}

fn identifiers(given: &Map<String, Value>) -> BTreeMap<String, String> {
    let plain = given.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_string())));
    let custom = given.get("customIdentifiers").and_then(Value::as_array).into_iter().flatten();
    let text = |item: &Value, name: &str| item.get(name).and_then(Value::as_str).map(str::to_string);
    let custom = custom.filter_map(|item| Some((format!("custom:{}", text(item, "key")?), text(item, "value")?)));
    plain.chain(custom).collect()
}
