//! The shared store: a PostgreSQL database, worked on by as many instances as there are.
//!
//! Time is the server's alone. Claims skip what another instance is just claiming; what is recorded is recorded under a
//! lock on the claimed row, by owner and epoch. Nothing rests on advisory locks, sessions or `LISTEN`.

mod activity;
mod address;
mod articles;
mod connect;
mod database;
mod deliveries;
mod documents;
mod error;
mod events;
mod feeds;
mod flock;
mod hints;
mod hosts;
mod import;
mod migrate;
mod notifiers;
mod outbox;
mod password;
#[cfg(test)]
mod plans;
mod polls;
mod prune;
mod recover;
mod rows;
mod sql;
mod stored;
mod tls;
mod transaction;
mod views;

use std::{future::ready, sync::Arc, time::Duration};

use tokio::sync::Notify;

pub use self::{address::Address, import::Import};
use self::{
    database::{Database, Tries},
    error::Remedy,
    transaction::Access,
};
use super::{
    AlertQuery, AlertView, ArticleCursor, ClaimedDeliveries, ClaimedDelivery, Claims, Decision, DueFeed,
    EventView, FeedActivity, FeedEntry, FeedState, Finished, HostLease, KnownArticle, NotifierActivity,
    NotifierEntry, PollRecord, Pruned, Queue, Recorded, RedeliverQuery, Report, Settings, SoughtArticle,
    Standing, Store, StoreError, StoredArticle, Visit, Volume,
};
use crate::{
    metrics::Metrics,
    model::{Attempt, FeedId, HostKey, NotifierName, OwnerId, Timestamp},
};

/// Work in a transaction, again from its start if another one was in its way. Not a function: closures that borrow what
/// they are given and make futures that other threads may run are not general enough for the compiler yet.
macro_rules! transaction {
    ($database:expr, $access:ident, $tx:ident => $work:expr) => {{
        let mut tries = Tries::new(Access::$access);
        loop {
            let (outcome, has_changed) = match $database.begin(tries.access).await {
                Ok(begun) => {
                    let $tx = &begun;
                    let outcome = $work.await;
                    begun.end(outcome).await
                }
                Err(fault) => (Err(fault), false),
            };
            if !$database.is_to_be_done_again(&outcome, has_changed, &mut tries).await {
                break $database.settle(outcome);
            }
        }
    }};
}

/// Changes something.
macro_rules! write {
    ($database:expr, $tx:ident => $work:expr) => {
        transaction!($database, Write, $tx => $work)
    };
}

/// Looks, on a connection that waits for no poll: all of it sees the same state.
macro_rules! read {
    ($database:expr, $tx:ident => $work:expr) => {
        transaction!($database, Read, $tx => $work)
    };
}

/// Looks a little, on the way of polls.
macro_rules! look_up {
    ($database:expr, $tx:ident => $work:expr) => {
        transaction!($database, LookUp, $tx => $work)
    };
}

/// The shared store. Clones share it.
#[derive(Clone)]
pub struct PostgresStore {
    database: Arc<Database>,
    /// Tells this process apart from others that prune.
    me: Arc<str>,
}

impl PostgresStore {
    /// Opens the database to work on, beside other instances: makes or updates the tables. With `waits`, a server that is
    /// not there is waited for, however long; a cancelled call leaves nothing behind.
    ///
    /// # Errors
    /// [`StoreError::Unusable`]: what a person must mend (password, rights, names, a newer schema).
    /// [`StoreError::Unavailable`], without `waits`: the server is not there.
    pub async fn open(address: &Address, settings: &Settings, waits: bool) -> Result<Self, StoreError> {
        let store = Self::new(address, settings)?;
        loop {
            match store.database.prepare(true).await {
                Err(StoreError::Unavailable(_)) if waits => tokio::time::sleep(OPEN_PAUSE).await,
                outcome => return outcome.map(|()| store),
            }
        }
    }

    /// Opens a database that is there, to look at or to change a little.
    ///
    /// # Errors
    /// As [`Self::open`]; and if there are no tables of this version.
    pub async fn open_beside(address: &Address, settings: &Settings) -> Result<Self, StoreError> {
        let store = Self::new(address, settings)?;
        store.database.prepare(false).await?;
        Ok(store)
    }

    fn new(address: &Address, settings: &Settings) -> Result<Self, StoreError> {
        let database = Database::new(address.clone(), settings.connections, settings.lease)?;
        Ok(Self { database: Arc::new(database), me: format!("{:016x}", fastrand::u64(..)).into() })
    }
}

/// How often it is looked whether a server that is waited for may be asked again.
const OPEN_PAUSE: Duration = Duration::from_millis(50);

impl Database {
    /// Checks or makes the tables.
    async fn prepare(&self, may_migrate: bool) -> Result<(), StoreError> {
        let prepared = self.prepare_now(may_migrate).await;
        if matches!(&prepared, Err(fault) if fault.remedy() == Remedy::Person) {
            let text = prepared.err().map(|fault| fault.into_store_error(&self.address).to_string());
            return Err(StoreError::Unusable(text.unwrap_or_default()));
        }
        self.settle(prepared)?;
        if may_migrate { write!(self, tx => recover::after_start(tx)) } else { Ok(()) }
    }
}

impl Store for PostgresStore {
    async fn sync_config(
        &self,
        feeds: Vec<FeedEntry>,
        notifiers: Vec<NotifierEntry>,
    ) -> Result<(), StoreError> {
        let synced = write!(self.database, tx => feeds::sync_config(tx, &feeds, &notifiers));
        self.database.hint().await;
        synced
    }

    async fn make_due(&self, recent: Vec<FeedId>, spare: Duration) -> Result<Vec<FeedId>, StoreError> {
        write!(self.database, tx => feeds::make_due(tx, &recent, spare))
    }

    async fn claim_hosts(&self, owner: &OwnerId, limit: usize) -> Result<Claims, StoreError> {
        write!(self.database, tx => hosts::claim_hosts(tx, owner, limit))
    }

    async fn take_feeds(&self, lease: &HostLease, limit: usize) -> Result<Vec<DueFeed>, StoreError> {
        write!(self.database, tx => hosts::take_feeds(tx, lease, limit))
    }

    async fn known_articles(
        &self,
        feed: &FeedId,
        sought: Vec<SoughtArticle>,
    ) -> Result<Vec<Option<KnownArticle>>, StoreError> {
        look_up!(self.database, tx => articles::known(tx, feed, &sought))
    }

    async fn record_poll(
        &self,
        lease: &HostLease,
        record: Arc<PollRecord>,
        take: usize,
    ) -> Result<Recorded, StoreError> {
        let recorded = write!(self.database, tx => polls::record_poll(tx, lease, &record, take))?;
        if !recorded.new_alerts.is_empty() {
            self.database.hint().await;
        }
        Ok(recorded)
    }

    async fn renew_hosts(&self, leases: Vec<HostLease>) -> Result<Vec<HostLease>, StoreError> {
        write!(self.database, tx => hosts::renew_hosts(tx, &leases))
    }

    async fn release_host(&self, lease: &HostLease, pause: Duration) -> Result<(), StoreError> {
        write!(self.database, tx => hosts::release_host(tx, lease, pause))
    }

    async fn visit_host(&self, owner: &OwnerId, host: &HostKey) -> Result<Visit, StoreError> {
        write!(self.database, tx => hosts::visit_host(tx, owner, host))
    }

    async fn hold_adaptive(&self, until: Timestamp) -> Result<(), StoreError> {
        write!(self.database, tx => flock::hold(tx, until))
    }

    async fn keep_controller(&self, before: Option<String>, after: String) -> Result<(), StoreError> {
        write!(self.database, tx => flock::keep_controller(tx, before.as_deref(), &after))
    }

    async fn postpone(&self, polls: Vec<(FeedId, Timestamp)>) -> Result<(), StoreError> {
        write!(self.database, tx => feeds::postpone(tx, &polls))
    }

    async fn claim_deliveries(
        &self,
        notifier: &NotifierName,
        owner: &OwnerId,
        limit: usize,
        lease: Duration,
    ) -> Result<ClaimedDeliveries, StoreError> {
        write!(self.database, tx => deliveries::claim(tx, notifier, owner, limit, lease))
    }

    async fn finish_delivery(
        &self,
        claim: &ClaimedDelivery,
        attempt: Attempt,
        decide: impl Fn(&Standing) -> Decision + Send + Sync + 'static,
    ) -> Result<Finished, StoreError> {
        write!(self.database, tx => deliveries::finish(tx, claim, &attempt, &decide))
    }

    async fn give_up_overdue(
        &self,
        notifier: &NotifierName,
        max_age: Duration,
        reason: &str,
        limit: usize,
        report: impl Fn(&Standing, u64) -> Report + Send + Sync + 'static,
    ) -> Result<u64, StoreError> {
        write!(self.database, tx => deliveries::give_up_overdue(tx, notifier, max_age, reason, limit, &report))
    }

    async fn reactivate(&self, notifier: &NotifierName) -> Result<(), StoreError> {
        write!(self.database, tx => notifiers::reactivate(tx, notifier))
    }

    async fn pending_deliveries(&self, limit: usize) -> Result<usize, StoreError> {
        look_up!(self.database, tx => notifiers::pending(tx, limit))
    }

    async fn release_all(&self, owner: &OwnerId) -> Result<(), StoreError> {
        write!(self.database, tx => hosts::release_all(tx, owner))
    }

    async fn redeliver(&self, query: RedeliverQuery) -> Result<Option<u64>, StoreError> {
        let redelivered = write!(self.database, tx => deliveries::redeliver(tx, &query))?;
        if redelivered.is_some_and(|deliveries| deliveries > 0) {
            self.database.hint().await;
        }
        Ok(redelivered)
    }

    async fn prune(&self, settings: &Settings) -> Result<Pruned, StoreError> {
        loop {
            let step = write!(self.database, tx => prune::step(tx, &self.me, settings))?;
            if step.rows > 0 || step.done {
                return Ok(Pruned { rows: step.rows as u64 });
            }
        }
    }

    async fn feed_states(&self) -> Result<Vec<FeedState>, StoreError> {
        read!(self.database, tx => views::feed_states(tx))
    }

    async fn queues(&self) -> Result<Vec<Queue>, StoreError> {
        read!(self.database, tx => views::queues(tx))
    }

    async fn alerts(&self, query: &AlertQuery) -> Result<Vec<AlertView>, StoreError> {
        read!(self.database, tx => views::alerts(tx, query))
    }

    async fn events(&self, within: Duration, limit: usize) -> Result<Vec<EventView>, StoreError> {
        read!(self.database, tx => views::events(tx, within, limit))
    }

    async fn stored_articles(
        &self,
        since: Duration,
        after: Option<ArticleCursor>,
        limit: usize,
    ) -> Result<Vec<StoredArticle>, StoreError> {
        read!(self.database, tx => stored::page(tx, since, after, limit))
    }

    async fn feed_activity(&self) -> Result<Vec<FeedActivity>, StoreError> {
        read!(self.database, tx => activity::feeds(tx))
    }

    async fn notifier_activity(&self) -> Result<Vec<NotifierActivity>, StoreError> {
        read!(self.database, tx => activity::notifiers(tx))
    }

    async fn volume(&self) -> Result<Volume, StoreError> {
        read!(self.database, tx => activity::volume(tx))
    }

    async fn probe(&self) -> Result<(), StoreError> {
        write!(self.database, _tx => ready(Ok(())))
    }

    fn measure(&self, metrics: &Metrics) {
        // Once in the life of a store.
        let _ = self.database.metrics.set(metrics.clone());
    }

    fn wake(&self, due: &Arc<Notify>) {
        self.database.listen(due);
    }

    fn trouble(&self) -> Option<String> {
        self.database.trouble()
    }

    async fn close(&self) -> Result<(), StoreError> {
        // Whoever prunes next need not wait for our lease; nothing hangs on it.
        let _ = write!(self.database, tx => prune::give_back(tx, &self.me));
        self.database.close();
        Ok(())
    }
}
