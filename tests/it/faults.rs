//! Trouble with the store is waited out: nothing is sent that is not on record, nothing is lost, nobody restarts.

use std::{fs, time::Duration};

use rusqlite::Connection;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::support::{Article, Config, Daemon, Home, Receiver, Reply, Site, holds, until};

async fn one_feed() -> (Site, Receiver, Home) {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    site.publish("/news.xml", &[]);
    // A host that cannot be given back is held as long as its lease.
    let config = Config::new().add("[store]\nlease = \"2s\"\n");
    let home = Home::new(&config.feed(&site, "/news.xml").webhook("desk", &receiver));
    (site, receiver, home)
}

fn many_articles() -> Vec<Article> {
    let long = "On the S-400, at length. ".repeat(400);
    (0..50).map(|n| Article { summary: long.clone(), ..Article::about_s400(&format!("n{n}")) }).collect()
}

/// From now on no file of the daemon may grow beyond so many bytes: to SQLite that is a full disk.
fn limit_files(daemon: &Daemon, bytes: Option<u64>) {
    let pid = daemon.pid().try_into().ok().and_then(Pid::from_raw).expect("a process id");
    let limit = Rlimit { current: bytes, maximum: None };
    prlimit(Some(pid), Resource::Fsize, limit).expect("the limit of a child can be set");
}

#[tokio::test]
async fn a_full_disk_is_waited_out() {
    let (site, receiver, home) = one_feed().await;
    let mut daemon = home.start().await;
    holds("a poll", || !site.visits("/news.xml").is_empty()).await;
    limit_files(&daemon, Some(0));
    site.publish("/news.xml", &many_articles());
    daemon.line("ERROR").await;
    assert!(daemon.is_running(), "{:#?}", daemon.log());
    assert!(receiver.attempts().is_empty(), "nothing is sent that is not on record");
    limit_files(&daemon, None);
    holds("all alerts", || receiver.articles().len() == 50).await;
    check_calm(&daemon);
    daemon.stop().await;
    assert!(receiver.articles().values().all(|&times| times == 1), "{:?}", receiver.articles());
}

/// Trouble is told when it begins and when it ends, not at every try.
#[track_caller]
fn check_calm(daemon: &Daemon) {
    let log = daemon.log();
    let loud = log.iter().filter(|line| line.contains("ERROR") || line.contains("WARN"));
    assert!(loud.count() <= 4, "{log:#?}");
}

#[tokio::test]
async fn a_result_that_cannot_be_written_is_not_sent_a_second_time() {
    let (site, receiver, home) = one_feed().await;
    receiver.otherwise(Reply::After(Duration::from_secs(1), 200));
    let mut daemon = home.start().await;
    site.publish("/news.xml", &[Article::about_s400("one")]);
    holds("the request is out", || !receiver.attempts().is_empty()).await;
    limit_files(&daemon, Some(0));
    holds("the answer is out", || !receiver.accepted().is_empty()).await;
    daemon.line("ERROR").await;
    assert!(daemon.is_running(), "{:#?}", daemon.log());
    limit_files(&daemon, None);
    until("the delivery is on record", async || {
        (home.alerts().await.first()?["deliveries"][0]["state"] == "delivered").then_some(())
    })
    .await;
    daemon.stop().await;
    assert_eq!(receiver.attempts().len(), 1);
}

#[tokio::test]
async fn a_database_that_somebody_locks_is_waited_for() {
    let (site, receiver, home) = one_feed().await;
    let daemon = home.start().await;
    holds("a poll", || !site.visits("/news.xml").is_empty()).await;
    let somebody = Connection::open(home.database()).expect("a database");
    somebody.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    site.publish("/news.xml", &[Article::about_s400("one")]);
    daemon.line("ERROR").await;
    assert!(receiver.attempts().is_empty(), "nothing is sent that is not on record");
    somebody.execute_batch("ROLLBACK").expect("the lock is given back");
    holds("the alert", || receiver.accepted().len() == 1).await;
    check_calm(&daemon);
    daemon.stop().await;
    assert_eq!(receiver.attempts().len(), 1);
}

#[tokio::test]
async fn a_lock_while_alerts_are_sent_costs_none_and_repeats_none() {
    let (site, receiver, home) = one_feed().await;
    receiver.otherwise(Reply::After(Duration::from_millis(200), 204));
    let articles: Vec<_> = (0..20).map(|n| Article::about_s400(&format!("n{n}"))).collect();
    site.publish("/news.xml", &articles);
    let daemon = home.start().await;
    holds("sends are under way", || receiver.attempts().len() >= 6).await;
    let somebody = Connection::open(home.database()).expect("a database");
    somebody.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    // Longer than SQLite itself waits.
    daemon.line("nothing can be stored").await;
    let sent = receiver.attempts().len();
    assert!(sent < 20 && receiver.accepted().len() == sent, "what was under way ended, no more began");
    somebody.execute_batch("ROLLBACK").expect("the lock is given back");
    holds("all alerts", || receiver.articles().len() == 20).await;
    until("all are on record", async || (home.status().await["notifiers"][0]["pending"] == 0).then_some(()))
        .await;
    daemon.stop().await;
    assert_eq!(receiver.attempts().len(), 20);
}

#[tokio::test]
async fn a_daemon_whose_database_is_taken_away_says_so_and_ends() {
    let (_site, _receiver, home) = one_feed().await;
    let daemon = home.start().await;
    fs::rename(home.database(), home.path().join("elsewhere.db")).expect("the file can be moved");
    let (status, log) = daemon.end().await;
    assert_eq!(status.code(), Some(1), "{log:#?}");
    assert!(log.iter().any(|line| line.contains("feedwatch.db")), "{log:#?}");
}
