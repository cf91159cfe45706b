//! The shapes of Batch's answers. Statuses are documented; of the code names only some are, so readers go by status.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::sandbox::Reply;

/// Something dropped from a call that went through.
pub struct Complaint {
    /// Which operation of the call, from 0.
    pub index: usize,
    pub attribute: Option<String>,
    pub reason: String,
}

impl Complaint {
    fn told(self) -> Value {
        let mut told = Map::new();
        // `attribute` is the one category the documents show.
        told.insert("category".into(), "attribute".into());
        told.insert("bulk_index".into(), self.index.into());
        told.insert("reason".into(), self.reason.into());
        told.extend(self.attribute.map(|name| ("attribute".to_string(), name.into())));
        Value::Object(told)
    }
}

pub fn success(complaints: Vec<Complaint>) -> Reply {
    if complaints.is_empty() {
        return Reply::json(202, &json!({"code": "SUCCESS"}));
    }
    let errors: Vec<_> = complaints.into_iter().map(Complaint::told).collect();
    Reply::json(202, &json!({"code": "SUCCESS_WITH_PARTIAL_ERRORS", "errors": errors}))
}

/// A call refused whole.
pub struct Failure {
    status: u16,
    code: &'static str,
    message: Cow<'static, str>,
    retry_after_s: Option<u64>,
}

impl Failure {
    pub fn new(status: u16, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Failure { status, code, message: message.into(), retry_after_s: None }
    }

    pub fn malformed(message: impl Into<Cow<'static, str>>) -> Self {
        Failure::new(400, "MALFORMED_PARAMETER", message)
    }

    pub fn too_many(retry_after_s: Option<u64>) -> Self {
        Failure { retry_after_s, ..Failure::new(429, "TOO_MANY_REQUESTS", "too many requests") }
    }

    pub fn of_status(status: u16) -> Self {
        match status {
            401 => Failure::new(401, "AUTHENTICATION_INVALID", "the REST API key is not valid for this project"),
            404 => Failure::new(404, "ROUTE_NOT_FOUND", "no such route"),
            429 => Failure::too_many(None),
            503 => Failure::new(503, "MAINTENANCE_ERROR", "down for maintenance"),
            400..500 => Failure { status, ..Failure::malformed("refused on purpose") },
            _ => Failure::new(status, "SERVER_ERROR", "an unexpected error"),
        }
    }

    pub fn reply(self) -> Reply {
        let reply = Reply::json(self.status, &json!({"error_code": self.code, "error_message": self.message}));
        match self.retry_after_s {
            Some(seconds) => reply.header("retry-after", seconds),
            None if self.status < 429 => reply.unexpected(),
            None => reply,
        }
    }
}
