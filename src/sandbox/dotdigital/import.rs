//! Bulk imports: taken in whole, worked off later, told of record by record in a report.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::account::{Account, Complaint};
use super::answer::{Answer, Failure};
use super::contact::{Merge, Written};
use crate::sandbox::{Call, Rates, Refusal, Reply};

const BODY_BYTES_MAX: usize = 50 * 1024 * 1024;
const ACTIVE_MAX: usize = 25;
const MERGES: [&str; 3] = ["overwrite", "overwriteIfNotEmpty", "overwriteIfEmpty"];

/// How long an import takes is nobody's to say; so much is plausible: some seconds, and a second for every thousand contacts.
const TIME_MS: u64 = 3000;
const CONTACT_TIME_MS: u64 = 1;

#[derive(Debug, Serialize, Deserialize)]
pub struct Import {
    /// By the caller's clock.
    done_at_ms: u64,
    /// It is never said to be done.
    #[serde(default)]
    stalls: bool,
    report: Value,
}

/// What an import did, as its report tells it.
#[derive(Default)]
struct Report {
    created: Vec<Value>,
    updated: Vec<Value>,
    failures: Vec<Value>,
    duplicates: usize,
    unexpected: bool,
}

pub fn begin(account: &mut Account, call: &Call<'_>, rates: Rates) -> Answer {
    let at_ms = call.request.at_ms;
    let active = account.imports.values().filter(|import| import.done_at_ms > at_ms).count();
    if active >= ACTIVE_MAX && rates == Rates::AsDocumented {
        let told = "Too many imports are being processed for your account. Wait for one to complete.";
        return Err(Failure::v3(429, "contacts:tooManyActiveImports", told));
    }
    if call.request.body.len() > BODY_BYTES_MAX {
        return Err(Failure::v3(413, "contacts:badRequest", "The request is larger than 50 MB").unexpected());
    }
    let (contacts, merge) = envelope(call.json)?;
    let id = format!("00000000-0000-4000-8000-{:012}", account.imports.len() + 1);
    let report = match call.fail_job {
        true => Report::default(),
        false => work(account, &contacts, merge, call.refusals),
    };
    let status = if call.fail_job { "Failed" } else { "Finished" };
    let unexpected = report.unexpected;
    let time_ms = match rates {
        Rates::Relaxed => 0,
        Rates::AsDocumented => TIME_MS + contacts.len() as u64 * CONTACT_TIME_MS,
    };
    account.imports.insert(
        id.clone(),
        Import { done_at_ms: at_ms + time_ms, stalls: call.stall_job, report: report.told(&id, status) },
    );
    let reply = Reply::json(202, &json!({"importId": id}));
    Ok(if unexpected { reply.unexpected() } else { reply })
}

pub fn status(account: &Account, id: &str, at_ms: u64) -> Answer {
    let import = account.imports.get(id).ok_or_else(|| {
        Failure::v3(404, "contacts:importNotFound", format!("The import request '{id}' could not be found!"))
    })?;
    match import.done_at_ms <= at_ms && !import.stalls {
        true => Ok(Reply::json(200, &import.report)),
        false => Ok(Reply::json(200, &json!({"importId": id, "status": "NotFinished"}))),
    }
}

/// A contact of an import and the identifier that finds it.
type Entry<'a> = (&'a str, Written<'a>);

fn envelope<'a>(body: Option<&'a Value>) -> Result<(Vec<Entry<'a>>, Merge), Failure> {
    let body =
        body.ok_or_else(|| Failure::v3(400, "contacts:badJson", "The request JSON is badly formed").unexpected())?;
    let body = body.as_object().ok_or_else(|| Failure::bad_request("The body is not an object"))?;
    if let Some(name) = body.keys().find(|name| !["mergeOption", "contacts"].contains(&name.as_str())) {
        return Err(Failure::bad_item(name, "unknown field"));
    }
    let merge = match body.get("mergeOption") {
        None => Some(Merge::Overwrite),
        Some(word) => word.as_str().and_then(|word| Merge::parse(word, MERGES)),
    };
    let merge = merge.ok_or_else(|| Failure::bad_item("mergeOption", "an option that is not there"))?;
    let contacts = body.get("contacts").and_then(Value::as_array).filter(|contacts| !contacts.is_empty());
    let contacts = contacts
        .ok_or_else(|| Failure::v3(400, "contacts:noContactsSpecified", "No contacts were specified").unexpected())?;
    let entries = contacts.iter().enumerate().map(|(at, contact)| entry(&format!("contacts[{at}]"), contact));
    Ok((entries.collect::<Result<_, _>>()?, merge))
}

fn entry<'a>(item: &str, contact: &'a Value) -> Result<Entry<'a>, Failure> {
    let written = Written::read(item, contact, &["matchIdentifier"])?;
    if written.identifiers.is_empty() {
        return Err(Failure::bad_item(item, "The Identifiers field is required."));
    }
    let matching = contact.get("matchIdentifier").and_then(Value::as_str);
    let matching = matching.ok_or_else(|| Failure::bad_item(item, "The MatchIdentifier field is required."))?;
    if !["contactId", "email", "mobileNumber"].contains(&matching) {
        return Err(Failure::bad_item(item, "a match identifier that the account does not have"));
    }
    Ok((matching, written))
}

fn work(account: &mut Account, contacts: &[Entry<'_>], merge: Merge, refusals: &[Refusal]) -> Report {
    let mut report = Report::default();
    let mut seen = BTreeSet::new();
    for (matching, written) in contacts {
        let value = written.identifiers.get(matching);
        if value.is_some_and(|value| !seen.insert((*matching, value.to_lowercase()))) {
            report.duplicates += 1;
            report.fail(
                None,
                matching,
                written,
                &Complaint::new("duplicateIdentifier", "Duplicate identifier detected"),
            );
            continue;
        }
        report.one(account, matching, written, merge, refusals);
    }
    report
}

impl Report {
    fn one(
        &mut self,
        account: &mut Account,
        matching: &str,
        written: &Written<'_>,
        merge: Merge,
        refusals: &[Refusal],
    ) {
        let named = by_pipeline(account, matching, written);
        let mut refusals = refusals.iter().filter(|refusal| meets(refusal, &named));
        if let Some(refusal) = refusals.clone().find(|refusal| refusal.attribute.is_none()) {
            return self.fail(None, matching, written, &Complaint::new("Blocker", refusal.reason.clone()));
        }
        let Some(value) = written.identifiers.get(matching) else {
            let told = format!("There is no value for the match identifier '{matching}'");
            return self.fail(None, matching, written, &Complaint::new("InvalidMatchIdentifier", told));
        };
        let found = account.find(matching, value);
        if found.is_none() && !written.can_be_created() {
            let told = Complaint::new("NoValidIdentifiers", "No identifier that a contact can be created with");
            return self.fail(None, matching, written, &told);
        }
        let new = found.is_none_or(|id| account.contacts.get(&id).is_some_and(|person| person.deleted));
        let id = found.unwrap_or_else(|| account.create());
        match account.write(id, written, merge) {
            Err(complaint) => {
                if found.is_none() {
                    account.contacts.remove(&id);
                }
                self.unexpected |= complaint.unexpected;
                self.fail(found, matching, written, &complaint);
            }
            Ok(complaints) => {
                let told = account.contacts.get(&id).map(|person| person.told(id, false)).unwrap_or_default();
                if new {
                    self.created.push(told)
                } else {
                    self.updated.push(told)
                }
                // Refused parts: the contact is written all the same.
                let refused =
                    refusals.next().map(|refusal| Complaint::new("consentRecordsNotApplied", &*refusal.reason));
                complaints.iter().chain(&refused).for_each(|one| self.fail(Some(id), matching, written, one));
            }
        }
    }

    fn fail(&mut self, id: Option<u64>, matching: &str, written: &Written<'_>, complaint: &Complaint) {
        let mut told = json!({
            "matchIdentifier": matching,
            "identifiers": written.sent,
            "failures": [{"failureCode": complaint.code, "description": complaint.description}],
        });
        if let Some(id) = id {
            told["contactId"] = json!(id);
        }
        self.failures.push(told);
    }

    fn told(self, id: &str, status: &str) -> Value {
        if status != "Finished" {
            return json!({"importId": id, "status": status});
        }
        let refused = self.failures.len() - self.duplicates;
        json!({
            "importId": id,
            "status": status,
            "summary": {
                "newContacts": self.created.len(),
                "updatedContacts": self.updated.len(),
                "globallySuppressed": 0,
                "invalidEntries": refused,
                "duplicateIdentifiers": self.duplicates,
            },
            "created": self.created,
            "updated": self.updated,
            "failures": self.failures,
        })
    }
}

/// Identifiers by the names that pipelines use, those that only the account knows included: refusals on purpose name them.
pub fn by_pipeline(account: &Account, matching: &str, written: &Written<'_>) -> Map<String, Value> {
    let found = written.identifiers.get(matching).and_then(|value| account.find(matching, value));
    let known = found.and_then(|id| account.contacts.get(&id)).into_iter().flat_map(|person| &person.identifiers);
    let known = known.map(|(name, value)| (name.as_str(), value));
    let sent = written.identifiers.iter().map(|(name, value)| (*name, value));
    let mut named: Map<String, Value> =
        known.chain(sent).map(|(name, value)| (pipeline_name(name).to_string(), json!(value))).collect();
    named.extend(found.map(|id| ("contact_id".to_string(), json!(id.to_string()))));
    named
}

/// Whether a refusal is about someone; ids may be written as numbers or as text.
pub fn meets(refusal: &Refusal, named: &Map<String, Value>) -> bool {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
    refusal.identifiers.iter().all(|(name, value)| named.get(name).is_some_and(|known| text(known) == text(value)))
}

pub fn pipeline_name(name: &str) -> &str {
    match name {
        "mobileNumber" => "mobile_number",
        "contactId" => "contact_id",
        name => name,
    }
}
