//! The envelope of every answer, and what refuses a call whole.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::sandbox::{Call, Reply};

pub fn done(data: &Value) -> Reply {
    Reply::json(200, &json!({"replyCode": 0, "replyText": "OK", "data": data}))
}

/// What is wrong with one contact: a code, and the vendor's words for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Complaint {
    pub code: u32,
    pub text: String,
    /// A client that knows the vendor does not send this.
    pub strange: bool,
}

impl Complaint {
    pub fn new(code: u32, text: impl Into<String>) -> Self {
        Complaint { code, text: text.into(), strange: false }
    }

    pub fn strange(code: u32, text: impl Into<String>) -> Self {
        Complaint { strange: true, ..Complaint::new(code, text) }
    }
}

/// Complaints by the key value as text; where several contacts have one, the last is told.
pub type Complaints = BTreeMap<String, Complaint>;

pub fn told(complaints: &Complaints) -> Value {
    let told = complaints.iter();
    told.map(|(key, complaint)| (key.clone(), json!({complaint.code.to_string(): complaint.text}))).collect()
}

/// An empty map as its back end writes it.
pub fn told_or_list(complaints: &Complaints) -> Value {
    if complaints.is_empty() { json!([]) } else { told(complaints) }
}

/// A call refused whole.
#[derive(Debug)]
pub struct Failure {
    status: u16,
    code: u32,
    text: String,
    strange: bool,
}

impl Failure {
    pub fn new(status: u16, code: u32, text: impl Into<String>) -> Self {
        Failure { status, code, text: text.into(), strange: false }
    }

    /// It answers what a client that knows the vendor does not send.
    pub fn strange(self) -> Self {
        Failure { strange: true, ..self }
    }

    pub fn of_status(status: u16) -> Self {
        match status {
            401 => Failure::new(401, 1, "Credentials are invalid"),
            403 => Failure::new(403, 1, "Forbidden"),
            404 => Failure::new(404, 3006, "No contact list found"),
            429 => Failure::new(429, 7003, "Too many requests for this account and resource within the last minute."),
            400..500 => Failure::new(status, 1, "refused on purpose"),
            500 => Failure::new(500, 1003, "internal error"),
            _ => Failure::new(status, 1, "The resource is not available"),
        }
    }

    pub fn reply(self) -> Reply {
        let reply = match self.status {
            502.. => Reply::text(self.status, "text/plain", self.text),
            status => Reply::json(status, &json!({"replyCode": self.code, "replyText": self.text, "data": ""})),
        };
        if self.strange { reply.unexpected() } else { reply }
    }
}

/// The body of a call, which is an object.
pub fn object<'a>(call: &Call<'a>) -> Result<&'a Map<String, Value>, Failure> {
    let kind = call.request.header("content-type").unwrap_or_default();
    if kind.split(';').next().is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Failure::new(400, 1010, "Content-Type must be application/json").strange());
    }
    let body = call.json.and_then(Value::as_object);
    body.ok_or_else(|| Failure::new(400, 1010, "The payload cannot be decoded").strange())
}
