//! What passes through the store around a poll: leases on hosts, due feeds, and the record of what came.

use std::time::Duration;

use super::{DeliveryRecord, EventRecord};
use crate::model::{
    AlertId, Article, ArticleKey, ContentHash, FeedId, Flock, Gap, HostKey, Outcome, OwnerId, PollMemory,
    Reason, Timestamp, TopicName, Validators,
};

/// A feed as the configuration has it, for [`Store::sync_config`](super::Store::sync_config).
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
    /// Whether its waits are chosen: only such a feed takes part in the budget and its cap.
    pub is_adaptive: bool,
    /// From the end of one request to its host to the start of the next; holds over a crash.
    pub gap: Duration,
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
    /// What the adaptive feeds are together.
    pub flock: Flock,
    /// What the scheduler keeps about them all, see [`Store::keep_controller`](super::Store::keep_controller).
    pub controller: Option<String>,
}

/// A claimed host.
#[derive(Debug, Clone)]
pub struct ClaimedHost {
    /// The lease.
    pub lease: HostLease,
    /// The feeds to poll now; [`Store::take_feeds`](super::Store::take_feeds) gives more.
    pub feeds: Vec<DueFeed>,
}

/// What became of asking for a host by its name, for a redirect that leads there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visit {
    /// Nobody held it; this lease does now.
    Open(HostLease),
    /// This instance holds it already.
    Ours,
    /// Another instance holds it.
    Busy,
    /// It is closed, or pauses, for so long.
    Closed(Duration),
}

/// The gate of a host, closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedGate {
    /// Until then.
    pub until: Timestamp,
    /// By which answer.
    pub why: Option<String>,
}

/// An answer that closes the gate of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateClosing {
    /// The host.
    pub host: HostKey,
    /// Until then.
    pub until: Timestamp,
    /// Which answer, for people.
    pub why: String,
    /// Closes at once; else only if another feed there was turned away within the last ten minutes.
    pub is_sure: bool,
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
#[derive(Debug, Clone, PartialEq)]
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
    /// Bytes of all bodies, as sent.
    pub bytes: u64,
    /// How often articles may have scrolled by unseen.
    pub gaps: u64,
    /// What is remembered from poll to poll.
    pub memory: PollMemory,
    /// What was learned about its rhythm, as the scheduler keeps it.
    pub rhythm: Option<Vec<u8>>,
    /// Its part in the price of a poll; 0: it takes no part.
    pub share: f64,
    /// The gate of its host, if the host ever asked for patience; it may stand open again.
    pub gate: Option<ClosedGate>,
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
            bytes: 0,
            gaps: 0,
            memory: PollMemory::default(),
            rhythm: None,
            share: 0.0,
            gate: None,
        }
    }

    /// Whether no readable document was ever recorded: the next one is the first sight of the feed. A changed URL
    /// with a kept `id` is no first sight (specs/polling.md K1).
    pub fn is_first_sight(&self) -> bool {
        self.last_success.is_none()
    }
}

/// The result of one poll, to be recorded in one transaction.
#[derive(Debug, Clone)]
pub struct PollRecord {
    /// The feed.
    pub feed: FeedId,
    /// When the poll ended, by the store's time.
    pub at: Timestamp,
    /// When its request went out, or that of an earlier poll if none did.
    pub last_attempt: Option<Timestamp>,
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
    /// The gate of a host that the answer closes.
    pub gate: Option<GateClosing>,
    /// Bytes of the body, as sent.
    pub bytes: u64,
    /// Articles may have scrolled by unseen, which this poll found.
    pub gap: Option<Gap>,
    /// What is to be remembered, in place of what was.
    pub memory: PollMemory,
    /// Validators of a 304 that take the place of the stored ones.
    pub adopted: Option<Validators>,
    /// What it taught the scheduler.
    pub learned: Learned,
    /// What a readable document brought; `None` leaves validators and articles as they are.
    pub document: Option<DocumentRecord>,
    /// What happened to the feed that somebody wants to be told of.
    pub events: Vec<EventRecord>,
}

/// What a poll taught the scheduler.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Learned {
    /// The rhythm of the feed; `None` leaves it as it is.
    pub rhythm: Option<Vec<u8>>,
    /// The feed's part in the price of a poll from now on; 0: it takes no part.
    pub share: f64,
    /// Whether the poll counts against the budget.
    pub is_spent: bool,
    /// New articles.
    pub articles: usize,
    /// Those of them in which a topic was found.
    pub flagged: usize,
}

/// What a readable document brought.
#[derive(Debug, Clone)]
pub struct DocumentRecord {
    /// Replace the stored pair, absent ones too.
    pub validators: Validators,
    /// The URL that answered.
    pub validated_url: String,
    /// Hash of the body.
    pub body_hash: Option<ContentHash>,
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
    pub deliveries: Vec<DeliveryRecord>,
    /// Why nothing is sent of it until somebody says so; `None`: it is sent.
    pub held_back: Option<String>,
}

/// What recording a poll did.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// The alerts that were really new; the others were on record already.
    pub new_alerts: Vec<AlertId>,
    /// Further feeds of the host to poll now.
    pub feeds: Vec<DueFeed>,
}
