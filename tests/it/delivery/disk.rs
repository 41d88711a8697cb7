//! A disk that is really full: a small tmpfs. Filled and freed, nothing is lost, nothing repeated, nobody restarts.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::PathBuf,
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use crate::support::{Article, Config, Daemon, Home, Receiver, Reply, Site, holds, until};

const ARTICLES: usize = 50;

/// A tmpfs of 16 MiB, gone when dropped.
struct Disk(TempDir);

impl Disk {
    /// `None` where this may not be mounted: it takes root.
    #[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
    fn mount() -> Option<Self> {
        let point = TempDir::new().expect("a temporary directory can be made");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16m,mode=700", "feedwatch-test"]).arg(point.path());
        let is_mounted = mount.output().is_ok_and(|output| output.status.success());
        if !is_mounted {
            println!("skipped: a tmpfs may not be mounted here");
        }
        is_mounted.then_some(Self(point))
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }

    /// To the last byte.
    fn fill(&self) {
        let mut file = File::create(self.filler()).expect("there is room for a name");
        for size in [64 << 10, 4 << 10, 1] {
            loop {
                match file.write(&vec![0; size]) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("the disk cannot be filled: {error}"),
                }
            }
        }
    }

    fn free(&self) {
        fs::remove_file(self.filler()).expect("it was filled");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

async fn scene(disk: &Disk) -> (Site, Receiver, Home) {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    site.publish("/news.xml", &[]);
    // A host that cannot be given back is held as long as its lease.
    let config = Config::new().add("[store]\nlease = \"2s\"\n").feed(&site, "/news.xml");
    let home = Home::in_directory(disk.0.path(), &config.webhook("desk", &receiver).text());
    (site, receiver, home)
}

fn articles() -> Vec<Article> {
    let long = "On the S-400, at length. ".repeat(400);
    let article = |n| Article { summary: long.clone(), ..Article::about_s400(&format!("n{n}")) };
    (0..ARTICLES).map(article).collect()
}

/// Everything was accepted once, and the log was not full of it.
#[track_caller]
fn check_once(receiver: &Receiver, daemon: &Daemon, times_full: usize) {
    let articles = receiver.articles();
    assert!(articles.len() == ARTICLES && articles.values().all(|&times| times == 1), "{articles:?}");
    let log = daemon.log();
    let loud = log.iter().filter(|line| line.contains("ERROR") || line.contains("WARN")).count();
    assert!(loud <= 4 * times_full, "{log:#?}");
}

fn errors(daemon: &Daemon) -> usize {
    daemon.log().iter().filter(|line| line.contains("nothing can be stored")).count()
}

#[tokio::test]
async fn a_poll_that_finds_no_room_is_made_again_and_nothing_of_it_is_sent_before() {
    let Some(disk) = Disk::mount() else { return };
    let (site, receiver, home) = scene(&disk).await;
    let mut daemon = home.start().await;
    holds("a poll", || !site.visits("/news.xml").is_empty()).await;
    disk.fill();
    site.publish("/news.xml", &articles());
    holds("the full disk is told", || errors(&daemon) == 1).await;
    assert!(daemon.is_running() && receiver.attempts().is_empty(), "{:#?}", daemon.log());
    disk.free();
    holds("all alerts", || receiver.articles().len() == ARTICLES).await;
    check_once(&receiver, &daemon, 1);
    daemon.stop().await;
}

#[tokio::test]
async fn a_disk_that_fills_up_while_alerts_are_sent_costs_none_and_repeats_none() {
    let Some(disk) = Disk::mount() else { return };
    let (site, receiver, home) = scene(&disk).await;
    receiver.otherwise(Reply::After(Duration::from_millis(50), 204));
    let daemon = home.start().await;
    holds("a poll", || !site.visits("/news.xml").is_empty()).await;
    site.publish("/news.xml", &articles());
    let mut times_full = 0;
    for sent in [5, 20, 35] {
        holds("some are sent", || receiver.accepted().len() >= sent).await;
        disk.fill();
        times_full += 1;
        // What was under way ends; no more begins, for it could not be recorded.
        holds("the full disk is told", || errors(&daemon) == times_full).await;
        disk.free();
    }
    holds("all alerts", || receiver.articles().len() == ARTICLES).await;
    until("all are on record", async || {
        let status = home.status().await;
        (status["notifiers"][0]["pending"] == 0).then_some(())
    })
    .await;
    check_once(&receiver, &daemon, times_full);
    daemon.stop().await;
    home.start().await.stop().await;
    assert_eq!(receiver.attempts().len(), ARTICLES, "after a restart, too, nothing is sent again");
}
