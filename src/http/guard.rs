//! The address guard: which addresses may be talked to, and what the others are called. Pure.
//!
//! It is asked twice (specs/polling.md §10): for the host of every URL, because literals never reach a resolver,
//! and by the [resolver](super::resolver) for every address that a name leads to.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use ipnet::IpNet;
use url::{Host, Url};

/// What an address that is not public is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// `0.0.0.0/8`, `::`: no address at all, though systems connect it to themselves.
    Unspecified,
    /// `127.0.0.0/8`, `::1`, `localhost`.
    Loopback,
    /// RFC 1918, `fc00::/7`, `fec0::/10`, and NAT64 with a local prefix (`64:ff9b:1::/48`).
    Private,
    /// `100.64.0.0/10` (RFC 6598).
    Shared,
    /// `169.254.0.0/16`, `fe80::/10`; cloud metadata lives there.
    LinkLocal,
    /// `fd00:ec2::254`, `metadata.google.internal`: cloud metadata elsewhere.
    Metadata,
    /// Set aside for protocols, documentation, benchmarks, or the future (RFC 6890).
    Reserved,
    /// `224.0.0.0/4`, `ff00::/8`.
    Multicast,
    /// `255.255.255.255`.
    Broadcast,
}

impl Class {
    /// The name for people, with its article: `a private address`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "an unspecified address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::Shared => "a shared (carrier) address",
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "a cloud metadata address",
            Self::Reserved => "a reserved address",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "the broadcast address",
        }
    }

    /// Refused to everybody, even if named (DESIGN §6).
    const fn is_never_allowed(self) -> bool {
        matches!(self, Self::LinkLocal | Self::Metadata)
    }

    /// Refused even to the operator's own webhooks (specs/delivery.md §13).
    const fn is_refused_to_operator(self) -> bool {
        self.is_never_allowed() || matches!(self, Self::Unspecified | Self::Multicast | Self::Broadcast)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The class of an address, `None` if it is public. IPv6 forms that embed an IPv4 address have the class of what
/// they embed.
pub fn classify(address: IpAddr) -> Option<Class> {
    match address {
        IpAddr::V4(v4) => classify_v4(v4),
        IpAddr::V6(v6) => classify_v6(v6),
    }
}

fn classify_v4(address: Ipv4Addr) -> Option<Class> {
    let class = match address.octets() {
        [0, ..] => Class::Unspecified,
        [127, ..] => Class::Loopback,
        [10, ..] | [192, 168, ..] => Class::Private,
        [172, b, ..] if b & 0xf0 == 16 => Class::Private,
        [100, b, ..] if b & 0xc0 == 64 => Class::Shared,
        [169, 254, ..] => Class::LinkLocal,
        [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Class::Reserved,
        [198, b, ..] if b & 0xfe == 18 => Class::Reserved,
        [255, 255, 255, 255] => Class::Broadcast,
        [224..=239, ..] => Class::Multicast,
        [240..=255, ..] => Class::Reserved,
        _ => return None,
    };
    Some(class)
}

fn classify_v6(address: Ipv6Addr) -> Option<Class> {
    let class = match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Class::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => Class::Loopback,
        // Mapped ::ffff:0:0/96, compatible ::/96, NAT64 64:ff9b::/96, and stateless translation ::ffff:0:0:0/96.
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => {
            return classify_v4(embedded(address, 12));
        }
        // NAT64 with a local prefix is private whatever it embeds, and worse if that is.
        [0x64, 0xff9b, 1, ..] => match classify_v4(embedded(address, 12)) {
            Some(class) if class.is_refused_to_operator() => class,
            _ => Class::Private,
        },
        // 6to4.
        [0x2002, ..] => return classify_v4(embedded(address, 2)),
        // Teredo: the client's address with all bits flipped, and its server's.
        [0x2001, 0, ..] => {
            let client = Ipv4Addr::from_bits(!embedded(address, 12).to_bits());
            return classify_v4(client).or_else(|| classify_v4(embedded(address, 4)));
        }
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Class::Metadata,
        [first, ..] if first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfec0 => Class::Private,
        [first, ..] if first & 0xffc0 == 0xfe80 => Class::LinkLocal,
        [first, ..] if first & 0xff00 == 0xff00 => Class::Multicast,
        // Documentation 2001:db8::/32 and 3fff::/20, discard 100::/64.
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] | [0x100, 0, 0, 0, ..] => Class::Reserved,
        _ => return None,
    };
    Some(class)
}

/// The four bytes from `first` on, as an IPv4 address.
fn embedded(address: Ipv6Addr, first: usize) -> Ipv4Addr {
    let bytes = address.octets();
    Ipv4Addr::new(bytes[first], bytes[first + 1], bytes[first + 2], bytes[first + 3])
}

/// A host that must not be talked to. The message names the class, never more of the URL than the host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The URL's own host.
    #[error("refused: {host} is {class}")]
    Literal {
        /// The host as the URL has it.
        host: String,
        /// What it is.
        class: Class,
    },
    /// What a name leads to.
    #[error("refused: {name} leads to {class} ({address})")]
    Name {
        /// The name.
        name: String,
        /// The first of its addresses.
        address: IpAddr,
        /// What that is.
        class: Class,
    },
}

/// Whose URL it is, and so which addresses may be talked to.
#[derive(Debug, Clone)]
pub enum Policy {
    /// Feeds and where they redirect to: public addresses, and these networks.
    Feed {
        /// Private networks that names and redirects may lead to.
        allow_private: Arc<[IpNet]>,
    },
    /// Webhooks, which are the operator's own: loopback and private are fine.
    Operator,
}

impl Policy {
    /// Whether this address may be talked to when a name leads to it; else its class.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Class> {
        match (classify(address), self) {
            (None, _) => Ok(()),
            (Some(class), Self::Operator) if !class.is_refused_to_operator() => Ok(()),
            (Some(class), Self::Feed { allow_private })
                if !class.is_never_allowed() && contains(allow_private, address) =>
            {
                Ok(())
            }
            (Some(class), _) => Err(class),
        }
    }

    /// Checks the host of a URL before it is asked, at every hop: literals, `localhost`, and the names of cloud
    /// metadata. Other names are the resolver's to check. `named` is what the operator wrote.
    pub fn check_url(&self, url: &Url, named: Option<&Named>) -> Result<(), Refused> {
        let Some(host) = url.host() else { return Ok(()) };
        let verdict = match &host {
            Host::Ipv4(v4) => self.check_address(IpAddr::V4(*v4)),
            Host::Ipv6(v6) => self.check_address(IpAddr::V6(*v6)),
            Host::Domain(name) if is_localhost(name) => self.check_address(Ipv4Addr::LOCALHOST.into()),
            Host::Domain(name) if is_metadata(name) => Err(Class::Metadata),
            Host::Domain(_) => Ok(()),
        };
        match verdict {
            Err(class) if class.is_never_allowed() || !named.is_some_and(|named| named.admits(url)) => {
                Err(Refused::Literal { host: host.to_string(), class })
            }
            _ => Ok(()),
        }
    }
}

fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    let canonical = address.to_canonical();
    networks.iter().any(|network| network.contains(&address) || network.contains(&canonical))
}

/// A host and port that the operator named by writing it into a feed's own `url`: a literal address or
/// `localhost`. Admitted for that feed and where it redirects to, nothing else is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    host: Host,
    port: u16,
}

impl Named {
    /// What this configured URL names; `None` if its host is a name that must be resolved.
    pub fn of(url: &Url) -> Option<Self> {
        let host = url.host()?;
        let is_named = match &host {
            Host::Domain(name) => is_localhost(name),
            Host::Ipv4(_) | Host::Ipv6(_) => true,
        };
        let port = url.port_or_known_default()?;
        is_named.then(|| Self { host: host.to_owned(), port })
    }

    fn admits(&self, url: &Url) -> bool {
        url.host().is_some_and(|host| host.to_owned() == self.host)
            && url.port_or_known_default() == Some(self.port)
    }
}

/// Whether a name is `localhost` or below it, which never leaves the machine (RFC 6761 §6.3).
pub fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or(name);
    last.eq_ignore_ascii_case("localhost")
}

fn is_metadata(name: &str) -> bool {
    name.strip_suffix('.').unwrap_or(name).eq_ignore_ascii_case("metadata.google.internal")
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
