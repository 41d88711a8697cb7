//! The store that this program runs on: the one place that knows which databases there are, and picks.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::sync::Notify;

use crate::{
    clock::{Clock, SystemClock},
    metrics::Metrics,
    model::{Attempt, FeedId, HostKey, NotifierName, OwnerId, Timestamp},
    pulse::Pulse,
    store::{
        AlertQuery, AlertView, ArticleCursor, BackedUp, ClaimedDeliveries, ClaimedDelivery, Claims, Decision,
        DueFeed, EventView, FeedActivity, FeedEntry, FeedState, Finished, HostLease, KnownArticle, Location,
        NotifierActivity, NotifierEntry, PollRecord, Pruned, Queue, Recorded, RedeliverQuery, Report,
        Settings, SoughtArticle, Standing, Store, StoreError, StoredArticle, Visit, Volume,
        postgres::{Address, PostgresStore},
        sqlite::{self, SqliteStore},
        transfer::{self, Moved},
    },
};

pub use crate::store::transfer::Progress as MoveProgress;

/// One of the stores. Everybody else sees a [`Store`].
#[derive(Clone)]
pub enum AppStore {
    /// A file of this machine.
    Sqlite(SqliteStore<SystemClock>),
    /// A server, shared with other instances.
    Postgres(PostgresStore),
}

/// What the store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To work on, as `run` and `once` do.
    Work {
        /// Whether a server that is not there is waited for.
        waits: bool,
    },
    /// To look at.
    Look,
    /// To change a little beside whoever works on it.
    Beside,
}

/// Opens the store for the daemon. A server that is not there is waited for.
///
/// # Errors
/// If another process works on a file, or the store cannot be used.
pub async fn open_store(settings: &Settings) -> Result<AppStore, StoreError> {
    open(settings, Purpose::Work { waits: true }).await
}

/// Opens the store for a round: work that is done now or not at all.
///
/// # Errors
/// If another process works on a file, or the store cannot be used.
pub async fn open_store_now(settings: &Settings) -> Result<AppStore, StoreError> {
    open(settings, Purpose::Work { waits: false }).await
}

/// Opens the store to look at, beside whoever works on it.
///
/// # Errors
/// If there is none, or it cannot be used.
pub async fn open_store_to_read(settings: &Settings) -> Result<AppStore, StoreError> {
    open(settings, Purpose::Look).await
}

/// Opens the store to change a little, beside whoever works on it.
///
/// # Errors
/// If there is none, or it cannot be used.
pub async fn open_store_beside(settings: &Settings) -> Result<AppStore, StoreError> {
    open(settings, Purpose::Beside).await
}

/// Writes a copy of the store to a file that must not exist yet, beside whoever works on it. `progress` is told the bytes
/// written and about how many there will be.
///
/// # Errors
/// If it cannot be read or written; if it is a database of a server, which has tools for that.
pub async fn back_up(
    settings: &Settings,
    copy: &Path,
    progress: impl Fn(u64, u64) + Send + Sync + 'static,
) -> Result<BackedUp, StoreError> {
    let Location::Sqlite(database) = settings.location.clone() else {
        let text = format!("the store is {}: pg_dump copies it", settings.location);
        return Err(StoreError::Unusable(text));
    };
    let copy = copy.to_owned();
    let copying = tokio::task::spawn_blocking(move || sqlite::back_up(&database, &copy, progress));
    copying.await.map_err(|error| StoreError::Unusable(format!("the copying failed: {error}")))?
}

/// Moves everything from the file of the configuration to an empty database of a server; the rows of each table.
///
/// # Errors
/// If somebody works on the file, or the database is not empty or cannot be used. Then nothing of it is kept.
pub async fn move_store(
    settings: &Settings,
    target: &Address,
    progress: impl FnMut(MoveProgress) + Send,
) -> Result<Moved, StoreError> {
    let Location::Sqlite(database) = &settings.location else {
        return Err(StoreError::Unusable(format!("the store is {} already", settings.location)));
    };
    let opened = Box::pin(PostgresStore::open(target, settings, false)).await?;
    Box::pin(transfer::move_over(database, opened, SystemClock.now(), progress)).await
}

async fn open(settings: &Settings, purpose: Purpose) -> Result<AppStore, StoreError> {
    let path = match &settings.location {
        Location::Postgres(address) => {
            let store = match purpose {
                Purpose::Work { waits } => Box::pin(PostgresStore::open(address, settings, waits)).await,
                Purpose::Look | Purpose::Beside => {
                    Box::pin(PostgresStore::open_beside(address, settings)).await
                }
            };
            return store.map(AppStore::Postgres);
        }
        Location::Sqlite(path) => path.clone(),
    };
    // On a blocking thread: checks and migrations of a large file take seconds.
    let settings = settings.clone();
    let opening = tokio::task::spawn_blocking(move || match purpose {
        Purpose::Work { .. } => SqliteStore::open(&path, &settings, SystemClock),
        Purpose::Look => SqliteStore::open_reader(&path, SystemClock),
        Purpose::Beside => SqliteStore::open_beside(&path, &settings, SystemClock),
    });
    let opened = opening.await;
    opened
        .map_err(|error| StoreError::Unusable(format!("opening the store failed: {error}")))?
        .map(AppStore::Sqlite)
}

/// Asks whichever store it is. What a server is asked takes much more to remember meanwhile: that is not a part of every
/// task.
macro_rules! ask {
    ($store:expr, $method:ident($($argument:expr),*)) => {
        match $store {
            AppStore::Sqlite(store) => store.$method($($argument),*).await,
            AppStore::Postgres(store) => Box::pin(store.$method($($argument),*)).await,
        }
    };
}

impl Store for AppStore {
    async fn sync_config(
        &self,
        feeds: Vec<FeedEntry>,
        notifiers: Vec<NotifierEntry>,
    ) -> Result<(), StoreError> {
        ask!(self, sync_config(feeds, notifiers))
    }

    async fn make_due(&self, recent: Vec<FeedId>, spare: Duration) -> Result<Vec<FeedId>, StoreError> {
        ask!(self, make_due(recent, spare))
    }

    async fn claim_hosts(&self, owner: &OwnerId, limit: usize) -> Result<Claims, StoreError> {
        ask!(self, claim_hosts(owner, limit))
    }

    async fn take_feeds(&self, lease: &HostLease, limit: usize) -> Result<Vec<DueFeed>, StoreError> {
        ask!(self, take_feeds(lease, limit))
    }

    async fn known_articles(
        &self,
        feed: &FeedId,
        sought: Vec<SoughtArticle>,
    ) -> Result<Vec<Option<KnownArticle>>, StoreError> {
        ask!(self, known_articles(feed, sought))
    }

    async fn record_poll(
        &self,
        lease: &HostLease,
        record: Arc<PollRecord>,
        take: usize,
    ) -> Result<Recorded, StoreError> {
        ask!(self, record_poll(lease, record, take))
    }

    async fn renew_hosts(&self, leases: Vec<HostLease>) -> Result<Vec<HostLease>, StoreError> {
        ask!(self, renew_hosts(leases))
    }

    async fn release_host(&self, lease: &HostLease, pause: Duration) -> Result<(), StoreError> {
        ask!(self, release_host(lease, pause))
    }

    async fn visit_host(&self, owner: &OwnerId, host: &HostKey) -> Result<Visit, StoreError> {
        ask!(self, visit_host(owner, host))
    }

    async fn hold_adaptive(&self, until: Timestamp) -> Result<(), StoreError> {
        ask!(self, hold_adaptive(until))
    }

    async fn keep_controller(&self, before: Option<String>, after: String) -> Result<(), StoreError> {
        ask!(self, keep_controller(before, after))
    }

    async fn postpone(&self, polls: Vec<(FeedId, Timestamp)>) -> Result<(), StoreError> {
        ask!(self, postpone(polls))
    }

    async fn claim_deliveries(
        &self,
        notifier: &NotifierName,
        owner: &OwnerId,
        limit: usize,
        lease: Duration,
    ) -> Result<ClaimedDeliveries, StoreError> {
        ask!(self, claim_deliveries(notifier, owner, limit, lease))
    }

    async fn finish_delivery(
        &self,
        claim: &ClaimedDelivery,
        attempt: Attempt,
        decide: impl Fn(&Standing) -> Decision + Send + Sync + 'static,
    ) -> Result<Finished, StoreError> {
        ask!(self, finish_delivery(claim, attempt, decide))
    }

    async fn give_up_overdue(
        &self,
        notifier: &NotifierName,
        max_age: Duration,
        reason: &str,
        limit: usize,
        report: impl Fn(&Standing, u64) -> Report + Send + Sync + 'static,
    ) -> Result<u64, StoreError> {
        ask!(self, give_up_overdue(notifier, max_age, reason, limit, report))
    }

    async fn reactivate(&self, notifier: &NotifierName) -> Result<(), StoreError> {
        ask!(self, reactivate(notifier))
    }

    async fn pending_deliveries(&self, limit: usize) -> Result<usize, StoreError> {
        ask!(self, pending_deliveries(limit))
    }

    async fn release_all(&self, owner: &OwnerId) -> Result<(), StoreError> {
        ask!(self, release_all(owner))
    }

    async fn redeliver(&self, query: RedeliverQuery) -> Result<Option<u64>, StoreError> {
        ask!(self, redeliver(query))
    }

    async fn prune(&self, settings: &Settings) -> Result<Pruned, StoreError> {
        ask!(self, prune(settings))
    }

    async fn feed_states(&self) -> Result<Vec<FeedState>, StoreError> {
        ask!(self, feed_states())
    }

    async fn queues(&self) -> Result<Vec<Queue>, StoreError> {
        ask!(self, queues())
    }

    async fn alerts(&self, query: &AlertQuery) -> Result<Vec<AlertView>, StoreError> {
        ask!(self, alerts(query))
    }

    async fn events(&self, within: Duration, limit: usize) -> Result<Vec<EventView>, StoreError> {
        ask!(self, events(within, limit))
    }

    async fn stored_articles(
        &self,
        since: Duration,
        after: Option<ArticleCursor>,
        limit: usize,
    ) -> Result<Vec<StoredArticle>, StoreError> {
        ask!(self, stored_articles(since, after, limit))
    }

    async fn feed_activity(&self) -> Result<Vec<FeedActivity>, StoreError> {
        ask!(self, feed_activity())
    }

    async fn notifier_activity(&self) -> Result<Vec<NotifierActivity>, StoreError> {
        ask!(self, notifier_activity())
    }

    async fn volume(&self) -> Result<Volume, StoreError> {
        ask!(self, volume())
    }

    async fn probe(&self) -> Result<(), StoreError> {
        ask!(self, probe())
    }

    fn measure(&self, metrics: &Metrics) {
        match self {
            Self::Sqlite(store) => store.measure(metrics),
            Self::Postgres(store) => store.measure(metrics),
        }
    }

    fn beat_on(&self, pulse: &Pulse) {
        match self {
            Self::Sqlite(store) => store.beat_on(pulse),
            Self::Postgres(store) => store.beat_on(pulse),
        }
    }

    fn wake(&self, due: &Arc<Notify>) {
        match self {
            Self::Sqlite(store) => store.wake(due),
            Self::Postgres(store) => store.wake(due),
        }
    }

    fn trouble(&self) -> Option<String> {
        match self {
            Self::Sqlite(store) => store.trouble(),
            Self::Postgres(store) => store.trouble(),
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        ask!(self, close())
    }
}
