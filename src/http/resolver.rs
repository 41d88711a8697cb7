//! Names to addresses, by the system, and only to those that the [guard](super::guard) lets pass: what was
//! checked is what is dialled, so a name that changes its address between two lookups gains nothing.

use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::{Policy, Refused, is_localhost};

/// The resolver of every client that [`client`](super::client) builds.
#[derive(Debug, Clone)]
pub struct GuardedResolver {
    policy: Policy,
}

impl GuardedResolver {
    /// A resolver that follows this policy.
    pub fn new(policy: Policy) -> Self {
        Self { policy }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.policy.clone();
        Box::pin(async move {
            let checked = if is_localhost(name.as_str()) {
                loopback()
            } else {
                let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
                keep_allowed(&policy, name.as_str(), found.map(|address| address.ip()))?
            };
            let addresses: Addrs = Box::new(checked.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok::<_, Box<dyn Error + Send + Sync>>(addresses)
        })
    }
}

/// `localhost` leads to this machine whatever a name server says. That it may be asked at all was decided when
/// its URL was checked.
fn loopback() -> Vec<IpAddr> {
    vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
}

/// Drops what is refused. An answer with public and private addresses keeps the public ones.
fn keep_allowed(
    policy: &Policy,
    name: &str,
    found: impl Iterator<Item = IpAddr>,
) -> Result<Vec<IpAddr>, Box<dyn Error + Send + Sync>> {
    let mut kept = Vec::new();
    let mut refused = None;
    for address in found {
        match policy.check_address(address) {
            Ok(()) => kept.push(address),
            Err(class) => refused = refused.or(Some((address, class))),
        }
    }
    match refused {
        _ if !kept.is_empty() => Ok(kept),
        Some((address, class)) => Err(Refused::Name { name: name.to_owned(), address, class }.into()),
        None => Err("the name has no address".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(found: &[&str]) -> Result<Vec<String>, String> {
        let policy = Policy::Feed { allow_private: ["192.168.7.0/24".parse().expect("network")].into() };
        let found = found.iter().map(|text| text.parse().expect("address"));
        match keep_allowed(&policy, "example.org", found) {
            Ok(kept) => Ok(kept.iter().map(ToString::to_string).collect()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn only_allowed_addresses_are_dialled() {
        assert_eq!(keep(&["8.8.8.8", "10.0.0.1", "::1"]), Ok(vec!["8.8.8.8".to_owned()]));
        assert_eq!(keep(&["192.168.7.3"]), Ok(vec!["192.168.7.3".to_owned()]));
    }

    #[test]
    fn when_none_is_left_the_first_refusal_is_told() {
        let told = "refused: example.org leads to a private address (10.0.0.1)";
        assert_eq!(keep(&["10.0.0.1", "127.0.0.1"]), Err(told.to_owned()));
        assert_eq!(keep(&[]), Err("the name has no address".to_owned()));
    }

    #[tokio::test]
    async fn localhost_is_this_machine_without_asking_anybody() {
        let resolver = GuardedResolver::new(Policy::Operator);
        for name in ["localhost", "feeds.localhost"] {
            let found: Vec<_> = resolver.resolve(name.parse().expect("name")).await.expect("found").collect();
            assert!(!found.is_empty() && found.iter().all(|address| address.ip().is_loopback()), "{found:?}");
        }
    }
}
