//! Voyado Engage's API v3: contacts one by one and in bulk, consents, custom triggers.
//!
//! Every request carries `apikey`, `User-Agent` and `Content-Type: application/json`, look-ups too. Names nobody made are
//! ignored without a word, and what is empty wipes. What no public source settles is decided here and told at its place;
//! above all the body that says how a bulk job went.
//!
//! A tenant is made in Engage by hand, so a sandbox has to guess one: it knows every contact type, custom attribute and
//! trigger, but none whose name begins with `unknown`.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::address::Address;
use self::answer::Failure;
use self::bulk::Job;
use self::contact::Contacts;
use super::bucket::{Bucket, Rate};
use super::{Call, Event, Holdings, Incoming, Rates, Reply, Vendor};

mod address;
mod answer;
mod bulk;
mod contact;
mod single;
mod told;
mod trigger;
mod value;

/// A key the sandbox never takes, for trying out what a wrong one does.
const WRONG_KEY: &str = "wrong";

/// Counted for each key. Half a hundred are recommended; more than this is answered 429.
const RATE: Rate = Rate::per_second(200, 200);

/// Consents that the tenant has. Those of people known beforehand come to them.
const CONSENTS: [&str; 3] = ["memberConsent", "newsletter", "terms"];

/// Nobody made it in the tenant.
fn is_unknown(name: &str) -> bool {
    name.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("unknown"))
}

/// All that is kept from one process to the next.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Tenant {
    contacts: Contacts,
    jobs: BTreeMap<String, Job>,
    /// What triggers did that leaves nothing on a contact.
    events: Vec<Event>,
    /// Triggers fired so far.
    fired: u64,
}

pub struct Voyado {
    rates: Rates,
    tenant: Tenant,
    buckets: HashMap<String, Bucket>,
}

impl Voyado {
    pub fn new(rates: Rates) -> Self {
        Voyado { rates, tenant: Tenant::default(), buckets: HashMap::new() }
    }

    fn serve(&mut self, call: &Call<'_>) -> Result<Reply, Failure> {
        let key = admit(call.request)?;
        self.spend(key, call.request.at_ms)?;
        self.tenant.work(call.request.at_ms);
        let address = Address::of(call);
        match (call.request.method.as_str(), address.parts().as_slice()) {
            ("GET", ["contacts", "count"]) => Ok(Reply::json(200, &json!(self.tenant.contacts.len()))),
            ("GET", ["contacts", "id"]) => self.tenant.find(&address),
            ("GET", ["contacts", "bulk", "status"]) => self.tenant.status(&address),
            ("POST" | "PATCH", ["contacts", "bulk"]) => self.tenant.submit(call, &address, self.rates),
            ("POST", ["contacts"]) => self.tenant.create(call),
            ("GET", ["contacts", id]) => self.tenant.read(id),
            ("PATCH", ["contacts", id]) => self.tenant.patch(call, id),
            ("DELETE", ["contacts", id]) => self.tenant.delete(id),
            ("GET", ["consents"]) => Ok(self.tenant.consents()),
            ("POST", ["automation", "customTriggers", trigger, way, rest @ ..]) => {
                self.tenant.fire(call, trigger, way, rest)
            }
            _ => Err(Failure::new(404, "NotFound", "no such route")),
        }
    }

    fn spend(&mut self, key: &str, at_ms: u64) -> Result<(), Failure> {
        if self.rates == Rates::Relaxed {
            return Ok(());
        }
        let bucket = self.buckets.entry(key.to_string()).or_insert_with(|| Bucket::full(RATE, at_ms));
        bucket.take(1, at_ms).map_err(|_| Failure::of_status(429))
    }
}

/// The key, once the headers are in order. Without a content type every request is a 500, reads included. What comes of a
/// missing `User-Agent` is not documented; it is refused here, since it must be sent.
fn admit(request: &Incoming) -> Result<&str, Failure> {
    let kind = request.header("content-type").unwrap_or_default();
    if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Failure::new(500, "", "An error has occurred").unexpected());
    }
    if request.header("user-agent").is_none_or(|agent| agent.trim().is_empty()) {
        return Err(Failure::new(400, "", "The header User-Agent is missing"));
    }
    let key = request.header("apikey").filter(|key| !key.trim().is_empty() && *key != WRONG_KEY);
    key.ok_or(Failure::of_status(401))
}

impl Vendor for Voyado {
    fn name(&self) -> &'static str {
        "voyado"
    }

    fn answer(&mut self, call: &Call<'_>) -> Reply {
        self.serve(call).unwrap_or_else(Failure::reply)
    }

    fn failure(&self, status: u16) -> Reply {
        Failure::of_status(status).reply()
    }

    fn records(&self, body: &Value) -> usize {
        body.as_array().map_or(1, Vec::len)
    }

    fn state(&self) -> Value {
        json!(self.tenant)
    }

    fn holdings(&self) -> Holdings {
        Holdings { contacts: self.tenant.contacts.told(), events: self.tenant.events.clone() }
    }

    fn meet(&mut self, people: Vec<Map<String, Value>>) {
        people.into_iter().for_each(|person| self.tenant.contacts.meet(person));
    }

    fn load(&mut self, state: Value) -> serde_json::Result<()> {
        self.tenant = serde_json::from_value(state)?;
        self.tenant.contacts.reindex_all();
        Ok(())
    }

    fn reset(&mut self) {
        *self = Voyado::new(self.rates);
    }
}
