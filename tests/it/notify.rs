//! The conversation with the service manager, over a real socket: ready, the watchdog, reload, stop.

use std::time::Duration;

use rusqlite::Connection;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::support::{Answer, Article, Config, Home, Manager, Site, daemon::Signal, holds};

/// A watchdog of a second: beats are due every half.
const SECOND: &str = "1000000";

async fn site() -> Site {
    let site = Site::start().await;
    site.publish("/news.xml", &[Article::about_s400("one")]);
    site
}

#[tokio::test]
async fn ready_comes_first_and_the_watchdog_is_fed_in_time() {
    let site = site().await;
    let home = Home::new(&Config::new().feed(&site, "/news.xml"));
    let manager = Manager::in_directory(home.path());
    let daemon = home.spawn_with(&manager.variables(SECOND));
    let first = manager.next_within(super::support::PATIENCE).await.expect("something is told");
    assert_eq!(first.lines, ["READY=1", "STATUS=watching 1 feed, 4 topics, 1 notifier"]);
    assert!(home.database().exists(), "ready means that the store is open");

    // At least every half second, at most four in a second, over three seconds.
    let beats = manager.beats(Duration::from_secs(3)).await;
    assert!((6..=12).contains(&beats), "{beats} beats in three seconds");
    daemon.stop().await;
}

#[tokio::test]
async fn ready_means_that_the_port_answers_and_the_store_is_open() {
    let site = site().await;
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = free.local_addr().expect("its address");
    drop(free);
    let text = Config::new().feed(&site, "/news.xml").text();
    let home = Home::with(&text.replace("listen = \"\"", &format!("listen = \"{address}\"")));
    let manager = Manager::in_directory(home.path());
    let daemon = home.spawn_with(&manager.variables(SECOND));
    assert!(manager.next().await.has("READY=1"));
    let mut page = TcpStream::connect(address).await.expect("the port is bound");
    page.write_all(b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await
        .expect("it is open");
    let mut answer = String::new();
    page.read_to_string(&mut answer).await.expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    daemon.stop().await;
}

#[tokio::test]
async fn without_a_watchdog_nothing_beats_and_without_a_manager_nothing_is_told() {
    let site = site().await;
    let home = Home::new(&Config::new().feed(&site, "/news.xml"));
    let manager = Manager::in_directory(home.path());
    let daemon = home.spawn_with(&manager.variables("")[..1]);
    assert!(manager.next().await.has("READY=1"));
    assert_eq!(manager.beats(Duration::from_secs(1)).await, 0);
    daemon.stop().await;

    let daemon = home.start().await;
    assert!(manager.next().await.has("STOPPING=1"), "that of the first one");
    assert!(manager.next_within(Duration::from_millis(500)).await.is_none());
    daemon.stop().await;
}

#[tokio::test]
async fn a_reload_is_announced_with_its_time_and_its_result() {
    let site = site().await;
    let config = Config::new().feed(&site, "/news.xml");
    let home = Home::new(&config);
    let manager = Manager::in_directory(home.path());
    let daemon = home.spawn_with(&manager.variables(SECOND));
    assert!(manager.next().await.has("READY=1"));

    site.publish("/more.xml", &[]);
    home.write("feedwatch.toml", config.clone().feed(&site, "/more.xml").text());
    daemon.signal(Signal::HUP);
    let reloading = manager.next().await;
    assert!(reloading.has("RELOADING=1"), "{reloading:?}");
    let usec: u64 = reloading.value("MONOTONIC_USEC").expect("its time").parse().expect("a number");
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let age = u64::try_from(now.tv_sec).expect("a time after the boot") - usec / 1_000_000;
    assert!(age < 30, "announced {age} s ago");
    assert_eq!(manager.next().await.lines, ["READY=1", "STATUS=watching 2 feeds, 4 topics, 1 notifier"]);

    home.write("feedwatch.toml", config.text().replace("[notify]", "[notify]\ndrian = \"1s\""));
    daemon.signal(Signal::HUP);
    assert!(manager.next().await.has("RELOADING=1"));
    let refused = manager.next().await;
    assert!(refused.has("READY=1"), "{refused:?}");
    let status = refused.value("STATUS").expect("a status");
    assert!(status.starts_with("reload refused: feedwatch.toml:") && status.contains("drian"), "{status}");
    daemon.stop().await;
}

#[tokio::test]
async fn the_end_is_announced_and_an_idle_one_takes_less_than_a_second() {
    let site = site().await;
    let home = Home::new(&Config::new().feed(&site, "/news.xml"));
    let manager = Manager::in_directory(home.path());
    let daemon = home.spawn_with(&manager.variables(SECOND));
    assert!(manager.next().await.has("READY=1"));
    holds("a poll", || !site.visits("/news.xml").is_empty()).await;
    daemon.signal(Signal::TERM);
    let stopping = manager.next().await;
    assert!(stopping.has("STOPPING=1") && stopping.value("STATUS").is_some(), "{stopping:?}");
    let (status, log) = daemon.end().await;
    assert_eq!(status.code(), Some(0), "{log:#?}");
    assert!(stopping.at.elapsed() < Duration::from_secs(1), "{:?}", stopping.at.elapsed());
}

#[tokio::test]
async fn a_daemon_that_stands_still_does_not_beat_and_one_that_waits_for_feeds_does() {
    let site = site().await;
    site.set("/news.xml", Answer::Hang);
    let home = Home::new(&Config::new().feed(&site, "/news.xml"));
    let manager = Manager::in_directory(home.path());
    let daemon = home.spawn_with(&manager.variables(SECOND));
    assert!(manager.next().await.has("READY=1"));
    holds("a poll hangs", || site.under_way() == 1).await;
    assert!(manager.beats(Duration::from_secs(2)).await >= 4, "a site that hangs is no fault of ours");

    daemon.signal(Signal::STOP);
    manager.beats(Duration::from_millis(100)).await;
    assert_eq!(manager.beats(Duration::from_secs(2)).await, 0);
    daemon.signal(Signal::CONT);
    assert!(manager.beats(Duration::from_secs(2)).await > 0, "it beats again once it goes on");
    daemon.stop().await;
}

#[tokio::test]
async fn a_store_that_another_program_holds_does_not_stop_the_beat_nor_the_end() {
    let site = site().await;
    let home = Home::new(&Config::new().feed(&site, "/news.xml"));
    let manager = Manager::in_directory(home.path());
    // The database waits for five seconds by itself before it says that it is locked.
    let daemon = home.spawn_with(&manager.variables("12000000"));
    assert!(manager.next().await.has("READY=1"));
    let locked = Connection::open(home.database()).expect("the database");
    locked.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    daemon.line("nothing can be stored").await;
    assert!(manager.beats(Duration::from_secs(9)).await >= 2, "locked is no reason to die");
    drop(locked);
    daemon.line("the store works again").await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_and_nothing_is_ready() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = taken.local_addr().expect("its address");
    let listen = format!("listen = \"{address}\"");
    let home = Home::with(&Config::new().text().replace("listen = \"\"", &listen));
    let manager = Manager::in_directory(home.path());
    let (status, log) = home.spawn_with(&manager.variables(SECOND)).end().await;
    assert_eq!(status.code(), Some(1));
    assert!(log.iter().any(|line| line.contains(&address.to_string()) && line.contains("taken")), "{log:#?}");
    assert!(manager.next_within(Duration::from_millis(100)).await.is_none());
    assert!(!home.database().exists(), "the store was not touched");
}
