//! Calls for one contact: look up, read, create, update, delete.

use serde_json::{Map, Value, json};

use super::Tenant;
use super::address::Address;
use super::answer::Failure;
use super::contact::{Contact, inspect, is_vain, key_of};
use super::value::{Complaint, is_email, is_personal_number, is_phone};
use crate::sandbox::{Call, Refusal, Reply};

/// Parameters of a look-up and the attribute each goes by. `customKey` is the member number or the external id, as a tenant
/// has it set up: the latter here. `any` guesses by form and is not served.
const WAYS: [(&str, &str); 4] = [
    ("email", "email"),
    ("mobilePhone", "mobilePhone"),
    ("socialSecurityNumber", "socialSecurityNumber"),
    ("customKey", "externalId"),
];

impl Tenant {
    /// All parameters given must match.
    pub fn find(&self, address: &Address) -> Result<Reply, Failure> {
        let contact_type = address.query("contactType");
        if contact_type.is_some_and(|name| !self.contacts.has_type(name)) {
            return Err(Failure::new(400, "InvalidContactType", "there is no such contact type"));
        }
        let asked: Vec<_> = WAYS.iter().filter_map(|(name, by)| Some((*by, address.query(name)?))).collect();
        let known = |name: &str| name.eq_ignore_ascii_case("contactType") || WAYS.iter().any(|(way, _)| *way == name);
        if asked.is_empty() || !address.names().all(known) {
            return Err(Failure::new(400, "InvalidSearchQuery", "nothing to look for"));
        }
        asked.iter().try_for_each(|(by, value)| plausible(by, value))?;
        let (by, value) = asked[0];
        let mut found = self.contacts.matching(by, value, contact_type);
        found.retain(|contact| asked.iter().all(|(by, value)| holds(contact, by, value)));
        match found.as_slice() {
            [] => Err(Failure::contact_not_found()),
            [one] => Ok(Reply::json(200, &json!(one.id))),
            many => Err(Failure::multiple_matches(many.iter().map(|contact| contact.id.as_str()).collect())),
        }
    }

    pub fn read(&self, id: &str) -> Result<Reply, Failure> {
        self.contacts.get(id).map(|contact| Reply::json(200, &contact.json())).ok_or(Failure::contact_not_found())
    }

    /// Where the key exists already, the vendor's older text says that its contact's id comes back; nothing is written then.
    pub fn create(&mut self, call: &Call<'_>) -> Result<Reply, Failure> {
        let payload = payload(call)?;
        let contact_type = payload.get("contactType").and_then(Value::as_str).unwrap_or("Member");
        if !self.contacts.has_type(contact_type) {
            return Err(Failure::new(400, "InvalidContactType", "there is no such contact type"));
        }
        let key = key_of(contact_type);
        let value = payload.get(key).and_then(Value::as_str).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| Failure::validation(format!("{key} is missing")))?;
        if let Some(there) = self.contacts.matching(key, value, Some(contact_type)).first() {
            return Ok(Reply::json(200, &json!(there.id)).unexpected());
        }
        let refused = refused(call.refusals, payload, None);
        admissible(inspect(payload), refused)?;
        let id = self.contacts.add(contact_type);
        self.contacts.write(&id, payload, &[]);
        self.written(201, &id, payload)
    }

    pub fn patch(&mut self, call: &Call<'_>, id: &str) -> Result<Reply, Failure> {
        let payload = payload(call)?;
        let contact = self.contacts.get(id).ok_or(Failure::contact_not_found())?;
        let refused = refused(call.refusals, payload, Some(contact));
        let (key, id) = (key_of(&contact.contact_type), contact.id.clone());
        admissible(inspect(payload), refused)?;
        if let Some(value) = payload.get(key).and_then(Value::as_str) {
            let others = self.contacts.matching(key, value, Some(&contact.contact_type));
            if others.iter().any(|other| other.id != id) {
                return Err(Failure::validation(format!("{key}: another contact has it")).honest());
            }
        }
        self.contacts.write(&id, payload, &[]);
        self.written(200, &id, payload)
    }

    pub fn delete(&mut self, id: &str) -> Result<Reply, Failure> {
        match self.contacts.remove(id) {
            true => Ok(Reply::text(200, "application/json", String::new())),
            false => Err(Failure::contact_not_found()),
        }
    }

    pub fn consents(&self) -> Reply {
        let list = self.contacts.consents().map(|id| json!({"id": id, "name": id, "metaData": {}}));
        Reply::json(200, &list.collect())
    }

    fn written(&self, status: u16, id: &str, payload: &Map<String, Value>) -> Result<Reply, Failure> {
        let contact = self.contacts.get(id).ok_or(Failure::contact_not_found())?;
        let reply = Reply::json(status, &contact.json());
        Ok(if is_vain(payload) { reply.unexpected() } else { reply })
    }
}

fn plausible(by: &str, value: &str) -> Result<(), Failure> {
    let (right, code) = match by {
        "email" => (is_email(value), "InvalidEmailAddress"),
        "mobilePhone" => (is_phone(value), "InvalidPhoneNumber"),
        "socialSecurityNumber" => (is_personal_number(value), "InvalidSocialSecurityNumber"),
        _ => (!value.is_empty(), "InvalidSearchQuery"),
    };
    if right { Ok(()) } else { Err(Failure::new(400, code, "the value is not valid").honest()) }
}

fn holds(contact: &Contact, by: &str, value: &str) -> bool {
    contact.text(by).is_some_and(|held| held.to_lowercase() == value.to_lowercase())
}

fn payload<'a>(call: &Call<'a>) -> Result<&'a Map<String, Value>, Failure> {
    call.json.and_then(Value::as_object).ok_or_else(|| Failure::new(400, "BadRequest", "the body is no object"))
}

/// One wrong attribute refuses the whole payload.
fn admissible(complaints: Vec<Complaint>, refused: Vec<Complaint>) -> Result<(), Failure> {
    let Some(first) = complaints.into_iter().chain(refused).next() else { return Ok(()) };
    let told = match first.name.as_str() {
        "" => first.reason,
        name => format!("{name}: {}", first.reason),
    };
    let failure = Failure::validation(told);
    Err(if first.unexpected { failure } else { failure.honest() })
}

/// What is refused on purpose. Identifiers have both their names, the vendor's and the pipelines'.
pub fn refused(refusals: &[Refusal], payload: &Map<String, Value>, contact: Option<&Contact>) -> Vec<Complaint> {
    let mut identifiers = contact.map(|contact| contact.attributes.clone()).unwrap_or_default();
    identifiers.extend(payload.clone());
    identifiers.extend(contact.map(|contact| ("contact_id".to_string(), json!(contact.id))));
    for (ours, theirs) in [("externalId", "external_id"), ("mobilePhone", "mobile_phone")] {
        if let Some(value) = identifiers.get(ours).cloned() {
            identifiers.insert(theirs.into(), value);
        }
    }
    let met = refusals.iter().filter(|refusal| refusal.meets(&identifiers));
    let named = met.filter(|refusal| refusal.attribute.as_ref().is_none_or(|name| holds_part(payload, name)));
    named
        .map(|refusal| Complaint {
            name: refusal.attribute.clone().unwrap_or_default(),
            reason: refusal.reason.clone(),
            unexpected: false,
        })
        .collect()
}

fn holds_part(payload: &Map<String, Value>, name: &str) -> bool {
    payload.contains_key(name)
        || name.strip_prefix("preferences.").is_some_and(|part| {
            payload.get("preferences").and_then(Value::as_object).is_some_and(|members| members.contains_key(part))
        })
}
