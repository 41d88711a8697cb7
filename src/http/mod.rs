//! The one way to build an HTTP client: address guard, capped bodies, header parsing.
//!
//! Before a request the caller checks its URL with [`Policy::check_url`]; the clients check what names lead to.

mod body;
mod client;
mod error;
mod freshness;
mod guard;
pub mod header;
mod resolver;
mod unpack;

pub use body::{BodyError, content_encoding, read_capped};
pub use client::{
    ClientError, FeedOptions, feed_client, feed_policy, feed_user_agent, install_tls, webhook_client,
};
pub use error::{NetworkError, NetworkErrorKind};
pub use freshness::{Freshness, FreshnessSource, freshness, speaks_of_freshness};
pub use guard::{Class, Named, Policy, Refused, classify, is_localhost};
pub use unpack::decompress;

/// The clients built here are plain `reqwest` ones.
pub use reqwest::{Client, Response, StatusCode};

use std::time::Duration;

use ipnet::IpNet;

/// How feeds are fetched (`[http]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whom publishers can write to; goes into the User-Agent.
    pub contact: String,
    /// One poll, all hops.
    pub timeout: Duration,
    /// Largest decoded body, in bytes.
    pub max_body: usize,
    /// Largest body as sent, in bytes.
    pub max_wire: usize,
    /// Requests under way at the same time.
    pub max_in_flight: usize,
    /// Private networks that names and redirects may lead to.
    pub allow_private: Vec<IpNet>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            contact: String::new(),
            timeout: Duration::from_mins(1),
            max_body: 16 << 20,
            max_wire: 8 << 20,
            max_in_flight: 16,
            allow_private: Vec::new(),
        }
    }
}
