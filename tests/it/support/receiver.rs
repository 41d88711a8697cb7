//! A recording webhook receiver: it checks every signature itself, follows a script, and can go down and come back.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use serde_json::Value;
use tokio::{io::AsyncWriteExt, time::sleep};

use super::{
    http::{self, Connection, Request, Server},
    signature,
};

/// How long a trickling receiver waits between two bytes.
const TRICKLE: Duration = Duration::from_millis(50);

/// How the receiver answers.
#[derive(Debug, Clone)]
pub enum Reply {
    /// This status at once.
    Status(u16),
    /// This status and one header.
    With(u16, &'static str, &'static str),
    /// This status, with headers and a body.
    Full(u16, Vec<(&'static str, String)>, &'static str),
    /// This status, so much later.
    After(Duration, u16),
    /// Exactly these bytes, well formed or not, and then.
    Bytes(Vec<u8>, Then),
    /// Never.
    Hang,
}

/// What follows the bytes of a [`Reply`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The end of the connection.
    Close,
    /// A reset of the connection.
    Reset,
    /// One more byte every now and then, for ever.
    Trickle,
    /// More bytes than anybody wants, as fast as they are taken.
    Flood,
}

impl Reply {
    /// This status with a body.
    pub fn says(status: u16, body: &'static str) -> Self {
        Self::Full(status, Vec::new(), body)
    }

    /// What it is answered, if the client is told a status.
    fn status(&self) -> Option<u16> {
        match self {
            Self::Status(status)
            | Self::With(status, ..)
            | Self::Full(status, ..)
            | Self::After(_, status) => Some(*status),
            Self::Bytes(bytes, _) => {
                let text = String::from_utf8_lossy(bytes);
                let (line, _) = text.strip_prefix("HTTP/1.1 ")?.split_once("\r\n\r\n")?;
                line.get(..3)?.parse().ok()
            }
            Self::Hang => None,
        }
    }
}

/// A request that came in.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The request, exact bytes and all.
    pub request: Request,
    /// What it was answered; `None` while no answer is out.
    pub status: Option<u16>,
}

impl Attempt {
    /// `webhook-id`.
    pub fn id(&self) -> &str {
        self.request.header("webhook-id").expect("checked when it came in")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.request.body).expect("checked when it came in")
    }

    /// The address of the article that it tells of.
    pub fn article_url(&self) -> String {
        self.json()["data"]["article"]["url"].as_str().expect("an alert tells where to read").to_owned()
    }

    fn is_accepted(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

#[derive(Debug)]
struct Script {
    replies: VecDeque<Reply>,
    otherwise: Reply,
    attempts: Vec<Attempt>,
    /// Whether bodies are the standard ones; every vendor has its own.
    is_standard: bool,
    /// By how many seconds a sender's clock may differ.
    tolerance: i64,
    /// What was wrong with requests; a test that reads the attempts fails on it.
    faults: Vec<String>,
}

/// The receiver, up or down.
#[derive(Debug)]
pub struct Receiver {
    secret: String,
    script: Arc<Mutex<Script>>,
    server: Server,
}

impl Receiver {
    /// A receiver of standard bodies that accepts everything that is signed well. `seed` makes its secret.
    pub async fn start(seed: u8) -> Self {
        Self::start_for(seed, true).await
    }

    /// The same for the bodies of a vendor, which it does not look into.
    pub async fn of_vendor(seed: u8) -> Self {
        Self::start_for(seed, false).await
    }

    async fn start_for(seed: u8, is_standard: bool) -> Self {
        let secret = format!("whsec_{}", data_encoding::BASE64.encode(&[seed; 32]));
        let script = Script {
            replies: VecDeque::new(),
            otherwise: Reply::Status(204),
            attempts: Vec::new(),
            is_standard,
            tolerance: signature::TOLERANCE,
            faults: Vec::new(),
        };
        let script = Arc::new(Mutex::new(script));
        let server = listen(http::any_port(), &secret, &script).await;
        Self { secret, script, server }
    }

    /// Where to post to.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.server.address)
    }

    /// The shared secret, `whsec_…`.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// From now on any clock of a sender will do.
    pub fn take_any_clock(&self) {
        lock(&self.script).tolerance = i64::MAX;
    }

    /// The next requests get these replies, one each.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        lock(&self.script).replies.extend(replies);
    }

    /// Every request that the script says nothing about gets this.
    pub fn otherwise(&self, reply: Reply) {
        lock(&self.script).otherwise = reply;
    }

    /// Goes down: its port refuses, what is under way breaks off.
    pub async fn stop(&self) {
        self.server.stop().await;
    }

    /// Comes back on the same port.
    pub async fn start_again(&mut self) {
        self.server = listen(self.server.address, &self.secret, &self.script).await;
    }

    /// Everything that came in so far, each one well formed and signed.
    pub fn attempts(&self) -> Vec<Attempt> {
        let script = lock(&self.script);
        assert!(script.faults.is_empty(), "requests that a receiver must refuse: {:#?}", script.faults);
        script.attempts.clone()
    }

    /// What it answered with a 2xx.
    pub fn accepted(&self) -> Vec<Attempt> {
        self.attempts().into_iter().filter(Attempt::is_accepted).collect()
    }

    /// How often each article was accepted, by its address.
    pub fn articles(&self) -> BTreeMap<String, usize> {
        let mut articles = BTreeMap::new();
        for attempt in self.accepted() {
            *articles.entry(attempt.article_url()).or_default() += 1;
        }
        articles
    }
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().expect("no test panics while it holds the script")
}

async fn listen(address: std::net::SocketAddr, secret: &str, script: &Arc<Mutex<Script>>) -> Server {
    let (secret, script) = (secret.to_owned(), script.clone());
    Server::start(address, move |connection| serve(connection, secret.clone(), script.clone())).await
}

async fn serve(mut connection: Connection, secret: String, script: Arc<Mutex<Script>>) {
    while let Some(request) = http::read_request(&mut connection).await {
        let Some((number, reply)) = record(&secret, &script, request) else {
            let _ = http::respond(&mut connection, 401, &[], b"").await;
            continue;
        };
        if let Reply::After(wait, _) = reply {
            sleep(wait).await;
        }
        // On record first: once the answer is out, a test may look.
        lock(&script).attempts[number].status = reply.status();
        if play(&mut connection, reply).await.is_err() {
            break;
        }
    }
}

/// Answers; an error ends the connection.
async fn play(connection: &mut Connection, reply: Reply) -> io::Result<()> {
    match reply {
        Reply::Status(status) | Reply::After(_, status) => http::respond(connection, status, &[], b"").await,
        Reply::With(status, name, value) => http::respond(connection, status, &[(name, value)], b"").await,
        Reply::Full(status, headers, body) => {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            http::respond(connection, status, &headers, body.as_bytes()).await
        }
        Reply::Bytes(bytes, then) => {
            connection.write_all(&bytes).await?;
            follow(connection, then).await?;
            Err(io::ErrorKind::ConnectionAborted.into())
        }
        Reply::Hang => std::future::pending().await,
    }
}

async fn follow(connection: &mut Connection, then: Then) -> io::Result<()> {
    match then {
        Then::Close => connection.shutdown().await,
        Then::Reset => {
            // What was written is read first.
            sleep(TRICKLE).await;
            connection.get_ref().set_zero_linger()
        }
        Then::Trickle => loop {
            connection.write_all(b"x").await?;
            sleep(TRICKLE).await;
        },
        Then::Flood => loop {
            connection.write_all(&[b'x'; 16 << 10]).await?;
        },
    }
}

/// Checks a request and puts it on record; gives its number and what the script says. `None`: to be refused.
fn record(secret: &str, script: &Mutex<Script>, request: Request) -> Option<(usize, Reply)> {
    let mut script = lock(script);
    let verdict = check(secret, &request, script.is_standard, script.tolerance);
    if let Err(fault) = verdict {
        script.faults.push(fault);
        return None;
    }
    script.attempts.push(Attempt { request, status: None });
    let reply = script.replies.pop_front().unwrap_or_else(|| script.otherwise.clone());
    Some((script.attempts.len() - 1, reply))
}

fn check(secret: &str, request: &Request, is_standard: bool, tolerance: i64) -> Result<(), String> {
    signature::verify(secret, request, tolerance)?;
    if request.method != "POST" {
        return Err(format!("method {}", request.method));
    }
    if !is_standard {
        return Ok(());
    }
    if request.header("content-type") != Some("application/json") {
        return Err(format!("content-type {:?}", request.header("content-type")));
    }
    let body: Value = serde_json::from_slice(&request.body).map_err(|error| format!("body: {error}"))?;
    if body["data"]["id"].as_str() != request.header("webhook-id") {
        return Err(format!("webhook-id is not data.id: {body}"));
    }
    Ok(())
}
