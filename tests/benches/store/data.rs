//! Feeds, documents, articles and alerts of an ordinary size.

use std::{sync::Arc, time::Duration};

use feedwatch::{
    clock::{Clock, SystemClock},
    model::{
        AlertId, Article, ArticleKey, ContentHash, FeedId, HostKey, NotifierName, OtherKeys, Outcome,
        OwnerId, PollMemory, Reason, Timestamp, TopicName, Validators,
    },
    store::{
        AlertRecord, ArticleRecord, ClaimedHost, DeliveryRecord, DocumentRecord, FeedEntry, Learned,
        PollRecord, Store,
    },
};

pub const MINUTE: Duration = Duration::from_mins(1);

/// Records a poll of the first feed of a claimed host.
pub async fn record(store: &impl Store, host: &ClaimedHost, document: Option<DocumentRecord>) {
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
        memory: PollMemory::default(),
        adopted: None,
        learned: Learned::default(),
        document,
        events: Vec::new(),
    };
    store.record_poll(&host.lease, Arc::new(record), 0).await.expect("record");
}

pub fn entry(n: usize) -> FeedEntry {
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

pub fn document(feed: usize, new: usize, old: usize, alerts: bool) -> DocumentRecord {
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

pub fn article(name: &str, now: Timestamp) -> ArticleRecord {
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

pub fn alert(feed: usize, record: &ArticleRecord, now: Timestamp) -> AlertRecord {
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

pub fn me() -> OwnerId {
    OwnerId::from("bench")
}
