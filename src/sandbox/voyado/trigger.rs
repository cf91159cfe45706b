//! Custom triggers: each call is an execution of its own, and none is taken back.
//!
//! An automation of the tenant does with them what it was built for. Those built to set labels are known here by their names:
//! a trigger ending in `add` or `remove` puts the label its payload holds on the contact, or takes it off.

use serde_json::{Map, Value, json};

use super::answer::Failure;
use super::contact::{Contact, key_of};
use super::single::refused;
use super::{Tenant, is_unknown};
use crate::sandbox::{Call, Event, Reply};

impl Tenant {
    pub fn fire(&mut self, call: &Call<'_>, trigger: &str, way: &str, rest: &[&str]) -> Result<Reply, Failure> {
        if is_unknown(trigger) {
            return Err(Failure::new(404, "TriggerNotFound", "there is no such trigger").honest());
        }
        let fields = call.json.and_then(Value::as_object);
        let fields = fields.ok_or_else(|| Failure::new(400, "BadRequest", "the body is no object"))?;
        if fields.values().any(|value| value.is_object() || value.is_array()) {
            return Err(Failure::new(400, "BadRequest", "the object is not flat"));
        }
        let contact = self.addressed(way, rest)?;
        if let Some(refusal) = refused(call.refusals, &Map::new(), Some(contact)).first() {
            return Err(Failure::new(400, "ValidationError", refusal.reason.clone()).honest());
        }
        let id = contact.id.clone();
        let to = rest.last().copied().unwrap_or_default().to_string();
        if !self.automate(trigger, &id, fields) {
            self.events.push(Event { name: trigger.into(), contact: to, fields: fields.clone() });
        }
        self.fired += 1;
        let reply = Reply::json(200, &json!({"id": self.fired.to_string()}));
        let texts = fields.values().all(Value::is_string);
        Ok(if texts { reply } else { reply.unexpected() })
    }

    /// Whether the trigger's automation leaves something on the contact.
    fn automate(&mut self, trigger: &str, id: &str, fields: &Map<String, Value>) -> bool {
        let Some(label) = fields.get("label").and_then(Value::as_str) else { return false };
        match trigger.to_lowercase() {
            name if name.ends_with("add") => self.contacts.label(id, label, true),
            name if name.ends_with("remove") => self.contacts.label(id, label, false),
            _ => return false,
        }
        true
    }

    fn addressed(&self, way: &str, rest: &[&str]) -> Result<&Contact, Failure> {
        let one = |found: Vec<&'_ Contact>| match found.as_slice() {
            [] => Err(Failure::contact_not_found()),
            [one] => Ok(one.id.clone()),
            many => Err(Failure::multiple_matches(many.iter().map(|contact| contact.id.as_str()).collect())),
        };
        let id = match (way, rest) {
            ("triggerByContactId", [id]) => Ok(id.to_string()),
            ("triggerByContactTypeAndKey", [contact_type, value]) => {
                one(self.contacts.matching(key_of(contact_type), value, Some(contact_type)))
            }
            ("triggerByExternalContactId", [value]) => one(self.contacts.matching("externalId", value, None)),
            ("triggerBySocialSecurityNumber", [value]) => {
                one(self.contacts.matching("socialSecurityNumber", value, None))
            }
            _ => return Err(Failure::new(404, "NotFound", "no such route")),
        }?;
        self.contacts.get(&id).ok_or(Failure::contact_not_found())
    }
}
