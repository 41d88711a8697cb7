//! One round over all feeds, for `once`.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use anyhow::Result;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{AppStore, close, live, new_owner, open_store_now, sync};
use crate::{
    clock::{Clock, SystemClock},
    config::Config,
    metrics::Metrics,
    model::{FeedId, Timestamp, rfc3339},
    notify::Dispatcher,
    poll::{PollDone, Poller, hosts},
    store::{FeedState, Store, StoreError},
};

/// A public feed that was asked less than this ago is left out by `once`.
const ONCE_SPARES: Duration = Duration::from_mins(1);

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
    let live = live(config, &Metrics::default())?;
    let store = open_store_now(&config.store).await?;
    let owner = new_owner();
    let result = async {
        sync(&store, config).await?;
        let feeds = feeds_of_round(&store, config, begin).await?;
        let (_live, live) = watch::channel(Arc::new(live));
        let (_notify, settings) = watch::channel(Arc::new(config.notify.clone()));
        let alerts = Arc::new(Notify::new());
        let poller = Poller::new(store.clone(), owner.clone(), live, alerts.clone());
        let dispatcher = Dispatcher::new(store.clone(), SystemClock, owner.clone(), settings, alerts.clone());
        let round = cancel.child_token();
        let polling = async {
            let result = poller.once(feeds, progress).run(config.store.lease, cancel.clone()).await;
            round.cancel();
            result
        };
        let (result, sending) = tokio::join!(polling, dispatcher.drain_due(round.clone(), cancel.clone()));
        result.and(sending)
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
