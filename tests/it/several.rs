//! Several instances on one PostgreSQL: the real program, three times. They share the work without talking, a host sees
//! one of them at a time, and whoever dies, hangs or loses the server costs nothing but time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::support::{
    Answer, Article, Config, Daemon, Home, PATIENCE, Receiver, Reply, Site, daemon::Signal, holds, now,
    postgres::Cluster, receiver::Attempt, until,
};

const INSTANCES: usize = 3;
/// How long a host is held by who does not renew: as short as it may be.
const LEASE: Duration = Duration::from_secs(2);
/// Sends of one notifier under way at the same time in one instance, by default.
const CONCURRENCY: usize = 4;
/// What a busy machine may add to any wait.
const SLACK: Duration = Duration::from_secs(4);

/// Instances with one configuration, each in a directory of its own.
struct Group {
    homes: Vec<Home>,
}

impl Group {
    /// On this database, with short waits; each instance says its name to the sites.
    fn new(url: &str, config: &Config) -> Self {
        let home = |n| {
            let named = config.clone().http(&format!("timeout = \"3s\"\ncontact = \"instance{n}\""));
            Home::new(&named.add(&format!("[store]\nurl = \"{url}\"\nlease = \"{}s\"\n", LEASE.as_secs())))
        };
        Self { homes: (0..INSTANCES).map(home).collect() }
    }

    /// All at once.
    async fn start(&self) -> Vec<Daemon> {
        let daemons: Vec<_> = self.homes.iter().map(Home::spawn).collect();
        for daemon in &daemons {
            daemon.line("watching ").await;
        }
        daemons
    }

    /// What any of them tells of the notifiers, once nothing waits.
    async fn delivered(&self) -> Value {
        until("the queues are empty", async || {
            let status = self.homes[0].status().await;
            let is_empty = |queue: &Value| queue["pending"] == 0 && queue["dead"] == 0;
            status["notifiers"].as_array()?.iter().all(is_empty).then_some(status)
        })
        .await
    }
}

/// Which instance asked.
fn who(user_agent: &str) -> String {
    let name = user_agent.split("instance").nth(1).expect("each instance says its name");
    name.chars().take_while(char::is_ascii_digit).collect()
}

async fn sites(count: usize) -> Vec<Site> {
    let mut sites = Vec::new();
    for _ in 0..count {
        sites.push(Site::start().await);
    }
    sites
}

/// Three feeds of each site, asked every second.
fn watching(sites: &[Site], mut config: Config) -> Config {
    for site in sites {
        for path in ["/a", "/b", "/c"] {
            site.publish(path, &[]);
            config = config.feed(site, path);
        }
    }
    config
}

#[tokio::test]
async fn a_host_sees_one_instance_at_a_time_and_each_does_its_part() {
    const GAP: Duration = Duration::from_millis(150);
    let Some(cluster) = Cluster::shared().await else { return };
    let sites = sites(20).await;
    let mut config = watching(&sites, Config::new());
    for site in &sites {
        for path in ["/a", "/b", "/c"] {
            site.set(path, Answer::After(Duration::from_millis(30), Box::new(Answer::feed(&[]))));
        }
        let host = site.url("").replace("http://", "");
        config = config.add(&format!("[[host]]\nname = \"{host}\"\ngap = \"150ms\"\nin_flight = 1\n"));
    }
    let group = Group::new(&cluster.database().await, &config);
    let daemons = group.start().await;
    holds("every feed was asked six times", || {
        sites.iter().all(|site| ["/a", "/b", "/c"].iter().all(|path| site.visits(path).len() >= 6))
    })
    .await;
    for daemon in daemons {
        daemon.stop().await;
    }
    let mut parts: BTreeMap<String, usize> = BTreeMap::new();
    for site in &sites {
        assert_eq!(site.most_under_way(), 1, "two requests at one host at the same time");
        let visits = site.all_visits();
        for pair in visits.windows(2) {
            let apart = pair[1].request.at - pair[0].request.at;
            assert!(apart >= GAP, "{apart:?} between two requests to one host");
        }
        for path in ["/a", "/b", "/c"] {
            for pair in site.visits(path).windows(2) {
                let apart = pair[1].request.at - pair[0].request.at;
                // A request that a busy machine delays on its way comes a little nearer to the next one.
                assert!(apart >= Duration::from_millis(750), "{apart:?} between two polls of one feed");
            }
        }
        for visit in &visits {
            *parts.entry(who(visit.request.header("user-agent").expect("one"))).or_default() += 1;
        }
    }
    let all: usize = parts.values().sum();
    println!("requests={all} parts={parts:?}");
    assert_eq!(parts.len(), INSTANCES, "{parts:?}");
    assert!(parts.values().all(|part| part * 20 >= all), "each does at least a twentieth: {parts:?}");
}

/// Articles that appear while something happens to one of three instances; everything must arrive once, or again only
/// under the same id with the same bytes.
struct Load {
    sites: Vec<Site>,
    receiver: Receiver,
    published: usize,
}

impl Load {
    async fn new() -> Self {
        let (sites, receiver) = (sites(8).await, Receiver::start(1).await);
        // Slow enough that sends are under way most of the time.
        receiver.otherwise(Reply::After(Duration::from_millis(50), 200));
        Self { sites, receiver, published: 0 }
    }

    fn config(&self) -> Config {
        let config = Config::new().notify("retry = [\"200ms\"]\ntimeout = \"1s\"\nlease = \"2s\"");
        watching(&self.sites, config.webhook("desk", &self.receiver))
    }

    /// So many more articles, spread over all feeds.
    fn publish(&mut self, more: usize) {
        self.published += more;
        for (n, site) in self.sites.iter().enumerate() {
            let numbers = (0..self.published).filter(|number| number % self.sites.len() == n).rev();
            let articles: Vec<_> = numbers.map(|number| Article::about_s400(&format!("n{number}"))).collect();
            site.publish("/a", &articles);
        }
    }

    async fn all_arrive(&self) {
        holds("the receiver knows every article", || self.receiver.articles().len() == self.published).await;
    }

    /// Every feed was asked again since then by somebody other than that one.
    async fn taken_over(&self, since: Instant, from: &str) {
        holds("the others ask every feed", || {
            self.sites.iter().all(|site| {
                ["/a", "/b", "/c"].iter().all(|path| {
                    site.visits(path).iter().any(|visit| {
                        let by = who(visit.request.header("user-agent").expect("one"));
                        visit.request.at > since && by != from
                    })
                })
            })
        })
        .await;
    }

    /// The longest that any feed was not asked.
    fn longest_pause(&self) -> Duration {
        let paths = self.sites.iter().flat_map(|site| ["/a", "/b", "/c"].map(|path| site.visits(path)));
        let pauses = paths.flat_map(|visits| {
            visits.windows(2).map(|pair| pair[1].request.at - pair[0].request.at).collect::<Vec<_>>()
        });
        pauses.max().unwrap_or_default()
    }
}

/// An article has one id, an id has one body; how many requests repeated an id.
#[track_caller]
fn check_repeats(attempts: &[Attempt]) -> usize {
    let (mut ids, mut bodies) = (BTreeMap::new(), BTreeMap::new());
    for attempt in attempts {
        let id = ids.entry(attempt.article_url()).or_insert(attempt.id());
        assert_eq!(*id, attempt.id(), "an article came under a second id");
        let body = bodies.entry(attempt.id()).or_insert(&attempt.request.body);
        assert_eq!(*body, &attempt.request.body, "an id came with a second body");
    }
    attempts.len() - ids.len()
}

#[tokio::test]
async fn who_is_killed_is_replaced_within_a_lease_and_nothing_is_lost() {
    let Some(cluster) = Cluster::shared().await else { return };
    let mut load = Load::new().await;
    let group = Group::new(&cluster.database().await, &load.config());
    let mut daemons = group.start().await;
    load.publish(40);
    holds("sends are under way", || load.receiver.attempts().len() > 5).await;
    let killed = Instant::now();
    daemons.remove(0).kill().await;
    load.publish(40);
    load.taken_over(killed, "0").await;
    load.all_arrive().await;
    group.delivered().await;
    for daemon in daemons {
        daemon.stop().await;
    }
    let repeats = check_repeats(&load.receiver.attempts());
    let pause = load.longest_pause();
    println!("alerts={} lost=0 repeats={repeats} longest_pause={pause:?}", load.published);
    assert!(repeats <= CONCURRENCY, "only what was under way may repeat: {repeats}");
    // Due a second after its last poll, taken over a lease later, looked for every second.
    let most = Duration::from_secs(1) + LEASE + Duration::from_secs(2) + SLACK;
    assert!(pause <= most, "a feed was not asked for {pause:?}");
}

#[tokio::test]
async fn who_hangs_past_its_lease_changes_nothing_when_it_goes_on() {
    let Some(cluster) = Cluster::shared().await else { return };
    let mut load = Load::new().await;
    let group = Group::new(&cluster.database().await, &load.config());
    let daemons = group.start().await;
    load.publish(40);
    holds("sends are under way", || load.receiver.attempts().len() > 5).await;
    let stopped = Instant::now();
    daemons[0].signal(Signal::STOP);
    load.publish(40);
    load.taken_over(stopped, "0").await;
    sleep(LEASE.saturating_sub(stopped.elapsed())).await;
    daemons[0].signal(Signal::CONT);
    load.publish(20);
    load.all_arrive().await;
    group.delivered().await;
    let asks_again = async || {
        let asked = |site: &Site| {
            let visits = site.all_visits();
            let by_it = |at: &Instant| *at > stopped + LEASE;
            visits.iter().any(|visit| {
                who(visit.request.header("user-agent").expect("one")) == "0" && by_it(&visit.request.at)
            })
        };
        load.sites.iter().any(asked).then_some(())
    };
    until("it takes part again", asks_again).await;
    for daemon in daemons {
        daemon.stop().await;
    }
    let repeats = check_repeats(&load.receiver.attempts());
    println!("alerts={} lost=0 repeats={repeats}", load.published);
    assert!(repeats <= CONCURRENCY, "only what was under way may repeat: {repeats}");
    assert_eq!(load.receiver.articles().len(), load.published);
}

#[tokio::test]
async fn a_server_that_is_restarted_under_load_is_waited_for() {
    let Some(cluster) = Cluster::start().await else { return };
    let mut load = Load::new().await;
    let group = Group::new(&cluster.database().await, &load.config());
    let mut daemons = group.start().await;
    load.publish(40);
    holds("sends are under way", || load.receiver.attempts().len() > 5).await;
    cluster.stop();
    for daemon in &daemons {
        daemon.line("nothing can be stored").await;
    }
    load.publish(40);
    cluster.start_again();
    let back = Instant::now();
    for daemon in &daemons {
        daemon.line("the store works again").await;
    }
    load.taken_over(back, "nobody").await;
    println!("ready_and_polled_after={:?}", back.elapsed());
    assert!(back.elapsed() <= Duration::from_secs(15) + SLACK, "{:?}", back.elapsed());
    load.all_arrive().await;
    group.delivered().await;
    let repeats = check_repeats(&load.receiver.attempts());
    println!("alerts={} lost=0 repeats={repeats}", load.published);
    // A send whose result could not be written is sent again, under its id.
    assert!(repeats <= INSTANCES * CONCURRENCY, "only what was under way may repeat: {repeats}");
    for daemon in &mut daemons {
        assert!(daemon.is_running(), "nobody ends for it");
    }
    for daemon in daemons {
        let lines = |words: &str| daemon.log().iter().filter(|line| line.contains(words)).count();
        let (down, up) = (lines("nothing can be stored"), lines("the store works again"));
        assert_eq!((down, up), (1, 1), "one line down, one line up: {:#?}", daemon.log());
        daemon.stop().await;
    }
}

#[tokio::test]
async fn three_that_start_at_once_on_an_empty_database_all_come_up() {
    let Some(cluster) = Cluster::shared().await else { return };
    let sites = sites(2).await;
    let config = watching(&sites, Config::new());
    for _ in 0..3 {
        let begun = Instant::now();
        let group = Group::new(&cluster.database().await, &config);
        let daemons = group.start().await;
        assert!(begun.elapsed() <= PATIENCE, "{:?}", begun.elapsed());
        for daemon in daemons {
            daemon.stop().await;
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_waited_for_at_the_start() {
    let Some(cluster) = Cluster::start().await else { return };
    let url = cluster.database().await;
    let sites = sites(1).await;
    let group = Group::new(&url, &watching(&sites, Config::new()));
    cluster.stop();
    let daemon = group.homes[0].spawn();
    daemon.line("nothing can be stored").await;
    let status = group.homes[1].run(&["status"]).await;
    assert_eq!(status.code, Some(1), "{status:?}");
    assert!(
        status.stderr.contains("cannot be reached") && !status.stderr.contains("postgres:"),
        "{status:?}"
    );
    cluster.start_again();
    daemon.line("watching ").await;
    daemon.stop().await;
}

#[tokio::test]
async fn gates_breakers_and_first_sights_hold_for_all() {
    let Some(cluster) = Cluster::shared().await else { return };
    let (sites, receiver) = (sites(2).await, Receiver::start(1).await);
    sites[0].set("/limited", Answer::with(429, &[("retry-after", "3600")]));
    // An article that was there before anybody looked, and is old.
    let old = Article { published: now() - Duration::from_hours(48), ..Article::about_s400("old") };
    sites[1].publish("/news", std::slice::from_ref(&old));
    receiver.otherwise(Reply::Status(410));
    let config =
        Config::new().webhook("desk", &receiver).feed(&sites[0], "/limited").feed(&sites[1], "/news");
    let group = Group::new(&cluster.database().await, &config);
    let daemons = group.start().await;
    holds("the news were asked for by everybody", || {
        let asked = sites[1].visits("/news");
        let by: BTreeSet<_> =
            asked.iter().map(|visit| who(visit.request.header("user-agent").expect("one"))).collect();
        asked.len() >= 10 && by.len() >= 2
    })
    .await;
    sites[1].publish("/news", &[Article::about_s400("two"), Article::about_s400("one"), old]);
    let gone = async || {
        let status = group.homes[2].status().await;
        (status["notifiers"][0]["state"] == "gone").then_some(())
    };
    until("the receiver is known to be gone", gone).await;
    let asked = sites[1].visits("/news").len();
    holds("the news are asked for further", || sites[1].visits("/news").len() >= asked + 5).await;
    for daemon in daemons {
        daemon.stop().await;
    }
    assert_eq!(sites[0].visits("/limited").len(), 1, "who was asked for patience is asked by nobody");
    let urls: BTreeSet<_> = receiver.attempts().iter().map(Attempt::article_url).collect();
    assert!(!urls.iter().any(|url| url.contains("old")), "first sights are shared: {urls:?}");
    let attempts = receiver.attempts().len();
    assert!(attempts <= CONCURRENCY, "one instance heard it, all know it: {attempts} attempts");
}
