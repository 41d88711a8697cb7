//! The document that `parse`, `match`, `discover` and `import` look at: a file, a URL or standard input.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use anyhow::{Context as _, Result};
use url::Url;

use crate::{
    clock::{Clock, SystemClock},
    config::{self, Config},
    model::{Feed, FeedId, FeedLocation},
    poll::{Fetched, Fetcher, NoGates, hosts},
    read::{self, Announced, Document, Limits, Outlines, ReadError},
    store::FeedState,
};

/// Bytes, and what is known about them.
pub(super) struct Source {
    /// What was asked for, as people may see it: a URL without credentials.
    pub name: String,
    bytes: Vec<u8>,
    content_type: Option<String>,
    base: Option<Url>,
}

impl Source {
    /// Loads `FILE`, `URL` or `-`. A URL is fetched as the daemon would.
    pub async fn load(
        name: &str,
        content_type: Option<String>,
        base: Option<Url>,
        config: &Config,
    ) -> Result<Self> {
        let limit = config.http.max_body as u64 + 1;
        match Url::parse(name) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                let client = Client::new(url, config)?;
                let mut source = client.fetch().await.with_context(|| client.name())?;
                source.content_type = content_type.or(source.content_type);
                source.base = base.or(source.base);
                Ok(source)
            }
            _ => Ok(Self { name: name.to_owned(), bytes: read_file(name, limit)?, content_type, base }),
        }
    }

    /// Reads the document.
    pub fn read(&self, limits: &Limits) -> Result<Document, ReadError> {
        read::read(&self.bytes, self.source(), limits)
    }

    /// The feeds that it announces, if it is a page.
    pub fn announced_feeds(&self, limits: &Limits) -> Vec<Announced> {
        read::announced_feeds(&self.bytes, self.source(), limits)
    }

    /// The feeds that it lists, if it is OPML.
    pub fn outlines(&self, limits: &Limits) -> Result<Outlines, ReadError> {
        read::outlines(&self.bytes, self.source(), limits)
    }

    /// The URL that answered.
    pub fn base(&self) -> Option<&Url> {
        self.base.as_ref()
    }

    fn source(&self) -> read::Source<'_> {
        read::Source { content_type: self.content_type.as_deref(), base: self.base.as_ref() }
    }
}

/// Reads a file or standard input, at most `limit` bytes: one more than is allowed, so that the reader says so.
fn read_file(name: &str, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if name == "-" {
        io::stdin().lock().take(limit).read_to_end(&mut bytes).context("cannot read standard input")?;
    } else {
        let path = Path::new(name.strip_prefix("file:").unwrap_or(name));
        let file = fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        file.take(limit)
            .read_to_end(&mut bytes)
            .with_context(|| format!("cannot read {}", path.display()))?;
    }
    Ok(bytes)
}

/// Asks for the document behind a URL, and for what it leads to, as the daemon would. Naming the URL on the command line
/// admits a private address.
pub(super) struct Client {
    feed: Feed,
    fetcher: Fetcher,
}

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct NotFetched {
    message: String,
    /// Whether the server asks to be left alone for a while.
    pub asks_for_patience: bool,
}

impl Client {
    pub fn new(url: Url, config: &Config) -> Result<Self> {
        let asked = ad_hoc(url);
        let configured = config.poll.feeds.iter().find(|feed| feed.location == asked.location);
        // Credentials that were typed are meant, whatever the configuration has.
        let feed = configured.filter(|_| asked.username.is_none()).cloned().unwrap_or(asked);
        let fetcher = Fetcher::new(&config.http, [&feed])?;
        Ok(Self { feed, fetcher })
    }

    /// The URL as people may see it: without credentials.
    pub fn name(&self) -> String {
        self.feed.display_url()
    }

    /// The URL, without credentials.
    pub fn url(&self) -> Option<&Url> {
        self.feed.location.url()
    }

    /// Whether it is asked with a user and a password.
    pub fn has_credentials(&self) -> bool {
        self.feed.username.is_some()
    }

    /// Fetches the document itself.
    pub async fn fetch(&self) -> Result<Source, NotFetched> {
        let state = FeedState::unknown(self.feed.id.clone());
        let answer = self.fetcher.fetch(&self.feed, &state, SystemClock.now(), &NoGates).await;
        source(self.name(), answer.fetched)
    }

    /// Fetches a document that it leads to.
    pub async fn fetch_linked(&self, url: Url) -> Result<Source, NotFetched> {
        let name = url.to_string();
        let answer = self.fetcher.fetch_linked(&self.feed, url, SystemClock.now(), &NoGates).await;
        source(name, answer.fetched)
    }
}

fn source(name: String, fetched: Fetched) -> Result<Source, NotFetched> {
    let (message, asks_for_patience) = match fetched {
        Fetched::Modified(body) => {
            return Ok(Source { name, bytes: body.bytes, content_type: body.content_type, base: body.url });
        }
        Fetched::NotModified(_) => ("nothing changed".to_owned(), false),
        Fetched::Held(closed) => (format!("{} is busy", closed.host), true),
        Fetched::Limited(error) => (error, true),
        Fetched::Gone(error) | Fetched::Blocked(error) | Fetched::Failed(_, error) => (error, false),
    };
    Err(NotFetched { message, asks_for_patience })
}

fn ad_hoc(url: Url) -> Feed {
    let mut location = FeedLocation::Http(url);
    let (username, password) = config::take_credentials(&mut location);
    // Nothing is kept of it, so nobody asks for its id.
    let (id, host) = (FeedId::from("typed"), hosts::key(&location));
    Feed { username, password, ..Feed::at(id, location, host) }
}
