//! Which feed asks which address. Two feeds that meet at one URL, because the old one moved there, share one poll of it:
//! the one that was there first asks, the other rests (specs/polling.md §6).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use url::Url;

use super::poller::Live;
use crate::model::{Feed, FeedId, FeedLocation};

/// A feed that has not asked an address for so long has no claim on it any more.
const CLAIM: Duration = Duration::from_hours(48);

/// The addresses that moved feeds ask.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    claims: Mutex<HashMap<Url, (FeedId, Instant)>>,
}

impl Addresses {
    /// The feed that asks this address already, if it is another one; else the address is this feed's.
    pub fn claim(&self, live: &Live, feed: &Feed, url: &Url) -> Option<FeedId> {
        if matches!(&feed.location, FeedLocation::Http(configured) if configured == url) {
            return None;
        }
        let is_live = |id: &FeedId| live.feeds.get(id).is_some_and(|feed| feed.enabled);
        if let Some(owner) = live.addresses.get(url).filter(|owner| is_live(owner)) {
            return Some(owner.clone());
        }
        let (mut claims, now) = (self.claims.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        match claims.get(url) {
            Some((other, until)) if *other != feed.id && *until > now && is_live(other) => {
                Some(other.clone())
            }
            _ => {
                claims.insert(url.clone(), (feed.id.clone(), now + CLAIM));
                None
            }
        }
    }
}
