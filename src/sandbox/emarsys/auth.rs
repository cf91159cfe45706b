//! Who calls: a signature in `X-WSSE` (v2), or a bearer token that this door gave away (v3).
//!
//! Secrets of real accounts are not known here, so of a signature only the form can be checked. Those of the user
//! [`USER`] are checked whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use regex::Regex;
use serde_json::json;
use sha1::{Digest, Sha1};

use super::answer::Failure;
use crate::sandbox::{Incoming, Reply};

/// A user whose secret the sandbox knows.
const USER: &str = "sandbox001";
const SECRET: &str = "sandbox-secret";
/// Never taken, for trying out what a wrong one does.
const WRONG: &str = "wrong";
/// How far a signature's clock may be off.
const SKEW_MS: i64 = 5 * 60 * 1000;
const TOKEN_LIVES_MS: u64 = 3_600_000;

static WSSE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        r#"^UsernameToken Username="([^"]+)", PasswordDigest="([^"]+)", Nonce="([0-9a-fA-F]{32})", Created="([^"]+)"$"#;
    Regex::new(pattern).expect("the pattern is a constant")
});

#[derive(Default)]
pub struct Door {
    /// Tokens given away: whose, and when they end.
    tokens: BTreeMap<String, (String, u64)>,
    nonces: BTreeSet<String>,
}

impl Door {
    /// `POST /oauth2/token`, answered as OAuth2 does and not in the envelope.
    pub fn token(&mut self, request: &Incoming) -> Reply {
        let refused = |status, error: &str| Reply::json(status, &json!({"error": error, "error_description": error}));
        if request.method != "POST" {
            return refused(405, "method_not_allowed").unexpected();
        }
        let form: Vec<&str> = request.body.split('&').collect();
        let kind = request.header("content-type").unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") || form != ["grant_type=client_credentials"] {
            return refused(400, "invalid_request").unexpected();
        }
        let Some((client, secret)) = basic(request) else { return refused(401, "invalid_client").unexpected() };
        if client == WRONG || secret == WRONG {
            return refused(401, "invalid_client");
        }
        let token = format!("sandbox.{}.{}", self.tokens.len() + 1, request.at_ms);
        self.tokens.insert(token.clone(), (client, request.at_ms + TOKEN_LIVES_MS));
        Reply::json(200, &json!({"access_token": token, "expires_in": TOKEN_LIVES_MS / 1000, "token_type": "bearer"}))
    }

    /// The API user of a call.
    pub fn admit(&mut self, request: &Incoming, version: Option<u8>) -> Result<String, Failure> {
        let invalid = || Failure::of_status(401);
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        match (bearer, request.header("x-wsse")) {
            (Some(token), None) if version != Some(2) => self.bearer(token, request.at_ms).ok_or_else(invalid),
            (None, Some(signature)) if version != Some(3) => self.signed(signature, request.at_ms),
            _ => Err(invalid().strange()),
        }
    }

    fn bearer(&self, token: &str, at_ms: u64) -> Option<String> {
        let (client, until) = self.tokens.get(token)?;
        (at_ms < *until).then(|| client.clone())
    }

    fn signed(&mut self, signature: &str, at_ms: u64) -> Result<String, Failure> {
        let parts = WSSE.captures(signature).ok_or_else(|| Failure::of_status(401).strange())?;
        let (user, digest, nonce, created) = (&parts[1], &parts[2], &parts[3], &parts[4]);
        // Nobody says whether a nonce may come twice; who makes one for each attempt never finds out.
        let fresh = self.nonces.insert(nonce.to_string());
        if !fresh || !is_hex_of_sha1(digest) || !is_now(created, at_ms) {
            return Err(Failure::of_status(401).strange());
        }
        let right = user != USER || digest == digest_of(nonce, created, SECRET);
        if !right || user == WRONG || digest == digest_of(nonce, created, WRONG) {
            return Err(Failure::of_status(401));
        }
        Ok(user.to_string())
    }
}

fn basic(request: &Incoming) -> Option<(String, String)> {
    let pair = STANDARD.decode(request.header("authorization")?.strip_prefix("Basic ")?).ok()?;
    let (client, secret) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    (!client.is_empty() && !secret.is_empty()).then(|| (client.to_string(), secret.to_string()))
}

/// The usual mistake is to encode the 20 bytes in place of their 40 hex digits.
fn is_hex_of_sha1(digest: &str) -> bool {
    STANDARD.decode(digest).is_ok_and(|text| text.len() == 40 && text.iter().all(u8::is_ascii_hexdigit))
}

/// A time without a zone would be read in the server's own, so it is no time here.
fn is_now(created: &str, at_ms: u64) -> bool {
    let at: Option<Timestamp> = created.parse().ok();
    at.is_some_and(|at| (at.as_millisecond() - at_ms as i64).abs() <= SKEW_MS)
}

fn digest_of(nonce: &str, created: &str, secret: &str) -> String {
    let hash = Sha1::digest(format!("{nonce}{created}{secret}"));
    STANDARD.encode(hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_digests_come_out() {
        let vectors = [
            (
                "12345678901234567890123456789012",
                "2009-02-13T23:31:30+0000",
                "secret",
                "NjgwYWJkYjNkODliYjc4OTcxZDgyNjFlOTUzZWVkYjNiOTY3YWY4MQ==",
            ),
            (
                "d36e3162829ed4c89851497a717f0001",
                "2026-01-02T03:04:05Z",
                "s3cr3t!",
                "NGZhMGRkNWZiM2Q3YWEwNTBlODVkYWU1OTMzMDdlMzRlMGM0ZGUwYg==",
            ),
        ];
        for (nonce, created, secret, digest) in vectors {
            assert_eq!(digest_of(nonce, created, secret), digest);
            assert!(is_hex_of_sha1(digest));
        }
        assert!(!is_hex_of_sha1("aAq9s9ibt4lx2CYelT7ts7lnr4E="), "raw bytes");
    }
}
