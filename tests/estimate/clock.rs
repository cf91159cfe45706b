//! A world whose clock moves only when nothing else can: every sleep ends exactly when it should, and none takes time.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use sendoff::ir::delivery::{HttpError, Request, Response};
use sendoff::world::World;
use sendoff::world::real::RealWorld;

const START: &str = "2026-01-31T09:00:00Z";

#[derive(Default)]
struct Clock {
    now: Duration,
    /// By when they wake, then by when they fell asleep.
    sleepers: BTreeMap<(Duration, u64), Waker>,
    slept: u64,
    drawn: u64,
}

#[derive(Clone, Default)]
pub struct Time(Arc<Mutex<Clock>>);

impl Time {
    pub fn now(&self) -> Duration {
        self.lock().now
    }

    pub fn date(&self) -> Timestamp {
        START.parse::<Timestamp>().expect("a time") + self.now()
    }

    /// Polls until the work is done, and moves the clock whenever it waits for nothing else.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        let mut work = pin!(work);
        loop {
            while woken.0.swap(false, Ordering::SeqCst) {
                if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return done;
                }
            }
            self.advance();
        }
    }

    fn advance(&self) {
        let mut clock = self.lock();
        let ((until, _), waker) = clock.sleepers.pop_first().expect("someone sleeps, or nothing would ever happen");
        clock.now = clock.now.max(until);
        drop(clock);
        waker.wake();
    }

    fn lock(&self) -> MutexGuard<'_, Clock> {
        self.0.lock().expect("not poisoned")
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct Sleep {
    time: Time,
    key: (Duration, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut clock = self.time.lock();
        if clock.now >= self.key.0 {
            return Poll::Ready(());
        }
        clock.sleepers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.time.lock().sleepers.remove(&self.key);
    }
}

/// A destination: a request and the time in, an answer out.
pub type Answer = Box<dyn Fn(Timestamp, &Request) -> Response + Send + Sync>;

/// When requests left, by their address.
pub type Wire = Arc<Mutex<Vec<(Duration, String)>>>;

pub struct Virtual {
    pub time: Time,
    pub wire: Wire,
    pub answer: Answer,
    pub files: RealWorld,
}

impl World for Virtual {
    fn now(&self) -> Timestamp {
        self.time.date()
    }

    fn elapsed(&self) -> Duration {
        self.time.now()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        let mut clock = self.time.lock();
        clock.slept += 1;
        let key = (clock.now + time, clock.slept);
        Box::pin(Sleep { time: self.time.clone(), key })
    }

    fn off_thread(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
        work();
        Box::pin(std::future::ready(()))
    }

    fn http(&self, request: Request) -> BoxFuture<'_, Result<Response, HttpError>> {
        Box::pin(async move {
            self.wire.lock().expect("not poisoned").push((self.time.now(), request.url.clone()));
            Ok((self.answer)(self.time.date(), &request))
        })
    }

    /// Never the same twice, since nonces are made of it.
    fn random(&self) -> u64 {
        let mut clock = self.time.lock();
        clock.drawn = clock.drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        clock.drawn >> 11
    }

    /// Every secret is at hand.
    fn env(&self, name: &str) -> Option<String> {
        (!name.starts_with("SENDOFF")).then(|| "a-secret-that-is-right".to_string())
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
