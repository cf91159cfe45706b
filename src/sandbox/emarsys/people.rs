//! Looking contacts up: which there are, and what is known of them.

use serde_json::{Map, Value, json};

use super::account::{Account, Key, told_id, uid};
use super::answer::{Complaint, Complaints, Failure, done, told_or_list};
use super::{CONTACTS_MAX, value};
use crate::sandbox::{Refusal, Reply};

/// The contact with that key value, or the complaint that there is none, or more than one.
pub fn only(account: &Account, key: Key, key_id: &str, wanted: &str) -> Result<u64, Complaint> {
    match account.find(key, wanted).as_slice() {
        [contact] => Ok(*contact),
        [] => Err(Complaint::new(2008, format!("No contact found with the external id: {key_id} - {wanted}"))),
        _ => Err(Complaint::new(2010, format!("More contacts found with the external id: {key_id}"))),
    }
}

/// Refused on purpose, by any name of the key; a reason may begin with the code it is told by (`2009 ...`).
pub fn refused(account: &Account, key: Key, wanted: &str, refusals: &[Refusal]) -> Result<(), Complaint> {
    let field = match key {
        Key::Field(id) => account.field(id),
        Key::Id | Key::Uid => None,
    };
    let names = field.into_iter().flat_map(|field| [field.string_id.to_string(), field.name.to_string()]);
    let identifiers = names.chain([key.wire()]).map(|name| (name, json!(wanted))).collect();
    let Some(refusal) = refusals.iter().find(|refusal| refusal.meets(&identifiers)) else { return Ok(()) };
    let code = refusal.reason.get(..4).and_then(|code| code.parse().ok());
    Err(Complaint::new(code.unwrap_or(2007), refusal.reason.clone()))
}

/// `key_id` and the list of its values, of a call that takes at most so many.
pub fn wanted<'a>(
    account: &Account,
    body: &'a Map<String, Value>,
    (key_name, values_name): (&str, &str),
    most: usize,
    too_many: u32,
) -> Result<(Key, String, Vec<&'a Value>), Failure> {
    let key_id = body.get(key_name).ok_or_else(|| Failure::new(400, 2004, "Invalid key field id: ").strange())?;
    let values = body.get(values_name).and_then(Value::as_array);
    let values = values.ok_or_else(|| Failure::new(400, too_many + 1, "An array is expected").strange())?;
    if values.len() > most {
        return Err(Failure::new(400, too_many, "Too many ids").strange());
    }
    let text = value::text(key_id);
    let key = account.key(key_id).ok_or_else(|| Failure::new(400, 2004, format!("Invalid key field id: {text}")))?;
    Ok((key, text, values.iter().collect()))
}

/// `POST /contact/checkids`
pub fn check(account: &Account, body: &Map<String, Value>) -> Result<Reply, Failure> {
    let (key, key_id, values) = wanted(account, body, ("key_id", "external_ids"), CONTACTS_MAX, 2002)?;
    let multiple = body.get("get_multiple_ids").and_then(Value::as_bool).unwrap_or(false);
    let (mut ids, mut errors) = (Map::new(), Complaints::new());
    for wanted in values.into_iter().map(value::text) {
        match only(account, key, &key_id, &wanted) {
            Ok(contact) => {
                ids.insert(wanted, told_id(contact));
            }
            Err(complaint) if multiple && complaint.code == 2010 => {
                let all: Vec<Value> = account.find(key, &wanted).into_iter().map(told_id).collect();
                ids.insert(wanted, json!(all));
            }
            Err(complaint) => {
                errors.insert(wanted, complaint);
            }
        }
    }
    let ids = if ids.is_empty() { json!([]) } else { Value::Object(ids) };
    Ok(done(&json!({"ids": ids, "errors": told_or_list(&errors)})))
}

/// `POST /contact/getdata`, whose keys are in camel case and whose errors are a list.
pub fn data(account: &Account, body: &Map<String, Value>) -> Result<Reply, Failure> {
    let (key, key_id, values) = wanted(account, body, ("keyId", "keyValues"), CONTACTS_MAX, 2002)?;
    let fields: Vec<String> =
        body.get("fields").and_then(Value::as_array).into_iter().flatten().map(value::text).collect();
    let (mut result, mut errors) = (Vec::new(), Vec::new());
    for wanted in values.into_iter().map(value::text) {
        match only(account, key, &key_id, &wanted) {
            Ok(contact) => result.push(row(account, contact, &fields)),
            Err(complaint) => {
                errors.push(json!({"key": wanted, "errorCode": complaint.code, "errorMsg": complaint.text}));
            }
        }
    }
    let result = if result.is_empty() { json!(false) } else { json!(result) };
    Ok(done(&json!({"errors": errors, "result": result})))
}

fn row(account: &Account, contact: u64, fields: &[String]) -> Value {
    let held = account.contacts.get(&contact);
    let value = |name: &String| {
        let field: u32 = name.parse().ok()?;
        held?.get(&field).cloned()
    };
    let mut row = Map::from_iter([("id".to_string(), told_id(contact)), ("uid".to_string(), json!(uid(contact)))]);
    row.extend(fields.iter().map(|name| (name.clone(), value(name).unwrap_or(Value::Null))));
    Value::Object(row)
}
