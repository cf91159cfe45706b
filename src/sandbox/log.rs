//! What came in, kept to be looked at. Headers are not kept: credentials stand in them.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;

use super::{Incoming, Reply};

/// Bodies beyond this many bytes are forgotten, oldest first; the requests themselves stay listed.
const BODIES_BYTES_MAX: usize = 256 * 1024 * 1024;

#[derive(Clone, Debug, Serialize)]
pub struct Received {
    pub vendor: String,
    pub method: String,
    /// Below the vendor's name.
    pub path: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub query: String,
    pub records: usize,
    pub status: u16,
    /// The answer never reached the caller.
    pub lost: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unexpected: bool,
    pub at_ms: u64,
    #[serde(serialize_with = "as_json")]
    pub body: Option<String>,
}

/// JSON as itself, anything else as text.
fn as_json<S: serde::Serializer>(body: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let parsed = body.as_ref().and_then(|body| serde_json::from_str::<Value>(body).ok());
    parsed.or_else(|| body.clone().map(Value::String)).serialize(serializer)
}

impl Received {
    pub fn new(vendor: &str, route: &str, request: &Incoming, records: usize, reply: &Reply) -> Self {
        Received {
            vendor: vendor.into(),
            method: request.method.clone(),
            path: format!("/{route}"),
            query: request.query.clone(),
            records,
            status: reply.status,
            lost: reply.lost,
            unexpected: reply.unexpected,
            at_ms: request.at_ms,
            body: Some(request.body.clone()).filter(|body| !body.is_empty()),
        }
    }

    fn bytes(&self) -> usize {
        self.body.as_ref().map_or(0, String::len)
    }
}

#[derive(Default)]
pub struct Log {
    /// Their bodies are gone.
    bare: VecDeque<Received>,
    whole: VecDeque<Received>,
    bytes: usize,
}

impl Log {
    pub fn add(&mut self, received: Received) {
        self.bytes += received.bytes();
        self.whole.push_back(received);
        while self.bytes > BODIES_BYTES_MAX
            && let Some(oldest) = self.whole.pop_front()
        {
            self.bytes -= oldest.bytes();
            self.bare.push_back(Received { body: None, ..oldest });
        }
    }

    pub fn entries(&self) -> impl Iterator<Item = &Received> {
        self.bare.iter().chain(&self.whole)
    }

    pub fn lines(&self) -> String {
        // Nothing in it can fail to be JSON: the keys are text and the numbers whole.
        self.entries().filter_map(|entry| serde_json::to_string(entry).ok()).map(|line| line + "\n").collect()
    }
}
