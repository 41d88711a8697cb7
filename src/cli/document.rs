//! The document that `parse` and `match` look at: a file, a URL or standard input.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use anyhow::{Context as _, Result, anyhow};
use url::Url;

use crate::{
    clock::{Clock, SystemClock},
    config::{self, Config},
    model::{Feed, FeedId, FeedLocation},
    poll::{Fetched, Fetcher, NoGates, hosts},
    read::{self, Document, Limits, ReadError},
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
                let mut source = fetch(url, config).await?;
                source.content_type = content_type.or(source.content_type);
                source.base = base.or(source.base);
                Ok(source)
            }
            _ => Ok(Self { name: name.to_owned(), bytes: read_file(name, limit)?, content_type, base }),
        }
    }

    /// Reads the document.
    pub fn read(&self, limits: &Limits) -> Result<Document, ReadError> {
        let source = read::Source { content_type: self.content_type.as_deref(), base: self.base.as_ref() };
        read::read(&self.bytes, source, limits)
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

/// Fetches a URL with the settings of the daemon. Naming it on the command line admits a private address.
async fn fetch(url: Url, config: &Config) -> Result<Source> {
    let asked = ad_hoc(url);
    let configured = config.poll.feeds.iter().find(|feed| feed.location == asked.location);
    // Credentials that were typed are meant, whatever the configuration has.
    let feed = configured.filter(|_| asked.username.is_none()).cloned().unwrap_or(asked);
    let fetcher = Fetcher::new(&config.http, [&feed])?;
    let answer =
        fetcher.fetch(&feed, &FeedState::unknown(feed.id.clone()), SystemClock.now(), &NoGates).await;
    match answer.fetched {
        Fetched::Modified(body) => {
            let name = feed.display_url();
            Ok(Source { name, bytes: body.bytes, content_type: body.content_type, base: body.url })
        }
        Fetched::NotModified(_) => Err(anyhow!("{}: nothing changed", feed.display_url())),
        Fetched::Held(closed) => Err(anyhow!("{}: {} is busy", feed.display_url(), closed.host)),
        Fetched::Limited(error)
        | Fetched::Gone(error)
        | Fetched::Blocked(error)
        | Fetched::Failed(_, error) => Err(anyhow!("{}: {error}", feed.display_url())),
    }
}

fn ad_hoc(url: Url) -> Feed {
    let mut location = FeedLocation::Http(url);
    let (username, password) = config::take_credentials(&mut location);
    Feed {
        // Nothing is kept of it, so nobody asks for its id.
        id: FeedId::from("typed"),
        host: hosts::key(&location),
        location,
        name: None,
        tags: Vec::new(),
        interval: None,
        ignore_cache_hints: false,
        http1_only: false,
        username,
        password,
        headers: Vec::new(),
        ca_file: None,
        enabled: true,
    }
}
