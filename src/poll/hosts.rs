//! What a host is, and how politely it is asked: the key of its gate and its manners. Pure.
//!
//! The gate itself is the lease of the store: a host is asked by whoever holds it, [`Manners::in_flight`] requests
//! at a time, and is given back with a pause of [`Manners::gap`] (specs/polling.md §5 R4, R5).

use std::{net::IpAddr, time::Duration};

use url::{Host, Url};

use super::HostManners;
use crate::{
    http::{classify, is_localhost},
    model::{Feed, FeedLocation, HostKey},
};

/// The gap between two requests to a public host.
const PUBLIC_GAP: Duration = Duration::from_secs(2);
/// Requests under way at the same time to a loopback or private host.
const LOCAL_IN_FLIGHT: usize = 4;

/// What kind of host a feed lives on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKind {
    /// A name, or an address of the public internet: owed politeness.
    Public,
    /// `localhost`, or a loopback or private address as a literal: the operator's own.
    Local,
    /// A file on this machine.
    File,
}

/// The kind of host a feed lives on, as its address says; names are not resolved.
pub fn kind(location: &FeedLocation) -> HostKind {
    match location {
        FeedLocation::File(_) => HostKind::File,
        FeedLocation::Http(url) => kind_of(url),
    }
}

/// The kind of host a URL leads to.
pub fn kind_of(url: &Url) -> HostKind {
    if is_local(url) { HostKind::Local } else { HostKind::Public }
}

/// The registrable domain that a URL belongs to, if it has a name and is not local: what one feed is told there, all
/// are told (specs/polling.md R4).
pub fn domain_of(url: &Url) -> Option<HostKey> {
    let is_name = matches!(url.host(), Some(Host::Domain(name)) if !is_localhost(name));
    is_name.then(|| key_of(url))
}

/// Whether politeness is owed: the feed does not come from the operator's own machines.
pub fn is_public(location: &FeedLocation) -> bool {
    kind(location) == HostKind::Public
}

/// Whether a URL names a loopback or private address, or `localhost`.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_localhost(name),
        Some(Host::Ipv4(ip)) => classify(IpAddr::V4(ip)).is_some(),
        Some(Host::Ipv6(ip)) => classify(IpAddr::V6(ip)).is_some(),
        None => false,
    }
}

/// The gate a feed belongs to: the registrable domain (public suffix list) of a public name, else host and port,
/// else the file.
pub fn key(location: &FeedLocation) -> HostKey {
    match location {
        FeedLocation::File(path) => HostKey::new(format!("file:{}", path.display())),
        FeedLocation::Http(url) => key_of(url),
    }
}

/// The gate that a URL lies behind.
pub fn key_of(url: &Url) -> HostKey {
    match url.host() {
        Some(Host::Domain(name)) if !is_localhost(name) => {
            HostKey::from(psl::domain_str(name).unwrap_or(name))
        }
        host => {
            let host = host.map_or_else(String::new, |host| host.to_string());
            HostKey::new(format!("{host}:{}", url.port_or_known_default().unwrap_or(0)))
        }
    }
}

/// How a host is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// From the end of one request to the start of the next.
    pub gap: Duration,
    /// Requests under way at the same time.
    pub in_flight: usize,
}

impl Manners {
    /// One request at a time, two seconds apart.
    pub const PUBLIC: Self = Self { gap: PUBLIC_GAP, in_flight: 1 };
    /// Several at a time, no gap: the operator's own machines.
    pub const LOCAL: Self = Self { gap: Duration::ZERO, in_flight: LOCAL_IN_FLIGHT };

    /// The manners towards the host of a feed: the configured ones, else those of its kind.
    pub fn towards(feed: &Feed, configured: &[HostManners]) -> Self {
        Self::of(&feed.host, kind(&feed.location), configured)
    }

    /// The manners towards a host of this kind.
    pub fn of(host: &HostKey, kind: HostKind, configured: &[HostManners]) -> Self {
        let default = match kind {
            HostKind::Public => Self::PUBLIC,
            HostKind::Local | HostKind::File => Self::LOCAL,
        };
        let Some(own) = configured.iter().find(|configured| configured.name == *host) else { return default };
        Self {
            gap: own.gap.unwrap_or(default.gap),
            in_flight: own.in_flight.unwrap_or(default.in_flight).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected_key: &str, expected_kind: HostKind) {
        let location = FeedLocation::Http(Url::parse(url).expect("test URL"));
        assert_eq!(key(&location).as_str(), expected_key, "{url}");
        assert_eq!(kind(&location), expected_kind, "{url}");
    }

    #[test]
    fn a_gate_is_the_registrable_domain_or_host_and_port() {
        check("https://feeds.bbci.co.uk/news/rss.xml", "bbci.co.uk", HostKind::Public);
        check("https://Example.ORG:8443/a", "example.org", HostKind::Public);
        check("https://a.tumblr.com/rss", "tumblr.com", HostKind::Public);
        check("http://localhost:8080/a", "localhost:8080", HostKind::Local);
        check("http://127.0.0.1/a", "127.0.0.1:80", HostKind::Local);
        check("http://10.1.2.3:81/a", "10.1.2.3:81", HostKind::Local);
        check("http://[::1]:9/a", "[::1]:9", HostKind::Local);
        check("https://8.8.8.8/a", "8.8.8.8:443", HostKind::Public);
    }

    #[test]
    fn a_file_is_its_own_host() {
        let location = FeedLocation::File("/srv/feed.xml".into());
        assert_eq!(key(&location).as_str(), "file:/srv/feed.xml");
        assert_eq!(kind(&location), HostKind::File);
    }
}
