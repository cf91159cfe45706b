//! Attentive's API, as far as user attributes go: `POST /v2/bulk/user/attributes`, `POST /v2/user/attributes`, the job and its
//! file, `GET /v1/attributes/custom`, `GET /v2/me`.
//!
//! An attribute write makes a *user record* for someone unknown, and never a *subscriber*: only a subscription, with its
//! sign-up unit, does. A call is refused whole (400) when the form of one of its records is wrong; what is wrong with a
//! value shows in the job's file.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use self::answer::{Failure, accepted};
use self::job::{Job, Jobs};
use self::people::People;
use self::record::Record;
use super::bucket::{Bucket, Rate};
use super::{Call, Holdings, Incoming, Rates, Refusal, Reply, Vendor};

mod answer;
mod custom;
mod job;
mod names;
mod people;
mod record;

const RECORDS_MAX: usize = 256;
const RECORD_BYTES_MAX: usize = 1024 * 1024;

/// A key the sandbox never takes, for trying out what a wrong one does.
const WRONG_KEY: &str = "wrong";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Endpoint<'a> {
    Me,
    Attributes,
    Single,
    Bulk,
    Job(&'a str),
}

impl<'a> Endpoint<'a> {
    fn of(method: &str, route: &'a str) -> Option<Self> {
        match (method, route) {
            ("GET", "v1/me" | "v2/me") => Some(Endpoint::Me),
            ("GET", "v1/attributes/custom") => Some(Endpoint::Attributes),
            ("POST", "v2/user/attributes") => Some(Endpoint::Single),
            ("POST", "v2/bulk/user/attributes") => Some(Endpoint::Bulk),
            ("GET", route) => route.strip_prefix("v2/bulk/job/").map(Endpoint::Job),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Endpoint::Me => "me",
            Endpoint::Attributes => "attributes",
            Endpoint::Single => "single",
            Endpoint::Bulk => "bulk",
            Endpoint::Job(_) => "job",
        }
    }

    /// Requests a second, counted for each endpoint.
    fn rate(self) -> u64 {
        match self {
            Endpoint::Me | Endpoint::Attributes | Endpoint::Single => 150,
            Endpoint::Bulk | Endpoint::Job(_) => 100,
        }
    }
}

pub struct Attentive {
    rates: Rates,
    people: People,
    jobs: Jobs,
    buckets: HashMap<&'static str, Bucket>,
}

impl Attentive {
    pub fn new(rates: Rates) -> Self {
        Attentive { rates, people: People::default(), jobs: Jobs::default(), buckets: HashMap::new() }
    }

    fn api(&mut self, call: &Call<'_>) -> Reply {
        let request = call.request;
        let Some(endpoint) = Endpoint::of(&request.method, call.route) else {
            return Failure::silent(404).unexpected().reply();
        };
        let spent = self.spend(endpoint, request.at_ms);
        let left = *spent.as_ref().unwrap_or(&0);
        let reply = match spent {
            Ok(_) => admit(request).and_then(|()| self.serve(endpoint, call)).unwrap_or_else(Failure::reply),
            Err(failure) => failure.reply(),
        };
        reply.header("x-ratelimit-limit", endpoint.rate()).header("x-ratelimit-remaining", left)
    }

    fn serve(&mut self, endpoint: Endpoint<'_>, call: &Call<'_>) -> Result<Reply, Failure> {
        match endpoint {
            Endpoint::Me => Ok(me()),
            Endpoint::Attributes => self.attributes(&call.request.query),
            Endpoint::Single => self.single(call),
            Endpoint::Bulk => self.bulk(call),
            Endpoint::Job(id) => self.status(id, call.request),
        }
    }

    /// What is left of the second.
    fn spend(&mut self, endpoint: Endpoint<'_>, at_ms: u64) -> Result<u64, Failure> {
        let rate = endpoint.rate();
        if self.rates == Rates::Relaxed {
            return Ok(rate);
        }
        let bucket = self.buckets.entry(endpoint.name());
        let bucket = bucket.or_insert_with(|| Bucket::full(Rate::per_second(rate, rate), at_ms));
        // How long to wait is not told.
        bucket.take(1, at_ms).map_err(|_| Failure::silent(429))?;
        Ok(bucket.left())
    }

    /// Values as text, as the documents show them.
    fn attributes(&self, query: &str) -> Result<Reply, Failure> {
        let (name, value) = one_of(query).ok_or(Failure::wrong("exactly one of `phone` and `email` is needed"))?;
        let user = self.people.find(name, &value).ok_or(Failure::silent(404))?;
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
        let listed = user.custom.iter().map(|(name, value)| json!({"name": name, "value": text(value)}));
        Ok(Reply::json(200, &listed.collect()))
    }

    /// What is wrong with a value is told to nobody here: there is no file to tell it in.
    fn single(&mut self, call: &Call<'_>) -> Result<Reply, Failure> {
        let body = call.json.ok_or(Failure::wrong("the body is not JSON"))?;
        let record = Record::read(body, "body")?;
        refused(&record, call.refusals)?;
        let _ = self.people.apply(&record);
        Ok(accepted(json!({"success": true, "message": "The request was accepted"})))
    }

    fn bulk(&mut self, call: &Call<'_>) -> Result<Reply, Failure> {
        let users = users(call.json)?;
        let records = users.iter().enumerate();
        let records =
            records.map(|(at, user)| Record::read(user, &format!("users[{at}]"))).collect::<Result<Vec<_>, _>>()?;
        records.iter().try_for_each(|record| refused(record, call.refusals))?;
        let told = records.iter().map(|record| later(record, call.refusals)).collect();
        let job = Job::new(users.clone(), told, call);
        let id = self.jobs.add(job, self.rates);
        Ok(accepted(json!({"message": "The request was accepted", "batchJobId": id})))
    }

    fn status(&mut self, id: &str, request: &Incoming) -> Result<Reply, Failure> {
        self.jobs.work(id, request.at_ms, &mut self.people);
        let job = self.jobs.kept(id, request.at_ms).ok_or(Failure::silent(404))?;
        Ok(Reply::json(200, &job.status(id, &request.origin)))
    }

    /// A place of its own, as files are kept elsewhere: its address is the permission, and a key is one too many.
    fn file(&self, name: &str, request: &Incoming) -> Reply {
        if request.header("authorization").is_some() {
            return Reply::text(400, "application/xml", "<Error><Code>InvalidArgument</Code></Error>".into())
                .unexpected();
        }
        let id = name.strip_suffix(".jsonl").unwrap_or(name);
        match self.jobs.kept(id, request.at_ms).filter(|job| job.signature(id) == request.query) {
            Some(job) => Reply::text(200, "application/x-ndjson", job.file()),
            None => Reply::text(403, "application/xml", "<Error><Code>AccessDenied</Code></Error>".into()).unexpected(),
        }
    }
}

fn me() -> Reply {
    let company = json!({
        "applicationName": "sandbox", "attentiveDomainName": "sandbox", "companyName": "Sandbox",
        "contactEmail": "sandbox@example.com", "companyId": "company_1",
    });
    Reply::json(200, &company)
}

/// What stands in headers, before anything else is looked at.
fn admit(request: &Incoming) -> Result<(), Failure> {
    let key = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    if key.is_none_or(|key| key.trim().is_empty() || key == WRONG_KEY) {
        return Err(Failure::silent(401).unexpected());
    }
    let kind = request.header("content-type").unwrap_or_default();
    let json = kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if request.method == "POST" && !json {
        return Err(Failure::wrong("Content-Type must be application/json"));
    }
    Ok(())
}

/// The single parameter of a query, decoded.
fn one_of(query: &str) -> Option<(&'static str, String)> {
    let pairs: BTreeMap<String, String> = form(query).collect();
    match (pairs.get("email"), pairs.get("phone")) {
        (Some(email), None) if !email.is_empty() => Some(("email", email.clone())),
        (None, Some(phone)) if !phone.is_empty() => Some(("phone", phone.clone())),
        _ => None,
    }
}

fn form(query: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value)))
}

/// As forms are written: `+` is a space, so that a phone number's plus must be `%2B`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        (rest, _) = match (first, hex) {
            (b'%', Some(byte)) => (&after[2..], bytes.push(byte)),
            (b'+', _) => (after, bytes.push(b' ')),
            (byte, _) => (after, bytes.push(*byte)),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn users(body: Option<&Value>) -> Result<&Vec<Value>, Failure> {
    let users = body.and_then(|body| body.get("users")).and_then(Value::as_array);
    let users = users.ok_or(Failure::wrong("`users` must be an array"))?;
    match users.len() {
        1..=RECORDS_MAX => Ok(users),
        count => Err(Failure::wrong(format!("{count} users, from 1 to {RECORDS_MAX} are allowed"))),
    }
}

/// Refusals on purpose: of a whole record by the call, which is then refused whole; of an attribute, in the job's file.
fn refused(record: &Record<'_>, refusals: &[Refusal]) -> Result<(), Failure> {
    let mut met = refusals.iter().filter(|refusal| refusal.attribute.is_none());
    match met.find(|refusal| refusal.meets(&record.named())) {
        Some(refusal) => Err(Failure::on_purpose(&refusal.reason)),
        None => Ok(()),
    }
}

fn later(record: &Record<'_>, refusals: &[Refusal]) -> Option<String> {
    let named = record.named();
    let mut met = refusals.iter().filter(|refusal| refusal.attribute.is_some());
    met.find(|refusal| refusal.meets(&named)).map(|refusal| refusal.reason.clone())
}

impl Vendor for Attentive {
    fn name(&self) -> &'static str {
        "attentive"
    }

    fn answer(&mut self, call: &Call<'_>) -> Reply {
        match call.route.strip_prefix("files/").filter(|_| call.request.method == "GET") {
            Some(file) => self.file(file, call.request),
            None => self.api(call),
        }
    }

    fn failure(&self, status: u16) -> Reply {
        match status {
            400 => Failure::on_purpose("refused on purpose").reply(),
            _ => Failure::silent(status).reply(),
        }
    }

    fn records(&self, body: &Value) -> usize {
        match body.get("users").and_then(Value::as_array) {
            Some(users) => users.len(),
            None => usize::from(body.get("identifiers").is_some()),
        }
    }

    fn state(&self) -> Value {
        json!({"people": self.people, "jobs": self.jobs})
    }

    fn holdings(&self) -> Holdings {
        Holdings { contacts: self.people.contacts(), ..Holdings::default() }
    }

    /// They are subscribers: people whom an attribute write may update.
    fn meet(&mut self, people: Vec<Map<String, Value>>) {
        people.into_iter().for_each(|person| self.people.meet(person));
    }

    fn load(&mut self, mut state: Value) -> serde_json::Result<()> {
        self.people = serde_json::from_value(state["people"].take())?;
        self.jobs = serde_json::from_value(state["jobs"].take())?;
        Ok(())
    }

    fn reset(&mut self) {
        *self = Attentive::new(self.rates);
    }
}
