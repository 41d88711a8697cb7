//! The line that `systemctl status` shows: `214 feeds, 3 failing; 2 deliveries waiting; last alert 14:02`.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{AppStore, count, service::Service};
use crate::{
    poll::Live,
    store::{AlertQuery, FeedCondition, Store, StoreError},
};

/// How often it is brought up to date ...
const EVERY: Duration = Duration::from_mins(1);
/// ... and how soon trouble of the store is seen.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Keeps the line up to date. It never ends.
pub(super) async fn tell<T>(service: &Service, store: AppStore, config: watch::Receiver<Arc<Live>>) -> T {
    if !service.is_there() {
        return std::future::pending().await;
    }
    let (mut trouble, mut due) = (None, Instant::now() + EVERY);
    loop {
        sleep(LOOK_EVERY).await;
        let before = std::mem::replace(&mut trouble, store.trouble());
        if trouble == before && Instant::now() < due {
            continue;
        }
        due = Instant::now() + EVERY;
        let status = match &trouble {
            Some(trouble) => format!("nothing can be stored: {trouble}"),
            // What cannot be read now is read in a minute.
            None => match line(&store, &config).await {
                Ok(status) => status,
                Err(_) => continue,
            },
        };
        service.status(&status);
    }
}

async fn line(store: &AppStore, config: &watch::Receiver<Arc<Live>>) -> Result<String, StoreError> {
    let failing_after = config.borrow().settings.failing_after;
    let states = store.feed_states().await?;
    let conditions = || states.iter().map(|state| state.health(failing_after).condition);
    let feeds = conditions().filter(|condition| *condition != FeedCondition::Disabled).count();
    let failing = conditions().filter(|condition| *condition == FeedCondition::Failing).count();
    let gone = conditions().filter(|condition| *condition == FeedCondition::Gone).count();
    let queues = store.queues().await?;
    let waiting: u64 = queues.iter().map(|queue| queue.pending).sum();
    let newest = AlertQuery { within: None, topic: None, feed: None, id: None, limit: 1 };
    let last = store.alerts(&newest).await?.first().map(|alert| alert.created);
    let deliveries = if waiting == 1 { "delivery" } else { "deliveries" };
    let parts = [
        Some(count(feeds, "feed")),
        (failing > 0).then(|| format!(", {failing} failing")),
        (gone > 0).then(|| format!(", {gone} gone")),
        Some(format!("; {waiting} {deliveries} waiting")),
        last.map(|at| format!("; last alert {}", at.format("%F %H:%M UTC"))),
    ];
    Ok(parts.into_iter().flatten().collect())
}
