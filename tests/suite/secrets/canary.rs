//! Every secret of every built-in destination and of every kind of source, marked; the sandbox behind a door that says back
//! all it hears. Whatever commands print, log or store, the marks are not in it.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sendoff::catalog::{DefinitionFile, builtin, read};
use sendoff::diag::Sources;
use sendoff::sandbox::{Incoming, Rates, Sandbox};

use super::*;

/// Each has its activations, so that no way of opening a destination is left out: the name of the destination, its kind,
/// settings, and what is said of the activation.
const WAYS: [(&str, &str, &str, &str); 9] = [
    (
        "attentive",
        "attentive",
        "",
        "to attentive.users { single_up_to = 50 }\n mode update\n identify { email }\n map { name -> first_name }",
    ),
    (
        "batch",
        "batch",
        "project_key = \"sandbox\"",
        "to batch.profiles\n identify { id -> custom_id }\n custom { name }",
    ),
    (
        "dotdigital",
        "dotdigital",
        "region = \"r1\"\n user = \"user\"",
        "to dotdigital.contacts\n mode upsert\n identify { email }\n map { name -> FIRSTNAME }",
    ),
    (
        "emarsys",
        "emarsys",
        "client_id = \"client\"",
        "to emarsys.contacts\n mode update { new_rows = send }\n identify { email }\n map { name -> first_name }",
    ),
    (
        "emarsys_signed",
        "emarsys",
        "wsse_user = \"account001\"",
        "to emarsys_signed.contacts\n mode update { new_rows = send }\n identify { email }\n map { name -> first_name { shared = true } }",
    ),
    (
        "voyado",
        "voyado",
        "tenant = \"acme\"",
        "to voyado.contacts { contact_type = \"Member\" }\n mode update { new_rows = send }\n identify { id -> external_id }\n map { name -> firstName }",
    ),
    (
        "http_bearer",
        "http",
        "url = \"https://bearer.example\"",
        "to http_bearer.rows { added { path = \"/people\" } }\n identify { id }\n map { name }",
    ),
    (
        "http_pair",
        "http",
        "url = \"https://pair.example\"",
        "to http_pair.rows { added { path = \"/people\" } }\n identify { id }\n map { name }",
    ),
    (
        "http_key",
        "http",
        "url = \"https://key.example\"",
        "to http_key.rows { added { path = \"/people\", body { id = \"{{ record.identifier }}\", name = \"{{ record.fields.name }}\", key = \"{{ setting.auth.key }}\" } } }\n identify { id }\n map { name }",
    ),
];

/// Where a way names some of its destination's secrets, or writes them in a form of its own.
fn secrets(way: &str, name: &str) -> Option<String> {
    let env = |part: &str| format!("env(\"{}\")", variable(way, part));
    match (way, name) {
        ("emarsys", "wsse_secret") | ("emarsys_signed", "client_secret") => None,
        ("http_bearer", "auth") => Some(format!("auth {{ bearer = {} }}", env("bearer"))),
        ("http_pair", "auth") => Some(format!("auth {{ user = {}, password = {} }}", env("user"), env("password"))),
        ("http_key", "auth") => Some(format!("auth {{ key = {}, bearer = {} }}", env("key"), env("bearer"))),
        (_, "headers") => Some(format!("headers {{ \"X-Own\" = {}, \"X-Plain\" = \"plain\" }}", env("header"))),
        _ => Some(format!("{name} = {}", env(name))),
    }
}

/// Names of variables hold no mark: they stand in the files.
fn variable(way: &str, part: &str) -> String {
    format!("{way}_{part}").to_uppercase()
}

/// In the end there is none.
const TROUBLES: [&str; 5] = ["401", "400", "500", "garbled", "none"];

/// Said under all troubles, and what else there is to say in the end.
const OFTEN: [&str; 3] = ["run --log json", "rejected", "explain http_key one --format json"];
const IN_THE_END: [&str; 13] = [
    "check --format json",
    "plan --values --format json",
    "plan --values --format markdown",
    "settle --log json",
    "run --full --format json",
    "rejected --format json",
    "history",
    "history --format json",
    "ledger list",
    "explain batch one",
    "explain emarsys one",
    "explain voyado one",
    "retire http_key --forget --log json",
];

#[test]
fn marked_secrets_show_nowhere() {
    let door = Door::open();
    let folder = tempfile::tempdir().unwrap();
    let variables = project(folder.path());
    let mut told = String::new();
    for trouble in TROUBLES {
        door.is(trouble);
        fs::write(folder.path().join("rows.csv"), format!("id,email,name\none,ann@a.example,Ann {trouble}\n")).unwrap();
        let rest = if trouble == "none" { &IN_THE_END[..] } else { &[] };
        for command in OFTEN.iter().chain(rest) {
            let sandboxed = format!("{command} --sandbox={}", door.url);
            let command = if command.starts_with("check") { command } else { sandboxed.as_str() };
            told += &format!("\n$ sendoff {command}   # {trouble}\n{}", run(folder.path(), command, &variables));
        }
    }
    for proof in ["***", "bearer.example", "\"level\":\"TRACE\""] {
        assert!(told.contains(proof), "`{proof}` is not told, so little was:\n{told}");
    }
    let heard = door.heard();
    // A signature is made with its secret, which never travels.
    for (name, value) in variables.iter().filter(|(name, _)| name != "EMARSYS_SIGNED_WSSE_SECRET") {
        assert!(heard.contains(value.as_str()), "the destinations were never told `{name}`");
    }
    nowhere(&told, folder.path(), &door.credentials());
}

/// At any level but the most talkative, which shows what DuckDB and the destinations are told.
#[test]
fn logs_name_nobody() {
    let door = Door::open();
    let folder = tempfile::tempdir().unwrap();
    let variables = project(folder.path());
    for trouble in ["none", "400", "none"] {
        door.is(trouble);
        fs::write(folder.path().join("rows.csv"), format!("id,email,name\nWH0,WH0@a.example,WH0 {trouble}\n")).unwrap();
        for level in ["info", "debug"] {
            let arguments = format!("run --log json --sandbox={}", door.url);
            let mut command = Command::new(env!("CARGO_BIN_EXE_sendoff"));
            command.current_dir(folder.path()).args(arguments.split(' ')).envs(variables.iter().cloned());
            let output = command.env("SENDOFF_LOG", level).output().unwrap();
            let log = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(log.contains("\"done\""), "{log}");
            let named = log.lines().find(|line| line.to_uppercase().contains("WH0"));
            assert!(named.is_none(), "somebody is named at level {level}: {}", named.unwrap_or_default());
        }
    }
}

/// What a pipeline may compute with is its rows: no file of the machine, no variable, none of DuckDB's own secrets.
#[test]
fn expressions_see_no_files_and_no_variables() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
    fs::write(outside.path(), "a\nM4RK\n").unwrap();
    let path = outside.path().display();
    fs::write(folder.path().join("rows.csv"), "id\none\n").unwrap();
    let variables = [("KEY".to_string(), "key-M4RK".to_string()), ("SEEN".to_string(), "M4RK".to_string())];
    for expression in [
        format!("(select content from read_text('{path}'))"),
        format!("(select a from read_csv('{path}'))"),
        format!("(select a from '{path}')"),
        "getenv('SEEN')".to_string(),
        "(select any_value(secret_string) from duckdb_secrets())".to_string(),
        "(select any_value(value) from duckdb_settings() where value like '%' || 'M4' || 'RK%')".to_string(),
    ] {
        let text = format!(
            "destination crm = batch {{ rest_api_key = env(\"KEY\"), project_key = \"sandbox\" }}\n\
             model rows {{ from file \"rows.csv\", key id }}\n\
             activation them {{ from rows, to crm.profiles, identify {{ id -> custom_id }}, custom {{ {expression} -> seen }} }}\n"
        );
        fs::write(folder.path().join("project.sendoff"), text).unwrap();
        let told: String = ["check", "plan --values --sandbox", "run --sandbox --format json"]
            .iter()
            .map(|command| run(folder.path(), command, &variables))
            .collect();
        nowhere(&told, &folder.path().join(".sendoff"), &BTreeSet::new());
    }
}

/// Sources are not asked over HTTP: a server that is not there lets their drivers speak.
#[test]
fn sources_keep_their_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let mut variables = vec![("ALERT".to_string(), "http://127.0.0.1:9/hook-M4RK".to_string())];
    let mut text = "project { notify = env(\"ALERT\") }\ndestination crm = batch { rest_api_key = env(\"KEY\"), project_key = \"sandbox\" }\n".to_string();
    variables.push(("KEY".into(), "key-M4RK".into()));
    for (kind, url) in [
        ("postgres", "postgres://ann:pass-M4RK@127.0.0.1:9/shop"),
        ("mysql", "mysql://ann:pass%2DM4RK@127.0.0.1:9/shop"),
    ] {
        variables.push((kind.to_uppercase(), url.into()));
        text += &format!(
            "source {kind}_there = {kind} {{ url = env(\"{}\") }}\n\
             model {kind}_rows {{ from {kind}_there table rows, key id }}\n\
             activation {kind}_them {{ from {kind}_rows, to crm.profiles, identify {{ id -> custom_id }}, custom {{ name -> {kind} }} }}\n",
            kind.to_uppercase()
        );
    }
    fs::write(folder.path().join("project.sendoff"), text).unwrap();
    let commands =
        ["check --online", "plan", "plan --only mysql_them", "run --log json", "run --only mysql_them --log json"];
    let told: String = commands.iter().map(|command| run(folder.path(), command, &variables)).collect();
    assert!(told.contains("postgres_there"), "{told}");
    nowhere(&told, folder.path(), &BTreeSet::new());
}

fn nowhere(told: &str, folder: &Path, credentials: &BTreeSet<String>) {
    for secret in credentials.iter().map(String::as_str).chain([MARK]) {
        let shown = told.lines().find(|line| line.contains(secret));
        assert!(shown.is_none(), "`{secret}` shows: {}", shown.unwrap_or_default());
        let stored = holding(folder, secret);
        assert!(stored.is_none(), "`{secret}` is stored in {}", stored.unwrap_or_default());
    }
}

fn run(folder: &Path, arguments: &str, variables: &[(String, String)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sendoff"));
    command.current_dir(folder).args(arguments.split_whitespace()).envs(variables.iter().cloned());
    command.env("SENDOFF_LOG", "trace").env("RUST_BACKTRACE", "1").stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let id = child.id();
    let (done, ended) = mpsc::channel();
    thread::spawn(move || done.send(child.wait_with_output()));
    let Ok(output) = ended.recv_timeout(Duration::from_secs(60)) else {
        let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        let output = ended.recv().unwrap().unwrap();
        let heard = String::from_utf8_lossy(&output.stderr).into_owned();
        panic!("`{arguments}` does not end: {}", heard.lines().rev().take(12).collect::<Vec<_>>().join("\n"));
    };
    let output = output.unwrap();
    format!("{}{}\n", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Writes the project, and gives its variables: each secret that a destination has, once for each way.
fn project(folder: &Path) -> Vec<(String, String)> {
    let mut sources = Sources::default();
    let files: Vec<DefinitionFile> = builtin()
        .into_iter()
        .map(|(path, text)| {
            let file = sources.add(path.to_string(), text.to_string());
            DefinitionFile { file, path: path.to_string(), text: text.to_string() }
        })
        .collect();
    let (catalog, _) = read(&files);
    for destination in catalog.destinations.values() {
        let kind = destination.kind.as_str();
        assert!(WAYS.iter().any(|way| way.1 == kind), "`{kind}` has no way here");
    }
    let mut text = "model rows { from file \"rows.csv\", key id }\n".to_string();
    for (way, kind, settings, activation) in WAYS {
        let destination = catalog.destinations.values().find(|one| one.kind.as_str() == kind).unwrap();
        let secret = destination.settings.iter().filter(|setting| setting.secret);
        let lines: Vec<String> = secret.filter_map(|setting| secrets(way, setting.name.as_str())).collect();
        text += &format!("destination {way} = {kind} {{\n {settings}\n {}\n}}\n", lines.join("\n "));
        text += &format!("activation {way} {{\n from rows\n {activation}\n}}\n");
    }
    fs::write(folder.join("project.sendoff"), &text).unwrap();
    let named = text.split("env(\"").skip(1).filter_map(|rest| rest.split('"').next());
    // Quotes and slashes are spelt otherwise in JSON and in URLs; signs of headers they are not.
    let marked = named.map(|name| (name.to_string(), format!("{}/M4RK\"{}", name.to_lowercase(), name.len())));
    marked.collect()
}

/// The sandbox, behind a door that hears all and, as long as there is trouble, says it back.
struct Door {
    url: String,
    inside: Arc<Mutex<Inside>>,
}

struct Inside {
    sandbox: Sandbox,
    trouble: &'static str,
    heard: String,
    credentials: BTreeSet<String>,
    /// What a token is called inside; outside it has a mark.
    token: String,
    /// Vendors that were met with the trouble.
    met: BTreeSet<String>,
}

const TOKEN: &str = "token-M4RK";

impl Door {
    fn open() -> Door {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inside = Arc::new(Mutex::new(Inside {
            sandbox: Sandbox::new(Rates::Relaxed),
            trouble: "none",
            heard: String::new(),
            credentials: BTreeSet::new(),
            token: String::new(),
            met: BTreeSet::new(),
        }));
        let (origin, within) = (url.clone(), inside.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (origin, within) = (origin.clone(), within.clone());
                thread::spawn(move || answer(stream, &origin, &within));
            }
        });
        Door { url, inside }
    }

    fn is(&self, trouble: &'static str) {
        let mut inside = self.inside.lock().unwrap();
        inside.trouble = trouble;
        inside.met.clear();
    }

    /// All that was heard, as it was meant.
    fn heard(&self) -> String {
        self.inside.lock().unwrap().heard.clone()
    }

    /// What was made of secrets for a header, as a whole and without its first word.
    fn credentials(&self) -> BTreeSet<String> {
        self.inside.lock().unwrap().credentials.clone()
    }
}

fn answer(mut stream: TcpStream, origin: &str, inside: &Mutex<Inside>) {
    let Some((line, headers, body)) = super::heard(&stream) else { return };
    let (status, kind, told) = inside.lock().unwrap().reply(&line, &headers, &body, origin);
    let head = format!("HTTP/1.1 {status} Told\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n", told.len());
    let _ = stream.write_all(format!("{head}Connection: close\r\n\r\n{told}").as_bytes());
}

impl Inside {
    /// Status, content type and body.
    fn reply(&mut self, line: &str, headers: &Map<String, Value>, body: &str, origin: &str) -> (u16, String, String) {
        self.note(line, headers, body);
        let is_token = line.contains("/oauth2/token");
        let vendor = line.split('/').nth(1).unwrap_or_default().to_string();
        let said_back = format!("{line} {} {body}", Value::Object(headers.clone()));
        let refused = |status| (status, "application/json".to_string(), echo(&said_back));
        match self.trouble {
            "401" => refused(401),
            "400" => refused(400),
            // Once each, so that waiting for the next attempt does not take long.
            "500" if self.met.insert(vendor) => refused(500),
            "garbled" if !is_token => (200, "text/plain".into(), said_back),
            _ => self.asked(line, headers, body, origin, is_token),
        }
    }

    fn asked(
        &mut self,
        line: &str,
        headers: &Map<String, Value>,
        body: &str,
        origin: &str,
        is_token: bool,
    ) -> (u16, String, String) {
        let mut words = line.split_whitespace();
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let within = |value: &Value| value.as_str().unwrap_or_default().replace(TOKEN, &self.token);
        let reply = self.sandbox.answer(&Incoming {
            method: method.into(),
            origin: origin.into(),
            path: path.into(),
            query: query.into(),
            headers: headers.iter().map(|(name, value)| (name.clone(), within(value))).collect(),
            body: body.into(),
            at_ms: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis() as u64,
        });
        let kind = reply.headers.iter().find(|(name, _)| name == "content-type").map(|(_, kind)| kind.clone());
        let told = if is_token { self.marked(&reply.body) } else { reply.body };
        (reply.status, kind.unwrap_or_else(|| "application/json".into()), told)
    }

    fn note(&mut self, line: &str, headers: &Map<String, Value>, body: &str) {
        self.heard += &format!("{line}\n{}\n", body.replace("\\\"", "\""));
        for (name, value) in headers.iter().filter_map(|(name, value)| Some((name, value.as_str()?))) {
            self.heard += &format!("{value}\n");
            if let Some(pair) = value.strip_prefix("Basic ") {
                self.heard += &format!("{}\n", decoded(pair));
            }
            if ["authorization", "x-wsse"].contains(&name.as_str()) {
                self.credentials.insert(value.to_string());
                self.credentials.extend(value.split_once(' ').map(|(_, rest)| rest.to_string()));
            }
        }
    }

    fn marked(&mut self, body: &str) -> String {
        let told: Value = serde_json::from_str(body).unwrap_or_default();
        self.token = told["access_token"].as_str().unwrap_or_default().to_string();
        if self.token.is_empty() { body.to_string() } else { body.replace(&self.token, TOKEN) }
    }
}

/// A refusal, in the shapes in which one is told anywhere.
fn echo(all: &str) -> String {
    let words = ["message", "error", "error_message", "errorCode", "description", "replyText", "Message", "detail"];
    let told: Map<String, Value> = words.iter().map(|word| (word.to_string(), json!(all))).collect();
    Value::Object(told).to_string()
}

fn decoded(pair: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(pair).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
