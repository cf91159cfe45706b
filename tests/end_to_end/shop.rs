//! A project in a folder of its own, and a sandbox that is served for it alone.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;

pub struct Shop {
    pub folder: TempDir,
    pub url: String,
    serving: Child,
}

/// What a command said, and how it ended.
pub struct Said {
    text: String,
    code: Option<i32>,
}

const PROJECT: &str = "
destination crm = batch {
  rest_api_key = env(\"BATCH_KEY\")
  base_url = \"URL/batch\"
  project_key = \"project_1\"
}
model customers {
  from file \"customers.csv\" { types { id = \"varchar\", city = \"varchar\" } }
  key id
}
activation contacts {
  from customers
  to crm.profiles
  identify { id -> custom_id }
  custom {
    city
  }
}
";

/// A service of a project's own that writes its rows with one call. What else that call is comes behind it, indented alike.
pub const ROWS: &str = r#"
title: Rows
identifiers:
  id: {at: /id, as: text}
fields:
  city: {at: /city, as: text}
modes:
  upsert:
    - {rows: [added, changed], steps: [{call: write}]}
calls:
  write:
    method: PUT
"#;

impl Shop {
    /// So many customers, all of them in Oslo.
    pub fn open(customers: usize) -> Shop {
        let shop = Shop::of(PROJECT);
        shop.write(0..customers, |_| "Oslo");
        shop
    }

    /// A project of its own; `URL` in it becomes the address of the sandbox.
    pub fn of(project: &str) -> Shop {
        let mut command = Command::new(BINARY);
        let mut serving = command.args(["sandbox", "--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(serving.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
        let url = url.trim_end_matches(';').to_string();
        let shop = Shop { folder: tempfile::tempdir().unwrap(), url, serving };
        shop.append("shop.sendoff", &project.replace("URL", &shop.url));
        shop
    }

    pub fn write(&self, customers: impl Iterator<Item = usize>, city: impl Fn(usize) -> &'static str) {
        let lines: String = customers.map(|at| format!("c-{at:05},{}\n", city(at))).collect();
        fs::write(self.path("customers.csv"), format!("id,city\n{lines}")).unwrap();
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub fn append(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        let before = fs::read_to_string(self.path(name)).unwrap_or_default();
        fs::write(self.path(name), before + text).unwrap();
    }

    pub fn replace(&self, name: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(old));
        fs::write(self.path(name), text.replace(old, new)).unwrap();
    }

    pub fn sendoff(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(arguments).current_dir(self.folder.path()).env("BATCH_KEY", KEY).env("NO_COLOR", "1");
        for name in ["SENDOFF_ENV", "SENDOFF_LOG", "GITHUB_ACTIONS"] {
            command.env_remove(name);
        }
        command
    }

    pub fn command(&self, arguments: &[&str]) -> Said {
        Said::of(self.sendoff(arguments).output().unwrap())
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        self.command(&[&["run"], arguments].concat())
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.sendoff(&[arguments, &["--format", "json"]].concat()).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", Said::of(output).text))
    }

    /// What came in since the last [`Shop::forget`].
    pub fn requests(&self) -> Vec<Value> {
        self.ask("GET", "requests", "").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Each record of them, with its attributes.
    pub fn attributes(&self) -> Vec<(String, Value)> {
        let requests = self.requests().into_iter();
        let records = requests.flat_map(|request| request["body"].as_array().cloned().unwrap_or_default());
        let parts = |record: Value| {
            (record["identifiers"]["custom_id"].as_str().unwrap().to_string(), record["attributes"].clone())
        };
        records.map(parts).collect()
    }

    /// What came in so far is no longer of interest.
    pub fn forget(&self) {
        self.ask("DELETE", "requests", "");
    }

    /// Identifiers of the records that came in since then, sorted.
    pub fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.attributes().into_iter().map(|(id, _)| id).collect();
        ids.sort();
        ids
    }

    /// As if the sandbox had just begun.
    pub fn empty(&self) {
        self.ask("POST", "reset", "");
    }

    /// What a vendor holds.
    pub fn state(&self, vendor: &str) -> Value {
        serde_json::from_str(&self.ask("GET", &format!("state/{vendor}"), "")).unwrap()
    }

    /// The city of each profile that the destination holds in the project.
    pub fn cities(&self) -> BTreeMap<String, String> {
        let state = self.state("batch");
        let profiles = state["project_1"].as_object().unwrap();
        profiles.iter().map(|(id, profile)| (id.clone(), profile["city"].as_str().unwrap().to_string())).collect()
    }

    pub fn misbehave(&self, fault: &Value) {
        self.ask("POST", "misbehave", &fault.to_string());
    }

    pub fn behave(&self) {
        self.ask("DELETE", "misbehave", "");
    }

    fn ask(&self, method: &str, route: &str, body: &str) -> String {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} /_sandbox/{route} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_string()
    }

    /// Everything below the project's folder but its own files.
    pub fn kept(&self) -> Vec<(String, Vec<u8>)> {
        let (mut kept, mut open) = (Vec::new(), vec![self.path(".sendoff")]);
        while let Some(path) = open.pop() {
            match path.is_dir() {
                true => open.extend(fs::read_dir(&path).unwrap().flatten().map(|entry| entry.path())),
                false => kept.push((path.display().to_string(), fs::read(&path).unwrap())),
            }
        }
        assert!(!kept.is_empty());
        kept
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.serving.kill();
        let _ = self.serving.wait();
    }
}

impl Said {
    pub fn of(output: Output) -> Said {
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        Said { text, code: output.status.code() }
    }

    pub fn done(self) -> Said {
        self.ends(0)
    }

    pub fn ends(self, code: i32) -> Said {
        assert_eq!(self.code, Some(code), "{}", self.text);
        self
    }

    pub fn says(&self, part: &str) {
        assert!(self.text.contains(part), "`{part}` is not in:\n{}", self.text);
    }

    pub fn hides(&self, secret: &str) {
        assert!(!self.text.contains(secret), "it shows a secret:\n{}", self.text);
    }

    /// The whole number before these words.
    pub fn number(&self, before: &str) -> usize {
        let (head, _) = self.text.split_once(before).unwrap_or_else(|| panic!("`{before}` is not in:\n{}", self.text));
        head.split_whitespace().last().unwrap().replace(',', "").parse().unwrap()
    }
}
