//! The whole: the only room that knows every concrete type. Start order, stop order, reload.

mod daemon;
mod listener;
mod once;
mod page;
mod reload;
mod service;
mod status_line;
mod store;

use std::sync::Arc;

use anyhow::{Result, anyhow};
use data_encoding::HEXLOWER;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use self::{daemon::Daemon, page::Page, service::Service};
pub use self::{
    listener::Passed,
    once::{LeftOut, once},
    store::{
        AppStore, MoveProgress, back_up, move_store, open_store, open_store_beside, open_store_now,
        open_store_to_read,
    },
};
use crate::{
    config::{Config, Loaded, Problems},
    matcher::Matcher,
    metrics::Metrics,
    model::{Feed, FeedLocation, Notifier, NotifierKind, OwnerId, hash_parts},
    pipeline::Pipeline,
    poll::{Fetcher, Live, Slots, hosts, schedule},
    secret::Secret,
    store::{FeedEntry, NotifierEntry, Store, StoreError},
    telemetry,
};

/// What the daemon is run with.
pub struct Run {
    /// The configuration that was read at the start.
    pub loaded: Loaded,
    /// Reads it anew, for a reload.
    pub load: Box<dyn Fn() -> Result<Loaded, Problems> + Send + Sync>,
    /// Says when to reload.
    pub hangups: mpsc::Receiver<()>,
    /// Changes the level of the log.
    pub log: telemetry::Handle,
    /// A socket that systemd passed.
    pub passed: Passed,
}

/// Runs the daemon until `cancel`: binds the port, opens the store, says that it is ready, works; reloads when told to.
///
/// # Errors
/// If the port or the store cannot be had, or a loop ended by itself.
pub async fn run(mut run: Run, cancel: CancellationToken) -> Result<()> {
    let service = Service::of_process();
    let starting = Daemon::start(&service, run.loaded, run.passed, &cancel);
    // A signal that comes while the store is being opened, or waits for another program, is obeyed at once.
    let Some(daemon) = cancel.run_until_cancelled(service.during_start("opening the store", starting)).await
    else {
        return Ok(());
    };
    let mut daemon = daemon?;
    service.ready(&format!("watching {}", summary(&daemon.config)));
    let (pulse, telling) =
        (daemon.pulse.clone(), status_line::tell(&service, daemon.store.clone(), daemon.live.subscribe()));
    let working = async {
        loop {
            tokio::select! {
                () = cancel.cancelled() => break None,
                ended = daemon.failed.recv() => break ended,
                Some(()) = run.hangups.recv() => {
                    cancel.run_until_cancelled(daemon.reload(&service, &run.load, &run.log)).await;
                }
            }
        }
    };
    let ended = tokio::select! {
        ended = working => ended,
        never = telling => never,
        never = service.feed_watchdog(&pulse) => never,
    };
    service.stopping("finishing what is under way");
    daemon.stop().await;
    ended.map_or(Ok(()), Err)
}

/// Compiles a checked configuration into what the poller works with.
///
/// # Errors
/// If a `ca_file` changed since the check.
pub fn live(config: &Config, metrics: &Metrics) -> Result<Live> {
    let matcher = compile(config)?;
    let fetcher = Fetcher::new(&config.http, &config.poll.feeds)?;
    let feeds = config.poll.feeds.iter().map(|feed| (feed.id.clone(), Arc::new(feed.clone()))).collect();
    let address = |feed: &Feed| match &feed.location {
        FeedLocation::Http(url) => Some((url.clone(), feed.id.clone())),
        FeedLocation::File(_) => None,
    };
    let addresses = config.poll.feeds.iter().filter(|feed| feed.enabled).filter_map(address).collect();
    let pipeline = Pipeline {
        matcher,
        notifiers: config.notify.notifiers.clone(),
        limits: config.read.clone(),
        first_alerts: config.poll.first_alerts,
        metrics: metrics.clone(),
    };
    Ok(Live {
        feeds,
        addresses,
        settings: config.poll.clone(),
        fetcher,
        slots: Slots::new(config.http.max_in_flight),
        pipeline: Arc::new(pipeline),
        max_pending: config.notify.max_pending,
    })
}

/// Compiles the watchlist.
///
/// # Errors
/// Never for a checked configuration; names the first problem otherwise.
pub fn compile(config: &Config) -> Result<Matcher> {
    Matcher::compile(&config.topics, &config.aliases).map_err(|problems| {
        anyhow!(
            "watchlist: {}",
            problems.first().map_or("unknown problem", |problem| problem.message.as_str())
        )
    })
}

/// Makes the feeds and notifiers of a configuration known to the store.
///
/// # Errors
/// If the store cannot be used.
pub async fn sync(store: &impl Store, config: &Config) -> Result<(), StoreError> {
    let feeds = config.poll.feeds.iter().map(|feed| entry(feed, config)).collect();
    let notifiers = config.notify.notifiers.iter().map(|notifier| NotifierEntry {
        name: notifier.name.clone(),
        target: target(notifier),
        enabled: notifier.enabled,
    });
    store.sync_config(feeds, notifiers.collect()).await
}

/// A fingerprint of where and how a notifier sends; nothing of it can be read back.
fn target(notifier: &Notifier) -> String {
    let NotifierKind::Webhook(webhook) = &notifier.kind else { return "log".to_owned() };
    let ca_file = webhook.ca_file.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let keys: Vec<String> = webhook.secrets.iter().map(|key| HEXLOWER.encode(key.expose())).collect();
    let headers = webhook.headers.iter().flat_map(|(name, value)| [name.as_str(), value.expose()]);
    let to = webhook.to.as_ref().map_or("", Secret::expose);
    let address = [webhook.url.expose().as_str(), to, &ca_file];
    let parts = address.into_iter().chain(keys.iter().map(String::as_str)).chain(headers);
    HEXLOWER.encode(&hash_parts(parts)[..8])
}

fn entry(feed: &Feed, config: &Config) -> FeedEntry {
    let guard = schedule::guard(feed.interval, hosts::kind(&feed.location), &config.poll);
    let gap = hosts::Manners::towards(feed, &config.poll.hosts).gap;
    FeedEntry {
        id: feed.id.clone(),
        host: feed.host.clone(),
        url: feed.display_url(),
        request: fingerprint(feed),
        enabled: feed.enabled,
        guard,
        is_adaptive: schedule::is_adaptive(feed),
        gap,
    }
}

/// A fingerprint of all that a request for the feed is made of; nothing of it can be read back.
fn fingerprint(feed: &Feed) -> String {
    let url = feed.display_url();
    let mut parts = vec![url.as_str(), feed.username.as_deref().unwrap_or_default()];
    parts.extend(feed.password.as_ref().map(Secret::expose));
    parts.extend(feed.headers.iter().flat_map(|(name, value)| [name.as_str(), value.expose()]));
    HEXLOWER.encode(&hash_parts(parts)[..8])
}

/// Gives back what is claimed, and closes the store.
async fn close(store: &AppStore, owner: &OwnerId) {
    if let Err(error) = store.release_all(owner).await {
        warn!(%error, "could not give back what is claimed; it is due again at the next start");
    }
    if let Err(error) = store.close().await {
        warn!(%error, "could not close the store cleanly");
    }
}

/// One random name per life of the process.
fn new_owner() -> OwnerId {
    OwnerId::new(format!("{:016x}", fastrand::u64(..)))
}

/// `14 feeds, 4 topics, 1 notifier`.
pub fn summary(config: &Config) -> String {
    let (feeds, topics, notifiers) = numbers(config);
    format!("{}, {}, {}", count(feeds, "feed"), count(topics, "topic"), count(notifiers, "notifier"))
}

/// How many feeds, topics and notifiers are at work.
fn numbers(config: &Config) -> (usize, usize, usize) {
    let feeds = config.poll.feeds.iter().filter(|feed| feed.enabled).count();
    let notifiers = config.notify.notifiers.iter().filter(|notifier| notifier.enabled).count();
    (feeds, config.topics.len(), notifiers)
}

/// `1 feed`, `2 feeds`.
pub fn count(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}
