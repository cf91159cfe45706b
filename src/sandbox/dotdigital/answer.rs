//! The two shapes of Dotdigital's answers: v3 names a code of its own, v2 hides one in a message.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::sandbox::Reply;

/// A request refused whole.
#[derive(Debug)]
pub struct Failure {
    status: u16,
    body: Value,
    unexpected: bool,
    /// Seconds of the caller's clock, counted from its epoch.
    reset_s: Option<u64>,
}

pub type Answer = Result<Reply, Failure>;

impl Failure {
    /// In the shape of v3.
    pub fn v3(status: u16, code: &str, description: impl Into<Cow<'static, str>>) -> Self {
        let description: Cow<'static, str> = description.into();
        let body = json!({"errorCode": code, "description": description});
        Failure { status, body, unexpected: false, reset_s: None }
    }

    /// In the shape of v2, where readers look for the code in the message.
    pub fn v2(status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        let message: Cow<'static, str> = message.into();
        Failure { status, body: json!({"message": message}), unexpected: false, reset_s: None }
    }

    pub fn bad_request(description: impl Into<Cow<'static, str>>) -> Self {
        Failure::v3(400, "contacts:badRequest", description).unexpected()
    }

    /// A body that is refused at one of its places.
    pub fn bad_item(item: &str, description: &str) -> Self {
        let mut failure = Failure::bad_request("The request is not valid");
        failure.body["details"] = json!([{"item": item, "description": description}]);
        failure
    }

    pub fn unauthorised() -> Self {
        Failure::v2(401, "Authorization has been denied for this request.").unexpected()
    }

    pub fn no_route() -> Self {
        Failure::v2(404, "Error: ERROR_NOT_FOUND").unexpected()
    }

    /// Too many calls of one tier. The body of this answer is not documented.
    pub fn too_many(reset_s: u64) -> Self {
        Failure { reset_s: Some(reset_s), ..Failure::v2(429, "Too many requests") }
    }

    /// One that a client who knows the vendor does not bring about.
    pub fn unexpected(self) -> Self {
        Failure { unexpected: true, ..self }
    }

    /// One that an honest client may meet with.
    pub fn expected(self) -> Self {
        Failure { unexpected: false, ..self }
    }

    pub fn of_status(status: u16) -> Self {
        match status {
            400 => Failure::v3(400, "contacts:badRequest", "refused on purpose"),
            401 => Failure::v2(401, "Authorization has been denied for this request."),
            403 => Failure::v2(403, "Access denied"),
            404 => Failure::v3(404, "contacts:contactNotFound", "The contact could not be found"),
            409 => Failure::v3(409, "contacts:idAlreadyExists", "An identifier is in use already"),
            429 => Failure::v2(429, "Too many requests"),
            _ => Failure::v3(status, "server:error", "An unexpected error"),
        }
    }

    pub fn reply(self) -> Reply {
        let reply = Reply::json(self.status, &self.body);
        let reply = if self.unexpected { reply.unexpected() } else { reply };
        match self.reset_s {
            Some(seconds) => reply.header("x-ratelimit-remaining", 0).header("x-ratelimit-reset", seconds),
            None => reply,
        }
    }
}
