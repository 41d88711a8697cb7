//! Restarts, downtime, clocks that jump: specs/polling.md §8.

use std::{collections::HashSet, sync::Arc, time::Duration};

use feedwatch::{
    app,
    clock::Clock,
    config::{self, Environment, Purpose},
    model::OwnerId,
    poll::Poller,
    store::Store,
};
use rusqlite::Connection;
use serde_json::Value;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    clock::TestClock,
    store::rig::{Engine, Sqlite},
    support::{Answer, Config, Home, Site, holds, now},
};

/// Everything that the database knows about feeds and hosts happened so many hours earlier than it did.
pub fn let_hours_pass(home: &Home, hours: i64) {
    let database = Connection::open(home.database()).expect("the database");
    let feeds = "UPDATE feed SET next_poll = next_poll - ?1, last_attempt = last_attempt - ?1, \
                 last_success = last_success - ?1, retry_after = retry_after - ?1";
    database.execute(feeds, [hours * 3_600_000]).expect("feeds can be changed");
    let hosts = "UPDATE host SET next_due = next_due - ?1, pause_until = pause_until - ?1";
    database.execute(hosts, [hours * 3_600_000]).expect("hosts can be changed");
}

fn many(site: &Site, count: usize, interval: &str) -> Config {
    (0..count).fold(Config::new(), |config, n| {
        let path = format!("/{n}.xml");
        site.set(&path, Answer::page(&[("etag", "\"1\"")]));
        config.every(site, &path, interval)
    })
}

/// Minutes from now to each feed's next poll, in order.
fn minutes_to_go(status: &Value) -> Vec<i64> {
    let feeds = status["feeds"].as_array().expect("feeds");
    let at = |feed: &Value| feed["next_poll"].as_str()?.parse::<feedwatch::model::Timestamp>().ok();
    let mut minutes: Vec<i64> =
        feeds.iter().map(|feed| (at(feed).expect("a next poll") - now()).num_minutes()).collect();
    minutes.sort_unstable();
    minutes
}

#[tokio::test]
async fn twenty_crashes_ask_each_feed_once_and_keep_the_gap_of_the_host() {
    let site = Site::start().await;
    let name = site.url("").replace("http://", "");
    let manners = format!("[[host]]\nname = \"{name}\"\ngap = \"400ms\"\nin_flight = 1\n");
    let home = Home::new(&many(&site, 100, "1h").add(&manners));
    let begun = Instant::now();
    for _ in 0..20 {
        let daemon = home.start().await;
        sleep(Duration::from_millis(500)).await;
        daemon.kill().await;
    }
    let took = begun.elapsed();
    let visits = site.all_visits();
    let mut paths: Vec<_> = visits.iter().map(|visit| visit.request.path.clone()).collect();
    paths.sort_unstable();
    let asked = paths.len();
    paths.dedup();
    println!("20 crashes in {took:?}: {asked} requests for {} feeds", paths.len());
    assert!((5..=100).contains(&asked));
    // A feed whose answer was lost in a crash is asked again after a minute at the soonest.
    assert!(took > Duration::from_mins(1) || paths.len() == asked, "no feed is asked twice");
    let distances = visits.windows(2).map(|pair| pair[1].request.at - pair[0].request.at);
    let least = distances.min().expect("several requests");
    // Less than the gap by what a busy site may note a request too late.
    assert!(least >= Duration::from_millis(300), "{least:?} between two requests");
}

#[tokio::test]
async fn after_three_days_down_overdue_feeds_come_bit_by_bit_and_new_ones_at_once() {
    let site = Site::start().await;
    let config = many(&site, 100, "1h");
    let home = Home::new(&config);
    home.run(&["once"]).await;
    assert_eq!(site.all_visits().len(), 100);
    let_hours_pass(&home, 72);
    site.set("/new.xml", Answer::page(&[]));
    home.write("feedwatch.toml", config.every(&site, "/new.xml", "1h").text());
    let daemon = home.start().await;
    holds("the new feed is asked", || !site.visits("/new.xml").is_empty()).await;
    holds("the most overdue feed is asked", || site.all_visits().len() >= 102).await;
    daemon.line("overdue feeds are asked bit by bit").await;
    sleep(Duration::from_secs(2)).await;
    let status = home.status().await;
    daemon.stop().await;
    assert!(site.all_visits().len() <= 104, "{} requests at once", site.all_visits().len() - 101);
    let minutes = minutes_to_go(&status);
    assert!(minutes.iter().filter(|minutes| **minutes < 5).count() <= 34, "{minutes:?}");
    assert!(minutes[..98].iter().all(|minutes| *minutes < 15), "over a quarter of an hour: {minutes:?}");

    // A restart in the middle of it changes nothing.
    let daemon = home.start().await;
    holds("it looks for work", || site.all_visits().len() >= 102).await;
    daemon.stop().await;
    assert!(site.all_visits().len() <= 105);
}

#[tokio::test]
async fn a_feed_is_held_no_longer_than_one_interval_of_its_own() {
    let site = Site::start().await;
    let home = Home::new(&many(&site, 30, "2s"));
    home.run(&["once"]).await;
    let_hours_pass(&home, 72);
    let daemon = home.start().await;
    holds("all are asked", || site.all_visits().len() >= 60).await;
    daemon.stop().await;
}

/// With a clock that is a year off, in either direction, nobody is asked in a burst, and nobody waits for a year.
#[tokio::test]
async fn a_clock_that_jumps_a_year_causes_neither_a_burst_nor_silence() {
    const YEAR: i64 = 24 * 365;
    for hours in [YEAR, -YEAR] {
        let site = Site::start().await;
        let home = Home::new(&many(&site, 50, "1h"));
        home.run(&["once"]).await;
        let_hours_pass(&home, hours);
        let daemon = home.start().await;
        sleep(Duration::from_secs(2)).await;
        let status = home.status().await;
        daemon.stop().await;
        assert!(site.all_visits().len() <= 52, "{hours}: {} at once", site.all_visits().len() - 50);
        let minutes = minutes_to_go(&status);
        assert!(minutes.iter().all(|minutes| (-1..=67).contains(minutes)), "{hours}: {minutes:?}");
    }
}

/// The same while it runs: the loop with a clock that is set.
#[tokio::test]
async fn a_clock_that_jumps_ahead_while_feedwatch_runs_causes_no_burst() {
    let (site, clock, engine) =
        (Site::start().await, TestClock::new(), Sqlite::make().await.expect("SQLite is everywhere"));
    let home = Home::new(&many(&site, 50, "1h"));
    let file = home.path().join("feedwatch.toml");
    let config = config::load(&file, Purpose::Run, &Environment::of([])).expect("a configuration").config;
    let store = engine.open(&clock).await;
    app::sync(&store, &config).await.expect("synced");
    let (_live, live) =
        watch::channel(Arc::new(app::live(&config, &feedwatch::metrics::Metrics::default()).expect("live")));
    let poller = Poller::new(store.clone(), OwnerId::from("me"), live, Arc::new(Notify::new()));
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let running = tasks.spawn(poller.run(config.store.lease, stop.clone()));
    holds("the first round", || site.all_visits().len() == 50).await;

    for (jump, round) in [(24 * 365, 1), (72, 2)] {
        clock.pass(Duration::from_hours(jump));
        sleep(Duration::from_secs(3)).await;
        let asked = site.all_visits().len() - 50;
        assert!((1..=5 * round).contains(&asked), "{asked} requests after a jump of {jump} h");
    }
    let states = store.feed_states().await.expect("states");
    let hosts: HashSet<i64> =
        states.iter().filter_map(|state| Some((state.next_poll? - clock.now()).num_minutes())).collect();
    assert!(hosts.iter().all(|minutes| (-1..=67).contains(minutes)), "{hosts:?}");
    assert!(hosts.len() > 10, "they come one by one: {hosts:?}");
    stop.cancel();
    running.await.expect("the loop ends").expect("well");
}
