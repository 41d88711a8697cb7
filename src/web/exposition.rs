//! `/metrics`: what was counted, and what is true at this moment, in one of Prometheus' two text formats.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, NoLabelSet},
    metrics::MetricType,
    registry::Registry,
};

use super::{
    process::Process,
    snapshot::{Known, Snapshot},
};
use crate::{
    model::{NotifierName, NotifierState, Timestamp},
    store::{FeedCondition, Volume},
};

/// What is true at the moment of a scrape.
#[derive(Debug)]
pub struct Moment {
    /// Which store.
    pub store: &'static str,
    /// Whether work can be done.
    pub is_ready: bool,
    /// When the process began.
    pub started: Timestamp,
    /// What it costs.
    pub process: Process,
    /// Feeds by their condition.
    pub conditions: Vec<(FeedCondition, u64)>,
    /// Those that have series of their own.
    pub feeds: Vec<FeedGauges>,
    /// One for each notifier.
    pub notifiers: Vec<NotifierGauges>,
    /// The room that the store takes.
    pub volume: Option<Volume>,
}

/// The gauges of one feed.
#[derive(Debug)]
pub struct FeedGauges {
    label: String,
    is_failing: bool,
    last_success: Option<Timestamp>,
    next_poll: Option<Timestamp>,
}

/// The gauges of one notifier.
#[derive(Debug)]
pub struct NotifierGauges {
    name: NotifierName,
    pending: u64,
    dead: u64,
    oldest_seconds: u64,
    /// `None`: nothing was ever owed to it.
    state: Option<NotifierState>,
    is_failing: bool,
}

/// The gauges of all feeds, or only of those that fail, if there are more than `most`; then the answer is true.
pub fn feeds(snapshot: &Snapshot, most: usize) -> (Vec<FeedGauges>, bool) {
    let are_too_many = snapshot.feeds.len() > most;
    let is_bad =
        |known: &&Known| matches!(known.health.condition, FeedCondition::Failing | FeedCondition::Gone);
    let gauges = |known: &Known| FeedGauges {
        label: snapshot.labels().get(known.place).cloned().unwrap_or_default(),
        is_failing: is_bad(&known),
        last_success: known.state.last_success,
        next_poll: known.state.next_poll.filter(|_| known.state.enabled),
    };
    let shown = snapshot.feeds.iter().filter(|known| !are_too_many || is_bad(known)).take(most);
    (shown.map(gauges).collect(), are_too_many)
}

/// The gauges of all notifiers.
pub fn notifiers(snapshot: &Snapshot) -> Vec<NotifierGauges> {
    let gauges = |name: &NotifierName| {
        let queue = snapshot.queues.iter().find(|queue| queue.notifier == *name);
        NotifierGauges {
            name: name.clone(),
            pending: queue.map_or(0, |queue| queue.pending),
            dead: queue.map_or(0, |queue| queue.dead),
            oldest_seconds: queue.and_then(|queue| queue.oldest_pending_seconds).unwrap_or(0),
            state: queue.map(|queue| queue.health.state),
            is_failing: queue.is_some_and(|queue| queue.health.is_trouble()),
        }
    };
    snapshot.watched.notifiers.iter().map(|notifier| gauges(&notifier.name)).collect()
}

impl Collector for Moment {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Writer(encoder);
        let version = [("version", env!("CARGO_PKG_VERSION")), ("store", self.store)];
        out.gauge("feedwatch_build_info", "What runs", [(version, 1_u64)])?;
        out.single(
            "feedwatch_ready",
            "Whether work can be done, as /health/ready has it",
            u64::from(self.is_ready),
        )?;
        self.encode_feeds(&mut out)?;
        self.encode_notifiers(&mut out)?;
        if let Some(volume) = self.volume {
            out.single("feedwatch_store_bytes", "Bytes of the database", volume.bytes)?;
            if let Some(free) = volume.disk_free {
                out.single(
                    "feedwatch_store_disk_free_bytes",
                    "Bytes left on the disk of the database",
                    free,
                )?;
            }
        }
        self.encode_process(&mut out)
    }
}

impl Moment {
    /// All of it as a registry.
    pub fn register(self, registry: &mut Registry) {
        registry.register_collector(Box::new(self));
    }

    fn encode_feeds(&self, out: &mut Writer<'_>) -> fmt::Result {
        let states = self.conditions.iter().map(|(state, count)| ([("state", state.as_str())], *count));
        out.gauge("feedwatch_feeds", "Feeds by their state", states)?;
        let of_feed = |value: fn(&FeedGauges) -> f64| {
            self.feeds.iter().map(move |feed| ([("feed", feed.label.as_str())], value(feed)))
        };
        let failing = of_feed(|feed| f64::from(u8::from(feed.is_failing)));
        out.gauge("feedwatch_feed_failing", "Whether the feed fails, or is gone", failing)?;
        let success = of_feed(|feed| seconds(feed.last_success));
        let help = "When the feed last gave a good answer; 0: never";
        out.gauge("feedwatch_feed_last_success_timestamp_seconds", help, success)?;
        let next = of_feed(|feed| seconds(feed.next_poll));
        let help = "When the feed is asked next; 0: never";
        out.gauge("feedwatch_feed_next_poll_timestamp_seconds", help, next)
    }

    fn encode_notifiers(&self, out: &mut Writer<'_>) -> fmt::Result {
        let of_notifier = |value: fn(&NotifierGauges) -> u64| {
            self.notifiers.iter().map(move |one| ([("notifier", one.name.as_str())], value(one)))
        };
        let pending = of_notifier(|one| one.pending);
        out.gauge("feedwatch_deliveries_pending", "Deliveries that wait or are under way", pending)?;
        out.gauge("feedwatch_deliveries_dead", "Deliveries that were given up", of_notifier(|one| one.dead))?;
        let oldest = of_notifier(|one| one.oldest_seconds);
        out.gauge("feedwatch_delivery_oldest_pending_seconds", "Age of the oldest that waits", oldest)?;
        let failing = of_notifier(|one| u64::from(one.is_failing));
        out.gauge(
            "feedwatch_notifier_failing",
            "Whether the notifier takes nothing: its state is open, held or gone",
            failing,
        )?;
        let states = self.notifiers.iter().flat_map(|one| {
            let state = one.state.unwrap_or(NotifierState::Active);
            let value = move |wanted: NotifierState| u64::from(wanted == state);
            let labels =
                move |wanted: NotifierState| [("notifier", one.name.as_str()), ("state", wanted.as_str())];
            NotifierState::ALL.iter().map(move |wanted| (labels(*wanted), value(*wanted)))
        });
        out.gauge(
            "feedwatch_notifier_state",
            "1 for the state that the notifier is in, 0 for the others",
            states,
        )
    }

    fn encode_process(&self, out: &mut Writer<'_>) -> fmt::Result {
        let process = self.process;
        out.single("process_start_time_seconds", "When the process began", seconds(Some(self.started)))?;
        out.counter("process_cpu_seconds", "Processor time so far", process.cpu_seconds)?;
        if let Some(bytes) = process.resident_bytes {
            out.single("process_resident_memory_bytes", "Memory that the process holds", bytes)?;
        }
        process
            .open_files
            .map_or(Ok(()), |files| out.single("process_open_fds", "Open files and sockets", files))
    }
}

struct Writer<'a>(DescriptorEncoder<'a>);

impl Writer<'_> {
    fn gauge<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let help = format!("{help}.");
        let mut family = self.0.encode_descriptor(name, &help, None, MetricType::Gauge)?;
        for (label, value) in values {
            family.encode_family(&label)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    fn single(&mut self, name: &str, help: &str, value: impl EncodeGaugeValue + Copy) -> fmt::Result {
        let help = format!("{help}.");
        self.0.encode_descriptor(name, &help, None, MetricType::Gauge)?.encode_gauge(&value)
    }

    fn counter(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let help = format!("{help}.");
        let mut metric = self.0.encode_descriptor(name, &help, None, MetricType::Counter)?;
        metric.encode_counter::<NoLabelSet, _, f64>(&value, None)
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact to far beyond a microsecond")]
fn seconds(at: Option<Timestamp>) -> f64 {
    at.map_or(0.0, |at| at.timestamp_millis() as f64 / 1000.0)
}
