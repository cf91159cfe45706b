//! Stands in for the part of GitHub and GitLab that comments are written to. It keeps them in memory and answers as both do,
//! as far as `ci/comment.py` asks: a page of comments, a new one, another text for an old one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

#[derive(Default)]
pub struct Board {
    pub comments: Vec<String>,
    /// Method, path and authorization of each request.
    pub requests: Vec<String>,
    /// Answered in place of everything else.
    pub refuse: Option<u16>,
}

pub struct Receiver {
    pub url: String,
    pub board: Arc<Mutex<Board>>,
}

impl Receiver {
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let board: Arc<Mutex<Board>> = Arc::default();
        let kept = board.clone();
        // Ends with the test: the listener lives as long as the process.
        thread::spawn(move || listener.incoming().for_each(|stream| answer(stream.unwrap(), &kept)));
        Receiver { url, board }
    }

    pub fn comments(&self) -> Vec<String> {
        self.board.lock().unwrap().comments.clone()
    }

    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.board.lock().unwrap().requests)
    }
}

fn answer(stream: TcpStream, board: &Mutex<Board>) {
    let mut reader = BufReader::new(&stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_string());
    }
    let header = |name: &str| lines.iter().find_map(|line| line.to_lowercase().starts_with(name).then(|| line.clone()));
    let length = header("content-length:").and_then(|line| line[15..].trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let key = header("authorization:").or_else(|| header("private-token:")).unwrap_or_default();
    let asked = lines[0].trim_end_matches(" HTTP/1.1").to_string();
    let mut board = board.lock().unwrap();
    board.requests.push(format!("{asked} {key}").trim().to_string());
    let (status, told) = board.answer(&asked, &serde_json::from_slice(&body).unwrap_or_default());
    let told = told.to_string();
    let head = format!("HTTP/1.1 {status} Told\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", told.len());
    (&stream).write_all((head + &told).as_bytes()).unwrap();
}

impl Board {
    fn answer(&mut self, asked: &str, sent: &Value) -> (u16, Value) {
        if let Some(status) = self.refuse {
            return (status, json!({"message": "no"}));
        }
        let text = sent["body"].as_str().unwrap_or_default().to_string();
        let (method, path) = asked.split_once(' ').unwrap();
        match method {
            "GET" => (200, self.page(path)),
            "POST" => {
                self.comments.push(text);
                (201, json!({"id": self.comments.len()}))
            }
            _ => {
                let id: usize = path.rsplit('/').next().unwrap().parse().unwrap();
                self.comments[id - 1] = text;
                (200, json!({"id": id}))
            }
        }
    }

    fn page(&self, path: &str) -> Value {
        let number: usize = path.rsplit("page=").next().unwrap().parse().unwrap();
        let all = self.comments.iter().enumerate().map(|(at, body)| json!({"id": at + 1, "body": body}));
        all.skip((number - 1) * 100).take(100).collect()
    }
}
