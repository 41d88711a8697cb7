//! A feed as the operator configured it.

use std::{path::PathBuf, time::Duration};

use url::Url;

use super::{FeedId, HostKey};
use crate::secret::Secret;

/// Where a feed's document comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedLocation {
    /// Fetched by HTTP. Credentials are not in the URL but in `username` and `password`.
    Http(Url),
    /// A file on this machine, read when it changes.
    File(PathBuf),
}

impl FeedLocation {
    /// The URL, unless it is a file.
    pub fn url(&self) -> Option<&Url> {
        match self {
            Self::Http(url) => Some(url),
            Self::File(_) => None,
        }
    }
}

/// A feed to watch. Checked by `config`, then plain data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// `id` if given, else `url` as written.
    pub id: FeedId,
    /// Where it comes from.
    pub location: FeedLocation,
    /// The gate it shares with its neighbours.
    pub host: HostKey,
    /// The configured name, if any.
    pub name: Option<String>,
    /// The configured tags.
    pub tags: Vec<String>,
    /// A fixed wait between polls, instead of the chosen one.
    pub interval: Option<Duration>,
    /// Without a new article for so long, it counts as silent; `None`: judged by its own rhythm.
    pub silent_after: Option<Duration>,
    /// Whether the server's cache hints are ignored. Retry-After never is.
    pub ignore_cache_hints: bool,
    /// Whether HTTP/2 is avoided.
    pub http1_only: bool,
    /// HTTP basic authentication: the user.
    pub username: Option<String>,
    /// HTTP basic authentication: the password.
    pub password: Option<Secret>,
    /// Further request headers, sent only to the feed's own origin.
    pub headers: Vec<(String, Secret)>,
    /// PEM certificates that are trusted for this feed, besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether it is polled at all.
    pub enabled: bool,
}

impl Feed {
    /// A feed of which nothing is configured but where it is.
    pub fn at(id: FeedId, location: FeedLocation, host: HostKey) -> Self {
        Self {
            id,
            location,
            host,
            name: None,
            tags: Vec::new(),
            interval: None,
            silent_after: None,
            ignore_cache_hints: false,
            http1_only: false,
            username: None,
            password: None,
            headers: Vec::new(),
            ca_file: None,
            enabled: true,
        }
    }

    /// The address as people may see it: without credentials.
    pub fn display_url(&self) -> String {
        match &self.location {
            FeedLocation::Http(url) => url.to_string(),
            FeedLocation::File(path) => format!("file:{}", path.display()),
        }
    }
}
