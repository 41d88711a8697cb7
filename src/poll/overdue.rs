//! What is overdue at once, after downtime or a jump of the clock, is asked bit by bit.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tracing::info;

use super::{
    hosts::Manners,
    poller::{Live, Shared},
    spread::{Overdue, spread},
    store_time::StoreTime,
};
use crate::{
    model::{Hints, Timestamp},
    store::{FeedState, Store, StoreError},
};

/// A store whose time runs ahead of the monotonic clock by more than this was set, or the machine slept.
const JUMP: Duration = Duration::from_mins(1);

/// Whether much may be overdue at once.
#[derive(Debug)]
pub(super) struct Backlog {
    is_expected: AtomicBool,
    clock: Mutex<Option<StoreTime>>,
}

impl Backlog {
    /// Nobody knows how long feedwatch was down.
    pub fn at_start() -> Self {
        Self { is_expected: AtomicBool::new(true), clock: Mutex::new(None) }
    }

    /// Polls were held up.
    pub fn expect(&self) {
        self.is_expected.store(true, Ordering::Relaxed);
    }

    /// Whether nothing more should be begun before what is overdue is spread out.
    pub fn is_expected(&self) -> bool {
        self.is_expected.load(Ordering::Relaxed)
    }

    /// The store told the time.
    pub fn hear(&self, now: Timestamp) {
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        if clock.is_some_and(|clock| now > clock.now() + JUMP) {
            self.expect();
        }
        *clock = Some(StoreTime::told(now));
    }
}

/// Postpones the polls of overdue feeds so that they do not all come at once, if there may be many. New feeds stay due.
pub(super) async fn spread_out<S: Store>(shared: &Shared<S>, live: &Live) -> Result<(), StoreError> {
    if !shared.must_wait() {
        return Ok(());
    }
    let now = shared.store.claim_hosts(&shared.owner, 0).await?.now;
    shared.backlog.hear(now);
    let states = shared.store.feed_states().await?;
    let overdue: Vec<Overdue> = states.into_iter().filter_map(|state| overdue(live, state, now)).collect();
    let (all, polls) = (overdue.len(), spread(overdue, now));
    if !polls.is_empty() {
        info!(feeds = all, "overdue feeds are asked bit by bit");
        shared.store.postpone(polls).await?;
    }
    // Only now: host tasks take no more feeds until it is done.
    shared.backlog.is_expected.store(false, Ordering::Relaxed);
    Ok(())
}

fn overdue(live: &Live, state: FeedState, now: Timestamp) -> Option<Overdue> {
    let feed = live.feeds.get(&state.id).filter(|_| state.enabled)?;
    let (due, last_attempt) = (state.next_poll.filter(|due| *due <= now)?, state.last_attempt?);
    Some(Overdue {
        feed: state.id,
        host: feed.host.clone(),
        gap: Manners::towards(feed, &live.settings.hosts).gap,
        due,
        wait: (due - last_attempt).to_std().unwrap_or_default(),
        hints: if feed.ignore_cache_hints { Hints::default() } else { state.memory.hints },
    })
}
