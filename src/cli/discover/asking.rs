//! Asking for the feeds of a page: one after the other, each host with the manners that it is owed.

use std::{
    collections::{HashMap, HashSet},
    io::{self, IsTerminal},
};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::{
    super::{
        document::Client,
        feed_lines,
        output::{self, Clean},
    },
    Found,
};
use crate::{
    config::Config,
    model::HostKey,
    poll::hosts::{self, Manners},
};

/// Asks for feeds.
pub(super) struct Asking<'a> {
    client: &'a Client,
    config: &'a Config,
    configured: HashSet<&'a Url>,
    hosts: HashMap<HostKey, Gate>,
}

/// What a host is owed after a request.
struct Gate {
    opens: Instant,
    asks_for_patience: bool,
}

impl<'a> Asking<'a> {
    pub fn new(client: &'a Client, config: &'a Config) -> Self {
        Self { client, config, configured: feed_lines::configured(config), hosts: HashMap::new() }
    }

    /// Whether the feed is in the configuration already.
    pub fn is_configured(&self, url: &Url) -> bool {
        self.configured.contains(url)
    }

    /// The host of this URL was just asked.
    pub fn asked(&mut self, url: &Url, asks_for_patience: bool) {
        let host = hosts::key_of(url);
        let gap = Manners::of(&host, hosts::kind_of(url), &self.config.poll.hosts).gap;
        self.hosts.insert(host, Gate { opens: Instant::now() + gap, asks_for_patience });
    }

    /// Asks for a feed once, unless it is known already or its host wants to be left alone.
    pub async fn ask(&mut self, found: Found) -> Found {
        let url = found.lines.url.clone();
        if self.is_configured(&url) {
            return Found { configured: true, ..found };
        }
        if let Some(gate) = self.hosts.get(&hosts::key_of(&url)) {
            if gate.asks_for_patience {
                return found.unreadable("not asked, because its host wants to be left alone for a while");
            }
            sleep_until(gate.opens).await;
        }
        let fetched = self.client.fetch_linked(url.clone()).await;
        self.asked(&url, fetched.as_ref().is_err_and(|error| error.asks_for_patience));
        match fetched.map(|source| source.read(&self.config.read)) {
            Ok(Ok(document)) => found.readable(document),
            Ok(Err(error)) => found.unreadable(&error),
            Err(error) => found.unreadable(&error),
        }
    }
}

/// A bar on a terminal, plain lines elsewhere, nothing beside JSON; all of it on stderr.
pub(super) struct Progress {
    bar: ProgressBar,
    lines: bool,
}

impl Progress {
    pub fn new(feeds: usize, json: bool) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let bar = if is_terminal && !json { ProgressBar::new(feeds as u64) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} feeds {wide_msg}");
        bar.set_style(style.expect("the template is well formed"));
        Self { bar, lines: !json && !is_terminal }
    }

    pub fn begin(&self, url: &Url) {
        self.bar.set_message(Clean(url.as_str()).to_string());
    }

    pub fn done(&self, found: &Found) {
        self.bar.inc(1);
        if self.lines {
            output::say(&format!("{}: {}", found.lines.url, found.remark()));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
