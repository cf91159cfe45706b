//! One request brought to an answer: paced, marked in the ledger, sent, sent again where that is safe.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::json;

use super::batch::Load;
use super::call::{Attempt, CallPlan};
use super::judge::{EXCERPT, Whole, number};
use super::lanes::Share;
use super::pace::{self, Limiter};
use super::render::{Ink, Row};
use super::wait::{backoff, from_now, retry_after};
use super::{Delivery, Journal, Note, StopSignal};
use crate::ir::catalog::{Answer, Repeat};
use crate::ir::delivery::{Halt, HttpError, Request, RequestNote, Response};
use crate::ir::secret::{MASK, percent_encoded};
use crate::template::Scope;
use crate::world::World;

/// Attempts at one request that ends in failures.
pub const ATTEMPTS: u32 = 5;
/// How long a destination may ask to slow down before it counts as unreachable.
const SLOW_MOST: Duration = Duration::from_secs(15 * 60);
/// How long to wait for one of the destination's jobs to end when there are too many.
const JOB_PAUSE: Duration = Duration::from_secs(30);

/// What came of a request.
#[derive(Debug)]
pub enum Exchange {
    /// An answer that says something; retries and slowing down are over.
    Answered { whole: Whole, scope: Scope, response: Response },
    /// It may have been carried out, and nobody knows.
    Lost(String),
    /// Given up.
    Failed(String),
    /// Nothing was, or will be, carried out.
    Halted(Halt),
}

/// Where requests of a delivery go and what they tell.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    pub delivery: &'a Delivery,
    pub world: &'a dyn World,
    pub journal: &'a Journal,
    pub stop: &'a StopSignal,
    pub share: Share,
}

#[derive(Default)]
struct Tries {
    failures: u32,
    slowed: u32,
    waited: Duration,
    reauthed: bool,
}

/// What to do after one attempt.
enum Turn {
    Done(Exchange),
    Again(Duration),
}

impl Line<'_> {
    /// Brings a request to an answer. `number` becomes that of its last attempt.
    pub async fn exchange(&self, call: &CallPlan, scope: &Scope, load: &mut Load, number: &mut u64) -> Exchange {
        let mut tries = Tries::default();
        loop {
            if let Some(halt) = self.pace(call, load.len()).await {
                return self.called_off(halt, &tries);
            }
            let token = match self.token(call).await {
                Ok(token) => token,
                Err(halt) => return Exchange::Halted(halt),
            };
            let request = match self.build(call, scope, load, token.as_deref()) {
                Ok(request) => request,
                Err(error) => return Exchange::Failed(format!("the request cannot be made: {error}")),
            };
            self.remember(call, &request);
            *number = self.delivery.numbers.next(self.share.number);
            let note = self.note(call, &request, load, *number);
            if call.writes && !self.mark(call, load, *number).await {
                return Exchange::Halted(Halt::Ledger("the ledger could not be written".to_string()));
            }
            load.riders.iter_mut().for_each(|rider| rider.left = true);
            let answer = self.world.http(request).await;
            self.tell(note, &answer).await;
            let turn = match answer {
                Ok(response) => self.read(call, scope, load, response, &mut tries, token.as_deref()).await,
                Err(error) => self.unanswered(call, load, error, &mut tries),
            };
            match turn {
                Turn::Done(exchange) => return exchange,
                Turn::Again(wait) => {
                    if let Some(halt) = self.rest(wait).await {
                        return self.called_off(halt, &tries);
                    }
                }
            }
        }
    }

    /// Stopped between two attempts: what failed has failed, what was never tried is left as it is.
    fn called_off(&self, halt: Halt, tries: &Tries) -> Exchange {
        match tries.failures {
            0 => Exchange::Halted(halt),
            _ => Exchange::Failed("it failed, and the run ended before another attempt".to_string()),
        }
    }

    async fn read(
        &self,
        call: &CallPlan,
        scope: &Scope,
        load: &mut Load,
        response: Response,
        tries: &mut Tries,
        token: Option<&str>,
    ) -> Turn {
        let base = scope.with_datum("sent", load.len().into()).with_datum("token", token.is_some().into());
        let scope = call.judge.scope(&base, &response);
        self.learn(call, &scope);
        let whole = call.judge.whole(&scope, &response);
        match whole.is {
            Answer::SlowDown => self.slow_down(call, &response, whole.until, tries),
            Answer::WaitForJob => self.wait(JOB_PAUSE, tries),
            Answer::Retry => self.retry(call, load, &response, tries),
            Answer::Lost => self.lost(call, load, whole.reason.unwrap_or_else(|| call.judge.excerpt(&response)), tries),
            Answer::Reauth if !tries.reauthed => self.reauth(tries, token).await,
            Answer::Reauth | Answer::Stop => {
                // Whatever it says, it is no refusal by its status.
                load.riders.iter_mut().for_each(|rider| rider.sent |= call.writes && response.status < 300);
                let told = whole.reason.unwrap_or_else(|| call.judge.excerpt(&response));
                Turn::Done(Exchange::Halted(Halt::Refused(told)))
            }
            Answer::Read | Answer::Every(_) | Answer::Warning | Answer::Split | Answer::Running | Answer::Relist => {
                load.riders.iter_mut().for_each(|rider| rider.sent |= call.writes);
                Turn::Done(Exchange::Answered { whole, scope, response })
            }
        }
    }

    async fn reauth(&self, tries: &mut Tries, token: Option<&str>) -> Turn {
        tries.reauthed = true;
        if let (Some(plan), Some(stale)) = (&self.delivery.program.token, token) {
            plan.drop_stale(stale).await;
        }
        Turn::Again(Duration::ZERO)
    }

    /// The destination could not do it now. Whether it did it all the same only matters where repeating is not safe.
    fn retry(&self, call: &CallPlan, load: &mut Load, response: &Response, tries: &mut Tries) -> Turn {
        let told = call.judge.excerpt(response);
        let maybe_done = call.writes && (response.status >= 500 || response.status == 408);
        if maybe_done {
            doubt(load);
        }
        if maybe_done && call.repeat != Repeat::Safe {
            return Turn::Done(Exchange::Lost(told));
        }
        let wait = retry_after(response, self.world.now());
        self.fail(told, wait, tries)
    }

    fn unanswered(&self, call: &CallPlan, load: &mut Load, error: HttpError, tries: &mut Tries) -> Turn {
        match error {
            HttpError::Unreached(error) if tries.failures + 1 >= ATTEMPTS => {
                Turn::Done(Exchange::Halted(Halt::Unreachable(self.delivery.redactor.scrub(&error))))
            }
            HttpError::Unreached(error) => self.fail(error, None, tries),
            HttpError::Lost(error) => {
                let error = self.delivery.redactor.scrub(&format!("no answer: {error}"));
                self.lost(call, load, error, tries)
            }
        }
    }

    /// Nobody knows whether it was carried out.
    fn lost(&self, call: &CallPlan, load: &mut Load, error: String, tries: &mut Tries) -> Turn {
        if call.writes {
            doubt(load);
        }
        match call.writes && call.repeat != Repeat::Safe {
            true => Turn::Done(Exchange::Lost(error)),
            false => self.fail(error, None, tries),
        }
    }

    fn fail(&self, problem: String, wait: Option<Duration>, tries: &mut Tries) -> Turn {
        tries.failures += 1;
        if tries.failures >= ATTEMPTS {
            return Turn::Done(Exchange::Failed(format!("{problem} ({ATTEMPTS} attempts)")));
        }
        let backoff = backoff(tries.failures, self.world.random());
        Turn::Again(wait.map_or(backoff, |wait| wait.min(SLOW_MOST).max(backoff)))
    }

    /// Too fast: all that runs on the limit waits. It is no failure and no attempt.
    fn slow_down(&self, call: &CallPlan, response: &Response, until: Option<f64>, tries: &mut Tries) -> Turn {
        tries.slowed += 1;
        let asked = until.map(|until| from_now(until, self.world.now()));
        let asked = asked.or_else(|| retry_after(response, self.world.now()));
        let wait = asked.unwrap_or_else(|| backoff(tries.slowed, self.world.random()));
        let wait = wait.max(Duration::from_millis(100));
        let now = self.world.elapsed();
        call.paced.iter().for_each(|paced| paced.limiter.shut_for(now, wait));
        self.wait(wait, tries)
    }

    fn wait(&self, wait: Duration, tries: &mut Tries) -> Turn {
        tries.waited += wait;
        if tries.waited > SLOW_MOST {
            let minutes = SLOW_MOST.as_secs() / 60;
            let told = format!("the destination asks to slow down for more than {minutes} minutes");
            return Turn::Done(Exchange::Halted(Halt::Unreachable(told)));
        }
        Turn::Again(wait)
    }

    async fn pace(&self, call: &CallPlan, records: usize) -> Option<Halt> {
        let limiters: Vec<&Limiter> = call.paced.iter().map(|paced| paced.limiter.as_ref()).collect();
        loop {
            let wait = pace::take(&limiters, self.world.elapsed(), records);
            if let Some(halt) = self.rest(wait).await {
                return Some(halt);
            }
            // An answer may have shut the way meanwhile: then all who waited queue again, lest they leave at once.
            let now = self.world.elapsed();
            if limiters.iter().all(|limiter| limiter.shut(now).is_zero()) {
                return None;
            }
        }
    }

    /// Waits, unless the run is stopped.
    pub async fn rest(&self, wait: Duration) -> Option<Halt> {
        if wait.is_zero() {
            return None;
        }
        tokio::select! {
            () = self.world.sleep(wait) => None,
            halt = self.stop.stopped() => Some(halt),
        }
    }

    async fn token(&self, call: &CallPlan) -> Result<Option<String>, Halt> {
        match &self.delivery.program.token {
            Some(plan) if call.auth => {
                let token = plan.get(self.world).await;
                token.map(Some).map_err(|halt| match halt {
                    Halt::Refused(told) => Halt::Refused(self.delivery.redactor.scrub(&told)),
                    other => other,
                })
            }
            _ => Ok(None),
        }
    }

    fn build(&self, call: &CallPlan, scope: &Scope, load: &Load, token: Option<&str>) -> Result<Request, String> {
        let facts = call.names_attempt.then(|| {
            let nonce = format!("{:016x}{:016x}", self.world.random(), self.world.random());
            let now = jiff::Timestamp::from_second(self.world.now().as_second()).unwrap_or_default().to_string();
            json!({"nonce": nonce, "now": now})
        });
        request(&self.delivery.program.fields, call, scope, load, &Attempt { facts, token })
    }

    /// An answer may hold what the request's secret headers held: tokens, digests, keys in another spelling.
    fn remember(&self, call: &CallPlan, request: &Request) {
        call.secret_values(request).for_each(|value| self.delivery.redactor.learn(value));
    }

    fn note(&self, call: &CallPlan, request: &Request, load: &Load, number: u64) -> RequestNote {
        RequestNote {
            number,
            call: call.name.clone(),
            method: request.method.clone(),
            url: self.told_url(call, &anonymous(&request.url, load)),
            records: load.len(),
            status: None,
            answer: String::new(),
        }
    }

    /// An address that an answer gave is a permission by itself: its query stays out of the ledger.
    fn told_url(&self, call: &CallPlan, url: &str) -> String {
        match url.split_once('?').filter(|_| call.elsewhere()) {
            Some((place, _)) => format!("{}?{MASK}", self.delivery.redactor.scrub(place)),
            None => self.delivery.redactor.scrub(url),
        }
    }

    async fn tell(&self, note: RequestNote, answer: &Result<Response, HttpError>) {
        let (status, told) = match answer {
            Ok(response) => (Some(response.status), response.body.trim().to_string()),
            Err(error) => (None, error.to_string()),
        };
        let answer = without_queries(&self.delivery.redactor.excerpt(&told, EXCERPT));
        self.journal.tell(Note::Answered(RequestNote { status, answer, ..note })).await;
    }

    fn learn(&self, call: &CallPlan, scope: &Scope) {
        for paced in &call.paced {
            let Some(remaining) = paced.remaining.as_ref().and_then(|text| number(text, scope)) else { continue };
            let reset = paced.reset.as_ref().and_then(|text| number(text, scope));
            let reset = reset.map(|reset| from_now(reset, self.world.now()));
            paced.limiter.learn(self.world.elapsed(), remaining, reset);
        }
    }
}

/// The records may have been written by a request that nobody has answered for.
fn doubt(load: &mut Load) {
    load.riders.iter_mut().for_each(|rider| (rider.sent, rider.doubtful) = (true, true));
}

/// The request of a load.
pub fn request(
    fields: &super::fields::Fields,
    call: &CallPlan,
    scope: &Scope,
    load: &Load,
    attempt: &Attempt<'_>,
) -> Result<Request, String> {
    let mut take = Vec::new();
    let rider = load.riders.first().filter(|_| call.records == 1);
    if let Some(rider) = rider {
        fields.choose(&rider.offer, call.send, rider.missing, &mut take);
    }
    let row = rider.map(|rider| Row::new(&rider.offer, rider.remote_id.as_deref(), fields, &take, scope));
    call.request(scope, Ink { row: row.as_ref(), records: &load.text, ends: &load.ends }, attempt)
}

/// A URL without the values of its record.
fn anonymous(url: &str, load: &Load) -> String {
    let [rider] = load.riders.as_slice() else { return url.to_string() };
    let values = [Some(rider.identifier()), rider.remote_id.as_deref()];
    values
        .into_iter()
        .flatten()
        .filter(|value| value.len() > 2)
        .fold(url.to_string(), |url, value| url.replace(&percent_encoded(value), MASK))
}

/// Text without the queries of the addresses in it: some are permissions by themselves (files of results).
fn without_queries(text: &str) -> String {
    let ends = |letter: char| letter.is_whitespace() || "\"'<>`".contains(letter);
    text.split_inclusive(ends).map(without_query).collect()
}

fn without_query(word: &str) -> Cow<'_, str> {
    let address = word.find("://").or_else(|| word.find(r":\/\/"));
    let query = address.and_then(|start| word[start..].find('?').map(|at| start + at + 1));
    let end = word.len() - word.chars().last().filter(|last| !last.is_alphanumeric()).map_or(0, char::len_utf8);
    match query.filter(|query| *query < end) {
        Some(query) => Cow::Owned(format!("{}{MASK}{}", &word[..query], &word[end..])),
        None => Cow::Borrowed(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_queries() {
        for (text, told) in [
            (
                r#"{"url":"https://f.example/a.jsonl?sig=x%2F&t=1","n":1}"#,
                r#"{"url":"https://f.example/a.jsonl?***","n":1}"#,
            ),
            (r#"{"url":"https:\/\/f.example\/a?sig=x"}"#, r#"{"url":"https:\/\/f.example\/a?***"}"#),
            ("is https://f.example/a there? who knows", "is https://f.example/a there? who knows"),
            ("see https://f.example/a?b=c", "see https://f.example/a?***"),
        ] {
            assert_eq!(without_queries(text), told);
        }
    }
}
