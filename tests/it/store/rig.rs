//! A store with a clock that tests set, and short words for what the suite does with it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use feedwatch::{
    clock::Clock,
    model::{
        AlertId, Article, ArticleKey, Attempt, ContentHash, FeedId, HostKey, NotifierHealth, NotifierName,
        OtherKeys, Outcome, OwnerId, PollMemory, Reason, Timestamp, TopicName, Validators,
    },
    store::{
        AlertQuery, AlertRecord, AlertView, ArticleRecord, AttemptResult, ClaimedDelivery, ClaimedHost,
        Decision, DeliveryRecord, DocumentRecord, DueFeed, FeedEntry, FeedState, Finished, GateClosing,
        HostLease, KnownArticle, Learned, Location, NotifierEntry, PollRecord, Queue, Recorded, Settings,
        SoughtArticle, Store, StoreError,
        postgres::{Address, PostgresStore},
        sqlite::SqliteStore,
    },
};
use tempfile::TempDir;

use crate::{
    clock::TestClock,
    support::{
        postgres::{Cluster, connect},
        until,
    },
};

pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_mins(1);
pub const HOUR: Duration = Duration::from_hours(1);
pub const DAY: Duration = Duration::from_hours(24);
/// How long a host is held without renewal.
pub const LEASE: Duration = Duration::from_secs(30);
/// The guard of every feed of the suite.
pub const GUARD: Duration = Duration::from_mins(15);

/// A database that can be opened again after its store is gone.
pub trait Engine: Sized {
    type Store: Store;
    /// `None`: there is no such database on this machine.
    async fn make() -> Option<Self>;
    async fn open(&self, clock: &TestClock) -> Self::Store;
    /// What goes with a process that died: nothing where only one works, the rest of its leases where others do.
    async fn bury(&self) {}
}

/// SQLite in a directory of its own.
pub struct Sqlite {
    folder: TempDir,
}

impl Sqlite {
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("feedwatch.db")
    }
}

impl Engine for Sqlite {
    type Store = SqliteStore<TestClock>;

    async fn make() -> Option<Self> {
        Some(Self { folder: tempfile::tempdir().expect("a temporary directory") })
    }

    async fn open(&self, clock: &TestClock) -> Self::Store {
        open_once_free(&self.path(), clock).await.expect("the store opens")
    }
}

/// A database of a PostgreSQL server, whose clock is the test's.
pub struct Postgres {
    url: String,
    clock: PathBuf,
}

impl Postgres {
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn settings(&self) -> Settings {
        settings_of(&self.url)
    }

    async fn run(&self, sql: &str) {
        let client = connect(&self.url).await.expect("the database is there");
        client.batch_execute(sql).await.expect(sql);
    }
}

impl Engine for Postgres {
    type Store = PostgresStore;

    async fn make() -> Option<Self> {
        let cluster = Cluster::shared().await?;
        let url = cluster.database().await;
        let name = url.split(['/', '?']).nth(3).expect("a name").to_owned();
        Some(Self { url, clock: cluster.folder().join(format!("{name}.clock")) })
    }

    async fn open(&self, clock: &TestClock) -> Self::Store {
        let settings = self.settings();
        let Location::Postgres(address) = &settings.location else { unreachable!("it is one") };
        let store = PostgresStore::open(address, &settings, false).await.expect("the store opens");
        clock.show_in(self.clock.clone());
        let clock = self.clock.display();
        self.run(&format!(
            "CREATE OR REPLACE FUNCTION feedwatch_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ \
             SELECT timestamptz 'epoch' + pg_read_file('{clock}')::bigint * interval '1 millisecond' $$"
        ))
        .await;
        store
    }

    async fn bury(&self) {
        self.run(
            "UPDATE host SET lease_until = feedwatch_now() WHERE owner IS NOT NULL; \
             UPDATE delivery SET lease_until = feedwatch_now() WHERE state = 'sending'",
        )
        .await;
        // Whoever looks for hosts takes these back.
        let settings = self.settings();
        let Location::Postgres(address) = &settings.location else { unreachable!("it is one") };
        let other = PostgresStore::open(address, &settings, false).await.expect("the store opens");
        other.claim_hosts(&OwnerId::from("other"), 0).await.expect("claim");
    }
}

/// Opens a database whose last store is gone. Other tests of this process start children, and a child that was just
/// forked holds a copy of every lock until it becomes another program: so the lock may live on for a moment.
pub async fn open_once_free(path: &Path, clock: &TestClock) -> Result<SqliteStore<TestClock>, StoreError> {
    until("the lock is free", async || {
        let opened = SqliteStore::open(path, &settings(path.to_owned()), clock.clone());
        let in_use = opened.as_ref().is_err_and(|error| error.to_string().contains("in use"));
        (!in_use).then_some(opened)
    })
    .await
}

/// The same for a database of a server.
pub fn settings_of(url: &str) -> Settings {
    let address = Address::parse(url).expect("a URL");
    Settings { location: Location::Postgres(address), ..settings(PathBuf::new()) }
}

/// Settings of the suite: the defaults of the specification.
pub fn settings(path: PathBuf) -> Settings {
    Settings {
        location: Location::Sqlite(path),
        retention: 30 * DAY,
        seen_retention: 180 * DAY,
        lease: LEASE,
        connections: 8,
        keep_delivered: 7 * DAY,
        keep_dead: 30 * DAY,
    }
}

/// A fresh store and its clock.
pub struct Rig<E: Engine> {
    pub engine: E,
    pub clock: TestClock,
    pub store: E::Store,
    pub me: OwnerId,
}

impl<E: Engine> Rig<E> {
    /// `None`: there is no such database on this machine.
    pub async fn new() -> Option<Self> {
        let (engine, clock) = (E::make().await?, TestClock::new());
        let store = engine.open(&clock).await;
        Some(Self { engine, clock, store, me: OwnerId::from("me") })
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Stops cleanly and starts again.
    pub async fn restart(self) -> Self {
        self.store.close().await.expect("a clean stop");
        self.crash().await
    }

    /// Starts again after an end without a clean stop.
    pub async fn crash(self) -> Self {
        let Self { engine, clock, store, me } = self;
        drop(store);
        engine.bury().await;
        let store = engine.open(&clock).await;
        Self { engine, clock, store, me }
    }

    /// Makes these feeds, and the notifiers `desk` and `log`, the whole configuration.
    pub async fn configure(&self, feeds: &[FeedEntry]) {
        self.notify(feeds, &[notifier("desk"), notifier("log")]).await;
    }

    /// Makes these feeds and notifiers the whole configuration.
    pub async fn notify(&self, feeds: &[FeedEntry], notifiers: &[NotifierEntry]) {
        self.store.sync_config(feeds.to_vec(), notifiers.to_vec()).await.expect("sync");
    }

    /// Claims every due host.
    pub async fn claim(&self) -> Vec<ClaimedHost> {
        self.store.claim_hosts(&self.me, 100).await.expect("claim").hosts
    }

    /// Claims the only due host with its only due feed.
    pub async fn claim_one(&self) -> (HostLease, DueFeed) {
        let mut hosts = self.claim().await;
        assert_eq!(hosts.len(), 1, "exactly one host is due");
        let mut host = hosts.remove(0);
        assert_eq!(host.feeds.len(), 1, "a claimed host comes with one feed");
        (host.lease, host.feeds.remove(0))
    }

    pub async fn release(&self, lease: &HostLease) {
        self.store.release_host(lease, Duration::ZERO).await.expect("release");
    }

    pub async fn record(&self, lease: &HostLease, record: PollRecord) -> Recorded {
        self.store.record_poll(lease, record.into(), 0).await.expect("record")
    }

    /// Claims the one due host, records this document for its feed, and gives the host back.
    pub async fn poll(&self, document: DocumentRecord) -> Recorded {
        let (lease, feed) = self.claim_one().await;
        let recorded = self.record(&lease, self.readable(&feed, document)).await;
        self.release(&lease).await;
        recorded
    }

    /// The same after a while.
    pub async fn poll_after(&self, later: Duration, document: DocumentRecord) -> Recorded {
        self.clock.pass(later);
        self.poll(document).await
    }

    /// Polls every due feed with nothing new; the next polls so much later.
    pub async fn poll_all(&self, later: Duration) {
        for host in self.claim().await {
            let next_poll = Some(self.now() + later);
            self.record(&host.lease, PollRecord { next_poll, ..self.empty_poll(&host.feeds[0].state.id) })
                .await;
            self.release(&host.lease).await;
        }
    }

    /// A good poll of a feed; the next one in an hour.
    pub fn readable(&self, feed: &DueFeed, document: DocumentRecord) -> PollRecord {
        PollRecord {
            outcome: Outcome::New,
            status: Some(200),
            document: Some(document),
            ..self.empty_poll(&feed.state.id)
        }
    }

    /// A poll that brought nothing at all; the next one in an hour.
    pub fn empty_poll(&self, feed: &FeedId) -> PollRecord {
        PollRecord {
            feed: feed.clone(),
            at: self.now(),
            last_attempt: Some(self.now()),
            outcome: Outcome::NotModified,
            status: Some(304),
            error: None,
            consecutive_failures: 0,
            next_poll: Some(self.now() + HOUR),
            reason: Reason::Learned,
            retry_after: None,
            gate: None,
            bytes: 0,
            gap: None,
            memory: PollMemory::default(),
            adopted: None,
            learned: Learned::default(),
            document: None,
            events: Vec::new(),
        }
    }

    /// A failed poll; the next one in an hour.
    pub fn failure(&self, feed: &FeedId, failures: u32) -> PollRecord {
        PollRecord {
            outcome: Outcome::HttpError,
            status: Some(500),
            error: Some("the server answered 500".to_owned()),
            consecutive_failures: failures,
            reason: Reason::Backoff,
            ..self.empty_poll(feed)
        }
    }

    /// An alert for `desk` with these bytes.
    pub fn alert(&self, article: &str, topics: &[&str], body: &[u8]) -> AlertRecord {
        AlertRecord {
            deliveries: vec![DeliveryRecord::new(NotifierName::from("desk"), body.to_vec())],
            ..self.silent_alert(article, topics)
        }
    }

    /// An alert that no notifier wants.
    pub fn silent_alert(&self, article: &str, topics: &[&str]) -> AlertRecord {
        let topics = topic_names(topics);
        let id = AlertId::derive(&FeedId::from("feed"), &key(article), &topics);
        AlertRecord {
            data: format!(r#"{{"id":"{id}","z":1,"a":2}}"#),
            id,
            article: key(article),
            created: self.now(),
            topics,
            deliveries: Vec::new(),
            held_back: None,
        }
    }

    /// One feed, polled once, that brought these alerts.
    pub async fn with_alerts(&self, alerts: Vec<AlertRecord>) -> Recorded {
        self.configure(&[entry("feed", "host")]).await;
        self.poll(DocumentRecord { alerts, ..document(&[]) }).await
    }

    pub async fn state(&self, feed: &str) -> FeedState {
        let states = self.store.feed_states().await.expect("feed states");
        states.into_iter().find(|state| state.id == FeedId::from(feed)).expect("the feed is configured")
    }

    pub async fn known(&self, feed: &str, asked: (&str, Option<&str>)) -> Option<KnownArticle> {
        self.known_of(feed, vec![sought(asked.0, asked.1)]).await.remove(0)
    }

    pub async fn known_of(&self, feed: &str, sought: Vec<SoughtArticle>) -> Vec<Option<KnownArticle>> {
        self.store.known_articles(&FeedId::from(feed), sought).await.expect("known")
    }

    /// Claims what is due for a notifier, for a minute.
    pub async fn deliveries(&self, notifier: &str) -> Vec<ClaimedDelivery> {
        let claimed = self.store.claim_deliveries(&NotifierName::from(notifier), &self.me, 100, MINUTE).await;
        claimed.expect("claim deliveries").deliveries
    }

    /// Claims the only due delivery of `desk`.
    pub async fn delivery(&self) -> ClaimedDelivery {
        let mut deliveries = self.deliveries("desk").await;
        assert_eq!(deliveries.len(), 1, "exactly one delivery is due");
        deliveries.remove(0)
    }

    /// Records an attempt that changes nothing but the delivery.
    pub async fn finish(
        &self,
        claim: &ClaimedDelivery,
        result: AttemptResult,
    ) -> Result<Finished, StoreError> {
        self.decide(claim, Decision::only(result)).await
    }

    pub async fn decide(&self, claim: &ClaimedDelivery, decision: Decision) -> Result<Finished, StoreError> {
        let attempt =
            Attempt { at: self.now(), took_ms: 12, status: Some(503), answer: "HTTP 503".to_owned() };
        self.store.finish_delivery(claim, attempt, move |_| decision.clone()).await
    }

    /// Puts a notifier into a state by an attempt of its next delivery, which waits on.
    pub async fn fail_into(&self, notifier: &str, health: NotifierHealth) {
        let claim = self.deliveries(notifier).await.remove(0);
        let decision = Decision { health: Some(health), ..Decision::only(retry(HOUR)) };
        self.decide(&claim, decision).await.expect("recorded");
    }

    /// How a notifier is doing.
    pub async fn queue(&self, notifier: &str) -> Queue {
        let queues = self.store.queues().await.expect("queues");
        queues.into_iter().find(|queue| queue.notifier.as_str() == notifier).expect("it is shown")
    }

    pub async fn alerts(&self) -> Vec<AlertView> {
        self.store.alerts(&all_alerts()).await.expect("alerts")
    }

    /// Prunes until nothing is left to prune; returns the rows of each step.
    pub async fn prune(&self) -> Vec<u64> {
        let mut steps = Vec::new();
        loop {
            let rows = self.store.prune(&settings(PathBuf::new())).await.expect("prune").rows;
            if rows == 0 {
                return steps;
            }
            steps.push(rows);
        }
    }
}

/// A feed of the configuration.
pub fn entry(id: &str, host: &str) -> FeedEntry {
    FeedEntry {
        id: FeedId::from(id),
        host: HostKey::from(host),
        url: format!("https://{host}/{id}"),
        request: "GET".to_owned(),
        enabled: true,
        guard: GUARD,
        is_adaptive: true,
        gap: Duration::ZERO,
    }
}

/// A notifier of the configuration.
pub fn notifier(name: &str) -> NotifierEntry {
    NotifierEntry { name: NotifierName::from(name), target: format!("to {name}"), enabled: true }
}

/// What closes the gate of a host for so long, at once or only together with another feed.
pub fn closing(host: &str, until: Timestamp, is_sure: bool) -> GateClosing {
    GateClosing { host: HostKey::from(host), until, why: "it said 429".to_owned(), is_sure }
}

/// A document with these articles, all new, that tells nobody.
pub fn document(articles: &[&str]) -> DocumentRecord {
    DocumentRecord {
        validators: Validators { etag: Some(b"\"1\"".to_vec()), last_modified: None },
        validated_url: "https://host/feed".to_owned(),
        body_hash: Some(ContentHash::of(["body"])),
        title: Some("A feed".to_owned()),
        articles: articles.iter().map(|name| article(name, None, &[])).collect(),
        seen: articles.iter().map(|name| key(name)).collect(),
        alerts: Vec::new(),
    }
}

/// A document that shows these articles, all known.
pub fn showing(articles: &[&str]) -> DocumentRecord {
    DocumentRecord { articles: Vec::new(), ..document(articles) }
}

pub fn article(name: &str, link: Option<&str>, topics: &[&str]) -> ArticleRecord {
    let article = Article {
        key: key(name),
        other_keys: OtherKeys { link: link.map(key), ..OtherKeys::default() },
        content_hash: ContentHash::of([name]),
        title: Some(format!("Title of {name}")),
        link: Some(url::Url::parse("https://host/article").expect("a valid URL")),
        published: None,
        updated: None,
        summary: Some("A summary.".to_owned()),
        content: None,
        author: None,
        tags: vec!["politics".to_owned()],
    };
    ArticleRecord { article, topics: topic_names(topics) }
}

/// An article of which only these keys are known, with the text that [`article`] gives it.
pub fn sought(name: &str, link: Option<&str>) -> SoughtArticle {
    SoughtArticle::from(&article(name, link, &[]).article)
}

pub fn key(name: &str) -> ArticleKey {
    ArticleKey::derive(["guid", name])
}

pub fn topic_names(names: &[&str]) -> Vec<TopicName> {
    names.iter().map(|&name| TopicName::from(name)).collect()
}

pub fn all_alerts() -> AlertQuery {
    AlertQuery { within: None, topic: None, feed: None, id: None, limit: 100 }
}

pub fn retry(after: Duration) -> AttemptResult {
    AttemptResult::Retry { after, reason: "receiver answered 503".to_owned() }
}

pub fn dead() -> AttemptResult {
    AttemptResult::Dead { reason: "receiver refused it".to_owned() }
}

#[track_caller]
pub fn assert_lost<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    match result {
        Err(StoreError::LeaseLost(_)) => {}
        other => panic!("the lease should be lost: {other:?}"),
    }
}

#[track_caller]
pub fn assert_not_handed_out<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::NotHandedOut(_))), "it should not be under way: {result:?}");
}

/// The ids of the feeds that came with the claimed hosts.
pub fn feeds_of(hosts: &[ClaimedHost]) -> Vec<&str> {
    hosts.iter().flat_map(|host| &host.feeds).map(|feed| feed.state.id.as_str()).collect()
}
