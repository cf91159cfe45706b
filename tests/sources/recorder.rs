//! A destination that says yes to everything and remembers what it was sent, over plain HTTP on a port of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::{io, mem, thread};

use serde_json::Value;

/// Path and body of a request.
type Received = (String, Value);

pub struct Recorder {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Recorder {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let shared = received.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = shared.clone();
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Recorder { url, received }
    }

    /// What came in since the last look.
    pub fn take(&self) -> Vec<Received> {
        mem::take(&mut self.received.lock().unwrap())
    }
}

/// One connection, request after request, until the other side closes it.
fn serve(stream: TcpStream, received: &Mutex<Vec<Received>>) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let answer = r#"{"code":"SUCCESS"}"#;
    while let Some((path, length)) = head(&mut reader)? {
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        received.lock().unwrap().push((path, serde_json::from_slice(&body)?));
        let head =
            format!("HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: {}", answer.len());
        write!(writer, "{head}\r\n\r\n{answer}")?;
    }
    Ok(())
}

fn head(reader: &mut impl BufRead) -> io::Result<Option<(String, usize)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_string();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim_end().to_ascii_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap_or_default(),
            Some(_) => {}
            None => return Ok(Some((path, length))),
        }
    }
}
