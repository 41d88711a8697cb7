//! One request and what its answer means (specs/polling.md §3).

use std::time::Duration;

use reqwest::{
    Client, Request, Response, StatusCode,
    header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED, LOCATION, RETRY_AFTER},
};
use url::Url;

use super::{
    super::{hints::Said, store_time::StoreTime},
    Fetched, Head,
};
use crate::{
    http::{self, BodyError, NetworkError, NetworkErrorKind, header},
    model::{Outcome, Timestamp, Validators},
    pipeline::{Body, Links},
};

/// What one request led to.
pub(super) enum Step {
    /// The end of the way.
    Answer(Fetched),
    /// The server sends on; it may ask to wait first.
    Redirect { next: Url, is_permanent: bool, wait: Duration },
}

/// Sends one request. What is learned from the head of the answer goes into `head`.
pub(super) async fn send(
    client: &Client,
    settings: &http::Settings,
    (request, is_conditional): (Request, bool),
    clock: &StoreTime,
    head: &mut Head,
) -> Step {
    let url = request.url().clone();
    head.conditional = is_conditional;
    let answered = client.execute(request).await;
    head.received = clock.now();
    let response = match answered {
        Ok(response) => response,
        Err(error) => {
            let error = NetworkError::from(error);
            return Step::Answer(failed(error.kind, error.to_string()));
        }
    };
    let (status, headers) = (response.status(), response.headers());
    head.status = Some(status.as_u16());
    if !header::is_within_limit(headers) {
        let reason = format!("the head of the answer is larger than {} bytes", header::MAX_HEADER_BYTES);
        return Step::Answer(Fetched::Failed(Outcome::TooLarge, reason));
    }
    head.said =
        Said { at_all: http::speaks_of_freshness(headers), fresh: http::freshness(headers, head.received) };
    if is_redirect(status) {
        return redirect(&response, &url, head.received);
    }
    let fetched = judge(response, settings, &url, head).await;
    Step::Answer(fetched)
}

/// What the final answer means.
async fn judge(response: Response, settings: &http::Settings, url: &Url, head: &mut Head) -> Fetched {
    let (status, headers) = (response.status(), response.headers());
    let says = format!("server answered {}", status_text(status));
    let mut limited = |says| {
        head.patience = patience(headers, head.received);
        Fetched::Limited(says)
    };
    match status.as_u16() {
        200 => body(response, settings, url, &mut head.bytes).await,
        304 if head.conditional => Fetched::NotModified(validators(headers)),
        304 => Fetched::Failed(Outcome::HttpError, format!("{says}, though nothing was asked conditionally")),
        410 => Fetched::Gone(says),
        429 => limited(says),
        503 if headers.contains_key(RETRY_AFTER) => limited(says),
        403 if is_rate_limited(headers) => limited(says),
        403 if is_bot_protection(headers) => Fetched::Blocked(format!(
            "{says}: bot protection; write to the publisher, and set `contact` in [http]"
        )),
        401 | 402 | 403 | 406 | 451 => Fetched::Blocked(says),
        _ => Fetched::Failed(Outcome::HttpError, says),
    }
}

/// How long a limit asks to wait. One that cannot be read asks for nothing (specs/polling.md R1, R3).
fn patience(headers: &HeaderMap, received: Timestamp) -> Option<Duration> {
    if headers.contains_key(RETRY_AFTER) {
        return Some(header::retry_after(headers, received).unwrap_or_default());
    }
    header::rate_limit_reset(headers, received)
}

async fn body(response: Response, settings: &http::Settings, url: &Url, bytes: &mut u64) -> Fetched {
    let validators = validators(response.headers());
    let link = |relation| header::link(response.headers(), relation, url);
    let older = Links { prev_archive: link("prev-archive"), next: link("next") };
    let content_type =
        bytes_of(response.headers(), CONTENT_TYPE).map(|value| String::from_utf8_lossy(&value).into_owned());
    match decoded_body(response, settings, bytes).await {
        Ok(bytes) => Fetched::Modified(Box::new(Body {
            bytes,
            content_type,
            validated_url: url.to_string(),
            url: Some(url.clone()),
            validators,
            older,
        })),
        Err(BodyError::Network(network)) => failed(network.kind, network.to_string()),
        Err(error @ BodyError::TooLarge { .. }) => Fetched::Failed(Outcome::TooLarge, error.to_string()),
        Err(error @ BodyError::Encoding { .. }) => Fetched::Failed(Outcome::Unreadable, error.to_string()),
    }
}

async fn decoded_body(
    response: Response,
    settings: &http::Settings,
    bytes: &mut u64,
) -> Result<Vec<u8>, BodyError> {
    let (max_body, max_wire) = (settings.max_body, settings.max_wire);
    let encoding = http::content_encoding(response.headers());
    let wire = http::read_capped(response, max_wire).await?;
    *bytes += wire.len() as u64;
    if encoding.is_empty() && wire.len() <= max_body {
        return Ok(wire);
    }
    // Unpacking a bomb up to the cap takes tens of milliseconds: not on an async thread.
    let unpacking = tokio::task::spawn_blocking(move || http::decompress(wire, &encoding, max_body));
    unpacking.await.expect("decompression neither panics nor is cancelled")
}

fn validators(headers: &HeaderMap) -> Validators {
    Validators { etag: bytes_of(headers, ETAG), last_modified: bytes_of(headers, LAST_MODIFIED) }
}

fn bytes_of(headers: &HeaderMap, name: HeaderName) -> Option<Vec<u8>> {
    headers.get(name).map(|value| value.as_bytes().to_vec())
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where a redirect leads; fragment and credentials are dropped.
fn redirect(response: &Response, from: &Url, received: Timestamp) -> Step {
    let (status, headers) = (response.status(), response.headers());
    let broken = |what: &str| {
        let reason = format!("server answered {} {what}", status_text(status));
        Step::Answer(Fetched::Failed(Outcome::HttpError, reason))
    };
    let Some(location) = headers.get(LOCATION) else { return broken("without Location") };
    let Ok(mut next) = from.join(&String::from_utf8_lossy(location.as_bytes())) else {
        return broken("with an unusable Location");
    };
    next.set_fragment(None);
    // Credentials come from the configuration, never from a server. A URL that cannot have any keeps none.
    let _ = next.set_username("").and_then(|()| next.set_password(None));
    if !matches!(next.scheme(), "http" | "https") {
        return broken(&format!("and redirects to {}:, which is neither http nor https", next.scheme()));
    }
    let wait = header::retry_after(headers, received).unwrap_or_default();
    Step::Redirect { next, is_permanent: matches!(status.as_u16(), 301 | 308), wait }
}

fn is_rate_limited(headers: &HeaderMap) -> bool {
    headers.contains_key(RETRY_AFTER) || headers.keys().any(|name| name.as_str().starts_with("x-ratelimit-"))
}

fn is_bot_protection(headers: &HeaderMap) -> bool {
    headers.get("cf-mitigated").is_some_and(|value| value == "challenge")
}

/// `404 Not Found`.
fn status_text(status: StatusCode) -> String {
    status
        .canonical_reason()
        .map_or_else(|| status.as_str().to_owned(), |reason| format!("{} {reason}", status.as_str()))
}

fn failed(kind: NetworkErrorKind, message: String) -> Fetched {
    match kind {
        NetworkErrorKind::Blocked => Fetched::Blocked(message),
        NetworkErrorKind::Timeout => Fetched::Failed(Outcome::Timeout, message),
        _ => Fetched::Failed(Outcome::NetworkError, message),
    }
}
