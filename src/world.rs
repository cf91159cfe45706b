//! The door to everything outside but the data itself: clock, network, files, secrets, randomness.
//!
//! Every stage that needs one of these takes a `&dyn World`; tests and the simulation bring their own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::ir::delivery::{HttpError, Request, Response};

pub mod real;
pub mod sandboxed;
pub mod serve;
pub mod sim;

/// What an error of the system comes to, in words and without its number.
pub fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it is not there".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::InvalidData => "it is not text in UTF-8".into(),
        _ => {
            let said = error.to_string();
            let said = said.split(" (os error").next().unwrap_or(&said);
            let mut letters = said.chars();
            letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
        }
    }
}

/// Work for [`World::alongside`].
pub type Alongside = Box<dyn for<'w> FnOnce(&'w dyn World) -> BoxFuture<'w, ()> + Send>;

pub trait World: Send + Sync {
    fn now(&self) -> Timestamp;

    /// Time that only goes forward, for pacing.
    fn elapsed(&self) -> Duration;

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()>;

    /// Does what would hold up the thread it is called on: DuckDB's work. Where nothing may depend on how threads interleave,
    /// it is done at once.
    fn off_thread(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()>;

    /// Threads that requests for so many rows are worth. One where nothing may depend on how threads interleave.
    fn threads(&self, _rows: u64) -> usize {
        1
    }

    /// Does work that makes requests on a thread of its own, in a world with connections of its own. Where nothing may depend
    /// on how threads interleave, it is done here.
    fn alongside(&self, work: Alongside) -> BoxFuture<'_, ()>;

    /// Something is on the disk now that a later process goes by. The simulation may end this one here.
    fn durable(&self) {}

    fn http(&self, request: Request) -> BoxFuture<'_, Result<Response, HttpError>>;

    /// Bits to draw nonces, run ids and jitter from.
    fn random(&self) -> u64;

    fn env(&self, name: &str) -> Option<String>;

    fn read(&self, path: &Path) -> std::io::Result<String>;

    /// Names of the files right in a folder, sorted.
    fn files(&self, folder: &Path) -> std::io::Result<Vec<String>>;

    /// Files under a folder, sorted, as paths relative to it. Folders that begin with a dot are passed over, and those where
    /// other tools pile up copies: `target`, `node_modules`.
    fn list(&self, folder: &Path) -> std::io::Result<Vec<PathBuf>>;

    /// Makes a file, with its folder where missing, or takes the place of all it held.
    fn write(&self, path: &Path, text: &str) -> std::io::Result<()>;

    /// Adds to a file, made with its folder where missing.
    fn append(&self, path: &Path, text: &str) -> std::io::Result<()>;
}

/// What the work made; `None` when it panicked.
pub async fn off_thread<T: Send + 'static>(world: &dyn World, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, made) = oneshot::channel();
    let told = move || {
        // Whoever asked may have gone.
        let _ = done.send(work());
    };
    world.off_thread(Box::new(told)).await;
    made.await.ok()
}
