//! Errors. A status and a code word are documented, the names in the body are not.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::sandbox::Reply;

pub struct Failure {
    status: u16,
    code: &'static str,
    message: Cow<'static, str>,
    details: Option<Value>,
    unexpected: bool,
}

impl Failure {
    /// A 400, 404 or 422 that a client could have avoided counts as unexpected, unless [`Failure::honest`].
    pub fn new(status: u16, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let unexpected = matches!(status, 400 | 404 | 422);
        Failure { status, code, message: message.into(), details: None, unexpected }
    }

    pub fn contact_not_found() -> Self {
        Failure::new(404, "ContactNotFound", "no contact was found").honest()
    }

    pub fn validation(message: impl Into<Cow<'static, str>>) -> Self {
        Failure::new(422, "ValidationError", message)
    }

    pub fn multiple_matches(ids: Vec<&str>) -> Self {
        let details = Some(json!({"multipleMatchesFound": ids}));
        Failure { details, ..Failure::new(409, "MultipleMatches", "several contacts match") }
    }

    /// Nothing the client could have known.
    pub fn honest(self) -> Self {
        Failure { unexpected: false, ..self }
    }

    pub fn unexpected(self) -> Self {
        Failure { unexpected: true, ..self }
    }

    pub fn of_status(status: u16) -> Self {
        let (code, message) = match status {
            401 => ("Unauthorized", "the API key is missing or not valid"),
            403 => ("Forbidden", "the API key may not be used from this address"),
            429 => ("TooManyRequests", "too many requests"),
            400..500 => ("BadRequest", "refused on purpose"),
            _ => ("", "An error has occurred"),
        };
        Failure::new(status, code, message).honest()
    }

    pub fn reply(self) -> Reply {
        let mut body = json!({"message": self.message});
        if !self.code.is_empty() {
            body["errorCode"] = self.code.into();
        }
        if let Some(details) = self.details {
            body["messageDetails"] = details;
        }
        let reply = Reply::json(self.status, &body);
        if self.unexpected { reply.unexpected() } else { reply }
    }
}
