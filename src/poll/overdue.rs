//! What is overdue at once, after downtime or a jump of the clock, is asked bit by bit.

use tracing::info;

use super::{
    hosts::Manners,
    poller::{Live, Shared},
    spread::{Overdue, spread},
};
use crate::{
    model::{Hints, Timestamp},
    store::{FeedState, Store, StoreError},
};

/// Postpones the polls of overdue feeds so that they do not all come at once. New feeds stay due.
pub(super) async fn spread_out<S: Store>(shared: &Shared<S>, live: &Live) -> Result<(), StoreError> {
    let now = shared.store.claim_hosts(&shared.owner, 0).await?.now;
    let states = shared.store.feed_states().await?;
    let overdue: Vec<Overdue> = states.into_iter().filter_map(|state| overdue(live, state, now)).collect();
    let (all, polls) = (overdue.len(), spread(overdue, now));
    if polls.is_empty() {
        return Ok(());
    }
    info!(feeds = all, "overdue feeds are asked bit by bit");
    shared.store.postpone(polls).await
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
