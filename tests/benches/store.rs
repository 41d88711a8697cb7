//! What the embedded store costs (specs: writer, readers, claim, prune, bytes). One line per figure.
//!
//! `cargo bench --bench store [-- --feeds 1000000]`. Files go to the directory of `$TMPDIR`: on a disk in memory
//! the figures say nothing about commits.

#![expect(clippy::print_stdout, reason = "it prints its figures")]

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use feedwatch::{
    clock::{Clock, SystemClock},
    model::{
        AlertId, Article, ArticleKey, ContentHash, FeedId, HostKey, NotifierName, OtherKeys, Outcome,
        OwnerId, Reason, Timestamp, TopicName, Validators,
    },
    store::{
        AlertRecord, ArticleRecord, ClaimedHost, DeliveryRecord, DocumentRecord, FeedEntry, Location,
        NotifierEntry, PollRecord, Settings, Store, sqlite::SqliteStore,
    },
};
use tempfile::TempDir;
use tokio::{runtime::Runtime, task::JoinSet};

type Db = SqliteStore<SystemClock>;

const MINUTE: Duration = Duration::from_mins(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let feeds = feeds_asked_for().unwrap_or(1_000_000);
    let runtime = Runtime::new()?;
    runtime.block_on(async {
        lone_polls(0).await;
        lone_polls(50).await;
        grouped_polls("unchanged", 50_000, |_| None).await;
        grouped_polls("one_new_of_30", 20_000, |n| Some(document(n, 1, 29, false))).await;
        grouped_polls("with_alert", 10_000, |n| Some(document(n, 1, 29, true))).await;
        sizes().await;
        prune_steps().await;
        claims(feeds).await;
    });
    Ok(())
}

fn feeds_asked_for() -> Option<usize> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--feeds");
    arguments.nth(1)?.parse().ok()
}

/// One poll after the other: what a lone commit takes, without and with pages looking on.
async fn lone_polls(reads_per_second: u32) {
    let (_folder, store) = open();
    let hosts = prepare(&store, 3000).await;
    let pages = tokio_util::sync::CancellationToken::new();
    let reader = tokio_util::task::TaskTracker::new();
    if reads_per_second > 0 {
        reader.spawn(pages.clone().run_until_cancelled_owned(look(store.clone(), reads_per_second)));
    }
    let mut times = Vec::new();
    for host in &hosts {
        let start = Instant::now();
        record(&store, host, None).await;
        times.push(start.elapsed());
    }
    pages.cancel();
    reader.close();
    reader.wait().await;
    let total: Duration = times.iter().sum();
    times.sort_unstable();
    println!(
        "polls=alone reads_per_second={reads_per_second} polls_per_second={:.0} p50_ms={:.3} p99_ms={:.3}",
        per_second(times.len(), total),
        millis(times[times.len() / 2]),
        millis(times[times.len() * 99 / 100]),
    );
}

async fn look(store: Db, per_second: u32) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
    loop {
        ticks.tick().await;
        store.feed_states().await.expect("feed states");
        store.queues().await.expect("queues");
    }
}

/// As many polls as there are, all at once: the writer groups them by itself.
async fn grouped_polls(name: &str, polls: usize, document: impl Fn(usize) -> Option<DocumentRecord>) {
    let (folder, store) = open();
    let hosts = Arc::new(prepare(&store, polls).await);
    let documents: Vec<_> = (0..polls).map(document).collect();
    let before = Instant::now();
    let mut running = JoinSet::new();
    for (n, document) in documents.into_iter().enumerate() {
        let (store, hosts) = (store.clone(), Arc::clone(&hosts));
        running.spawn(async move { record(&store, &hosts[n], document).await });
    }
    running.join_all().await;
    let took = before.elapsed();
    println!("polls=grouped kind={name} polls={polls} polls_per_second={:.0}", per_second(polls, took));
    drop(folder);
}

/// What an article, a key, an alert take in the file.
async fn sizes() {
    let articles = 40_000;
    let (folder, store) = open();
    let hosts = prepare(&store, 400).await;
    let empty = size_after_close(&folder, store).await;
    for (name, texts, alerts) in [("article", true, false), ("alert_of_3kB", false, true)] {
        let (folder, store) = open();
        let hosts_now = prepare(&store, 400).await;
        for (n, host) in hosts_now.iter().enumerate() {
            let document = if texts {
                document(n, articles / hosts.len(), 0, false)
            } else {
                DocumentRecord { articles: Vec::new(), seen: Vec::new(), ..document(n, 100, 0, alerts) }
            };
            record(&store, host, Some(document)).await;
        }
        let bytes = size_after_close(&folder, store).await - empty;
        println!("size={name} rows={articles} bytes_per_row={}", bytes / articles as u64);
    }
}

/// The longest step of pruning.
async fn prune_steps() {
    let (_folder, store) = open();
    for (n, host) in prepare(&store, 400).await.iter().enumerate() {
        record(&store, host, Some(document(n, 100, 0, n % 4 == 0))).await;
    }
    let settings = Settings { retention: Duration::ZERO, ..settings(Path::new("")) };
    let (mut steps, mut longest, mut rows) = (0, Duration::ZERO, 0);
    loop {
        let start = Instant::now();
        let pruned = store.prune(&settings).await.expect("prune").rows;
        longest = longest.max(start.elapsed());
        if pruned == 0 {
            break;
        }
        (steps, rows) = (steps + 1, rows + pruned);
    }
    println!("prune=texts rows={rows} steps={steps} longest_step_ms={:.1}", millis(longest));
}

/// Claiming 500 hosts of very many.
async fn claims(feeds: usize) {
    let (_folder, store) = open();
    let start = Instant::now();
    let entries = (0..feeds).map(entry).collect();
    store.sync_config(entries, Vec::new()).await.expect("sync");
    println!("sync=new feeds={feeds} seconds={:.1}", start.elapsed().as_secs_f64());
    let entries = (0..feeds).map(entry).collect();
    let start = Instant::now();
    store.sync_config(entries, Vec::new()).await.expect("sync");
    println!("sync=unchanged feeds={feeds} seconds={:.1}", start.elapsed().as_secs_f64());
    let mut times = Vec::new();
    for _ in 0..40 {
        let start = Instant::now();
        let claims = store.claim_hosts(&me(), 500).await.expect("claim");
        times.push(start.elapsed());
        assert_eq!(claims.hosts.len(), 500.min(feeds / 40));
    }
    times.sort_unstable();
    println!(
        "claim=500 feeds={feeds} p50_ms={:.1} p90_ms={:.1} worst_ms={:.1}",
        millis(times[20]),
        millis(times[36]),
        millis(times[39])
    );
}

fn open() -> (TempDir, Db) {
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

/// Feeds on hosts of their own, all claimed.
async fn prepare(store: &Db, feeds: usize) -> Vec<ClaimedHost> {
    let desk = NotifierEntry { name: NotifierName::from("desk"), target: "there".to_owned(), enabled: true };
    store.sync_config((0..feeds).map(entry).collect(), vec![desk]).await.expect("sync");
    store.claim_hosts(&me(), feeds).await.expect("claim").hosts
}

async fn record(store: &Db, host: &ClaimedHost, document: Option<DocumentRecord>) {
    let now = SystemClock.now();
    let record = PollRecord {
        feed: host.feeds[0].state.id.clone(),
        at: now,
        outcome: if document.is_some() { Outcome::New } else { Outcome::NotModified },
        status: Some(200),
        error: None,
        consecutive_failures: 0,
        next_poll: Some(now + 60 * MINUTE),
        reason: Reason::Learned,
        retry_after: None,
        last_attempt: None,
        gate: None,
        bytes: 0,
        gap: None,
        memory: feedwatch::model::PollMemory::default(),
        adopted: None,
        learned: feedwatch::store::Learned::default(),
        document,
        events: Vec::new(),
    };
    store.record_poll(&host.lease, record.into(), 0).await.expect("record");
}

async fn size_after_close(folder: &TempDir, store: Db) -> u64 {
    store.close().await.expect("close");
    std::fs::metadata(folder.path().join("bench.db")).expect("the file").len()
}

fn entry(n: usize) -> FeedEntry {
    FeedEntry {
        id: FeedId::new(format!("https://news-{n}.example.org/world/rss.xml")),
        host: HostKey::new(format!("news-{n}.example.org")),
        url: format!("https://news-{n}.example.org/world/rss.xml"),
        request: format!("{n:032x}"),
        enabled: true,
        guard: 15 * MINUTE,
        is_adaptive: true,
        gap: Duration::ZERO,
    }
}

fn document(feed: usize, new: usize, old: usize, alerts: bool) -> DocumentRecord {
    let now = SystemClock.now();
    let articles: Vec<_> = (0..new).map(|n| article(&format!("{feed} {n}"), now)).collect();
    let seen = articles.iter().map(|record| record.article.key);
    let seen = seen.chain((0..old).map(|n| ArticleKey::derive(["old", &format!("{feed} {n}")]))).collect();
    let alerts =
        if alerts { articles.iter().map(|record| alert(feed, record, now)).collect() } else { Vec::new() };
    DocumentRecord {
        validators: Validators { etag: Some(b"\"5f3a-61c\"".to_vec()), last_modified: None },
        validated_url: format!("https://news-{feed}.example.org/world/rss.xml"),
        body_hash: Some(ContentHash::of([feed.to_string().as_str()])),
        title: Some("World news".to_owned()),
        articles,
        seen,
        alerts,
    }
}

fn article(name: &str, now: Timestamp) -> ArticleRecord {
    let article = Article {
        key: ArticleKey::derive(["guid", name]),
        other_keys: OtherKeys { link: Some(ArticleKey::derive(["link", name])), ..OtherKeys::default() },
        content_hash: ContentHash::of([name]),
        title: Some("Minister says the talks will go on until all sides have agreed".to_owned()),
        link: url::Url::parse("https://news.example.org/world/2026/11/23/talks-go-on-12345678").ok(),
        published: Some(now),
        updated: None,
        summary: Some("It was the third round of talks within two weeks. ".repeat(6)),
        content: Some("Nobody at the table wanted to say how long they would take. ".repeat(10)),
        author: Some("A. Correspondent".to_owned()),
        tags: vec!["world".to_owned(), "politics".to_owned()],
    };
    ArticleRecord { article, topics: Vec::new() }
}

fn alert(feed: usize, record: &ArticleRecord, now: Timestamp) -> AlertRecord {
    let topics = vec![TopicName::from("S-400")];
    let body = "x".repeat(1400);
    AlertRecord {
        id: AlertId::derive(&FeedId::new(feed.to_string()), &record.article.key, &topics),
        article: record.article.key,
        created: now,
        topics,
        data: format!("{{\"text\":\"{body}\"}}"),
        deliveries: vec![DeliveryRecord::new(NotifierName::from("desk"), body.into_bytes())],
        held_back: None,
    }
}

fn me() -> OwnerId {
    OwnerId::from("bench")
}

fn per_second(count: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / took.as_secs_f64()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
