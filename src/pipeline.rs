//! One fetched body: read ─▶ which are new? ─▶ match ─▶ render ─▶ a record for the store.
//!
//! Nothing is stored here. The poller adds the time of the next poll and records everything in one transaction, so
//! that validators are never stored without the articles and alerts of the same body.

mod older;
mod sight;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tracing::warn;
use url::Url;

use crate::{
    matcher::{Matcher, Scope, Text},
    metrics::{ArticleKind, Metrics, Task},
    model::{
        Alert, AlertFeed, AlertId, Article, ArticleKey, ContentHash, EventKind, Feed, Notifier, Outcome,
        Timestamp, TopicMentions, TopicName, Validators,
    },
    read::{self, Document, ReadError, Repair},
    render,
    store::{
        AlertRecord, ArticleRecord, DeliveryRecord, DocumentRecord, FeedState, KnownArticle, SoughtArticle,
        Store, StoreError,
    },
};

pub use older::Older;
pub use sight::{Sight, Window};

/// What turns bodies into records: the compiled watchlist and those who want to be told. Immutable; a reload makes
/// a new one.
#[derive(Debug)]
pub struct Pipeline {
    /// The compiled watchlist.
    pub matcher: Matcher,
    /// Whom to tell.
    pub notifiers: Vec<Notifier>,
    /// Limits on documents.
    pub limits: read::Limits,
    /// At the first sight of a feed, articles older than this are recorded, not alerted.
    pub first_alerts: Duration,
    /// Where articles are counted.
    pub metrics: Metrics,
}

/// A body as it was fetched.
#[derive(Debug, Clone)]
pub struct Body {
    /// The decoded bytes.
    pub bytes: Vec<u8>,
    /// The media type that the server gave.
    pub content_type: Option<String>,
    /// The URL that answered.
    pub url: Option<Url>,
    /// The address under which the validators belong, as text.
    pub validated_url: String,
    /// Validators of the answer.
    pub validators: Validators,
    /// Where its headers say that older documents are.
    pub older: Links,
}

/// Where older documents of a feed are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// The document before this one in an archive, which never changes (RFC 5005 §4).
    pub prev_archive: Option<Url>,
    /// The next page of a paged feed, which does (RFC 5005 §3).
    pub next: Option<Url>,
}

/// What became of a body.
#[derive(Debug)]
pub struct Processed {
    /// New, unchanged, or why it could not be read.
    pub outcome: Outcome,
    /// One sentence for people, if it could not be read.
    pub error: Option<String>,
    /// What to store; `None` if it could not be read.
    pub document: Option<DocumentRecord>,
    /// What it showed; `None` if it could not be read.
    pub sight: Option<Sight>,
}

impl Processed {
    fn failed(outcome: Outcome, error: String) -> Self {
        Self { outcome, error: Some(error), document: None, sight: None }
    }
}

impl Pipeline {
    /// Takes a body through the pipeline. `now` is the store's time.
    ///
    /// # Errors
    /// Only if the store cannot say what it knows; trouble with the body is in the result.
    pub async fn process<S: Store>(
        self: &Arc<Self>,
        store: &S,
        feed: &Feed,
        state: &FeedState,
        body: Body,
        now: Timestamp,
    ) -> Result<Processed, StoreError> {
        let body_hash = Some(ContentHash::of_bytes(&body.bytes));
        let mut record = record_of(&body, body_hash, state);
        if state.body_hash == body_hash {
            let sight = Sight::of_same(state.memory.shown);
            return Ok(Processed {
                outcome: Outcome::Unchanged,
                error: None,
                document: Some(record),
                sight: Some(sight),
            });
        }
        let older = body.older.clone();
        let document = match self.read(body).await {
            Ok(document) => document,
            Err(error) => {
                if matches!(error, ReadError::Panicked(_)) {
                    self.metrics.panicked(Task::Read);
                }
                return Ok(Processed::failed(read_outcome(&error), error.to_string()));
            }
        };
        if document.report.repairs.contains_key(&Repair::Truncated) {
            keep_validators(&mut record, state);
        }
        let sought = document.articles.iter().map(SoughtArticle::from).collect();
        let known = store.known_articles(&feed.id, sought).await?;
        record.title = document.title.or(record.title);
        record.seen = seen_keys(&document.articles, &known);
        let sight = Sight::of(&document.articles, &known, document.hints, document.report, older);
        let fresh = fresh_articles(document.articles, known);
        let outcome = if fresh.is_empty() { Outcome::Unchanged } else { Outcome::New };
        if !fresh.is_empty() {
            let judge = Judge::new(self.clone(), feed, state, record.title.as_deref(), now);
            let judged = tokio::task::spawn_blocking(move || judge.judge_all(fresh)).await;
            let Ok((articles, alerts)) = judged else {
                self.metrics.panicked(Task::Match);
                let error = "matching panicked; this is a fault of feedwatch, not of the feed".to_owned();
                return Ok(Processed::failed(Outcome::Internal, error));
            };
            (record.articles, record.alerts) = (articles, alerts);
        }
        Ok(Processed { outcome, error: None, document: Some(record), sight: Some(sight) })
    }

    /// Reads on a blocking thread: a large document takes tens of milliseconds, a hostile one more.
    async fn read(self: &Arc<Self>, body: Body) -> Result<Document, ReadError> {
        let pipeline = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let source = read::Source { content_type: body.content_type.as_deref(), base: body.url.as_ref() };
            read::read(&body.bytes, source, &pipeline.limits)
        });
        reading.await.unwrap_or_else(|error| Err(ReadError::Panicked(error.to_string())))
    }
}

/// The record of a body, nothing of which was read yet.
fn record_of(body: &Body, body_hash: Option<ContentHash>, state: &FeedState) -> DocumentRecord {
    DocumentRecord {
        validators: body.validators.clone(),
        validated_url: body.validated_url.clone(),
        body_hash,
        title: state.title.clone(),
        articles: Vec::new(),
        seen: Vec::new(),
        alerts: Vec::new(),
    }
}

/// What is missing of a document that was cut short must not hide behind a 304 (specs/polling.md V3): the validators
/// stay those of the last whole one, and the same bytes are read again.
fn keep_validators(record: &mut DocumentRecord, state: &FeedState) {
    record.validators = state.validators.clone();
    record.validated_url = state.validated_url.clone().unwrap_or_default();
    record.body_hash = state.body_hash;
}

/// How a poll ended whose body could not be read.
fn read_outcome(error: &ReadError) -> Outcome {
    match error {
        ReadError::TooLarge(_) => Outcome::TooLarge,
        ReadError::Panicked(_) => Outcome::Internal,
        ReadError::Empty | ReadError::WebPage(_) | ReadError::NotAFeed(_) => Outcome::Unreadable,
    }
}

/// The keys under which the articles of a document are known.
fn seen_keys(articles: &[Article], known: &[Option<KnownArticle>]) -> Vec<ArticleKey> {
    let key =
        |(article, known): (&Article, &Option<KnownArticle>)| known.as_ref().map_or(article.key, |k| k.key);
    articles.iter().zip(known).map(key).collect()
}

/// An article that was not known, or was edited, with the topics that it mentioned before.
struct Fresh {
    article: Article,
    is_known: bool,
    mentioned: Vec<TopicName>,
}

/// Leaves out what is known and unchanged. An article known by its link keeps the key under which it is known.
fn fresh_articles(articles: Vec<Article>, known: Vec<Option<KnownArticle>>) -> Vec<Fresh> {
    let fresh = |(mut article, known): (Article, Option<KnownArticle>)| match known {
        None => Some(Fresh { article, is_known: false, mentioned: Vec::new() }),
        Some(known) if known.content_hash == article.content_hash => None,
        Some(known) => {
            article.key = known.key;
            Some(Fresh { article, is_known: true, mentioned: known.topics })
        }
    };
    articles.into_iter().zip(known).filter_map(fresh).collect()
}

/// Decides for the fresh articles of one document whom to tell what.
struct Judge {
    pipeline: Arc<Pipeline>,
    feed: Feed,
    alert_feed: AlertFeed,
    /// Articles stamped before this are not alerted; `None`: all are.
    not_before: Option<Timestamp>,
    /// Whether articles without a stamp are, where those before it are not.
    undated: bool,
    now: Timestamp,
}

impl Judge {
    fn new(
        pipeline: Arc<Pipeline>,
        feed: &Feed,
        state: &FeedState,
        title: Option<&str>,
        now: Timestamp,
    ) -> Self {
        let url = feed.display_url();
        let name = feed.name.as_deref().or(title).unwrap_or(&url).to_owned();
        let first_alerts =
            chrono::TimeDelta::from_std(pipeline.first_alerts).unwrap_or(chrono::TimeDelta::MAX);
        let horizon = now.checked_sub_signed(first_alerts).unwrap_or(Timestamp::MIN_UTC);
        Self {
            pipeline,
            alert_feed: AlertFeed { name, url, tags: feed.tags.clone() },
            feed: feed.clone(),
            not_before: state.is_first_sight().then_some(horizon),
            undated: false,
            now,
        }
    }

    fn judge_all(&self, fresh: Vec<Fresh>) -> (Vec<ArticleRecord>, Vec<AlertRecord>) {
        let judged = fresh.into_iter().map(|fresh| self.judge(fresh));
        let (articles, alerts): (Vec<_>, Vec<_>) = judged.unzip();
        (articles, alerts.into_iter().flatten().collect())
    }

    fn judge(
        &self,
        Fresh { article, mut mentioned, is_known }: Fresh,
    ) -> (ArticleRecord, Option<AlertRecord>) {
        let begun = Instant::now();
        let mut topics = self.mentions(&article);
        self.pipeline.metrics.matched(begun.elapsed());
        self.count(&article, is_known);
        topics.retain(|topic| !mentioned.contains(&topic.name));
        mentioned.extend(topics.iter().map(|topic| topic.name.clone()));
        let alert = (!topics.is_empty() && self.is_recent(&article)).then(|| self.alert(&article, topics));
        (ArticleRecord { article, topics: mentioned }, alert)
    }

    fn count(&self, article: &Article, is_known: bool) {
        let metrics = &self.pipeline.metrics;
        match (is_known, self.is_recent(article)) {
            (true, _) => metrics.article(ArticleKind::Edited),
            (false, false) => metrics.article(ArticleKind::Old),
            (false, true) => {
                metrics.article(ArticleKind::New);
                if let Some(delay) = article.stamp().and_then(|stamp| (self.now - stamp).to_std().ok()) {
                    metrics.article_delay(delay);
                }
            }
        }
    }

    fn mentions(&self, article: &Article) -> Vec<TopicMentions> {
        let scope = Scope {
            id: self.feed.id.as_str(),
            name: &self.alert_feed.name,
            url: &self.alert_feed.url,
            tags: &self.alert_feed.tags,
        };
        self.pipeline.matcher.find(&Text::of_article(article), Some(&scope))
    }

    /// At the first sight of a feed, only articles with a recent stamp are news (specs/polling.md K1).
    fn is_recent(&self, article: &Article) -> bool {
        let Some(not_before) = self.not_before else { return true };
        article.stamp().map_or(self.undated, |stamp| stamp >= not_before)
    }

    fn alert(&self, article: &Article, topics: Vec<TopicMentions>) -> AlertRecord {
        let names: Vec<TopicName> = topics.iter().map(|topic| topic.name.clone()).collect();
        let alert = Alert {
            id: AlertId::derive(&self.feed.id, &article.key, &names),
            feed_id: self.feed.id.clone(),
            feed: self.alert_feed.clone(),
            article: article.clone(),
            topics,
            created: self.now,
            test: false,
        };
        let deliveries = self.pipeline.notifiers.iter().filter_map(|notifier| delivery_for(notifier, &alert));
        AlertRecord {
            deliveries: deliveries.collect(),
            held_back: None,
            data: render::data(&alert),
            id: alert.id,
            article: article.key,
            created: self.now,
            topics: names,
        }
    }
}

/// What a notifier is owed of an alert, with only the topics it takes; `None` if it takes none of them.
pub fn delivery_for(notifier: &Notifier, alert: &Alert) -> Option<DeliveryRecord> {
    let takes_alerts = notifier.enabled && notifier.events.contains(&EventKind::Alert);
    if !takes_alerts || !notifier.filter.takes_feed(&alert.feed_id, &alert.feed) {
        return None;
    }
    let topics: Vec<TopicMentions> =
        alert.topics.iter().filter(|topic| notifier.filter.takes_topic(&topic.name)).cloned().collect();
    if topics.is_empty() {
        return None;
    }
    let alert = Alert { topics, ..alert.clone() };
    let (body, failed) = render::body(notifier, &alert);
    if let Some(error) = failed {
        warn!(notifier = %notifier.name, alert.id = %alert.id, %error, "template failed; the standard body is sent instead");
    }
    Some(DeliveryRecord {
        notifier: notifier.name.clone(),
        body,
        plain: render::plain(notifier.format, &alert),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Aliases, FeedId, FeedLocation, Format, HostKey, NotifierFilter, NotifierKind, NotifierName,
        OtherKeys, Topic,
    };

    const NOW: i64 = 1_800_000_000;

    fn time(hours_ago: i64) -> Timestamp {
        Timestamp::from_timestamp(NOW - hours_ago * 3600, 0).expect("a valid time")
    }

    fn article(id: &str, title: &str, published: Option<Timestamp>) -> Article {
        Article {
            key: ArticleKey::derive(["guid", id]),
            other_keys: OtherKeys::default(),
            content_hash: ContentHash::of([title]),
            title: Some(title.to_owned()),
            link: None,
            published,
            updated: None,
            summary: None,
            content: None,
            author: None,
            tags: Vec::new(),
        }
    }

    fn known(article: &Article, topics: &[&str]) -> KnownArticle {
        let topics = topics.iter().map(|&topic| TopicName::from(topic)).collect();
        KnownArticle { key: article.key, content_hash: article.content_hash, topics }
    }

    fn notifier(name: &str, topics: &[&str]) -> Notifier {
        let topics = topics.iter().map(|&topic| TopicName::from(topic)).collect();
        Notifier {
            name: NotifierName::from(name),
            kind: NotifierKind::Log,
            format: Format::Standard,
            events: vec![EventKind::Alert],
            filter: NotifierFilter { topics, ..NotifierFilter::default() },
            concurrency: 1,
            rate: None,
            enabled: true,
        }
    }

    fn topic(name: &str) -> Topic {
        Topic { any: vec![name.to_owned()], ..Topic::named(name) }
    }

    fn judge(is_first_sight: bool, notifiers: Vec<Notifier>) -> Judge {
        let matcher =
            Matcher::compile(&[topic("S-400"), topic("Patriot")], &Aliases::new()).expect("a watchlist");
        let limits = read::Limits::default();
        let first_alerts = Duration::from_hours(24);
        let pipeline = Pipeline { matcher, notifiers, limits, first_alerts, metrics: Metrics::default() };
        let feed = Feed {
            id: FeedId::from("https://example.org/rss"),
            location: FeedLocation::Http(Url::parse("https://example.org/rss").expect("a URL")),
            host: HostKey::from("example.org"),
            name: Some("Example".to_owned()),
            tags: Vec::new(),
            interval: None,
            silent_after: None,
            ignore_cache_hints: false,
            http1_only: false,
            username: None,
            password: None,
            headers: Vec::new(),
            ca_file: None,
            enabled: true,
        };
        let last_success = (!is_first_sight).then(|| time(1));
        let state = FeedState { last_success, ..FeedState::unknown(feed.id.clone()) };
        Judge::new(Arc::new(pipeline), &feed, &state, None, time(0))
    }

    fn fresh(article: Article, mentioned: &[&str]) -> Fresh {
        let is_known = !mentioned.is_empty();
        Fresh {
            article,
            is_known,
            mentioned: mentioned.iter().map(|&topic| TopicName::from(topic)).collect(),
        }
    }

    #[test]
    fn only_new_and_edited_articles_are_fresh() {
        let (old, edited, new) =
            (article("1", "a", None), article("2", "after", None), article("3", "c", None));
        let before = known(&article("2", "before", None), &["S-400"]);
        let fresh = fresh_articles(
            vec![old.clone(), edited.clone(), new.clone()],
            vec![Some(known(&old, &[])), Some(before), None],
        );
        let keys: Vec<ArticleKey> = fresh.iter().map(|fresh| fresh.article.key).collect();
        assert_eq!(keys, [edited.key, new.key]);
        assert_eq!(fresh[0].mentioned, [TopicName::from("S-400")]);
    }

    #[test]
    fn an_article_known_by_its_link_keeps_the_key_under_which_it_is_known() {
        let (seen, now) = (article("old guid", "before", None), article("new guid", "after", None));
        let known = vec![Some(known(&seen, &[]))];
        assert_eq!(seen_keys(std::slice::from_ref(&now), &known), [seen.key]);
        assert_eq!(fresh_articles(vec![now], known)[0].article.key, seen.key);
    }

    #[test]
    fn at_first_sight_only_recent_articles_alert_but_all_are_recorded() {
        let judge = judge(true, vec![notifier("desk", &[])]);
        let titles = [("new", Some(time(1))), ("old", Some(time(30))), ("undated", None)];
        let all = titles.map(|(id, published)| fresh(article(id, "an S-400 battery", published), &[]));
        let (articles, alerts) = judge.judge_all(all.into());
        assert_eq!(alerts.len(), 1);
        assert_eq!(alerts[0].article, ArticleKey::derive(["guid", "new"]));
        assert!(articles.iter().all(|record| record.topics == [TopicName::from("S-400")]));
    }

    #[test]
    fn later_an_article_alerts_whatever_its_date() {
        let (_, alerts) =
            judge(false, vec![]).judge_all(vec![fresh(article("1", "an S-400", Some(time(900))), &[])]);
        assert_eq!(alerts.len(), 1);
    }

    #[test]
    fn an_edit_alerts_only_for_topics_not_mentioned_before() {
        let judge = judge(false, vec![notifier("desk", &[])]);
        let edit = article("1", "S-400 and Patriot", None);
        let (articles, alerts) = judge.judge_all(vec![fresh(edit.clone(), &["S-400"])]);
        assert_eq!(alerts[0].topics, [TopicName::from("Patriot")]);
        assert_eq!(articles[0].topics, [TopicName::from("S-400"), TopicName::from("Patriot")]);
        let (_, none) = judge.judge_all(vec![fresh(edit, &["S-400", "Patriot"])]);
        assert!(none.is_empty());
    }

    #[test]
    fn a_notifier_gets_only_its_topics_under_the_same_id() {
        let notifiers =
            vec![notifier("all", &[]), notifier("one", &["Patriot"]), notifier("other", &["F-35"])];
        let (_, alerts) =
            judge(false, notifiers).judge_all(vec![fresh(article("1", "S-400 and Patriot", None), &[])]);
        let told: Vec<(&str, serde_json::Value)> = alerts[0]
            .deliveries
            .iter()
            .map(|one| (one.notifier.as_str(), serde_json::from_slice(&one.body).expect("JSON")))
            .collect();
        assert_eq!(told.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["all", "one"]);
        assert_eq!(told[0].1["data"]["topics"].as_array().map(Vec::len), Some(2));
        assert_eq!(told[1].1["data"]["topics"].as_array().map(Vec::len), Some(1));
        assert_eq!(told[0].1["data"]["id"], told[1].1["data"]["id"]);
    }
}
