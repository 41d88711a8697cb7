//! A real store in a temporary directory, with alerts in it.

use std::time::Duration;

use tempfile::TempDir;
use tokio::time::sleep;

use crate::{
    clock::{Clock, SystemClock},
    model::{
        AlertId, Article, ArticleKey, ContentHash, FeedId, HostKey, NotifierName, Outcome, OwnerId, Reason,
        Validators,
    },
    store::{
        AlertQuery, AlertRecord, ArticleRecord, DeliveryRecord, DeliveryView, DocumentRecord, FeedEntry,
        HostLease, Location, NotifierEntry, PollRecord, Settings, Store, sqlite::SqliteStore,
    },
};

pub(crate) type TestStore = SqliteStore<SystemClock>;

/// A store with one feed, held by a poller, and these notifiers.
pub(crate) struct Fixture {
    pub(crate) store: TestStore,
    pub(crate) owner: OwnerId,
    notifiers: Vec<NotifierName>,
    lease: HostLease,
    recorded: usize,
    _folder: TempDir,
}

impl Fixture {
    pub(crate) async fn new(notifiers: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("test.db");
        let settings = Settings {
            location: Location::Sqlite(path.clone()),
            retention: Duration::from_hours(24),
            seen_retention: Duration::from_hours(24),
            lease: Duration::from_mins(5),
            connections: 1,
            keep_delivered: Duration::from_hours(24),
            keep_dead: Duration::from_hours(24),
        };
        let store = SqliteStore::open(&path, &settings, SystemClock).expect("store");
        let notifiers: Vec<NotifierName> = notifiers.iter().map(|name| NotifierName::from(*name)).collect();
        sync(&store, &notifiers, "there").await;
        let owner = OwnerId::from("owner");
        let lease = store.claim_hosts(&owner, 1).await.expect("claimed").hosts.remove(0).lease;
        Self { store, owner, notifiers, lease, recorded: 0, _folder: folder }
    }

    /// A reload: every notifier sends elsewhere.
    pub(crate) async fn retarget(&self, target: &str) {
        sync(&self.store, &self.notifiers, target).await;
    }

    /// How often each of the first alerts was attempted.
    pub(crate) async fn attempts(&self, notifier: &str, count: usize) -> Vec<u32> {
        let mut attempts = Vec::new();
        for n in 0..count {
            attempts.push(self.delivery(n, notifier).await.attempts);
        }
        attempts
    }

    /// Records so many new alerts in one poll, each owed to every notifier. Their bodies are `{"n":N}`.
    pub(crate) async fn record(&mut self, count: usize) {
        let alerts: Vec<AlertRecord> = (0..count).map(|n| self.alert(self.recorded + n)).collect();
        self.recorded += count;
        let now = SystemClock.now();
        let document = DocumentRecord {
            validators: Validators::default(),
            validated_url: "https://example.org/feed".to_owned(),
            body_hash: Some(ContentHash::of(["body"])),
            title: None,
            articles: alerts.iter().map(|alert| article(alert.article)).collect(),
            seen: alerts.iter().map(|alert| alert.article).collect(),
            alerts,
        };
        let record = PollRecord {
            feed: FeedId::from("feed"),
            at: now,
            outcome: Outcome::New,
            status: Some(200),
            error: None,
            consecutive_failures: 0,
            // Due at once, and handed out again: so the next poll can be recorded.
            next_poll: Some(now),
            reason: Reason::Learned,
            retry_after: None,
            last_attempt: None,
            gate: None,
            bytes: 0,
            gap: None,
            memory: crate::model::PollMemory::default(),
            adopted: None,
            learned: crate::store::Learned::default(),
            document: Some(document),
            events: vec![],
        };
        let recorded = self.store.record_poll(&self.lease, record.into(), 1).await.expect("recorded");
        assert_eq!(recorded.new_alerts.len(), count);
    }

    fn alert(&self, n: usize) -> AlertRecord {
        let body = format!("{{\"n\":{n}}}").into_bytes();
        AlertRecord {
            id: alert_id(n),
            article: ArticleKey::derive(["guid", &n.to_string()]),
            created: SystemClock.now(),
            topics: vec!["S-400".into()],
            data: "{}".to_owned(),
            deliveries: self
                .notifiers
                .iter()
                .map(|name| DeliveryRecord::new(name.clone(), body.clone()))
                .collect(),
            held_back: None,
        }
    }

    /// The delivery of the n-th alert to a notifier.
    pub(crate) async fn delivery(&self, n: usize, notifier: &str) -> DeliveryView {
        let query = AlertQuery { within: None, topic: None, feed: None, id: Some(alert_id(n)), limit: 1 };
        let alert = self.store.alerts(&query).await.expect("alerts").remove(0);
        alert.deliveries.into_iter().find(|one| one.notifier.as_str() == notifier).expect("delivery")
    }

    /// Waits until that delivery is as wanted.
    pub(crate) async fn wait_for(
        &self,
        n: usize,
        notifier: &str,
        wanted: impl Fn(&DeliveryView) -> bool,
    ) -> DeliveryView {
        loop {
            let delivery = self.delivery(n, notifier).await;
            if wanted(&delivery) {
                return delivery;
            }
            sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn sync(store: &TestStore, notifiers: &[NotifierName], target: &str) {
    let feed = FeedEntry {
        id: FeedId::from("feed"),
        host: HostKey::from("example.org"),
        url: "https://example.org/feed".to_owned(),
        request: "request".to_owned(),
        enabled: true,
        guard: Duration::from_hours(1),
        is_adaptive: true,
        gap: Duration::ZERO,
    };
    let entry =
        |name: &NotifierName| NotifierEntry { name: name.clone(), target: target.to_owned(), enabled: true };
    store.sync_config(vec![feed], notifiers.iter().map(entry).collect()).await.expect("synced");
}

pub(crate) fn alert_id(n: usize) -> AlertId {
    AlertId::new(format!("alert_{n}"))
}

fn article(key: ArticleKey) -> ArticleRecord {
    ArticleRecord { article: Article::titled(key, "S-400"), topics: vec!["S-400".into()] }
}
