//! Parcel as its definition describes it, made to misbehave row by row; with a clock that a case moves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use sendoff::ir::delivery::{HttpError, Request, Response};
use sendoff::world::real::RealWorld;
use sendoff::world::{Alongside, World};
use serde_json::{Value as Json, json};
use tokio::sync::Notify;

const START: &str = "2026-01-31T09:00:00Z";

/// How a call answers, by identifier; `*` is for the whole call. What is not named goes well.
///
/// A word is a status of the record (`absent`, `exists`, `rejected`), or for `*` a status code, `lost` (no answer comes),
/// `crash`, and of an import `running` or `lost_there`; in a list, one for each request until there are none.
/// `{refused_field: city}` refuses one field. `everyone` names the people that a listing holds, with their ids;
/// `whoami` the account that the token opens.
pub type Answers = BTreeMap<String, BTreeMap<String, Json>>;

#[derive(Default)]
pub struct Vendor {
    elapsed: Mutex<Duration>,
    answers: Mutex<Answers>,
    requests: Mutex<Vec<String>>,
    /// Told when the machine is to stop.
    pub crash: Notify,
    /// From then on nothing leaves it any more.
    down: AtomicBool,
    files: RealWorld,
}

impl Vendor {
    pub fn prepare(&self, advance: Duration, answers: Answers) {
        *self.elapsed.lock().expect("not poisoned") += advance;
        *self.answers.lock().expect("not poisoned") = answers;
        self.down.store(false, Ordering::Relaxed);
        // What was told twice would stop the next step.
        let _ = self.crash.notified().now_or_never();
    }

    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().expect("not poisoned"))
    }

    fn note(&self, request: &Request) {
        let path = request.url.split("/v1").last().unwrap_or_default();
        let body = request.body.as_deref().unwrap_or_default();
        let body = body.strip_prefix("{\"records\":").and_then(|body| body.strip_suffix('}')).unwrap_or(body);
        let line = format!("{} {path} {body}", request.method);
        self.requests.lock().expect("not poisoned").push(line.trim_end().to_string());
    }

    /// What the case says of an identifier in a call.
    fn said(&self, call: &str, of: &str) -> Option<Json> {
        let answers = self.answers.lock().expect("not poisoned");
        let said = |call: &str| answers.get(call).and_then(|answers| answers.get(of)).cloned();
        said(call).or_else(|| said("*"))
    }

    /// What the case says of a call as a whole; of several words the first, which is then used up.
    fn said_of_all(&self, call: &str) -> Option<Json> {
        let mut answers = self.answers.lock().expect("not poisoned");
        match answers.get_mut(call).and_then(|answers| answers.get_mut("*")) {
            Some(Json::Array(words)) => (!words.is_empty()).then(|| words.remove(0)),
            _ => {
                drop(answers);
                self.said(call, "*")
            }
        }
    }

    fn answer(&self, request: &Request) -> Option<Result<Response, HttpError>> {
        if request.url.contains("//alerts.") {
            return Some(Ok(response(200, &json!({}))));
        }
        let path = request.url.split("/v1/").last().unwrap_or_default();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = path.split('/').collect();
        let body: Json = request.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        let call = match parts.as_slice() {
            ["whoami"] => "whoami",
            ["people"] => "everyone",
            ["people", "find"] => "find",
            ["people", call @ ("create" | "update" | "delete")] => call,
            ["people", _] => "patch",
            ["cards"] => "put",
            ["cards", _] => "withdraw",
            ["imports"] => "import",
            ["imports", _] => "import_status",
            ["signals", _] => "fire",
            ["circles", .., "add"] => "add",
            ["circles", .., "remove"] => "remove",
            _ => "circles",
        };
        match self.said_of_all(call) {
            Some(Json::String(word)) if word == "crash" => return None,
            Some(Json::String(word)) if word == "lost" => return Some(Err(HttpError::Lost("no answer".into()))),
            Some(Json::Number(status)) => return Some(Ok(response(status.as_u64().unwrap_or(500), &json!({})))),
            _ => {}
        }
        let identifier = query.split('=').next_back().unwrap_or_default().replace("%40", "@");
        Some(Ok(match call {
            "find" => self.find(&identifier),
            "whoami" => response(200, &json!({"account": self.said("whoami", "account").unwrap_or(json!(7))})),
            "everyone" => self.everyone(&identifier),
            "patch" => self.single(call, &format!("{}@x", parts[1])),
            "fire" => self.single(call, body["email"].as_str().unwrap_or_default()),
            "import" | "withdraw" => response(202, &json!({"job": "j1"})),
            "import_status" => self.import_status(),
            "circles" => response(200, &json!({"circles": [{"id": 7, "name": "gold"}]})),
            batch => self.results(batch, &body),
        }))
    }

    /// Two people a page: whoever the case names, each with an id.
    fn everyone(&self, after: &str) -> Response {
        let named = self.answers.lock().expect("not poisoned").get("everyone").cloned().unwrap_or_default();
        let left: Vec<_> = named.iter().filter(|(email, _)| email.as_str() > after).collect();
        let page = left.iter().take(2).map(|(email, id)| json!({"email": email, "id": id}));
        let next = left.get(1).filter(|_| left.len() > 2).map(|(email, _)| email);
        response(200, &json!({"people": page.collect::<Vec<_>>(), "next": next}))
    }

    fn find(&self, identifier: &str) -> Response {
        match self.said("find", identifier) {
            Some(_) => response(404, &json!({})),
            None => response(200, &json!({"id": identifier.split('@').next()})),
        }
    }

    fn single(&self, call: &str, of: &str) -> Response {
        match self.said(call, of).as_ref().and_then(Json::as_str) {
            Some("absent") => response(404, &json!({})),
            Some(reason) => response(422, &json!({"reason": reason})),
            None => response(200, &json!({})),
        }
    }

    fn import_status(&self) -> Response {
        match self.said("import_status", "*").as_ref().and_then(Json::as_str) {
            Some("running") => response(200, &json!({"state": "busy"})),
            Some(_) => response(200, &json!({"state": "lost"})),
            None => {
                let answers = self.answers.lock().expect("not poisoned").get("import_status").cloned();
                let results: Vec<Json> =
                    answers.unwrap_or_default().iter().map(|(of, said)| complaint(of, said)).collect();
                response(200, &json!({"state": "done", "results": results}))
            }
        }
    }

    fn results(&self, call: &str, body: &Json) -> Response {
        let records = body["records"].as_array().or(body["members"].as_array()).cloned().unwrap_or_default();
        let name = |record: &Json| record["number"].as_str().or(record["email"].as_str()).map(str::to_string);
        let identifiers: Vec<String> = records.iter().filter_map(name).collect();
        let results: Vec<Json> =
            identifiers.iter().filter_map(|of| self.said(call, of).map(|said| complaint(of, &said))).collect();
        response(200, &json!({"results": results}))
    }
}

fn complaint(of: &str, said: &Json) -> Json {
    match said {
        Json::String(status) => json!({"key": of, "status": status, "reason": format!("{status}, said parcel")}),
        Json::Object(more) => {
            let field = more.get("refused_field").cloned().unwrap_or_default();
            json!({"key": of, "status": "refused_field", "field": field, "reason": "too long"})
        }
        _ => json!({"key": of, "status": "ok"}),
    }
}

fn response(status: u64, body: &Json) -> Response {
    Response { status: status as u16, headers: Vec::new(), body: body.to_string() }
}

impl World for Vendor {
    fn now(&self) -> Timestamp {
        START.parse::<Timestamp>().expect("a time") + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.elapsed.lock().expect("not poisoned")
    }

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
            if self.down.load(Ordering::Relaxed) {
                return futures::future::pending().await;
            }
            self.note(&request);
            match self.answer(&request) {
                Some(answer) => answer,
                None => {
                    self.down.store(true, Ordering::Relaxed);
                    self.crash.notify_one();
                    futures::future::pending().await
                }
            }
        })
    }

    fn random(&self) -> u64 {
        0
    }

    fn env(&self, name: &str) -> Option<String> {
        match name {
            "PARCEL_TOKEN" => Some("token-1".into()),
            "ALERT_URL" => Some("https://alerts.test/hook".into()),
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
