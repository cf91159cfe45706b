//! The sandbox over real HTTP. Home of axum.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::header::HOST;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::sandbox::{Incoming, Reply, Sandbox};

/// Above what any vendor takes, so that the vendor's own answer is the one that is seen.
const BODY_BYTES_MAX: usize = 256 * 1024 * 1024;

type Shared = Arc<Mutex<Sandbox>>;

/// A sandbox that is being served.
pub struct Serving {
    /// Where, without a slash at its end.
    pub url: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Serving {
    /// Takes no new connections, answers what has come in, and ends.
    pub async fn stop(self) -> io::Result<()> {
        // The other end is gone where serving has ended already.
        let _ = self.stop.send(());
        self.task.await.map_err(io::Error::other)?
    }
}

/// Port 0 takes any that is free.
pub async fn serve(sandbox: Shared, address: SocketAddr) -> io::Result<Serving> {
    let listener = TcpListener::bind(address).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = Router::new().fallback(handle).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).with_state(sandbox);
    let service = router.into_make_service_with_connect_info::<Cut>();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = axum::serve(Lines(listener), service).with_graceful_shutdown(async {
        // A dropped handle stops it too.
        let _ = stopped.await;
    });
    Ok(Serving { url, stop, task: tokio::spawn(async { serving.await }) })
}

async fn handle(
    State(sandbox): State<Shared>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let incoming = incoming(&method, &uri, &headers, &body);
    let reply = sandbox.lock().unwrap_or_else(PoisonError::into_inner).answer(&incoming);
    tokio::time::sleep(Duration::from_millis(reply.delay_ms)).await;
    if reply.lost {
        cut.0.store(true, Ordering::Relaxed);
    }
    response(reply)
}

fn incoming(method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Incoming {
    let host = headers.get(HOST).map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()));
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Incoming {
        method: method.to_string(),
        origin: format!("http://{}", host.unwrap_or_default()),
        path: uri.path().into(),
        query: uri.query().unwrap_or_default().into(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(body).into(),
        at_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
    }
}

fn response(reply: Reply) -> Response {
    let headers = reply.headers.iter();
    let response =
        headers.fold(Response::builder().status(reply.status), |response, (name, value)| response.header(name, value));
    // Someone asked for a status or a header that HTTP does not have.
    response.body(reply.body.into()).unwrap_or_else(|error| {
        let mut response = Response::new(error.to_string().into());
        *response.status_mut() = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// Once set, nothing more is written to its connection, which then breaks. The server offers no other way to take a
/// request and give no answer.
#[derive(Clone, Default)]
struct Cut(Arc<AtomicBool>);

impl Cut {
    fn check(&self) -> io::Result<()> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(io::ErrorKind::ConnectionAborted.into()),
            false => Ok(()),
        }
    }
}

impl Connected<IncomingStream<'_, Lines>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().cut.clone()
    }
}

struct Lines(TcpListener);

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (Line { stream, cut: Cut::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection that can be cut.
struct Line {
    stream: TcpStream,
    cut: Cut,
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.cut.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.cut.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
