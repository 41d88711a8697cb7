//! What is kept: the [`Store`] trait and the records that pass through it. Only this room writes SQL.
//!
//! Each method of the trait is one transaction. Time is the store's own (`now` in the answers): an instance's
//! clock decides nothing (specs/storage.md §4). Work is claimed with a lease (owner, epoch, until), never by a
//! transaction that stays open; a crash means "done again", never "lost".

pub mod activity;
mod deliveries;
mod events;
mod health;
mod known;
mod notifiers;
mod polls;
pub mod postgres;
pub mod sqlite;
pub mod transfer;
mod views;

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::Notify;

pub use activity::{FeedActivity, NotifierActivity, Volume};
pub use deliveries::{AttemptResult, ClaimedDeliveries, ClaimedDelivery, DeliveryRecord, RedeliverQuery};
pub use events::{EventRecord, EventView, Place, Report, TOLD_ALONE, TOLD_WITHIN};
pub use health::{FeedCondition, FeedHealth, ReadingTrouble, congestion};
pub use known::{KnownArticle, SoughtArticle, find_known};
pub use notifiers::{Admission, Decision, Finished, NotifierEntry, Standing};
pub use polls::{
    AlertRecord, ArticleRecord, ClaimedHost, Claims, ClosedGate, DocumentRecord, DueFeed, FeedEntry,
    FeedState, GateClosing, HostLease, Learned, PollRecord, Recorded, Visit,
};
pub use views::{AlertQuery, AlertView, ArticleCursor, DeliveryView, Pruned, Queue, StoredArticle};

use crate::{
    metrics::Metrics,
    model::{Attempt, FeedId, HostKey, NotifierName, OwnerId, Timestamp},
    pulse::Pulse,
};

/// Where the store is and how long things stay in it (`[store]`, and the retention keys of `[notify]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The database.
    pub location: Location,
    /// How long article text is kept.
    pub retention: Duration,
    /// How long an article is known after its feed stopped showing it.
    pub seen_retention: Duration,
    /// How long a host is held without renewal.
    pub lease: Duration,
    /// PostgreSQL: connections for working.
    pub connections: usize,
    /// How long delivered deliveries are kept.
    pub keep_delivered: Duration,
    /// How long dead deliveries are kept.
    pub keep_dead: Duration,
}

/// Which database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A database of a PostgreSQL server.
    Postgres(postgres::Address),
}

impl Location {
    /// Which kind of database, in a word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgresql",
        }
    }
}

/// A copy of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct BackedUp {
    /// The bytes of the file.
    pub bytes: u64,
    /// Feeds in it, those that left the configuration among them.
    pub feeds: u64,
    /// Articles in it.
    pub articles: u64,
    /// Alerts and operational events in it.
    pub alerts: u64,
}

/// For people: the file, or host and database.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(address) => address.fmt(f),
        }
    }
}

/// Why a store method failed, shaped by what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The lease went to another owner meanwhile; nothing was written. Drop the work, go on.
    #[error("the lease on {0} was lost")]
    LeaseLost(String),
    /// The feed is not under way any more: its request was changed, or its answer is on record. Nothing was written,
    /// the lease holds. Drop that one poll, go on with the others.
    #[error("feed {0} is not under way any more")]
    NotHandedOut(String),
    /// The store cannot be used now (locked, full, I/O). Nothing was written; the same call may succeed later. The store
    /// tells when this begins and when it is over: who waits for it need not.
    #[error("store: {0}")]
    Unavailable(String),
    /// The store cannot be used at all until a person acts (wrong file, newer version, damaged, in use).
    #[error("{0}")]
    Unusable(String),
}

/// The store, on whatever database. Each method is one transaction; after an error nothing of it is kept.
///
/// A cancelled call may or may not have taken effect: every method is safe to repeat.
pub trait Store: Clone + Send + Sync + 'static {
    /// Makes the configured feeds and notifiers known. New feeds are due at once; unchanged ones keep their next
    /// poll; those whose request changed are due after their guard, and at once on a new host; those that left the
    /// configuration are no longer polled. Waiting deliveries of a notifier that left become dead
    /// ("notifier removed"); one whose target changed, or that was enabled, is active again and all that waits for it
    /// is due.
    fn sync_config(
        &self,
        feeds: Vec<FeedEntry>,
        notifiers: Vec<NotifierEntry>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Makes every feed due now, for `once`. Left out: gone and disabled feeds, feeds and hosts under Retry-After,
    /// and those of `recent` (public feeds) that were attempted less than `spare` ago. Returns the enabled ones that
    /// were left out, by id; their state tells why.
    fn make_due(
        &self,
        recent: Vec<FeedId>,
        spare: Duration,
    ) -> impl Future<Output = Result<Vec<FeedId>, StoreError>> + Send;

    /// Claims up to `limit` due hosts that nobody holds, and hands out the first due feed of each.
    fn claim_hosts(
        &self,
        owner: &OwnerId,
        limit: usize,
    ) -> impl Future<Output = Result<Claims, StoreError>> + Send;

    /// Hands out up to `limit` further due feeds of a held host. Each has its attempt recorded and its next poll
    /// moved behind its guard before this returns.
    fn take_feeds(
        &self,
        lease: &HostLease,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<DueFeed>, StoreError>> + Send;

    /// What is known of these articles of one document, in order, by the rules of [`find_known`].
    fn known_articles(
        &self,
        feed: &FeedId,
        sought: Vec<SoughtArticle>,
    ) -> impl Future<Output = Result<Vec<Option<KnownArticle>>, StoreError>> + Send;

    /// Records a poll: articles, alerts, deliveries, validators and next poll together, and hands out up to `take`
    /// further due feeds of the host. The lease must hold: else [`StoreError::LeaseLost`]. The feed must have been handed
    /// out under it, not be recorded yet, and its request must be what it was: else [`StoreError::NotHandedOut`].
    fn record_poll(
        &self,
        lease: &HostLease,
        record: Arc<PollRecord>,
        take: usize,
    ) -> impl Future<Output = Result<Recorded, StoreError>> + Send;

    /// Extends the leases; returns those that are lost.
    fn renew_hosts(
        &self,
        leases: Vec<HostLease>,
    ) -> impl Future<Output = Result<Vec<HostLease>, StoreError>> + Send;

    /// Gives a host back. It is not handed out again before `pause` is over.
    fn release_host(
        &self,
        lease: &HostLease,
        pause: Duration,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes a host by its name for a single request, if nobody holds it and its gate is open. Given back by
    /// [`Store::release_host`].
    fn visit_host(
        &self,
        owner: &OwnerId,
        host: &HostKey,
    ) -> impl Future<Output = Result<Visit, StoreError>> + Send;

    /// Hands out only exempt feeds until then: those whose waits are fixed, and those that were never polled. Adaptive
    /// ones stay due.
    fn hold_adaptive(&self, until: Timestamp) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Keeps what the scheduler knows about all feeds, if it is still `before`: of several instances one steps.
    fn keep_controller(
        &self,
        before: Option<String>,
        after: String,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Moves the next polls of feeds that are not under way to a later time; never to a sooner one.
    fn postpone(
        &self,
        polls: Vec<(FeedId, Timestamp)>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Claims up to `limit` deliveries of a notifier for the length of `lease`, as its health admits
    /// ([`Admission`]): those that are due, oldest first, or one probe. Deliveries whose lease is over are due again.
    fn claim_deliveries(
        &self,
        notifier: &NotifierName,
        owner: &OwnerId,
        limit: usize,
        lease: Duration,
    ) -> impl Future<Output = Result<ClaimedDeliveries, StoreError>> + Send;

    /// Records an attempt, what became of it and what that says about the notifier. `decide` is asked in the
    /// transaction, perhaps more than once; what it says last is recorded. The claim must hold: else
    /// [`StoreError::LeaseLost`]. A delivery that is to be tried again is dead if its notifier left meanwhile.
    fn finish_delivery(
        &self,
        claim: &ClaimedDelivery,
        attempt: Attempt,
        decide: impl Fn(&Standing) -> Decision + Send + Sync + 'static,
    ) -> impl Future<Output = Result<Finished, StoreError>> + Send;

    /// Gives up to `limit` waiting deliveries up that are older than `max_age`, of a notifier that is neither active
    /// nor paused: nobody else will try them. If there were any, `report` is asked in the transaction, with their number,
    /// what else is written. Returns how many.
    fn give_up_overdue(
        &self,
        notifier: &NotifierName,
        max_age: Duration,
        reason: &str,
        limit: usize,
        report: impl Fn(&Standing, u64) -> Report + Send + Sync + 'static,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Makes a notifier active, unless it is disabled or unknown, and all that waits for it due: it was seen to work.
    fn reactivate(&self, notifier: &NotifierName) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// How many deliveries wait or are under way, over all notifiers that are not switched off; `limit` if they are more.
    fn pending_deliveries(&self, limit: usize) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Gives back all that `owner` holds, hosts and deliveries, at shutdown.
    fn release_all(&self, owner: &OwnerId) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Puts deliveries back in the queue, due now, attempts from 0, under the same id, and allows one probe of their
    /// notifiers whatever state these are in. Delivered ones, those under way and those of notifiers that left the
    /// configuration stay as they are. Returns how many; `None` if there is no such alert or event.
    fn redeliver(
        &self,
        query: RedeliverQuery,
    ) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// Removes one batch of what is older than the retention allows; never anything pending or sending.
    fn prune(&self, settings: &Settings) -> impl Future<Output = Result<Pruned, StoreError>> + Send;

    /// Every feed that is in the configuration, by id.
    fn feed_states(&self) -> impl Future<Output = Result<Vec<FeedState>, StoreError>> + Send;

    /// All notifiers that are configured or to which something is owed, by name.
    fn queues(&self) -> impl Future<Output = Result<Vec<Queue>, StoreError>> + Send;

    /// Alerts, newest first; without operational events.
    fn alerts(&self, query: &AlertQuery) -> impl Future<Output = Result<Vec<AlertView>, StoreError>> + Send;

    /// Operational events that were noticed at most `within` ago, newest first, at most `limit`.
    fn events(
        &self,
        within: Duration,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<EventView>, StoreError>> + Send;

    /// A page of the articles whose text is kept and that were recorded at most `since` ago, newest first, behind
    /// `after`; empty at the end. Each page is a read of its own, so a long walk holds up nobody; what is recorded
    /// during the walk is not in it.
    fn stored_articles(
        &self,
        since: Duration,
        after: Option<ArticleCursor>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<StoredArticle>, StoreError>> + Send;

    /// The articles of the last days, for every configured feed that had some.
    fn feed_activity(&self) -> impl Future<Output = Result<Vec<FeedActivity>, StoreError>> + Send;

    /// The deliveries of the last hours, for every notifier that had some.
    fn notifier_activity(&self) -> impl Future<Output = Result<Vec<NotifierActivity>, StoreError>> + Send;

    /// The room that the store takes, and what is left.
    fn volume(&self) -> impl Future<Output = Result<Volume, StoreError>> + Send;

    /// Whether a write would go through now: an empty write transaction on the way of all others, nothing forced to
    /// disk; a row that is, once the disk has failed. Waits as long as they would; the caller sets the limit.
    fn probe(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Counts commits there from now on. Once in the life of a store.
    fn measure(&self, metrics: &Metrics);

    /// Beats there, as `store`, while a thread of its own works; a store without one has nothing to beat for. Once in the
    /// life of a store.
    fn beat_on(&self, _pulse: &Pulse) {}

    /// Wakes that when another process may have left something to do, if the store can tell; else it is found at the next
    /// look. Once in the life of a store.
    fn wake(&self, _due: &Arc<Notify>) {}

    /// Why nothing can be written at the moment, for `/health/ready`; `None`: all is well.
    fn trouble(&self) -> Option<String>;

    /// Finishes what is queued and closes cleanly.
    fn close(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}
