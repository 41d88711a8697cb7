//! A store as it is after a while: feeds that were asked, some of which fail, and alerts that were delivered.

use std::{path::Path, sync::Arc, time::Duration};

use feedwatch::{
    clock::{Clock, SystemClock},
    model::{
        AlertId, Article, ArticleKey, ContentHash, Feed, FeedId, FeedLocation, HostKey, NotifierName,
        OtherKeys, Outcome, OwnerId, PollMemory, Reason, Timestamp, TopicName, Validators,
    },
    store::{
        AlertRecord, ArticleRecord, ClaimedHost, DeliveryRecord, DocumentRecord, FeedEntry, Learned,
        Location, NotifierEntry, PollRecord, Settings, Store, sqlite::SqliteStore,
    },
    web::Watched,
};
use tempfile::TempDir;
use tokio::task::JoinSet;
use url::Url;

pub type Db = SqliteStore<SystemClock>;

const MINUTE: Duration = Duration::from_mins(1);
/// Of so many feeds one fails, and of so many alerts one is of the rare topic.
const FAILING: usize = 500;
const RARE: usize = 20_000;
/// Feeds that have alerts.
const TALKATIVE: usize = 1000;
/// What is remembered of a feed after some polls.
const MEMORY: &str = r#"{"hints":{"cache":{"reason":"max-age","wait":900},"ttl":{"reason":"ttl","wait":1800}},
    "validators":{"in_vain":0,"last_full":"2026-11-24T12:00:00Z"},"shown":30,
    "reading":{"encoding":"UTF-8","repairs":{"bare ampersand":2},"limits":{},"unreadable":0,"undated":0,"unreadable_polls":0}}"#;

/// An empty store.
pub fn open() -> (TempDir, Db) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("bench.db");
    let store = SqliteStore::open(&path, &settings(&path), SystemClock).expect("the store opens");
    (folder, store)
}

fn settings(path: &Path) -> Settings {
    let days = |days: u32| MINUTE * (days * 24 * 60);
    Settings {
        location: Location::Sqlite(path.to_owned()),
        retention: days(30),
        seen_retention: days(180),
        lease: 60 * MINUTE,
        connections: 8,
        keep_delivered: days(7),
        keep_dead: days(30),
    }
}

/// The same feeds as the configuration has them.
pub fn watched(feeds: usize) -> Watched {
    let topics = vec![TopicName::from("S-400"), TopicName::from("rare")];
    Watched {
        feeds: (0..feeds).map(feed).collect(),
        notifiers: Vec::new(),
        topics,
        store: "sqlite",
        failing_after: 3,
        max_pending: 1_000_000,
    }
}

fn address(n: usize) -> String {
    format!("https://news-{n}.example.org/world/rss.xml")
}

fn feed(n: usize) -> Feed {
    let location = FeedLocation::Http(Url::parse(&address(n)).expect("a URL"));
    let host = HostKey::new(format!("news-{n}.example.org"));
    Feed { tags: vec!["world".to_owned()], ..Feed::at(FeedId::new(address(n)), location, host) }
}

/// One poll of every feed; the alerts come from some of them.
pub async fn fill(store: &Db, feeds: usize, alerts: usize) {
    let desk = NotifierEntry { name: NotifierName::from("desk"), target: "there".to_owned(), enabled: true };
    store.sync_config((0..feeds).map(entry).collect(), vec![desk]).await.expect("sync");
    let hosts = store.claim_hosts(&OwnerId::from("bench"), feeds).await.expect("claim").hosts;
    let talkative = TALKATIVE.min(feeds);
    let mut running = JoinSet::new();
    for (n, host) in hosts.into_iter().enumerate() {
        let (store, count) = (store.clone(), if n < talkative { alerts / talkative } else { 0 });
        if running.len() > 500 {
            running.join_next().await.expect("a poll under way").expect("no poll panics");
        }
        running.spawn(async move { poll(&store, &host, n, count).await });
    }
    running.join_all().await;
}

fn entry(n: usize) -> FeedEntry {
    FeedEntry {
        id: FeedId::new(address(n)),
        host: HostKey::new(format!("news-{n}.example.org")),
        url: address(n),
        request: format!("{n:032x}"),
        enabled: true,
        guard: 15 * MINUTE,
        is_adaptive: true,
        gap: Duration::ZERO,
    }
}

async fn poll(store: &Db, host: &ClaimedHost, n: usize, alerts: usize) {
    let now = SystemClock.now();
    let is_failing = n % FAILING == FAILING - 1;
    let record = PollRecord {
        feed: host.feeds[0].state.id.clone(),
        at: now,
        last_attempt: Some(now),
        outcome: if is_failing { Outcome::HttpError } else { Outcome::New },
        status: Some(if is_failing { 500 } else { 200 }),
        error: is_failing.then(|| "server answered 500 Internal Server Error".to_owned()),
        consecutive_failures: if is_failing { 5 } else { 0 },
        next_poll: Some(now + 60 * MINUTE),
        reason: Reason::Learned,
        retry_after: None,
        gate: None,
        bytes: 12_345,
        gap: None,
        memory: serde_json::from_str::<PollMemory>(MEMORY).expect("a memory"),
        adopted: None,
        learned: Learned { rhythm: Some(vec![7; 160]), share: 1.0, ..Learned::default() },
        document: (!is_failing).then(|| document(n, alerts.max(3), alerts, now)),
        events: Vec::new(),
    };
    store.record_poll(&host.lease, Arc::new(record), 0).await.expect("record");
}

fn document(feed: usize, articles: usize, alerts: usize, now: Timestamp) -> DocumentRecord {
    let articles: Vec<_> = (0..articles)
        .map(|n| article(&format!("{feed} {n}"), now - MINUTE * u32::try_from(n).unwrap_or(0)))
        .collect();
    DocumentRecord {
        validators: Validators { etag: Some(b"\"5f3a-61c\"".to_vec()), last_modified: None },
        validated_url: address(feed),
        body_hash: Some(ContentHash::of([feed.to_string().as_str()])),
        title: Some(format!("World news of place {feed}")),
        seen: articles.iter().map(|record| record.article.key).collect(),
        alerts: articles
            .iter()
            .take(alerts)
            .enumerate()
            .map(|(n, record)| alert(feed, n, record, now))
            .collect(),
        articles,
    }
}

fn article(name: &str, published: Timestamp) -> ArticleRecord {
    let article = Article {
        key: ArticleKey::derive(["guid", name]),
        other_keys: OtherKeys { link: Some(ArticleKey::derive(["link", name])), ..OtherKeys::default() },
        content_hash: ContentHash::of([name]),
        title: Some("Minister says the talks on the S-400 will go on until all sides have agreed".to_owned()),
        link: Url::parse("https://news.example.org/world/2026/11/23/talks-go-on-12345678").ok(),
        published: Some(published),
        updated: None,
        summary: Some("It was the third round of talks within two weeks. ".repeat(6)),
        content: None,
        author: Some("A. Correspondent".to_owned()),
        tags: vec!["world".to_owned()],
    };
    ArticleRecord { article, topics: Vec::new() }
}

fn alert(feed: usize, n: usize, record: &ArticleRecord, now: Timestamp) -> AlertRecord {
    let is_rare = (feed * 100 + n).is_multiple_of(RARE);
    let topics = vec![TopicName::from(if is_rare { "rare" } else { "S-400" })];
    let data = serde_json::json!({
        "id": "alert_x", "test": false,
        "feed": {"name": format!("World news of place {feed}"), "url": address(feed), "tags": ["world"]},
        "article": {"id": "x", "title": record.article.title, "url": "https://news.example.org/world/talks-go-on-12345678",
            "author": record.article.author, "published": "2026-11-24T12:00:00Z", "summary": record.article.summary},
        "topics": [{"name": topics[0].as_str(), "mentions": [
            {"term": "S-400", "field": "title", "start": 31, "end": 36, "text": "S-400", "snippet": "says the talks on the S-400 will go on"},
            {"term": "talks", "field": "summary", "start": 26, "end": 31, "text": "talks", "snippet": "It was the third round of talks within two weeks."}]}],
    });
    let data = data.to_string();
    AlertRecord {
        id: AlertId::derive(&FeedId::new(feed.to_string()), &record.article.key, &topics),
        article: record.article.key,
        created: now,
        topics,
        deliveries: vec![DeliveryRecord::new(NotifierName::from("desk"), data.clone().into_bytes())],
        data,
        held_back: None,
    }
}
