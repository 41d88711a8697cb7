//! What a browser, a scraper or a health check asks for.

use std::net::SocketAddr;

/// Where the page is served (`[server]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The address to listen on; `None`: off.
    pub listen: Option<SocketAddr>,
    /// Further `Host` names that are answered.
    pub hosts: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { listen: Some(SocketAddr::from(([127, 0, 0, 1], 8686))), hosts: Vec::new() }
    }
}
