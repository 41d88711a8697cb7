//! A scripted feed site on loopback: each path has a behaviour, which can be changed while the daemon runs.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, UNIX_EPOCH},
};

use tokio::{io::AsyncWriteExt, time::sleep};

use super::{
    feeds::{self, Article},
    http::{self, Connection, Request, Server},
};

/// How a path answers.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A feed with `ETag` and Last-Modified; 304 while the validators match.
    Feed(String),
    /// Any status and headers, with a short text.
    Status(u16, Vec<(&'static str, String)>),
    /// 200 with these bytes, and headers of one's choice.
    Body(Vec<u8>, Vec<(&'static str, String)>),
    /// 200, gzip: 200 MB of zeros that fit into 300 kB.
    GzipBomb,
    /// The start of a feed, one byte a second, for ever.
    Trickle,
    /// Half of a body, then the end of the connection.
    Cut(String),
    /// A connection reset instead of an answer.
    Reset,
    /// No answer at all.
    Hang,
    /// One for each visit; the last one repeats.
    Each(Vec<Answer>),
    /// The same, but only after a while.
    After(Duration, Box<Answer>),
}

impl Answer {
    /// An RSS feed of these articles.
    pub fn feed(articles: &[Article]) -> Self {
        Self::Feed(feeds::rss("Test News", articles))
    }

    /// A status without further headers.
    pub fn status(status: u16) -> Self {
        Self::Status(status, Vec::new())
    }

    /// A status with these headers.
    pub fn with(status: u16, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
        Self::Status(status, headers.collect())
    }

    /// 200 with these headers and a feed with one article, always the same.
    pub fn page(headers: &[(&'static str, &str)]) -> Self {
        let article =
            Article { published: UNIX_EPOCH.into(), ..Article::new("one", "Nothing in particular") };
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
        Self::Body(feeds::rss("Test News", &[article]).into_bytes(), headers.collect())
    }

    /// A redirect.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::Status(status, vec![("location", to.to_owned())])
    }

    /// 200 with a body that says what it is.
    pub fn body(content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Body(bytes.into(), vec![("content-type", content_type.to_owned())])
    }
}

/// What was asked and what it got.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The request.
    pub request: Request,
    /// The status it was answered with; `None` if it got none.
    pub status: Option<u16>,
}

/// The behaviour of a path, how often it was changed, and how often it was asked since.
#[derive(Debug)]
struct Route {
    answer: Answer,
    version: u32,
    asked: usize,
}

#[derive(Debug, Default)]
struct Script {
    routes: HashMap<String, Route>,
    visits: Vec<Visit>,
    connections: usize,
    under_way: usize,
    most_under_way: usize,
}

/// The running site.
#[derive(Debug)]
pub struct Site {
    script: Arc<Mutex<Script>>,
    server: Server,
}

impl Site {
    /// A site that answers 404 to everything until told otherwise.
    pub async fn start() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = script.clone();
        let server =
            Server::start(http::any_port(), move |connection| serve(connection, shared.clone())).await;
        Self { script, server }
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address)
    }

    /// From now on `path` answers like this. A feed gets new validators.
    pub fn set(&self, path: &str, answer: Answer) {
        let mut script = lock(&self.script);
        let version = script.routes.get(path).map_or(1, |route| route.version + 1);
        script.routes.insert(path.to_owned(), Route { answer, version, asked: 0 });
    }

    /// From now on `path` is an RSS feed of these articles.
    pub fn publish(&self, path: &str, articles: &[Article]) {
        self.set(path, Answer::feed(articles));
    }

    /// What was asked of a path so far.
    pub fn visits(&self, path: &str) -> Vec<Visit> {
        lock(&self.script).visits.iter().filter(|visit| visit.request.path == path).cloned().collect()
    }

    /// What was asked so far, of whatever path.
    pub fn all_visits(&self) -> Vec<Visit> {
        lock(&self.script).visits.clone()
    }

    /// How many requests are being answered now.
    pub fn under_way(&self) -> usize {
        lock(&self.script).under_way
    }

    /// The most requests that were under way at the same time.
    pub fn most_under_way(&self) -> usize {
        lock(&self.script).most_under_way
    }

    /// How many connections there were, whatever was asked on them.
    pub fn connections(&self) -> usize {
        lock(&self.script).connections
    }
}

impl Script {
    /// The answer to the next visit of a path, and its version.
    fn answer(&mut self, path: &str) -> (Answer, u32) {
        let Some(route) = self.routes.get_mut(path) else { return (Answer::status(404), 0) };
        let place = route.asked;
        route.asked += 1;
        let answer = match &route.answer {
            Answer::Each(answers) => answers.get(place).or(answers.last()).expect("there are answers"),
            answer => answer,
        };
        (answer.clone(), route.version)
    }
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().expect("no test panics while it holds the script")
}

async fn serve(mut connection: Connection, script: Arc<Mutex<Script>>) {
    lock(&script).connections += 1;
    while let Some(request) = http::read_request(&mut connection).await {
        let (mut answer, version) = lock(&script).answer(&request.path);
        let under_way = UnderWay::begin(&script);
        if let Answer::After(while_, then) = answer {
            sleep(while_).await;
            answer = *then;
        }
        let status = status_of(&answer, version, &request);
        lock(&script).visits.push(Visit { request, status });
        let stays_open = play(&mut connection, answer, version, status).await;
        drop(under_way);
        if !stays_open.unwrap_or(false) {
            break;
        }
    }
}

/// A request that is not answered yet.
struct UnderWay(Arc<Mutex<Script>>);

impl UnderWay {
    fn begin(script: &Arc<Mutex<Script>>) -> Self {
        let mut counts = lock(script);
        counts.under_way += 1;
        counts.most_under_way = counts.most_under_way.max(counts.under_way);
        Self(script.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        lock(&self.0).under_way -= 1;
    }
}

fn status_of(answer: &Answer, version: u32, request: &Request) -> Option<u16> {
    match answer {
        Answer::Feed(_) if request.header("if-none-match") == Some(&etag(version)) => Some(304),
        Answer::Status(status, _) => Some(*status),
        Answer::Reset | Answer::Hang | Answer::Each(_) | Answer::After(..) => None,
        _ => Some(200),
    }
}

fn etag(version: u32) -> String {
    format!("\"version-{version}\"")
}

fn last_modified(version: u32) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(1_795_000_000 + u64::from(version)))
}

/// Answers; says whether the connection can be used again.
async fn play(
    connection: &mut Connection,
    answer: Answer,
    version: u32,
    status: Option<u16>,
) -> io::Result<bool> {
    match answer {
        Answer::Feed(body) => {
            let (etag, modified) = (etag(version), last_modified(version));
            let headers = [
                ("etag", etag.as_str()),
                ("last-modified", &modified),
                ("content-type", "application/rss+xml"),
            ];
            http::respond(connection, status.unwrap_or(200), &headers, body.as_bytes()).await?;
        }
        Answer::Status(status, headers) => {
            http::respond(connection, status, &borrowed(&headers), b"scripted\n").await?;
        }
        Answer::Body(body, headers) => http::respond(connection, 200, &borrowed(&headers), &body).await?,
        Answer::GzipBomb => return gzip_bomb(connection).await,
        Answer::Trickle => return trickle(connection).await,
        Answer::Cut(body) => return cut(connection, &body).await,
        Answer::Reset => {
            connection.get_ref().set_zero_linger()?;
            return Ok(false);
        }
        Answer::Hang => std::future::pending().await,
        Answer::Each(_) | Answer::After(..) => unreachable!("it became another one"),
    }
    Ok(true)
}

fn borrowed<'a>(headers: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Deflate blocks of 64 KiB of zeros, the same one 3,200 times, as one gzip member (RFC 1951, RFC 1952).
async fn gzip_bomb(connection: &mut Connection) -> io::Result<bool> {
    let headers =
        [("content-type", "application/rss+xml"), ("content-encoding", "gzip"), ("connection", "close")];
    let mut head = http::head(200, &headers);
    head.extend_from_slice(b"\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff");
    connection.write_all(&head).await?;
    let zeros = deflated_zeros(64 << 10);
    for _ in 0..3_200 {
        connection.write_all(&zeros).await?;
    }
    // An empty last block; the checksum is wrong, but nobody should read so far.
    connection.write_all(b"\x03\0\0\0\0\0\0\0\0\0").await?;
    connection.shutdown().await?;
    Ok(false)
}

/// `length` zeros as deflate blocks that end on a byte and refer to nothing before them.
fn deflated_zeros(length: usize) -> Vec<u8> {
    let mut compress = flate2::Compress::new(flate2::Compression::best(), false);
    let mut block = Vec::with_capacity(4 << 10);
    compress
        .compress_vec(&vec![0; length], &mut block, flate2::FlushCompress::Full)
        .expect("zeros can be compressed");
    block
}

async fn trickle(connection: &mut Connection) -> io::Result<bool> {
    let mut head = http::head(200, &[("content-type", "application/rss+xml")]);
    head.extend_from_slice(b"\r\n<rss><channel><title>");
    connection.write_all(&head).await?;
    loop {
        connection.write_all(b"a").await?;
        sleep(Duration::from_secs(1)).await;
    }
}

async fn cut(connection: &mut Connection, body: &str) -> io::Result<bool> {
    let (whole, half) = (body.len().to_string(), body.as_bytes().split_at(body.len() / 2).0);
    let mut bytes = http::head(200, &[("content-type", "application/rss+xml"), ("content-length", &whole)]);
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(half);
    connection.write_all(&bytes).await?;
    connection.shutdown().await?;
    Ok(false)
}
