//! The older half of the API: data fields, lists, the account itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::account::{Account, List};
use super::answer::{Answer, Failure};
use super::value::{DataField, Kind, bad_name};
use crate::sandbox::{Call, Reply};

const PAGE_MAX: usize = 1000;
const LIST_NAME_CHARS_MAX: usize = 128;

pub fn account_info(account: &Account, call: &Call<'_>) -> Reply {
    let property = |name: &str, value: &str| json!({"name": name, "type": "String", "value": value});
    let endpoint = format!("{}/dotdigital/", call.request.origin);
    Reply::json(
        200,
        &json!({"id": account.id, "properties": [property("Name", "Sandbox"), property("ApiEndpoint", &endpoint)]}),
    )
}

pub fn data_fields(account: &mut Account, call: &Call<'_>) -> Answer {
    match call.request.method.as_str() {
        "GET" => Ok(Reply::json(200, &json!(account.fields))),
        "POST" => create_field(account, call.json),
        _ => Err(Failure::no_route()),
    }
}

fn create_field(account: &mut Account, body: Option<&Value>) -> Answer {
    let body = body.ok_or_else(|| invalid("the body is not JSON"))?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let name = text("name").ok_or_else(|| invalid("`name` is missing"))?;
    if let Some(why) = bad_name(name) {
        return Err(invalid(why));
    }
    let kind = text("type").and_then(Kind::parse).ok_or_else(|| invalid("`type` is none of the four"))?;
    let visibility = text("visibility").unwrap_or("Private");
    if !["Private", "Public"].contains(&visibility) {
        return Err(invalid("`visibility` is Private or Public"));
    }
    if account.field(name).is_some() {
        return Err(Failure::v2(400, "Field already exists. ERROR_NON_UNIQUE_DATAFIELD"));
    }
    let field = DataField {
        visibility: visibility.into(),
        default_value: body.get("defaultValue").cloned().filter(|value| !value.is_null()),
        ..DataField::new(name, kind)
    };
    let told = json!(field);
    account.fields.push(field);
    Ok(Reply::json(201, &told))
}

fn invalid(why: &str) -> Failure {
    Failure::v2(400, format!("{why}. ERROR_PARAMETER_INVALID")).unexpected()
}

pub fn delete_field(account: &mut Account, name: &str) -> Answer {
    let field = account.field(name).map(|field| field.name.clone());
    let name = field.ok_or_else(|| Failure::v2(404, "Error: ERROR_DATAFIELD_NOTFOUND"))?;
    account.fields.retain(|field| field.name != name);
    account.contacts.values_mut().for_each(|person| {
        person.data.remove(&name);
    });
    Ok(Reply::json(200, &json!({"result": "true"})))
}

pub fn lists(account: &mut Account, call: &Call<'_>) -> Answer {
    match call.request.method.as_str() {
        "GET" => page(account, call),
        "POST" => create_list(account, call.json),
        _ => Err(Failure::no_route()),
    }
}

fn page(account: &Account, call: &Call<'_>) -> Answer {
    let number = |name: &str, default: usize| match call.query(name) {
        None => Ok(default),
        Some(text) => text.parse::<usize>().map_err(|_| invalid("a number is expected")),
    };
    let (select, skip) = (number("select", PAGE_MAX)?, number("skip", 0)?);
    if !(1..=PAGE_MAX).contains(&select) {
        return Err(invalid("`select` is a number from 1 to 1000"));
    }
    let sizes = sizes(account);
    let told = account.lists.iter().map(|(id, list)| told(*id, list, &sizes));
    Ok(Reply::json(200, &json!(told.skip(skip).take(select).collect::<Vec<_>>())))
}

/// Contacts on each list.
fn sizes(account: &Account) -> BTreeMap<u64, usize> {
    let mut sizes = BTreeMap::new();
    for id in account.contacts.values().flat_map(|person| &person.lists) {
        *sizes.entry(*id).or_default() += 1;
    }
    sizes
}

fn told(id: u64, list: &List, sizes: &BTreeMap<u64, usize>) -> Value {
    let contacts = sizes.get(&id).copied().unwrap_or(0);
    json!({"id": id, "name": list.name, "visibility": list.visibility, "contacts": contacts})
}

fn create_list(account: &mut Account, body: Option<&Value>) -> Answer {
    let body = body.ok_or_else(|| invalid("the body is not JSON"))?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let fits = |name: &&str| !name.trim().is_empty() && name.chars().count() <= LIST_NAME_CHARS_MAX;
    let name = text("name").filter(fits).ok_or_else(|| invalid("`name` has 1 to 128 characters"))?;
    let visibility = text("visibility").unwrap_or("Private");
    if !["Private", "Public"].contains(&visibility) {
        return Err(invalid("`visibility` is Private or Public"));
    }
    let reserved = ["Test", "All Contacts"].iter().any(|reserved| reserved.eq_ignore_ascii_case(name));
    if reserved || account.lists.values().any(|list| list.name.eq_ignore_ascii_case(name)) {
        return Err(Failure::v2(400, "Error: ERROR_ADDRESSBOOK_DUPLICATE"));
    }
    let id = account.lists.keys().next_back().map_or(501, |last| last + 1);
    let list = List { name: name.into(), visibility: visibility.into() };
    let told = told(id, &list, &BTreeMap::new());
    account.lists.insert(id, list);
    Ok(Reply::json(200, &told))
}

/// The number of a list that is there.
fn known(account: &Account, list: &str) -> Result<u64, Failure> {
    let id = list.parse().ok().filter(|id| account.lists.contains_key(id));
    id.ok_or_else(|| Failure::v2(404, "Error: ERROR_ADDRESSBOOK_NOT_FOUND"))
}

/// `DELETE /v2/address-books/{list}/contacts/{contact}`
pub fn leave(account: &mut Account, list: &str, contact: &str) -> Answer {
    let list = known(account, list)?;
    let contact: u64 = contact.parse().map_err(|_| invalid("contacts go by number"))?;
    let person = account.contacts.get_mut(&contact).filter(|person| !person.deleted);
    let person = person.ok_or_else(|| Failure::v2(404, "Error: ERROR_CONTACT_NOT_FOUND"))?;
    person.lists.remove(&list);
    Ok(Reply { status: 204, ..Reply::default() })
}

/// `POST /v2/address-books/{list}/contacts/delete`: a bare array of contact ids. What becomes of each is not told.
pub fn leave_many(account: &mut Account, list: &str, body: Option<&Value>) -> Answer {
    let list = known(account, list)?;
    let ids: Option<Vec<u64>> =
        body.and_then(Value::as_array).map(|ids| ids.iter().map(Value::as_u64).collect()).unwrap_or(None);
    let ids = ids.filter(|ids| !ids.is_empty()).ok_or_else(|| invalid("an array of contact ids is expected"))?;
    for id in ids {
        if let Some(person) = account.contacts.get_mut(&id) {
            person.lists.remove(&list);
        }
    }
    Ok(Reply::json(202, &json!({"id": "00000000-0000-4000-8000-000000000000", "status": "Started"})))
}
