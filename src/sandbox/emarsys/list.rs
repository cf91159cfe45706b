//! Contact lists: who is in them. Nobody is ever created here.

use serde_json::{Map, Value, json};

use super::account::Account;
use super::answer::{Complaint, Complaints, Failure, done, object, told_or_list};
use super::{people, value};
use crate::sandbox::{Call, Reply};

/// Ids in one call.
const IDS_MAX: usize = 10_000;
/// Of a page of members.
const PAGE_MAX: usize = 100_000;
const PAGE: usize = 10_000;

/// Everything is so old that its day does not matter.
const CREATED: &str = "2020-11-27 13:24:26";

pub fn listing(account: &Account) -> Value {
    let rows = account.lists.iter();
    rows.map(|(id, list)| json!({"id": id.to_string(), "name": list.name, "created": CREATED, "type": 0})).collect()
}

/// `POST /contactlist`, which may bring its first members.
pub fn create(account: &mut Account, body: &Map<String, Value>) -> Result<Reply, Failure> {
    let name = body.get("name").and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Failure::new(400, 3001, "The name of the list is required").strange())?;
    let (key, key_id, values) = people::wanted(account, body, ("key_id", "external_ids"), IDS_MAX, 3002)?;
    if account.lists.values().any(|list| list.name == name) {
        return Err(Failure::new(400, 3005, "A list of this name exists"));
    }
    let found: Vec<_> = values
        .into_iter()
        .map(value::text)
        .map(|wanted| (people::only(account, key, &key_id, &wanted), wanted))
        .collect();
    let id = account.add_list(name);
    let none = found.is_empty();
    let errors = join(account, id, found);
    Ok(match none {
        true => done(&json!({"id": id})),
        false => done(&json!({"id": id, "errors": told_or_list(&errors)})),
    })
}

fn join(account: &mut Account, list: u64, found: Vec<(Result<u64, Complaint>, String)>) -> Complaints {
    let mut errors = Complaints::new();
    for (contact, wanted) in found {
        match contact {
            Ok(contact) => {
                account.lists.entry(list).or_default().members.insert(contact);
            }
            Err(complaint) => {
                errors.insert(wanted, complaint);
            }
        }
    }
    errors
}

pub fn add(account: &mut Account, id: &str, call: &Call<'_>) -> Result<Reply, Failure> {
    let (list, found, strange) = named(account, id, call)?;
    let before = members_of(account, list);
    let errors = join(account, list, found);
    let inserted = members_of(account, list) - before;
    let reply = done(&json!({"inserted_contacts": inserted, "errors": told_or_list(&errors)}));
    Ok(if strange { reply.unexpected() } else { reply })
}

pub fn remove(account: &mut Account, id: &str, call: &Call<'_>) -> Result<Reply, Failure> {
    let (list, found, strange) = named(account, id, call)?;
    let before = members_of(account, list);
    let mut errors = Complaints::new();
    for (contact, wanted) in found {
        match contact {
            Ok(contact) => {
                account.lists.entry(list).or_default().members.remove(&contact);
            }
            Err(complaint) => {
                errors.insert(wanted, complaint);
            }
        }
    }
    let deleted = before - members_of(account, list);
    let reply = done(&json!({"deleted_contacts": deleted, "errors": told_or_list(&errors)}));
    Ok(if strange { reply.unexpected() } else { reply })
}

fn members_of(account: &Account, list: u64) -> usize {
    account.lists.get(&list).map_or(0, |list| list.members.len())
}

/// Contacts by the key value they were named with, or why there is none.
type Found = Vec<(Result<u64, Complaint>, String)>;

/// The list of a path, the contacts that a body names, and whether it names one twice.
fn named(account: &Account, id: &str, call: &Call<'_>) -> Result<(u64, Found, bool), Failure> {
    let list = known(account, id)?;
    let body = object(call)?;
    let (key, key_id, values) = people::wanted(account, body, ("key_id", "external_ids"), IDS_MAX, 3002)?;
    let wanted: Vec<String> = values.into_iter().map(value::text).collect();
    let mut distinct: Vec<String> = wanted.iter().map(|wanted| wanted.to_lowercase()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let strange = distinct.len() < wanted.len();
    let find = |wanted: &str| {
        people::refused(account, key, wanted, call.refusals)?;
        people::only(account, key, &key_id, wanted)
    };
    Ok((list, wanted.into_iter().map(|wanted| (find(&wanted), wanted)).collect(), strange))
}

fn known(account: &Account, id: &str) -> Result<u64, Failure> {
    let number: u64 = id.parse().map_err(|_| Failure::new(400, 1, format!("Action {id} is invalid.")).strange())?;
    account.lists.contains_key(&number).then_some(number).ok_or_else(|| Failure::of_status(404).strange())
}

pub fn count(account: &Account, id: &str) -> Result<Reply, Failure> {
    known(account, id).map(|list| done(&json!(members_of(account, list))))
}

/// A page of members, the one answer without an envelope.
pub fn members(account: &Account, id: &str, query: &str) -> Result<Reply, Failure> {
    let list = known(account, id)?;
    let asked = |name: &str| {
        let pair =
            query.split('&').find_map(|pair| pair.strip_prefix(name).or(pair.strip_prefix(&name.replace('$', "%24"))));
        pair.and_then(|value| value.parse::<usize>().ok())
    };
    let (skip, top) = (asked("$skiptoken=").unwrap_or(0), asked("$top=").unwrap_or(PAGE));
    if top > PAGE_MAX {
        return Err(Failure::new(400, 10001, "The page is too large").strange());
    }
    let all = account.lists.get(&list).map(|list| list.members.iter().copied()).into_iter().flatten();
    let page: Vec<u64> = all.skip(skip).take(top).collect();
    let more = skip + page.len() < members_of(account, list);
    let next = more.then(|| format!("/contactlist/{list}/contactIds?$skiptoken={}&$top={top}", skip + page.len()));
    Ok(Reply::json(200, &json!({"value": page, "next": next})))
}
