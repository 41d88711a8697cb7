//! A receiver on loopback that does what a test tells it, and remembers what it was asked.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep,
};

use crate::{
    model::{EventKind, Format, Notifier, NotifierFilter, NotifierKind, NotifierName, Webhook},
    secret::{SecretUrl, SigningKey},
};

/// What to do with one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Answers with this status and no body.
    Status(u16),
    /// Sends these bytes.
    Raw(String),
    /// Sends a head that announces 1000 bytes, and then one of them every 50 ms.
    Trickle(u16),
    /// Sends a body without end.
    Endless(u16),
    /// Closes without a word.
    Close,
    /// Says nothing.
    Hang,
}

/// One request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `POST /path HTTP/1.1`.
    pub(crate) line: String,
    /// Header lines, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A running receiver; it stops when dropped.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Receiver {
    /// Starts one that asks `script` what to do with each request; it is given its number, from 0.
    pub(crate) async fn start(script: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, script) = (Arc::clone(&requests), Arc::new(script));
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                connections.spawn(serve(stream, Arc::clone(&seen), Arc::clone(&script)));
            }
        });
        Self { address, requests, connections, _tasks: tasks }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no panic").clone()
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Waits until so many requests came in.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Request> {
        loop {
            let requests = self.requests();
            if requests.len() >= count {
                return requests;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// A webhook to this receiver, signed with the key of the public test vector.
    pub(crate) fn webhook(&self) -> Webhook {
        let url = format!("http://user:canary-password@{}/hooks/canary-path", self.address);
        Webhook {
            url: SecretUrl::new(url.parse().expect("url")),
            secrets: vec![SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("key")],
            headers: vec![],
            timeout: None,
            ca_file: None,
            to: None,
            content_type: "application/json".to_owned(),
            template: None,
        }
    }

    pub(crate) fn notifier(&self, name: &str) -> Notifier {
        Notifier {
            name: NotifierName::from(name),
            kind: NotifierKind::Webhook(self.webhook()),
            format: Format::Standard,
            events: vec![EventKind::Alert],
            filter: NotifierFilter::default(),
            concurrency: 4,
            rate: None,
            enabled: true,
        }
    }
}

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<Request>>>, script: Arc<impl Fn(usize) -> Reply>) {
    while let Some(request) = read_request(&mut stream).await {
        let number = {
            let mut seen = seen.lock().expect("no panic");
            seen.push(request);
            seen.len() - 1
        };
        if answer(&mut stream, script(number)).await.is_none() {
            return;
        }
    }
}

/// `None` once the connection is of no more use.
async fn answer(stream: &mut TcpStream, reply: Reply) -> Option<()> {
    match reply {
        Reply::Status(status) => {
            let head = format!("HTTP/1.1 {status} Some Reason\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(head.as_bytes()).await.ok()
        }
        Reply::Raw(text) => {
            stream.write_all(text.as_bytes()).await.ok()?;
            None
        }
        Reply::Trickle(status) => {
            let head = format!("HTTP/1.1 {status} Some Reason\r\ncontent-length: 1000\r\n\r\n");
            stream.write_all(head.as_bytes()).await.ok()?;
            loop {
                stream.write_all(b".").await.ok()?;
                sleep(Duration::from_millis(50)).await;
            }
        }
        Reply::Endless(status) => {
            let head = format!("HTTP/1.1 {status} Some Reason\r\n\r\n");
            stream.write_all(head.as_bytes()).await.ok()?;
            loop {
                stream.write_all(&[b'z'; 8192]).await.ok()?;
            }
        }
        Reply::Close => None,
        Reply::Hang => std::future::pending().await,
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        read_more(stream, &mut bytes).await?;
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        read_more(stream, &mut body).await?;
    }
    Some(Request { line, headers, body })
}

async fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 4096];
    let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
    bytes.extend_from_slice(&chunk[..read]);
    Some(())
}
