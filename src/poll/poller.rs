//! The loop: claim due hosts and let a task work on each. It decides nothing itself.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::debug;
use url::Url;

use super::{
    addresses::Addresses,
    budget::Budget,
    congestion::Congestion,
    fetch::Fetcher,
    gates::HostGates,
    host_task::HostTask,
    leases::{self, Leases},
    overdue::{self, Backlog},
    slots::Slots,
};
use crate::{
    metrics::Metrics,
    model::{Feed, FeedId, Outcome, OwnerId},
    pipeline::Pipeline,
    pulse::Pulse,
    store::{Claims, PollRecord, Recorded, Store, StoreError},
};

/// Hosts asked for in one claim at most (specs/storage.md §4).
const CLAIM_LIMIT: usize = 32;
/// A round does not wait for a host that stays closed for longer than this beyond every gap.
const ROUND_PATIENCE: Duration = Duration::from_mins(1);
/// Due work is looked for at least this often: another process may have changed it.
const TICK: Duration = Duration::from_secs(1);
/// How long to wait before a store that cannot be used is tried again.
pub(super) const STORE_PAUSE: Duration = Duration::from_secs(5);

/// The name of this loop, where it beats.
const LOOP: &str = "polling";

/// What the poller works with. Immutable; a reload puts a new one in its place.
#[derive(Debug)]
pub struct Live {
    /// The feeds by identity.
    pub feeds: HashMap<FeedId, Arc<Feed>>,
    /// Who has which configured URL.
    pub addresses: HashMap<Url, FeedId>,
    /// When to poll.
    pub settings: super::Settings,
    /// How to fetch.
    pub fetcher: Fetcher,
    /// How many requests may be under way, over all hosts.
    pub slots: Slots,
    /// What to do with a body.
    pub pipeline: Arc<Pipeline>,
    /// So many deliveries may wait before polling pauses.
    pub max_pending: usize,
}

/// One recorded poll, for those who watch the progress.
#[derive(Debug, Clone)]
pub struct PollDone {
    /// The feed.
    pub feed: FeedId,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed.
    pub error: Option<String>,
    /// Articles that were new or edited.
    pub articles: usize,
    /// Alerts that were really new.
    pub alerts: usize,
}

impl PollDone {
    pub(super) fn recorded(record: &PollRecord, recorded: &Recorded) -> Self {
        Self {
            feed: record.feed.clone(),
            outcome: record.outcome,
            error: record.error.clone(),
            articles: record.document.as_ref().map_or(0, |document| document.articles.len()),
            alerts: recorded.new_alerts.len(),
        }
    }

    /// A poll whose result could not be kept; the log says why.
    pub(super) fn dropped(feed: FeedId) -> Self {
        let error = Some("the result could not be recorded".to_owned());
        Self { feed, outcome: Outcome::Internal, error, articles: 0, alerts: 0 }
    }
}

/// What the loop and its host tasks share.
#[derive(Debug)]
pub(super) struct Shared<S> {
    pub store: S,
    pub owner: OwnerId,
    pub live: watch::Receiver<Arc<Live>>,
    pub leases: Leases,
    pub gates: HostGates,
    pub addresses: Addresses,
    pub backlog: Backlog,
    pub congestion: Congestion,
    pub budget: Budget,
    /// Woken when alerts were recorded.
    pub alerts: Arc<Notify>,
    /// Woken when a host was given back: more may be claimed.
    pub released: Notify,
    pub round: Option<Round>,
    pulse: Pulse,
    pub metrics: Metrics,
}

impl<S> Shared<S> {
    /// Whether nothing more should be begun: too many deliveries wait, or what is overdue is to be spread out first, but
    /// for a round, which asks all at once.
    pub fn must_wait(&self) -> bool {
        self.congestion.is_full() || (self.round.is_none() && self.backlog.is_expected())
    }
}

/// One round over some feeds, for `once`.
#[derive(Debug)]
pub(super) struct Round {
    remaining: Mutex<HashSet<FeedId>>,
    progress: mpsc::UnboundedSender<PollDone>,
}

impl Round {
    /// Whether the feed is still to be polled in this round.
    pub fn wants(&self, feed: &FeedId) -> bool {
        self.remaining().contains(feed)
    }

    /// Takes the feed off the list and tells who watches.
    pub fn done(&self, done: PollDone) {
        self.remaining().remove(&done.feed);
        // Nobody may be watching any more; the round goes on.
        let _ = self.progress.send(done);
    }

    /// Leaves the rest for later, for this reason.
    fn give_up(&self, why: &str) {
        let feeds: Vec<FeedId> = self.remaining().iter().cloned().collect();
        for feed in feeds {
            let error = Some(format!("{why}; left for later"));
            self.done(PollDone { feed, outcome: Outcome::Held, error, articles: 0, alerts: 0 });
        }
    }

    fn is_over(&self) -> bool {
        self.remaining().is_empty()
    }

    fn remaining(&self) -> std::sync::MutexGuard<'_, HashSet<FeedId>> {
        self.remaining.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Polls feeds as they become due.
#[derive(Debug)]
pub struct Poller<S> {
    shared: Shared<S>,
}

impl<S: Store> Poller<S> {
    /// A poller that works with whatever is in `live`; `alerts` is woken when there is something to deliver.
    pub fn new(store: S, owner: OwnerId, live: watch::Receiver<Arc<Live>>, alerts: Arc<Notify>) -> Self {
        let (leases, gates, addresses) = (Leases::default(), HostGates::default(), Addresses::default());
        let (released, backlog, round) = (Notify::new(), Backlog::at_start(), None);
        let congestion = Congestion::default();
        let (budget, pulse) = (Budget::default(), Pulse::default());
        let shared = Shared {
            store,
            owner,
            live,
            leases,
            gates,
            addresses,
            backlog,
            congestion,
            budget,
            alerts,
            released,
            round,
            pulse,
            metrics: Metrics::default(),
        };
        Self { shared }
    }

    /// Counts polls there.
    #[must_use]
    pub fn counting(mut self, metrics: Metrics) -> Self {
        self.shared.metrics = metrics;
        self
    }

    /// Beats there, as `polling`.
    #[must_use]
    pub fn beating(mut self, pulse: Pulse) -> Self {
        self.shared.pulse = pulse;
        self
    }

    /// Polls each of `feeds` once and then ends; tells `progress` of each.
    #[must_use]
    pub fn once(mut self, feeds: HashSet<FeedId>, progress: mpsc::UnboundedSender<PollDone>) -> Self {
        self.shared.round = Some(Round { remaining: Mutex::new(feeds), progress });
        self
    }

    /// Runs until cancelled, or until the round is over. `lease` is how long a host is held without renewal. Polls
    /// under way are dropped when cancelled: nothing of them is stored, so nothing is lost.
    ///
    /// # Errors
    /// If the store can never be used again.
    pub async fn run(self, lease: Duration, cancel: CancellationToken) -> Result<(), StoreError> {
        let mut shared = self.shared;
        shared.leases.last(lease);
        let shared = Arc::new(shared);
        let (hosts, renewal) = (TaskTracker::new(), TaskTracker::new());
        let renewing = CancellationToken::new();
        renewal.spawn(leases::renew(shared.clone(), lease / 3, renewing.clone()));
        let result = claim_hosts(&shared, &hosts, lease, &cancel).await;
        if result.is_err() {
            cancel.cancel();
        }
        shared.pulse.end(LOOP);
        // Host tasks end by themselves: their work is done, or the token tells them. Leases are renewed until then.
        hosts.close();
        hosts.wait().await;
        renewing.cancel();
        renewal.close();
        renewal.wait().await;
        result
    }
}

/// Claims due hosts until cancelled or until the round is over.
async fn claim_hosts<S: Store>(
    shared: &Arc<Shared<S>>,
    tasks: &TaskTracker,
    lease: Duration,
    cancel: &CancellationToken,
) -> Result<(), StoreError> {
    let mut idle_since = None;
    while !shared.round.as_ref().is_some_and(Round::is_over) {
        let (pulse, asked) = (&shared.pulse, Instant::now());
        // A store that is locked or full is no fault of this loop, and the store's own beat tells if it hangs.
        let pause = match pulse.wait(LOOP, claim(shared)).await {
            Ok(None) => TICK,
            Ok(Some(claims)) => {
                if is_idle(shared, &claims) {
                    // Somebody who died may hold a host until his lease ends.
                    let since = *idle_since.get_or_insert_with(Instant::now);
                    if let Some(round) = shared.round.as_ref().filter(|_| since.elapsed() > lease) {
                        // Their hosts stay closed for longer than a round waits.
                        round.give_up("its host asked for patience");
                    }
                } else {
                    idle_since = None;
                }
                for host in claims.hosts {
                    tasks.spawn(HostTask::begin(shared.clone(), host, asked, cancel).run());
                }
                claims.next_due.map_or(TICK, |due| due.clamp(Duration::from_millis(1), TICK))
            }
            Err(error @ StoreError::Unusable(_)) => return Err(error),
            Err(error) => {
                debug!(%error, "polling waits for the store");
                shared.backlog.expect();
                STORE_PAUSE
            }
        };
        let next = async {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = sleep(pause) => {}
                () = shared.released.notified() => {}
            }
        };
        pulse.wait(LOOP, next).await;
        if cancel.is_cancelled() {
            break;
        }
    }
    Ok(())
}

/// Whether there is nothing to do for longer than any gap between requests.
fn is_idle<S>(shared: &Shared<S>, claims: &Claims) -> bool {
    let live = shared.live.borrow();
    let longest_gap = live.settings.hosts.iter().filter_map(|host| host.gap).max().unwrap_or_default();
    let is_far = |due: Duration| due > longest_gap + ROUND_PATIENCE;
    claims.hosts.is_empty() && shared.leases.len() == 0 && claims.next_due.is_some_and(is_far)
}

/// Claims as many hosts as can be worked on now; `None` if there is no free slot, or too many deliveries wait. At the start, after the store was
/// away, and after its clock jumped ahead, what is overdue is first spread out; not for a round, which asks all at once.
async fn claim<S: Store>(shared: &Shared<S>) -> Result<Option<Claims>, StoreError> {
    let live = shared.live.borrow().clone();
    if shared.congestion.look(&shared.store, live.max_pending).await? {
        if let Some(round) = &shared.round {
            round.give_up("too many deliveries wait");
        }
        return Ok(None);
    }
    overdue::spread_out(shared, &live).await?;
    let limit = live.slots.room(shared.leases.len()).min(CLAIM_LIMIT);
    if limit == 0 {
        return Ok(None);
    }
    let claims = shared.store.claim_hosts(&shared.owner, limit).await?;
    shared.backlog.hear(claims.now);
    if shared.round.is_none() {
        keep_budget(shared, &live, &claims).await;
    } else {
        // Its polls are asked for by a person: they are planned by the price, but not capped.
        shared.budget.hear(&claims, live.settings.budget);
    }
    overdue::spread_out(shared, &live).await?;
    Ok(Some(claims))
}

/// Tells the budget what the store knows, and the store what follows. What cannot be told now is told a second later;
/// the hosts that were just claimed are worked on all the same.
async fn keep_budget<S: Store>(shared: &Shared<S>, live: &Live, claims: &Claims) {
    let budget = live.settings.budget;
    let step = shared.budget.hear(claims, budget);
    if step.is_some() {
        let market = shared.budget.market();
        debug!(
            feeds = market.flock.feeds,
            price = market.price(budget),
            trim = market.controller.trim,
            "priced polls"
        );
    }
    if let Some(step) = step
        && let Err(error) = shared.store.keep_controller(step.before, step.after).await
    {
        debug!(%error, "the price of polls could not be kept");
    }
    if let Some(until) = shared.budget.held_until(claims.now, budget)
        && let Err(error) = shared.store.hold_adaptive(until).await
    {
        debug!(%error, "polls beyond the budget could not be held");
    }
}
