//! Contacts one by one, and the listing of all of them.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use serde_json::{Value, json};

use super::account::{Account, Complaint};
use super::answer::{Answer, Failure};
use super::contact::{Merge, Written};
use super::import::{by_pipeline, meets, pipeline_name};
use crate::sandbox::{Call, Reply};

const MERGES: [&str; 3] = ["overwrite", "overwrite-if-not-empty", "overwrite-if-empty"];
const PAGE_MAX: usize = 5000;
/// Items of a page where the caller does not say.
const PAGE: usize = 1000;

/// `/contacts/v3/{identifier}/{value}`
pub fn one(account: &mut Account, call: &Call<'_>, name: &str, value: &str) -> Answer {
    if !["contactId", "email", "mobileNumber"].contains(&name) {
        let told = format!("'{name}' is no identifier of the account");
        return Err(Failure::v3(400, "contacts:invalidId", told).unexpected());
    }
    match call.request.method.as_str() {
        "GET" => read(account, name, value),
        "PATCH" => patch(account, call, name, value),
        "PUT" => replace(account, call, name, value),
        "DELETE" => delete(account, name, value),
        _ => Err(Failure::no_route()),
    }
}

fn not_found() -> Failure {
    Failure::v3(404, "contacts:contactNotFound", "The contact could not be found")
}

fn read(account: &Account, name: &str, value: &str) -> Answer {
    let id = account.present(name, value).ok_or_else(not_found)?;
    Ok(told(account, 200, id))
}

fn told(account: &Account, status: u16, id: u64) -> Reply {
    Reply::json(status, &account.contacts.get(&id).map(|person| person.told(id, true)).unwrap_or_default())
}

fn body<'a>(call: &Call<'a>) -> Result<Written<'a>, Failure> {
    let body = call
        .json
        .ok_or_else(|| Failure::v3(400, "contacts:badJson", "The request JSON is badly formed").unexpected())?;
    let written = Written::read("", body, &[])?;
    // It is given by the account, and stands in paths and imports alone.
    match written.identifiers.contains_key("contactId") {
        true => Err(Failure::bad_item("identifiers", "contactId cannot be written")),
        false => Ok(written),
    }
}

/// `POST /contacts/v3`
pub fn create(account: &mut Account, call: &Call<'_>) -> Answer {
    let written = body(call)?;
    if !written.can_be_created() {
        return Err(Failure::bad_request("An email or a mobile number is required"));
    }
    if written.identifiers.iter().any(|(name, value)| account.present(name, value).is_some()) {
        return Err(Failure::v3(409, "contacts:idAlreadyExists", "An identifier is in use already"));
    }
    let id = account.create();
    write(account, call, id, &written, Merge::Overwrite, 201, true)
}

fn patch(account: &mut Account, call: &Call<'_>, name: &str, value: &str) -> Answer {
    let word = call.query("merge-option").unwrap_or("overwrite".into());
    let merge = Merge::parse(&word, MERGES).ok_or_else(|| Failure::bad_request("no such merge option"))?;
    let written = body(call)?;
    if let Some(id) = account.find(name, value) {
        return write(account, call, id, &written, merge, 200, false);
    }
    if !written.can_be_created() {
        // What is answered then is not documented; that nobody is created is.
        return Err(Failure::bad_item("identifiers", "An email or a mobile number is required").expected());
    }
    let id = account.create();
    write(account, call, id, &written, merge, 201, true)
}

/// Wipes whatever is not sent.
fn replace(account: &mut Account, call: &Call<'_>, name: &str, value: &str) -> Answer {
    let written = body(call)?;
    let id = account.present(name, value).ok_or_else(not_found)?;
    if let Some(person) = account.contacts.get_mut(&id) {
        person.data.clear();
        person.lists.clear();
    }
    write(account, call, id, &written, Merge::Overwrite, 200, false)
}

fn write(
    account: &mut Account,
    call: &Call<'_>,
    id: u64,
    written: &Written<'_>,
    merge: Merge,
    status: u16,
    new: bool,
) -> Answer {
    let mut named = by_pipeline(account, "email", written);
    let known = account.contacts.get(&id).into_iter().flat_map(|person| &person.identifiers);
    named.extend(known.map(|(name, value)| (pipeline_name(name).to_string(), json!(value))));
    named.insert("contact_id".into(), json!(id.to_string()));
    let refused = call.refusals.iter().find(|refusal| meets(refusal, &named)).map(|refusal| refusal.reason.clone());
    let done = match refused {
        Some(reason) => Err(Failure::v3(400, "contacts:invalidContacts", reason)),
        None => account.write(id, written, merge).map_err(failed),
    };
    match done {
        Ok(_) => Ok(told(account, status, id)),
        Err(failure) => {
            if new {
                account.contacts.remove(&id);
            }
            Err(failure)
        }
    }
}

fn failed(complaint: Complaint) -> Failure {
    let failure = match complaint.code {
        "duplicateIdentifier" => Failure::v3(409, "contacts:idAlreadyExists", complaint.description),
        "invalidEmail" | "InvalidPhoneNumber" => Failure::v3(400, "contacts:invalidId", complaint.description),
        _ => Failure::v3(400, "contacts:badRequest", complaint.description),
    };
    if complaint.unexpected { failure.unexpected() } else { failure }
}

/// Into the recycle bin.
fn delete(account: &mut Account, name: &str, value: &str) -> Answer {
    let id = account.present(name, value).ok_or_else(not_found)?;
    if let Some(person) = account.contacts.get_mut(&id) {
        person.deleted = true;
        person.lists.clear();
    }
    Ok(Reply::json(200, &json!({"contactId": id})))
}

/// `GET /contacts/v3`: ids and identifiers, in the order of the ids.
pub fn list(account: &Account, call: &Call<'_>) -> Answer {
    let limit = match call.query("limit") {
        None => Some(PAGE),
        Some(text) => text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit)),
    };
    let limit = limit.ok_or_else(|| Failure::bad_request("limit is a number from 1 to 5000"))?;
    let after = match call.query("marker") {
        None => 0,
        Some(marker) => unmarked(&marker).ok_or_else(|| Failure::bad_request("no such marker"))?,
    };
    let present = account.contacts.range(after + 1..).filter(|(_, person)| !person.deleted);
    let mut page: Vec<(u64, Value)> =
        present.take(limit + 1).map(|(id, person)| (*id, person.told(*id, false))).collect();
    let more = page.len() > limit;
    page.truncate(limit);
    let mut links = json!({"self": link(after, limit), "first": link(0, limit)});
    if let (true, Some((last, _))) = (more, page.last()) {
        links["next"] = link(*last, limit);
    }
    let items: Vec<Value> = page.into_iter().map(|(_, told)| told).collect();
    Ok(Reply::json(200, &json!({"_items": items, "_links": links})))
}

fn link(after: u64, limit: usize) -> Value {
    let marker = BASE64_URL_SAFE.encode(format!("after {after}"));
    json!({"marker": marker, "link": format!("/contacts/v3?limit={limit}&marker={marker}")})
}

fn unmarked(marker: &str) -> Option<u64> {
    let text = String::from_utf8(BASE64_URL_SAFE.decode(marker).ok()?).ok()?;
    text.strip_prefix("after ")?.parse().ok()
}
