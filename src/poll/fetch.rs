//! A conditional GET: validators out, a body or a reason in. One attempt, no retry (specs/polling.md §2, §3, §6, §7).

mod file;
mod request;

use std::{
    collections::{HashMap, hash_map::Entry},
    time::Duration,
};

use reqwest::{
    Client, Response, StatusCode,
    header::{CONTENT_TYPE, ETAG, HeaderName, LAST_MODIFIED, LOCATION, RETRY_AFTER},
};
use tokio::time::timeout;
use url::Url;

use super::schedule::RETRY_AFTER_CAP;
use crate::{
    http::{
        self, BodyError, ClientError, FeedOptions, Named, NetworkError, NetworkErrorKind, Policy, header,
    },
    model::{Feed, FeedLocation, Outcome, Timestamp, Validators},
    pipeline::Body,
    store::FeedState,
};

/// Redirects that are followed in one poll.
const MAX_HOPS: usize = 5;
/// A redirect that asks for more patience than this ends the poll.
const REDIRECT_PATIENCE: Duration = Duration::from_secs(30);

/// What a poll brought.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status of the last hop, if there was an answer.
    pub status: Option<u16>,
    /// `Retry-After`.
    pub retry_after: Option<Timestamp>,
    /// The rest.
    pub fetched: Fetched,
}

/// What an answer means (specs/polling.md §3). Failures carry one sentence for people.
#[derive(Debug)]
pub enum Fetched {
    /// A complete body.
    Modified(Body),
    /// Nothing changed since the validators that were sent.
    NotModified,
    /// The server asks for patience.
    Limited(String),
    /// The server says that the feed is gone.
    Gone(String),
    /// The server or the address guard refuses.
    Blocked(String),
    /// Everything else, by its class.
    Failed(Outcome, String),
}

impl Answer {
    /// Retry-After counts where it means patience; on a good answer it says nothing (specs/polling.md R2).
    fn new(status: StatusCode, wait: Option<Duration>, fetched: Fetched, now: Timestamp) -> Self {
        let wait = wait.filter(|_| matches!(fetched, Fetched::Limited(_)));
        let retry_after = wait.map(|wait| now + wait.min(RETRY_AFTER_CAP));
        Self { status: Some(status.as_u16()), retry_after, fetched }
    }

    fn failed(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { status: None, retry_after: None, fetched: Fetched::Failed(outcome, reason.into()) }
    }
}

/// Fetches feeds. Holds the connection pools; a reload makes a new one only if `[http]` or a `ca_file` changed.
#[derive(Debug)]
pub struct Fetcher {
    settings: http::Settings,
    policy: Policy,
    /// One client for all feeds, and further ones for feeds with a `ca_file` or `http1_only`.
    clients: HashMap<FeedOptions, Client>,
}

impl Fetcher {
    /// Builds the clients that these feeds need.
    ///
    /// # Errors
    /// If a `ca_file` cannot be read.
    pub fn new<'a>(
        settings: &http::Settings,
        feeds: impl IntoIterator<Item = &'a Feed>,
    ) -> Result<Self, ClientError> {
        let mut clients = HashMap::new();
        for feed in feeds {
            if let Entry::Vacant(vacant) = clients.entry(options(feed)) {
                let client = http::feed_client(settings, vacant.key())?;
                vacant.insert(client);
            }
        }
        Ok(Self { settings: settings.clone(), policy: http::feed_policy(settings), clients })
    }

    /// Asks for a feed once. `now` is the store's time; it dates relative headers.
    pub async fn fetch(&self, feed: &Feed, state: &FeedState, now: Timestamp) -> Answer {
        let fetching = async {
            match &feed.location {
                FeedLocation::File(path) => file::fetch(path, state, self.settings.max_body).await,
                FeedLocation::Http(url) => self.fetch_http(feed, url, state, now).await,
            }
        };
        timeout(self.settings.timeout, fetching).await.unwrap_or_else(|_| {
            let limit = self.settings.timeout.as_secs();
            Answer::failed(Outcome::Timeout, format!("no complete answer within {limit} s (http.timeout)"))
        })
    }

    async fn fetch_http(&self, feed: &Feed, configured: &Url, state: &FeedState, now: Timestamp) -> Answer {
        let Some(client) = self.clients.get(&options(feed)) else {
            return Answer::failed(
                Outcome::Internal,
                "no client for this feed; this is a fault of feedwatch",
            );
        };
        let named = Named::of(configured);
        let mut url = configured.clone();
        for _ in 0..=MAX_HOPS {
            if let Err(refused) = self.policy.check_url(&url, named.as_ref()) {
                return Answer {
                    status: None,
                    retry_after: None,
                    fetched: Fetched::Blocked(refused.to_string()),
                };
            }
            let (request, is_conditional) = request::build(feed, configured, &url, state);
            let response = match client.execute(request).await {
                Ok(response) => response,
                Err(error) => return network_failure(error),
            };
            let status = response.status();
            let wait = header::retry_after(response.headers(), now);
            let answer = |fetched| Answer::new(status, wait, fetched, now);
            if !is_redirect(status) {
                return answer(self.judge(response, &url, is_conditional).await);
            }
            if wait.is_some_and(|wait| wait > REDIRECT_PATIENCE) {
                return answer(Fetched::Limited("the server redirects and asks to wait first".to_owned()));
            }
            match next_hop(&response, &url) {
                Ok(next) => url = next,
                Err(reason) => return answer(Fetched::Failed(Outcome::HttpError, reason)),
            }
        }
        Answer::failed(Outcome::HttpError, format!("more than {MAX_HOPS} redirects, or a redirect loop"))
    }

    /// What the final answer means.
    async fn judge(&self, response: Response, url: &Url, is_conditional: bool) -> Fetched {
        let status = response.status();
        let says = format!("server answered {}", status_text(status));
        match status.as_u16() {
            200 => self.body(response, url).await,
            304 if is_conditional => Fetched::NotModified,
            304 => {
                Fetched::Failed(Outcome::HttpError, format!("{says}, though nothing was asked conditionally"))
            }
            410 => Fetched::Gone(says),
            429 => Fetched::Limited(says),
            503 if response.headers().contains_key(RETRY_AFTER) => Fetched::Limited(says),
            403 if is_rate_limited(&response) => Fetched::Limited(says),
            403 if is_bot_protection(&response) => Fetched::Blocked(format!(
                "{says}: bot protection; write to the publisher, and set `contact` in [http]"
            )),
            401 | 402 | 403 | 406 | 451 => Fetched::Blocked(says),
            _ => Fetched::Failed(Outcome::HttpError, says),
        }
    }

    async fn body(&self, response: Response, url: &Url) -> Fetched {
        let bytes_of = |name: HeaderName| response.headers().get(name).map(|value| value.as_bytes().to_vec());
        let validators = Validators { etag: bytes_of(ETAG), last_modified: bytes_of(LAST_MODIFIED) };
        let content_type = bytes_of(CONTENT_TYPE).map(|value| String::from_utf8_lossy(&value).into_owned());
        match self.decoded_body(response).await {
            Ok(bytes) => Fetched::Modified(Body {
                bytes,
                content_type,
                validated_url: url.to_string(),
                url: Some(url.clone()),
                validators,
            }),
            Err(error) => body_failure(&error),
        }
    }

    async fn decoded_body(&self, response: Response) -> Result<Vec<u8>, BodyError> {
        let (max_body, max_wire) = (self.settings.max_body, self.settings.max_wire);
        let encoding = http::content_encoding(response.headers());
        let wire = http::read_capped(response, max_wire).await?;
        if encoding.is_empty() && wire.len() <= max_body {
            return Ok(wire);
        }
        // Unpacking a bomb up to the cap takes tens of milliseconds: not on an async thread.
        let unpacking = tokio::task::spawn_blocking(move || http::decompress(wire, &encoding, max_body));
        unpacking.await.expect("decompression neither panics nor is cancelled")
    }
}

fn options(feed: &Feed) -> FeedOptions {
    FeedOptions { ca_file: feed.ca_file.clone(), http1_only: feed.http1_only }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where a redirect leads; the fragment is dropped.
fn next_hop(response: &Response, from: &Url) -> Result<Url, String> {
    let status = status_text(response.status());
    let location =
        response.headers().get(LOCATION).ok_or(format!("server answered {status} without Location"))?;
    let location = String::from_utf8_lossy(location.as_bytes());
    let mut next =
        from.join(&location).map_err(|_| format!("server answered {status} with an unusable Location"))?;
    next.set_fragment(None);
    if !matches!(next.scheme(), "http" | "https") {
        return Err(format!("server redirects to {}:, which is neither http nor https", next.scheme()));
    }
    if next == *from {
        return Err(format!("server answered {status} with a redirect to the same address"));
    }
    Ok(next)
}

fn is_rate_limited(response: &Response) -> bool {
    response.headers().contains_key(RETRY_AFTER)
        || response.headers().keys().any(|name| name.as_str().starts_with("x-ratelimit-"))
}

fn is_bot_protection(response: &Response) -> bool {
    response.headers().get("cf-mitigated").is_some_and(|value| value == "challenge")
}

/// `404 Not Found`.
fn status_text(status: StatusCode) -> String {
    status
        .canonical_reason()
        .map_or_else(|| status.as_str().to_owned(), |reason| format!("{} {reason}", status.as_str()))
}

fn network_failure(error: reqwest::Error) -> Answer {
    let error = NetworkError::from(error);
    Answer { status: None, retry_after: None, fetched: failed(error.kind, error.to_string()) }
}

fn failed(kind: NetworkErrorKind, message: String) -> Fetched {
    match kind {
        NetworkErrorKind::Blocked => Fetched::Blocked(message),
        NetworkErrorKind::Timeout => Fetched::Failed(Outcome::Timeout, message),
        _ => Fetched::Failed(Outcome::NetworkError, message),
    }
}

fn body_failure(error: &BodyError) -> Fetched {
    match error {
        BodyError::TooLarge { .. } => Fetched::Failed(Outcome::TooLarge, error.to_string()),
        BodyError::Encoding { .. } => Fetched::Failed(Outcome::Unreadable, error.to_string()),
        BodyError::Network(network) => failed(network.kind, network.to_string()),
    }
}
