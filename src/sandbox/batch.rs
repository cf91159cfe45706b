//! Batch's profile API: `POST /{version}/profiles/update` and `.../profiles/mass-update`.
//!
//! Upsert only. A call is refused whole for its form (400) and in parts for its values: then the answer is still a 202
//! that lists what was dropped. A listed error with an `attribute` costs that attribute; one without costs the profile.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use self::answer::{Complaint, Failure, success};
use self::operation::Operation;
use super::bucket::{Bucket, Rate};
use super::{Call, Contact, Holdings, Incoming, Rates, Refusal, Reply, Vendor};

mod answer;
mod attribute;
mod operation;
mod value;

const ATTRIBUTES_MAX: usize = 50;
const EVENTS_MAX: usize = 15;

/// A key the sandbox never takes, for trying out what a wrong one does.
const WRONG_KEY: &str = "wrong";

/// Where people are that were known beforehand.
const PROJECT: &str = "sandbox";

static ROUTE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:2\.\d{1,2}/)?profiles/(update|mass-update)$"));

/// A key that says its value's type: `date(birthdate)`.
static TYPED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[a-z]+\((.+)\)$"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Endpoint {
    Update,
    MassUpdate,
}

impl Endpoint {
    fn of(method: &str, route: &str) -> Option<Self> {
        match (method, ROUTE.captures(route)?.get(1)?.as_str()) {
            ("POST", "update") => Some(Endpoint::Update),
            ("POST", "mass-update") => Some(Endpoint::MassUpdate),
            _ => None,
        }
    }

    fn operations_max(self) -> usize {
        match self {
            Endpoint::Update => 200,
            Endpoint::MassUpdate => 10_000,
        }
    }

    /// Counted in operations, not in calls.
    fn rate(self) -> Rate {
        match self {
            Endpoint::Update => Rate::per_second(300, 1000),
            Endpoint::MassUpdate => Rate::per_second(10_000, 10_000),
        }
    }
}

/// Profiles of a project by Custom ID, attributes by the key they were written with.
type Profiles = BTreeMap<String, Map<String, Value>>;

pub struct Batch {
    rates: Rates,
    projects: BTreeMap<String, Profiles>,
    buckets: HashMap<(String, Endpoint), Bucket>,
}

impl Batch {
    pub fn new(rates: Rates) -> Self {
        Batch { rates, projects: BTreeMap::new(), buckets: HashMap::new() }
    }

    fn update(&mut self, call: &Call<'_>) -> Result<Reply, Failure> {
        let endpoint = Endpoint::of(&call.request.method, call.route);
        let endpoint = endpoint.ok_or(Failure::new(404, "ROUTE_NOT_FOUND", "no such route"))?;
        let project = admit(call.request)?;
        let operations = operations(call, endpoint)?;
        self.spend(project, endpoint, operations.len(), call.request.at_ms)?;
        let profiles = self.projects.entry(project.to_string()).or_default();
        let complaints = operations.iter().enumerate();
        let complaints = complaints.flat_map(|(index, operation)| apply(profiles, index, operation, call.refusals));
        Ok(success(complaints.collect()))
    }

    fn spend(&mut self, project: &str, endpoint: Endpoint, count: usize, at_ms: u64) -> Result<(), Failure> {
        if self.rates == Rates::Relaxed {
            return Ok(());
        }
        let bucket = self.buckets.entry((project.to_string(), endpoint));
        let bucket = bucket.or_insert_with(|| Bucket::full(endpoint.rate(), at_ms));
        bucket.take(count, at_ms).map_err(|seconds| Failure::too_many(Some(seconds)))
    }
}

/// The project a request is for, once its headers are in order.
fn admit(request: &Incoming) -> Result<&str, Failure> {
    let key = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    if key.is_none_or(|key| key.trim().is_empty() || key == WRONG_KEY) {
        return Err(Failure::new(401, "AUTHENTICATION_INVALID", "the REST API key is missing or not valid"));
    }
    let project = request.header("x-batch-project").filter(|project| !project.trim().is_empty());
    let project = project.ok_or(Failure::new(400, "MISSING_PARAMETER", "the header X-Batch-Project is missing"))?;
    let kind = request.header("content-type").unwrap_or_default();
    if kind.split(';').next().is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Failure::new(400, "MALFORMED_PARAMETER", "Content-Type must be application/json"));
    }
    Ok(project)
}

/// The operations of a body whose form is right; one wrong form refuses the whole call.
fn operations<'a>(call: &Call<'a>, endpoint: Endpoint) -> Result<Vec<Operation<'a>>, Failure> {
    let body = call.json.ok_or(Failure::new(400, "MALFORMED_JSON_BODY", "the body is not JSON"))?;
    let body = body.as_array().ok_or(Failure::malformed("the body must be an array"))?;
    let max = endpoint.operations_max();
    match body.len() {
        0 => Err(Failure::malformed("the array holds no operation")),
        count if count > max => Err(Failure::malformed(format!("{count} operations, at most {max} are allowed"))),
        _ => body.iter().enumerate().map(|(index, value)| Operation::read(index, value)).collect(),
    }
}

fn apply(profiles: &mut Profiles, index: usize, operation: &Operation<'_>, refusals: &[Refusal]) -> Vec<Complaint> {
    let refusals = refusals.iter().filter(|refusal| refusal.meets(operation.identifiers));
    let (parts, wholes): (Vec<_>, Vec<_>) = refusals.partition(|refusal| refusal.attribute.is_some());
    let refused = wholes.first().map(|refusal| refusal.reason.clone());
    if let Some(reason) = refused.or_else(|| operation.identity.clone().err()) {
        return vec![Complaint { index, attribute: None, reason }];
    }
    let Ok(id) = &operation.identity else { return Vec::new() };
    let profile = profiles.entry(id.clone()).or_default();
    let mut complaints = Vec::new();
    for (name, value) in operation.attributes.into_iter().flatten() {
        let refused = parts.iter().find(|refusal| refusal.attribute.as_ref() == Some(name));
        let written = match refused {
            Some(refusal) => Err(refusal.reason.clone()),
            None => attribute::write(profile, name, value),
        };
        complaints.extend(written.err().map(|reason| Complaint { index, attribute: Some(name.clone()), reason }));
    }
    complaints
}

/// Attributes by the names that pipelines use: without the type in the key, native ones without their `$` and shorter.
fn contact(id: &str, profile: &Map<String, Value>) -> Contact {
    let name = |key: &str| match key {
        "$email_address" => "email".to_string(),
        "$phone_number" => "phone".to_string(),
        _ => TYPED.captures(key).map_or(key.trim_start_matches('$').to_string(), |found| found[1].into()),
    };
    let fields = profile.iter().filter(|(_, value)| !value.is_null());
    Contact {
        identifiers: [("custom_id".to_string(), id.to_string())].into(),
        fields: fields.map(|(key, value)| (name(key), value.clone())).collect(),
        ..Contact::default()
    }
}

impl Vendor for Batch {
    fn name(&self) -> &'static str {
        "batch"
    }

    fn answer(&mut self, call: &Call<'_>) -> Reply {
        self.update(call).unwrap_or_else(|failure| failure.reply())
    }

    fn failure(&self, status: u16) -> Reply {
        Failure::of_status(status).reply()
    }

    fn records(&self, body: &Value) -> usize {
        body.as_array().map_or(0, Vec::len)
    }

    fn state(&self) -> Value {
        json!(self.projects)
    }

    fn holdings(&self) -> Holdings {
        let profiles = self.projects.values().flatten();
        Holdings { contacts: profiles.map(|(id, profile)| contact(id, profile)).collect(), ..Holdings::default() }
    }

    fn meet(&mut self, people: Vec<Map<String, Value>>) {
        for mut person in people {
            if let Some(Value::String(id)) = person.remove("custom_id") {
                self.projects.entry(PROJECT.into()).or_default().insert(id, person);
            }
        }
    }

    fn load(&mut self, state: Value) -> serde_json::Result<()> {
        self.projects = serde_json::from_value(state)?;
        Ok(())
    }

    fn reset(&mut self) {
        *self = Batch::new(self.rates);
    }
}
