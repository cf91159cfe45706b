//! The simulated world with a vendor in it, and the secret that is right or wrong.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sendoff::ir::delivery::{HttpError, Request};
use sendoff::sandbox::{Fault, Reply};
use sendoff::world::sim::{Responder, Simulated, Trouble, Weather, incoming};

use super::remote::Remote;

/// The secret that the vendor takes, and the one that it never does.
const RIGHT: &str = "0123456789abcdef";
const WRONG: &str = "wrong";

pub struct Stage {
    pub world: Simulated,
    watched: Arc<Mutex<Watched>>,
    secret_is_wrong: Arc<AtomicBool>,
    /// The request that trouble waits for.
    awaited: Mutex<Option<u64>>,
    begun: AtomicU64,
}

/// A vendor, and which of the requests in its log met with trouble.
struct Watched {
    remote: Box<dyn Remote>,
    spoilt: Vec<usize>,
}

impl Responder for Watched {
    fn answer(&mut self, request: &Request, now: Timestamp, fault: Option<Fault>) -> Result<Reply, HttpError> {
        let incoming = incoming(request, now)?;
        if let Some(fault) = fault {
            self.spoilt.push(self.remote.count());
            let vendor = incoming.path.trim_start_matches('/').split('/').next().unwrap_or_default().to_string();
            self.remote.misbehave(Fault { vendor, times: Some(1), ..fault });
        }
        Ok(self.remote.answer(&incoming))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stage {
    pub fn new(remote: Box<dyn Remote>, latency_ms: u64) -> Stage {
        let watched = Arc::new(Mutex::new(Watched { remote, spoilt: Vec::new() }));
        let secret_is_wrong = Arc::new(AtomicBool::new(false));
        let wrong = secret_is_wrong.clone();
        let environment = move |name: &str| match name {
            "SECRET" if wrong.load(Ordering::Relaxed) => Some(WRONG.to_string()),
            "SECRET" => Some(RIGHT.into()),
            // One thread, so that rows come in one order.
            "SENDOFF_THREADS" => Some("1".into()),
            _ => None,
        };
        let world = Simulated::new(watched.clone(), latency_ms, environment);
        Stage { world, watched, secret_is_wrong, awaited: Mutex::default(), begun: AtomicU64::new(1) }
    }

    /// The same, where something is to be done when the process ends.
    pub fn leaving(self, remains: impl Fn() + Send + Sync + 'static) -> Stage {
        Stage { world: self.world.leaving(remains), ..self }
    }

    /// What `look` makes of the vendor.
    pub fn remote<T>(&self, look: impl FnOnce(&mut dyn Remote) -> T) -> T {
        look(locked(&self.watched).remote.as_mut())
    }

    pub fn secret_is_wrong(&self, wrong: bool) {
        self.secret_is_wrong.store(wrong, Ordering::Relaxed);
    }

    /// Requests that met with trouble, by their number in the vendor's log.
    pub fn spoilt(&self) -> Vec<usize> {
        locked(&self.watched).spoilt.clone()
    }

    pub fn wrong(&self) -> bool {
        self.secret_is_wrong.load(Ordering::Relaxed)
    }

    /// Another process, for which nothing is drawn that was drawn before.
    pub fn begin(&self, weather: Weather) {
        let begun = self.begun.fetch_add(1, Ordering::Relaxed);
        self.world.begin(Weather { seed: weather.seed ^ begun.rotate_left(32), ..weather });
    }

    /// The fault befalls one request: of those still to come the one of that number.
    pub fn trouble(&self, number: usize, fault: Fault) {
        let number = number as u64;
        *locked(&self.awaited) = Some(number);
        let troubles = [(number, Trouble::Fault(Box::new(fault)))].into();
        self.begin(Weather { troubles, ..Weather::default() });
    }

    /// Whether the trouble never came about, as there were too few requests.
    pub fn untroubled(&self) -> bool {
        let waits = locked(&self.awaited).take().is_some_and(|number| self.world.requests() <= number);
        self.begin(Weather::default());
        waits
    }
}
