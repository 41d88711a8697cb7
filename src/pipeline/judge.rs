//! Whom to tell what of the fresh articles of a document.

use std::{sync::Arc, time::Instant};

use tracing::warn;

use super::{Pipeline, events::alert_feed, fresh::Fresh};
use crate::{
    matcher::{Scope, Text},
    metrics::ArticleKind,
    model::{
        Alert, AlertFeed, AlertId, Article, EventKind, Feed, Notifier, Timestamp, TopicMentions, TopicName,
    },
    render,
    store::{AlertRecord, ArticleRecord, DeliveryRecord, FeedState},
};

/// Decides for the fresh articles of one document whom to tell what.
pub(super) struct Judge {
    pub pipeline: Arc<Pipeline>,
    pub feed: Feed,
    pub alert_feed: AlertFeed,
    /// Articles stamped before this are not alerted; `None`: all are.
    pub not_before: Option<Timestamp>,
    /// Whether articles without a stamp are, where those before it are not.
    pub undated: bool,
    pub now: Timestamp,
}

impl Judge {
    pub fn new(
        pipeline: Arc<Pipeline>,
        feed: &Feed,
        state: &FeedState,
        title: Option<&str>,
        now: Timestamp,
    ) -> Self {
        let first_alerts =
            chrono::TimeDelta::from_std(pipeline.first_alerts).unwrap_or(chrono::TimeDelta::MAX);
        let horizon = now.checked_sub_signed(first_alerts).unwrap_or(Timestamp::MIN_UTC);
        Self {
            pipeline,
            alert_feed: alert_feed(feed, title),
            feed: feed.clone(),
            not_before: state.is_first_sight().then_some(horizon),
            undated: false,
            now,
        }
    }

    pub fn judge_all(&self, fresh: Vec<Fresh>) -> (Vec<ArticleRecord>, Vec<AlertRecord>) {
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
    use std::time::Duration;

    use url::Url;

    use super::*;
    use crate::{
        matcher::Matcher,
        metrics::Metrics,
        model::{
            Aliases, ArticleKey, FeedId, FeedLocation, Format, HostKey, NotifierFilter, NotifierKind,
            NotifierName, Topic,
        },
        read,
    };

    const NOW: i64 = 1_800_000_000;

    fn time(hours_ago: i64) -> Timestamp {
        Timestamp::from_timestamp(NOW - hours_ago * 3600, 0).expect("a valid time")
    }

    fn article(id: &str, title: &str, published: Option<Timestamp>) -> Article {
        Article { published, ..Article::titled(ArticleKey::derive(["guid", id]), title) }
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
        let location = FeedLocation::Http(Url::parse("https://example.org/rss").expect("a URL"));
        let plain = Feed::at(FeedId::from("https://example.org/rss"), location, HostKey::from("example.org"));
        let feed = Feed { name: Some("Example".to_owned()), ..plain };
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
