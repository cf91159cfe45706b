//! One account: its own fields, its contacts, its lists.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::field::{self, Known, Own};
use super::value;

/// Where ids of fields begin that are created here.
const FIRST_FIELD: u32 = 31_100;
const FIRST_CONTACT: u64 = 138_621_551;
const FIRST_LIST: u64 = 482_019_135;

#[derive(Serialize, Deserialize)]
pub struct Account {
    pub fields: BTreeMap<u32, Own>,
    /// Values by field id.
    pub contacts: BTreeMap<u64, BTreeMap<u32, Value>>,
    pub lists: BTreeMap<u64, List>,
    next_contact: u64,
    /// Contacts by indexed field and value, without case.
    #[serde(skip)]
    index: HashMap<(u32, String), BTreeSet<u64>>,
}

#[derive(Default, Serialize, Deserialize)]
pub struct List {
    pub name: String,
    pub members: BTreeSet<u64>,
}

/// What a contact is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Id,
    Uid,
    Field(u32),
}

impl Key {
    /// As contacts carry it.
    pub fn wire(self) -> String {
        match self {
            Key::Id => "id".into(),
            Key::Uid => "uid".into(),
            Key::Field(id) => id.to_string(),
        }
    }
}

impl Default for Account {
    /// With some fields of its own, of kinds that no call can create.
    fn default() -> Self {
        let own = |name: &str, string_id: &str, application_type: &str, choices: &[&str], indexed| Own {
            name: name.into(),
            string_id: string_id.into(),
            application_type: application_type.into(),
            choices: field::numbered(choices),
            indexed,
        };
        let fields = [
            (31_001, own("Loyalty tier", "loyalty_tier", "singlechoice", &["Bronze", "Silver", "Gold"], false)),
            (31_002, own("Sports", "", "multichoice", &["Running", "Cycling", "Climbing", "Skiing"], false)),
            (31_003, own("Customer number", "customer_number", "shorttext", &[], true)),
            (31_004, own("Welcome voucher", "welcome_voucher", "voucher", &[], false)),
        ];
        Account {
            fields: fields.into(),
            contacts: BTreeMap::new(),
            lists: BTreeMap::new(),
            next_contact: FIRST_CONTACT,
            index: HashMap::new(),
        }
    }
}

impl Account {
    pub fn field(&self, id: u32) -> Option<Known<'_>> {
        field::system(id).or_else(|| self.fields.get(&id).map(|own| own.known(id)))
    }

    /// The name that pipelines use: the string id of the vendor's own fields, the display name of the account's.
    pub fn field_name(&self, id: u32) -> String {
        match field::system(id) {
            Some(system) => system.string_id.to_string(),
            None => self.fields.get(&id).map_or_else(|| id.to_string(), |own| own.name.clone()),
        }
    }

    pub fn add_field(&mut self, name: &str, application_type: &str) -> u32 {
        let id = self.fields.keys().next_back().map_or(FIRST_FIELD, |last| (last + 1).max(FIRST_FIELD));
        let own = Own {
            name: name.into(),
            string_id: String::new(),
            application_type: application_type.into(),
            choices: Vec::new(),
            indexed: false,
        };
        self.fields.insert(id, own);
        id
    }

    /// `key_id`: a number, digits, or a string id. Only indexed fields will do.
    pub fn key(&self, key_id: &Value) -> Option<Key> {
        let text = value::text(key_id);
        match text.as_str() {
            "id" => return Some(Key::Id),
            "uid" => return Some(Key::Uid),
            _ => {}
        }
        let by_number = text.parse().ok().and_then(|id| self.field(id));
        let found = by_number.or_else(|| self.all_fields().find(|field| field.string_id == text))?;
        found.indexed.then_some(Key::Field(found.id))
    }

    /// Every contact with that value. How Emarsys compares letter case is not documented; here it makes no difference.
    pub fn find(&self, key: Key, wanted: &str) -> Vec<u64> {
        match key {
            Key::Id => wanted.parse().ok().filter(|id| self.contacts.contains_key(id)).into_iter().collect(),
            Key::Uid => self.contacts.keys().copied().filter(|id| uid(*id) == wanted).collect(),
            Key::Field(field) => {
                self.index.get(&(field, wanted.to_lowercase())).into_iter().flatten().copied().collect()
            }
        }
    }

    /// Writes values of a contact, and lets it be found by them.
    pub fn set(&mut self, contact: u64, values: BTreeMap<u32, Value>) {
        for (field, value) in values {
            let indexed = self.field(field).is_some_and(|field| field.indexed);
            let old = self.contacts.entry(contact).or_default().insert(field, value.clone());
            if indexed {
                let entry = |value: &Value| (field, value::text(value).to_lowercase());
                old.and_then(|old| self.index.get_mut(&entry(&old))).map(|known| known.remove(&contact));
                self.index.entry(entry(&value)).or_default().insert(contact);
            }
        }
    }

    /// After it was read back.
    pub fn reindex(&mut self) {
        for (contact, values) in self.contacts.clone() {
            self.set(contact, values);
        }
    }

    fn all_fields(&self) -> impl Iterator<Item = Known<'_>> {
        field::systems().map(narrow).chain(self.fields.iter().map(|(id, own)| own.known(*id)))
    }

    pub fn add_contact(&mut self) -> u64 {
        let id = self.next_contact;
        self.next_contact += 1;
        self.contacts.insert(id, BTreeMap::new());
        id
    }

    pub fn add_list(&mut self, name: &str) -> u64 {
        let id = self.lists.keys().next_back().map_or(FIRST_LIST, |last| last + 1);
        self.lists.insert(id, List { name: name.into(), members: BTreeSet::new() });
        id
    }

    pub fn groups(&self, contact: u64) -> BTreeSet<String> {
        let lists = self.lists.values().filter(|list| list.members.contains(&contact));
        lists.map(|list| format!("list {}", list.name)).collect()
    }

    /// Somebody known beforehand; a field nobody has heard of becomes one of the account's.
    pub fn meet(&mut self, person: Map<String, Value>) {
        let contact = self.add_contact();
        for (name, value) in person {
            let known = self.all_fields().find(|field| field.string_id == name || field.name == name);
            let known = known.map(|field| field.id);
            let field = known.unwrap_or_else(|| self.add_field(&name, "shorttext"));
            self.set(contact, [(field, value)].into());
        }
    }
}

fn narrow<'a>(field: Known<'static>) -> Known<'a> {
    field
}

pub fn uid(contact: u64) -> String {
    format!("u{contact:09}")
}

pub fn told_id(contact: u64) -> Value {
    json!(contact.to_string())
}
