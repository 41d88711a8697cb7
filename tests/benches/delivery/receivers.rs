//! Receivers: live ones that note the first byte of each request, and dead ones.

use std::{
    fmt::Write,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// What a receiver does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Takes everything at once.
    Live,
    /// Refuses connections.
    Refusing,
    /// Takes connections and never answers.
    BlackHole,
}

/// Which receiver got which article, and when the first byte of it came.
type Arrivals = Arc<Mutex<Vec<(usize, String, Instant)>>>;

/// All receivers; gone when dropped.
pub struct Receivers {
    addresses: Vec<SocketAddr>,
    arrivals: Arrivals,
    count: Arc<AtomicUsize>,
    tasks: JoinSet<()>,
}

impl Receivers {
    /// Starts one of each.
    pub async fn start(kinds: &[Kind]) -> Self {
        let (arrivals, count) = (Arrivals::default(), Arc::new(AtomicUsize::new(0)));
        let (mut addresses, mut tasks) = (Vec::new(), JoinSet::new());
        for (number, kind) in kinds.iter().enumerate() {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            addresses.push(listener.local_addr().expect("bound"));
            match kind {
                Kind::Live => {
                    tasks.spawn(serve(listener, number, arrivals.clone(), count.clone()));
                }
                Kind::BlackHole => {
                    tasks.spawn(swallow(listener));
                }
                Kind::Refusing => drop(listener),
            }
        }
        Self { addresses, arrivals, count, tasks }
    }

    /// One that refused takes everything from now on.
    pub async fn come_back(&mut self, number: usize) {
        let listener = TcpListener::bind(self.addresses[number]).await.expect("nobody took its port");
        self.tasks.spawn(serve(listener, number, self.arrivals.clone(), self.count.clone()));
    }

    /// The notifiers, as the configuration has them.
    pub fn config(&self) -> String {
        let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        self.addresses.iter().enumerate().fold(String::new(), |mut text, (number, address)| {
            let _ = writeln!(
                text,
                "[[notifier]]\nname = \"r{number}\"\ntype = \"webhook\"\nurl = \"http://{address}/hook\"\n\
                 secret = \"{key}\""
            );
            text
        })
    }

    /// Requests so far.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// All requests.
    pub fn arrivals(&self) -> Vec<(usize, String, Instant)> {
        self.arrivals.lock().expect("nobody panics").clone()
    }
}

async fn swallow(listener: TcpListener) {
    let mut held = Vec::new();
    while let Ok((connection, _)) = listener.accept().await {
        held.push(connection);
    }
}

async fn serve(listener: TcpListener, number: usize, arrivals: Arrivals, count: Arc<AtomicUsize>) {
    let mut connections = JoinSet::new();
    while let Ok((connection, _)) = listener.accept().await {
        connections.spawn(answer_all(connection, number, arrivals.clone(), count.clone()));
    }
}

async fn answer_all(mut connection: TcpStream, number: usize, arrivals: Arrivals, count: Arc<AtomicUsize>) {
    let mut request = Vec::with_capacity(4 << 10);
    loop {
        request.clear();
        if connection.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
        let first_byte = Instant::now();
        while !is_complete(&request) {
            if connection.read_buf(&mut request).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let article = article(&request).expect("an alert names its article");
        arrivals.lock().expect("nobody panics").push((number, article, first_byte));
        count.fetch_add(1, Ordering::Relaxed);
        if connection.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.is_err() {
            return;
        }
    }
}

fn is_complete(request: &[u8]) -> bool {
    let Some(end) = find(request, b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    request.len() >= end + 4 + length
}

fn article(request: &[u8]) -> Option<String> {
    const LINK: &[u8] = b"https://news.example/";
    let rest = &request[find(request, LINK)? + LINK.len()..];
    let name = rest.split(|byte| *byte == b'"').next()?;
    String::from_utf8(name.to_vec()).ok()
}

fn find(text: &[u8], words: &[u8]) -> Option<usize> {
    text.windows(words.len()).position(|window| window == words)
}
