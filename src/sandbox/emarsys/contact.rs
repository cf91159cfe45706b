//! `PUT /contact` and `POST /contact`: contacts written, many at once or a single one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::account::{Account, Key, told_id};
use super::answer::{Complaint, Complaints, Failure, done, object, told, told_or_list};
use super::{BYTES_MAX, CONTACTS_MAX, people, value};
use crate::sandbox::{Call, Refusal, Reply};

/// Stands where a key value would, when the key field itself is no key.
const NO_KEY: &str = "<NO_KEY_ID>";

/// What becomes of contacts that are not there, or there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Update,
    Upsert,
    Create,
}

struct Writing<'a> {
    manner: Manner,
    key: Key,
    /// As the caller spelled it.
    key_id: String,
    list: Option<u64>,
    refusals: &'a [Refusal],
}

#[derive(Default)]
struct Written {
    ids: Vec<Value>,
    errors: Complaints,
    strange: bool,
}

pub fn put(account: &mut Account, call: &Call<'_>) -> Result<Reply, Failure> {
    let create = call.request.query.split('&').find_map(|pair| pair.strip_prefix("create_if_not_exists="));
    match create {
        None | Some("0") => write(account, call, Manner::Update),
        Some("1") => write(account, call, Manner::Upsert),
        Some(_) => Err(Failure::new(400, 1, "create_if_not_exists is 0 or 1").strange()),
    }
}

pub fn post(account: &mut Account, call: &Call<'_>) -> Result<Reply, Failure> {
    write(account, call, Manner::Create)
}

fn write(account: &mut Account, call: &Call<'_>, manner: Manner) -> Result<Reply, Failure> {
    let body = object(call)?;
    if call.request.body.len() > BYTES_MAX {
        return Err(Failure::new(413, 1, "The request is too large").strange());
    }
    let key_id = body.get("key_id").ok_or_else(|| Failure::new(400, 2004, "Invalid key field id: ").strange())?;
    let list = body.get("contact_list_id").map(|id| list(account, id)).transpose()?;
    let contacts = contacts(body)?;
    let key = account.key(key_id).filter(|key| manner == Manner::Update || matches!(key, Key::Field(_)));
    let Some(key) = key else {
        let complaint = Complaint::new(2004, format!("Invalid key field id: {}", value::text(key_id)));
        return Ok(done(&json!({"ids": [], "errors": told(&[(NO_KEY.to_string(), complaint)].into())})));
    };
    let writing = Writing { manner, key, key_id: value::text(key_id), list, refusals: call.refusals };
    let written = writing.all(account, &contacts);
    Ok(answer(written, body.contains_key("contacts"), manner))
}

fn list(account: &Account, id: &Value) -> Result<u64, Failure> {
    let known = value::text(id).parse().ok().filter(|id| account.lists.contains_key(id));
    known.ok_or_else(|| Failure::new(400, 2020, "Invalid contact list id").strange())
}

/// The contacts of a body, which is a contact itself where it has no list of them.
fn contacts(body: &Map<String, Value>) -> Result<Vec<Map<String, Value>>, Failure> {
    let Some(contacts) = body.get("contacts") else {
        let mut only = body.clone();
        only.retain(|name, _| !["key_id", "contact_list_id", "source_id"].contains(&name.as_str()));
        return Ok(vec![only]);
    };
    let contacts = contacts.as_array().ok_or_else(|| Failure::new(400, 2003, "An array is expected").strange())?;
    if contacts.is_empty() || contacts.len() > CONTACTS_MAX {
        let text = format!("{} contacts, 1 to {CONTACTS_MAX} are allowed", contacts.len());
        return Err(Failure::new(400, 1000, text).strange());
    }
    let object = |contact: &Value| contact.as_object().cloned();
    let contacts: Option<Vec<_>> = contacts.iter().map(object).collect();
    contacts.ok_or_else(|| Failure::new(400, 2003, "A contact is an object").strange())
}

impl Writing<'_> {
    fn all(&self, account: &mut Account, contacts: &[Map<String, Value>]) -> Written {
        let mut written = Written::default();
        let mut seen = BTreeSet::new();
        for contact in contacts {
            let key = self.key_value(contact);
            // Complaints about two of one key cannot be told apart.
            written.strange |= !seen.insert(key.to_lowercase());
            match self.one(account, contact, &key) {
                Ok(id) => written.ids.push(id),
                Err(complaint) => {
                    written.strange |= complaint.strange;
                    written.errors.insert(key, complaint);
                }
            }
        }
        written
    }

    /// Empty where there is none.
    fn key_value(&self, contact: &Map<String, Value>) -> String {
        let value = contact.get(&self.key.wire()).filter(|value| !value.is_null());
        value.map(value::text).unwrap_or_default()
    }

    /// Writes one contact; its id is text where it was there before, and a number where it is new.
    fn one(&self, account: &mut Account, contact: &Map<String, Value>, key: &str) -> Result<Value, Complaint> {
        let id = &self.key_id;
        if key.trim().is_empty() {
            return Err(Complaint::strange(2005, format!("No value provided for key field: {id}")));
        }
        people::refused(account, self.key, key, self.refusals)?;
        let values = self.values(account, contact)?;
        let (contact, told) = match (account.find(self.key, key).as_slice(), self.manner) {
            ([_], Manner::Create) => {
                return Err(Complaint::new(2009, format!("Contact with the external id already exists: {id}")));
            }
            ([found], _) => (*found, told_id(*found)),
            ([], Manner::Update) => {
                return Err(Complaint::new(2008, format!("No contact found with the external id: {id} - {key}")));
            }
            ([], _) => {
                let new = account.add_contact();
                (new, json!(new))
            }
            _ => return Err(Complaint::new(2010, format!("More contacts found with the external id: {id}"))),
        };
        account.set(contact, values);
        // Whoever was identified gets into the list, those who were there before too.
        if let Some(list) = self.list.and_then(|list| account.lists.get_mut(&list)) {
            list.members.insert(contact);
        }
        Ok(told)
    }

    fn values(&self, account: &Account, contact: &Map<String, Value>) -> Result<BTreeMap<u32, Value>, Complaint> {
        let mut values = BTreeMap::new();
        for (name, value) in contact {
            if name == "source_id" || (self.key == Key::Id && name == "id") || (self.key == Key::Uid && name == "uid") {
                continue;
            }
            let field = name.parse().ok().and_then(|id| account.field(id));
            let Some(field) = field else {
                let code = if name == "id" || name == "uid" { 2007 } else { 2006 };
                return Err(Complaint::strange(code, format!("Invalid field id: {name}")));
            };
            values.insert(field.id, value::kept(&field, value)?);
        }
        Ok(values)
    }
}

/// Of a single contact the complaint refuses the call; of many it stands beside the ids of the others.
fn answer(written: Written, many: bool, manner: Manner) -> Reply {
    let Written { ids, errors, strange } = written;
    let only = errors.values().next().filter(|_| !many);
    let reply = match (only, many) {
        (Some(complaint), _) => Failure::new(400, complaint.code, complaint.text.clone()).reply(),
        (None, false) => done(&json!({"id": ids.first()})),
        // Without complaints `errors` is missing or an empty list; both have been seen.
        (None, true) if errors.is_empty() && manner == Manner::Update => done(&json!({"ids": ids})),
        (None, true) => done(&json!({"ids": ids, "errors": told_or_list(&errors)})),
    };
    if strange { reply.unexpected() } else { reply }
}
