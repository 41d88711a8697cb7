//! What a browser, a scraper or a health check asks for. It reads the store and changes nothing.

mod atom;
mod evidence;
mod exposition;
mod guard;
mod health;
mod labels;
mod metrics;
mod overview;
mod page;
mod process;
mod readiness;
mod routes;
mod server;
mod snapshot;
mod state;
mod status;
mod verdict;
mod words;

use std::net::SocketAddr;

pub use server::serve;
pub use state::{State, Watched};

/// Where the page is served (`[server]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The address to listen on; `None`: off.
    pub listen: Option<SocketAddr>,
    /// Further `Host` names that are answered.
    pub hosts: Vec<String>,
    /// Feeds that have series of their own in `/metrics`.
    pub metrics_feeds: usize,
}

impl Default for Settings {
    fn default() -> Self {
        let listen = Some(SocketAddr::from(([127, 0, 0, 1], 8686)));
        Self { listen, hosts: Vec::new(), metrics_feeds: 2000 }
    }
}
