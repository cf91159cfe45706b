//! One call compiled for one identifier, and the requests made of it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::estimate::verdicts;
use super::fields::Fields;
use super::judge::{Judge, number};
use super::option;
use super::pace::Limiter;
use super::program::{Ground, Setup, rerouted};
use super::render::{self, Ink};
use super::scan::{self, ScanPlan};
use super::tree::{self, Node};
use crate::ir::catalog::{ANY, Call, Job, Limit, Repeat, Send, Template, Tree};
use crate::ir::delivery::Request;
use crate::ir::ident::CallName;
use crate::ir::mode::Verdict;
use crate::ir::secret::{MASK, percent_encoded};
use crate::template::{Engine, Scope, TemplateError, Text};

/// Requests of one call at once, where its definition does not say.
const IN_FLIGHT: u32 = 8;
/// How long an answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct CallPlan {
    pub name: CallName,
    pub which: usize,
    pub writes: bool,
    /// Whether our credentials go along.
    pub auth: bool,
    pub repeat: Repeat,
    pub send: Send,
    /// Records in one request.
    pub records: usize,
    pub bytes: Option<u64>,
    pub in_flight: usize,
    pub record: Option<Node>,
    /// Mapped fields are part of its record.
    pub has_fields: bool,
    pub paced: Vec<Paced>,
    pub judge: Judge,
    pub job: Option<JobPlan>,
    /// What it can make of a record.
    pub verdicts: Vec<Verdict>,
    /// Calls that fetch what its answers point to.
    pub files: Vec<CallName>,
    pub method: String,
    /// Its path, query or headers name the record.
    names_record: bool,
    /// They name what is new with each attempt.
    pub names_attempt: bool,
    /// The path for people: expressions that need a record stand in braces.
    pub endpoint: String,
    /// It lists what records are looked up in.
    pub scan: Option<ScanPlan>,
    /// What all requests of the call can read.
    pub scope: Scope,
    base: String,
    stand_in: Option<String>,
    path: Text,
    url: Option<Text>,
    query: Vec<(Text, Text)>,
    headers: Vec<Header>,
    body: Option<Node>,
}

/// A limit that the call keeps to, and how answers speak of it.
#[derive(Debug)]
pub struct Paced {
    pub limiter: Arc<Limiter>,
    pub remaining: Option<Text>,
    pub reset: Option<Text>,
}

#[derive(Debug)]
pub struct JobPlan {
    pub id: Text,
    pub job: Job,
}

#[derive(Debug)]
struct Header {
    name: String,
    value: Text,
    secret: bool,
}

/// Headers with their values, and the names of those that no report may show.
type Headers = (Vec<(String, String)>, Vec<String>);

/// What changes with every attempt.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    /// Its `nonce`, and the time as `now`; none where the call reads neither.
    pub facts: Option<Json>,
    pub token: Option<&'a str>,
}

impl CallPlan {
    pub fn new(
        call: &Call,
        which: usize,
        scope: &Scope,
        ground: &Ground<'_>,
        fields: &Fields,
    ) -> Result<CallPlan, String> {
        let engine = Engine::strict();
        let call = &*option::filled(call, ground.setup.service, Some(ground.setup.options));
        let identifiers = if ground.setup.identify_all { (0..fields.identifiers.len()).collect() } else { vec![which] };
        let tree_ground = tree::Ground { scope, fields, identifiers, engine };
        let node = |tree: &Option<Tree>| tree.as_ref().map(|tree| tree::compile(tree, &tree_ground)).transpose();
        let text = |template: &Template| text(engine, template);
        let record = node(&call.record)?;
        // A record that comes to none is no body at all: a DELETE that names its record in the path.
        let bodyless = record.as_ref().is_some_and(tree::is_nothing);
        let query = call.query.iter().map(|(name, value)| Ok((text(name)?, text(value)?)));
        let limits = call.limits.iter().map(|name| paced(name, ground));
        Ok(CallPlan {
            name: call.name.clone(),
            which,
            writes: call.writes,
            auth: call.auth,
            repeat: call.repeat.clone(),
            send: call.send,
            names_record: names(call, ground, "record"),
            names_attempt: names(call, ground, "attempt"),
            records: batch_records(call, scope)?,
            bytes: call.batch.bytes,
            in_flight: call.in_flight.unwrap_or(IN_FLIGHT).max(1) as usize,
            has_fields: record.as_ref().is_some_and(Node::has_fields),
            paced: limits.collect::<Result<_, _>>()?,
            judge: Judge::new(call, &ground.setup.destination.answer, ground.redactor.clone())?,
            job: call.job.as_ref().map(job_plan).transpose()?,
            verdicts: verdicts(call, &ground.setup.destination.answer),
            files: call.answer.iter().filter_map(|rule| rule.with.clone()).collect(),
            endpoint: endpoint(call, ground.setup, scope),
            scan: None,
            scope: scope.clone(),
            method: method(text(&Template(call.method.clone()))?.text(scope))?,
            base: ground.base.to_string(),
            stand_in: ground.setup.stand_in.map(str::to_string),
            path: text(&call.path)?,
            url: call.url.as_ref().map(text).transpose()?,
            query: query.collect::<Result<_, String>>()?,
            headers: headers(call, ground)?,
            body: node(&call.body)?.filter(|body| !(bodyless && matches!(body, Node::Record))),
            record,
        })
    }

    /// The call as a scan: records gather and are looked up in what it lists.
    pub fn scanning(mut self, call: &Call) -> Result<CallPlan, String> {
        let listing = call.list.as_ref().ok_or("it lists nothing")?;
        self.scan = Some(ScanPlan::new(listing)?);
        self.records = scan::ROWS;
        self.verdicts = vec![Verdict::Found, Verdict::Absent];
        self.in_flight = 1;
        Ok(self)
    }

    /// The request for these records. `row` is the only record, where there is only one; `scope` is the call's, or that with
    /// a job or an earlier answer in it.
    pub fn request(&self, scope: &Scope, ink: Ink<'_, '_>, attempt: &Attempt<'_>) -> Result<Request, String> {
        let row = ink.row.filter(|_| self.records == 1);
        let scope = match row.filter(|_| self.names_record) {
            Some(row) => scope.with_datum("record", row.record_datum()),
            None => scope.clone(),
        };
        let scope = attempt.facts.as_ref().map_or(scope.clone(), |facts| scope.with("attempt", facts));
        let scope = scope.with("token", &attempt.token.map_or(Json::Null, |token| json!(token)));
        let (mut headers, secret_headers) = self.written_headers(&scope)?;
        let body = self.body.as_ref().map(|node| render::body(node, Ink { row, ..ink })).transpose()?;
        let body = body.map(String::from_utf8).transpose().map_err(|error| error.to_string())?;
        if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("Content-Type".to_string(), "application/json".to_string()));
        }
        let method = self.method.clone();
        Ok(Request { method, url: self.written_url(&scope)?, headers, secret_headers, body, timeout: TIMEOUT })
    }

    /// Its address comes from an answer.
    pub fn elsewhere(&self) -> bool {
        self.url.is_some()
    }

    /// What a request's headers hold that was made of secrets. Those of a block (`*`) are left out: what of them is secret is
    /// known beforehand, and the rest is ordinary text.
    pub fn secret_values<'r>(&self, request: &'r Request) -> impl Iterator<Item = &'r str> {
        let own: Vec<&str> =
            self.headers.iter().filter(|header| header.secret).map(|header| header.name.as_str()).collect();
        let secret = request.headers.iter().filter(move |(name, _)| own.contains(&name.as_str()));
        secret.map(|(_, value)| value.as_str())
    }

    fn written_url(&self, scope: &Scope) -> Result<String, String> {
        let mut url = match &self.url {
            Some(url) => {
                let url = url.text(scope).map_err(|error| format!("url: {error}"))?.ok_or("the url is none")?;
                rerouted(url, self.stand_in.as_deref())
            }
            None => joined(&self.base, &self.path.path(scope).map_err(|error| format!("path: {error}"))?)?,
        };
        for (name, value) in &self.query {
            let read = |text: &Text| text.text(scope).map_err(|error| format!("query: {error}"));
            if let (Some(name), Some(value)) = (read(name)?, read(value)?) {
                url.push(if url.contains('?') { '&' } else { '?' });
                url.push_str(&format!("{}={}", percent_encoded(&name), percent_encoded(&value)));
            }
        }
        Ok(url)
    }

    fn written_headers(&self, scope: &Scope) -> Result<Headers, String> {
        let mut headers = Vec::with_capacity(self.headers.len() + 1);
        let mut secret = Vec::new();
        for header in &self.headers {
            for (name, value) in header.written(scope).map_err(|error| format!("header `{}`: {error}", header.name))? {
                if header.secret {
                    secret.push(name.clone());
                }
                headers.push((name, value));
            }
        }
        Ok((headers, secret))
    }
}

impl Header {
    /// Its name and value; none where the value is none, several where the name is `*`.
    fn written(&self, scope: &Scope) -> Result<Vec<(String, String)>, TemplateError> {
        if self.name != ANY {
            return Ok(self.value.text(scope)?.map(|value| (self.name.clone(), value)).into_iter().collect());
        }
        let Json::Object(several) = self.value.value(scope)? else { return Ok(Vec::new()) };
        let told = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_string);
        Ok(several
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), told(value)))
            .collect())
    }
}

/// A path begins behind the host, whatever stands first in it, and stays below the base: values come from rows.
fn joined(base: &str, path: &str) -> Result<String, String> {
    let steps = path.split(['?', '#']).next().unwrap_or_default().split(['/', '\\']);
    if let Some(step) = steps.into_iter().find(|step| [".", ".."].contains(step)) {
        return Err(format!("path: `{step}` would lead elsewhere"));
    }
    let between = if path.is_empty() || path.starts_with(['/', '?']) { "" } else { "/" };
    Ok(format!("{}{between}{path}", base.strip_suffix('/').filter(|_| !path.is_empty()).unwrap_or(base)))
}

/// The path for people. Where it needs what only a record or a page knows, the expression stands for it.
pub fn endpoint(call: &Call, setup: &Setup<'_>, scope: &Scope) -> String {
    let call = &*option::filled(call, setup.service, Some(setup.options));
    let template = call.url.as_ref().unwrap_or(&call.path);
    let known = text(Engine::strict(), template).ok().and_then(|text| text.text(scope).ok().flatten());
    known.unwrap_or_else(|| template.0.replace("{{ ", "{").replace(" }}", "}").replace("{{", "{").replace("}}", "}"))
}

/// The limiters that a call keeps to.
pub fn limiters(call: &Call, ground: &Ground<'_>) -> Result<Vec<Arc<Limiter>>, String> {
    call.limits.iter().map(|name| Ok(paced(name, ground)?.limiter)).collect()
}

/// The request as it may be shown.
pub fn masked(mut request: Request) -> Request {
    for (name, value) in &mut request.headers {
        if request.secret_headers.contains(name) {
            *value = MASK.to_string();
        }
    }
    request
}

fn headers(call: &Call, ground: &Ground<'_>) -> Result<Vec<Header>, String> {
    let shared = ground.setup.destination.headers.iter().filter(|_| call.auth);
    let own = |name: &str| call.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    let all = shared.filter(|(name, _)| !own(name)).chain(&call.headers);
    all.map(|(name, template)| {
        let value = text(Engine::strict(), template)?;
        Ok(Header { name: name.clone(), value, secret: tells_secret(template, ground) })
    })
    .collect()
}

/// Whether what surrounds the body of a request reads `what`: making its record known costs more than all else.
fn names(call: &Call, ground: &Ground<'_>, what: &str) -> bool {
    let around = call.query.iter().flat_map(|(name, value)| [name, value]);
    let headers = call.headers.iter().chain(&ground.setup.destination.headers).map(|(_, value)| value);
    let mut all = around.chain(headers).chain(&call.url).chain([&call.path]);
    all.any(|template| template.0.contains(what))
}

/// Whether a header's template reads a secret, the token, or what is derived from them.
fn tells_secret(template: &Template, ground: &Ground<'_>) -> bool {
    let setup = ground.setup;
    let declared = setup.destination.settings.iter().chain(&setup.service.options).filter(|setting| setting.secret);
    let mut names = declared.map(|setting| setting.name.as_str()).chain(["token", "attempt"]);
    template.0.contains("{{") && names.any(|name| template.0.contains(name))
}

fn paced(name: &str, ground: &Ground<'_>) -> Result<Paced, String> {
    let limit: &Limit =
        ground.setup.destination.limits.get(name).ok_or_else(|| format!("there is no limit `{name}`"))?;
    let optional = |template: &Option<Template>| template.as_ref().map(|it| text(Engine::lenient(), it)).transpose();
    Ok(Paced {
        limiter: ground.limiters.get(ground.credential, name, limit),
        remaining: optional(&limit.remaining)?,
        reset: optional(&limit.reset)?,
    })
}

fn method(method: Result<Option<String>, TemplateError>) -> Result<String, String> {
    let method = method.map_err(|error| format!("method: {error}"))?;
    method.map(|method| method.to_ascii_uppercase()).ok_or_else(|| "the method is none".to_string())
}

fn batch_records(call: &Call, scope: &Scope) -> Result<usize, String> {
    let most = call.batch.at_most.as_ref().map(|at_most| text(Engine::strict(), at_most)).transpose()?;
    let most = most.and_then(|most| number(&most, scope)).filter(|most| *most >= 1.0);
    Ok(most.map_or(call.batch.records, |most| call.batch.records.min(most as u32)).max(1) as usize)
}

fn job_plan(job: &Job) -> Result<JobPlan, String> {
    Ok(JobPlan { id: text(Engine::lenient(), &job.id)?, job: job.clone() })
}

fn text(engine: Engine, template: &Template) -> Result<Text, String> {
    engine.text(template).map_err(|error| format!("`{}`: {error}", template.0))
}
