//! The contacts of a tenant, and what a payload does to one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::value::{self, Complaint, Kind};
use super::{CONSENTS, is_unknown};

pub const PREFERENCES: [&str; 3] = ["acceptsEmail", "acceptsPostal", "acceptsSms"];

/// Attributes that look-ups go by.
const INDEXED: [&str; 5] = ["email", "externalId", "memberNumber", "mobilePhone", "socialSecurityNumber"];

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Contact {
    pub id: String,
    pub contact_type: String,
    pub attributes: Map<String, Value>,
    pub preferences: BTreeMap<String, bool>,
    pub consents: BTreeMap<String, Value>,
    pub labels: BTreeSet<String>,
}

impl Contact {
    pub fn text(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).and_then(Value::as_str)
    }

    /// As reads and writes answer it: what payloads hold flat is nested here.
    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "attributes": self.attributes,
            "meta": {"contactType": self.contact_type},
            "preferences": self.preferences,
            "consents": self.consents.values().collect::<Vec<_>>(),
        })
    }
}

/// The attribute that tells contacts of a type apart. A tenant chooses it for each of its types; here the name decides.
pub fn key_of(contact_type: &str) -> &'static str {
    match contact_type.to_lowercase().as_str() {
        "externalidmember" => "externalId",
        "mobilemember" => "mobilePhone",
        _ => "email",
    }
}

/// What a payload holds that is wrong, attribute by attribute.
pub fn inspect(payload: &Map<String, Value>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (name, value) in payload {
        match name.as_str() {
            "contactType" => {}
            "preferences" => complaints.extend(preferences(value)),
            "consents" => complaints.extend(consents(value)),
            _ if value::is_empty(value) || matches!(value::kind(name), Kind::Unknown | Kind::Computed) => {}
            _ => complaints.extend(value::check(name, value)),
        }
    }
    complaints
}

fn preferences(value: &Value) -> Option<Complaint> {
    let Some(members) = value.as_object() else { return Some(Complaint::form("preferences", "not an object")) };
    let wrong = members.iter().find(|(_, value)| !value.is_boolean());
    wrong.map(|(name, _)| Complaint::form(&format!("preferences.{name}"), "a boolean is needed"))
}

/// A consent is given or refused; once it was, there is no way back to "not set".
fn consents(value: &Value) -> Option<Complaint> {
    let wrong = |reason| Some(Complaint::form("consents", reason));
    let Some(items) = value.as_array() else { return wrong("not a list") };
    for item in items {
        if item.get("id").and_then(Value::as_str).is_none() {
            return wrong("a consent needs its `id`");
        }
        if !item.get("value").is_some_and(Value::is_boolean) {
            return wrong("a consent's `value` is true or false");
        }
    }
    None
}

/// Whether a payload speaks of what Engage computes itself.
pub fn is_vain(payload: &Map<String, Value>) -> bool {
    payload.keys().any(|name| value::kind(name) == Kind::Computed)
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Contacts {
    by_id: BTreeMap<String, Contact>,
    made: u64,
    /// Consents besides the usual ones.
    consents: BTreeSet<String>,
    /// Contact ids by attribute and value, in lower case.
    #[serde(skip)]
    index: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Contacts {
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    pub fn all(&self) -> impl Iterator<Item = &Contact> {
        self.by_id.values()
    }

    pub fn get(&self, id: &str) -> Option<&Contact> {
        self.by_id.get(&id.to_lowercase())
    }

    pub fn consents(&self) -> impl Iterator<Item = &str> {
        CONSENTS.into_iter().chain(self.consents.iter().map(String::as_str))
    }

    pub fn has_type(&self, contact_type: &str) -> bool {
        !contact_type.is_empty() && !is_unknown(contact_type)
    }

    /// Contacts with that value, of one type or of any.
    pub fn matching(&self, attribute: &str, value: &str, contact_type: Option<&str>) -> Vec<&Contact> {
        let ids = self.index.get(&(attribute.to_string(), value.to_lowercase())).into_iter().flatten();
        let of_type =
            |contact: &&Contact| contact_type.is_none_or(|wanted| contact.contact_type.eq_ignore_ascii_case(wanted));
        ids.filter_map(|id| self.by_id.get(id)).filter(of_type).collect()
    }

    pub fn add(&mut self, contact_type: &str) -> String {
        self.made += 1;
        let id = format!("{:08x}-0000-4000-8000-{:012x}", self.made, self.made);
        let contact = Contact { id: id.clone(), contact_type: contact_type.into(), ..Contact::default() };
        self.by_id.insert(id.clone(), contact);
        id
    }

    pub fn remove(&mut self, id: &str) -> bool {
        self.unindex(id);
        self.by_id.remove(&id.to_lowercase()).is_some()
    }

    /// Writes a payload but for the parts that are named in `without`. An empty value wipes; one preference leaves the others
    /// alone, which is not settled and to be relied on by nobody.
    pub fn write(&mut self, id: &str, payload: &Map<String, Value>, without: &[String]) {
        self.unindex(id);
        let known: Vec<String> = self.consents().map(str::to_string).collect();
        let Some(contact) = self.by_id.get_mut(&id.to_lowercase()) else { return };
        for (name, value) in payload.iter().filter(|(name, _)| !without.contains(name)) {
            match name.as_str() {
                "contactType" => {}
                "preferences" => prefer(contact, value, without),
                "consents" => consent(contact, value, &known),
                "createdInStore" if contact.attributes.contains_key(name) => {}
                _ if !matches!(value::kind(name), Kind::Standard | Kind::Custom) => {}
                _ if value::is_empty(value) => {
                    contact.attributes.remove(name);
                }
                _ => {
                    contact.attributes.insert(name.clone(), value.clone());
                }
            }
        }
        self.reindex(id);
    }

    pub fn label(&mut self, id: &str, label: &str, there: bool) {
        if let Some(contact) = self.by_id.get_mut(&id.to_lowercase()) {
            if there {
                contact.labels.insert(label.into())
            } else {
                contact.labels.remove(label)
            };
        }
    }

    /// A person known beforehand, by the names that pipelines use. Its consents are the tenant's.
    pub fn meet(&mut self, mut person: Map<String, Value>) {
        let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_string));
        let contact_type = text(person.remove("contact_type")).unwrap_or_else(|| "Member".into());
        let made = self.add(&contact_type);
        let id = text(person.remove("contact_id")).map_or(made.clone(), |id| self.rename(&made, &id));
        for (theirs, ours) in [("external_id", "externalId"), ("mobile_phone", "mobilePhone")] {
            if let Some(value) = person.remove(theirs) {
                person.insert(ours.into(), value);
            }
        }
        let mut preferences = Map::new();
        for name in PREFERENCES {
            preferences.extend(person.remove(&format!("preferences.{name}")).map(|value| (name.into(), value)));
        }
        person.insert("preferences".into(), preferences.into());
        let consents = person.get("consents").and_then(Value::as_array).into_iter().flatten();
        self.consents.extend(consents.filter_map(|item| item.get("id")?.as_str()).map(str::to_string));
        self.write(&id, &person, &[]);
    }

    fn rename(&mut self, made: &str, id: &str) -> String {
        if let Some(contact) = self.by_id.remove(made) {
            self.by_id.insert(id.to_lowercase(), Contact { id: id.to_string(), ..contact });
        }
        id.to_string()
    }

    /// After reading what an earlier process kept.
    pub fn reindex_all(&mut self) {
        self.index.clear();
        let ids: Vec<String> = self.by_id.keys().cloned().collect();
        ids.iter().for_each(|id| self.reindex(id));
    }

    fn reindex(&mut self, id: &str) {
        for key in self.entries(id) {
            self.index.entry(key).or_default().insert(id.to_lowercase());
        }
    }

    fn unindex(&mut self, id: &str) {
        for key in self.entries(id) {
            if let Some(ids) = self.index.get_mut(&key) {
                ids.remove(&id.to_lowercase());
            }
        }
    }

    fn entries(&self, id: &str) -> Vec<(String, String)> {
        let Some(contact) = self.get(id) else { return Vec::new() };
        let held = INDEXED.iter().filter_map(|name| Some((name.to_string(), contact.text(name)?.to_lowercase())));
        held.collect()
    }
}

fn prefer(contact: &mut Contact, value: &Value, without: &[String]) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let known = PREFERENCES.contains(&name.as_str()) && !without.contains(&format!("preferences.{name}"));
        if let Some(value) = value.as_bool().filter(|_| known) {
            contact.preferences.insert(name.clone(), value);
        }
    }
}

/// A consent that the tenant has not is ignored.
fn consent(contact: &mut Contact, value: &Value, known: &[String]) {
    for item in value.as_array().into_iter().flatten() {
        let id = item.get("id").and_then(Value::as_str).filter(|id| known.iter().any(|known| known == id));
        if let Some(id) = id {
            contact.consents.insert(id.to_string(), item.clone());
        }
    }
}
