//! A small store of JSON objects, for whatever speaks JSON over HTTP: collections of objects by key, and lists of members.
//!
//! | request | |
//! |---|---|
//! | `POST COLLECTION` an object | creates it: 201, or 409 where one of its key is there |
//! | `PUT`, `PATCH`, `DELETE`, `GET COLLECTION/KEY` | replaces or creates, merges (null takes away), deletes, shows: 404 where there is none, but for PUT |
//! | `POST`, `PUT`, `PATCH`, `DELETE COLLECTION` an array, or `{"items": [...]}` | the same for each: 200 with the complaints as `errors`, or 207 where there are any |
//! | `PUT`, `DELETE lists/NAME/members/KEY` | someone joins or leaves a list: 404 for strangers |
//! | `POST`, `DELETE lists/NAME/members` an array | the same for each |
//!
//! Keys are what `id`, `email` or the first member that ends with `_id` holds. There is no rate limit.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use self::store::{Act, Collection, Complaint, KEYS, text};
use super::{Call, Contact, Holdings, Incoming, Reply, Vendor};

mod store;

/// A key, and a password, that the sandbox never takes.
const WRONG: &str = "wrong";
const BATCH_MAX: usize = 1000;
/// Where people are that were known beforehand.
const PEOPLE: &str = "people";
const LISTS: &str = "lists";
const MEMBERS: &str = "members";

#[derive(Default)]
pub struct Http {
    collections: BTreeMap<String, Collection>,
    /// Members by key.
    lists: BTreeMap<String, BTreeSet<String>>,
}

/// Where a request goes.
enum Place {
    Collection(String),
    Item(String, String),
    List(String),
    Member(String, String),
}

impl Place {
    /// Arrays go to collections; so does what is created.
    fn of(route: &str, many: bool, creates: bool) -> Option<Place> {
        let parts: Option<Vec<String>> = route.split('/').map(decoded).collect();
        let parts = parts?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            [] | [""] => None,
            [LISTS, list, MEMBERS] => Some(Place::List(list.to_string())),
            [LISTS, list, MEMBERS, key] => Some(Place::Member(list.to_string(), key.to_string())),
            [LISTS, ..] => None,
            all if many || creates => Some(Place::Collection(all.join("/"))),
            [collection @ .., key] if !collection.is_empty() => {
                Some(Place::Item(collection.join("/"), key.to_string()))
            }
            _ => None,
        }
    }
}

impl Http {
    fn write(&mut self, call: &Call<'_>) -> Result<Reply, Reply> {
        admit(call.request)?;
        let body = body(call)?;
        let many = body.and_then(items);
        let creates = call.request.method == "POST";
        let place = Place::of(call.route, many.is_some(), creates).ok_or_else(|| failed(404, "no such path"))?;
        match (place, many) {
            (Place::Collection(name), Some(items)) => self.each(&name, call, items),
            (Place::Collection(name), None) => self.create(&name, call, body),
            (Place::Item(name, key), None) => self.item(&name, &key, call, body),
            (Place::List(list), Some(items)) => self.members(&list, call, items),
            (Place::Member(list, key), None) => self.member(&list, &key, call),
            _ => Err(failed(400, "this path takes another kind of body").unexpected()),
        }
    }

    fn create(&mut self, name: &str, call: &Call<'_>, body: Option<&Value>) -> Result<Reply, Reply> {
        let Some(Value::Object(object)) = body else {
            return Err(failed(400, "the body must be an object").unexpected());
        };
        let collection = self.collections.entry(name.into()).or_default();
        let key = collection.key_in(object).ok_or_else(|| failed(422, "the object has no key").unexpected())?;
        match collection.act(Act::Create, &key, object, call.refusals) {
            Ok(()) => Ok(Reply::json(201, &json!({"key": key}))),
            Err(complaint) => Err(told(&complaint)),
        }
    }

    fn item(&mut self, name: &str, key: &str, call: &Call<'_>, body: Option<&Value>) -> Result<Reply, Reply> {
        let act = Act::of(&call.request.method);
        let collection = self.collections.entry(name.into()).or_default();
        let empty = Map::new();
        let object = match (body, act) {
            (Some(Value::Object(object)), Some(Act::Replace | Act::Merge)) => object,
            (None, Some(Act::Delete)) => &empty,
            (None, None) if call.request.method == "GET" => {
                let found = collection.records.get(key).map(|record| Reply::json(200, &json!(record)));
                return found.ok_or_else(|| failed(404, "there is no such object"));
            }
            (_, None) => return Err(failed(405, "this path does not take that method").unexpected()),
            _ => return Err(failed(400, "the body must be an object, and that of a DELETE empty").unexpected()),
        };
        if collection.key_in(object).is_some_and(|inside| inside != key) {
            return Err(failed(400, "the object has another key than the path").unexpected());
        }
        let act = act.unwrap_or(Act::Merge);
        collection.act(act, key, object, call.refusals).map_err(|complaint| told(&complaint))?;
        if act == Act::Delete {
            self.forget(key);
        }
        Ok(Reply { status: 204, ..Reply::default() })
    }

    fn each(&mut self, name: &str, call: &Call<'_>, items: &[Value]) -> Result<Reply, Reply> {
        let act = match call.request.method.as_str() {
            "POST" => Some(Act::Create),
            other => Act::of(other),
        };
        let act = act.ok_or_else(|| failed(405, "this path does not take that method").unexpected())?;
        let collection = self.collections.entry(name.into()).or_default();
        let mut gone = Vec::new();
        let reply = batch(items, |item| {
            let (key, object) = named(collection, item).ok_or_else(Complaint::no_key)?;
            collection.act(act, &key, &object, call.refusals)?;
            if act == Act::Delete {
                gone.push(key.clone());
            }
            Ok(key)
        });
        gone.iter().for_each(|key| self.forget(key));
        reply
    }

    fn members(&mut self, list: &str, call: &Call<'_>, items: &[Value]) -> Result<Reply, Reply> {
        let joins = match call.request.method.as_str() {
            "POST" | "PUT" => true,
            "DELETE" => false,
            _ => return Err(failed(405, "this path does not take that method").unexpected()),
        };
        let keys: Vec<Option<(String, Map<String, Value>)>> = items
            .iter()
            .map(|item| {
                self.collections
                    .values()
                    .find_map(|known| named(known, item))
                    .or_else(|| named(&Collection::default(), item))
            })
            .collect();
        let mut keys = keys.into_iter();
        batch(items, |_| {
            let (key, _) = keys.next().flatten().ok_or_else(Complaint::no_key)?;
            self.join(list, &key, joins, call)?;
            Ok(key)
        })
    }

    fn member(&mut self, list: &str, key: &str, call: &Call<'_>) -> Result<Reply, Reply> {
        let joins = match call.request.method.as_str() {
            "PUT" => true,
            "DELETE" => false,
            _ => return Err(failed(405, "this path does not take that method").unexpected()),
        };
        self.join(list, key, joins, call).map_err(|complaint| told(&complaint))?;
        Ok(Reply { status: 204, ..Reply::default() })
    }

    fn join(&mut self, list: &str, key: &str, joins: bool, call: &Call<'_>) -> Result<(), Complaint> {
        let home = self.collections.values().find(|collection| collection.records.contains_key(key));
        let home = home.ok_or_else(|| Complaint::absent(key))?;
        home.refused(key, &Map::new(), call.refusals)?;
        let members = self.lists.entry(list.into()).or_default();
        if joins {
            members.insert(key.to_string());
        } else if !members.remove(key) {
            return Err(Complaint::absent(key));
        }
        Ok(())
    }

    fn forget(&mut self, key: &str) {
        for members in self.lists.values_mut() {
            members.remove(key);
        }
    }

    fn contact(&self, collection: &Collection, key: &str, record: &Map<String, Value>) -> Contact {
        let lists = self.lists.iter().filter(|(_, members)| members.contains(key));
        let mut fields = BTreeMap::new();
        for (name, value) in record.iter().filter(|(name, _)| Some(name.as_str()) != collection.key.as_deref()) {
            flatten(name, value, &mut fields);
        }
        Contact {
            identifiers: [(collection.key.clone().unwrap_or_else(|| KEYS[0].into()), key.to_string())].into(),
            fields,
            groups: lists.map(|(name, _)| format!("list {name}")).collect(),
            unsubscribed: false,
        }
    }
}

/// Nested objects by names joined by dots.
fn flatten(name: &str, value: &Value, fields: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(inner, value)| flatten(&format!("{name}.{inner}"), value, fields));
        }
        value => {
            fields.insert(name.to_string(), value.clone());
        }
    }
}

/// An item of a batch: an object, or its key alone.
fn named(collection: &Collection, item: &Value) -> Option<(String, Map<String, Value>)> {
    match item {
        Value::Object(object) => Some((collection.key_in(object)?, object.clone())),
        plain => Some((text(plain)?, Map::new())),
    }
}

/// Each item by itself: the answer lists what was wrong with which.
fn batch(items: &[Value], mut act: impl FnMut(&Value) -> Result<String, Complaint>) -> Result<Reply, Reply> {
    if items.is_empty() || items.len() > BATCH_MAX {
        return Err(failed(413, &format!("a request takes 1 to {BATCH_MAX} items")).unexpected());
    }
    let (mut seen, mut errors, mut twice) = (BTreeSet::new(), Vec::new(), false);
    for (index, item) in items.iter().enumerate() {
        match act(item) {
            Ok(key) => twice |= !seen.insert(key),
            Err(complaint) => {
                twice |= complaint.is_malformed();
                errors.push(complaint.at(index));
            }
        }
    }
    let status = if errors.is_empty() { 200 } else { 207 };
    let reply = Reply::json(status, &json!({"written": items.len() - errors.len(), "errors": errors}));
    Ok(if twice { reply.unexpected() } else { reply })
}

fn told(complaint: &Complaint) -> Reply {
    let reply = Reply::json(complaint.status(), &complaint.body());
    if complaint.is_malformed() { reply.unexpected() } else { reply }
}

fn failed(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"error": status, "message": message}))
}

fn admit(request: &Incoming) -> Result<(), Reply> {
    let given = request.header("authorization").unwrap_or_default();
    let bearer = given.strip_prefix("Bearer ").map(str::to_string);
    let basic = given.strip_prefix("Basic ").and_then(|text| STANDARD.decode(text).ok());
    let basic = basic.and_then(|bytes| String::from_utf8(bytes).ok());
    let password = basic.and_then(|pair| pair.split_once(':').map(|(_, password)| password.to_string()));
    match bearer.or(password) {
        Some(key) if !key.trim().is_empty() && key != WRONG => Ok(()),
        _ => Err(failed(401, "the credentials are missing or wrong")),
    }
}

/// What was sent, if anything.
fn body<'a>(call: &Call<'a>) -> Result<Option<&'a Value>, Reply> {
    if call.request.body.is_empty() {
        return Ok(None);
    }
    let kind = call.request.header("content-type").unwrap_or_default();
    if kind.split(';').next().is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(failed(415, "Content-Type must be application/json").unexpected());
    }
    call.json.map(Some).ok_or_else(|| failed(400, "the body is not JSON").unexpected())
}

/// An array, bare or as `items`.
fn items(body: &Value) -> Option<&[Value]> {
    let list = match body {
        Value::Object(members) if members.len() == 1 => members.get("items")?,
        other => other,
    };
    list.as_array().map(Vec::as_slice)
}

/// `%40` as `@`; `None` for what is no text.
fn decoded(part: &str) -> Option<String> {
    let bytes = part.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                out.push(u8::from_str_radix(part.get(at + 1..at + 3)?, 16).ok()?);
                at += 3;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

impl Vendor for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn answer(&mut self, call: &Call<'_>) -> Reply {
        self.write(call).unwrap_or_else(|refused| refused)
    }

    fn failure(&self, status: u16) -> Reply {
        failed(status, "on purpose")
    }

    fn records(&self, body: &Value) -> usize {
        items(body).map_or(1, <[Value]>::len)
    }

    fn state(&self) -> Value {
        json!({"collections": self.collections, "lists": self.lists})
    }

    fn holdings(&self) -> Holdings {
        let contacts = self.collections.values().flat_map(|collection| {
            collection.records.iter().map(move |(key, record)| self.contact(collection, key, record))
        });
        Holdings { contacts: contacts.collect(), ..Holdings::default() }
    }

    fn meet(&mut self, people: Vec<Map<String, Value>>) {
        let collection = self.collections.entry(PEOPLE.into()).or_default();
        people.into_iter().for_each(|person| collection.take_in(person));
    }

    fn load(&mut self, mut state: Value) -> serde_json::Result<()> {
        self.collections = serde_json::from_value(state["collections"].take())?;
        self.lists = serde_json::from_value(state["lists"].take())?;
        Ok(())
    }

    fn reset(&mut self) {
        *self = Http::default();
    }
}
