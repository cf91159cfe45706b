//! Pace: one token bucket for each credential and limit name, shared by all activations of a run, taught by answers. What else
//! belongs to a credential, its bearer token, is shared the same way.

mod bucket;
mod forecast;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::token::Slot;
use crate::ir::catalog::Limit;
use crate::ir::estimate::SlowestLimit;
use crate::ir::secret::Secret;
use bucket::Bucket;

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

/// What is taken for requests and for records, each from its own bucket; who takes both waits for the slower.
#[derive(Clone, Debug)]
struct Buckets {
    requests: Option<Bucket>,
    records: Option<Bucket>,
    /// Nothing leaves before: an answer said so. On the clock of `World::elapsed`.
    shut_until: Duration,
}

impl Buckets {
    fn new(limit: &Limit) -> Self {
        let bucket = |count: Option<u32>| count.map(|count| Bucket::new(count, limit.per, limit.burst));
        Buckets { requests: bucket(limit.requests), records: bucket(limit.records), shut_until: Duration::ZERO }
    }

    /// Each with what a request of so many records takes from it.
    fn counted(&mut self, records: usize) -> impl Iterator<Item = (&mut Bucket, f64)> {
        let requests = self.requests.iter_mut().map(|bucket| (bucket, 1.0));
        requests.chain(self.records.iter_mut().map(move |bucket| (bucket, records as f64)))
    }

    fn earliest(&mut self, from: f64, records: usize) -> f64 {
        let from = from.max(self.shut_until.as_secs_f64());
        self.counted(records).fold(from, |at, (bucket, count)| bucket.earliest(at, count))
    }

    /// When the last of so many requests leaves.
    fn pass(&mut self, now: Duration, requests: u64, records: u64) -> f64 {
        let from = now.max(self.shut_until).as_secs_f64();
        let each = records as f64 / requests.max(1) as f64;
        let requested = self.requests.as_mut().map_or(from, |bucket| bucket.pass(from, requests, 1.0));
        self.records.as_mut().map_or(from, |bucket| bucket.pass(from, requests, each)).max(requested)
    }
}

/// Takes what a request needs from all of its limits, and says how long it has to wait. It leaves once for all of them: taken
/// at several times, it would be missing from windows that it falls into.
pub fn take(limiters: &[&Limiter], now: Duration, records: usize) -> Duration {
    let _turn = turn();
    let from = now.as_secs_f64();
    let mut at = from;
    loop {
        let later = limiters.iter().fold(at, |at, limiter| lock(&limiter.state).earliest(at, records));
        if later <= at {
            break;
        }
        at = later;
    }
    for limiter in limiters {
        lock(&limiter.state).counted(records).for_each(|(bucket, count)| bucket.take(at, count));
    }
    if at > from { Duration::from_secs_f64(bucket::whole(at).min(1e9)).saturating_sub(now) } else { Duration::ZERO }
}

impl Limiter {
    fn new(name: &str, limit: &Limit) -> Self {
        Limiter { name: name.to_string(), limit: limit.clone(), state: Mutex::new(Buckets::new(limit)) }
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

    /// How long the way is shut still: those who waited may have been overtaken by an answer.
    pub fn shut(&self, now: Duration) -> Duration {
        lock(&self.state).shut_until.saturating_sub(now)
    }

    pub fn shut_for(&self, now: Duration, wait: Duration) {
        let _turn = turn();
        let mut state = lock(&self.state);
        state.shut_until = state.shut_until.max(now + wait);
    }

    /// What an answer says is left, and until when that has to do. It speaks of requests, where those are counted.
    pub fn learn(&self, now: Duration, remaining: f64, reset: Option<Duration>) {
        let _turn = turn();
        let mut state = lock(&self.state);
        let Buckets { requests, records, .. } = &mut *state;
        if let Some(bucket) = requests.as_mut().or(records.as_mut()) {
            bucket.learn(now.as_secs_f64(), remaining);
        }
        if let Some(reset) = reset.filter(|_| remaining < 1.0) {
            state.shut_until = state.shut_until.max(now + reset);
        }
    }
}

/// One at a time: between asking when a request may leave and taking that moment, no other lane may take it, and no answer may
/// say otherwise. A lock for all of them, since a request may need several, in any order.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    lock(&TURN)
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
    fn answers_shut_the_way() {
        let limiter = limiter(Some(1000), None, 1, None);
        limiter.learn(Duration::ZERO, 0.0, Some(Duration::from_secs(30)));
        assert_eq!(take(&[&limiter], Duration::from_secs(1), 1), Duration::from_secs(29));
        limiter.shut_for(Duration::from_secs(1), Duration::from_secs(60));
        assert_eq!(limiter.shut(Duration::from_secs(11)), Duration::from_secs(50));
    }

    #[test]
    fn threads_never_take_the_same_moment() {
        let limiter = limiter(Some(100), None, 1, None);
        let takes = || (0..500).map(|_| take(&[&limiter], Duration::ZERO, 1).as_micros()).collect::<Vec<_>>();
        let mut waits: Vec<u128> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(takes)).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("it does not panic")).collect()
        });
        waits.sort_unstable();
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]), "two leave at once");
        assert!(waits.windows(101).all(|window| window[100] - window[0] >= 1_000_000), "a second holds more than 100");
    }

    #[test]
    fn what_is_left_is_of_what_is_counted_and_comes_back_at_the_rate() {
        let records = limiter(None, Some(100), 1, Some(1000));
        records.learn(Duration::from_secs(5), 50.0, None);
        assert_eq!(take(&[&records], Duration::from_secs(5), 150).as_secs(), 1);
        let requests = limiter(Some(10), Some(100), 1, Some(20));
        requests.learn(Duration::from_secs(60), 0.0, None);
        assert_eq!(take(&[&requests], Duration::from_secs(60), 1).as_millis(), 100);
    }

    #[test]
    fn who_counts_requests_and_records_waits_for_the_slower() {
        let limiter = limiter(Some(10), Some(100), 1, None);
        let waits: Vec<u128> = (0..4).map(|_| take(&[&limiter], Duration::ZERO, 50).as_millis()).collect();
        assert_eq!(waits, [0, 527, 1053, 1579]);
        assert_eq!(take(&[&limiter], Duration::from_secs(3), 1).as_millis(), 0);
    }

    #[test]
    fn after_a_pause_nobody_storms_off() {
        let limiter = limiter(Some(10), None, 1, None);
        limiter.shut_for(Duration::ZERO, Duration::from_secs(5));
        let waits: Vec<u128> = (0..3).map(|_| take(&[&limiter], Duration::ZERO, 1).as_millis()).collect();
        assert_eq!(waits, [5000, 5106, 5211]);
    }

    #[test]
    fn who_waits_for_one_limit_counts_for_the_other_when_it_leaves() {
        let (requests, records) = (limiter(Some(10), None, 1, None), limiter(None, Some(100), 1, None));
        let both = [&requests, &records];
        let sizes = [500, 1, 1, 1];
        let waits = sizes.map(|records| take(&both, Duration::ZERO, records).as_millis());
        assert_eq!(waits, [0, 5264, 5369, 5474]);
    }

    #[test]
    fn a_limit_of_nothing_still_lets_something_through() {
        assert_eq!(take(&[&limiter(Some(0), None, 1, None)], Duration::ZERO, 1), Duration::ZERO);
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
