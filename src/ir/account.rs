//! What an account says of itself, as far as a pipeline asks: fields of its own, and what may be chosen.

use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// By the name that the pipeline uses; what is not here is not there.
    pub fields: BTreeMap<String, AccountField>,
    /// By the name that the pipeline uses.
    pub choices: BTreeMap<String, Vec<Choice>>,
    /// Every name that a field of the account goes by.
    pub names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountField {
    pub id: String,
    /// The vendor's word for its type.
    pub kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub id: String,
    /// What people know it by.
    pub label: String,
}

/// What has to be asked of an account for one activation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Fields and identifiers that only the account's own list knows.
    pub names: Vec<String>,
    /// Fields of the definition whose choices the account keeps.
    pub choosing: Vec<String>,
}

impl Wanted {
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.choosing.is_empty()
    }

    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.names.iter().chain(&self.choosing).map(String::as_str)
    }
}
