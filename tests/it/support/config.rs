//! A configuration for a test, written as an operator would, with waits of a test's size.

use std::fmt::Write;

use super::{Receiver, Site};

/// Four topics, as simple as a newcomer writes them.
pub const FOUR_TOPICS: &str = r#"
[[topic]]
name = "S-400"
any = ["S-400", "Triumf"]

[[topic]]
name = "Patriot"
any = ["Patriot"]

[[topic]]
name = "F-35"
any = ["F-35"]

[[topic]]
name = "sanctions"
any = ["sanctions"]
"#;

/// Builds the text of a `feedwatch.toml`.
#[derive(Debug, Clone)]
pub struct Config {
    server: String,
    http: String,
    notify: String,
    rest: String,
}

impl Config {
    /// The four topics, no feeds, no notifiers; short waits, no status page.
    pub fn new() -> Self {
        Self {
            server: "listen = \"\"".to_owned(),
            http: "timeout = \"3s\"".to_owned(),
            notify: "retry = [\"200ms\"]".to_owned(),
            rest: FOUR_TOPICS.to_owned(),
        }
    }

    /// Replaces what stands in `[server]`.
    pub fn server(self, keys: &str) -> Self {
        Self { server: keys.to_owned(), ..self }
    }

    /// The page, on any free port.
    pub fn page(self) -> Self {
        self.server("listen = \"127.0.0.1:0\"")
    }

    /// Replaces what stands in `[http]`.
    pub fn http(self, keys: &str) -> Self {
        Self { http: keys.to_owned(), ..self }
    }

    /// Replaces what stands in `[notify]`.
    pub fn notify(self, keys: &str) -> Self {
        Self { notify: keys.to_owned(), ..self }
    }

    /// A feed of the site, asked every second.
    pub fn feed(self, site: &Site, path: &str) -> Self {
        self.every(site, path, "1s")
    }

    /// A feed of the site, asked as often as this.
    pub fn every(self, site: &Site, path: &str, interval: &str) -> Self {
        self.add(&format!("[[feed]]\nurl = \"{}\"\ninterval = \"{interval}\"\n", site.url(path)))
    }

    /// A webhook that signs for this receiver.
    pub fn webhook(self, name: &str, receiver: &Receiver) -> Self {
        let (url, secret) = (receiver.url(), receiver.secret());
        self.add(&format!(
            "[[notifier]]\nname = \"{name}\"\ntype = \"webhook\"\nurl = \"{url}\"\nsecret = \"{secret}\"\n"
        ))
    }

    /// Anything else, as it stands in the file.
    pub fn add(mut self, text: &str) -> Self {
        let _ = write!(self.rest, "\n{text}");
        self
    }

    /// The file.
    pub fn text(&self) -> String {
        let Self { server, http, notify, rest } = self;
        format!("[server]\n{server}\n\n[http]\n{http}\n\n[notify]\n{notify}\n{rest}")
    }
}
