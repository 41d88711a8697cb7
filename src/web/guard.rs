//! What holds for every answer: which hosts are answered, and the headers that keep a browser from doing more than show.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::{
    extract::{Request, State as Extract},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
        uri::Authority,
    },
    middleware::Next,
    response::Response,
};

use super::{State, health};
use crate::clock::Clock;

/// Nothing is loaded, run, framed or sent; the one style sheet is ours.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Lets a request through if its host is one of ours, and makes the answer a safe one.
pub async fn guard<S: Clone + Send + Sync + 'static, C: Clock>(
    Extract(state): Extract<State<S, C>>,
    request: Request,
    next: Next,
) -> Response {
    let is_health = request.uri().path().starts_with("/health/");
    let is_ours =
        is_health || are_ours(request.uri().authority(), request.headers(), &state.settings().hosts);
    let mut response = if is_ours { next.run(request).await } else { misdirected() };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A page on another name may be a stranger's, who let that name lead here (DNS rebinding).
fn misdirected() -> Response {
    let text = "this name is not answered here; list it in server.hosts of the configuration\n";
    health::text(StatusCode::MISDIRECTED_REQUEST, text.to_owned())
}

/// Whether every name that the request gives is one of ours; there must be one.
fn are_ours(authority: Option<&Authority>, headers: &HeaderMap, hosts: &[String]) -> bool {
    let hosts_named = headers.get_all(HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let mut names = authority.map(Authority::as_str).into_iter().chain(hosts_named).peekable();
    names.peek().is_some() && names.all(|name| is_ours(name, hosts))
}

/// Whether this is the machine itself, an address, or a name from `server.hosts`; a port may follow.
fn is_ours(authority: &str, hosts: &[String]) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    if authority.as_str().contains('@') {
        return false;
    }
    let host = authority.host();
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok()
        || bracketed.is_some_and(|host| host.parse::<Ipv6Addr>().is_ok())
        || hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, expected: bool) {
        assert_eq!(is_ours(host, &["News.example".to_owned()]), expected, "{host:?}");
    }

    #[test]
    fn only_the_machine_addresses_and_listed_names_are_ours() {
        for ours in [
            "localhost",
            "LOCALHOST:8686",
            "127.0.0.1",
            "10.1.2.3:80",
            "[::1]",
            "[2001:db8::1]:8686",
            "news.example",
            "NEWS.example:443",
        ] {
            check(ours, true);
        }
        for other in [
            "",
            "evil.example",
            "news.example.evil.example",
            "xnews.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "0x7f.1",
            "127.1",
            "[::1",
            "::1",
            "user@localhost",
            "localhost:80@evil.example",
            "localhost evil",
            "[evil.example]",
            "localhost.",
        ] {
            check(other, false);
        }
    }

    #[test]
    fn a_request_that_names_two_hosts_or_none_is_not_for_us() {
        let mut headers = HeaderMap::new();
        assert!(!are_ours(None, &headers, &[]));
        headers.append(HOST, HeaderValue::from_static("localhost"));
        assert!(are_ours(None, &headers, &[]));
        assert!(!are_ours(Some(&Authority::from_static("evil.example")), &headers, &[]));
        headers.append(HOST, HeaderValue::from_static("evil.example"));
        assert!(!are_ours(None, &headers, &[]));
    }
}
