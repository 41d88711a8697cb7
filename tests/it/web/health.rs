//! `/health/live` and `/health/ready`: what a machine is told that restarts or routes.

use std::{path::Path, sync::Arc, time::Duration};

use feedwatch::{
    clock::SystemClock,
    metrics::Metrics,
    pulse::Pulse,
    store::{Location, Settings, sqlite::SqliteStore},
    web::{self, State, Watched},
};
use rusqlite::Connection;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tokio::{
    net::TcpListener,
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::client::{Page, text};
use crate::support::{Article, Config, Daemon, Home, Site, holds, until};

async fn daemon() -> (Site, Home, Daemon, Page) {
    let site = Site::start().await;
    site.publish("/news.xml", &[Article::about_s400("one")]);
    let home = Home::new(&Config::new().page().feed(&site, "/news.xml"));
    let daemon = home.start().await;
    let page = Page::of(&daemon).await;
    holds("a poll", || !site.visits("/news.xml").is_empty()).await;
    (site, home, daemon, page)
}

#[tokio::test]
async fn a_daemon_that_works_is_alive_and_ready() {
    let (_site, _home, daemon, page) = daemon().await;
    let (live, ready) = (page.get("/health/live").await, page.get("/health/ready").await);
    assert_eq!((live.status, live.body.as_str()), (200, "ok\n"));
    assert_eq!((ready.status, ready.body.as_str()), (200, "store: ok\n"));
    assert_eq!(live.header("content-type"), Some("text/plain; charset=utf-8"));
    daemon.stop().await;
}

/// Waits until `/health/ready` answers so, and gives what it says.
async fn ready_is(page: Page, status: u16) -> String {
    until(&format!("ready is {status}"), async || {
        let answer = page.get("/health/ready").await;
        (answer.status == status).then_some(answer.body)
    })
    .await
}

/// Page, metrics and readiness tell the same of a store that takes nothing; the daemon is alive all the time.
async fn check_trouble(page: Page, words: &str) {
    let begun = Instant::now();
    let said = ready_is(page, 503).await;
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert!(said.starts_with("store: ") && said.contains(words), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(page.get("/health/live").await.status, 200, "a restart would not help");
    assert!(page.get("/metrics").await.body.contains("\nfeedwatch_ready 0\n"));
    let html = page.get("/").await.html();
    assert!(text(&html, "h1.bad").contains("Nothing can be stored"), "{}", html.html());
}

async fn check_recovery(page: Page) {
    let begun = Instant::now();
    assert_eq!(ready_is(page, 200).await, "store: ok\n");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(page.get("/metrics").await.body.contains("\nfeedwatch_ready 1\n"));
    page.once("/", |html| text(html, "h1").contains("healthy")).await;
}

#[tokio::test]
async fn a_database_that_somebody_locks_is_not_ready() {
    let (_site, home, daemon, page) = daemon().await;
    let somebody = Connection::open(home.database()).expect("a database");
    somebody.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    check_trouble(page, "locked").await;
    drop(somebody);
    check_recovery(page).await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_full_disk_is_not_ready() {
    let (site, _home, daemon, page) = daemon().await;
    let limit = |bytes| {
        let pid = daemon.pid().try_into().ok().and_then(Pid::from_raw).expect("a process id");
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(pid), Resource::Fsize, limit).expect("the limit of a child can be set");
    };
    limit(Some(0));
    site.publish("/news.xml", &[Article::about_s400("two")]);
    check_trouble(page, "feedwatch.db").await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(7) {
        // Looking for work writes nothing, and succeeds: that is no sign of health.
        assert_eq!(page.get("/health/ready").await.status, 503);
        sleep(Duration::from_millis(20)).await;
    }
    let told = daemon.log().iter().filter(|line| line.contains("nothing can be stored")).count();
    assert_eq!(told, 1, "{:#?}", daemon.log());
    limit(None);
    check_recovery(page).await;
    daemon.stop().await;
}

/// The page of a library: with a heart that a test can stop.
struct Served {
    page: Page,
    state: State<SqliteStore<SystemClock>, SystemClock>,
    pulse: Pulse,
    folder: tempfile::TempDir,
    stop: CancellationToken,
    _watched: watch::Sender<Arc<Watched>>,
}

fn settings(path: &Path) -> Settings {
    let day = Duration::from_hours(24);
    Settings {
        location: Location::Sqlite(path.to_owned()),
        retention: day,
        seen_retention: day,
        lease: Duration::from_secs(30),
        connections: 8,
        keep_delivered: day,
        keep_dead: day,
    }
}

async fn served(patience: Duration) -> Served {
    let watched = Watched {
        feeds: Vec::new(),
        notifiers: Vec::new(),
        topics: Vec::new(),
        store: "sqlite",
        failing_after: 3,
        max_pending: 100,
    };
    let (sender, receiver) = watch::channel(Arc::new(watched));
    let pulse = Pulse::new(patience);
    let state =
        State::new(web::Settings::default(), receiver, SystemClock, pulse.clone(), Metrics::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let page = Page { address: listener.local_addr().expect("its address") };
    let stop = CancellationToken::new();
    TaskTracker::new().spawn(web::serve(listener, state.clone(), stop.clone()));
    let folder = tempfile::tempdir().expect("a folder");
    Served { page, state, pulse, folder, stop, _watched: sender }
}

#[tokio::test]
async fn before_the_store_is_open_it_is_alive_and_not_ready() {
    let served = served(Duration::from_mins(1)).await;
    let page = served.page;
    let ready = page.get("/health/ready").await;
    assert_eq!((ready.status, ready.body.as_str()), (503, "store: not open yet\n"));
    assert_eq!(page.get("/health/live").await.status, 200);
    assert_eq!(page.get("/alerts.atom").await.status, 503);
    let start = page.get("/").await;
    assert_eq!(start.status, 503);
    assert_eq!(text(&start.html(), "h1"), "feedwatch is starting.");
    assert!(page.get("/metrics").await.body.contains("\nfeedwatch_ready 0\n"));

    let path = served.folder.path().join("feedwatch.db");
    served.state.opened(SqliteStore::open(&path, &settings(&path), SystemClock).expect("a store"));
    assert_eq!(page.get("/health/ready").await.status, 200);
    served.stop.cancel();
}

#[tokio::test]
async fn a_loop_that_stops_is_neither_alive_nor_ready() {
    let served = served(Duration::from_millis(400)).await;
    let (page, pulse) = (served.page, &served.pulse);
    pulse.beat("polling");
    assert_eq!(page.get("/health/live").await.status, 200);
    let stalled = until("it is stalled", async || {
        let answer = page.get("/health/live").await;
        (answer.status == 503).then_some(answer.body)
    });
    assert_eq!(stalled.await, "stalled: polling\n");
    assert!(page.get("/health/ready").await.body.ends_with("\npolling: stalled\n"));
    pulse.beat("polling");
    assert_eq!(page.get("/health/live").await.body, "ok\n");
    served.stop.cancel();
}
