//! Secrets never show: not in `Debug`, not in a report, not in what a vendor echoes back.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

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

/// Secrets of fewer characters are left alone: masking them would shred ordinary text.
pub const CHARS_MIN: usize = 4;

/// How many secrets that came up on the way are remembered: more than can be in flight at once.
const LEARNT_MAX: usize = 256;

/// Takes known secrets out of text that comes from outside (a vendor's answer, a driver's message), however they are spelt
/// there. Clones share what they learn.
#[derive(Clone, Default)]
pub struct Redactor {
    /// The longest first, since one may hold another.
    fixed: Vec<String>,
    learnt: Arc<RwLock<VecDeque<String>>>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Redactor {
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let hidden = secrets.into_iter().flat_map(Secret::hidden);
        let mut fixed: Vec<String> = hidden.flat_map(|secret| spellings(&secret)).collect();
        fixed.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Redactor { fixed, learnt: Arc::default() }
    }

    /// Remembers the value of a secret header: made of settings, or of a token that was fetched. What follows its first word
    /// (`Bearer`) is secret alone, too.
    pub fn learn(&self, header: &str) {
        let parts = header.split_once(' ').map(|(_, credentials)| credentials.trim());
        let new: Vec<String> = [Some(header), parts].into_iter().flatten().flat_map(spellings).collect();
        let known = |learnt: &VecDeque<String>, secret: &String| self.fixed.contains(secret) || learnt.contains(secret);
        if new.iter().all(|secret| known(&self.read(), secret)) {
            return;
        }
        let mut learnt = self.learnt.write().unwrap_or_else(PoisonError::into_inner);
        for secret in new {
            if !known(&learnt, &secret) {
                learnt.push_back(secret);
            }
        }
        let surplus = learnt.len().saturating_sub(LEARNT_MAX);
        learnt.drain(..surplus);
    }

    pub fn scrub(&self, text: &str) -> String {
        let learnt = self.read();
        let mut secrets: Vec<&String> = self.fixed.iter().chain(learnt.iter()).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let mut text = Cow::Borrowed(text);
        for secret in secrets {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), MASK));
            }
        }
        text.into_owned()
    }

    /// The beginning of a text, of at most so many characters. Cut first, a secret that stands across the cut would show in
    /// part.
    pub fn excerpt(&self, text: &str, chars: usize) -> String {
        cut(self.scrub(text), chars)
    }

    fn read(&self) -> RwLockReadGuard<'_, VecDeque<String>> {
        self.learnt.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The beginning of a text in which there is nothing to hide, of at most so many characters.
pub fn cut(text: String, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// A secret as it is, within JSON, within JSON that is told as a text of another, and within a URL. Some writers of JSON
/// escape slashes too.
fn spellings(secret: &str) -> Vec<String> {
    if secret.chars().count() < CHARS_MIN {
        return Vec::new();
    }
    let json = in_json(secret);
    let slashed = json.replace('/', "\\/");
    let mut spellings = vec![secret.to_string()];
    for other in [in_json(&json), in_json(&slashed), json, slashed, percent_encoded(secret)] {
        if !spellings.contains(&other) {
            spellings.push(other);
        }
    }
    spellings
}

fn in_json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_string()
}

/// As a URL spells it: all but what is unreserved in RFC 3986.
pub fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_however_they_are_spelt() {
        let redactor =
            Redactor::new([Secret::new("pa\"ss/word"), Secret::new("pa\"ss/word-longer"), Secret::new("abc")]);
        redactor.learn("Bearer token-of-today");
        let clone = redactor.clone();
        clone.learn("Basic dXNlcjpwdw==");
        for (text, scrubbed) in [
            ("pa\"ss/word", "***"),
            ("pa\"ss/word-longer", "***"),
            (r#"{"key":"pa\"ss/word"}"#, r#"{"key":"***"}"#),
            (r#"{"key":"pa\"ss\/word"}"#, r#"{"key":"***"}"#),
            (r#"{"body":"{\"key\":\"pa\\\"ss/word\"}"}"#, r#"{"body":"{\"key\":\"***\"}"}"#),
            ("https://a.example/?k=pa%22ss%2Fword", "https://a.example/?k=***"),
            ("got Bearer token-of-today", "got ***"),
            ("token-of-today has expired", "*** has expired"),
            ("dXNlcjpwdw==", "***"),
            ("abc is too short", "abc is too short"),
        ] {
            assert_eq!(redactor.scrub(text), scrubbed);
        }
        assert_eq!(redactor.excerpt("xxxtoken-of-today", 6), "xxx***");
        assert_eq!(redactor.excerpt("xxxxtoken-of-today", 6), "xxxx**...");
    }

    #[test]
    fn what_was_learnt_long_ago_is_forgotten() {
        let redactor = Redactor::default();
        (0..1000).for_each(|number| redactor.learn(&format!("digest-{number:04}")));
        assert_eq!(redactor.scrub("digest-0999 digest-0000"), "*** digest-0000");
        assert!(redactor.read().len() <= LEARNT_MAX);
    }
}
