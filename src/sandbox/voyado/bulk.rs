//! Bulk writes: a batch id at once, the work later, and a status that says how it went.
//!
//! What the status looks like is documented nowhere. Here it is an object with a word and, row by row, what went wrong, each
//! item with its place in the list (from 0) and the key it was sent with. As in the vendor's file import, a wrong attribute
//! costs itself alone, a grave error the contact.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Tenant;
use super::address::Address;
use super::answer::Failure;
use super::contact::{Contacts, inspect, is_vain, key_of};
use super::single::refused;
use super::value::{Kind, kind};
use crate::sandbox::{Call, Rates, Refusal, Reply};

const ROWS_MAX: usize = 4_000;

/// How long work takes: not documented.
const BASE_MS: u64 = 1_500;
const ROWS_PER_MS: u64 = 2;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Job {
    done_at_ms: u64,
    /// What is still to be done.
    work: Option<Work>,
    /// Its status never says that it is done.
    stalls: bool,
    /// Fails as a whole, with this message.
    fails: Option<String>,
    /// Contacts created or updated.
    done: usize,
    errors: Vec<Value>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Work {
    contact_type: String,
    creates: bool,
    rows: Vec<Map<String, Value>>,
    refusals: Vec<Refused>,
}

/// What is refused on purpose in one row.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Refused {
    row: usize,
    attribute: String,
    reason: String,
}

impl Tenant {
    /// Takes a batch in. Without a contact type it is for the tenant's usual one.
    pub fn submit(&mut self, call: &Call<'_>, address: &Address, rates: Rates) -> Result<Reply, Failure> {
        let creates = call.request.method == "POST";
        let contact_type = address.query("contactType").unwrap_or("Member").to_string();
        if !self.contacts.has_type(&contact_type) {
            return Err(Failure::new(400, "InvalidContactType", "there is no such contact type"));
        }
        let rows = rows(call)?;
        let quiet = quiet(address)? && !creates;
        let key = key_of(&contact_type);
        let careless = self.is_careless(&rows, &contact_type, creates) || (quiet && has_standard(&rows, key));
        let fails = match call.fail_job {
            true => Some("the import failed".to_string()),
            false if quiet && has_standard(&rows, key) => {
                Some("avoidTriggeringExport allows custom attributes only".to_string())
            }
            false => None,
        };
        let refusals = refusals(call.refusals, &rows);
        let pace_ms = if rates == Rates::Relaxed { 0 } else { BASE_MS + rows.len() as u64 / ROWS_PER_MS };
        let done_at_ms = call.request.at_ms + pace_ms;
        let work = Some(Work { contact_type, creates, rows, refusals });
        let id = format!("batch-{}", self.jobs.len() + 1);
        self.jobs.insert(id.clone(), Job { done_at_ms, work, stalls: call.stall_job, fails, ..Job::default() });
        self.work(call.request.at_ms);
        let reply = Reply::json(202, &json!(id));
        Ok(if careless { reply.unexpected() } else { reply })
    }

    /// Does what is due.
    pub fn work(&mut self, at_ms: u64) {
        for job in self.jobs.values_mut().filter(|job| job.done_at_ms <= at_ms) {
            let Some(work) = job.work.take().filter(|_| job.fails.is_none()) else { continue };
            for (at, row) in work.rows.iter().enumerate() {
                match work.carry_out(&mut self.contacts, at, row) {
                    Ok(errors) => {
                        job.done += 1;
                        job.errors.extend(errors);
                    }
                    Err(error) => job.errors.push(error),
                }
            }
        }
    }

    pub fn status(&self, address: &Address) -> Result<Reply, Failure> {
        let id = address.query("batchId").unwrap_or_default();
        let job = self.jobs.get(id).ok_or_else(|| Failure::new(404, "BatchNotFound", "there is no such batch"))?;
        Ok(Reply::json(
            200,
            &match &job.fails {
                _ if job.stalls || job.work.is_some() => json!({"batchId": id, "status": "Running"}),
                Some(message) => json!({"batchId": id, "status": "Failed", "message": message}),
                None => {
                    json!({"batchId": id, "status": "Completed", "written": job.done, "errors": job.errors})
                }
            },
        ))
    }

    /// Whether a batch holds what no client who knows the vendor sends.
    fn is_careless(&self, rows: &[Map<String, Value>], contact_type: &str, creates: bool) -> bool {
        let key = key_of(contact_type);
        let mut seen = BTreeSet::new();
        rows.iter().any(|row| {
            let value = row.get(key).and_then(Value::as_str).unwrap_or_default();
            let there = creates && !self.contacts.matching(key, value, Some(contact_type)).is_empty();
            let twice = !seen.insert(value.to_lowercase());
            there || twice || value.is_empty() || is_vain(row) || inspect(row).iter().any(|wrong| wrong.unexpected)
        })
    }
}

impl Work {
    /// Writes one row; tells of its parts that were not written, or why nothing of it was. Creating what is there already
    /// does nothing and says nothing: what the vendor does then is not settled.
    fn carry_out(&self, contacts: &mut Contacts, at: usize, row: &Map<String, Value>) -> Result<Vec<Value>, Value> {
        let key = key_of(&self.contact_type);
        let value = row.get(key).and_then(Value::as_str).unwrap_or_default().to_string();
        let told = |code: &str, message: &str, field: Option<&str>| {
            let mut item = json!({"index": at, "key": value, "errorCode": code, "message": message});
            if let Some(field) = field {
                item["field"] = field.into();
            }
            item
        };
        if value.is_empty() {
            return Err(told("MissingKey", &format!("{key} is missing"), None));
        }
        let refused: Vec<&Refused> = self.refusals.iter().filter(|refused| refused.row == at).collect();
        if let Some(whole) = refused.iter().find(|refused| refused.attribute.is_empty()) {
            return Err(told("ValidationError", &whole.reason, None));
        }
        let found: Vec<String> =
            contacts.matching(key, &value, Some(&self.contact_type)).iter().map(|found| found.id.clone()).collect();
        let id = match (self.creates, found.as_slice()) {
            (true, []) => contacts.add(&self.contact_type),
            (true, _) => return Ok(Vec::new()),
            (false, []) => return Err(told("ContactNotFound", "no contact was found", None)),
            (false, [id]) => id.clone(),
            (false, _) => return Err(told("MultipleMatches", "several contacts match", None)),
        };
        let wrong = inspect(row).into_iter().map(|wrong| (wrong.name, wrong.reason));
        let wrong = wrong.chain(refused.iter().map(|refused| (refused.attribute.clone(), refused.reason.clone())));
        let wrong: Vec<(String, String)> = wrong.collect();
        let without: Vec<String> = wrong.iter().map(|(name, _)| name.clone()).collect();
        contacts.write(&id, row, &without);
        Ok(wrong.iter().map(|(name, reason)| told("ValidationError", reason, Some(name))).collect())
    }
}

fn rows(call: &Call<'_>) -> Result<Vec<Map<String, Value>>, Failure> {
    let wrong = |message: String| Failure::new(400, "BadRequest", message);
    let rows = call.json.and_then(Value::as_array).ok_or_else(|| wrong("the body is no list".into()))?;
    match rows.len() {
        0 => return Err(wrong("the list is empty".into())),
        count if count > ROWS_MAX => return Err(wrong(format!("{count} contacts, at most {ROWS_MAX} are allowed"))),
        _ => {}
    }
    let row = |row: &Value| row.as_object().cloned().ok_or_else(|| wrong("a contact is an object".into()));
    rows.iter().map(row).collect()
}

/// `avoidTriggeringExport`
fn quiet(address: &Address) -> Result<bool, Failure> {
    match address.query("avoidTriggeringExport") {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Failure::new(400, "BadRequest", "avoidTriggeringExport is true or false")),
    }
}

fn has_standard(rows: &[Map<String, Value>], key: &str) -> bool {
    let standard = |name: &String| {
        name != key && (kind(name) == Kind::Standard || ["preferences", "consents"].contains(&name.as_str()))
    };
    rows.iter().any(|row| row.keys().any(standard))
}

fn refusals(refusals: &[Refusal], rows: &[Map<String, Value>]) -> Vec<Refused> {
    let all = rows.iter().enumerate().flat_map(|(at, row)| {
        let complaints = refused(refusals, row, None).into_iter();
        complaints.map(move |complaint| Refused { row: at, attribute: complaint.name, reason: complaint.reason })
    });
    all.collect()
}
