//! Larder, over HTTP, one request after the other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

#[derive(Default)]
struct Holds {
    requests: Vec<String>,
    lists: Vec<String>,
    attributes: Vec<String>,
}

pub struct Larder {
    pub url: String,
    holds: Arc<Mutex<Holds>>,
}

impl Larder {
    pub fn open() -> Larder {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let holds = Arc::<Mutex<Holds>>::default();
        let shared = holds.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &shared);
            }
        });
        Larder { url, holds }
    }

    /// What came in since the last time.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.holds.lock().unwrap().requests)
    }
}

fn answer(stream: TcpStream, holds: &Mutex<Holds>) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let request = line.rsplit_once(' ').map(|(request, _)| request.to_string()).unwrap_or_default();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        match header.trim().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap()
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (status, reply) =
        reply(&mut holds.lock().unwrap(), &request, &serde_json::from_slice(&body).unwrap_or_default());
    let reply = reply.to_string();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", reply.len());
    reader.get_mut().write_all((head + &reply).as_bytes()).unwrap();
}

fn reply(holds: &mut Holds, request: &str, body: &Value) -> (u16, Value) {
    holds.requests.push(request.to_string());
    let listed =
        |names: &[String]| names.iter().enumerate().map(|(at, name)| json!({"id": at + 1, "name": name})).collect();
    let name = body["name"].as_str().unwrap_or_default().to_string();
    match request {
        "GET /lists" => (200, listed(&holds.lists)),
        "GET /attributes" => (200, listed(&holds.attributes)),
        "POST /lists" => {
            holds.lists.push(name);
            (201, json!({"id": holds.lists.len()}))
        }
        "POST /attributes" => {
            holds.attributes.push(name);
            (201, json!({}))
        }
        _ => (200, json!({})),
    }
}
