//! A destination that takes everything: what is left is the cost of sending. It notes when each request came.

use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

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
        listener.set_nonblocking(true)?;
        let noted = arrivals.clone();
        thread::spawn(move || {
            if let Err(error) = listen(listener, latency, &noted) {
                eprintln!("the server answers nobody any more: {error}");
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

/// One thread for all connections: with one for each, what a request costs is mostly the waking of its thread.
fn listen(listener: TcpListener, latency: Duration, noted: &Arc<Mutex<Vec<Instant>>>) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            // A connection that breaks off is the client's to notice.
            tokio::spawn(answer(stream, latency, noted.clone()));
        }
    })
}

async fn answer(mut stream: TcpStream, latency: Duration, noted: Arc<Mutex<Vec<Instant>>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut held = Vec::with_capacity(1 << 16);
    loop {
        let head = loop {
            if let Some(end) = held.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut held).await? == 0 {
                return Ok(());
            }
        };
        lock(&noted).push(Instant::now());
        let whole = head + body_length(&held[..head]);
        while held.len() < whole {
            if stream.read_buf(&mut held).await? == 0 {
                return Ok(());
            }
        }
        held.drain(..whole);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        stream.write_all(YES).await?;
    }
}

fn body_length(head: &[u8]) -> usize {
    let head = str::from_utf8(head).unwrap_or_default();
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.and_then(|(_, length)| length.trim().parse().ok()).unwrap_or(0)
}
