//! `kill -9` at every fsync of a cycle that polls and delivers: nothing is lost, and repeated is only what was under way.

use std::{
    env,
    process::{Command, Stdio},
    time::Duration,
};

use tokio::time::sleep;

use crate::support::{Article, Config, Daemon, Home, Ledger, PATIENCE, Receiver, Reply, Site, holds, until};

/// Fsyncs at which the daemon is killed, one after the other; more by hand with `FEEDWATCH_FSYNCS`.
const FSYNCS: usize = 30;
/// Lives at the same time.
const LANES: usize = 4;
/// More commits than `FSYNCS`: each is claimed and finished, for each of two receivers.
const ARTICLES: usize = 16;
const NOTIFIERS: [&str; 2] = ["one", "two"];

/// What came of a kill.
#[derive(Debug, Default, Clone, Copy)]
struct Outcome {
    /// The cycle had so many fsyncs.
    killed: usize,
    alerts: usize,
    repeats: usize,
}

#[tokio::test]
async fn a_kill_at_any_fsync_loses_nothing_and_repeats_only_what_was_under_way() {
    if !has_strace() {
        println!("skipped: there is no strace that may trace here");
        return;
    }
    let fsyncs = env::var("FEEDWATCH_FSYNCS").ok().and_then(|text| text.parse().ok()).unwrap_or(FSYNCS);
    let lanes = tokio::join!(lane(1, fsyncs), lane(2, fsyncs), lane(3, fsyncs), lane(4, fsyncs));
    let mut sum = Outcome::default();
    for one in [lanes.0, lanes.1, lanes.2, lanes.3].concat() {
        sum.killed += one.killed;
        sum.alerts += one.alerts;
        sum.repeats += one.repeats;
    }
    println!("fsyncs={fsyncs} kills={} alerts={} lost=0 repeats={}", sum.killed, sum.alerts, sum.repeats);
    assert!(sum.killed * 2 >= fsyncs.min(FSYNCS), "hardly any life came to its fsync: {sum:?}");
}

/// Every fourth fsync, from the first on.
async fn lane(first: usize, fsyncs: usize) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for n in (first..=fsyncs).step_by(LANES) {
        outcomes.push(killed_at(n).await);
    }
    outcomes
}

/// strace must be there, and be allowed to trace (containers may forbid it).
fn has_strace() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-e", "trace=none", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
    strace.status().is_ok_and(|status| status.success())
}

/// A life that ends at its n-th fsync, and one that goes on.
async fn killed_at(n: usize) -> Outcome {
    let site = Site::start().await;
    let receivers = [Receiver::start(1).await, Receiver::start(2).await];
    let articles: Vec<_> = (0..ARTICLES).map(|n| Article::about_s400(&format!("n{n}"))).collect();
    site.publish("/news.xml", &articles);
    let mut config = Config::new().feed(&site, "/news.xml");
    for (name, receiver) in NOTIFIERS.into_iter().zip(&receivers) {
        receiver.otherwise(Reply::After(Duration::from_millis(10), 204));
        config = config.webhook(name, receiver);
    }
    let home = Home::new(&config);
    let inject = format!("inject=fsync,fdatasync:signal=KILL:when={n}");
    let strace =
        ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", &inject];
    let mut daemon = home.spawn_under(&strace);
    let was_killed = ends_or_is_done(&mut daemon, &receivers).await;
    if !was_killed {
        daemon.kill().await;
    }
    let mut ledger = Ledger::default();
    ledger.note(&home);
    let daemon = home.start().await;
    holds("both receivers know every article", || {
        receivers.iter().all(|receiver| receiver.articles().len() == ARTICLES)
    })
    .await;
    until("everything is on record", async || {
        let alerts = home.alerts().await;
        let deliveries = alerts.iter().flat_map(|alert| alert["deliveries"].as_array().into_iter().flatten());
        let delivered = deliveries.filter(|delivery| delivery["state"] == "delivered").count();
        (alerts.len() == ARTICLES && delivered == ARTICLES * NOTIFIERS.len()).then_some(())
    })
    .await;
    daemon.stop().await;
    let repeats = NOTIFIERS
        .into_iter()
        .zip(&receivers)
        .map(|(name, receiver)| ledger.check(name, &receiver.attempts()));
    Outcome { killed: usize::from(was_killed), alerts: ARTICLES, repeats: repeats.sum() }
}

/// Waits for the end of the daemon, or until both receivers have everything; whether it ended.
async fn ends_or_is_done(daemon: &mut Daemon, receivers: &[Receiver]) -> bool {
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < PATIENCE {
        if !daemon.is_running() {
            return true;
        }
        if receivers.iter().all(|receiver| receiver.articles().len() == ARTICLES) {
            return false;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("the daemon neither ended nor delivered");
}
