//! Secrets with a mark in them, at a vendor that echoes all it hears: whatever is printed, logged or stored afterwards must
//! not hold the mark.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use serde_json::{Map, Value, json};

#[path = "secrets/canary.rs"]
mod canary;

const MARK: &str = "M4RK";

/// What headers make of secrets: `user:key-...` and `user:pass...`, in base64, whose letters hold no mark.
const PAIRS: [&str; 2] = ["dXNlcjprZXktTTRSSy0xLyI", "dXNlcjpwYXNzLU00UkstMg"];

/// Where a reason comes from, or what ends the run.
const HOW: [&str; 10] =
    ["reason", "excerpt", "whole", "split", "stop", "stop_bare", "records", "job", "listing", "token"];

#[test]
fn echoed_secrets_show_nowhere() {
    let port = serve();
    for how in HOW {
        let folder = tempfile::tempdir().unwrap();
        project(folder.path(), how, port);
        let mut told = String::new();
        for command in if ["records", "job"].contains(&how) { &COMMANDS[..] } else { &COMMANDS[..COMMON] } {
            told += &format!("$ sendoff {command}\n{}", sendoff(folder.path(), command));
        }
        assert!(told.contains("***"), "`{how}` says nothing that was masked:\n{told}");
        assert!(how != "records" || told.contains(r#""x-own\":\"***\",\"x-plain\":\"plain\""#), "{told}");
        for secret in PAIRS.iter().chain([&MARK]) {
            let shown = told.lines().find(|line| line.contains(secret));
            assert!(shown.is_none(), "`{how}` shows a secret: {}\n\n{told}", shown.unwrap_or_default());
            if let Some(file) = holding(&folder.path().join(".sendoff"), secret) {
                panic!("`{how}` stores a secret in {file}");
            }
        }
    }
}

/// The first of them are tried everywhere, the others where there is most to tell.
const COMMON: usize = 6;
const COMMANDS: [&str; 14] = [
    "plan --values",
    "run --log json",
    "settle",
    "rejected --format json",
    "explain them one",
    "history --format json",
    "run --format json",
    "settle --format json",
    "plan --values",
    "plan --values --format json",
    "plan --values --format markdown",
    "rejected",
    "explain them two --format json",
    "history",
];

fn sendoff(folder: &Path, arguments: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sendoff"));
    command.current_dir(folder).args(arguments.split_whitespace());
    // The second key needs escaping in JSON and in URLs.
    let secrets =
        [("KEY", "key-M4RK-1/\""), ("PASS", "pass-M4RK-2"), ("HEADER", "header-M4RK-3"), ("SENDOFF_LOG", "trace")];
    let output = command.envs(secrets).output().unwrap();
    format!("{}{}\n", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn project(folder: &Path, how: &str, port: u16) {
    let echo = folder.join("destinations/echo");
    fs::create_dir_all(&echo).unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/secrets/echo");
    let refuses = if how == "token" { "/refused" } else { "" };
    for file in ["connection.yaml", "rows.yaml"] {
        let text = fs::read_to_string(from.join(file)).unwrap();
        let text = text.replace("http://127.0.0.1:1", &format!("http://127.0.0.1:{port}"));
        let text = text.replace("http://127.0.0.1:2", &format!("http://127.0.0.1:{port}{refuses}"));
        fs::write(echo.join(file), text).unwrap();
    }
    fs::write(folder.join("rows.csv"), "id,name\none,Ann\ntwo,Bo\nthree,Cy\n").unwrap();
    let text = format!(
        r#"destination echo = echo {{
  api_key = env("KEY")
  user = "user"
  password = env("PASS")
  headers {{ "X-Own" = env("HEADER"), "X-Plain" = "plain" }}
}}
model rows {{ from file "rows.csv", key id }}
activation them {{
  from rows
  to echo.rows {{ how = "{how}" }}
  mode upsert
  identify {{ id }}
  map {{ name }}
}}
"#
    );
    fs::write(folder.join("project.sendoff"), text).unwrap();
}

fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(stream, port)));
    port
}

/// Everything that came in goes back: as text, as text that is cut in the middle of a secret, item by item.
fn answer(mut stream: TcpStream, port: u16) {
    let Some((line, headers, body)) = heard(&stream) else { return };
    let status = if line.contains("/400") {
        400
    } else if line.contains("/refused") {
        401
    } else {
        200
    };
    let all = format!("{line} {} {body}", Value::Object(headers.clone()));
    let cut = |before: usize| format!("{} {all}", "x".repeat(before));
    let key = headers.get("x-key").and_then(Value::as_str).unwrap_or_default();
    let told = json!({
        "message": format!("{}{key} {all}", "x".repeat(300 - 6)),
        "token": "token-M4RK-4",
        "job": "17",
        "url": format!("http://127.0.0.1:{port}/file?signature=M4RK"),
        "items": [{"id": "one", "field": all, "why": all}, {"id": "nobody", "why": cut(280)}],
        "headers": headers,
        "heard": all,
    });
    let told = told.to_string();
    let head =
        format!("HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", told.len());
    let _ = stream.write_all(format!("{head}Connection: close\r\n\r\n{told}").as_bytes());
}

fn heard(stream: &TcpStream) -> Option<(String, Map<String, Value>, String)> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_string()),
        }
    }
    let first = lines.first()?.clone();
    let pairs = lines.iter().skip(1).filter_map(|line| line.split_once(": "));
    let headers: Map<String, Value> = pairs.map(|(name, value)| (name.to_lowercase(), json!(value))).collect();
    let length = headers.get("content-length").and_then(|length| length.as_str()?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first, headers, String::from_utf8_lossy(&body).into_owned()))
}

/// A file below the folder that holds the text. Ledgers of a few rows keep texts as they are.
fn holding(folder: &Path, text: &str) -> Option<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.into_iter().find_map(|path| match path.is_dir() {
        true => holding(&path, text),
        false => {
            let bytes = fs::read(&path).ok()?;
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            found.then(|| path.display().to_string())
        }
    })
}
