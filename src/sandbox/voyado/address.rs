//! What a request is for: the parts of its path and its query, decoded.

use crate::sandbox::Call;

pub struct Address {
    parts: Vec<String>,
    query: Vec<(String, String)>,
}

impl Address {
    /// The prefix of the version belongs to the base URL, which the sandbox stands for; it may be there all the same.
    pub fn of(call: &Call<'_>) -> Self {
        let route = call.route.strip_prefix("api/v3/").unwrap_or(call.route);
        let pairs = call.request.query.split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(&value.replace('+', " ")))
        };
        Address { parts: route.split('/').map(decoded).collect(), query: pairs.map(pair).collect() }
    }

    pub fn parts(&self) -> Vec<&str> {
        self.parts.iter().map(String::as_str).collect()
    }

    /// Names of parameters are taken in any case.
    pub fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.query.iter().map(|(name, _)| name.as_str())
    }
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        out.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}
