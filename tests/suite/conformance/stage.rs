//! A world with the vendor in it and a clock of its own: time passes only while someone sleeps.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use sendoff::ir::delivery::{HttpError, Request, Response};
use sendoff::sandbox::{Fault, IN_PROCESS, Incoming};
use sendoff::world::World;
use sendoff::world::real::RealWorld;

use super::remote::Remote;

const START: &str = "2026-01-31T09:00:00Z";

/// The secret that the vendor takes, and the one that it never does.
const RIGHT: &str = "0123456789abcdef";
const WRONG: &str = "wrong";

pub struct Stage {
    files: RealWorld,
    elapsed: Mutex<Duration>,
    drawn: Mutex<u64>,
    pub remote: Mutex<Box<dyn Remote>>,
    next: Mutex<Next>,
}

/// What is to happen to requests still to come.
#[derive(Default)]
struct Next {
    secret_is_wrong: bool,
    /// Requests so far.
    requests: usize,
    /// At that request.
    trouble: Option<(usize, Fault)>,
    /// Requests that met with trouble, by their number in the vendor's log.
    spoilt: Vec<usize>,
}

fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stage {
    pub fn new(remote: Box<dyn Remote>) -> Stage {
        Stage {
            files: RealWorld::new(),
            elapsed: Mutex::default(),
            drawn: Mutex::default(),
            remote: Mutex::new(remote),
            next: Mutex::default(),
        }
    }

    pub fn remote(&self) -> MutexGuard<'_, Box<dyn Remote>> {
        locked(&self.remote)
    }

    pub fn advance(&self, time: Duration) {
        *locked(&self.elapsed) += time;
    }

    pub fn secret_is_wrong(&self, wrong: bool) {
        locked(&self.next).secret_is_wrong = wrong;
    }

    pub fn spoilt(&self) -> Vec<usize> {
        locked(&self.next).spoilt.clone()
    }

    pub fn wrong(&self) -> bool {
        locked(&self.next).secret_is_wrong
    }

    /// The fault befalls one request: of those still to come the one of that number.
    pub fn trouble(&self, number: usize, fault: Fault) {
        let mut next = locked(&self.next);
        next.trouble = Some((next.requests + number, fault));
    }

    /// Whether the trouble never came about, as there were too few requests.
    pub fn untroubled(&self) -> bool {
        locked(&self.next).trouble.take().is_some()
    }

    fn answer(&self, request: &Request) -> Result<Response, HttpError> {
        let mut remote = self.remote();
        let mut next = locked(&self.next);
        if next.trouble.as_ref().is_some_and(|(at, _)| *at == next.requests)
            && let Some((_, fault)) = next.trouble.take()
        {
            next.spoilt.push(remote.count());
            remote.misbehave(fault);
        }
        next.requests += 1;
        let Some(target) = request.url.strip_prefix(IN_PROCESS).filter(|rest| rest.starts_with('/')) else {
            return Err(HttpError::Unreached(format!("`{}` lies outside the sandbox", request.url)));
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let reply = remote.answer(&Incoming {
            method: request.method.clone(),
            origin: IN_PROCESS.into(),
            path: path.into(),
            query: query.into(),
            headers: request.headers.clone(),
            body: request.body.clone().unwrap_or_default(),
            at_ms: self.now().as_millisecond().unsigned_abs(),
        });
        if reply.lost {
            return Err(HttpError::Lost("the connection ended before the answer".into()));
        }
        Ok(Response { status: reply.status, headers: reply.headers, body: reply.body })
    }
}

impl World for Stage {
    fn now(&self) -> Timestamp {
        START.parse::<Timestamp>().expect("a time") + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *locked(&self.elapsed)
    }

    /// Sleepers overlap: the clock goes to the end of each sleep, never back. Vendors count in whole milliseconds.
    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        let until = self.elapsed() + Duration::from_millis(time.as_micros().div_ceil(1000) as u64);
        let mut asked = false;
        Box::pin(futures::future::poll_fn(move |context| {
            if !asked {
                asked = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let mut elapsed = locked(&self.elapsed);
            *elapsed = (*elapsed).max(until);
            Poll::Ready(())
        }))
    }

    fn off_thread(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
        work();
        Box::pin(std::future::ready(()))
    }

    fn http(&self, request: Request) -> BoxFuture<'_, Result<Response, HttpError>> {
        Box::pin(async move { self.answer(&request) })
    }

    /// As even as it has to be, and the same every time.
    fn random(&self) -> u64 {
        let mut drawn = locked(&self.drawn);
        *drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *drawn >> 11
    }

    fn env(&self, name: &str) -> Option<String> {
        match name {
            "SECRET" if locked(&self.next).secret_is_wrong => Some(WRONG.into()),
            "SECRET" => Some(RIGHT.into()),
            // One thread, so that rows come in one order.
            "SENDOFF_THREADS" => Some("1".into()),
            _ => None,
        }
    }

    fn read(&self, path: &Path) -> std::io::Result<String> {
        self.files.read(path)
    }

    fn files(&self, folder: &Path) -> std::io::Result<Vec<String>> {
        self.files.files(folder)
    }

    fn list(&self, folder: &Path) -> std::io::Result<Vec<PathBuf>> {
        self.files.list(folder)
    }

    fn write(&self, path: &Path, text: &str) -> std::io::Result<()> {
        self.files.write(path, text)
    }

    fn append(&self, path: &Path, text: &str) -> std::io::Result<()> {
        self.files.append(path, text)
    }
}
