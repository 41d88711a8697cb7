//! The embedded store: one SQLite file, one thread that writes it, a few that read it.
//!
//! Writes are jobs for `writer`; `group` commits many of them as one. Reads go through `reader`. Everything else
//! here is one small file per family of methods, each a plain function over a transaction.

mod activity;
mod articles;
mod backup;
mod deliveries;
mod documents;
mod error;
mod events;
mod export;
mod feeds;
mod file;
mod flock;
mod group;
mod hosts;
mod lock;
mod migrate;
mod notifiers;
mod open;
mod outbox;
#[cfg(test)]
mod plans;
mod polls;
mod prune;
mod reader;
mod recover;
mod rows;
mod sql;
mod stored;
mod time;
mod transaction;
mod views;
mod writer;

use std::{path::Path, sync::Arc, time::Duration};

pub use self::{
    backup::back_up,
    export::{Export, Shared},
};
use self::{
    group::{Database, Grouping},
    reader::Readers,
    transaction::Tx,
    writer::Writer,
};
use super::{
    AlertQuery, AlertView, ArticleCursor, ClaimedDeliveries, ClaimedDelivery, Claims, Decision, DueFeed,
    EventView, FeedActivity, FeedEntry, FeedState, Finished, HostLease, KnownArticle, NotifierActivity,
    NotifierEntry, PollRecord, Pruned, Queue, Recorded, RedeliverQuery, Report, Settings, SoughtArticle,
    Standing, Store, StoreError, StoredArticle, Visit, Volume,
};
use crate::{
    clock::Clock,
    metrics::Metrics,
    model::{Attempt, FeedId, HostKey, NotifierName, OwnerId, Timestamp},
    pulse::Pulse,
};

/// How often a writer beside the daemon tries a database that somebody else holds, SQLite's own wait apart.
const BESIDE_TRIES: u32 = 2;

/// The embedded store. Clones share it.
#[derive(Clone)]
pub struct SqliteStore<C> {
    writer: Option<Arc<Writer>>,
    readers: Arc<Readers>,
    clock: C,
}

impl<C: Clock> SqliteStore<C> {
    /// Opens the database for the daemon, and makes it if it is missing: takes the process lock, checks library,
    /// file and schema, and makes everything due that an earlier process held. Blocks while it does so.
    ///
    /// # Errors
    /// [`StoreError::Unusable`], one sentence: in use by another feedwatch, not a feedwatch database, made by a
    /// newer one, damaged, or in a place that cannot be written.
    pub fn open(path: &Path, settings: &Settings, clock: C) -> Result<Self, StoreError> {
        let (connection, lock) = open::open_owned(path, time::millis(clock.now()))?;
        let database = Database { path: path.to_owned(), lock: Some(lock) };
        let grouping = Grouping::new(time::span(settings.lease));
        let writer = Writer::start(database, connection, grouping, clock.clone())?;
        Ok(Self::new(path, Some(writer), clock))
    }

    /// Opens an existing database for reading only, beside a daemon or without one. Writing methods answer
    /// [`StoreError::Unusable`].
    pub fn open_reader(path: &Path, clock: C) -> Result<Self, StoreError> {
        file::must_exist(path)?;
        let connection = open::read_only(path).map_err(|error| error::store_error(path, &error))?;
        migrate::must_be_current(path, &connection)?;
        Ok(Self::new(path, None, clock))
    }

    /// Opens an existing database for a few writes beside a running daemon, or without one. It takes no lock and
    /// touches nobody's claims; if somebody holds the database for long, it gives up.
    pub fn open_beside(path: &Path, settings: &Settings, clock: C) -> Result<Self, StoreError> {
        let connection = open::open_beside(path)?;
        let database = Database { path: path.to_owned(), lock: None };
        let grouping =
            Grouping { busy_tries: Some(BESIDE_TRIES), ..Grouping::new(time::span(settings.lease)) };
        let writer = Writer::start(database, connection, grouping, clock.clone())?;
        Ok(Self::new(path, Some(writer), clock))
    }

    fn new(path: &Path, writer: Option<Writer>, clock: C) -> Self {
        Self { writer: writer.map(Arc::new), readers: Readers::new(path.to_owned()), clock }
    }

    fn writer(&self) -> Result<&Writer, StoreError> {
        let reading_only = || StoreError::Unusable("the store was opened for reading only".to_owned());
        self.writer.as_deref().ok_or_else(reading_only)
    }

    fn now(&self) -> i64 {
        time::millis(self.clock.now())
    }
}

impl<C: Clock> Store for SqliteStore<C> {
    async fn sync_config(
        &self,
        feeds: Vec<FeedEntry>,
        notifiers: Vec<NotifierEntry>,
    ) -> Result<(), StoreError> {
        self.writer()?.write(0, move |tx| feeds::sync_config(tx, &feeds, &notifiers)).await
    }

    async fn make_due(&self, recent: Vec<FeedId>, spare: Duration) -> Result<Vec<FeedId>, StoreError> {
        self.writer()?.write(0, move |tx| feeds::make_due(tx, &recent, spare)).await
    }

    async fn claim_hosts(&self, owner: &OwnerId, limit: usize) -> Result<Claims, StoreError> {
        let owner = owner.clone();
        self.writer()?.write(0, move |tx| hosts::claim_hosts(tx, &owner, limit)).await
    }

    async fn take_feeds(&self, lease: &HostLease, limit: usize) -> Result<Vec<DueFeed>, StoreError> {
        let lease = lease.clone();
        self.writer()?.write(0, move |tx| hosts::take_feeds(tx, &lease, limit)).await
    }

    async fn known_articles(
        &self,
        feed: &FeedId,
        sought: Vec<SoughtArticle>,
    ) -> Result<Vec<Option<KnownArticle>>, StoreError> {
        let feed = feed.clone();
        self.readers.read(move |db| articles::known(db, &feed, &sought)).await
    }

    async fn record_poll(
        &self,
        lease: &HostLease,
        record: Arc<PollRecord>,
        take: usize,
    ) -> Result<Recorded, StoreError> {
        let lease = lease.clone();
        let weight = polls::weight(&record);
        self.writer()?.write(weight, move |tx| polls::record_poll(tx, &lease, &record, take)).await
    }

    async fn renew_hosts(&self, leases: Vec<HostLease>) -> Result<Vec<HostLease>, StoreError> {
        self.writer()?.write(0, move |tx| hosts::renew_hosts(tx, &leases)).await
    }

    async fn release_host(&self, lease: &HostLease, pause: Duration) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.writer()?.write(0, move |tx| hosts::release_host(tx, &lease, pause)).await
    }

    async fn visit_host(&self, owner: &OwnerId, host: &HostKey) -> Result<Visit, StoreError> {
        let (owner, host) = (owner.clone(), host.clone());
        self.writer()?.write(0, move |tx| hosts::visit_host(tx, &owner, &host)).await
    }

    async fn hold_adaptive(&self, until: Timestamp) -> Result<(), StoreError> {
        self.writer()?.write(0, move |tx| flock::hold(tx, until)).await
    }

    async fn keep_controller(&self, before: Option<String>, after: String) -> Result<(), StoreError> {
        self.writer()?.write(0, move |tx| flock::keep_controller(tx, before.as_deref(), &after)).await
    }

    async fn postpone(&self, polls: Vec<(FeedId, Timestamp)>) -> Result<(), StoreError> {
        self.writer()?.write(0, move |tx| feeds::postpone(tx, &polls)).await
    }

    async fn claim_deliveries(
        &self,
        notifier: &NotifierName,
        owner: &OwnerId,
        limit: usize,
        lease: Duration,
    ) -> Result<ClaimedDeliveries, StoreError> {
        let (notifier, owner) = (notifier.clone(), owner.clone());
        self.writer()?.write(0, move |tx| deliveries::claim(tx, &notifier, &owner, limit, lease)).await
    }

    async fn finish_delivery(
        &self,
        claim: &ClaimedDelivery,
        attempt: Attempt,
        decide: impl Fn(&Standing) -> Decision + Send + Sync + 'static,
    ) -> Result<Finished, StoreError> {
        let claim = ClaimedDelivery { body: Vec::new(), ..claim.clone() };
        self.writer()?.write(0, move |tx| deliveries::finish(tx, &claim, &attempt, &decide)).await
    }

    async fn give_up_overdue(
        &self,
        notifier: &NotifierName,
        max_age: Duration,
        reason: &str,
        limit: usize,
        report: impl Fn(&Standing, u64) -> Report + Send + Sync + 'static,
    ) -> Result<u64, StoreError> {
        let (notifier, reason) = (notifier.clone(), reason.to_owned());
        let give_up = move |tx: &Tx<'_>| {
            let given_up = deliveries::give_up_overdue(tx, &notifier, max_age, &reason, limit)?;
            if given_up > 0 {
                notifiers::report(tx, &notifier, |standing| report(standing, given_up))?;
            }
            Ok(given_up)
        };
        self.writer()?.write(0, give_up).await
    }

    async fn reactivate(&self, notifier: &NotifierName) -> Result<(), StoreError> {
        let notifier = notifier.clone();
        self.writer()?.write(0, move |tx| notifiers::reactivate(tx, &notifier)).await
    }

    async fn pending_deliveries(&self, limit: usize) -> Result<usize, StoreError> {
        self.readers.read(move |db| notifiers::pending(db, limit)).await
    }

    async fn release_all(&self, owner: &OwnerId) -> Result<(), StoreError> {
        let owner = owner.clone();
        self.writer()?.write(0, move |tx| hosts::release_all(tx, &owner)).await
    }

    async fn redeliver(&self, query: RedeliverQuery) -> Result<Option<u64>, StoreError> {
        self.writer()?.write(0, move |tx| deliveries::redeliver(tx, &query)).await
    }

    async fn prune(&self, settings: &Settings) -> Result<Pruned, StoreError> {
        loop {
            let settings = settings.clone();
            let step = self.writer()?.write(0, move |tx| prune::step(tx, &settings)).await?;
            if step.rows > 0 || step.done {
                return Ok(Pruned { rows: step.rows as u64 });
            }
        }
    }

    async fn feed_states(&self) -> Result<Vec<FeedState>, StoreError> {
        self.readers.read(views::feed_states).await
    }

    async fn queues(&self) -> Result<Vec<Queue>, StoreError> {
        let now = self.now();
        self.readers.read(move |db| views::queues(db, now)).await
    }

    async fn alerts(&self, query: &AlertQuery) -> Result<Vec<AlertView>, StoreError> {
        let (query, now) = (query.clone(), self.now());
        self.readers.read(move |db| views::alerts(db, &query, now)).await
    }

    async fn events(&self, within: Duration, limit: usize) -> Result<Vec<EventView>, StoreError> {
        let now = self.now();
        self.readers.read(move |db| views::events(db, within, limit, now)).await
    }

    async fn stored_articles(
        &self,
        since: Duration,
        after: Option<ArticleCursor>,
        limit: usize,
    ) -> Result<Vec<StoredArticle>, StoreError> {
        let now = self.now();
        self.readers.read(move |db| stored::page(db, since, after, limit, now)).await
    }

    async fn feed_activity(&self) -> Result<Vec<FeedActivity>, StoreError> {
        let now = self.now();
        self.readers.read(move |db| activity::feeds(db, now)).await
    }

    async fn notifier_activity(&self) -> Result<Vec<NotifierActivity>, StoreError> {
        let now = self.now();
        self.readers.read(move |db| activity::notifiers(db, now)).await
    }

    async fn volume(&self) -> Result<Volume, StoreError> {
        let database = self.readers.database().to_owned();
        self.readers.read(move |_| Ok(activity::volume(&database))).await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        let writer = self.writer()?;
        let is_in_trouble = writer.trouble().is_some();
        writer.write(0, move |tx| if is_in_trouble { Ok(tx.prove()?) } else { Ok(()) }).await
    }

    fn measure(&self, metrics: &Metrics) {
        if let Some(writer) = &self.writer {
            writer.measure(metrics);
        }
    }

    fn beat_on(&self, pulse: &Pulse) {
        if let Some(writer) = &self.writer {
            writer.beat_on(pulse);
        }
    }

    fn trouble(&self) -> Option<String> {
        self.writer.as_ref().and_then(|writer| writer.trouble())
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.readers.close();
        match &self.writer {
            Some(writer) => writer.close().await,
            None => Ok(()),
        }
    }
}
