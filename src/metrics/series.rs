//! The series, by their names, with a line on each.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry},
};

use super::{ArticleKind, Sent, Task};
use crate::model::{NotifierName, Outcome, TopicName};

/// One label.
pub type Labels = [(&'static str, Cow<'static, str>); 1];
/// A notifier and an outcome.
pub type Delivery = [(&'static str, Cow<'static, str>); 2];

type Histograms = Family<Labels, Histogram, fn() -> Histogram>;

/// Limits that have a series from the start.
const LIMITS: [&str; 8] = [
    "http.max_body",
    "read.max_attributes",
    "read.max_depth",
    "read.max_entity_text",
    "read.max_entries",
    "read.max_tags",
    "read.max_text",
    "server.metrics_feeds",
];

/// All series that are counted; what is true at the moment of a scrape is not here.
#[derive(Clone)]
pub struct Series {
    pub reloads: Family<Labels, Counter>,
    pub polls: Family<Labels, Counter>,
    pub poll_duration: Histogram,
    pub poll_delay: Histogram,
    pub polls_in_flight: Gauge,
    pub bytes: Family<Labels, Counter>,
    pub articles: Family<Labels, Counter>,
    pub article_delay: Histogram,
    pub alerts: Counter,
    pub topics: Family<Labels, Counter>,
    topic_count: Arc<AtomicUsize>,
    pub match_duration: Histogram,
    pub deliveries: Family<Delivery, Counter>,
    pub delivery_duration: Histograms,
    pub alert_latency: Histograms,
    pub commits: Family<Labels, Counter>,
    pub commit_duration: Histogram,
    pub limits: Family<Labels, Counter>,
    pub leases_lost: Counter,
    pub panics: Family<Labels, Counter>,
}

impl Series {
    /// All known series, at 0.
    pub fn new() -> Self {
        let outcomes = Outcome::ALL.iter().filter(|outcome| **outcome != Outcome::Held);
        Self {
            reloads: zeros("outcome", ["ok", "refused"]),
            polls: zeros("outcome", outcomes.map(|outcome| outcome.as_str())),
            poll_duration: seconds(&[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0]),
            poll_delay: seconds(&[0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0]),
            polls_in_flight: Gauge::default(),
            bytes: zeros("kind", ["wire", "decoded"]),
            articles: zeros("kind", ArticleKind::ALL.iter().map(|kind| kind.as_str())),
            article_delay: seconds(&[60.0, 300.0, 900.0, 1800.0, 3600.0, 10_800.0, 43_200.0, 86_400.0]),
            alerts: Counter::default(),
            topics: Family::default(),
            topic_count: Arc::default(),
            match_duration: seconds(&[1e-5, 5e-5, 1e-4, 5e-4, 0.001, 0.005, 0.01, 0.1, 1.0]),
            deliveries: Family::default(),
            delivery_duration: Family::new_with_constructor(|| {
                seconds(&[0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 60.0])
            }),
            alert_latency: Family::new_with_constructor(|| {
                seconds(&[0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 3600.0, 21_600.0, 86_400.0])
            }),
            commits: zeros("outcome", ["ok", "error"]),
            commit_duration: seconds(&[1e-4, 5e-4, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 10.0]),
            limits: zeros("limit", LIMITS),
            leases_lost: Counter::default(),
            panics: zeros("task", Task::ALL.iter().map(|task| task.as_str())),
        }
    }

    /// The series of a notifier, at 0 unless it has some.
    pub fn know_notifier(&self, name: &NotifierName) {
        for how in Sent::ALL {
            drop(self.deliveries.get_or_create(&delivery(name, how.as_str())));
        }
        drop(self.delivery_duration.get_or_create(&notifier(name)));
        drop(self.alert_latency.get_or_create(&notifier(name)));
    }

    /// The label of a topic; beyond `most` topics they share one.
    pub fn topic(&self, topic: &TopicName, most: usize) -> Labels {
        let label = [("topic", topic.to_string().into())];
        let is_known = self.topics.get(&label).is_some();
        if !is_known && self.topic_count.fetch_add(1, Ordering::Relaxed) >= most {
            return [("topic", "other".into())];
        }
        label
    }

    /// Puts every series into a registry. The lines are what `/metrics` says of each.
    pub fn register(&self, registry: &mut Registry) {
        let mut add = Adder(registry);
        add.one("config_reloads", "Reloads of the configuration", &self.reloads);
        add.one("polls", "Polls on record, by how they ended", &self.polls);
        add.one("poll_duration_seconds", "Time that the requests of a poll took", &self.poll_duration);
        add.one(
            "poll_delay_seconds",
            "Time from a poll's planned moment to its first request",
            &self.poll_delay,
        );
        add.one("polls_in_flight", "Polls under way", &self.polls_in_flight);
        add.one("fetched_bytes", "Bytes of bodies, as sent and decoded", &self.bytes);
        add.one("articles", "Articles judged: new, edited, or too old to alert", &self.articles);
        add.one(
            "article_delay_seconds",
            "Time from a new article's own stamp to its sight",
            &self.article_delay,
        );
        add.one("alerts", "Alerts on record", &self.alerts);
        add.one("topic_alerts", "Alerts on record, by topic", &self.topics);
        add.one("match_duration_seconds", "Time that matching one article took", &self.match_duration);
        add.one("deliveries", "Attempts to deliver, by what came of them", &self.deliveries);
        add.one("delivery_duration_seconds", "Time that one send took", &self.delivery_duration);
        add.one("alert_latency_seconds", "Time from seeing an article to its delivery", &self.alert_latency);
        add.one("store_commits", "Transactions that changed something", &self.commits);
        add.one("store_commit_duration_seconds", "Time that such a transaction took", &self.commit_duration);
        add.one("limits_hit", "Times that a limit bit, by its key", &self.limits);
        add.one("lease_lost", "Leases on hosts and deliveries that went to another owner", &self.leases_lost);
        add.one("panics", "Faults of feedwatch that were caught", &self.panics);
    }
}

struct Adder<'a>(&'a mut Registry);

impl Adder<'_> {
    fn one(&mut self, name: &str, help: &str, metric: &(impl Metric + Clone)) {
        self.0.register(format!("feedwatch_{name}"), help, metric.clone());
    }
}

/// The label of a notifier.
pub fn notifier(name: &NotifierName) -> Labels {
    [("notifier", name.to_string().into())]
}

/// The labels of an attempt.
pub fn delivery(name: &NotifierName, outcome: &'static str) -> Delivery {
    [("notifier", name.to_string().into()), ("outcome", outcome.into())]
}

fn zeros(label: &'static str, words: impl IntoIterator<Item = &'static str>) -> Family<Labels, Counter> {
    let family = Family::default();
    for word in words {
        drop(family.get_or_create(&[(label, word.into())]));
    }
    family
}

fn seconds(buckets: &[f64]) -> Histogram {
    Histogram::new(buckets.iter().copied())
}
