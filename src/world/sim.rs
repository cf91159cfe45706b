//! A world that is made up: time passes only while everyone waits, the network misbehaves as told, and the process can end at
//! any point. Whatever happens in it happens again when it is told the same.
//!
//! Destinations are the sandbox, asked in process. Files are real, since ledgers are; a test gives them a folder of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::task::ArcWake;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};

use super::World;
use super::real::RealWorld;
use super::sandboxed::incoming;
use crate::ir::delivery::{HttpError, Request, Response};
use crate::sandbox::{Fault, Reply, Sandbox};

/// Longest way of a request, or of its answer.
const LATENCY_MS: u64 = 150;

/// What befalls one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Answered in the vendor's place, who does nothing.
    Status { status: u16, retry_after: Option<u32> },
    /// No connection came to stand.
    Unreached,
    /// Nothing came back, and nothing was done.
    TimedOut,
    /// Nothing came back, though it was done.
    AnswerLost,
    /// It was done, and half of the answer came.
    Truncated,
    /// It was done, and something between said something else.
    NotJson,
    /// The job it begins comes to nothing.
    JobFails,
}

/// What a run is to meet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weather {
    /// Latencies, jitter and nonces are drawn from it.
    pub seed: u64,
    /// By the number of the request in this run, from 0.
    pub troubles: BTreeMap<u64, Trouble>,
    /// The process ends at this point, counted from 0; see [`Simulated::points`].
    pub crash: Option<u64>,
    /// By the number of the request: seconds that the wall clock jumps.
    pub jumps: BTreeMap<u64, i64>,
}

struct State {
    weather: Weather,
    random: StdRng,
    elapsed: Duration,
    /// How far the wall clock is off.
    off: SignedDuration,
    sleepers: BTreeMap<(Duration, u64), Waker>,
    naps: u64,
    requests: u64,
    points: u64,
    crashed: bool,
}

pub struct Simulated {
    start: Timestamp,
    environment: BTreeMap<String, String>,
    files: RealWorld,
    sandbox: Arc<Mutex<Sandbox>>,
    state: Mutex<State>,
    /// Called where the process ends: what is on the disk then is what is left of it.
    remains: Box<dyn Fn() + Send + Sync>,
}

impl Simulated {
    pub fn new(
        start: Timestamp,
        environment: BTreeMap<String, String>,
        sandbox: Arc<Mutex<Sandbox>>,
        remains: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let state = State {
            weather: Weather::default(),
            random: StdRng::seed_from_u64(0),
            elapsed: Duration::ZERO,
            off: SignedDuration::ZERO,
            sleepers: BTreeMap::new(),
            naps: 0,
            requests: 0,
            points: 0,
            crashed: false,
        };
        let (files, state, remains) = (RealWorld::new(), Mutex::new(state), Box::new(remains));
        Simulated { start, environment, files, sandbox, state, remains }
    }

    /// Another process in the same world.
    pub fn begin(&self, weather: Weather) {
        let mut state = self.state();
        state.random = StdRng::seed_from_u64(weather.seed);
        state.weather = weather;
        state.sleepers.clear();
        (state.requests, state.points, state.crashed) = (0, 0, false);
    }

    /// Time between two processes.
    pub fn pass(&self, time: Duration) {
        self.state().elapsed += time;
    }

    /// Points passed since [`Simulated::begin`] at which the process could have ended: around requests and commits.
    pub fn points(&self) -> u64 {
        self.state().points
    }

    /// Lets `work` go on to its end; `None` when the process ended before.
    ///
    /// # Panics
    /// When `work` waits for something that nothing in this world will bring.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = futures::task::waker(woken.clone());
        loop {
            while woken.0.swap(false, Ordering::Relaxed) {
                let polled = work.as_mut().poll(&mut Context::from_waker(&waker));
                if self.state().crashed {
                    return None;
                }
                if let Poll::Ready(made) = polled {
                    return Some(made);
                }
            }
            assert!(self.tick(), "everyone waits, and no one sleeps");
        }
    }

    /// Goes on to the moment when the next sleeper wakes; whether there is one.
    fn tick(&self) -> bool {
        let mut state = self.state();
        let Some(((until, _), waker)) = state.sleepers.pop_first() else { return false };
        state.elapsed = state.elapsed.max(until);
        drop(state);
        waker.wake();
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A point at which the process may end. What goes on after it in the same breath changes nothing: the disk is as it was
    /// taken, and no request leaves any more.
    fn point(&self) {
        let mut state = self.state();
        let ends = state.weather.crash == Some(state.points) && !state.crashed;
        state.points += 1;
        state.crashed |= ends;
        drop(state);
        if ends {
            (self.remains)();
        }
    }

    async fn alive(&self) {
        self.point();
        if self.state().crashed {
            std::future::pending().await
        }
    }

    /// The trouble of a request that leaves now.
    fn meet(&self) -> Option<Trouble> {
        let mut state = self.state();
        let number = state.requests;
        state.requests += 1;
        if let Some(seconds) = state.weather.jumps.get(&number).copied() {
            state.off += SignedDuration::from_secs(seconds);
        }
        state.weather.troubles.get(&number).cloned()
    }

    async fn travel(&self) {
        let time = Duration::from_millis(self.state().random.random_range(1..=LATENCY_MS));
        self.sleep(time).await;
    }

    async fn fetch(&self, request: Request) -> Result<Response, HttpError> {
        let trouble = self.meet();
        self.alive().await;
        self.travel().await;
        match trouble {
            Some(Trouble::Unreached) => return Err(HttpError::Unreached("no route in the simulation".into())),
            Some(Trouble::TimedOut) => {
                self.sleep(request.timeout).await;
                return Err(HttpError::Lost("no answer in the simulation".into()));
            }
            _ => {}
        }
        let reply = self.ask(&request, trouble.as_ref())?;
        self.alive().await;
        self.travel().await;
        let Reply { status, headers, mut body, .. } = reply;
        match trouble {
            Some(Trouble::AnswerLost) => return Err(HttpError::Lost("the simulation lost the answer".into())),
            Some(Trouble::Truncated) => body.truncate(half(&body)),
            Some(Trouble::NotJson) => body = "<html><body>Bad gateway</body></html>".into(),
            _ => {}
        }
        self.alive().await;
        Ok(Response { status, headers, body })
    }

    fn ask(&self, request: &Request, trouble: Option<&Trouble>) -> Result<Reply, HttpError> {
        let incoming = incoming(request, self.start + self.state().elapsed)?;
        let mut sandbox = self.sandbox.lock().unwrap_or_else(PoisonError::into_inner);
        let vendor = incoming.path.trim_start_matches('/').split('/').next().unwrap_or_default().to_string();
        let fault = Fault { vendor, times: Some(1), ..Fault::default() };
        match trouble {
            Some(Trouble::Status { status, retry_after }) => {
                sandbox.misbehave(Fault { status: Some(*status), retry_after: *retry_after, ..fault });
            }
            Some(Trouble::JobFails) => sandbox.misbehave(Fault { fail_job: true, ..fault }),
            _ => {}
        }
        Ok(sandbox.answer(&incoming))
    }
}

/// Half of a text, not within a letter.
fn half(text: &str) -> usize {
    (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

struct Woken(AtomicBool);

impl ArcWake for Woken {
    fn wake_by_ref(woken: &Arc<Self>) {
        woken.0.store(true, Ordering::Relaxed);
    }
}

impl World for Simulated {
    fn now(&self) -> Timestamp {
        let state = self.state();
        self.start + state.elapsed + state.off
    }

    fn elapsed(&self) -> Duration {
        self.state().elapsed
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        let until = self.elapsed() + time;
        let mut nap = None;
        std::future::poll_fn(move |context| {
            let mut state = self.state();
            if state.elapsed >= until {
                return Poll::Ready(());
            }
            let nap = *nap.get_or_insert_with(|| {
                state.naps += 1;
                state.naps
            });
            state.sleepers.insert((until, nap), context.waker().clone());
            Poll::Pending
        })
        .boxed()
    }

    fn off_thread(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
        self.point();
        if !self.state().crashed {
            work();
            self.point();
        }
        // Others have their turn, as they would while a thread is busy.
        let mut asked = false;
        std::future::poll_fn(move |context| {
            if std::mem::replace(&mut asked, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .boxed()
    }

    fn durable(&self) {
        self.point();
    }

    fn http(&self, request: Request) -> BoxFuture<'_, Result<Response, HttpError>> {
        self.fetch(request).boxed()
    }

    fn random(&self) -> u64 {
        self.state().random.next_u64()
    }

    fn env(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
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
