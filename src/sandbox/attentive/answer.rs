//! The shapes of Attentive's answers. Only for some routes is the body of a refusal documented, and for 401, 403, 404, 429
//! and 500 none is: those are empty here, so that no client learns to read what may not be there.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::sandbox::Reply;

/// The number that goes with a message; what numbers there are is not documented.
const ERROR_ID: u64 = 1000;

pub fn accepted(body: Value) -> Reply {
    Reply::json(202, &body)
}

pub fn error(message: &str) -> Value {
    json!({"error": {"id": ERROR_ID, "message": message}})
}

/// A call refused whole.
#[derive(Debug)]
pub struct Failure {
    status: u16,
    message: Option<Cow<'static, str>>,
    unexpected: bool,
}

impl Failure {
    /// A parameter that a client who knows the vendor does not send.
    pub fn wrong(message: impl Into<Cow<'static, str>>) -> Self {
        Failure { status: 400, message: Some(message.into()), unexpected: true }
    }

    pub fn on_purpose(message: &str) -> Self {
        Failure { status: 400, message: Some(message.to_string().into()), unexpected: false }
    }

    pub fn silent(status: u16) -> Self {
        Failure { status, message: None, unexpected: false }
    }

    pub fn unexpected(self) -> Self {
        Failure { unexpected: true, ..self }
    }

    pub fn reply(self) -> Reply {
        let reply = match &self.message {
            Some(message) => Reply::json(self.status, &error(message)),
            None => Reply { status: self.status, ..Reply::default() },
        };
        if self.unexpected { reply.unexpected() } else { reply }
    }
}
