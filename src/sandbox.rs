//! The destinations' APIs as plain state machines: a request and the time in, an answer out.
//!
//! Written from what the vendors document and never from `destinations/`: a definition that is wrong must fail here. The
//! first segment of a path names the vendor (`/batch/...`); `/_sandbox/...` is the desk where a person or a test looks
//! at what came in and asks for trouble.
//!
//! | desk | |
//! |---|---|
//! | `GET /_sandbox/requests` | what came in, one JSON object a line |
//! | `DELETE /_sandbox/requests` | forgets what came in, and nothing else |
//! | `GET /_sandbox/state/VENDOR` | what the vendor holds, in a form of its own |
//! | `GET /_sandbox/holdings/VENDOR` | the same as [`Holdings`], which all vendors share |
//! | `POST /_sandbox/people/VENDOR` | a list of people it knows before a first run |
//! | `POST /_sandbox/misbehave` | a [`Fault`], or a list of them |
//! | `DELETE /_sandbox/misbehave` | good behaviour again |
//! | `POST /_sandbox/reset` | an empty sandbox |

use serde_json::{Map, Value, json};

pub use fault::{Fault, Refusal};
pub use holdings::{Contact, Event, Holdings};
pub use log::Received;

mod attentive;
mod batch;
mod bucket;
mod desk;
mod dotdigital;
mod emarsys;
mod fault;
mod holdings;
mod http;
mod log;
mod voyado;

/// Where requests go that are answered in process.
pub const IN_PROCESS: &str = "http://sandbox";

/// What stands in for a destination's own address; `url` is where the sandbox is, without a slash at its end.
pub fn base(url: &str, kind: &str) -> String {
    format!("{url}/{kind}")
}

#[derive(Clone, Debug, Default)]
pub struct Incoming {
    pub method: String,
    /// Where the sandbox is, without a slash at its end: answers may hold addresses of their own.
    pub origin: String,
    /// Begins with a slash.
    pub path: String,
    /// Without its question mark; empty when there is none.
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The caller's clock, which rate limits go by.
    pub at_ms: u64,
}

impl Incoming {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// How long to wait before it is sent.
    pub delay_ms: u64,
    /// The connection ends without it, though what the request asked for was done.
    pub lost: bool,
    /// The request was one that a client who knows the vendor does not make.
    pub unexpected: bool,
}

impl Reply {
    fn json(status: u16, body: &Value) -> Self {
        Reply::text(status, "application/json", body.to_string())
    }

    fn text(status: u16, kind: &str, body: String) -> Self {
        Reply { status, headers: vec![("content-type".into(), kind.into())], body, ..Reply::default() }
    }

    fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.into(), value.to_string()));
        self
    }

    fn unexpected(self) -> Self {
        Reply { unexpected: true, ..self }
    }
}

/// A request as its vendor sees it.
pub(crate) struct Call<'a> {
    /// The path below the vendor's name, without slashes at its ends.
    route: &'a str,
    request: &'a Incoming,
    json: Option<&'a Value>,
    refusals: &'a [Refusal],
    /// A job that this request begins is to fail, or never to be said to end.
    fail_job: bool,
    stall_job: bool,
}

pub(crate) trait Vendor: Send {
    fn name(&self) -> &'static str;

    fn answer(&mut self, call: &Call<'_>) -> Reply;

    /// An answer of that status in the vendor's own shape.
    fn failure(&self, status: u16) -> Reply;

    /// How many records a body carries.
    fn records(&self, body: &Value) -> usize;

    fn state(&self) -> Value;

    fn holdings(&self) -> Holdings;

    /// Takes in people it is to know before a first run: identifiers and fields by the names that pipelines use.
    fn meet(&mut self, people: Vec<Map<String, Value>>);

    fn load(&mut self, state: Value) -> serde_json::Result<()>;

    fn reset(&mut self);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rates {
    AsDocumented,
    /// No request is ever too many: for demos, and tests of anything else.
    Relaxed,
}

pub struct Sandbox {
    vendors: Vec<Box<dyn Vendor>>,
    faults: fault::Script,
    log: log::Log,
}

impl Sandbox {
    pub fn new(rates: Rates) -> Self {
        let vendors: Vec<Box<dyn Vendor>> = vec![
            Box::new(attentive::Attentive::new(rates)),
            Box::new(batch::Batch::new(rates)),
            Box::new(dotdigital::Dotdigital::new(rates)),
            Box::new(emarsys::Emarsys::new(rates)),
            Box::new(http::Http::default()),
            Box::new(voyado::Voyado::new(rates)),
        ];
        Sandbox { vendors, faults: fault::Script::default(), log: log::Log::default() }
    }

    pub fn vendors(&self) -> impl Iterator<Item = &'static str> {
        self.vendors.iter().map(|vendor| vendor.name())
    }

    pub fn answer(&mut self, request: &Incoming) -> Reply {
        let path = request.path.trim_matches('/');
        let (first, route) = path.split_once('/').unwrap_or((path, ""));
        if first == "_sandbox" {
            return self.desk(route, request);
        }
        let Some(vendor) = self.vendors.iter_mut().find(|vendor| vendor.name() == first) else {
            return Reply::json(404, &json!({"error": format!("the sandbox has no vendor `{first}`")}));
        };
        let json = serde_json::from_str::<Value>(&request.body).ok();
        let turn = self.faults.turn(first, route);
        let fault::Fault { refuse, fail_job, stall_job, .. } = &turn;
        let (fail_job, stall_job) = (*fail_job, *stall_job);
        let call = Call { route, request, json: json.as_ref(), refusals: refuse, fail_job, stall_job };
        let reply = match turn.status {
            Some(status) => vendor.failure(status),
            None => vendor.answer(&call),
        };
        let reply = turn.spoil(reply);
        let records = json.as_ref().map_or(0, |body| vendor.records(body));
        self.log.add(Received::new(first, route, request, records, &reply));
        reply
    }

    /// What came in, oldest first.
    pub fn received(&self) -> impl Iterator<Item = &Received> {
        self.log.entries()
    }

    /// What a vendor holds; `None` where there is none of that name.
    pub fn holdings(&self, vendor: &str) -> Option<Holdings> {
        self.vendors.iter().find(|known| known.name() == vendor).map(|vendor| vendor.holdings())
    }

    /// Lets a vendor know people before a first run; whether there is one of that name.
    pub fn meet(&mut self, vendor: &str, people: Vec<Map<String, Value>>) -> bool {
        let known = self.vendors.iter_mut().find(|known| known.name() == vendor);
        known.map(|vendor| vendor.meet(people)).is_some()
    }

    pub fn misbehave(&mut self, fault: Fault) {
        self.faults.add(fault);
    }

    /// What the vendors hold, for [`Sandbox::load`] in a later process.
    pub fn save(&self) -> Value {
        let states = self.vendors.iter().map(|vendor| (vendor.name().to_string(), vendor.state()));
        Value::Object(states.collect())
    }

    /// Vendors that `saved` does not name are left as they are.
    pub fn load(&mut self, saved: Value) -> serde_json::Result<()> {
        let mut states: Map<String, Value> = serde_json::from_value(saved)?;
        for vendor in &mut self.vendors {
            if let Some(state) = states.remove(vendor.name()) {
                vendor.load(state)?;
            }
        }
        Ok(())
    }

    pub fn reset(&mut self) {
        self.vendors.iter_mut().for_each(|vendor| vendor.reset());
        self.faults = fault::Script::default();
        self.log = log::Log::default();
    }
}
