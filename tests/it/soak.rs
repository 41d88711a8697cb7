//! A life of change: feeds that publish at random, some of it broken, and a receiver that has its moods. Memory,
//! descriptors and the write-ahead log stay flat, and everything arrives.

use std::{env, fs, time::Duration};

use tokio::time::{Instant, sleep};

use crate::support::{Answer, Article, Config, Daemon, Home, Receiver, Reply, Site, Then, feeds, holds};

/// How long it lasts; hours by hand with `FEEDWATCH_SOAK` (seconds).
const LASTS: Duration = Duration::from_mins(1);
const FEEDS: usize = 20;
/// Entries of a document.
const WINDOW: usize = 30;
/// Something changes this often.
const TICK: Duration = Duration::from_millis(200);
/// What a life may grow by from its second quarter to its last, beside a tenth: caches fill up.
const GROWTH_KIB: u64 = 6 << 10;
/// Descriptors more than in the second quarter: connections come and go.
const MORE_FILES: u64 = 16;
/// 4,000 pages are copied back at once, a reader may keep them waiting for a moment.
const WAL_BYTES: u64 = 32 << 20;

/// What a process holds.
#[derive(Debug, Clone, Copy)]
struct Holding {
    memory_kib: u64,
    files: u64,
    wal_bytes: u64,
}

#[tokio::test]
async fn memory_descriptors_and_the_log_stay_flat_while_everything_arrives() {
    let seconds = env::var("FEEDWATCH_SOAK").ok().and_then(|text| text.parse().ok());
    let lasts = seconds.map_or(LASTS, Duration::from_secs);
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    let random = fastrand::Rng::new();
    println!("seed={}", random.get_seed());
    let mut world = World::new(site, random);
    let config = Config::new().notify("retry = [\"200ms\"]\ntimeout = \"1s\"\nbreaker = \"1s\"");
    let config = (0..FEEDS).fold(config, |config, feed| config.feed(&world.site, &path(feed)));
    let home = Home::new(&config.webhook("desk", &receiver));
    let daemon = home.start().await;
    let (begun, mut held) = (Instant::now(), Vec::new());
    while begun.elapsed() < lasts {
        world.change();
        receiver.otherwise(world.mood());
        sleep(TICK).await;
        held.push(holding(&home, &daemon));
    }
    receiver.otherwise(Reply::Status(204));
    let count = world.flagged;
    holds("everything arrives", || receiver.articles().len() == count).await;
    daemon.stop().await;
    check_flat(&held);
    let last = held.last().expect("it lasted a while");
    println!(
        "seconds={} articles={} alerts={count} lost=0 memory_mb={} files={} wal_mb={}",
        lasts.as_secs(),
        world.articles,
        last.memory_kib >> 10,
        last.files,
        held.iter().map(|held| held.wal_bytes).max().unwrap_or(0) >> 20
    );
}

/// The second quarter of a life against its last.
#[track_caller]
fn check_flat(held: &[Holding]) {
    let quarter = held.len() / 4;
    let (early, late) = (&held[quarter..2 * quarter], &held[3 * quarter..]);
    let memory = |held: &[Holding]| median(held.iter().map(|held| held.memory_kib));
    let files = |held: &[Holding]| held.iter().map(|held| held.files).max().unwrap_or(0);
    let (before, after) = (memory(early), memory(late));
    assert!(after <= before + before / 10 + GROWTH_KIB, "memory grew from {before} to {after} KiB");
    let (before, after) = (files(early), files(late));
    assert!(after <= before + MORE_FILES, "descriptors grew from {before} to {after}");
    let wal = held.iter().map(|held| held.wal_bytes).max().unwrap_or(0);
    assert!(wal <= WAL_BYTES, "the write-ahead log grew to {wal} bytes");
}

fn median(values: impl Iterator<Item = u64>) -> u64 {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

fn holding(home: &Home, daemon: &Daemon) -> Holding {
    let process = format!("/proc/{}", daemon.pid());
    let status = fs::read_to_string(format!("{process}/status")).expect("a living process");
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("memory");
    let wal = fs::metadata(home.path().join("feedwatch.db-wal"));
    Holding {
        memory_kib: memory.trim().trim_end_matches(" kB").parse().expect("a number"),
        files: fs::read_dir(format!("{process}/fd")).map_or(0, |files| files.count() as u64),
        wal_bytes: wal.map_or(0, |file| file.len()),
    }
}

/// The feeds, as they are now.
struct World {
    site: Site,
    random: fastrand::Rng,
    shown: Vec<Vec<Article>>,
    articles: usize,
    /// Those about a topic.
    flagged: usize,
}

impl World {
    fn new(site: Site, random: fastrand::Rng) -> Self {
        (0..FEEDS).for_each(|feed| site.publish(&path(feed), &[]));
        Self { site, random, shown: vec![Vec::new(); FEEDS], articles: 0, flagged: 0 }
    }

    /// Some feeds have something new; the documents of some are damaged so that they can be read nevertheless.
    fn change(&mut self) {
        for feed in 0..FEEDS {
            if self.random.f64() > 0.3 {
                continue;
            }
            let id = format!("n{}", self.articles);
            self.articles += 1;
            let is_flagged = self.random.f64() < 0.2;
            self.flagged += usize::from(is_flagged);
            let article =
                if is_flagged { Article::about_s400(&id) } else { Article::new(&id, "Nothing of note") };
            let shown = &mut self.shown[feed];
            shown.insert(0, article);
            shown.truncate(WINDOW);
            let mut document = feeds::rss("Feed", shown);
            if self.random.f64() < 0.1 {
                document = document.replacen("</item>", "", 1).replacen("</title>", " & </title>", 2);
            }
            self.site.set(&path(feed), Answer::Feed(document));
        }
    }

    fn mood(&mut self) -> Reply {
        match self.random.u8(0..20) {
            0 => Reply::Status(500),
            1 => Reply::With(429, "retry-after", "0.2"),
            2 => Reply::Bytes(b"HTTP/1.1 2".to_vec(), Then::Reset),
            3 => Reply::After(Duration::from_millis(100), 204),
            _ => Reply::Status(204),
        }
    }
}

fn path(feed: usize) -> String {
    format!("/{feed}.xml")
}
