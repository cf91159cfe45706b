//! What the tenant holds, in the words that all vendors share.

use serde_json::Value;

use super::contact::{Contact as Held, Contacts};
use crate::sandbox::Contact;

/// Attributes that are identifiers too, and what pipelines call them then.
const IDENTIFIERS: [(&str, &str); 3] =
    [("email", "email"), ("externalId", "external_id"), ("mobilePhone", "mobile_phone")];

impl Contacts {
    pub fn told(&self) -> Vec<Contact> {
        self.all().map(told).collect()
    }
}

fn told(held: &Held) -> Contact {
    let identifiers = IDENTIFIERS.iter().filter_map(|(ours, theirs)| Some((*theirs, held.text(ours)?)));
    let identifiers = identifiers.chain([("contact_id", held.id.as_str())]);
    let attributes = held.attributes.iter().map(|(name, value)| (name.clone(), value.clone()));
    let preferences = held.preferences.iter().map(|(name, value)| (format!("preferences.{name}"), Value::Bool(*value)));
    let consents = held.consents.values().filter(|consent| consent["value"] == true);
    let consents = consents.filter_map(|consent| consent["id"].as_str()).map(|id| format!("consent {id}"));
    Contact {
        identifiers: identifiers.map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        fields: attributes.chain(preferences).collect(),
        groups: held.labels.iter().map(|label| format!("label {label}")).chain(consents).collect(),
        ..Contact::default()
    }
}
