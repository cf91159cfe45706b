//! Pace: one token bucket for each credential and limit name, shared by all activations of a run, taught by answers. What else
//! belongs to a credential, its bearer token, is shared the same way.

mod forecast;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::token::Slot;
use crate::ir::catalog::Limit;
use crate::ir::estimate::SlowestLimit;
use crate::ir::secret::Secret;

pub use forecast::{Draw, Forecast};

/// All limiters of a run, and the bearer tokens of its credentials.
#[derive(Clone, Debug, Default)]
pub struct Limiters {
    by_name: Arc<Mutex<HashMap<Name, Arc<Limiter>>>>,
    tokens: Arc<Mutex<HashMap<Credential, Slot>>>,
}

type Name = (Credential, String);

/// A digest of where requests go and with which secrets: what a destination counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Credential(u64);

impl Credential {
    pub fn new<'a>(base_url: &str, secrets: impl Iterator<Item = &'a Secret>) -> Self {
        let mut hasher = DefaultHasher::new();
        base_url.hash(&mut hasher);
        secrets.for_each(|secret| secret.reveal().hash(&mut hasher));
        Credential(hasher.finish())
    }
}

impl Limiters {
    /// The limiter of a name. The first to ask decides its rates: on one credential they come from one definition.
    pub fn get(&self, credential: Credential, name: &str, limit: &Limit) -> Arc<Limiter> {
        let mut limiters = lock(&self.by_name);
        limiters.entry((credential, name.to_string())).or_insert_with(|| Arc::new(Limiter::new(name, limit))).clone()
    }

    /// Where a credential keeps its bearer token.
    pub fn token(&self, credential: Credential) -> Slot {
        lock(&self.tokens).entry(credential).or_default().clone()
    }
}

#[derive(Debug)]
pub struct Limiter {
    name: String,
    limit: Limit,
    state: Mutex<Buckets>,
}

/// Tokens taken for requests and for records, each from its own bucket; who takes both waits for the slower.
#[derive(Clone, Debug)]
struct Buckets {
    requests: Option<Bucket>,
    records: Option<Bucket>,
    /// Nothing leaves before: an answer said so. On the clock of `World::elapsed`.
    shut_until: Duration,
}

impl Buckets {
    fn full(limit: &Limit) -> Self {
        let bucket = |count: Option<u32>| count.map(|count| Bucket::new(count, limit.per, limit.burst));
        Buckets { requests: bucket(limit.requests), records: bucket(limit.records), shut_until: Duration::ZERO }
    }

    fn take(&mut self, now: Duration, requests: f64, records: f64) -> Duration {
        let requests = self.requests.as_mut().map_or(Duration::ZERO, |bucket| bucket.take(now, requests));
        let records = self.records.as_mut().map_or(Duration::ZERO, |bucket| bucket.take(now, records));
        self.shut_until.saturating_sub(now).max(requests).max(records)
    }
}

impl Limiter {
    fn new(name: &str, limit: &Limit) -> Self {
        Limiter { name: name.to_string(), limit: limit.clone(), state: Mutex::new(Buckets::full(limit)) }
    }

    /// Takes what a request needs and says how long it has to wait. Taken is taken: waiters queue by being in debt.
    pub fn take(&self, now: Duration, records: usize) -> Duration {
        lock(&self.state).take(now, 1.0, records as f64)
    }

    /// Seconds that so many requests and records add in the long run.
    pub fn seconds(&self, requests: f64, records: f64) -> f64 {
        let per = self.limit.per.as_secs_f64();
        let time = |count: Option<u32>, taken: f64| count.map_or(0.0, |count| taken * per / f64::from(count.max(1)));
        time(self.limit.requests, requests).max(time(self.limit.records, records))
    }

    fn told(&self) -> SlowestLimit {
        let Limit { requests, records, per, .. } = self.limit;
        SlowestLimit { name: self.name.clone(), requests, records, per_seconds: per.as_secs_f64() }
    }

    /// How long the way is shut still, for those who waited and may have been overtaken by an answer.
    pub fn shut(&self, now: Duration) -> Duration {
        lock(&self.state).shut_until.saturating_sub(now)
    }

    pub fn shut_for(&self, now: Duration, wait: Duration) {
        let mut state = lock(&self.state);
        state.shut_until = state.shut_until.max(now + wait);
    }

    /// What an answer says is left, and until when that has to do. It speaks of requests, where those are counted.
    pub fn learn(&self, now: Duration, remaining: f64, reset: Option<Duration>) {
        let mut state = lock(&self.state);
        let Buckets { requests, records, .. } = &mut *state;
        if let Some(bucket) = requests.as_mut().or(records.as_mut()) {
            bucket.refill(now);
            bucket.tokens = bucket.tokens.min(remaining);
        }
        if let Some(reset) = reset.filter(|_| remaining < 1.0) {
            state.shut_until = state.shut_until.max(now + reset);
        }
    }
}

#[derive(Clone, Debug)]
struct Bucket {
    per_second: f64,
    capacity: f64,
    tokens: f64,
    at: Duration,
}

/// What the arithmetic of a bucket may be wrong by, in milliseconds.
const EXACT: f64 = 1e-6;

impl Bucket {
    /// Without a burst the bucket holds one second's worth: windows of a minute are not spent in their first second.
    fn new(count: u32, per: Duration, burst: Option<u32>) -> Self {
        let count = count.max(1);
        let per_second = f64::from(count) / per.as_secs_f64().max(0.001);
        let capacity = burst.map_or(per_second.min(f64::from(count)), f64::from).max(1.0);
        Bucket { per_second, capacity, tokens: capacity, at: Duration::ZERO }
    }

    fn refill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.per_second).min(self.capacity);
        self.at = self.at.max(now);
    }

    fn take(&mut self, now: Duration, count: f64) -> Duration {
        self.refill(now);
        self.tokens -= count;
        let seconds = (-self.tokens / self.per_second).clamp(0.0, 1e9);
        // A request that leaves a part of a millisecond early is one too many for those who count in them.
        Duration::from_millis((seconds * 1000.0 - EXACT).max(0.0).ceil() as u64)
    }
}

/// A limiter is a few numbers, whole at every moment: a panic elsewhere cannot have left it half written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(requests: Option<u32>, records: Option<u32>, per: u64, burst: Option<u32>) -> Limiter {
        let per = Duration::from_secs(per);
        Limiter::new("api", &Limit { requests, records, per, burst, remaining: None, reset: None })
    }

    #[test]
    fn a_burst_goes_at_once_and_then_the_rate_holds() {
        let limiter = limiter(None, Some(300), 1, Some(1000));
        let waits: Vec<u128> = (0..7).map(|_| limiter.take(Duration::ZERO, 200).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 667, 1334]);
        assert_eq!(limiter.take(Duration::from_secs(10), 200).as_millis(), 0);
    }

    #[test]
    fn a_window_of_a_minute_is_not_spent_at_once() {
        let limiter = limiter(Some(60), None, 60, None);
        let waits: Vec<u64> = (0..3).map(|_| limiter.take(Duration::ZERO, 1).as_secs()).collect();
        assert_eq!(waits, [0, 1, 2]);
    }

    #[test]
    fn answers_shut_the_way() {
        let limiter = limiter(Some(1000), None, 1, None);
        limiter.learn(Duration::ZERO, 0.0, Some(Duration::from_secs(30)));
        assert_eq!(limiter.take(Duration::from_secs(1), 1), Duration::from_secs(29));
        limiter.shut_for(Duration::from_secs(1), Duration::from_secs(60));
        assert_eq!(limiter.shut(Duration::from_secs(11)), Duration::from_secs(50));
    }

    #[test]
    fn what_is_left_is_of_what_is_counted_and_comes_back_at_the_rate() {
        let records = limiter(None, Some(100), 1, Some(1000));
        records.learn(Duration::from_secs(5), 50.0, None);
        assert_eq!(records.take(Duration::from_secs(5), 150).as_secs(), 1);
        let requests = limiter(Some(10), Some(100), 1, Some(20));
        requests.learn(Duration::from_secs(60), 0.0, None);
        assert_eq!(requests.take(Duration::from_secs(60), 1).as_millis(), 100);
    }

    #[test]
    fn who_counts_requests_and_records_waits_for_the_slower() {
        let limiter = limiter(Some(10), Some(100), 1, None);
        let waits: Vec<u128> = (0..4).map(|_| limiter.take(Duration::ZERO, 50).as_millis()).collect();
        assert_eq!(waits, [0, 0, 500, 1000]);
        assert_eq!(limiter.take(Duration::from_secs(2), 1).as_millis(), 0);
    }

    #[test]
    fn a_limit_of_nothing_still_lets_something_through() {
        assert_eq!(limiter(Some(0), None, 1, None).take(Duration::ZERO, 1), Duration::ZERO);
    }

    #[test]
    fn one_credential_has_one_limiter() {
        let limiters = Limiters::default();
        let limit = Limit {
            requests: Some(1),
            records: None,
            per: Duration::from_secs(1),
            burst: None,
            remaining: None,
            reset: None,
        };
        let (a, b) = (Secret::new("key-a"), Secret::new("key-b"));
        let one = |secret: &Secret| limiters.get(Credential::new("u", std::iter::once(secret)), "api", &limit);
        assert!(Arc::ptr_eq(&one(&a), &one(&a)));
        assert!(!Arc::ptr_eq(&one(&a), &one(&b)));
    }
}
