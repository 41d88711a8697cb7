//! A site of many feeds on many loopback addresses, served by a process of its own so that its cost is not ours.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use feedwatch::clock::{Clock, SystemClock};

/// The argument that makes this program the site.
pub const SERVE: &str = "--serve";
/// Addresses; each is a host of its own, so that no gate makes feeds wait for each other.
pub const HOSTS: usize = 200;
/// Articles of a feed.
const ARTICLES: usize = 30;
/// Nobody asks for longer than this: the site ends by itself.
const LIFE: Duration = Duration::from_mins(20);

/// The site, seen from its clients.
pub struct Site {
    child: Child,
    port: u16,
}

impl Site {
    /// Starts it.
    pub fn start() -> Self {
        let program = std::env::current_exe().expect("its own path");
        let mut child =
            Command::new(program).arg(SERVE).stdout(Stdio::piped()).spawn().expect("the site starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("piped");
        BufReader::new(out).read_line(&mut line).expect("it tells its port");
        Self { port: line.trim().parse().expect("a port"), child }
    }

    /// Its port, the same on every address.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where a feed is.
    pub fn url(&self, feed: usize) -> String {
        url(self.port, feed)
    }

    /// Requests since the last call.
    pub fn requests(&self) -> usize {
        let mut stream = TcpStream::connect((address(0), self.port)).expect("it listens");
        stream.write_all(b"GET /requests HTTP/1.1\r\nconnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer.rsplit('\n').next().and_then(|count| count.parse().ok()).expect("a number")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a feed is.
pub fn url(port: u16, feed: usize) -> String {
    format!("http://{}:{port}/{feed}.xml", address(feed))
}

fn address(feed: usize) -> Ipv4Addr {
    let host = u8::try_from(feed % HOSTS).expect("fewer than 256 hosts");
    Ipv4Addr::new(127, 0, 1, host + 1)
}

/// Is the site until nobody can need it any more.
pub fn serve() {
    let listeners = listen();
    let port = listeners[0].local_addr().expect("bound").port();
    println!("{port}");
    for listener in listeners {
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || answer_all(stream));
            }
        });
    }
    thread::sleep(LIFE);
}

/// The same port on all addresses.
fn listen() -> Vec<TcpListener> {
    loop {
        let first = TcpListener::bind((address(0), 0)).expect("a loopback address");
        let port = first.local_addr().expect("bound").port();
        let bind = |feed| TcpListener::bind(SocketAddr::from((address(feed), port)));
        if let Ok(others) = (1..HOSTS).map(bind).collect::<Result<Vec<_>, _>>() {
            return std::iter::once(first).chain(others).collect();
        }
    }
}

static REQUESTS: AtomicUsize = AtomicUsize::new(0);

/// Answers the requests of one connection, one after the other.
fn answer_all(stream: TcpStream) {
    let Ok(mut out) = stream.try_clone() else { return };
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(first)) = lines.next() {
        let mut is_conditional = false;
        for line in lines.by_ref() {
            match line {
                Ok(line) if line.is_empty() => break,
                Ok(line) => is_conditional |= line.to_ascii_lowercase().starts_with("if-none-match"),
                Err(_) => return,
            }
        }
        let path = first.split(' ').nth(1).unwrap_or_default();
        if out.write_all(answer(path, is_conditional).as_bytes()).is_err() {
            return;
        }
        if path == "/requests" {
            return;
        }
    }
}

fn answer(path: &str, is_conditional: bool) -> String {
    if path == "/requests" {
        let count = REQUESTS.swap(0, Ordering::Relaxed).to_string();
        return format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{count}", count.len());
    }
    REQUESTS.fetch_add(1, Ordering::Relaxed);
    if is_conditional {
        return "HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\n\r\n".to_owned();
    }
    let feed: usize = path.trim_start_matches('/').trim_end_matches(".xml").parse().unwrap_or(0);
    let body = document(feed);
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\netag: \"1\"\r\ncontent-type: application/rss+xml\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// A feed of about 40 kB; every fourth one has an article about a topic.
fn document(feed: usize) -> String {
    const TEXT: &str = "&lt;p&gt;Officials said on Monday that the talks would go on &amp;amp; that nobody expected \
        an agreement before the end of the week, as both sides had asked for more time to consult.&lt;/p&gt; ";
    let published = SystemClock.now().to_rfc2822();
    let mut document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>News {feed}</title>\
         <link>https://news.example/{feed}</link><description>All the news of {feed}</description>\n"
    );
    for n in 0..ARTICLES {
        let title = match (feed % 4, n) {
            (0, 7) => format!("Ankara weighs a second S-400 battery ({feed})"),
            _ => format!("Ministers meet again over the harbour of city {n} ({feed})"),
        };
        let _ = writeln!(
            document,
            "<item><guid isPermaLink=\"false\">{feed}-{n}</guid><title>{title}</title>\
             <link>https://news.example/{feed}/{n}?utm_source=rss</link><pubDate>{published}</pubDate>\
             <description>{}</description></item>",
            TEXT.repeat(5)
        );
    }
    document + "</channel></rss>\n"
}
