//! The world as it is. Home of reqwest.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Url};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::{Alongside, World};
use crate::ir::delivery::{HttpError, Request, Response};

mod words;

/// So many rows are worth more threads, each with connections of its own.
const MANY: u64 = 8_192;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub struct RealWorld {
    start: Instant,
    /// Made by the first request: the root certificates take milliseconds that `check` and `fmt` need not spend.
    client: OnceLock<Result<Client, String>>,
    /// The address asked last: most requests of a run go to one, and taking it apart is a tenth of what the client costs.
    address: Mutex<Option<(String, Url)>>,
}

impl RealWorld {
    pub fn new() -> Self {
        RealWorld { start: Instant::now(), client: OnceLock::new(), address: Mutex::default() }
    }

    fn client(&self) -> Result<&Client, HttpError> {
        let made = self.client.get_or_init(|| client().map_err(|error| words::cause(&error)));
        made.as_ref().map_err(|cause| HttpError::Unreached(format!("no HTTP client could be made: {cause}")))
    }

    fn url(&self, text: &str) -> Result<Url, HttpError> {
        let mut last = self.address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, url)) = last.as_ref().filter(|(known, _)| known == text) {
            return Ok(url.clone());
        }
        let url = Url::parse(text).map_err(|error| unfit(&format!("its URL is not one ({error})")))?;
        *last = Some((text.to_string(), url.clone()));
        Ok(url)
    }

    async fn fetch(&self, mut request: Request) -> Result<Response, HttpError> {
        let body = request.body.take();
        let call = prepare(self.client()?, self.url(&request.url)?, &request, body)?;
        let (at, timeout) = (request.url, request.timeout);
        let host = || Url::parse(&at).map_or(String::new(), |url| words::place(&url));
        let told = |error| told(&host(), timeout, error);
        let answer = self.client()?.execute(call).await.map_err(told)?;
        let status = answer.status().as_u16();
        let headers = answer.headers().iter();
        // Header names are lower case in the http crate.
        let headers = headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()));
        let headers = headers.collect();
        let body = answer.text().await.map_err(|error| HttpError::Lost(tell(&host(), timeout, error)))?;
        Ok(Response { status, headers, body })
    }
}

impl Default for RealWorld {
    fn default() -> Self {
        Self::new()
    }
}

/// Redirects are answers, not followed: a key in a header of the vendor's own would travel to the other host, and a POST
/// turned into a GET looks like a success that wrote nothing.
fn client() -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(concat!("sendoff/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(Policy::none())
        .build()
}

fn unfit(what: &str) -> HttpError {
    HttpError::Unreached(format!("the request cannot be sent: {what}"))
}

fn prepare(client: &Client, url: Url, request: &Request, body: Option<String>) -> Result<reqwest::Request, HttpError> {
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| unfit("its method is not one"))?;
    let mut call = client.request(method, url).timeout(request.timeout);
    for (name, value) in &request.headers {
        call = call.header(name, value);
    }
    if let Some(body) = body {
        call = call.body(body);
    }
    call.build().map_err(|error| unfit(&words::cause(&error.without_url())))
}

/// Only a connection that never stood proves that nothing was carried out.
fn told(host: &str, timeout: Duration, error: reqwest::Error) -> HttpError {
    match error.is_connect() {
        true => HttpError::Unreached(format!("no connection to `{host}`: {}", words::cause(&error.without_url()))),
        false => HttpError::Lost(tell(host, timeout, error)),
    }
}

fn tell(host: &str, timeout: Duration, error: reqwest::Error) -> String {
    match error.is_timeout() {
        true => format!("`{host}` did not answer within {} s", timeout.as_secs_f64()),
        false => format!("the answer of `{host}` was lost: {}", words::cause(&error.without_url())),
    }
}

impl World for RealWorld {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        tokio::time::sleep(time).boxed()
    }

    fn off_thread(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
        // A panic shows in what the work was to send.
        tokio::task::spawn_blocking(work).map(drop).boxed()
    }

    fn threads(&self, rows: u64) -> usize {
        match rows {
            0..MANY => 1,
            _ => std::thread::available_parallelism().map_or(1, NonZero::get),
        }
    }

    fn alongside(&self, work: Alongside) -> BoxFuture<'_, ()> {
        let world = RealWorld { start: self.start, ..RealWorld::new() };
        let (done, ended) = oneshot::channel::<()>();
        // Not one of the runtime's helpers: where threads are short, those are needed for what this one waits for. A thread that
        // cannot be had, or has no runtime, does nothing, which shows in what the work was to send.
        let _ = std::thread::Builder::new().name("lane".into()).spawn(move || {
            if let Ok(runtime) = Builder::new_current_thread().enable_all().build() {
                runtime.block_on(work(&world));
            }
            drop(done);
        });
        ended.map(drop).boxed()
    }

    fn http(&self, request: Request) -> BoxFuture<'_, Result<Response, HttpError>> {
        self.fetch(request).boxed()
    }

    fn random(&self) -> u64 {
        rand::random()
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        fs::read_to_string(path)
    }

    fn files(&self, folder: &Path) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(folder)?.flatten().filter(|entry| entry.path().is_file());
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(names)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        collect(folder, Path::new(""), &mut found)?;
        found.sort();
        Ok(found)
    }

    fn write(&self, path: &Path, text: &str) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        replace(path, text)
    }

    fn append(&self, path: &Path, text: &str) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
    }
}

/// Writes beside the file and puts that in its place: on a full disk, or where the program dies, the old text is still there.
/// A link stays one, and the file keeps who may read it. What is no file, a pipe say, is written to as it is.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let there = fs::metadata(&path).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        return fs::write(&path, text);
    }
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = fs::write(&beside, text)
        .and_then(|()| there.map_or(Ok(()), |there| fs::set_permissions(&beside, there.permissions())))
        .and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Folders behind symbolic links are not entered: a link to a folder above would never end.
fn collect(root: &Path, below: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            if !passed_over(&entry.file_name().to_string_lossy()) {
                collect(root, &path, found)?;
            }
        } else if entry.path().is_file() && !(entry.file_type()?.is_symlink() && leads_into(root, &entry.path())) {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether a link is another name of a file that is found by its own.
fn leads_into(root: &Path, link: &Path) -> bool {
    let (Ok(root), Ok(file)) = (fs::canonicalize(root), fs::canonicalize(link)) else { return false };
    let Ok(below) = file.strip_prefix(root) else { return false };
    let mut folders = below.parent().into_iter().flat_map(Path::components);
    !folders.any(|folder| passed_over(&folder.as_os_str().to_string_lossy()))
}

fn passed_over(folder: &str) -> bool {
    folder.starts_with('.') || ["target", "node_modules"].contains(&folder)
}
