//! Just enough HTTP/1.1 to play a server by hand: a test must also be able to play a bad one.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A connection from a client.
pub type Connection = BufReader<TcpStream>;

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Request {
    /// When its last byte was read.
    pub at: Instant,
    /// `GET`, `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    headers: Vec<(String, String)>,
    /// The body, by Content-Length.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The names of all headers, in lower case.
    pub fn header_names(&self) -> Vec<String> {
        self.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect()
    }
}

/// Reads the next request of a connection; `None` once the client is done with it.
pub async fn read_request(connection: &mut BufReader<impl AsyncRead + Unpin>) -> Option<Request> {
    let first = read_line(connection).await?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let line = read_line(connection).await?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut request = Request { at: Instant::now(), method, path, headers, body: Vec::new() };
    let length = request.header("content-length").map_or(Some(0), |length| length.parse().ok())?;
    request.body = vec![0; length];
    connection.read_exact(&mut request.body).await.ok()?;
    request.at = Instant::now();
    Some(request)
}

async fn read_line(connection: &mut BufReader<impl AsyncRead + Unpin>) -> Option<String> {
    let mut line = String::new();
    connection.read_line(&mut line).await.ok().filter(|&read| read > 0)?;
    Some(line.trim_end().to_owned())
}

/// Answers with a complete body; the connection stays open.
pub async fn respond(
    connection: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>,
    status: u16,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<()> {
    let mut bytes = head(status, headers);
    if status != 304 {
        bytes.extend(format!("content-length: {}\r\n", body.len()).into_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    connection.write_all(&bytes).await
}

/// The status line and headers, without the empty line that ends them.
pub fn head(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Scripted\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.into_bytes()
}

/// A listening server; each connection is served by its own task. Dropped, it is gone.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Server {
    /// Listens on `address` (port 0: any free one) and serves each connection with `serve`.
    pub async fn start<F>(address: SocketAddr, serve: impl Fn(Connection) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await.expect("a loopback port can be had");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let (tracker, token) = (tasks.clone(), stop.clone());
        tasks.spawn(async move {
            while let Some(Ok((stream, _))) = token.run_until_cancelled(listener.accept()).await {
                let (serving, token) = (serve(BufReader::new(stream)), token.clone());
                tracker.spawn(async move {
                    let _ = token.run_until_cancelled(serving).await;
                });
            }
        });
        Self { address, tasks, stop }
    }

    /// Closes the port and every connection; afterwards the port refuses.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Any free port of 127.0.0.1.
pub fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}
