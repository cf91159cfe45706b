//! Dotdigital's API: contacts in v3 (`/contacts/v3...`), data fields and lists in v2 (`/v2/...`), each with its own shape of
//! errors.
//!
//! Users of the API belong to one account, but for those whose name begins with `other`, who open a second one. A path may
//! begin with a region: the accounts live in `r1`, and `r2` and `r3` answer for themselves alone.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use regex::Regex;
use serde_json::{Map, Value, json};

use self::account::Account;
use self::answer::{Answer, Failure};
use super::{Call, Contact, Holdings, Incoming, Rates, Reply, Vendor};

mod account;
mod answer;
mod contact;
mod import;
mod v2;
mod v3;
mod value;

/// A password the sandbox never takes, for trying out what a wrong one does.
const WRONG_PASSWORD: &str = "wrong";

/// The one figure that is published: calls of the low tier in a minute, in the basic package. What the other tiers allow is
/// told to each account alone, so they are not limited here.
const LOW_TIER: u64 = 35;
const WINDOW_MS: u64 = 60_000;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant")
}

pub struct Dotdigital {
    rates: Rates,
    /// By name: `main` and `other`.
    accounts: BTreeMap<String, Account>,
    /// By account: the window that is counted, and the calls in it.
    low: BTreeMap<String, (u64, u64)>,
}

impl Dotdigital {
    pub fn new(rates: Rates) -> Self {
        Dotdigital { rates, accounts: BTreeMap::new(), low: BTreeMap::new() }
    }

    fn account(&mut self, name: &str) -> &mut Account {
        let id = if name == "main" { 1 } else { 2 };
        self.accounts.entry(name.to_string()).or_insert_with(|| Account::new(id))
    }

    fn serve(&mut self, call: &Call<'_>) -> Answer {
        let (region, route) = located(call.route);
        let name = admit(call.request)?;
        if region != "r1" && route != "v2/account-info" {
            return Err(Failure::v2(403, "Access denied").unexpected());
        }
        let parts: Vec<String> = route.split('/').map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let left = if is_low(&call.request.method, &parts) { self.spend(name, call.request.at_ms)? } else { None };
        let rates = self.rates;
        let reply = routed(self.account(name), call, &parts, rates)?;
        Ok(match left {
            Some((left, reset_s)) => reply
                .header("x-ratelimit-limit", LOW_TIER)
                .header("x-ratelimit-remaining", left)
                .header("x-ratelimit-reset", reset_s)
                .header("x-ratelimit-scope", "lowCallRate"),
            None => reply,
        })
    }

    /// What is left of the window, and when it ends in seconds of the caller's clock.
    fn spend(&mut self, account: &str, at_ms: u64) -> Result<Option<(u64, u64)>, Failure> {
        if self.rates == Rates::Relaxed {
            return Ok(None);
        }
        let window = at_ms / WINDOW_MS;
        let reset_s = (window + 1) * WINDOW_MS / 1000;
        let counted = self.low.entry(account.to_string()).or_default();
        if counted.0 != window {
            *counted = (window, 0);
        }
        if counted.1 >= LOW_TIER {
            return Err(Failure::too_many(reset_s));
        }
        counted.1 += 1;
        Ok(Some((LOW_TIER - counted.1, reset_s)))
    }
}

/// The region and the rest of a path.
fn located(route: &str) -> (&str, &str) {
    match route.split_once('/') {
        Some((region @ ("r1" | "r2" | "r3"), rest)) => (region, rest),
        _ => ("r1", route),
    }
}

/// Tiers are inferred from what the documents say of each call: bulk work is low.
fn is_low(method: &str, parts: &[&str]) -> bool {
    matches!((method, parts), ("PUT", ["contacts", "v3", "import"]) | ("GET", ["contacts", "v3"]))
}

fn routed(account: &mut Account, call: &Call<'_>, parts: &[&str], rates: Rates) -> Answer {
    match (call.request.method.as_str(), parts) {
        ("PUT", ["contacts", "v3", "import"]) => import::begin(account, call, rates),
        ("GET", ["contacts", "v3", "import", id]) => import::status(account, id, call.request.at_ms),
        ("GET", ["contacts", "v3"]) => v3::list(account, call),
        ("POST", ["contacts", "v3"]) => v3::create(account, call),
        (_, ["contacts", "v3", name, value]) => v3::one(account, call, name, value),
        ("GET", ["v2", "account-info"]) => Ok(v2::account_info(account, call)),
        (_, ["v2", "data-fields"]) => v2::data_fields(account, call),
        ("DELETE", ["v2", "data-fields", name]) => v2::delete_field(account, name),
        (_, ["v2", "address-books"]) => v2::lists(account, call),
        ("DELETE", ["v2", "address-books", list, "contacts", contact]) => v2::leave(account, list, contact),
        ("POST", ["v2", "address-books", list, "contacts", "delete"]) => v2::leave_many(account, list, call.json),
        _ => Err(Failure::no_route()),
    }
}

/// The account that a request opens.
fn admit(request: &Incoming) -> Result<&'static str, Failure> {
    let encoded = request.header("authorization").and_then(|value| value.strip_prefix("Basic "));
    let decoded = encoded.and_then(|text| BASE64_STANDARD.decode(text.trim()).ok());
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(Failure::unauthorised)?;
    let (user, password) = text.split_once(':').ok_or_else(Failure::unauthorised)?;
    if user.trim().is_empty() || password.is_empty() || password == WRONG_PASSWORD {
        return Err(Failure::unauthorised());
    }
    let writes = request.method != "GET" && request.method != "DELETE";
    let kind = request.header("content-type").unwrap_or_default();
    let json = kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if writes && !json {
        return Err(Failure::v2(415, "Unsupported media type").unexpected());
    }
    Ok(if user.starts_with("other") { "other" } else { "main" })
}

/// A segment of a path, or a value of a query, with its `%` escapes read.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *first == b'%').and_then(|two| std::str::from_utf8(two).ok());
        match escaped.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Call<'_> {
    /// A value of the query.
    fn query(&self, name: &str) -> Option<String> {
        let pairs = self.request.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(known, _)| decoded(known) == name).map(|(_, value)| decoded(value))
    }
}

/// What an account holds of one person, by the names that pipelines use.
fn contact(account: &Account, id: u64, person: &account::Person) -> Contact {
    let named = person.identifiers.iter();
    let named = named.map(|(name, value)| (import::pipeline_name(name).to_string(), value.clone()));
    let lists = person.lists.iter().filter_map(|id| account.lists.get(id));
    Contact {
        identifiers: named.chain([("contact_id".to_string(), id.to_string())]).collect(),
        fields: person.data.iter().chain(&person.channels).map(|(name, value)| (name.clone(), value.clone())).collect(),
        groups: lists.map(|list| format!("list {}", list.name)).collect(),
        ..Contact::default()
    }
}

impl Vendor for Dotdigital {
    fn name(&self) -> &'static str {
        "dotdigital"
    }

    fn answer(&mut self, call: &Call<'_>) -> Reply {
        self.serve(call).unwrap_or_else(Failure::reply)
    }

    fn failure(&self, status: u16) -> Reply {
        Failure::of_status(status).reply()
    }

    fn records(&self, body: &Value) -> usize {
        match body {
            Value::Array(ids) => ids.len(),
            body => body.get("contacts").and_then(Value::as_array).map_or(1, Vec::len),
        }
    }

    fn state(&self) -> Value {
        json!(self.accounts)
    }

    fn holdings(&self) -> Holdings {
        let contacts = self.accounts.values().flat_map(|account| {
            let present = account.contacts.iter().filter(|(_, person)| !person.deleted);
            present.map(move |(id, person)| contact(account, *id, person))
        });
        Holdings { contacts: contacts.collect(), ..Holdings::default() }
    }

    fn meet(&mut self, people: Vec<Map<String, Value>>) {
        people.into_iter().for_each(|person| self.account("main").meet(person));
    }

    fn load(&mut self, state: Value) -> serde_json::Result<()> {
        self.accounts = serde_json::from_value(state)?;
        self.accounts.values_mut().for_each(Account::find_again);
        Ok(())
    }

    fn reset(&mut self) {
        *self = Dotdigital::new(self.rates);
    }
}
