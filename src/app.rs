//! The whole: the only room that knows every concrete type. Start order, stop order, reload.

mod daemon;
mod once;
mod page;

use std::{path::Path, sync::Arc};

use anyhow::{Result, anyhow};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::warn;

pub use self::once::{LeftOut, once};
use self::{daemon::Daemon, page::Page};
use crate::{
    clock::SystemClock,
    config::Config,
    matcher::Matcher,
    metrics::Metrics,
    model::{Feed, FeedLocation, NotifierName, OwnerId, hash_parts},
    pipeline::Pipeline,
    poll::{Fetcher, Live, Slots, hosts, schedule},
    pulse::Pulse,
    secret::Secret,
    store::{FeedEntry, Location, Settings, Store, StoreError, sqlite::SqliteStore},
};

/// The store that this program runs on.
pub type AppStore = SqliteStore<SystemClock>;

/// Opens the store to work on: alone, as `run` and `once` do.
///
/// # Errors
/// If another process works on it, or it cannot be used.
pub async fn open_store(settings: &Settings) -> Result<AppStore, StoreError> {
    open_with(settings, |path, settings| SqliteStore::open(path, settings, SystemClock)).await
}

/// Opens the store to look at, beside whoever works on it.
///
/// # Errors
/// If there is none, or it cannot be used.
pub async fn open_store_to_read(settings: &Settings) -> Result<AppStore, StoreError> {
    open_with(settings, |path, _| SqliteStore::open_reader(path, SystemClock)).await
}

/// Opens the store to change a little, beside whoever works on it.
///
/// # Errors
/// If there is none, or it cannot be used.
pub async fn open_store_beside(settings: &Settings) -> Result<AppStore, StoreError> {
    open_with(settings, |path, settings| SqliteStore::open_beside(path, settings, SystemClock)).await
}

/// Opens on a blocking thread: checks and migrations of a large file take seconds.
async fn open_with(
    settings: &Settings,
    open: impl FnOnce(&Path, &Settings) -> Result<AppStore, StoreError> + Send + 'static,
) -> Result<AppStore, StoreError> {
    let settings = settings.clone();
    let opening = tokio::task::spawn_blocking(move || {
        let Location::Sqlite(path) = &settings.location;
        open(path, &settings)
    });
    opening.await.map_err(|error| StoreError::Unusable(format!("opening the store failed: {error}")))?
}

/// Runs the daemon until `cancel`. `reloads` delivers a freshly checked configuration whenever one is to be applied.
///
/// # Errors
/// If the store cannot be used, or a loop ended by itself.
pub async fn run(
    config: Config,
    mut reloads: mpsc::Receiver<Config>,
    cancel: CancellationToken,
) -> Result<()> {
    let metrics = Metrics::default();
    let page = Page::open(&config, Pulse::default(), metrics.clone()).await?;
    let store = open_store(&config.store).await?;
    store.measure(&metrics);
    page.opened(store.clone());
    let mut daemon = Daemon::start(store, config, page, metrics, &cancel).await?;
    let ended = loop {
        tokio::select! {
            () = cancel.cancelled() => break None,
            ended = daemon.failed.recv() => break ended,
            Some(config) = reloads.recv() => daemon.apply(config).await,
        }
    };
    daemon.stop().await;
    match ended {
        None => Ok(()),
        Some(error) => Err(error),
    }
}

/// Compiles a checked configuration into what the poller works with.
///
/// # Errors
/// If a `ca_file` changed since the check.
pub fn live(config: &Config) -> Result<Live> {
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
    };
    Ok(Live {
        feeds,
        addresses,
        settings: config.poll.clone(),
        fetcher,
        slots: Slots::new(config.http.max_in_flight),
        pipeline: Arc::new(pipeline),
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
    let enabled = config.notify.notifiers.iter().filter(|notifier| notifier.enabled);
    let notifiers: Vec<NotifierName> = enabled.map(|notifier| notifier.name.clone()).collect();
    store.sync_config(feeds, notifiers).await
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
    data_encoding::HEXLOWER.encode(&hash_parts(parts)[..8])
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
    let feeds = config.poll.feeds.iter().filter(|feed| feed.enabled).count();
    let notifiers = config.notify.notifiers.iter().filter(|notifier| notifier.enabled).count();
    let topics = config.topics.len();
    format!("{}, {}, {}", count(feeds, "feed"), count(topics, "topic"), count(notifiers, "notifier"))
}

/// `1 feed`, `2 feeds`.
pub fn count(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}
