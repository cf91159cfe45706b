//! What an account holds: contacts found by any of their identifiers, data fields, lists, imports.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::contact::{Merge, Written};
use super::import::Import;
use super::pattern;
use super::value::{DataField, Kind, Refused, built_in};

static EMAIL: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[^@\s]+@[^@\s]+\.[^@\s.]+$"));
/// Examples carry no plus sign, clients send one.
static MOBILE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\+?[1-9][0-9]{4,14}$"));

#[derive(Debug, Serialize, Deserialize)]
pub struct Account {
    pub id: u64,
    pub contacts: BTreeMap<u64, Person>,
    pub fields: Vec<DataField>,
    pub lists: BTreeMap<u64, List>,
    pub imports: BTreeMap<String, Import>,
    /// `email ann@example.com` -> contact.
    #[serde(skip)]
    index: HashMap<String, u64>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Person {
    /// `email` and `mobileNumber`.
    pub identifiers: BTreeMap<String, String>,
    /// By the account's spelling of the field.
    pub data: Map<String, Value>,
    pub lists: BTreeSet<u64>,
    /// What was said of its channels, by path. A new address counts as subscribed without it.
    pub channels: Map<String, Value>,
    /// In the recycle bin: not there, until a write brings it back.
    pub deleted: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct List {
    pub name: String,
    pub visibility: String,
}

/// What is wrong with one contact, by the code that a report gives.
#[derive(Debug)]
pub struct Complaint {
    pub code: &'static str,
    pub description: String,
    /// The client's own mistake: a field that is not there, a value of another type.
    pub unexpected: bool,
}

impl Complaint {
    pub fn new(code: &'static str, description: impl Into<String>) -> Self {
        Complaint { code, description: description.into(), unexpected: false }
    }
}

impl Account {
    pub fn new(id: u64) -> Self {
        Account {
            id,
            contacts: BTreeMap::new(),
            fields: built_in(),
            lists: BTreeMap::new(),
            imports: BTreeMap::new(),
            index: HashMap::new(),
        }
    }

    /// After loading: the index is not kept.
    pub fn find_again(&mut self) {
        let known = self
            .contacts
            .iter()
            .flat_map(|(id, person)| person.identifiers.iter().map(move |(name, value)| (entry(name, value), *id)));
        self.index = known.collect();
    }

    /// The contact of an identifier, one in the recycle bin included.
    pub fn find(&self, name: &str, value: &str) -> Option<u64> {
        match name {
            "contactId" => value.parse().ok().filter(|id| self.contacts.contains_key(id)),
            _ => self.index.get(&entry(name, value)).copied(),
        }
    }

    /// The contact of an identifier, unless it was deleted.
    pub fn present(&self, name: &str, value: &str) -> Option<u64> {
        self.find(name, value).filter(|id| self.contacts.get(id).is_some_and(|person| !person.deleted))
    }

    pub fn field(&self, name: &str) -> Option<&DataField> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// A new contact without anything.
    pub fn create(&mut self) -> u64 {
        let id = self.contacts.keys().next_back().map_or(1001, |last| last + 1);
        self.contacts.insert(id, Person::default());
        id
    }

    /// Writes what was sent onto a contact, whole or not at all. Lists that are not there are left out, and told.
    pub fn write(&mut self, id: u64, written: &Written<'_>, merge: Merge) -> Result<Vec<Complaint>, Complaint> {
        self.identifiers_fit(id, written)?;
        self.data_fits(written)?;
        let spelt: Vec<(String, &Value)> = written
            .data
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((self.field(name)?.name.clone(), value)))
            .collect();
        let Some(person) = self.contacts.get_mut(&id) else { return Ok(Vec::new()) };
        person.deleted = false;
        for (name, value) in written.identifiers.iter().filter(|(name, _)| **name != "contactId") {
            if let Some(old) = person.identifiers.insert(name.to_string(), value.clone()) {
                self.index.remove(&entry(name, &old));
            }
            self.index.insert(entry(name, value), id);
        }
        for (name, value) in spelt {
            if !merge.takes(person.data.get(&name), value) {
                continue;
            }
            match value {
                Value::Null => person.data.remove(&name),
                value => person.data.insert(name, value.clone()),
            };
        }
        person.channels.extend(written.channels.iter().map(|(name, value)| (name.clone(), (*value).clone())));
        let (there, missing): (Vec<u64>, Vec<u64>) = written.lists.iter().partition(|id| self.lists.contains_key(id));
        person.lists.extend(there);
        let complaint = |id: &u64| Complaint::new("InvalidAddressBookIds", format!("There is no list {id}"));
        Ok(missing.iter().map(complaint).collect())
    }

    fn identifiers_fit(&self, id: u64, written: &Written<'_>) -> Result<(), Complaint> {
        for (name, value) in &written.identifiers {
            let (form, code): (_, &'static str) = match *name {
                "email" => (EMAIL.is_match(value), "invalidEmail"),
                "mobileNumber" => (MOBILE.is_match(value), "InvalidPhoneNumber"),
                _ => (true, ""),
            };
            if !form {
                return Err(Complaint::new(code, format!("Invalid value for '{name}'")));
            }
            if self.find(name, value).is_some_and(|other| other != id) {
                let description = format!("Duplicate identifier detected for {name} '{value}'");
                return Err(Complaint::new("duplicateIdentifier", description));
            }
        }
        Ok(())
    }

    fn data_fits(&self, written: &Written<'_>) -> Result<(), Complaint> {
        for (name, value) in written.data.into_iter().flatten() {
            let wrong = |description: String| Complaint {
                unexpected: true,
                ..Complaint::new("ApiSchemaViolation", description)
            };
            let Some(field) = self.field(name) else {
                return Err(wrong(format!("ERROR_DATAFIELD_NOTFOUND: {name}")));
            };
            match field.kind.refuses(value).filter(|_| !value.is_null()) {
                None => {}
                Some(Refused::Type) => return Err(wrong(format!("{name} holds {} values", field.kind.name()))),
                Some(Refused::Content(code)) => {
                    return Err(Complaint::new("ApiSchemaViolation", format!("{code}: {name}")));
                }
            }
        }
        Ok(())
    }

    /// Someone known beforehand, by the names that pipelines use.
    pub fn meet(&mut self, mut person: Map<String, Value>) {
        let id = match person.remove("contact_id").as_ref().and_then(number) {
            Some(id) => {
                self.contacts.insert(id, Person::default());
                id
            }
            None => self.create(),
        };
        let mut known = Person::default();
        for (name, own) in [("email", "email"), ("mobile_number", "mobileNumber")] {
            if let Some(Value::String(value)) = person.remove(name) {
                self.index.insert(entry(own, &value), id);
                known.identifiers.insert(own.into(), value);
            }
        }
        for (name, value) in person {
            if self.field(&name).is_none() {
                self.fields.push(DataField::new(&name, Kind::of(&value)));
            }
            known.data.insert(name, value);
        }
        self.contacts.insert(id, known);
    }
}

impl Person {
    /// As v3 tells of it. `data`: with its data fields and lists.
    pub fn told(&self, id: u64, data: bool) -> Value {
        let mut told = json!({"contactId": id, "identifiers": self.identifiers});
        if data {
            told["dataFields"] = json!(self.data);
            told["lists"] = json!(self.lists.iter().map(|id| json!({"id": id})).collect::<Vec<_>>());
        }
        told
    }
}

/// Ids stand as numbers or as text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Whether the vendor minds case is not documented; addresses that differ only in it are one here.
fn entry(name: &str, value: &str) -> String {
    match name {
        "mobileNumber" => format!("{name} {}", value.trim_start_matches('+')),
        _ => format!("{name} {}", value.to_lowercase()),
    }
}
