//! What is kept: the [`Store`] trait and the records that pass through it. Only this room writes SQL.
//!
//! Each method of the trait is one transaction. Time is the store's own (`now` in the answers): an instance's
//! clock decides nothing (specs/storage.md §4). Work is claimed with a lease (owner, epoch, until), never by a
//! transaction that stays open; a crash means "done again", never "lost".

mod health;
pub mod sqlite;

use std::{path::PathBuf, time::Duration};

pub use health::{FeedCondition, FeedHealth};
use serde_json::value::RawValue;

use crate::model::{
    AlertId, Article, ArticleKey, Attempt, ContentHash, DeliveryState, FeedId, HostKey, NotifierName,
    Outcome, OwnerId, Reason, Timestamp, TopicName, Validators,
};

/// Where the store is and how long things stay in it (`[store]`, and the retention keys of `[notify]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The database.
    pub location: Location,
    /// How long article text is kept.
    pub retention: Duration,
    /// How long an article is known after its feed stopped showing it.
    pub seen_retention: Duration,
    /// How long a host is held without renewal.
    pub lease: Duration,
    /// How long delivered deliveries are kept.
    pub keep_delivered: Duration,
    /// How long dead deliveries are kept.
    pub keep_dead: Duration,
}

/// Which database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
}

/// Why a store method failed, shaped by what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The lease went to another owner meanwhile; nothing was written. Drop the work, go on.
    #[error("the lease on {0} was lost")]
    LeaseLost(String),
    /// The store cannot be used now (locked, full, I/O). Nothing was written; the same call may succeed later.
    #[error("store: {0}")]
    Unavailable(String),
    /// The store cannot be used at all until a person acts (wrong file, newer version, damaged, in use).
    #[error("{0}")]
    Unusable(String),
}

/// A feed as the configuration has it, for [`Store::sync_config`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEntry {
    /// Identity.
    pub id: FeedId,
    /// The gate it belongs to.
    pub host: HostKey,
    /// The address without credentials, for people.
    pub url: String,
    /// Fingerprint of all that the request is made of (URL, credentials, headers). When it changes, validators are
    /// dropped (specs/polling.md V4) and a feed that was gone is asked again.
    pub request: String,
    /// Whether it is polled.
    pub enabled: bool,
    /// How long to wait after an attempt whose result was never recorded: a crash loop must not hammer.
    pub guard: Duration,
}

/// A lease on a host. Results are accepted only while (owner, epoch) still hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostLease {
    /// The host.
    pub host: HostKey,
    /// Who holds it.
    pub owner: OwnerId,
    /// Grows with each claim.
    pub epoch: i64,
}

/// Hosts to work on now.
#[derive(Debug, Clone)]
pub struct Claims {
    /// The store's time.
    pub now: Timestamp,
    /// The claimed hosts, those due longest first; each with its first due feed.
    pub hosts: Vec<ClaimedHost>,
    /// How long until the next host that nobody holds is due; `None` if there is none.
    pub next_due: Option<Duration>,
}

/// A claimed host.
#[derive(Debug, Clone)]
pub struct ClaimedHost {
    /// The lease.
    pub lease: HostLease,
    /// The feeds to poll now; [`Store::take_feeds`] gives more.
    pub feeds: Vec<DueFeed>,
}

/// A feed to poll now. Its attempt is on record already.
#[derive(Debug, Clone)]
pub struct DueFeed {
    /// The store's time when it was handed out.
    pub now: Timestamp,
    /// When it was planned for.
    pub due: Timestamp,
    /// What was known about it before this attempt was put on record.
    pub state: FeedState,
}

/// What is stored about a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedState {
    /// Identity.
    pub id: FeedId,
    /// The address without credentials.
    pub url: String,
    /// The feed's own title.
    pub title: Option<String>,
    /// Whether it is in the configuration and enabled.
    pub enabled: bool,
    /// Validators of the last readable 200.
    pub validators: Validators,
    /// The URL that answered that 200; validators go nowhere else.
    pub validated_url: Option<String>,
    /// Hash of the last readable body; the same body need not be read again.
    pub body_hash: Option<ContentHash>,
    /// The next poll; `None` once gone.
    pub next_poll: Option<Timestamp>,
    /// Which rule decided it.
    pub reason: Reason,
    /// `Retry-After`: not before this, whatever else.
    pub retry_after: Option<Timestamp>,
    /// When the last request went out.
    pub last_attempt: Option<Timestamp>,
    /// The last good answer.
    pub last_success: Option<Timestamp>,
    /// The last HTTP status.
    pub last_status: Option<u16>,
    /// How the last poll ended.
    pub last_outcome: Option<Outcome>,
    /// Why the last poll failed, one sentence.
    pub error: Option<String>,
    /// Failed polls in a row.
    pub consecutive_failures: u32,
    /// When the row of failures began.
    pub failing_since: Option<Timestamp>,
    /// Polls recorded so far.
    pub polls: u64,
    /// How many of them were answered 304.
    pub not_modified: u64,
}

impl FeedState {
    /// A feed about which nothing is known.
    pub fn unknown(id: FeedId) -> Self {
        Self {
            url: id.to_string(),
            id,
            title: None,
            enabled: true,
            validators: Validators::default(),
            validated_url: None,
            body_hash: None,
            next_poll: None,
            reason: Reason::First,
            retry_after: None,
            last_attempt: None,
            last_success: None,
            last_status: None,
            last_outcome: None,
            error: None,
            consecutive_failures: 0,
            failing_since: None,
            polls: 0,
            not_modified: 0,
        }
    }

    /// Whether no readable document was ever recorded: the next one is the first sight of the feed. A changed URL
    /// with a kept `id` is no first sight (specs/polling.md K1).
    pub fn is_first_sight(&self) -> bool {
        self.last_success.is_none()
    }
}

/// An article of a feed that is known already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownArticle {
    /// The key under which it is known; differs from the asked one if it was found by its link.
    pub key: ArticleKey,
    /// Its text when it was last recorded.
    pub content_hash: ContentHash,
    /// The topics that it mentioned so far.
    pub topics: Vec<TopicName>,
}

/// The result of one poll, to be recorded in one transaction.
#[derive(Debug, Clone)]
pub struct PollRecord {
    /// The feed.
    pub feed: FeedId,
    /// When the poll ended, by the store's time.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// Why it failed, one sentence for people.
    pub error: Option<String>,
    /// Failed polls in a row, this one included.
    pub consecutive_failures: u32,
    /// The next poll; `None`: never.
    pub next_poll: Option<Timestamp>,
    /// Which rule decided it.
    pub reason: Reason,
    /// `Retry-After`, if the answer had one.
    pub retry_after: Option<Timestamp>,
    /// The whole host stays closed until then, if the answer said so.
    pub host_not_before: Option<Timestamp>,
    /// What a readable document brought; `None` leaves validators and articles as they are.
    pub document: Option<DocumentRecord>,
}

/// What a readable document brought.
#[derive(Debug, Clone)]
pub struct DocumentRecord {
    /// Replace the stored pair, absent ones too.
    pub validators: Validators,
    /// The URL that answered.
    pub validated_url: String,
    /// Hash of the body.
    pub body_hash: ContentHash,
    /// The feed's own title.
    pub title: Option<String>,
    /// Articles that are new or edited.
    pub articles: Vec<ArticleRecord>,
    /// The keys of every article in the document, under which they are known.
    pub seen: Vec<ArticleKey>,
    /// What to tell people.
    pub alerts: Vec<AlertRecord>,
}

/// An article to keep. `article.key` is the key under which it is known.
#[derive(Debug, Clone)]
pub struct ArticleRecord {
    /// The article.
    pub article: Article,
    /// All topics that it mentioned so far, alerted or not.
    pub topics: Vec<TopicName>,
}

/// An alert to keep, with what is owed to whom.
#[derive(Debug, Clone)]
pub struct AlertRecord {
    /// Derived id.
    pub id: AlertId,
    /// The article.
    pub article: ArticleKey,
    /// When feedwatch saw it.
    pub created: Timestamp,
    /// The topics, for searching.
    pub topics: Vec<TopicName>,
    /// The `data` object of the standard body (DESIGN §4), as JSON.
    pub data: String,
    /// The rendered body for each notifier that wants it.
    pub deliveries: Vec<(NotifierName, Vec<u8>)>,
}

/// What recording a poll did.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// The alerts that were really new; the others were on record already.
    pub new_alerts: Vec<AlertId>,
    /// Further feeds of the host to poll now.
    pub feeds: Vec<DueFeed>,
}

/// A delivery to attempt now.
#[derive(Debug, Clone)]
pub struct ClaimedDelivery {
    /// The alert.
    pub alert: AlertId,
    /// The notifier.
    pub notifier: NotifierName,
    /// Who holds it.
    pub owner: OwnerId,
    /// Grows with each claim.
    pub epoch: i64,
    /// The number of this attempt, from 1.
    pub attempt: u32,
    /// From when its age counts: creation, or the last `redeliver`.
    pub age_from: Timestamp,
    /// The store's time at the claim.
    pub now: Timestamp,
    /// The stored bytes to send.
    pub body: Vec<u8>,
}

/// Deliveries to attempt now.
#[derive(Debug, Clone, Default)]
pub struct ClaimedDeliveries {
    /// Oldest first.
    pub deliveries: Vec<ClaimedDelivery>,
    /// How long until the next one of this notifier is due; `None` if none waits.
    pub next_due: Option<Duration>,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptResult {
    /// The receiver has it.
    Delivered,
    /// Try again after this long; the sentence says why.
    Retry {
        /// How long to wait.
        after: Duration,
        /// For people.
        reason: String,
    },
    /// Given up.
    Dead {
        /// For people.
        reason: String,
    },
}

/// Which deliveries to put back in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedeliverQuery {
    /// Those of this alert; `None`: every dead or held-back one.
    pub alert: Option<AlertId>,
    /// Only those of this notifier.
    pub notifier: Option<NotifierName>,
}

/// The queue of one notifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The notifier.
    pub notifier: NotifierName,
    /// Waiting or under way.
    pub pending: u64,
    /// Given up.
    pub dead: u64,
    /// Not sent because of a flood.
    pub held_back: u64,
    /// Age of the oldest that waits, in whole seconds.
    pub oldest_pending_seconds: Option<u64>,
    /// When the next attempt is due.
    pub next_attempt: Option<Timestamp>,
    /// What the last failed attempt of a waiting or dead delivery said.
    pub reason: Option<String>,
    /// The last success.
    pub last_delivered: Option<Timestamp>,
}

/// Which alerts to show, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertQuery {
    /// Created at most this long ago; `None`: all.
    pub within: Option<Duration>,
    /// Only those that name this topic.
    pub topic: Option<TopicName>,
    /// Only this one.
    pub id: Option<AlertId>,
    /// At most so many.
    pub limit: usize,
}

/// An alert with what became of it.
#[derive(Debug, Clone)]
pub struct AlertView {
    /// Derived id.
    pub id: AlertId,
    /// When feedwatch saw it.
    pub created: Timestamp,
    /// The `data` object of the standard body.
    pub data: Box<RawValue>,
    /// One per notifier, by name.
    pub deliveries: Vec<DeliveryView>,
}

/// A delivery with its attempts.
#[derive(Debug, Clone)]
pub struct DeliveryView {
    /// The notifier.
    pub notifier: NotifierName,
    /// Where it stands.
    pub state: DeliveryState,
    /// When the next attempt is due, if it waits.
    pub next_attempt: Option<Timestamp>,
    /// How often it was tried since it was made or last redelivered.
    pub attempts: u32,
    /// What the last attempt said.
    pub reason: Option<String>,
    /// The last attempts, oldest first.
    pub history: Vec<Attempt>,
}

/// A place in the list of kept articles, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArticleCursor {
    /// When the article was last recorded: found new, or edited.
    pub recorded: Timestamp,
    /// The store's own number of the article; tells apart what was recorded together.
    pub row: i64,
}

/// An article whose text is still kept, as it was last recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredArticle {
    /// Its place in the list; where the next page begins.
    pub cursor: ArticleCursor,
    /// The feed; it may have left the configuration.
    pub feed: FeedId,
    /// The feed's own title.
    pub feed_title: Option<String>,
    /// The feed's address without credentials.
    pub feed_url: String,
    /// The title.
    pub title: Option<String>,
    /// Where to read it.
    pub link: Option<String>,
    /// When the publisher says it was published.
    pub published: Option<Timestamp>,
    /// When the publisher says it was last changed.
    pub updated: Option<Timestamp>,
    /// The short text.
    pub summary: Option<String>,
    /// The long text.
    pub content: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// The publisher's own categories.
    pub tags: Vec<String>,
}

/// What pruning removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Rows removed or emptied; 0 means that nothing is left to prune now.
    pub rows: u64,
}

/// The store, on whatever database. Each method is one transaction; after an error nothing of it is kept.
///
/// A cancelled call may or may not have taken effect: every method is safe to repeat.
pub trait Store: Clone + Send + Sync + 'static {
    /// Makes the configured feeds and notifiers known. New feeds are due at once; unchanged ones keep their next
    /// poll; those whose request changed are due after their guard, and at once on a new host; those that left the
    /// configuration are no longer polled. Waiting deliveries of a notifier that left become dead
    /// ("notifier removed").
    fn sync_config(
        &self,
        feeds: Vec<FeedEntry>,
        notifiers: Vec<NotifierName>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Makes every feed due now, for `once`. Left out: gone and disabled feeds, feeds and hosts under Retry-After,
    /// and those of `recent` (public feeds) that were attempted less than `spare` ago. Returns the enabled ones that
    /// were left out, by id; their state tells why.
    fn make_due(
        &self,
        recent: Vec<FeedId>,
        spare: Duration,
    ) -> impl Future<Output = Result<Vec<FeedId>, StoreError>> + Send;

    /// Claims up to `limit` due hosts that nobody holds, and hands out the first due feed of each.
    fn claim_hosts(
        &self,
        owner: &OwnerId,
        limit: usize,
    ) -> impl Future<Output = Result<Claims, StoreError>> + Send;

    /// Hands out up to `limit` further due feeds of a held host. Each has its attempt recorded and its next poll
    /// moved behind its guard before this returns.
    fn take_feeds(
        &self,
        lease: &HostLease,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<DueFeed>, StoreError>> + Send;

    /// What is known of these articles: for each pair of key and link key, in order. `keys` are those of a whole
    /// document: a link stands for an article only if it is the link of one known article, and that one is not in the
    /// document under its own key.
    fn known_articles(
        &self,
        feed: &FeedId,
        keys: Vec<(ArticleKey, Option<ArticleKey>)>,
    ) -> impl Future<Output = Result<Vec<Option<KnownArticle>>, StoreError>> + Send;

    /// Records a poll: articles, alerts, deliveries, validators and next poll together, and hands out up to `take`
    /// further due feeds of the host. The lease must hold, and the feed must have been handed out under it and not be
    /// recorded yet: else [`StoreError::LeaseLost`], also if its request was changed meanwhile.
    fn record_poll(
        &self,
        lease: &HostLease,
        record: PollRecord,
        take: usize,
    ) -> impl Future<Output = Result<Recorded, StoreError>> + Send;

    /// Extends the leases; returns those that are lost.
    fn renew_hosts(
        &self,
        leases: Vec<HostLease>,
    ) -> impl Future<Output = Result<Vec<HostLease>, StoreError>> + Send;

    /// Gives a host back. It is not handed out again before `pause` is over.
    fn release_host(
        &self,
        lease: &HostLease,
        pause: Duration,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Claims up to `limit` due deliveries of a notifier for the length of `lease`. Deliveries whose lease is over
    /// are due again.
    fn claim_deliveries(
        &self,
        notifier: &NotifierName,
        owner: &OwnerId,
        limit: usize,
        lease: Duration,
    ) -> impl Future<Output = Result<ClaimedDeliveries, StoreError>> + Send;

    /// Records an attempt and what became of it.
    fn finish_delivery(
        &self,
        claim: &ClaimedDelivery,
        attempt: Attempt,
        result: AttemptResult,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Makes up to `limit` waiting deliveries of a notifier due now, those due soonest first: it works again. Their
    /// attempts and age stay. Returns how many.
    fn hasten_deliveries(
        &self,
        notifier: &NotifierName,
        limit: usize,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Gives back all that `owner` holds, hosts and deliveries, at shutdown.
    fn release_all(&self, owner: &OwnerId) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Puts deliveries back in the queue, due now, attempts from 0, under the same id. Delivered ones and those
    /// under way stay as they are. Returns how many.
    fn redeliver(&self, query: RedeliverQuery) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Removes one batch of what is older than the retention allows; never anything pending or sending.
    fn prune(&self, settings: &Settings) -> impl Future<Output = Result<Pruned, StoreError>> + Send;

    /// Every feed that is in the configuration, by id.
    fn feed_states(&self) -> impl Future<Output = Result<Vec<FeedState>, StoreError>> + Send;

    /// The queues of all notifiers that have deliveries, by name.
    fn queues(&self) -> impl Future<Output = Result<Vec<Queue>, StoreError>> + Send;

    /// Alerts, newest first.
    fn alerts(&self, query: &AlertQuery) -> impl Future<Output = Result<Vec<AlertView>, StoreError>> + Send;

    /// A page of the articles whose text is kept and that were recorded at most `since` ago, newest first, behind
    /// `after`; empty at the end. Each page is a read of its own, so a long walk holds up nobody; what is recorded
    /// during the walk is not in it.
    fn stored_articles(
        &self,
        since: Duration,
        after: Option<ArticleCursor>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<StoredArticle>, StoreError>> + Send;

    /// Why nothing can be written at the moment, for `/health/ready`; `None`: all is well.
    fn trouble(&self) -> Option<String>;

    /// Finishes what is queued and closes cleanly.
    fn close(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}
