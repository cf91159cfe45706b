//! An editor, as far as the server can tell.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

pub struct Editor {
    folder: TempDir,
    server: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    number: u64,
    /// Diagnostics that came while something else was waited for, the oldest first.
    told: Vec<(String, Value)>,
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sendoff"));
    command.arg("lsp").current_dir(folder).env_remove("SENDOFF_ENV");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What it makes of text that no editor sends.
pub fn typed(text: &str) -> Output {
    let mut server = command(&std::env::temp_dir()).spawn().unwrap();
    server.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    server.wait_with_output().unwrap()
}

impl Editor {
    pub fn start(files: &[(&str, &str)]) -> Editor {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut server = command(folder.path()).spawn().unwrap();
        let (to, from) = (server.stdin.take(), BufReader::new(server.stdout.take().unwrap()));
        let mut editor = Editor { folder, server, to, from, number: 0, told: Vec::new() };
        let folders = json!([{"uri": editor.uri(""), "name": "shop"}]);
        let can = json!({"textDocument": {"completion": {"completionItem": {"snippetSupport": true}}}});
        let asked = json!({"processId": null, "capabilities": can, "workspaceFolders": folders});
        let answer = editor.request("initialize", asked).unwrap();
        assert_eq!(answer["serverInfo"]["name"], "sendoff");
        editor.notify("initialized", json!({}));
        editor
    }

    fn uri(&self, file: &str) -> String {
        let path = self.folder.path().canonicalize().unwrap().join(file);
        format!("file://{}", path.to_string_lossy().trim_end_matches('/'))
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let to = self.to.as_mut().unwrap();
        write!(to, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        to.flush().unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "the server has gone");
            match line.trim().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn keep(&mut self, message: &Value) {
        if message["method"] == "textDocument/publishDiagnostics" {
            let params = &message["params"];
            self.told.push((params["uri"].as_str().unwrap().to_string(), params["diagnostics"].clone()));
        }
    }

    fn request(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.number += 1;
        self.send(&json!({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}));
        loop {
            let message = self.receive();
            if message["id"] == self.number && message.get("method").is_none() {
                return match message["error"]["message"].as_str() {
                    Some(said) => Err(said.to_string()),
                    None => Ok(message["result"].clone()),
                };
            }
            self.keep(&message);
        }
    }

    /// The next diagnostics of a file.
    pub fn told(&mut self, file: &str) -> Value {
        let uri = self.uri(file);
        loop {
            if let Some(at) = self.told.iter().position(|(known, _)| *known == uri) {
                return self.told.remove(at).1;
            }
            let message = self.receive();
            self.keep(&message);
        }
    }

    /// Opens a file as it lies on the disk.
    pub fn open(&mut self, file: &str) -> Value {
        let text = std::fs::read_to_string(self.folder.path().join(file)).unwrap_or_default();
        let document = json!({"uri": self.uri(file), "languageId": "sendoff", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
        self.told(file)
    }

    pub fn send_text(&mut self, file: &str, text: &str) {
        let document = json!({"uri": self.uri(file), "version": 2});
        let changes = json!([{"text": text}]);
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    }

    /// Writes the whole text of an open file, and hears what is wrong with it.
    pub fn write(&mut self, file: &str, text: &str) -> Value {
        self.send_text(file, text);
        self.told(file)
    }

    pub fn ask(&mut self, file: &str, method: &str, more: &Value) -> Value {
        self.asked(file, method, more).unwrap()
    }

    fn asked(&mut self, file: &str, method: &str, more: &Value) -> Result<Value, String> {
        let mut params = json!({"textDocument": {"uri": self.uri(file)}});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.request(method, params)
    }

    /// Asks about the place where `|` stands in a text, which is what the file holds now.
    pub fn ask_at(&mut self, file: &str, text: &str, method: &str, more: &Value) -> Value {
        self.asked_at(file, text, method, more).unwrap()
    }

    pub fn refused_at(&mut self, file: &str, text: &str, method: &str, more: &Value) -> String {
        self.asked_at(file, text, method, more).unwrap_err()
    }

    fn asked_at(&mut self, file: &str, text: &str, method: &str, more: &Value) -> Result<Value, String> {
        let (before, after) = text.split_once('|').unwrap();
        self.open(file);
        self.send_text(file, &format!("{before}{after}"));
        let line = before.matches('\n').count();
        let character = before.rsplit('\n').next().unwrap().encode_utf16().count();
        let mut more = more.clone();
        more["position"] = json!({"line": line, "character": character});
        self.asked(file, method, &more)
    }

    /// Goes, and tells how the server ended.
    pub fn leave(mut self) -> i32 {
        self.request("shutdown", Value::Null).unwrap();
        self.notify("exit", Value::Null);
        self.to = None;
        self.server.wait().unwrap().code().unwrap()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
