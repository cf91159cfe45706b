//! What a vendor holds, in words that all vendors share, for people and tests that compare it with what was wanted.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Holdings {
    pub contacts: Vec<Contact>,
    /// What happened to contacts and left nothing behind to compare, oldest first.
    pub events: Vec<Event>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Contact {
    /// By the names that pipelines use (`email`, `contact_id`).
    pub identifiers: BTreeMap<String, String>,
    /// By the names that pipelines use; those of nested objects are joined by dots. Empty values are left out.
    pub fields: BTreeMap<String, Value>,
    /// What it belongs to: `list VIP`, `label vip`.
    pub groups: BTreeSet<String>,
    /// A record of someone nobody may write to, as long as that person has not subscribed.
    pub unsubscribed: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub name: String,
    /// The identifier it was addressed to.
    pub contact: String,
    pub fields: Map<String, Value>,
}
