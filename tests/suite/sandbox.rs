//! The sandbox: conversations in `golden/sandbox/<vendor>/*.yaml` beside the answers they get, and the two ways in.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use regex::{Captures, Regex};
use sendoff::ir::delivery::{HttpError, Request, Response};
use sendoff::sandbox::{Fault, IN_PROCESS, Incoming, Rates, Refusal, Sandbox, base};
use sendoff::world::World;
use sendoff::world::real::RealWorld;
use sendoff::world::sandboxed::Sandboxed;
use sendoff::world::serve::serve;
use serde_json::{Map, Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/sandbox");

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Conversation {
    /// Headers of every call.
    headers: Map<String, Value>,
    /// Of every call that names none; may end with `?` and a query.
    #[serde(default)]
    path: String,
    /// People the vendor knows before the first call.
    #[serde(default)]
    people: Vec<Map<String, Value>>,
    calls: Vec<Exchange>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    /// What the call shows.
    note: String,
    #[serde(default)]
    at_ms: u64,
    #[serde(default = "post")]
    method: String,
    path: Option<String>,
    /// Added to those of the conversation, or, with null, taken away.
    #[serde(default)]
    headers: Map<String, Value>,
    /// JSON, in which `<x*31>` stands for 31 times x.
    body: Option<Value>,
    /// A body that need not be JSON.
    text: Option<String>,
    /// In place of a body: so many profiles, each with so many attributes.
    many: Option<(usize, usize)>,
}

fn post() -> String {
    "POST".into()
}

impl Conversation {
    fn hold(&self, sandbox: &mut Sandbox) -> String {
        let mut told = String::new();
        for call in &self.calls {
            let reply = sandbox.answer(&call.request(self));
            told += &format!("# {}\n{}", call.note, reply.status);
            for (name, value) in reply.headers.iter().filter(|(name, _)| name != "content-type") {
                told += &format!(" {name}: {value}");
            }
            told += &format!("\n{}\n\n", reply.body.trim_end());
        }
        told.trim_end().to_string() + "\n"
    }
}

impl Exchange {
    fn request(&self, conversation: &Conversation) -> Incoming {
        let mut headers = conversation.headers.clone();
        headers.extend(self.headers.clone());
        let headers = headers.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_string())));
        let json = self.many.map(|(profiles, attributes)| many(profiles, attributes)).or_else(|| self.body.clone());
        let body = self.text.clone().or_else(|| json.map(|json| repeat(&json.to_string()))).unwrap_or_default();
        let path = self.path.clone().unwrap_or_else(|| conversation.path.clone());
        let (path, query) = path.split_once('?').map_or((path.as_str(), ""), |split| split);
        Incoming {
            method: self.method.clone(),
            path: path.into(),
            query: query.into(),
            headers: headers.collect(),
            body,
            at_ms: self.at_ms,
            ..Incoming::default()
        }
    }
}

fn many(profiles: usize, attributes: usize) -> Value {
    let attributes: Map<_, _> = (0..attributes).map(|number| (format!("a{number}"), json!(number))).collect();
    (0..profiles).map(|n| json!({"identifiers": {"custom_id": format!("c-{n}")}, "attributes": attributes})).collect()
}

fn repeat(text: &str) -> String {
    let short = Regex::new(r"<(.)\*(\d+)>").unwrap();
    short.replace_all(text, |found: &Captures<'_>| found[1].repeat(found[2].parse().unwrap())).into_owned()
}

fn inside(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn conversations() -> Vec<PathBuf> {
    let files = inside(Path::new(FOLDER)).into_iter().flat_map(|vendor| inside(&vendor));
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|kind| kind == "yaml")).collect();
    files.sort();
    files
}

#[test]
fn vendors_answer_as_documented() {
    for path in conversations() {
        let conversation: Conversation = serde_yaml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let mut sandbox = Sandbox::new(Rates::AsDocumented);
        let vendor = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap();
        assert!(sandbox.meet(vendor, conversation.people.clone()), "no vendor `{vendor}`");
        let told = conversation.hold(&mut sandbox);
        let expected = path.with_extension("out");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &told).unwrap();
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(expected, told, "{} (UPDATE=1 rewrites what is expected)", path.display());
    }
}

fn profile(id: &str) -> Value {
    json!([{"identifiers": {"custom_id": id}, "attributes": {"plan": "gold"}}])
}

fn request(base: &str, method: &str, path: &str, body: &Value) -> Request {
    let header = |name: &str, value: &str| (name.to_string(), value.to_string());
    Request {
        method: method.into(),
        url: format!("{base}{path}"),
        headers: vec![
            header("Authorization", "Bearer top-secret"),
            header("X-Batch-Project", "project_a"),
            header("Content-Type", "application/json"),
        ],
        secret_headers: vec!["Authorization".into()],
        body: Some(body.to_string()),
        timeout: Duration::from_secs(5),
    }
}

async fn update(world: &dyn World, url: &str, id: &str) -> Result<Response, HttpError> {
    world.http(request(&base(url, "batch"), "POST", "/2.11/profiles/update", &profile(id))).await
}

async fn desk(world: &dyn World, url: &str, method: &str, path: &str, body: &Value) -> Response {
    world.http(request(url, method, &format!("/_sandbox/{path}"), body)).await.unwrap()
}

fn new() -> Arc<Mutex<Sandbox>> {
    Arc::new(Mutex::new(Sandbox::new(Rates::Relaxed)))
}

/// The same talk with the sandbox, whichever way it is reached.
async fn talk(world: &dyn World, url: &str) {
    let answer = update(world, url, "c-1").await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (202, r#"{"code":"SUCCESS"}"#));
    assert!(answer.headers.contains(&("content-type".into(), "application/json".into())));

    let fault = json!({"vendor": "batch", "times": 1, "status": 429, "retry_after": 7});
    assert_eq!(desk(world, url, "POST", "misbehave", &fault).await.status, 200);
    let answer = update(world, url, "c-2").await.unwrap();
    assert_eq!(answer.status, 429);
    assert!(answer.headers.contains(&("retry-after".into(), "7".into())));

    let fault = json!({"vendor": "batch", "times": 1, "lose_answer": true});
    assert_eq!(desk(world, url, "POST", "misbehave", &fault).await.status, 200);
    assert!(matches!(update(world, url, "c-3").await, Err(HttpError::Lost(_))));
    assert_eq!(update(world, url, "c-4").await.unwrap().status, 202);

    let state = desk(world, url, "GET", "state/batch", &Value::Null).await;
    let state: Value = serde_json::from_str(&state.body).unwrap();
    let ids: Vec<_> = state["project_a"].as_object().unwrap().keys().collect();
    assert_eq!(ids, ["c-1", "c-3", "c-4"], "what lost its answer was done, what was answered 429 was not");

    let log = desk(world, url, "GET", "requests", &Value::Null).await.body;
    assert!(!log.contains("top-secret"), "{log}");
    let log: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = log.iter().map(|entry| json!([entry["status"], entry["records"], entry["lost"]])).collect();
    assert_eq!(json!(told), json!([[202, 1, false], [429, 1, false], [202, 1, true], [202, 1, false]]));
    assert_eq!(log[0]["body"], profile("c-1"));
}

#[tokio::test]
async fn over_http() {
    let serving = serve(new(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let url = serving.url.clone();
    let world = RealWorld::new();
    talk(&world, &url).await;
    serving.stop().await.unwrap();
    let gone = update(&world, &url, "c-1").await;
    assert!(matches!(gone, Err(HttpError::Unreached(_))), "{gone:?}");
}

#[tokio::test]
async fn in_process() {
    talk(&Sandboxed::new(Arc::new(RealWorld::new()), new()), IN_PROCESS).await;
}

#[tokio::test]
async fn slow_answers_are_lost() {
    let sandbox = new();
    let fault = Fault { vendor: "batch".into(), delay_ms: 1500, ..Fault::default() };
    sandbox.lock().unwrap().misbehave(fault);
    let serving = serve(sandbox.clone(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let worlds: [(Box<dyn World>, &str); 2] = [
        (Box::new(RealWorld::new()), &serving.url),
        (Box::new(Sandboxed::new(Arc::new(RealWorld::new()), sandbox)), IN_PROCESS),
    ];
    for (world, url) in worlds {
        let mut request = request(url, "POST", "/batch/profiles/update?token=hush", &profile("c-1"));
        request.timeout = Duration::from_millis(100);
        let Err(HttpError::Lost(told)) = world.http(request).await else { panic!("{url} answered in time") };
        assert!(told.contains("within 0.1 s") && !told.contains("hush"), "{told}");
    }
}

#[tokio::test]
async fn unreachable_hosts_and_bad_requests_never_left() {
    let world = RealWorld::new();
    for url in ["http://no-such-host.invalid/a?token=hush", "no url token=hush"] {
        let Err(HttpError::Unreached(told)) = world.http(request(url, "POST", "", &Value::Null)).await else {
            panic!("{url} was reached")
        };
        assert!(!told.contains("hush") && !told.contains("top-secret"), "{told}");
    }
    let mut broken = request("http://127.0.0.1:1", "POST", "/", &Value::Null);
    broken.headers.push(("X-Key".into(), "top-secret\n".into()));
    let Err(HttpError::Unreached(told)) = world.http(broken).await else { panic!("a broken header was sent") };
    assert!(!told.contains("top-secret"), "{told}");
}

#[tokio::test]
async fn nothing_leaves_a_sandboxed_world() {
    let world = Sandboxed::new(Arc::new(RealWorld::new()), new());
    for url in ["https://api.example.com/x?token=hush", "http://sandbox.example.com/batch"] {
        let Err(HttpError::Unreached(told)) = world.http(request(url, "POST", "", &Value::Null)).await else {
            panic!("{url} was asked")
        };
        assert!(told.contains("lies outside the sandbox") && !told.contains("hush"), "{told}");
    }
}

#[test]
fn refusals_meet_profiles_and_attributes() {
    let mut sandbox = Sandbox::new(Rates::Relaxed);
    let refusal = |id: &str, attribute: Option<&str>| Refusal {
        reason: "as told".into(),
        attribute: attribute.map(Into::into),
        identifiers: [("custom_id".to_string(), json!(id))].into_iter().collect(),
    };
    let refuse = vec![refusal("c-1", None), refusal("c-2", Some("plan"))];
    sandbox.misbehave(Fault { vendor: "batch".into(), times: Some(1), refuse, ..Fault::default() });
    let body = [profile("c-0"), profile("c-1"), profile("c-2")].map(|body| body[0].clone());
    let post = request("", "POST", "/batch/2.11/profiles/update", &json!(body));
    let incoming = Incoming {
        method: post.method,
        path: post.url,
        headers: post.headers,
        body: post.body.unwrap(),
        ..Incoming::default()
    };
    let answer: Value = serde_json::from_str(&sandbox.answer(&incoming).body).unwrap();
    assert_eq!(
        answer["errors"],
        json!([
            {"category": "attribute", "bulk_index": 1, "reason": "as told"},
            {"category": "attribute", "bulk_index": 2, "reason": "as told", "attribute": "plan"},
        ])
    );
    let saved = sandbox.save();
    assert_eq!(saved["batch"], json!({"project_a": {"c-0": {"plan": "gold"}, "c-2": {}}}));
    let mut later = Sandbox::new(Rates::Relaxed);
    later.load(saved.clone()).unwrap();
    assert_eq!(later.save(), saved);
    assert_eq!(later.answer(&incoming).body, r#"{"code":"SUCCESS"}"#);
}

#[test]
fn real_files() {
    let world = RealWorld::new();
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    for path in ["b/c.txt", "a.txt", ".git/config", "b/.hidden"] {
        world.append(&at(path), "one\n").unwrap();
        world.append(&at(path), "two\n").unwrap();
    }
    assert_eq!(world.read(&at("b/c.txt")).unwrap(), "one\ntwo\n");
    let listed = world.list(folder.path()).unwrap();
    assert_eq!(listed, ["a.txt", "b/.hidden", "b/c.txt"].map(PathBuf::from));
}
