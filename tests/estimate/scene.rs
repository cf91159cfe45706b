//! What a plan is held against: a project, its people, and a world in which a destination answers.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use sendoff::engine::{Options, Sandboxed as InSandbox};
use sendoff::ir::delivery::Response;
use sendoff::sandbox::{IN_PROCESS, Incoming, Rates, Sandbox};
use sendoff::world::World;
use sendoff::world::real::RealWorld;
use serde_json::{Map, Value as Json};
use tempfile::TempDir;

use crate::clock::{Answer, Time, Virtual, Wire};

/// Rows and the round, in; the source, out.
type People = Box<dyn Fn(u64, u64) -> String + Send + Sync>;

/// Whom a vendor of the sandbox knows beforehand, of so many rows.
type Known = Box<dyn Fn(u64) -> Vec<Map<String, Json>> + Send + Sync>;

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
    pub time: Time,
    pub wire: Wire,
    pub world: Box<dyn World>,
    pub options: Options,
}

impl Scene {
    pub fn stage(&self, rows: u64, round: u64) -> Stage {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("it.sendoff"), &self.pipeline).expect("written");
        let (time, wire) = (Time::default(), Wire::default());
        let (world, options) = self.world(&time, &wire, rows);
        if matches!(self.vendor, Vendor::MadeUp(_)) {
            copy_vendors(&folder.path().join("destinations"));
        }
        let stage = Stage { folder, file: self.file, time, wire, world, options };
        stage.source(&(self.people)(rows, round));
        stage
    }

    fn world(&self, time: &Time, wire: &Wire, rows: u64) -> (Box<dyn World>, Options) {
        let (answer, sandbox) = match &self.vendor {
            Vendor::MadeUp(answer) => (answer(rows), None),
            Vendor::Sandbox { kind, known } => (sandboxed(kind, known(rows)), Some(InSandbox::InProcess)),
        };
        let world = Virtual { time: time.clone(), wire: wire.clone(), answer, files: RealWorld::new() };
        // Half of the people go.
        (Box::new(world), Options { sandbox, accept: vec!["removed".into()], ..Options::default() })
    }
}

/// The sandbox, with the rates that vendors document.
fn sandboxed(kind: &str, known: Vec<Map<String, Json>>) -> Answer {
    let mut sandbox = Sandbox::new(Rates::AsDocumented);
    assert!(sandbox.meet(kind, known), "the sandbox has no {kind}");
    let sandbox = Mutex::new(sandbox);
    Box::new(move |now, request| {
        let target = request.url.strip_prefix(IN_PROCESS).unwrap_or_else(|| panic!("{} is elsewhere", request.url));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let incoming = Incoming {
            method: request.method.clone(),
            origin: IN_PROCESS.into(),
            path: path.into(),
            query: query.into(),
            headers: request.headers.clone(),
            body: request.body.clone().unwrap_or_default(),
            at_ms: now.as_millisecond().unsigned_abs(),
        };
        let reply = sandbox.lock().expect("not poisoned").answer(&incoming);
        assert!(!reply.unexpected, "{} {}: {}", request.method, request.url, reply.body);
        Response { status: reply.status, headers: reply.headers, body: reply.body }
    })
}

impl Stage {
    pub fn root(&self) -> &Path {
        self.folder.path()
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
