//! A world that is made up: time passes only while everyone waits, the network misbehaves as told, and the process can end at
//! any point. Whatever happens in it happens again when it is told the same.
//!
//! Requests are answered in process, by the sandbox or by whatever a test puts in its place. Files are real, since ledgers are;
//! a test gives them a folder of their own.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};

use super::real::RealWorld;
use super::{Alongside, World};
use crate::ir::delivery::{HttpError, Request, Response};
use crate::sandbox::{Fault, Reply};

pub use super::sandboxed::incoming;
pub use weather::{Trouble, Weather};

mod clock;
mod weather;

const START: &str = "2026-01-31T09:00:00Z";

/// Who answers.
pub trait Responder: Send {
    /// `fault` befalls this very request.
    fn answer(&mut self, request: &Request, now: Timestamp, fault: Option<Fault>) -> Result<Reply, HttpError>;
}

struct Nobody;

impl Responder for Nobody {
    fn answer(&mut self, _: &Request, _: Timestamp, _: Option<Fault>) -> Result<Reply, HttpError> {
        Err(HttpError::Unreached("there is no one to answer".into()))
    }
}

/// An environment: a variable's value by its name.
type Environment = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

struct State {
    weather: Weather,
    random: StdRng,
    /// How far the wall clock is off.
    off: SignedDuration,
    requests: u64,
    points: u64,
    crashed: bool,
}

pub struct Simulated {
    start: Timestamp,
    clock: clock::Clock,
    environment: Environment,
    files: RealWorld,
    responder: Arc<Mutex<dyn Responder>>,
    /// Longest way of a request, of its answer, or to the disk, in milliseconds.
    latency_ms: u64,
    state: Mutex<State>,
    /// Called where the process ends: what is on the disk then is what is left of it.
    remains: Box<dyn Fn() + Send + Sync>,
}

impl Simulated {
    pub fn new(
        responder: Arc<Mutex<dyn Responder>>,
        latency_ms: u64,
        environment: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Simulated {
            start: START.parse().unwrap_or_default(),
            clock: clock::Clock::default(),
            environment: Box::new(environment),
            files: RealWorld::new(),
            responder,
            latency_ms,
            state: Mutex::new(State {
                weather: Weather::default(),
                random: StdRng::seed_from_u64(0),
                off: SignedDuration::ZERO,
                requests: 0,
                points: 0,
                crashed: false,
            }),
            remains: Box::new(|| ()),
        }
    }

    /// Without a network and without an environment.
    pub fn alone() -> Self {
        Simulated::new(Arc::new(Mutex::new(Nobody)), 0, |_| None)
    }

    /// Does this where the process ends.
    pub fn leaving(self, remains: impl Fn() + Send + Sync + 'static) -> Self {
        Simulated { remains: Box::new(remains), ..self }
    }

    /// Another process in the same world.
    pub fn begin(&self, weather: Weather) {
        let mut state = self.state();
        state.random = StdRng::seed_from_u64(weather.seed);
        state.weather = weather;
        (state.requests, state.points, state.crashed) = (0, 0, false);
    }

    /// From now on the wall clock is right.
    pub fn set_right(&self) {
        self.state().off = SignedDuration::ZERO;
    }

    /// Time between two processes.
    pub fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    /// Points passed since [`Simulated::begin`] at which the process could have ended: around requests and commits.
    pub fn points(&self) -> u64 {
        self.state().points
    }

    /// Requests since [`Simulated::begin`].
    pub fn requests(&self) -> u64 {
        self.state().requests
    }

    /// Lets `work` go on to its end; `None` when the process ended before.
    ///
    /// # Panics
    /// When `work` waits for something that nothing in this world will bring.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.clock.block_on(work, || self.state().crashed)
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
        if self.latency_ms > 0 {
            let time = self.state().random.random_range(1..=self.latency_ms);
            self.sleep(Duration::from_millis(time)).await;
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response, HttpError> {
        let trouble = self.meet();
        self.alive().await;
        if let Some(Trouble::Asleep(seconds)) = trouble {
            self.sleep(Duration::from_secs(seconds)).await;
        }
        self.travel().await;
        match trouble {
            Some(Trouble::Unreached) => return Err(HttpError::Unreached("no route in the simulation".into())),
            Some(Trouble::TimedOut) => {
                self.sleep(request.timeout).await;
                return Err(lost("no answer"));
            }
            _ => {}
        }
        let reply = match trouble {
            Some(Trouble::Page) => Reply { status: 200, ..Reply::default() },
            _ => self.ask(&request, trouble.as_ref())?,
        };
        self.alive().await;
        let delay = Duration::from_millis(reply.delay_ms);
        self.sleep(delay.min(request.timeout)).await;
        self.travel().await;
        let Reply { status, headers, mut body, lost: cut, .. } = reply;
        if cut || delay > request.timeout {
            return Err(lost("the answer was lost"));
        }
        match trouble {
            Some(Trouble::Truncated) => body.truncate(half(&body)),
            Some(Trouble::NotJson | Trouble::Page) => body = "<html><body>Please wait</body></html>".into(),
            _ => {}
        }
        self.alive().await;
        Ok(Response { status, headers, body })
    }

    fn ask(&self, request: &Request, trouble: Option<&Trouble>) -> Result<Reply, HttpError> {
        let mut responder = self.responder.lock().unwrap_or_else(PoisonError::into_inner);
        responder.answer(request, self.start + self.clock.now(), trouble.and_then(Trouble::fault))
    }
}

fn lost(what: &str) -> HttpError {
    HttpError::Lost(format!("the simulation: {what}"))
}

/// Half of a text, not within a letter.
fn half(text: &str) -> usize {
    (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

impl World for Simulated {
    fn now(&self) -> Timestamp {
        self.start + self.clock.now() + self.state().off
    }

    fn elapsed(&self) -> Duration {
        self.clock.now()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.clock.sleep(time).boxed()
    }

    fn off_thread(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
        async move {
            // A disk takes its time, and who does not wait for it goes on meanwhile.
            self.travel().await;
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
            .await;
        }
        .boxed()
    }

    fn durable(&self) {
        self.point();
    }

    fn threads(&self, _: u64) -> usize {
        self.state().weather.threads.max(1)
    }

    fn alongside(&self, work: Alongside) -> BoxFuture<'_, ()> {
        work(self)
    }

    fn http(&self, request: Request) -> BoxFuture<'_, Result<Response, HttpError>> {
        self.fetch(request).boxed()
    }

    fn random(&self) -> u64 {
        self.state().random.next_u64()
    }

    fn env(&self, name: &str) -> Option<String> {
        (self.environment)(name)
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
