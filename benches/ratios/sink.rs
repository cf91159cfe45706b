//! A destination that takes everything: what is left is the cost of sending. It notes when each request came.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

const YES: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

pub struct Sink {
    pub url: String,
    arrivals: Arc<Mutex<Vec<Instant>>>,
}

impl Sink {
    /// Answers until the bench ends, each request after so long.
    pub fn serve(latency: Duration) -> Result<Sink> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let arrivals = Arc::new(Mutex::new(Vec::new()));
        let noted = arrivals.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let noted = noted.clone();
                // A connection that breaks off is the client's to notice.
                thread::spawn(move || answer(&stream, latency, &noted));
            }
        });
        Ok(Sink { url, arrivals })
    }

    /// When the requests came since the last time this was asked, in order.
    pub fn arrivals(&self) -> Vec<Instant> {
        let mut arrivals = std::mem::take(&mut *lock(&self.arrivals));
        arrivals.sort();
        arrivals
    }
}

/// Requests a second, from the first to the last.
pub fn rate(arrivals: &[Instant]) -> f64 {
    match arrivals {
        [first, .., last] => (arrivals.len() - 1) as f64 / (*last - *first).as_secs_f64(),
        _ => 0.0,
    }
}

/// The most requests that any second saw.
pub fn busiest_second(arrivals: &[Instant]) -> usize {
    let within = |start: usize| arrivals[start..].partition_point(|at| *at - arrivals[start] < Duration::from_secs(1));
    (0..arrivals.len()).map(within).max().unwrap_or(0)
}

fn lock(arrivals: &Mutex<Vec<Instant>>) -> MutexGuard<'_, Vec<Instant>> {
    arrivals.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(mut stream: &TcpStream, latency: Duration, noted: &Mutex<Vec<Instant>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(1 << 16, stream);
    let mut body = Vec::new();
    loop {
        let mut length = 0;
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
            line.clear();
        }
        if line.is_empty() {
            return Ok(());
        }
        lock(noted).push(Instant::now());
        body.resize(length, 0);
        reader.read_exact(&mut body)?;
        thread::sleep(latency);
        stream.write_all(YES)?;
    }
}
