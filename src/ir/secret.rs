//! Secrets never show: not in `Debug`, not in a report, not in what a vendor echoes back.

use std::fmt;

/// A value that must never be printed, logged or stored.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

pub const MASK: &str = "***";

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Secret(value.into())
    }

    /// The value itself, for a request and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
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
    secrets: Vec<Secret>,
}

impl Redactor {
    /// Secrets of fewer than four characters are left alone: masking them would shred ordinary text.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut secrets: Vec<Secret> = secrets.into_iter().filter(|secret| secret.0.len() >= 4).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.0.len()));
        Redactor { secrets }
    }

    pub fn scrub(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_string(), |text, secret| text.replace(&secret.0, MASK))
    }
}
