//! Secrets never show: not in `Debug`, not in a report, not in what a vendor echoes back.

use std::fmt;

/// A value that must never be printed, logged or stored.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret {
    value: String,
    /// What of it came from outside, where that is not the whole: headers may stand in a file, and masking those words
    /// (`application/json`) would shred ordinary text.
    hidden: Option<Vec<String>>,
}

pub const MASK: &str = "***";

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Secret { value: value.into(), hidden: None }
    }

    /// A block, as JSON, of which these texts came from outside.
    pub fn block(value: &serde_json::Value, hidden: Vec<String>) -> Self {
        Secret { value: value.to_string(), hidden: Some(hidden) }
    }

    /// The value itself, for a request and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.value
    }

    /// What must not show: the value, or the texts in it.
    fn hidden(self) -> Vec<String> {
        self.hidden.unwrap_or_else(|| vec![self.value])
    }

    /// The value for expressions: a block as what it is.
    pub fn reveal_json(&self) -> serde_json::Value {
        let text = || serde_json::Value::String(self.value.clone());
        if self.hidden.is_some() { serde_json::from_str(&self.value).unwrap_or_else(|_| text()) } else { text() }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Takes known secrets out of text that comes from outside (a vendor's answer, a driver's message).
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    /// Secrets of fewer than four characters are left alone: masking them would shred ordinary text.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let hidden = secrets.into_iter().flat_map(Secret::hidden);
        let mut secrets: Vec<String> = hidden.filter(|secret| secret.len() >= 4).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Redactor { secrets }
    }

    pub fn scrub(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_string(), |text, secret| text.replace(secret, MASK))
    }
}
