//! What the stores cost (specs: writer, readers, claim, prune, bytes). One line per figure, for SQLite and, where it is
//! installed, PostgreSQL.
//!
//! `cargo bench --bench store [-- --feeds 1000000]`. Files go to the directory of `$TMPDIR`: on a disk in memory
//! the figures say nothing about commits. The throwaway PostgreSQL writes to disk with `fsync` on.

#![expect(clippy::print_stdout, reason = "it prints its figures")]

#[path = "../it/support/postgres.rs"]
#[expect(dead_code, reason = "what only stops and starts it is not needed here")]
mod cluster;
#[path = "store/data.rs"]
mod data;
#[path = "store/engines.rs"]
mod engines;
#[path = "../it/support/wait.rs"]
#[expect(dead_code, reason = "only one of its two words is needed here")]
mod wait;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use feedwatch::{
    model::NotifierName,
    store::{ClaimedHost, DocumentRecord, Location, NotifierEntry, Settings, Store},
};
use tokio::{runtime::Runtime, task::JoinSet};

use data::{document, entry, me, record};
use engines::{Engine, Postgres, Sqlite};
use wait::until;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let feeds = feeds_asked_for().unwrap_or(1_000_000);
    let runtime = Runtime::new()?;
    runtime.block_on(async {
        measure::<Sqlite>(feeds).await;
        measure::<Postgres>(feeds).await;
    });
    Ok(())
}

fn feeds_asked_for() -> Option<usize> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--feeds");
    arguments.nth(1)?.parse().ok()
}

async fn measure<E: Engine>(feeds: usize) {
    let Some(engine) = E::make().await else { return };
    drop(engine);
    lone_polls::<E>(0).await;
    lone_polls::<E>(50).await;
    for writers in [1, 4, 256] {
        polls::<E>("unchanged", writers, polls_for(writers, 20_000), 0, |_| None).await;
        polls::<E>("one_new_of_30", writers, polls_for(writers, 10_000), 1, |n| {
            Some(document(n, 1, 29, false))
        })
        .await;
        polls::<E>("50_new", writers, polls_for(writers, 1_000), 50, |n| Some(document(n, 50, 0, false)))
            .await;
    }
    polls::<E>("with_alert", 256, 10_000, 1, |n| Some(document(n, 1, 29, true))).await;
    sizes::<E>().await;
    prune_steps::<E>().await;
    claims::<E>(feeds).await;
}

/// A single writer waits for the disk each time: it is given less to do.
fn polls_for(writers: usize, many: usize) -> usize {
    if writers == 1 { many / 10 } else { many }
}

/// One poll after the other: what a lone commit takes, without and with pages looking on.
async fn lone_polls<E: Engine>(reads_per_second: u32) {
    let engine = E::make().await.expect("it was there a moment ago");
    let store = engine.open().await;
    let hosts = prepare(&store, 2000).await;
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
        "store={} polls=alone reads_per_second={reads_per_second} polls_per_second={:.0} p50_ms={:.3} p99_ms={:.3}",
        E::NAME,
        per_second(times.len(), total),
        millis(times[times.len() / 2]),
        millis(times[times.len() * 99 / 100]),
    );
}

async fn look(store: impl Store, per_second: u32) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
    loop {
        ticks.tick().await;
        store.feed_states().await.expect("feed states");
        store.queues().await.expect("queues");
    }
}

/// So many writers, each with one poll after the other. `articles`: new ones of each poll; an article is three rows.
async fn polls<E: Engine>(
    name: &str,
    writers: usize,
    polls: usize,
    articles: usize,
    document: impl Fn(usize) -> Option<DocumentRecord>,
) {
    let engine = E::make().await.expect("it was there a moment ago");
    let store = engine.open().await;
    let hosts = Arc::new(prepare(&store, polls).await);
    let documents: Arc<Vec<_>> = Arc::new((0..polls).map(document).collect());
    let (before, next) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut running = JoinSet::new();
    for _ in 0..writers {
        let (store, hosts) = (store.clone(), Arc::clone(&hosts));
        let (documents, next) = (Arc::clone(&documents), Arc::clone(&next));
        running.spawn(async move {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let (Some(host), Some(document)) = (hosts.get(n), documents.get(n)) else { return };
                record(&store, host, document.clone()).await;
            }
        });
    }
    running.join_all().await;
    let took = before.elapsed();
    println!(
        "store={} writers={writers} kind={name} polls={polls} polls_per_second={:.0} rows_per_second={:.0}",
        E::NAME,
        per_second(polls, took),
        per_second(polls * (1 + 3 * articles), took),
    );
}

/// What an article with its text takes, one whose text was pruned, and an alert.
async fn sizes<E: Engine>() {
    const HOSTS: usize = 400;
    const ROWS: usize = 40_000;
    let measured = async |articles: usize, alerts: usize, retention: Duration| {
        let engine = E::make().await.expect("it was there a moment ago");
        let store = engine.open().await;
        for (n, host) in prepare(&store, HOSTS).await.iter().enumerate() {
            let mut document = document(n, articles.max(alerts), 0, alerts > 0);
            if articles == 0 {
                (document.articles, document.seen) = (Vec::new(), Vec::new());
            }
            record(&store, host, Some(document)).await;
        }
        let settings = Settings { retention, ..engines::settings(Location::Sqlite("".into())) };
        while store.prune(&settings).await.expect("prune").rows > 0 {}
        store.close().await.expect("close");
        engine.bytes().await
    };
    let (kept, gone) = (Duration::from_hours(24), Duration::ZERO);
    let empty = measured(0, 0, kept).await;
    for (name, articles, alerts, retention) in [
        ("article_with_text", ROWS, 0, kept),
        ("article_without_text", ROWS, 0, gone),
        ("alert_of_3kB", 0, ROWS, kept),
    ] {
        let bytes = measured(articles / HOSTS, alerts / HOSTS, retention).await.saturating_sub(empty);
        println!("store={} size={name} rows={ROWS} bytes_per_row={}", E::NAME, bytes / ROWS as u64);
    }
}

/// The longest step of pruning.
async fn prune_steps<E: Engine>() {
    let engine = E::make().await.expect("it was there a moment ago");
    let store = engine.open().await;
    for (n, host) in prepare(&store, 400).await.iter().enumerate() {
        record(&store, host, Some(document(n, 100, 0, n % 4 == 0))).await;
    }
    let settings = Settings { retention: Duration::ZERO, ..engines::settings(Location::Sqlite("".into())) };
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
    println!(
        "store={} prune=texts rows={rows} steps={steps} longest_step_ms={:.1}",
        E::NAME,
        millis(longest)
    );
}

/// Claiming 500 hosts of very many.
async fn claims<E: Engine>(feeds: usize) {
    let engine = E::make().await.expect("it was there a moment ago");
    let store = engine.open().await;
    for kind in ["new", "unchanged"] {
        let entries = (0..feeds).map(entry).collect();
        let start = Instant::now();
        store.sync_config(entries, Vec::new()).await.expect("sync");
        let took = start.elapsed().as_secs_f64();
        println!("store={} sync={kind} feeds={feeds} seconds={took:.1}", E::NAME);
    }
    let mut times = Vec::new();
    for _ in 0..40 {
        let start = Instant::now();
        let claims = store.claim_hosts(&me(), 500).await.expect("claim");
        times.push(start.elapsed());
        assert_eq!(claims.hosts.len(), 500.min(feeds / 40));
    }
    times.sort_unstable();
    println!(
        "store={} claim=500 feeds={feeds} p50_ms={:.1} p90_ms={:.1} worst_ms={:.1}",
        E::NAME,
        millis(times[20]),
        millis(times[36]),
        millis(times[39])
    );
}

/// Feeds on hosts of their own, all claimed.
async fn prepare(store: &impl Store, feeds: usize) -> Vec<ClaimedHost> {
    let desk = NotifierEntry { name: NotifierName::from("desk"), target: "there".to_owned(), enabled: true };
    store.sync_config((0..feeds).map(entry).collect(), vec![desk]).await.expect("sync");
    store.claim_hosts(&me(), feeds).await.expect("claim").hosts
}

fn per_second(count: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / took.as_secs_f64()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
