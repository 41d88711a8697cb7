//! A site whose feeds show a batch of new articles at each poll, and which knows when it said so.

use std::{
    collections::HashMap,
    fmt::Write,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Instant,
};

use feedwatch::clock::{Clock, SystemClock};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// What is published.
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    /// Feeds, each on an address of its own.
    pub feeds: usize,
    /// Polls of each that bring something new.
    pub batches: usize,
    /// New articles of a poll.
    pub per_batch: usize,
}

impl Stream {
    /// All of them.
    pub fn articles(self) -> usize {
        self.feeds * self.batches * self.per_batch
    }
}

type Answered = Arc<Mutex<HashMap<String, Instant>>>;

/// The site; gone when dropped.
pub struct Site {
    stream: Stream,
    port: u16,
    answered: Answered,
    _tasks: JoinSet<()>,
}

impl Site {
    /// Starts it.
    pub async fn start(stream: Stream) -> Self {
        let answered = Answered::default();
        let (mut tasks, mut port) = (JoinSet::new(), 0);
        for feed in 0..stream.feeds {
            let listener = TcpListener::bind(address(feed, port)).await.expect("a loopback address");
            port = listener.local_addr().expect("bound").port();
            tasks.spawn(serve(listener, feed, stream, answered.clone()));
        }
        Self { stream, port, answered, _tasks: tasks }
    }

    /// The feeds, as the configuration has them.
    pub fn config(&self) -> String {
        let feeds = 0..self.stream.feeds;
        feeds.fold(String::new(), |mut text, feed| {
            let address = address(feed, self.port);
            let _ = writeln!(text, "[[feed]]\nurl = \"http://{address}/feed.xml\"\ninterval = \"1s\"");
            text
        })
    }

    /// When the answer that first showed an article was out.
    pub fn answered(&self) -> HashMap<String, Instant> {
        self.answered.lock().expect("nobody panics").clone()
    }
}

fn address(feed: usize, port: u16) -> SocketAddr {
    let host = u8::try_from(feed + 1).expect("fewer than 255 feeds");
    (Ipv4Addr::new(127, 0, 2, host), port).into()
}

async fn serve(listener: TcpListener, feed: usize, stream: Stream, answered: Answered) {
    let (mut connections, polls) = (JoinSet::new(), Arc::new(Mutex::new(0)));
    while let Ok((connection, _)) = listener.accept().await {
        connections.spawn(answer_all(connection, feed, stream, polls.clone(), answered.clone()));
    }
}

async fn answer_all(
    mut connection: TcpStream,
    feed: usize,
    stream: Stream,
    polls: Arc<Mutex<usize>>,
    answered: Answered,
) {
    let mut request = Vec::new();
    while let Ok(read) = connection.read_buf(&mut request).await {
        if read == 0 {
            return;
        }
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        request.clear();
        let poll = {
            let mut polls = polls.lock().expect("nobody panics");
            *polls += 1;
            *polls - 1
        };
        let (names, body) = document(feed, poll, stream);
        if connection.write_all(&body).await.is_err() {
            return;
        }
        let (now, mut answered) = (Instant::now(), answered.lock().expect("nobody panics"));
        for name in names {
            answered.entry(name).or_insert(now);
        }
    }
}

/// The articles of this poll and of the one before; nothing new once the stream is over.
fn document(feed: usize, poll: usize, stream: Stream) -> (Vec<String>, Vec<u8>) {
    let date = SystemClock.now().to_rfc2822();
    let (mut names, mut items) = (Vec::new(), String::new());
    let batch = poll.min(stream.batches - 1);
    for shown in (batch.saturating_sub(1)..=batch).rev() {
        for n in 0..stream.per_batch {
            let name = format!("{feed}-{shown}-{n}");
            let _ = write!(
                items,
                "<item><guid isPermaLink=\"false\">{name}</guid><title>Ankara weighs a second S-400 battery ({name})\
                 </title><link>https://news.example/{name}</link><pubDate>{date}</pubDate>\
                 <description>Officials said on Monday that talks on the S-400 would go on, as both sides had asked \
                 for more time, and that nobody expected an agreement before the end of the week.</description></item>"
            );
            names.push(name);
        }
    }
    let body = format!("<rss version=\"2.0\"><channel><title>News {feed}</title>{items}</channel></rss>");
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    (names, (head + &body).into_bytes())
}
