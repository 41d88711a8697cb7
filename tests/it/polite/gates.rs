//! Host gates and slots: specs/polling.md §5 R4 to R7, §7. The host of these tests is loopback, so `[[host]]` gives it the
//! manners that a public one has by itself.

use std::time::Duration;

use tokio::time::Instant;

use crate::support::{Answer, Article, Config, Home, Site, holds, site::Visit};

fn manners(site: &Site, gap: &str, in_flight: usize) -> String {
    let name = site.url("").replace("http://", "");
    format!("[[host]]\nname = \"{name}\"\ngap = \"{gap}\"\nin_flight = {in_flight}\n")
}

/// The shortest time from one request to the next.
fn least_distance(mut times: Vec<Instant>) -> Duration {
    times.sort_unstable();
    times.windows(2).map(|pair| pair[1] - pair[0]).min().expect("two requests")
}

fn time(visit: &Visit) -> Instant {
    visit.request.at
}

#[tokio::test]
async fn a_hundred_feeds_on_one_host_share_its_few_places() {
    let site = Site::start().await;
    let mut config = Config::new();
    for n in 0..100 {
        let path = format!("/{n}.xml");
        site.set(&path, Answer::After(Duration::from_millis(20), Box::new(Answer::page(&[]))));
        config = config.every(&site, &path, "1h");
    }
    let home = Home::new(&config);
    let summary = home.run(&["once", "--json"]).await.json();
    assert_eq!((&summary["polled"], &summary["failed"]), (&100.into(), &0.into()));
    assert_eq!(site.most_under_way(), 4, "four at a time to a loopback host");
    assert!(site.connections() <= 8, "connections are used again: {}", site.connections());
}

#[tokio::test]
async fn a_host_with_a_gap_is_asked_one_by_one_redirects_too() {
    let (site, other) = (Site::start().await, Site::start().await);
    let mut config = Config::new()
        .http("allow_private = [\"127.0.0.0/8\"]")
        .add(&manners(&site, "300ms", 1))
        .add(&manners(&other, "300ms", 1));
    for n in 0..3 {
        // One on its own, one that is sent on within the host, one that is sent to the other host.
        for (kind, target) in
            [("plain", None), ("near", Some(site.url("/near"))), ("far", Some(other.url("/far")))]
        {
            let path = format!("/{kind}{n}.xml");
            site.set(&path, target.map_or(Answer::page(&[]), |target| Answer::redirect(302, &target)));
            config = config.every(&site, &path, "1h");
        }
    }
    let slow = Answer::After(Duration::from_millis(50), Box::new(Answer::page(&[])));
    site.set("/near", slow.clone());
    other.set("/far", slow.clone());
    other.set("/own.xml", slow);
    let home = Home::new(&config.every(&other, "/own.xml", "1h"));
    let summary = home.run(&["once", "--json"]).await.json();
    assert_eq!((&summary["polled"], &summary["failed"]), (&10.into(), &0.into()), "{summary:#}");
    for (host, requests) in [(&site, 12), (&other, 4)] {
        let times: Vec<Instant> = host.all_visits().iter().map(time).collect();
        assert_eq!((times.len(), host.most_under_way()), (requests, 1));
        assert!(least_distance(times.clone()) >= Duration::from_millis(290), "{times:?}");
    }
}

#[tokio::test]
async fn a_redirect_to_a_host_that_asked_for_patience_waits_and_is_no_failure() {
    let (site, other) = (Site::start().await, Site::start().await);
    site.set("/a.xml", Answer::redirect(302, &other.url("/b.xml")));
    other.set("/b.xml", Answer::page(&[]));
    other.set("/own.xml", Answer::page(&[]));
    let config = Config::new().http("allow_private = [\"127.0.0.0/8\"]");
    let home = Home::new(&config.every(&site, "/a.xml", "1h").every(&other, "/own.xml", "1h"));
    home.run(&["once"]).await;
    let until = (crate::support::now() + chrono::TimeDelta::hours(3)).timestamp_millis();
    let closing =
        "UPDATE host SET not_before = ?1, why = 'a test' WHERE host = (SELECT host FROM feed WHERE url = ?2)";
    let database = rusqlite::Connection::open(home.database()).expect("the database");
    assert_eq!(database.execute(closing, (until, other.url("/own.xml"))), Ok(1));
    drop(database);

    let output = home.run(&["once"]).await;
    assert!(
        output.stdout.contains(&format!("skipped {}: its host asked", other.url("/own.xml"))),
        "{output:#?}"
    );
    assert_eq!(other.all_visits().len(), 2, "nobody goes there");
    let (sent_on, own) = (home.feed(&site.url("/a.xml")).await, home.feed(&other.url("/own.xml")).await);
    assert_eq!((&sent_on["last_outcome"], &sent_on["consecutive_failures"]), (&"held".into(), &0.into()));
    assert_eq!((&sent_on["reason"], &sent_on["state"]), (&"host".into(), &"ok".into()));
    super::check_wait(&sent_on, 3 * 3600 - 60, 3 * 3600 + 600, "when the gate opens");
    assert_eq!((&own["reason"], &own["host_closed"]["why"]), (&"host".into(), &"a test".into()), "{own:#}");
}

#[tokio::test]
async fn a_429_holds_only_its_own_feed_where_the_operator_is_at_home() {
    let site = Site::start().await;
    site.set("/busy.xml", Answer::with(429, &[("retry-after", "7200")]));
    site.set("/calm.xml", Answer::page(&[]));
    let home = Home::new(&Config::new().every(&site, "/busy.xml", "1h").every(&site, "/calm.xml", "1h"));
    home.run(&["once"]).await;
    let second = home.run(&["once"]).await;
    assert_eq!((site.visits("/busy.xml").len(), site.visits("/calm.xml").len()), (1, 2));
    let line = format!("skipped {}: its server asked to wait until ", site.url("/busy.xml"));
    assert!(second.stdout.contains(&line), "{}", second.stdout);
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_allowed() {
    let mut sites = Vec::new();
    let mut config = Config::new().http("timeout = \"10s\"\nmax_in_flight = 3");
    for _ in 0..12 {
        let site = Site::start().await;
        site.set("/a.xml", Answer::After(Duration::from_millis(200), Box::new(Answer::page(&[]))));
        config = config.every(&site, "/a.xml", "1h");
        sites.push(site);
    }
    let home = Home::new(&config);
    home.run(&["once"]).await;
    // Each request takes 200 ms from its arrival: those that overlap arrived within that.
    let mut times: Vec<Instant> = sites.iter().flat_map(Site::all_visits).map(|visit| time(&visit)).collect();
    times.sort_unstable();
    assert_eq!(times.len(), 12);
    let fourth = times.windows(4).map(|four| four[3] - four[0]).min().expect("twelve requests");
    assert!(fourth >= Duration::from_millis(190), "a fourth one began {fourth:?} after the first of three");
}

#[tokio::test]
async fn a_thousand_feeds_on_hosts_that_hang_keep_nobody_waiting() {
    let (good, mut hanging) = (Site::start().await, Vec::new());
    let mut config = Config::new().http("timeout = \"60s\"");
    for _ in 0..40 {
        let site = Site::start().await;
        for n in 0..25 {
            let path = format!("/{n}.xml");
            site.set(&path, Answer::Hang);
            config = config.every(&site, &path, "1s");
        }
        hanging.push(site);
    }
    // They come last in the configuration, and so in the first round.
    good.publish("/news.xml", &[Article::about_s400("one")]);
    let home = Home::new(&config.feed(&good, "/news.xml"));
    let begun = Instant::now();
    let daemon = home.start().await;
    holds("the good feed is asked", || !good.visits("/news.xml").is_empty()).await;
    println!("first poll of the good feed after {:?}", begun.elapsed());
    let polls = || good.visits("/news.xml").len();
    let (before, since) = (polls(), Instant::now());
    holds("it is asked again and again", || polls() >= before + 5).await;
    let took = since.elapsed();
    println!(
        "five more polls in {took:?}, {} requests hang",
        hanging.iter().map(Site::most_under_way).sum::<usize>()
    );
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert!(hanging.iter().all(|site| site.most_under_way() <= 4));
    daemon.stop().await;
}
