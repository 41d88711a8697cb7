//! The whole: the only file that knows every concrete type. Start order, stop order, reload.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Result, anyhow};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{error, info, warn};

use crate::{
    clock::{Clock, SystemClock},
    config::Config,
    matcher::Matcher,
    model::{Feed, FeedId, FeedLocation, NotifierName, OwnerId, Timestamp, hash_parts, rfc3339},
    notify::{self, Dispatcher},
    pipeline::Pipeline,
    poll::{Fetcher, Live, PollDone, Poller, Slots, hosts, schedule},
    secret::Secret,
    store::{FeedEntry, FeedState, Location, Settings, Store, StoreError, sqlite::SqliteStore},
};

/// The store that this program runs on.
pub type AppStore = SqliteStore<SystemClock>;

/// How often old rows are removed.
const PRUNE_EVERY: Duration = Duration::from_mins(10);
/// A public feed that was asked less than this ago is left out by `once`.
const ONCE_SPARES: Duration = Duration::from_mins(1);
/// What stopping may take besides the drain of the notifiers.
const STOP_MARGIN: Duration = Duration::from_secs(3);

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
    let store = open_store(&config.store).await?;
    let mut daemon = Daemon::start(store, config, &cancel).await?;
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

/// The running loops and what they are given.
struct Daemon {
    store: AppStore,
    owner: OwnerId,
    config: Config,
    live: watch::Sender<Arc<Live>>,
    notify: watch::Sender<Arc<notify::Settings>>,
    loops: TaskTracker,
    stop: CancellationToken,
    /// A loop that ends before it is told to says why here.
    failed: mpsc::Receiver<anyhow::Error>,
}

impl Daemon {
    async fn start(store: AppStore, config: Config, cancel: &CancellationToken) -> Result<Self> {
        let live = live(&config)?;
        sync(&store, &config).await?;
        let owner = new_owner();
        let (live, live_rx) = watch::channel(Arc::new(live));
        let (notify, notify_rx) = watch::channel(Arc::new(config.notify.clone()));
        let (failures, failed) = mpsc::channel(1);
        let (loops, stop, alerts) = (TaskTracker::new(), cancel.child_token(), Arc::new(Notify::new()));
        let poller = Poller::new(store.clone(), owner.clone(), live_rx, alerts.clone());
        let dispatcher = Dispatcher::new(store.clone(), SystemClock, owner.clone(), notify_rx, alerts);
        let polling = poller.run(config.store.lease, stop.clone());
        let dispatching = dispatcher.run(stop.clone());
        let pruning = prune(store.clone(), config.store.clone(), stop.clone());
        loops.spawn(watch_loop("polling", polling, stop.clone(), failures.clone()));
        loops.spawn(watch_loop("delivery", dispatching, stop.clone(), failures.clone()));
        loops.spawn(watch_loop("pruning", pruning, stop.clone(), failures));
        info!(
            version = env!("CARGO_PKG_VERSION"),
            config = %config.path.display(),
            "watching {}", summary(&config)
        );
        Ok(Self { store, owner, config, live, notify, loops, stop, failed })
    }

    /// Applies a checked configuration: feeds, topics and notifiers at once, the store's own keys at the next start.
    async fn apply(&mut self, config: Config) {
        let live = match live(&config) {
            Ok(live) => live,
            Err(error) => return error!(%error, "reload refused, the old configuration runs on"),
        };
        if let Err(error) = sync(&self.store, &config).await {
            return error!(%error, "reload refused, the old configuration runs on");
        }
        if config.store != self.config.store || config.server != self.config.server {
            warn!("changes in [store] and [server] need a restart; the rest is applied");
        }
        self.live.send_replace(Arc::new(live));
        self.notify.send_replace(Arc::new(config.notify.clone()));
        self.config = config;
        info!("reloaded, watching {}", summary(&self.config));
    }

    /// Stops the loops, gives back what is claimed, closes the store.
    async fn stop(self) {
        info!("stopping");
        self.stop.cancel();
        self.loops.close();
        let patience = self.config.notify.drain + STOP_MARGIN;
        if tokio::time::timeout(patience, self.loops.wait()).await.is_err() {
            warn!("some work did not end in time; it will be done again after the next start");
        }
        close(&self.store, &self.owner).await;
        info!("stopped");
    }
}

async fn close(store: &AppStore, owner: &OwnerId) {
    if let Err(error) = store.release_all(owner).await {
        warn!(%error, "could not give back what is claimed; it is due again at the next start");
    }
    if let Err(error) = store.close().await {
        warn!(%error, "could not close the store cleanly");
    }
}

/// A loop that ends by itself is a failure.
async fn watch_loop(
    name: &'static str,
    running: impl Future<Output = Result<(), StoreError>>,
    stop: CancellationToken,
    failures: mpsc::Sender<anyhow::Error>,
) {
    let result = running.await;
    if stop.is_cancelled() && result.is_ok() {
        return;
    }
    let error = match result {
        Ok(()) => anyhow!("{name} ended by itself; this is a fault of feedwatch"),
        Err(error) => anyhow::Error::new(error).context(format!("{name} cannot go on")),
    };
    // Only the first failure matters; the channel holds one.
    let _ = failures.try_send(error);
}

async fn prune(store: AppStore, settings: Settings, stop: CancellationToken) -> Result<(), StoreError> {
    while stop.run_until_cancelled(sleep(PRUNE_EVERY)).await.is_some() {
        loop {
            match store.prune(&settings).await {
                Ok(pruned) if pruned.rows == 0 => break,
                Ok(_) => {}
                Err(error) => {
                    warn!(%error, "could not remove old rows, trying again later");
                    break;
                }
            }
        }
    }
    Ok(())
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

/// Polls every feed once and delivers meanwhile; then delivers what is still due, and ends. `begin` is told how many
/// feeds will be polled and which are left out (asked a moment ago, asked to be left alone, or gone); `progress` hears
/// of each poll.
///
/// # Errors
/// If the store cannot be used.
pub async fn once(
    config: &Config,
    begin: impl FnOnce(usize, &[LeftOut]),
    progress: mpsc::UnboundedSender<PollDone>,
    cancel: CancellationToken,
) -> Result<()> {
    let live = live(config)?;
    let store = open_store(&config.store).await?;
    let owner = new_owner();
    let result = async {
        sync(&store, config).await?;
        let feeds = feeds_of_round(&store, config, begin).await?;
        let (_live, live) = watch::channel(Arc::new(live));
        let mut notify = config.notify.clone();
        // What is under way when the last poll ends is finished, not given back.
        notify.drain = notify.drain.max(notify.timeout);
        let (_notify, settings) = watch::channel(Arc::new(notify));
        let alerts = Arc::new(Notify::new());
        let poller = Poller::new(store.clone(), owner.clone(), live, alerts.clone());
        let dispatcher =
            || Dispatcher::new(store.clone(), SystemClock, owner.clone(), settings.clone(), alerts.clone());
        let round = cancel.child_token();
        let polling = async {
            let result = poller.once(feeds, progress).run(config.store.lease, cancel.clone()).await;
            round.cancel();
            result
        };
        let (result, sending) = tokio::join!(polling, dispatcher().run(round.clone()));
        result.and(sending)?;
        dispatcher().drain_due(cancel).await
    };
    let result = result.await;
    close(&store, &owner).await;
    Ok(result?)
}

/// Makes all feeds due that may be asked now.
async fn feeds_of_round(
    store: &AppStore,
    config: &Config,
    begin: impl FnOnce(usize, &[LeftOut]),
) -> Result<HashSet<FeedId>, StoreError> {
    let enabled = || config.poll.feeds.iter().filter(|feed| feed.enabled);
    let public = enabled().filter(|feed| hosts::is_public(&feed.location));
    let skipped = store.make_due(public.map(|feed| feed.id.clone()).collect(), ONCE_SPARES).await?;
    let mut feeds: HashSet<FeedId> = enabled().map(|feed| feed.id.clone()).collect();
    for feed in &skipped {
        feeds.remove(feed);
    }
    let mut states: HashMap<FeedId, FeedState> = HashMap::new();
    if !skipped.is_empty() {
        states.extend(store.feed_states().await?.into_iter().map(|state| (state.id.clone(), state)));
    }
    let now = SystemClock.now();
    let left_out = skipped.into_iter().map(|feed| {
        let why = states.get(&feed).map_or_else(String::new, |state| why_left_out(state, now));
        LeftOut { feed, why }
    });
    begin(feeds.len(), &left_out.collect::<Vec<_>>());
    Ok(feeds)
}

/// A feed that `once` does not ask.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// The feed.
    pub feed: FeedId,
    /// Why, for people.
    pub why: String,
}

fn why_left_out(state: &FeedState, now: Timestamp) -> String {
    let gate = state.gate.as_ref().filter(|gate| gate.until > now);
    match (state.next_poll, state.retry_after.filter(|until| *until > now), gate) {
        (None, ..) => "it is gone: disable and enable it, or change its url".to_owned(),
        (_, Some(until), _) => format!("its server asked to wait until {}", rfc3339(until)),
        (_, _, Some(gate)) => format!("its host asked to wait until {}", rfc3339(gate.until)),
        _ => "it was asked less than a minute ago".to_owned(),
    }
}
