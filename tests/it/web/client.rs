//! A client of the page, by hand: a test must also be able to be a bad one.

use std::net::SocketAddr;

use scraper::{Html, Selector};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{Daemon, PATIENCE, until};

/// The served page of a daemon.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Where it listens.
    pub address: SocketAddr,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Name and value, as sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Page {
    /// That of a daemon, as its log tells.
    pub async fn of(daemon: &Daemon) -> Self {
        let line = daemon.line("the page is at ").await;
        let address = line.split_once("http://").and_then(|(_, rest)| rest.split('/').next());
        Self { address: address.expect("an address").parse().expect("an address") }
    }

    /// Its address for a browser.
    pub fn url(self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What GET answers.
    pub async fn get(self, path: &str) -> Answer {
        self.with("GET", path, &[]).await
    }

    /// What a method answers, asked with these headers besides.
    pub async fn with(self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str("host: localhost\r\n");
        }
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("connection: close\r\n\r\n");
        self.raw(head.as_bytes()).await
    }

    /// What these bytes are answered with.
    pub async fn raw(self, request: &[u8]) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(request).await.expect("a request can be sent");
        let bytes = rest(&mut stream).await;
        Answer::parse(&bytes).unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&bytes)))
    }

    /// A connection, with nothing asked yet.
    pub async fn connect(self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("the page takes connections")
    }

    /// The page as a document, once it is as wanted.
    pub async fn once(self, path: &str, wanted: impl Fn(&Html) -> bool) -> Html {
        let answer = until(&format!("{path} is as wanted"), async || {
            let answer = self.get(path).await;
            wanted(&Html::parse_document(&answer.body)).then_some(answer)
        })
        .await;
        answer.html()
    }
}

/// All that still comes; a reset is an end, too.
pub async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    drop(read.expect("the connection is closed in time"));
    bytes
}

impl Answer {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8(bytes.to_vec()).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.into(), value.into()));
        Some(Self { status, headers: lines.filter_map(header).collect(), body: body.to_owned() })
    }

    /// The one header of that name; `None` also if there are two.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }

    /// The document; it must be free of mistakes.
    #[track_caller]
    pub fn html(&self) -> Html {
        assert_eq!(self.header("content-type"), Some("text/html; charset=utf-8"));
        let html = Html::parse_document(&self.body);
        assert!(html.errors.is_empty(), "{:?} in\n{}", html.errors, self.body);
        html
    }
}

/// The texts of all elements that a selector finds, blanks put together.
#[track_caller]
pub fn texts(html: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).expect("a selector");
    let text = |words: String| words.split_whitespace().collect::<Vec<_>>().join(" ");
    html.select(&selector).map(|element| text(element.text().collect())).collect()
}

/// The text of the one element that a selector finds.
#[track_caller]
pub fn text(html: &Html, selector: &str) -> String {
    let mut texts = texts(html, selector);
    assert_eq!(texts.len(), 1, "{selector} in {}", html.html());
    texts.remove(0)
}

/// An attribute of all elements that a selector finds.
#[track_caller]
pub fn attributes(html: &Html, selector: &str, name: &str) -> Vec<String> {
    let selector = Selector::parse(selector).expect("a selector");
    html.select(&selector).filter_map(|element| element.attr(name)).map(str::to_owned).collect()
}
