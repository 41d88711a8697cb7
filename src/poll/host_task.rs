//! The work at one held host: poll its due feeds as its manners allow, record each, give the host back.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinError,
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::JoinMap};
use tracing::{debug, error, info, warn};

use super::{
    hosts::Manners,
    passage::Passage,
    poll_feed::{self, Polled},
    poller::{Live, PollDone, STORE_PAUSE, Shared},
    report, schedule,
};
use crate::{
    metrics::Task,
    model::{Feed, FeedId},
    store::{ClaimedHost, DueFeed, HostLease, PollRecord, Recorded, Store, StoreError},
};

/// How often a held host with a free place is asked for feeds that became due meanwhile.
const TOP_UP: Duration = Duration::from_secs(1);

/// How long a feed that a reload has just added is waited for.
const RELOAD_PATIENCE: Duration = Duration::from_secs(5);

/// A task that holds one host.
#[derive(Debug)]
pub(super) struct HostTask<S> {
    shared: Arc<Shared<S>>,
    lease: HostLease,
    manners: Manners,
    /// Cancelled at shutdown, and when the lease is lost.
    stop: CancellationToken,
    /// The polls under way.
    polls: JoinMap<FeedId, Result<Polled, StoreError>>,
    /// The gap after the last request ends here.
    opens: Instant,
}

impl<S: Store> HostTask<S> {
    /// Takes the lease, which counts as held since it was asked for, and begins the first polls.
    pub fn begin(
        shared: Arc<Shared<S>>,
        claimed: ClaimedHost,
        asked: Instant,
        cancel: &CancellationToken,
    ) -> Self {
        let stop = cancel.child_token();
        shared.leases.hold(claimed.lease.clone(), asked, stop.clone());
        let live = shared.live.borrow().clone();
        let first = claimed.feeds.first().and_then(|due| live.feeds.get(&due.state.id));
        let manners = first.map_or(Manners::PUBLIC, |feed| Manners::towards(feed, &live.settings.hosts));
        let lease = claimed.lease;
        let mut task = Self { shared, lease, manners, stop, polls: JoinMap::new(), opens: Instant::now() };
        task.begin_polls(&live, claimed.feeds);
        task
    }

    /// Works until nothing is due at this host, or until told to stop.
    pub async fn run(mut self) {
        let stop = self.stop.clone();
        let is_done = stop.run_until_cancelled(Box::pin(self.work())).await.is_some();
        if is_done {
            self.release().await;
        }
        self.shared.leases.forget(&self.lease);
        self.shared.released.notify_one();
    }

    async fn work(&mut self) {
        while !self.polls.is_empty() {
            let has_place = self.free_places() > 0;
            tokio::select! {
                Some((feed, polled)) = self.polls.join_next() => self.finish(feed, polled).await,
                () = sleep(TOP_UP), if has_place => self.top_up().await,
            }
        }
    }

    fn begin_polls(&mut self, live: &Arc<Live>, due: Vec<DueFeed>) {
        for due in due {
            self.shared.backlog.hear(due.now);
            let id = due.state.id.clone();
            let is_wanted = self.shared.round.as_ref().is_none_or(|round| round.wants(&id));
            if !is_wanted {
                continue;
            }
            let (live, shared, own) = (live.clone(), self.shared.clone(), self.lease.host.clone());
            let under_way = shared.metrics.poll_begins();
            self.polls.spawn(id.clone(), async move {
                let _under_way = under_way;
                let Some((live, feed)) = configured(&shared, live, &id).await else {
                    return Err(StoreError::NotHandedOut(id.to_string()));
                };
                if shared.round.is_none() && due.state.polls > 0 && schedule::is_adaptive(&feed) {
                    shared.budget.spend();
                }
                let passage = Passage { shared: &shared, live: &live, own: &own };
                poll_feed::poll(&passage, &feed, due).await
            });
        }
    }

    /// How many more polls may begin now.
    fn free_places(&self) -> usize {
        let is_held = self.opens > Instant::now() || self.shared.must_wait();
        if is_held { 0 } else { self.manners.in_flight.saturating_sub(self.polls.len()) }
    }

    /// Asks for feeds of this host that became due while others are under way.
    async fn top_up(&mut self) {
        match self.shared.store.take_feeds(&self.lease, self.free_places()).await {
            Ok(due) => {
                let live = self.shared.live.borrow().clone();
                self.begin_polls(&live, due);
            }
            Err(StoreError::LeaseLost(_)) => {
                self.shared.metrics.lease_lost();
                self.stop.cancel();
            }
            Err(error) => debug!(%error, host = %self.lease.host, "could not look for due feeds"),
        }
    }

    /// Records a finished poll, and begins what the store hands out next.
    async fn finish(&mut self, feed: FeedId, polled: Result<Result<Polled, StoreError>, JoinError>) {
        self.opens = Instant::now() + self.manners.gap;
        let mut done = PollDone::dropped(feed.clone());
        match polled {
            Ok(Ok(polled)) => {
                if let Some(recorded) = self.record(&polled.record).await {
                    report::poll(&polled, &recorded);
                    report::count(&self.shared.metrics, &polled, &recorded);
                    done = PollDone::recorded(&polled.record, &recorded);
                    if !recorded.new_alerts.is_empty() {
                        self.shared.alerts.notify_one();
                    }
                    let live = self.shared.live.borrow().clone();
                    self.begin_polls(&live, recorded.feeds);
                }
            }
            Ok(Err(StoreError::NotHandedOut(_))) => debug!(%feed, "not in the configuration any more"),
            Ok(Err(error)) => warn!(%feed, %error, "poll dropped, the store could not be asked"),
            Err(error) => {
                self.shared.metrics.panicked(Task::Poll);
                error!(%feed, %error, "poll panicked; this is a fault of feedwatch, not of the feed");
            }
        }
        if let Some(round) = &self.shared.round {
            round.done(done);
        }
    }

    /// Records a poll, again and again while the store cannot be written: nobody is told of what is not on disk.
    /// `None` if the lease was lost, or the feed's request was changed while it was under way.
    async fn record(&self, record: &Arc<PollRecord>) -> Option<Recorded> {
        loop {
            match self.shared.store.record_poll(&self.lease, record.clone(), self.free_places()).await {
                Ok(recorded) => return Some(recorded),
                Err(StoreError::LeaseLost(host)) => {
                    self.shared.metrics.lease_lost();
                    warn!(%host, feed = %record.feed, "the lease was lost, the poll is dropped");
                    self.stop.cancel();
                    return None;
                }
                Err(StoreError::NotHandedOut(feed)) => {
                    info!(
                        feed,
                        "the feed was changed while it was asked: the answer is dropped, it is asked anew"
                    );
                    return None;
                }
                Err(error) => debug!(%error, feed = %record.feed, "the poll waits for the store"),
            }
            sleep(STORE_PAUSE).await;
        }
    }

    async fn release(&self) {
        let pause = self.opens.saturating_duration_since(Instant::now());
        if let Err(error) = self.shared.store.release_host(&self.lease, pause).await {
            debug!(%error, host = %self.lease.host, "could not give the host back; its lease will end by itself");
        }
    }
}

/// A handed out feed as it is configured. A reload tells the store first: a feed that it adds may be handed out a moment
/// before the configuration that knows it is here.
async fn configured<S>(shared: &Shared<S>, live: Arc<Live>, id: &FeedId) -> Option<(Arc<Live>, Arc<Feed>)> {
    if let Some(feed) = live.feeds.get(id) {
        return Some((live.clone(), feed.clone()));
    }
    let mut changes = shared.live.clone();
    let arrives = changes.wait_for(|live| live.feeds.contains_key(id));
    let live = timeout(RELOAD_PATIENCE, arrives).await.ok()?.ok()?.clone();
    let feed = live.feeds.get(id)?.clone();
    Some((live, feed))
}
