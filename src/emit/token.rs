//! Tokens: one call that gives a bearer token for the others, fetched when it is needed and kept while it lives.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Mutex;

use super::judge::{EXCERPT, is_broken, number};
use super::program::{holds, rerouted};
use crate::ir::catalog::{Template, Token};
use crate::ir::delivery::{Halt, HttpError, Request};
use crate::ir::secret::{MASK, Redactor, percent_encoded};
use crate::template::{Datum, Engine, Scope, Text};
use crate::world::World;

/// Attempts at fetching a token before the destination counts as unreachable.
const ATTEMPTS: u32 = 5;

#[derive(Debug)]
pub struct TokenPlan {
    request: Request,
    gives: Text,
    lives: Text,
    renew_before: Duration,
    held: Slot,
    redactor: Redactor,
}

/// Shared by all that run on one credential.
pub type Slot = Arc<Mutex<Option<Held>>>;

pub struct Held {
    token: String,
    /// On the clock of `World::elapsed`.
    until: Duration,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl TokenPlan {
    /// `None` where the settings given do not use a token.
    pub fn new(
        token: &Token,
        scope: &Scope,
        held: Slot,
        stand_in: Option<&str>,
        redactor: &Redactor,
    ) -> Result<Option<TokenPlan>, String> {
        if !holds(token.when.as_ref(), scope)? {
            return Ok(None);
        }
        let engine = Engine::strict();
        let read = |template: &Template| {
            let text = engine.text(template).and_then(|text| text.text(scope));
            text.map(Option::unwrap_or_default).map_err(|error| format!("token: {error}"))
        };
        let mut headers = vec![
            ("Content-Type".to_string(), "application/x-www-form-urlencoded".to_string()),
            ("Accept".to_string(), "application/json".to_string()),
        ];
        if let Some((user, password)) = &token.basic {
            let credentials = basic(&read(user)?, &read(password)?)?;
            redactor.learn(&credentials);
            headers.push(("Authorization".to_string(), credentials));
        }
        let form = token.form.iter().map(|(name, value)| {
            read(value).map(|value| format!("{}={}", percent_encoded(name), percent_encoded(&value)))
        });
        let request = Request {
            method: "POST".to_string(),
            url: rerouted(read(&token.url)?, stand_in),
            headers,
            secret_headers: vec!["Authorization".to_string()],
            body: Some(form.collect::<Result<Vec<_>, String>>()?.join("&")),
            timeout: Duration::from_secs(30),
        };
        let lenient = |template: &Template| Engine::lenient().text(template).map_err(|error| format!("token: {error}"));
        let (gives, lives) = (lenient(&token.gives)?, lenient(&token.lives)?);
        let redactor = redactor.clone();
        Ok(Some(TokenPlan { request, gives, lives, renew_before: token.renew_before, held, redactor }))
    }

    /// A token that lives still, fetched when there is none.
    pub async fn get(&self, world: &dyn World) -> Result<String, Halt> {
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|held| held.until > world.elapsed() + self.renew_before) {
            return Ok(held.token.clone());
        }
        let fresh = self.fetch(world).await?;
        let token = fresh.token.clone();
        *held = Some(fresh);
        Ok(token)
    }

    /// Forgets a token that was refused, unless another was fetched meanwhile.
    pub async fn drop_stale(&self, stale: &str) {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|held| held.token == stale) {
            *held = None;
        }
    }

    async fn fetch(&self, world: &dyn World) -> Result<Held, Halt> {
        let mut failures = 0;
        loop {
            let problem = match world.http(self.request.clone()).await {
                Ok(answer)
                    if answer.status < 400 && Datum::parse(&answer.body).is_none() && is_broken(&answer.body) =>
                {
                    "the token call's answer is no JSON".to_string()
                }
                Ok(answer) if answer.status < 400 => return self.read(world, &answer.body),
                Ok(answer) if answer.status < 500 && answer.status != 429 => {
                    let told = self.redactor.excerpt(answer.body.trim(), EXCERPT);
                    return Err(Halt::Refused(format!("no token was given: status {}: {told}", answer.status)));
                }
                Ok(answer) => format!("the token call answers with status {}", answer.status),
                Err(HttpError::Unreached(error) | HttpError::Lost(error)) => error,
            };
            failures += 1;
            if failures >= ATTEMPTS {
                return Err(Halt::Unreachable(problem));
            }
            world.sleep(super::wait::backoff(failures, world.random())).await;
        }
    }

    fn read(&self, world: &dyn World, body: &str) -> Result<Held, Halt> {
        let body = Datum::parse(body).unwrap_or_else(|| Datum::of(&json!(body)));
        let scope = Scope::new().with_datum("body", body);
        let token = self.gives.text(&scope).ok().flatten().filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| Halt::Refused("the token call's answer holds no token".to_string()))?;
        let lives = number(&self.lives, &scope).unwrap_or(300.0).clamp(0.0, 1e7);
        Ok(Held { token, until: world.elapsed() + Duration::from_secs_f64(lives) })
    }
}

/// Basic authentication, by the filter that definitions use for it too.
fn basic(user: &str, password: &str) -> Result<String, String> {
    let scope = Scope::new().with("pair", &json!(format!("{user}:{password}")));
    let text =
        Engine::strict().text(&Template("Basic {{ pair|base64 }}".to_string())).and_then(|text| text.text(&scope));
    text.map(Option::unwrap_or_default).map_err(|error| error.to_string())
}
