//! Emarsys's core API: contacts, contact lists and fields of one account, and the token call that v3 needs.
//!
//! A 200 is not success: what became of single contacts stands in `data.errors`, by key value and then by code. Paths may
//! begin with the version (`api/v3`), which then decides how a caller has to show who it is.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use self::account::Account;
use self::answer::{Failure, done};
use self::auth::Door;
use self::window::Window;
use super::{Call, Contact, Holdings, Rates, Reply, Vendor};

mod account;
mod answer;
mod auth;
mod contact;
mod field;
mod list;
mod people;
mod value;
mod window;

/// Contacts in one call.
const CONTACTS_MAX: usize = 1000;
/// Bytes of a body with contacts, 8 MB; whether these are decimal is not documented, so the smaller number counts.
const BYTES_MAX: usize = 8_000_000;

pub struct Emarsys {
    rates: Rates,
    account: Account,
    door: Door,
    /// Requests of this minute, by API user.
    windows: BTreeMap<String, Window>,
}

impl Emarsys {
    pub fn new(rates: Rates) -> Self {
        Emarsys { rates, account: Account::default(), door: Door::default(), windows: BTreeMap::new() }
    }

    fn serve(&mut self, call: &Call<'_>) -> Result<Reply, Failure> {
        let (version, route) = versioned(call.route);
        if route == "oauth2/token" {
            return Ok(self.door.token(call.request));
        }
        if (call.request.method.as_str(), route) == ("GET", "healthcheck") {
            return Ok(Reply::json(200, &json!({"status": "OK"})));
        }
        let user = self.door.admit(call.request, version)?;
        let window = self.pace(user, call.request.at_ms);
        let reply = match window.is_some_and(|window| window.is_over()) {
            true => Failure::of_status(429).reply(),
            false => self.dispatch(call, route).unwrap_or_else(Failure::reply),
        };
        Ok(window.map_or(reply.clone(), |window| window.told(reply)))
    }

    /// The caller's window with this request in it; none where nothing is counted.
    fn pace(&mut self, user: String, at_ms: u64) -> Option<Window> {
        if self.rates == Rates::Relaxed {
            return None;
        }
        let window = self.windows.entry(user).or_insert(Window::new(at_ms));
        *window = window.with_one_more(at_ms);
        Some(*window)
    }

    fn dispatch(&mut self, call: &Call<'_>, route: &str) -> Result<Reply, Failure> {
        let parts: Vec<&str> = route.split('/').filter(|part| !part.is_empty()).collect();
        let account = &mut self.account;
        match (call.request.method.as_str(), parts.as_slice()) {
            ("GET", ["settings"]) => Ok(done(&json!({"id": "119430055", "name": "sandbox", "environment": "sandbox"}))),
            ("GET", ["field"] | ["field", "translate", _]) => Ok(done(&field::listing(account))),
            ("GET", ["field", "choices"]) => field::several(account, &call.request.query),
            ("GET", ["field", id, "choice", "translate", _]) => field::choices(account, id),
            ("POST", ["field"]) => field::create(account, answer::object(call)?),
            ("PUT", ["contact"]) => contact::put(account, call),
            ("POST", ["contact"]) => contact::post(account, call),
            ("POST", ["contact", "checkids"]) => people::check(account, answer::object(call)?),
            ("POST", ["contact", "getdata"]) => people::data(account, answer::object(call)?),
            ("GET", ["contactlist"]) => Ok(done(&list::listing(account))),
            ("POST", ["contactlist"]) => list::create(account, answer::object(call)?),
            ("POST", ["contactlist", id, "add"]) => list::add(account, id, call),
            ("POST", ["contactlist", id, "delete"]) => list::remove(account, id, call),
            ("GET", ["contactlist", id, "count"]) => list::count(account, id),
            ("GET", ["contactlist", id, "contactIds"]) => list::members(account, id, &call.request.query),
            _ => Err(Failure::new(404, 1, "no such route").strange()),
        }
    }
}

/// `api/v3/contact` is `contact` of v3.
fn versioned(route: &str) -> (Option<u8>, &str) {
    let rest = |prefix| route.strip_prefix(prefix);
    match (rest("api/v2/"), rest("api/v3/")) {
        (Some(route), _) => (Some(2), route),
        (_, Some(route)) => (Some(3), route),
        _ => (None, route),
    }
}

impl Vendor for Emarsys {
    fn name(&self) -> &'static str {
        "emarsys"
    }

    fn answer(&mut self, call: &Call<'_>) -> Reply {
        self.serve(call).unwrap_or_else(Failure::reply)
    }

    fn failure(&self, status: u16) -> Reply {
        Failure::of_status(status).reply()
    }

    fn records(&self, body: &Value) -> usize {
        let listed = ["contacts", "external_ids"].iter().find_map(|name| body.get(name)?.as_array());
        listed.map_or(0, Vec::len)
    }

    fn state(&self) -> Value {
        json!(self.account)
    }

    fn holdings(&self) -> Holdings {
        let contacts = self.account.contacts.iter().map(|(id, held)| shown(&self.account, *id, held));
        Holdings { contacts: contacts.collect(), ..Holdings::default() }
    }

    fn meet(&mut self, people: Vec<Map<String, Value>>) {
        people.into_iter().for_each(|person| self.account.meet(person));
    }

    fn load(&mut self, state: Value) -> serde_json::Result<()> {
        self.account = serde_json::from_value(state)?;
        self.account.reindex();
        Ok(())
    }

    fn reset(&mut self) {
        *self = Emarsys::new(self.rates);
    }
}

/// Fields by the names that pipelines use: string ids of the vendor's own, names of the account's. What contacts can be
/// found by is an identifier, by its string id.
fn shown(account: &Account, id: u64, held: &BTreeMap<u32, Value>) -> Contact {
    let mut contact = Contact { groups: account.groups(id), ..Contact::default() };
    for (field, value) in held.iter().filter(|(_, value)| !value.is_null() && value.as_str() != Some("")) {
        match account.field(*field).filter(|known| known.indexed) {
            Some(known) => contact.identifiers.insert(known.string_id.into(), value::text(value)).map(Value::from),
            None => contact.fields.insert(account.field_name(*field), value.clone()),
        };
    }
    if contact.identifiers.is_empty() {
        contact.identifiers.insert("id".into(), id.to_string());
    }
    contact
}
