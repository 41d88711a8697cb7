//! How fast an alert gets from the answer of a feed to a receiver, how many get there in a second, and what dead receivers
//! cost a live one (specs/delivery.md §17).
//!
//! `cargo bench --bench delivery` runs the real daemon, with its database in `$TMPDIR`, between a site and receivers on
//! loopback that share its processors: compare figures of one run only. `-- NAME` runs one measurement alone.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

#[path = "delivery/daemon.rs"]
mod daemon;
#[path = "delivery/receivers.rs"]
mod receivers;
#[path = "delivery/site.rs"]
mod site;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use daemon::Daemon;
use receivers::{Kind, Receivers};
use site::{Site, Stream};
use tokio::{runtime::Runtime, time::sleep};

/// Nothing measured here takes longer.
const PATIENCE: Duration = Duration::from_mins(3);
/// Now and then, for quiet figures: new articles of twenty feeds, each second one of each.
const STEADY: Stream = Stream { feeds: 20, batches: 20, per_batch: 1 };
/// 2,000 in twenty seconds.
const BUSY: Stream = Stream { feeds: 20, batches: 20, per_batch: 5 };
/// 2,000 at once.
const BURST: Stream = Stream { feeds: 5, batches: 1, per_batch: 400 };
/// Receivers that take a connection and never answer.
const BLACK_HOLES: usize = 20;

fn main() {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        if wanted("latency") {
            let run = run(STEADY, &[Kind::Live]).await;
            println!("latency alerts={} {} load={}", run.waits.len(), run.percentiles(), load());
        }
        if wanted("volume") {
            let run = run(BURST, &[Kind::Live; 10]).await;
            let per_second = run.requests as f64 / run.sending.as_secs_f64();
            let (requests, rss) = (run.requests, run.rss_mb);
            println!(
                "volume deliveries={requests} deliveries/s={per_second:.0} rss_mb={rss:.0} load={}",
                load()
            );
        }
        if wanted("recovery") {
            println!("{} load={}", recovery().await, load());
        }
        if wanted("isolation") {
            for (name, stream) in [("busy", BUSY), ("burst", BURST)] {
                isolation(name, stream).await;
            }
        }
    });
}

/// A receiver that was away while 500 alerts came for it: how long they take once it is back.
async fn recovery() -> String {
    let stream = Stream { feeds: 5, batches: 1, per_batch: 100 };
    let site = Site::start(stream).await;
    let mut receivers = Receivers::start(&[Kind::Refusing]).await;
    // Probes of an open breaker come every second at most.
    let daemon = Daemon::start_with(&site, &receivers, "[notify]\nbreaker = \"1s\"\n");
    let begun = Instant::now();
    while daemon.pending() < stream.articles() {
        assert!(begun.elapsed() < PATIENCE, "only {} wait", daemon.pending());
        sleep(Duration::from_millis(200)).await;
    }
    receivers.come_back(0).await;
    let back = Instant::now();
    while receivers.count() < stream.articles() {
        assert!(back.elapsed() < PATIENCE, "{} came", receivers.count());
        sleep(Duration::from_millis(5)).await;
    }
    let (out, arrivals) = (back.elapsed(), receivers.arrivals());
    daemon.stop();
    let first = arrivals.iter().map(|(_, _, at)| *at).min().expect("requests") - back;
    format!(
        "recovery waiting={} first_ms={} out_ms={}",
        stream.articles(),
        first.as_millis(),
        out.as_millis()
    )
}

/// The live receiver alone, beside one that refuses connections, and beside black holes.
async fn isolation(name: &str, stream: Stream) {
    let alone = run(stream, &[Kind::Live]).await;
    println!("isolation {name} alone alerts={} {} load={}", alone.waits.len(), alone.percentiles(), load());
    let alone_ms = alone.at(0.95);
    let holes: Vec<Kind> = [Kind::Live].into_iter().chain([Kind::BlackHole; BLACK_HOLES]).collect();
    for (what, kinds) in [("one_dead", vec![Kind::Live, Kind::Refusing]), ("20_black_holes", holes)] {
        let beside = run(stream, &kinds).await;
        let beside_ms = beside.at(0.95);
        println!(
            "isolation {name} {what} {} alone_ms={alone_ms:.1} beside_dead_ms={beside_ms:.1} ratio={:.2} load={}",
            beside.percentiles(),
            beside_ms / alone_ms,
            load()
        );
    }
}

/// What one life of the daemon came to.
struct Run {
    /// From the answer of the feed to the first byte at the first live receiver, in milliseconds, sorted.
    waits: Vec<f64>,
    /// Requests at live receivers.
    requests: usize,
    /// From the first of them to the last.
    sending: Duration,
    rss_mb: f64,
}

impl Run {
    fn at(&self, share: f64) -> f64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
        let place = ((self.waits.len() - 1) as f64 * share).round() as usize;
        self.waits[place]
    }

    fn percentiles(&self) -> String {
        let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| self.at(share));
        format!("p50={p50:.1}ms p95={p95:.1}ms p99={p99:.1}ms")
    }
}

/// Lets the daemon poll the stream until every live receiver has every article of it.
async fn run(stream: Stream, kinds: &[Kind]) -> Run {
    let site = Site::start(stream).await;
    let receivers = Receivers::start(kinds).await;
    let live = kinds.iter().filter(|kind| **kind == Kind::Live).count();
    let daemon = Daemon::start(&site, &receivers);
    let begun = Instant::now();
    while receivers.count() < stream.articles() * live {
        assert!(begun.elapsed() < PATIENCE, "{} of {}", receivers.count(), stream.articles() * live);
        sleep(Duration::from_millis(20)).await;
    }
    let (answered, rss_mb) = (site.answered(), daemon.peak_mb());
    daemon.stop();
    let arrivals = receivers.arrivals();
    figures(&answered, &arrivals, rss_mb)
}

fn figures(answered: &HashMap<String, Instant>, arrivals: &[(usize, String, Instant)], rss_mb: f64) -> Run {
    let first = arrivals.iter().filter(|(receiver, ..)| *receiver == 0);
    let wait = |(_, article, at): &(usize, String, Instant)| {
        at.saturating_duration_since(answered[article]).as_secs_f64() * 1000.0
    };
    let mut waits: Vec<f64> = first.map(wait).collect();
    waits.sort_by(f64::total_cmp);
    let times = || arrivals.iter().map(|(_, _, at)| *at);
    let sending = times().max().expect("requests") - times().min().expect("requests");
    Run { waits, requests: arrivals.len(), sending, rss_mb }
}

/// The load of this machine over the last minute.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or("?").to_owned()
}
