//! The request: which headers go to which hop (specs/polling.md §2 V1, V4; §6; §7).

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{
    Method, Request,
    header::{
        ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    },
};
use url::Url;

use crate::{model::Feed, secret::Secret, store::FeedState};

const FEED_TYPES: HeaderValue = HeaderValue::from_static(
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, \
     application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1",
);
const ENCODINGS: HeaderValue = HeaderValue::from_static("gzip, br, zstd, deflate");

/// Builds the request for one hop; the second value says whether it is conditional.
///
/// Validators go only to the URL that gave them, and only if `known` is given; credentials and configured headers go only
/// to the feed's own origin.
pub(super) fn build(feed: &Feed, configured: &Url, url: &Url, known: Option<&FeedState>) -> (Request, bool) {
    let mut request = Request::new(Method::GET, url.clone());
    let headers = request.headers_mut();
    headers.insert(ACCEPT, FEED_TYPES);
    headers.insert(ACCEPT_ENCODING, ENCODINGS);
    if url.origin() == configured.origin() {
        if let Some(user) = &feed.username {
            headers.extend(basic_auth(user, feed.password.as_ref()).map(|value| (AUTHORIZATION, value)));
        }
        for (name, value) in &feed.headers {
            if let (Ok(name), Ok(mut value)) =
                (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value.expose()))
            {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
    }
    let Some(known) = known.filter(|known| known.validated_url.as_deref() == Some(url.as_str())) else {
        return (request, false);
    };
    let mut is_conditional = false;
    let validators =
        [(IF_NONE_MATCH, &known.validators.etag), (IF_MODIFIED_SINCE, &known.validators.last_modified)];
    for (name, value) in validators {
        let Some(value) = value.as_deref().and_then(|bytes| HeaderValue::from_bytes(bytes).ok()) else {
            continue;
        };
        headers.insert(name, value);
        is_conditional = true;
    }
    (request, is_conditional)
}

/// HTTP basic authentication (RFC 7617).
fn basic_auth(user: &str, password: Option<&Secret>) -> Option<HeaderValue> {
    let credentials = format!("{user}:{}", password.map_or("", Secret::expose));
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(credentials))).ok()?;
    value.set_sensitive(true);
    Some(value)
}
