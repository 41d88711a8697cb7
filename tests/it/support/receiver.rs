//! A recording webhook receiver: it checks every signature itself, follows a script, and can go down and come back.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use serde_json::Value;
use tokio::time::sleep;

use super::{
    http::{self, Connection, Request, Server},
    signature,
};

/// How the receiver answers.
#[derive(Debug, Clone)]
pub enum Reply {
    /// This status at once.
    Status(u16),
    /// This status and one header.
    With(u16, &'static str, &'static str),
    /// This status, so much later.
    After(Duration, u16),
    /// Never.
    Hang,
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
    /// A receiver that accepts everything that is signed well. `seed` makes its secret.
    pub async fn start(seed: u8) -> Self {
        let secret = format!("whsec_{}", data_encoding::BASE64.encode(&[seed; 32]));
        let script = Script {
            replies: VecDeque::new(),
            otherwise: Reply::Status(204),
            attempts: Vec::new(),
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
        let (status, header) = match reply {
            Reply::Status(status) => (status, None),
            Reply::With(status, name, value) => (status, Some((name, value))),
            Reply::After(wait, status) => {
                sleep(wait).await;
                (status, None)
            }
            Reply::Hang => std::future::pending().await,
        };
        // On record first: once the answer is out, a test may look.
        lock(&script).attempts[number].status = Some(status);
        if http::respond(&mut connection, status, header.as_slice(), b"").await.is_err() {
            break;
        }
    }
}

/// Checks a request and puts it on record; gives its number and what the script says. `None`: to be refused.
fn record(secret: &str, script: &Mutex<Script>, request: Request) -> Option<(usize, Reply)> {
    let verdict = check(secret, &request);
    let mut script = lock(script);
    if let Err(fault) = verdict {
        script.faults.push(fault);
        return None;
    }
    script.attempts.push(Attempt { request, status: None });
    let reply = script.replies.pop_front().unwrap_or_else(|| script.otherwise.clone());
    Some((script.attempts.len() - 1, reply))
}

fn check(secret: &str, request: &Request) -> Result<(), String> {
    signature::verify(secret, request)?;
    if request.method != "POST" {
        return Err(format!("method {}", request.method));
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
