//! A month with hostile servers, in a second: the real store and the real decisions, a clock that is set, and a judge that
//! knows only what each server was told and said. No request may come sooner than allowed (specs/polling.md, part 3).
//!
//! `FEEDS=1000 cargo test --release --test it simulation -- --nocapture` runs it at size.

use std::{collections::HashMap, time::Duration};

use chrono::TimeDelta;
use feedwatch::{
    clock::Clock,
    http::{Freshness, FreshnessSource},
    model::{ContentHash, Feed, FeedId, FeedLocation, HostKey, Outcome, OwnerId, Timestamp, Validators},
    pipeline::{Sight, Window},
    poll::{
        self, Ending, Head, Route, Said, Settings, hosts,
        schedule::{self, Market},
    },
    store::{DocumentRecord, DueFeed, FeedEntry, HostLease, Store, sqlite::SqliteStore},
};
use url::Url;

use crate::clock::TestClock;
use crate::store::rig::open_once_free;

const DAYS: i64 = 30;
const RESTARTS: usize = 50;
const FEEDS_PER_DOMAIN: usize = 3;
const GAP: Duration = Duration::from_secs(2);
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn feed(n: usize) -> Feed {
    let domain = n / FEEDS_PER_DOMAIN;
    let url = Url::parse(&format!("https://www{n}.domain{domain}.com/feed.xml")).expect("a URL");
    let location = FeedLocation::Http(url);
    let (id, host) = (FeedId::new(format!("feed{n}")), hosts::key(&location));
    Feed {
        interval: [None, Some(Duration::from_mins(1)), Some(Duration::from_hours(2))][n % 3],
        ignore_cache_hints: n.is_multiple_of(7),
        ..Feed::at(id, location, host)
    }
}

/// What a server does next.
#[derive(Debug, Clone, Copy)]
struct Act {
    status: u16,
    retry_after: Option<i64>,
    max_age: Option<i64>,
}

fn act(random: &mut fastrand::Rng) -> Act {
    let status =
        [200, 200, 200, 200, 304, 304, 304, 304, 304, 304, 403, 404, 410, 429, 500, 503][random.usize(..16)];
    let span = |random: &mut fastrand::Rng| {
        [0, MINUTE, MINUTE, 20 * MINUTE, 20 * MINUTE, HOUR, HOUR, 5 * HOUR, 2 * DAY, 40 * DAY]
            [random.usize(..10)]
    };
    let limits = matches!(status, 403 | 429 | 503);
    Act {
        status,
        retry_after: (limits && random.bool()).then(|| span(random)),
        max_age: random.bool().then(|| span(random)),
    }
}

/// What one feed's server, and its domain, may hold against us.
#[derive(Debug, Default)]
struct Judge {
    feeds: HashMap<FeedId, Ruling>,
    domains: HashMap<HostKey, (Timestamp, Timestamp)>,
    requests: u64,
    too_soon: Vec<String>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Ruling {
    not_before: Option<Timestamp>,
    /// In force over 304s.
    max_age: i64,
    gone: u32,
}

impl Judge {
    fn hear(&mut self, feed: &Feed, now: Timestamp) {
        self.requests += 1;
        let ruling = self.feeds.entry(feed.id.clone()).or_default();
        let (closed, quiet) = self.domains.get(&feed.host).copied().unwrap_or_default();
        let allowed = ruling.not_before.unwrap_or_default().max(closed).max(quiet);
        if now < allowed || ruling.gone > 1 {
            self.too_soon.push(format!("{} at {now}, allowed from {allowed}: {ruling:?}", feed.id));
        }
        // Whatever becomes of it: a public host is asked at most every quarter of an hour, and after a gap.
        let first = ruling.not_before.is_none();
        ruling.not_before = Some(now + TimeDelta::seconds(if first { MINUTE } else { 15 * MINUTE }));
        self.domains.entry(feed.host.clone()).or_default().1 = now + GAP;
    }

    fn rule(&mut self, feed: &Feed, now: Timestamp, act: Act) {
        let ruling = self.feeds.entry(feed.id.clone()).or_default();
        let mut wait = 15 * MINUTE;
        match act.status {
            200 => ruling.max_age = act.max_age.unwrap_or(0).min(DAY),
            304 => ruling.max_age = act.max_age.map_or(ruling.max_age, |age| age.min(DAY)),
            429 | 503 => {
                wait = wait.max(act.max_age.unwrap_or(0).min(7 * DAY) * i64::from(!feed.ignore_cache_hints));
            }
            _ => {}
        }
        if !matches!(act.status, 200 | 304) && act.retry_after.is_none() {
            wait = wait.max(30 * MINUTE);
        }
        ruling.gone = if act.status == 410 { ruling.gone + 1 } else { 0 };
        if !feed.ignore_cache_hints {
            wait = wait.max(ruling.max_age);
        }
        let asked = act.retry_after.unwrap_or(0).min(7 * DAY);
        ruling.not_before = Some(now + TimeDelta::seconds(wait.max(asked)));
        if matches!(act.status, 429 | 403) && act.retry_after.is_some() {
            let closed = &mut self.domains.entry(feed.host.clone()).or_default().0;
            *closed = (*closed).max(now + TimeDelta::seconds(asked));
        }
    }
}

/// The poll as the daemon would see it.
fn seen(feed: &Feed, due: &DueFeed, act: Act, random: &mut fastrand::Rng) -> (Head, Ending) {
    let FeedLocation::Http(url) = &feed.location else { unreachable!("all are public") };
    let span = |seconds: i64| Duration::from_secs(seconds.unsigned_abs());
    let fresh = act.max_age.filter(|age| *age > 0);
    let head = Head {
        route: Some(Route::new(url.clone())),
        status: Some(act.status),
        conditional: act.status == 304,
        patience: act.retry_after.map(span),
        said: Said {
            at_all: act.max_age.is_some(),
            fresh: fresh.map(|age| Freshness { source: FreshnessSource::MaxAge, wait: span(age) }),
        },
        ..Head::new(due.now)
    };
    let failed = |outcome| Ending::new(outcome, Some(format!("server answered {}", act.status)));
    let ending = match act.status {
        200 => Ending {
            document: Some(DocumentRecord {
                validators: Validators {
                    etag: random.bool().then(|| b"\"1\"".to_vec()),
                    last_modified: None,
                },
                validated_url: url.to_string(),
                body_hash: Some(ContentHash::of_bytes(&random.u64(..).to_le_bytes())),
                title: None,
                articles: Vec::new(),
                seen: Vec::new(),
                alerts: Vec::new(),
            }),
            sight: Some(Sight {
                window: Window { shown: 5, known: 5, oldest_new: None },
                ..Sight::default()
            }),
            ..Ending::new(Outcome::Unchanged, None)
        },
        304 => {
            Ending { not_modified: Some(Validators::default()), ..Ending::new(Outcome::NotModified, None) }
        }
        429 => failed(Outcome::Limited),
        403 | 503 if act.retry_after.is_some() => failed(Outcome::Limited),
        403 => failed(Outcome::Blocked),
        410 => failed(Outcome::Gone),
        _ => failed(Outcome::HttpError),
    };
    (head, ending)
}

struct World {
    folder: tempfile::TempDir,
    clock: TestClock,
    store: SqliteStore<TestClock>,
    feeds: HashMap<FeedId, Feed>,
    settings: Settings,
    owner: OwnerId,
    judge: Judge,
    /// How far the wall clock was set back so far.
    set_back: TimeDelta,
    random: fastrand::Rng,
}

impl World {
    async fn new(count: usize, random: fastrand::Rng) -> Self {
        let (folder, clock) = (tempfile::tempdir().expect("a folder"), TestClock::new());
        let store = open_once_free(&folder.path().join("feedwatch.db"), &clock).await.expect("a store");
        let feeds: Vec<Feed> = (0..count).map(feed).collect();
        let settings = Settings::default();
        let entries = feeds.iter().map(|feed| FeedEntry {
            id: feed.id.clone(),
            host: feed.host.clone(),
            url: feed.display_url(),
            request: "GET".to_owned(),
            enabled: true,
            guard: feed.interval.unwrap_or(Duration::from_hours(1)).max(Duration::from_mins(15)),
            is_adaptive: schedule::is_adaptive(feed),
            gap: GAP,
        });
        store.sync_config(entries.collect(), Vec::new()).await.expect("synced");
        let feeds = feeds.into_iter().map(|feed| (feed.id.clone(), feed)).collect();
        let (owner, judge, set_back) = (OwnerId::from("me"), Judge::default(), TimeDelta::zero());
        Self { folder, clock, store, feeds, settings, owner, judge, set_back, random }
    }

    /// The time that does not jump.
    fn true_time(&self) -> Timestamp {
        self.clock.now() + self.set_back
    }

    async fn crash(&mut self) {
        let path = self.folder.path().join("feedwatch.db");
        // The old store must be gone before the new one can have the lock.
        let reader = SqliteStore::open_reader(&path, self.clock.clone()).expect("a reader");
        drop(std::mem::replace(&mut self.store, reader));
        self.store = open_once_free(&path, &self.clock).await.expect("a store");
    }

    /// Polls what is due; `lost`: the process dies before the first answer is on record.
    async fn work(&mut self, lost: bool) -> Duration {
        let claims = self.store.claim_hosts(&self.owner, 64).await.expect("claimed");
        for host in claims.hosts {
            for due in host.feeds {
                self.poll(&host.lease, due, &Market::new(0.0, claims.flock), lost).await;
            }
            if !lost {
                self.store.release_host(&host.lease, GAP).await.expect("released");
            }
        }
        claims.next_due.unwrap_or(Duration::from_mins(1))
    }

    async fn poll(&mut self, lease: &HostLease, due: DueFeed, market: &Market, lost: bool) {
        let feed = self.feeds[&due.state.id].clone();
        let now = self.true_time();
        self.judge.hear(&feed, now);
        if lost {
            return;
        }
        let act = act(&mut self.random);
        self.judge.rule(&feed, now, act);
        let (head, ending) = seen(&feed, &due, act, &mut self.random);
        let record = poll::conclude(&feed, &self.settings, market, &due.state, &head, ending, due.now);
        self.store.record_poll(lease, record.into(), 0).await.expect("recorded");
    }
}

#[tokio::test]
async fn in_a_month_with_hostile_servers_no_request_comes_too_soon() {
    let count = std::env::var("FEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(30);
    let random = fastrand::Rng::new();
    println!("seed={}", random.get_seed());
    let mut world = World::new(count, random).await;
    let begun = world.true_time();
    let (mut crashes, mut jumps) = (0, 0);
    while world.true_time() - begun < TimeDelta::days(DAYS) {
        let elapsed = world.true_time() - begun;
        let crash_due = TimeDelta::days(DAYS) * i32::try_from(crashes).expect("few") / 51 < elapsed;
        let lost = crash_due && crashes < RESTARTS;
        let wait = world.work(lost).await;
        if lost {
            crashes += 1;
            world.crash().await;
        }
        if jumps < 2 && elapsed > TimeDelta::days(10) * (jumps + 1) {
            jumps += 1;
            let back = Duration::from_hours(24 * 365);
            world.clock.jump_back(back);
            world.set_back += TimeDelta::from_std(back).expect("a year");
        }
        world.clock.pass(wait.clamp(Duration::from_millis(100), Duration::from_hours(6)));
    }
    let Judge { requests, too_soon, .. } = &world.judge;
    println!(
        "feeds={count} days={DAYS} crashes={crashes} jumps={jumps} requests={requests} too_soon={}",
        too_soon.len()
    );
    assert!(*requests > u64::try_from(count).expect("few") * 20, "they are asked at all: {requests}");
    assert!(
        too_soon.is_empty(),
        "{} of {requests}: {:#?}",
        too_soon.len(),
        too_soon.iter().take(5).collect::<Vec<_>>()
    );
}
