//! What feedwatch counts, for Prometheus (specs/operations.md §6). Rooms count where things happen, by a [`Metrics`]
//! handle that they are given; `web` writes it out. There is no global state: what nobody shares, nobody reads.

mod series;

use std::{fmt, time::Duration};

use prometheus_client::registry::Registry;

use self::series::{Labels, Series};
use crate::model::{NotifierName, Outcome, TopicName};

/// Topics that have a series of their own; the others share one.
const MAX_TOPICS: usize = 1000;

/// What was made of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArticleKind {
    /// Seen for the first time.
    New,
    /// Known, and its text has changed.
    Edited,
    /// Recorded at the first sight of its feed, too old to alert.
    Old,
}

/// What became of one attempt to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The receiver has it.
    Delivered,
    /// It is tried again.
    Retry,
    /// It is given up.
    Dead,
}

/// Where a panic was caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// A poll of one feed.
    Poll,
    /// The reader of documents.
    Read,
    /// The matcher.
    Match,
    /// A send.
    Send,
    /// The loop of a notifier.
    Notifier,
    /// Something that a browser or a scraper asked for.
    Web,
}

macro_rules! words {
    ($($name:ident { $($variant:ident = $word:literal,)+ })+) => {$(
        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word in the label.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    )+};
}

words! {
    ArticleKind { New = "new", Edited = "edited", Old = "old", }
    Sent { Delivered = "delivered", Retry = "retry", Dead = "dead", }
    Task { Poll = "poll", Read = "read", Match = "match", Send = "send", Notifier = "notifier", Web = "web", }
}

/// The counters of one feedwatch. Clones share them; a default one counts for nobody.
#[derive(Clone)]
pub struct Metrics {
    series: Series,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { series: Series::new() }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// All series, to be written out.
    pub fn register(&self, registry: &mut Registry) {
        self.series.register(registry);
    }

    /// From now on these notifiers have series, with 0 where nothing was counted.
    pub fn know_notifiers<'a>(&self, notifiers: impl IntoIterator<Item = &'a NotifierName>) {
        notifiers.into_iter().for_each(|notifier| self.series.know_notifier(notifier));
    }

    /// A configuration was applied, or refused.
    pub fn reloaded(&self, is_ok: bool) {
        self.series.reloads.get_or_create(&outcome(if is_ok { "ok" } else { "refused" })).inc();
    }

    /// A poll is under way until what this returns is dropped.
    #[must_use]
    pub fn poll_begins(&self) -> InFlight {
        self.series.polls_in_flight.inc();
        InFlight(self.clone())
    }

    /// A poll is on record. A held one did not happen.
    pub fn poll_ended(&self, how: Outcome) {
        if how != Outcome::Held {
            self.series.polls.get_or_create(&outcome(how.as_str())).inc();
        }
    }

    /// The requests of a poll: how long after its time the first one went out, and how long they took together.
    pub fn poll_asked(&self, delay: Duration, took: Duration) {
        self.series.poll_delay.observe(delay.as_secs_f64());
        self.series.poll_duration.observe(took.as_secs_f64());
    }

    /// Bytes of bodies, as sent.
    pub fn fetched(&self, wire: u64) {
        self.series.bytes.get_or_create(&kind("wire")).inc_by(wire);
    }

    /// Bytes of a body, decoded.
    pub fn decoded(&self, bytes: usize) {
        self.series.bytes.get_or_create(&kind("decoded")).inc_by(bytes as u64);
    }

    /// An article was judged.
    pub fn article(&self, what: ArticleKind) {
        self.series.articles.get_or_create(&kind(what.as_str())).inc();
    }

    /// A new article was seen so long after its stamp.
    pub fn article_delay(&self, delay: Duration) {
        self.series.article_delay.observe(delay.as_secs_f64());
    }

    /// An article went through the matcher.
    pub fn matched(&self, took: Duration) {
        self.series.match_duration.observe(took.as_secs_f64());
    }

    /// An alert is on record, for these topics.
    pub fn alerted(&self, topics: &[TopicName]) {
        self.series.alerts.inc();
        for topic in topics {
            let label = self.series.topic(topic, MAX_TOPICS);
            self.series.topics.get_or_create(&label).inc();
        }
    }

    /// An attempt to deliver came to its end.
    pub fn sent(&self, notifier: &NotifierName, how: Sent, took: Duration) {
        let name = series::notifier(notifier);
        self.series.deliveries.get_or_create(&series::delivery(notifier, how.as_str())).inc();
        self.series.delivery_duration.get_or_create(&name).observe(took.as_secs_f64());
    }

    /// A delivery reached its receiver so long after its alert was made.
    pub fn arrived(&self, notifier: &NotifierName, latency: Duration) {
        self.series.alert_latency.get_or_create(&series::notifier(notifier)).observe(latency.as_secs_f64());
    }

    /// The store committed, or could not.
    pub fn committed(&self, is_ok: bool, took: Duration) {
        self.series.commits.get_or_create(&outcome(if is_ok { "ok" } else { "error" })).inc();
        self.series.commit_duration.observe(took.as_secs_f64());
    }

    /// A limit bit so many times; `key` is its key in the configuration.
    pub fn limited(&self, key: &str, times: u32) {
        let label = [("limit", key.to_owned().into())];
        self.series.limits.get_or_create(&label).inc_by(times.into());
    }

    /// A lease went to another owner: what was done under it does not count.
    pub fn lease_lost(&self) {
        self.series.leases_lost.inc();
    }

    /// A panic was caught.
    pub fn panicked(&self, task: Task) {
        self.series.panics.get_or_create(&[("task", task.as_str().into())]).inc();
    }
}

/// A poll under way.
#[derive(Debug)]
pub struct InFlight(Metrics);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.series.polls_in_flight.dec();
    }
}

fn outcome(word: &'static str) -> Labels {
    [("outcome", word.into())]
}

fn kind(word: &'static str) -> Labels {
    [("kind", word.into())]
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::prometheus_text;

    use super::*;

    fn text(metrics: &Metrics) -> String {
        let (mut registry, mut text) = (Registry::default(), String::new());
        metrics.register(&mut registry);
        prometheus_text::encode(&mut text, &registry).expect("a string takes all");
        text
    }

    #[track_caller]
    fn has(metrics: &Metrics, line: &str) {
        let text = text(metrics);
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }

    #[test]
    fn every_series_is_there_before_anything_happens() {
        let metrics = Metrics::default();
        metrics.know_notifiers([&NotifierName::from("desk")]);
        for outcome in Outcome::ALL.iter().filter(|outcome| **outcome != Outcome::Held) {
            has(&metrics, &format!("feedwatch_polls_total{{outcome=\"{}\"}} 0", outcome.as_str()));
        }
        for line in [
            "feedwatch_deliveries_total{notifier=\"desk\",outcome=\"dead\"} 0",
            "feedwatch_alert_latency_seconds_count{notifier=\"desk\"} 0",
            "feedwatch_config_reloads_total{outcome=\"refused\"} 0",
            "feedwatch_fetched_bytes_total{kind=\"decoded\"} 0",
            "feedwatch_articles_total{kind=\"old\"} 0",
            "feedwatch_limits_hit_total{limit=\"http.max_body\"} 0",
            "feedwatch_panics_total{task=\"read\"} 0",
            "feedwatch_store_commits_total{outcome=\"error\"} 0",
            "feedwatch_poll_duration_seconds_count 0",
            "feedwatch_alerts_total 0",
            "feedwatch_lease_lost_total 0",
        ] {
            has(&metrics, line);
        }
    }

    #[test]
    fn what_happens_is_counted_and_a_held_poll_did_not_happen() {
        let metrics = Metrics::default();
        let poll = metrics.poll_begins();
        has(&metrics, "feedwatch_polls_in_flight 1");
        drop(poll);
        has(&metrics, "feedwatch_polls_in_flight 0");
        metrics.poll_ended(Outcome::NotModified);
        metrics.poll_ended(Outcome::Held);
        has(&metrics, "feedwatch_polls_total{outcome=\"not_modified\"} 1");
        assert!(!text(&metrics).contains("held"));
        metrics.clone().committed(true, Duration::from_millis(2));
        has(&metrics, "feedwatch_store_commit_duration_seconds_bucket{le=\"0.002\"} 1");
    }

    #[test]
    fn topics_beyond_the_limit_share_a_series() {
        let metrics = Metrics::default();
        for n in 0..=MAX_TOPICS {
            metrics.alerted(&[TopicName::new(format!("t{n}"))]);
        }
        metrics.alerted(&[TopicName::from("t1")]);
        has(&metrics, "feedwatch_topic_alerts_total{topic=\"t1\"} 2");
        has(&metrics, "feedwatch_topic_alerts_total{topic=\"other\"} 1");
        assert!(!text(&metrics).contains("t1000\""));
    }
}
