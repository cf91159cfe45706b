//! A world whose destinations are the sandbox, asked in process; the rest is the world it wraps.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::{Alongside, World};
use crate::ir::delivery::{HttpError, Request, Response};
use crate::sandbox::{self, IN_PROCESS, Incoming, Reply, Sandbox};

/// What stands in for a destination's own address: in process, or at the URL of a sandbox that is served.
pub fn base_url(server: Option<&str>, kind: &str) -> String {
    sandbox::base(server.unwrap_or(IN_PROCESS).trim_end_matches('/'), kind)
}

pub struct Sandboxed {
    world: Arc<dyn World>,
    sandbox: Arc<Mutex<Sandbox>>,
}

impl Sandboxed {
    pub fn new(world: Arc<dyn World>, sandbox: Arc<Mutex<Sandbox>>) -> Self {
        Sandboxed { world, sandbox }
    }

    async fn fetch(&self, request: Request) -> Result<Response, HttpError> {
        let incoming = incoming(&request, self.world.now())?;
        let reply = self.sandbox.lock().unwrap_or_else(PoisonError::into_inner).answer(&incoming);
        let delay = Duration::from_millis(reply.delay_ms);
        self.world.sleep(delay.min(request.timeout)).await;
        match reply {
            _ if delay > request.timeout => Err(lost(&format!("no answer within {} s", request.timeout.as_secs_f64()))),
            Reply { lost: true, .. } => Err(lost("the connection ended before the answer")),
            Reply { status, headers, body, .. } => Ok(Response { status, headers, body }),
        }
    }
}

/// A request as the sandbox of this process sees it. None leaves the machine: what is not for the sandbox is a destination
/// that was forgotten, and a trial must not write to it.
pub fn incoming(request: &Request, now: Timestamp) -> Result<Incoming, HttpError> {
    let Some(target) = request.url.strip_prefix(IN_PROCESS).filter(|rest| rest.starts_with('/')) else {
        let address = request.url.split(['?', '#']).next().unwrap_or_default();
        return Err(HttpError::Unreached(format!("`{address}` lies outside the sandbox")));
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Incoming {
        method: request.method.clone(),
        origin: IN_PROCESS.into(),
        path: path.into(),
        query: query.into(),
        headers: request.headers.clone(),
        body: request.body.clone().unwrap_or_default(),
        at_ms: u64::try_from(now.as_millisecond()).unwrap_or_default(),
    })
}

fn lost(what: &str) -> HttpError {
    HttpError::Lost(format!("the sandbox: {what}"))
}

impl World for Sandboxed {
    fn now(&self) -> Timestamp {
        self.world.now()
    }

    fn elapsed(&self) -> Duration {
        self.world.elapsed()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.world.sleep(time)
    }

    fn off_thread(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
        self.world.off_thread(work)
    }

    fn alongside(&self, work: Alongside) -> BoxFuture<'_, ()> {
        work(self)
    }

    fn http(&self, request: Request) -> BoxFuture<'_, Result<Response, HttpError>> {
        self.fetch(request).boxed()
    }

    fn random(&self) -> u64 {
        self.world.random()
    }

    fn env(&self, name: &str) -> Option<String> {
        self.world.env(name)
    }

    fn read(&self, path: &Path) -> std::io::Result<String> {
        self.world.read(path)
    }

    fn files(&self, folder: &Path) -> std::io::Result<Vec<String>> {
        self.world.files(folder)
    }

    fn list(&self, folder: &Path) -> std::io::Result<Vec<PathBuf>> {
        self.world.list(folder)
    }

    fn write(&self, path: &Path, text: &str) -> std::io::Result<()> {
        self.world.write(path, text)
    }

    fn append(&self, path: &Path, text: &str) -> std::io::Result<()> {
        self.world.append(path, text)
    }
}
