//! Catching up: when articles may have scrolled by unseen, older documents of the feed are asked for, as far as it
//! publishes them (RFC 5005, JSON Feed `next_url`; specs/polling.md K3).

use std::time::Duration;

use tokio::time::Instant;
use tracing::{debug, info};
use url::Url;

use super::{
    conclude::Ending,
    fetch::{Fetched, Head},
    passage::Passage,
    store_time::StoreTime,
};
use crate::{
    model::{ContentHash, Feed, Gap, Timestamp},
    pipeline::{Body, Links, Older},
    store::{DocumentRecord, FeedState, Store, StoreError},
};

/// Older documents that are asked for in one poll.
const MAX_DOCUMENTS: usize = 10;
/// How long that may take.
const MAX_TIME: Duration = Duration::from_mins(5);

/// An older document: where it is, and whether it never changes.
struct Step {
    url: Url,
    is_stable: bool,
}

impl Step {
    /// An archive before pages: those shift while one reads them.
    fn from(links: Links) -> Option<Self> {
        let archive = links.prev_archive.map(|url| Self { url, is_stable: true });
        archive.or_else(|| links.next.map(|url| Self { url, is_stable: false }))
    }

    /// A short name for a URL that was read.
    fn name(&self) -> String {
        data_encoding::HEXLOWER.encode(&ContentHash::of_bytes(self.url.as_str().as_bytes()).0[..8])
    }
}

/// One walk into the past of a feed.
pub(super) struct Walk<'a, S> {
    pub passage: &'a Passage<'a, S>,
    pub feed: &'a Feed,
    pub before: &'a FeedState,
    pub clock: StoreTime,
    pub gap: Gap,
}

impl<S: Store> Walk<'_, S> {
    /// Adds what older documents show to the ending of a poll, until they show what is known. Then there is no gap.
    ///
    /// # Errors
    /// Only if the store cannot say what it knows.
    pub async fn back(&self, links: Links, ending: &mut Ending, head: &mut Head) -> Result<(), StoreError> {
        let (begun, mut visited, mut found) = (Instant::now(), Vec::new(), 0);
        let (mut next, mut is_lossy) = (Step::from(links), false);
        let Some(record) = &mut ending.document else { return Ok(()) };
        while let Some(step) = next.take() {
            let name = step.name();
            if self.before.memory.archives.contains(&name) {
                ending.gap = None;
                break;
            }
            if visited.contains(&step.url) || visited.len() == MAX_DOCUMENTS || begun.elapsed() > MAX_TIME {
                break;
            }
            visited.push(step.url.clone());
            let Some(older) = self.read(step.url, record, head).await? else { break };
            if step.is_stable {
                ending.archives.push(name);
            }
            is_lossy |= !step.is_stable;
            found += older.found;
            if older.known > 0 || older.newest.is_some_and(|newest| newest < self.since()) {
                ending.gap = None;
                break;
            }
            next = Step::from(older.links);
        }
        if !visited.is_empty() {
            let (feed, documents, is_closed) = (&self.before.url, visited.len(), ending.gap.is_none());
            info!(%feed, documents, found, is_closed, is_lossy, "looked for missed articles in older documents");
        }
        Ok(())
    }

    /// What is stamped earlier was there before anything was missed. Stamps may be older than what they are on: many
    /// articles appear hours after their stamp.
    fn since(&self) -> Timestamp {
        self.gap.from - self.passage.live.pipeline.first_alerts
    }

    /// Reads one older document; `None` if there is no use in going on.
    async fn read(
        &self,
        url: Url,
        record: &mut DocumentRecord,
        head: &mut Head,
    ) -> Result<Option<Older>, StoreError> {
        let Self { passage, feed, before, clock, .. } = self;
        let answer = passage.live.fetcher.fetch_linked(feed, url, clock.now(), *passage).await;
        head.bytes += answer.head.bytes;
        // Who asks for patience here asks for it everywhere.
        head.patience = head.patience.max(answer.head.patience);
        match answer.fetched {
            Fetched::Modified(body) => self.process(*body, record).await,
            other => {
                debug!(feed = %before.url, answer = ?other, "an older document could not be had");
                Ok(None)
            }
        }
    }

    async fn process(&self, body: Body, record: &mut DocumentRecord) -> Result<Option<Older>, StoreError> {
        let Self { passage, feed, before, clock, .. } = self;
        let _slot = passage.live.slots.take().await;
        let (pipeline, store) = (&passage.live.pipeline, &passage.shared.store);
        let times = (self.since(), clock.now());
        let older = pipeline.process_older(store, feed, before, body, record, times).await?;
        let unreadable = |error| debug!(feed = %before.url, error, "an older document could not be read");
        Ok(older.map_err(unreadable).ok())
    }
}
