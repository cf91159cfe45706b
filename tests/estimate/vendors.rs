//! The made-up vendors of `tests/vendors`, as far as a plan can be told wrong by them: half of the people they are asked for
//! they know, and their jobs take a while.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use sendoff::ir::delivery::{Request, Response};
use serde_json::{Value as Json, json};

use crate::scene::Answer;

/// What a job of Relay's takes.
const JOB: SignedDuration = SignedDuration::from_secs(5);

/// Knows everyone whose number is below `known`.
pub fn parcel(known: u64) -> Answer {
    let created: Mutex<BTreeSet<String>> = Mutex::default();
    let jobs = AtomicU64::new(0);
    Box::new(move |_, request| {
        let path = path(request, "/v1/");
        let mut created = created.lock().expect("not poisoned");
        match path.split(['/', '?']).collect::<Vec<_>>().as_slice() {
            ["people", "find", query] => match query.rsplit("email=").next().map(|email| email.replace("%40", "@")) {
                Some(email) if number(&email) < known || created.contains(&email) => {
                    reply(200, json!({"id": number(&email).to_string()}))
                }
                _ => reply(404, json!({})),
            },
            ["people", call @ ("create" | "update")] => {
                let mut results = Vec::new();
                for email in emails(request) {
                    let there = number(&email) < known || created.contains(&email);
                    match (*call, there) {
                        ("create", true) => results.push(json!({"key": email, "status": "exists"})),
                        ("update", false) => results.push(json!({"key": email, "status": "absent"})),
                        _ => {
                            created.insert(email);
                        }
                    }
                }
                reply(200, json!({"results": results}))
            }
            ["imports"] => reply(202, json!({"job": jobs.fetch_add(1, Ordering::Relaxed).to_string()})),
            ["imports", _] => reply(200, json!({"state": "done", "results": []})),
            ["circles"] => match request.method.as_str() {
                "GET" => reply(200, json!({"circles": [{"id": 7, "name": "silver"}]})),
                _ => reply(201, json!({"id": 8})),
            },
            _ => reply(200, json!({"results": []})),
        }
    })
}

pub fn relay() -> Answer {
    let jobs: Mutex<BTreeMap<String, (Timestamp, Vec<String>)>> = Mutex::default();
    Box::new(move |now, request| {
        let mut jobs = jobs.lock().expect("not poisoned");
        match path(request, "test/").split('/').collect::<Vec<_>>().as_slice() {
            ["token"] => reply(200, json!({"access_token": "t", "expires_in": 3600})),
            ["v2", "attributes"] => reply(201, json!({"id": body(request)["name"]})),
            ["v2", attributes] if attributes.starts_with("attributes?") => {
                reply(200, json!({"items": [{"id": 7, "name": "Points"}], "next": ""}))
            }
            ["v2", "imports"] => {
                let (id, rows) = (format!("j{}", jobs.len()), body(request)["rows"].clone());
                let rows = rows.as_array().into_iter().flatten();
                let mails = rows.filter_map(|row| row["keys"]["email"].as_str().map(String::from)).collect();
                jobs.insert(id.clone(), (now, mails));
                reply(202, json!({"id": id}))
            }
            ["v2", "imports", id] => {
                let done = jobs.get(*id).is_some_and(|(since, _)| now >= *since + JOB);
                let file = format!("https://files.test/{id}");
                reply(200, json!({"state": if done { "done" } else { "busy" }, "file": file}))
            }
            [id] => {
                let mails = jobs.get(*id).map(|(_, mails)| mails.as_slice()).unwrap_or_default();
                let lines = mails.iter().map(|mail| json!({"mail": mail, "ok": true, "id": number(mail)}).to_string());
                Response { status: 200, headers: Vec::new(), body: lines.collect::<Vec<_>>().join("\n") }
            }
            _ => reply(418, json!({})),
        }
    })
}

fn path<'a>(request: &'a Request, after: &str) -> &'a str {
    request.url.split(after).nth(1).unwrap_or_default()
}

fn body(request: &Request) -> Json {
    request.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default()
}

fn emails(request: &Request) -> Vec<String> {
    let records = body(request)["records"].clone();
    records.as_array().into_iter().flatten().filter_map(|record| record["email"].as_str().map(String::from)).collect()
}

/// The number of a person, out of an address: `p17@x.test`.
fn number(email: &str) -> u64 {
    email.trim_start_matches('p').split('@').next().and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX)
}

fn reply(status: u16, body: Json) -> Response {
    Response { status, headers: Vec::new(), body: body.to_string() }
}
