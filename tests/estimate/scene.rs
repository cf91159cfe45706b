//! What a plan is held against: a project, its people, and a world in which a destination answers.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use sendoff::engine::{Options, Sandboxed as InSandbox};
use sendoff::ir::delivery::{HttpError, Request, Response};
use sendoff::sandbox::{Fault, Rates, Reply, Sandbox};
use sendoff::world::sim::{Responder, Simulated, incoming};
use serde_json::{Map, Value as Json};
use tempfile::TempDir;

/// Rows and the round, in; the source, out.
type People = Box<dyn Fn(u64, u64) -> String + Send + Sync>;

/// Whom a vendor of the sandbox knows beforehand, of so many rows.
type Known = Box<dyn Fn(u64) -> Vec<Map<String, Json>> + Send + Sync>;

/// A destination: a request and the time in, an answer out.
pub type Answer = Box<dyn Fn(Timestamp, &Request) -> Response + Send + Sync>;

/// Notes when requests left, and their addresses.
struct Wire {
    answer: Answer,
    heard: Vec<(Timestamp, String)>,
}

impl Responder for Wire {
    fn answer(&mut self, request: &Request, now: Timestamp, _fault: Option<Fault>) -> Result<Reply, HttpError> {
        self.heard.push((now, request.url.clone()));
        let Response { status, headers, body } = (self.answer)(now, request);
        Ok(Reply { status, headers, body, ..Reply::default() })
    }
}

type MadeUp = Box<dyn Fn(u64) -> Answer + Send + Sync>;

pub enum Vendor {
    Sandbox {
        kind: String,
        known: Known,
    },
    /// Of `tests/vendors`; what answers, for so many rows.
    MadeUp(MadeUp),
}

pub struct Scene {
    pub name: String,
    pub pipeline: String,
    pub file: &'static str,
    pub people: People,
    pub vendor: Vendor,
    pub rows: Option<u64>,
    pub rounds: u64,
    /// What it does to each new row cannot be taken back, so a first run wants to be told.
    pub fires: bool,
}

pub struct Stage {
    folder: TempDir,
    file: &'static str,
    wire: Arc<Mutex<Wire>>,
    pub world: Simulated,
    pub options: Options,
}

impl Scene {
    pub fn stage(&self, rows: u64, round: u64) -> Stage {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("it.sendoff"), &self.pipeline).expect("written");
        let (answer, sandbox) = match &self.vendor {
            Vendor::MadeUp(answer) => (answer(rows), None),
            Vendor::Sandbox { kind, known } => (sandboxed(kind, known(rows)), Some(InSandbox::InProcess)),
        };
        let wire = Arc::new(Mutex::new(Wire { answer, heard: Vec::new() }));
        // Every secret is at hand.
        let secret = |name: &str| (!name.starts_with("SENDOFF")).then(|| "a-secret-that-is-right".to_string());
        let world = Simulated::new(wire.clone(), 0, secret);
        // Half of the people go.
        let options = Options { sandbox, accept: vec!["removed".into()], ..Options::default() };
        if matches!(self.vendor, Vendor::MadeUp(_)) {
            copy_vendors(&folder.path().join("destinations"));
        }
        let stage = Stage { folder, file: self.file, wire, world, options };
        stage.source(&(self.people)(rows, round));
        stage
    }
}

/// The sandbox, with the rates that vendors document.
fn sandboxed(kind: &str, known: Vec<Map<String, Json>>) -> Answer {
    let mut sandbox = Sandbox::new(Rates::AsDocumented);
    assert!(sandbox.meet(kind, known), "the sandbox has no {kind}");
    let sandbox = Mutex::new(sandbox);
    Box::new(move |now, request| {
        let incoming = incoming(request, now).unwrap_or_else(|error| panic!("{error}"));
        let reply = sandbox.lock().expect("not poisoned").answer(&incoming);
        assert!(!reply.unexpected, "{} {}: {}", request.method, request.url, reply.body);
        Response { status: reply.status, headers: reply.headers, body: reply.body }
    })
}

impl Stage {
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.world.block_on(work).expect("no process ends here")
    }

    /// What has left since this was asked before: when, and where to.
    pub fn heard(&self) -> Vec<(Timestamp, String)> {
        std::mem::take(&mut self.wire.lock().expect("not poisoned").heard)
    }

    /// A day, in which buckets become full and jobs end.
    pub fn rest(&self) {
        self.world.pass(Duration::from_secs(86_400));
    }

    pub fn source(&self, text: &str) {
        fs::write(self.root().join(self.file), text).expect("written");
    }
}

fn copy_vendors(target: &Path) {
    for vendor in ["parcel", "relay"] {
        let target = target.join(vendor);
        fs::create_dir_all(&target).expect("a folder");
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendors").join(vendor);
        for entry in fs::read_dir(from).expect("the vendor is there").flatten() {
            fs::copy(entry.path(), target.join(entry.file_name())).expect("copied");
        }
    }
}
