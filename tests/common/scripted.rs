//! A world in which nothing is left to chance: answers come from a list, and time passes only while someone sleeps.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use sendoff::ir::delivery::{HttpError, Request, Response};
use sendoff::world::{Alongside, World};

/// An answer that waits for its request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Only for requests whose method and URL contain this.
    pub to: String,
    /// For any number of requests.
    pub again: bool,
    pub answer: Result<Response, HttpError>,
}

type Listener = Box<dyn Fn(Duration, &Request) + Send + Sync>;

pub struct Scripted {
    start: Timestamp,
    elapsed: Arc<Mutex<Duration>>,
    answers: Mutex<Vec<Answer>>,
    listener: Listener,
}

impl Scripted {
    pub fn new(
        start: &str,
        answers: Vec<Answer>,
        listener: impl Fn(Duration, &Request) + Send + Sync + 'static,
    ) -> Self {
        let start = start.parse().expect("an RFC 3339 time");
        Scripted { start, elapsed: Arc::default(), answers: Mutex::new(answers), listener: Box::new(listener) }
    }

    /// Answers that nobody asked for.
    pub fn left(&self) -> usize {
        self.answers.lock().expect("not poisoned").iter().filter(|answer| !answer.again).count()
    }

    fn answer(&self, request: &Request) -> Result<Response, HttpError> {
        let line = format!("{} {}", request.method, request.url);
        let mut answers = self.answers.lock().expect("not poisoned");
        let Some(at) = answers.iter().position(|answer| line.contains(&answer.to)) else {
            let body = format!("no answer is written for {line}");
            return Ok(Response { status: 418, headers: Vec::new(), body });
        };
        if answers[at].again { answers[at].answer.clone() } else { answers.remove(at).answer }
    }
}

impl World for Scripted {
    fn now(&self) -> Timestamp {
        self.start + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.elapsed.lock().expect("not poisoned")
    }

    /// Sleepers overlap: the clock goes to the end of each sleep, never back.
    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        let until = self.elapsed() + time;
        let mut asked = false;
        Box::pin(futures::future::poll_fn(move |context| {
            if !asked {
                asked = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let mut elapsed = self.elapsed.lock().expect("not poisoned");
            *elapsed = (*elapsed).max(until);
            Poll::Ready(())
        }))
    }

    fn off_thread(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
        work();
        Box::pin(std::future::ready(()))
    }

    fn alongside(&self, work: Alongside) -> BoxFuture<'_, ()> {
        work(self)
    }

    fn http(&self, request: Request) -> BoxFuture<'_, Result<Response, HttpError>> {
        Box::pin(async move {
            (self.listener)(self.elapsed(), &request);
            self.answer(&request)
        })
    }

    fn random(&self) -> u64 {
        0
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    fn read(&self, path: &Path) -> std::io::Result<String> {
        Err(std::io::Error::new(std::io::ErrorKind::NotFound, path.display().to_string()))
    }

    fn files(&self, _folder: &Path) -> std::io::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn list(&self, _folder: &Path) -> std::io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }

    fn write(&self, _path: &Path, _text: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn append(&self, _path: &Path, _text: &str) -> std::io::Result<()> {
        Ok(())
    }
}
