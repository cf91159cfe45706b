//! A vendor that is nothing but data: `tests/conformance/vendors/<name>.yaml` says what it keeps of people and how it answers.
//! It knows no destination, and is as strict about form as its file.

use std::collections::BTreeMap;
use std::fs;

use sendoff::sandbox::{Contact, Event, Fault, Holdings, Incoming, Received, Reply};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::remote::Remote;
use super::service::folder;
use template::{render, text, truth};

#[path = "answerer/template.rs"]
mod template;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vendor {
    #[serde(rename = "about")]
    _about: String,
    /// Above all routes: `/v1`.
    #[serde(default)]
    prefix: String,
    /// A request is let in where this is true of it.
    admits: String,
    /// What its failures say; they know their `status`.
    failure: Value,
    /// Name in pipelines: pointer into a record.
    identifiers: BTreeMap<String, String>,
    /// The identifier that the vendor gives.
    id: String,
    /// Pointer into a record: name in pipelines, with the JSON type behind it where that is not text. `/extra/*: "*"` takes any
    /// name.
    fields: BTreeMap<String, String>,
    routes: Vec<Route>,
}

/// What one kind of request does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Route {
    /// `POST /circles/{circle}/add`
    on: String,
    /// The records of the request, where they are a list.
    records: Option<String>,
    /// More records are a mistake.
    #[serde(default = "one")]
    most: usize,
    /// By name: the identifiers of a record, where they do not stand in it.
    #[serde(default)]
    who: BTreeMap<String, Value>,
    #[serde(default)]
    does: Deed,
    /// The group that people join or leave, by its id.
    group: Option<Value>,
    /// What is fired.
    event: Option<Value>,
    /// The name of a group that is made.
    makes: Option<Value>,
    /// Of a job that is asked after: its id.
    job: Option<Value>,
    answer: Answer,
    /// In place of the answer, by what is wrong with the only record, or with the job: `absent`, `exists`, `rejected`, `busy`,
    /// `lost`, `unknown`.
    #[serde(default)]
    instead: BTreeMap<String, Answer>,
    /// What is said of each record with which something is wrong: `what`, `reason` and `record` are known to it.
    complaint: Option<Value>,
    /// It is a job, at which the vendor works for so long.
    works_ms: Option<u64>,
}

fn one() -> usize {
    1
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Deed {
    #[default]
    Look,
    Create,
    Update,
    Upsert,
    Delete,
    Join,
    Leave,
    Fire,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u16,
    #[serde(default)]
    body: Value,
}

#[derive(Debug, Default)]
struct State {
    people: Vec<Contact>,
    events: Vec<Event>,
    groups: Vec<String>,
    jobs: Vec<Job>,
    given: usize,
}

#[derive(Debug)]
struct Job {
    done_at_ms: u64,
    lost: bool,
    complaints: Value,
}

/// What is wrong with a record, and why.
type Wrong = (&'static str, String);

pub struct Answerer {
    name: String,
    vendor: Vendor,
    state: State,
    faults: Vec<Fault>,
    log: Vec<Received>,
}

impl Answerer {
    pub fn new(name: &str, file: &str) -> Answerer {
        let path = folder().join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let vendor = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Answerer { name: name.into(), vendor, state: State::default(), faults: Vec::new(), log: Vec::new() }
    }

    /// All faults that meet a request, each used up by one.
    fn turn(&mut self, route: &str) -> Fault {
        let mut turn = Fault::default();
        for fault in self.faults.iter_mut().filter(|fault| fault.path.as_ref().is_none_or(|part| route.contains(part)))
        {
            fault.befall(&mut turn);
        }
        self.faults.retain(|fault| fault.times != Some(0));
        turn
    }

    fn failure(&self, status: u16) -> Reply {
        reply(&Answer { status, body: self.vendor.failure.clone() }, &json!({"status": status}))
    }

    /// A request that nobody makes who knows the vendor.
    fn mistake(&self, status: u16, reason: &str) -> Reply {
        let reply = reply(&Answer { status, body: json!({"reason": reason}) }, &json!({}));
        Reply { unexpected: true, ..reply }
    }

    fn respond(&mut self, path: &str, request: &Incoming, turn: &Fault) -> Reply {
        let found =
            self.vendor.routes.iter().find_map(|route| Some((route.clone(), matched(&route.on, request, path)?)));
        let Some((route, parts)) = found else { return self.mistake(404, "no such route") };
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let headers: Map<String, Value> =
            request.headers.iter().map(|(name, value)| (name.to_lowercase(), json!(value))).collect();
        let mut context = json!({"path": parts, "query": query(&request.query), "body": body, "headers": headers});
        if !truth(&self.vendor.admits, &context) {
            return self.mistake(401, "nobody is let in with that key");
        }
        if let Some(job) = &route.job {
            return self.asked(&route, &text(job, &context), request.at_ms, context);
        }
        if let Some(made) = &route.makes {
            self.state.groups.push(text(made, &context));
        }
        let records = match &route.records {
            Some(records) => render(&json!(format!("{{{{ {records} }}}}")), &context).as_array().cloned(),
            None => Some(vec![context["body"].clone()]),
        };
        let Some(records) = records.filter(|records| (1..=route.most).contains(&records.len())) else {
            return self.mistake(400, "no records, or too many of them");
        };
        if let Some(unfit) = records.iter().filter(|_| route.does != Deed::Look).find_map(|record| self.unfit(record)) {
            return self.mistake(400, &unfit);
        }
        self.carry_out(&route, &records, request.at_ms, turn, &mut context)
    }

    fn carry_out(&mut self, route: &Route, records: &[Value], at_ms: u64, turn: &Fault, context: &mut Value) -> Reply {
        let lost = route.works_ms.is_some() && turn.fail_job;
        let mut complaints = Vec::new();
        let mut wrong = None;
        for record in records.iter().filter(|_| !lost) {
            context["record"] = record.clone();
            let done = self.done(route, record, turn, context);
            if let Err((what, reason)) = done {
                context["what"] = json!(what);
                context["reason"] = json!(reason);
                complaints.extend(route.complaint.as_ref().map(|complaint| render(complaint, context)));
                wrong = Some(what);
            }
        }
        let instead = wrong.filter(|_| route.records.is_none()).and_then(|what| route.instead.get(what));
        context["complaints"] = json!(complaints);
        if let Some(works) = route.works_ms {
            let works = if turn.stall_job { u64::MAX / 2 } else { works };
            self.state.jobs.push(Job { done_at_ms: at_ms + works, lost, complaints: json!(complaints) });
        }
        context["job"] = json!(self.state.jobs.len());
        context["groups"] = self.groups();
        reply(instead.unwrap_or(&route.answer), context)
    }

    fn groups(&self) -> Value {
        self.state.groups.iter().enumerate().map(|(at, name)| json!({"id": at + 1, "name": name})).collect()
    }

    fn asked(&self, route: &Route, id: &str, at_ms: u64, mut context: Value) -> Reply {
        let job = id.parse::<usize>().ok().and_then(|id| self.state.jobs.get(id.checked_sub(1)?));
        let what = match job {
            None => Some("unknown"),
            Some(job) if at_ms < job.done_at_ms => Some("busy"),
            Some(job) if job.lost => Some("lost"),
            Some(job) => {
                context["complaints"] = job.complaints.clone();
                None
            }
        };
        reply(what.and_then(|what| route.instead.get(what)).unwrap_or(&route.answer), &context)
    }

    /// What a record holds that the vendor knows nothing of.
    fn unfit(&self, record: &Value) -> Option<String> {
        leaves(record).into_iter().find_map(|(pointer, value)| {
            if self.vendor.identifiers.values().any(|known| *known == pointer) {
                return None;
            }
            match self.field(&pointer) {
                None => Some(format!("nobody knows `{pointer}`")),
                Some((_, kind)) if !is(kind, value) => Some(format!("`{pointer}` must be of type {kind}")),
                Some(_) => None,
            }
        })
    }

    /// Name and JSON type of what stands at a pointer.
    fn field(&self, pointer: &str) -> Option<(String, &str)> {
        let (written, name) = match self.vendor.fields.get(pointer) {
            Some(written) => (written, None),
            None => {
                let (above, name) = pointer.rsplit_once('/')?;
                (self.vendor.fields.get(&format!("{above}/*"))?, Some(name))
            }
        };
        let (known, kind) = written.split_once(' ').unwrap_or((written, "text"));
        Some((name.unwrap_or(known).to_string(), kind))
    }

    fn done(&mut self, route: &Route, record: &Value, turn: &Fault, context: &mut Value) -> Result<(), Wrong> {
        if route.does == Deed::Look && route.who.is_empty() {
            return Ok(());
        }
        let who = self.who(route, record, context);
        if who.is_empty() {
            return Err(("rejected", "a record of nobody".into()));
        }
        let same = |person: &Contact| who.iter().all(|(name, value)| person.identifiers.get(name) == Some(value));
        let at = self.state.people.iter().position(same);
        let told = at.map_or(&who, |at| &self.state.people[at].identifiers);
        let told: Map<String, Value> = told.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        if let Some(refusal) = turn.refuse.iter().find(|refusal| route.does != Deed::Look && refusal.meets(&told)) {
            return Err(("rejected", refusal.reason.clone()));
        }
        let at = match (route.does, at) {
            (Deed::Create, Some(_)) => return Err(("exists", "somebody has these identifiers".into())),
            (Deed::Create | Deed::Upsert, None) => self.give(who),
            (_, None) => return Err(("absent", "nobody has these identifiers".into())),
            (_, Some(at)) => at,
        };
        context["person"] = json!(self.state.people[at].identifiers);
        self.change(route, at, record, context);
        Ok(())
    }

    fn who(&self, route: &Route, record: &Value, context: &Value) -> BTreeMap<String, String> {
        let told = |name: &String, pointer: &String| match route.who.get(name) {
            Some(written) => Some(text(written, context)),
            None if route.who.is_empty() => record.pointer(pointer).and_then(Value::as_str).map(str::to_string),
            None => None,
        };
        let identifiers = self.vendor.identifiers.iter();
        let found = identifiers.filter_map(|(name, pointer)| Some((name.clone(), told(name, pointer)?)));
        found.filter(|(_, value)| !value.is_empty() && value != "none").collect()
    }

    /// Somebody new, with an id.
    fn give(&mut self, mut who: BTreeMap<String, String>) -> usize {
        self.state.given += 1;
        who.insert(self.vendor.id.clone(), format!("given-{}", self.state.given));
        self.state.people.push(Contact { identifiers: who, ..Contact::default() });
        self.state.people.len() - 1
    }

    fn change(&mut self, route: &Route, at: usize, record: &Value, context: &Value) {
        let group = route.group.as_ref().map(|group| self.named(&text(group, context)));
        match route.does {
            Deed::Look => {}
            Deed::Delete => {
                self.state.people.remove(at);
            }
            Deed::Join => self.state.people[at].groups.extend(group),
            Deed::Leave => self.state.people[at].groups.retain(|known| Some(known) != group.as_ref()),
            Deed::Create | Deed::Update | Deed::Upsert => {
                let written = self.written(record);
                write(&mut self.state.people[at].fields, written);
            }
            Deed::Fire => {
                let name = route.event.as_ref().map(|event| text(event, context)).unwrap_or_default();
                let contact = self.state.people[at].identifiers.iter().find(|(name, _)| **name != self.vendor.id);
                let contact = contact.map(|(_, value)| value.clone()).unwrap_or_default();
                let fields = self.written(record).into_iter().collect();
                self.state.events.push(Event { name, contact, fields });
            }
        }
    }

    fn named(&self, id: &str) -> String {
        let name = id.parse::<usize>().ok().and_then(|id| self.state.groups.get(id.checked_sub(1)?));
        name.cloned().unwrap_or_else(|| id.to_string())
    }

    fn written(&self, record: &Value) -> BTreeMap<String, Value> {
        let fields = leaves(record).into_iter();
        fields.filter_map(|(pointer, value)| Some((self.field(&pointer)?.0, value.clone()))).collect()
    }
}

/// NULL takes a value away.
fn write(fields: &mut BTreeMap<String, Value>, written: BTreeMap<String, Value>) {
    for (name, value) in written {
        match value {
            Value::Null => fields.remove(&name),
            value => fields.insert(name, value),
        };
    }
}

fn reply(answer: &Answer, context: &Value) -> Reply {
    let body = render(&answer.body, context).to_string();
    Reply {
        status: answer.status,
        headers: vec![("content-type".into(), "application/json".into())],
        body,
        ..Reply::default()
    }
}

/// The parts of a path that a route names.
fn matched(on: &str, request: &Incoming, path: &str) -> Option<Map<String, Value>> {
    let (method, wanted) = on.split_once(' ')?;
    let (wanted, found): (Vec<_>, Vec<_>) = (wanted.split('/').collect(), path.split('/').collect());
    if method != request.method || wanted.len() != found.len() {
        return None;
    }
    let mut parts = Map::new();
    for (wanted, found) in wanted.iter().zip(found) {
        match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => drop(parts.insert(name.into(), json!(decoded(found)))),
            None if *wanted == found => {}
            None => return None,
        }
    }
    Some(parts)
}

fn query(text: &str) -> Map<String, Value> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), json!(decoded(value)))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let code = more.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = &more[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = more;
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Everything in a record that is no object, by pointer.
fn leaves(record: &Value) -> Vec<(String, &Value)> {
    let Value::Object(parts) = record else { return Vec::new() };
    let mut found = Vec::new();
    for (name, value) in parts {
        match value {
            Value::Object(_) => {
                found.extend(leaves(value).into_iter().map(|(rest, value)| (format!("/{name}{rest}"), value)))
            }
            _ => found.push((format!("/{name}"), value)),
        }
    }
    found
}

fn is(kind: &str, value: &Value) -> bool {
    matches!(
        (kind, value),
        (_, Value::Null)
            | ("text", Value::String(_))
            | ("number", Value::Number(_))
            | ("boolean", Value::Bool(_))
            | ("any", _)
            | ("list", Value::Array(_))
    )
}

impl Remote for Answerer {
    fn answer(&mut self, request: &Incoming) -> Reply {
        let path = request.path.strip_prefix(&format!("/{}", self.name)).unwrap_or(&request.path).to_string();
        let path = path.strip_prefix(&self.vendor.prefix).unwrap_or(&path).to_string();
        let turn = self.turn(&path);
        let reply = match turn.status {
            Some(status) => self.failure(status),
            None => self.respond(&path, request, &turn),
        };
        let reply = turn.spoil(reply);
        self.log.push(Received::new(&self.name, path.trim_matches('/'), request, 0, &reply));
        reply
    }

    fn holdings(&self) -> Holdings {
        Holdings { contacts: self.state.people.clone(), events: self.state.events.clone() }
    }

    fn meet(&mut self, people: Vec<Map<String, Value>>) {
        for person in people {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
            let who = person.iter().map(|(name, value)| (name.clone(), text(value))).collect();
            self.give(who);
        }
    }

    fn misbehave(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    fn behave(&mut self) {
        self.faults.clear();
    }

    fn count(&self) -> usize {
        self.log.len()
    }

    fn received(&self, from: usize) -> Vec<Received> {
        self.log[from.min(self.log.len())..].to_vec()
    }
}
