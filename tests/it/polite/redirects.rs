//! Redirects: specs/polling.md §6. A poll is a run of `once`.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{Answer, Config, Home, Site, feeds};

/// Moves a moment of the feed's memory into the past, as if so many hours had gone by since.
fn let_hours_pass(home: &Home, path: &str, hours: i64) {
    let database = Connection::open(home.database()).expect("the database");
    let then = (crate::support::now() - chrono::TimeDelta::hours(hours)).to_rfc3339();
    let changed = database.execute("UPDATE feed SET memory = json_replace(memory, ?1, ?2)", [path, &then]);
    assert_eq!(changed.expect("the memory can be changed"), 1);
}

#[tokio::test]
async fn the_way_is_followed_for_five_hops_and_never_in_a_circle() {
    let site = Site::start().await;
    let chain = |name: &str, hops: usize| {
        for hop in 0..hops {
            let status = [301, 302, 303, 307, 308][hop % 5];
            site.set(&format!("/{name}{hop}"), Answer::redirect(status, &format!("/{name}{}", hop + 1)));
        }
        site.set(&format!("/{name}{hops}"), Answer::page(&[]));
    };
    chain("five", 5);
    chain("six", 6);
    site.set("/circle0", Answer::redirect(302, "/circle1"));
    site.set("/circle1", Answer::redirect(302, "/circle0"));
    let paths = ["/five0", "/six0", "/circle0"];
    let home = Home::new(&paths.iter().fold(Config::new(), |all, path| all.every(&site, path, "1h")));
    home.run(&["once"]).await;
    let outcome = async |path| home.feed(&site.url(path)).await["last_outcome"].clone();
    assert_eq!(outcome("/five0").await, "new");
    assert_eq!(outcome("/six0").await, "http_error");
    assert_eq!(outcome("/circle0").await, "http_error");
    assert_eq!(site.visits("/five5").len(), 1);
    assert_eq!(site.visits("/six6").len(), 0);
    assert_eq!((site.visits("/circle0").len(), site.visits("/circle1").len()), (1, 1));
}

#[tokio::test]
async fn a_location_is_resolved_as_it_stands_without_fragment_and_credentials() {
    let site = Site::start().await;
    let absolute = site.url("/abs").replace("http://", "http://user:secret@");
    for (path, location, reached) in [
        ("/dir/a", "b.xml", "/dir/b.xml"),
        ("/dir/c", "../d.xml?x=%2F&y=a%20b#part", "/d.xml?x=%2F&y=a%20b"),
        ("/dir/e", "?page=2", "/dir/e?page=2"),
        ("/dir/f", absolute.as_str(), "/abs"),
    ] {
        site.set(path, Answer::redirect(302, location));
        site.set(reached, Answer::page(&[]));
        let home = Home::new(&Config::new().every(&site, path, "1h"));
        home.run(&["once"]).await;
        let visits = site.visits(reached);
        assert_eq!(visits.len(), 1, "{location}");
        for name in ["referer", "authorization", "if-none-match", "cookie"] {
            assert_eq!(visits[0].request.header(name), None, "{location}");
        }
    }
}

#[tokio::test]
async fn a_permanent_move_is_stored_after_five_proven_polls_over_three_days() {
    let site = Site::start().await;
    site.set("/old.xml", Answer::redirect(301, "/new.xml"));
    site.set("/new.xml", Answer::page(&[]));
    let home = Home::new(&Config::new().every(&site, "/old.xml", "1h"));
    let old = site.url("/old.xml");
    // The first poll knows no article: it proves nothing.
    for _ in 0..7 {
        home.run(&["once"]).await;
    }
    let feed = home.feed(&old).await;
    assert_eq!(feed["moved_to"], Value::Null, "too soon: {feed:#}");
    assert_eq!(feed["redirect_observed"]["polls"], 6);
    assert_eq!(feed["redirect_observed"]["to"], site.url("/new.xml"));
    let text = home.run(&["status"]).await.stdout;
    assert!(text.contains(&format!("may have moved to {} (6 polls since ", site.url("/new.xml"))), "{text}");

    let_hours_pass(&home, "$.moves.observed.since", 73);
    let log = home.run(&["once"]).await.stderr;
    let asked = site.visits("/old.xml").len();
    home.run(&["once"]).await;
    let feed = home.feed(&old).await;
    assert_eq!((&feed["moved_to"], &feed["redirect_observed"]), (&site.url("/new.xml").into(), &Value::Null));
    assert_eq!(site.visits("/old.xml").len(), asked, "the new address is asked right away");
    assert!(log.contains("feed moved"), "the operator is told: {log}");
    let text = home.run(&["status"]).await.stdout;
    assert!(text.contains(&format!("moved to {}: change its url", site.url("/new.xml"))), "{text}");

    // The target dies; after a day the configured URL is asked again, and works.
    site.set("/new.xml", Answer::status(404));
    site.set("/old.xml", Answer::page(&[]));
    home.run(&["once"]).await;
    assert_eq!(site.visits("/old.xml").len(), asked);
    let_hours_pass(&home, "$.moves.lost_since", 25);
    home.run(&["once"]).await;
    let feed = home.feed(&old).await;
    assert_eq!((&feed["moved_to"], &feed["last_outcome"]), (&Value::Null, &"unchanged".into()), "{feed:#}");
    assert_eq!(feed["polls"], 11, "all the while it is the same feed");
}

#[tokio::test]
async fn what_proves_nothing_is_never_stored() {
    let site = Site::start().await;
    let login = Answer::body("text/html", "<!doctype html><html><body>Log in</body></html>");
    site.set("/login.xml", Answer::Each(vec![Answer::page(&[]), Answer::redirect(301, "/login")]));
    site.set("/login", login);
    site.set("/temporary.xml", Answer::redirect(302, "/middle"));
    site.set("/middle", Answer::redirect(301, "/end"));
    site.set("/end", Answer::page(&[]));
    // Each time it leads to another feed.
    site.set("/stranger.xml", Answer::redirect(301, "/stranger"));
    let strangers = (0..7).map(|n| {
        let article = crate::support::Article::new(&format!("n{n}"), "Nothing in particular");
        Answer::Body(feeds::rss("Test News", &[article]).into_bytes(), Vec::new())
    });
    site.set("/stranger", Answer::Each(strangers.collect()));
    let paths = ["/login.xml", "/temporary.xml", "/stranger.xml"];
    let home = Home::new(&paths.iter().fold(Config::new(), |all, path| all.every(&site, path, "1h")));
    for _ in 0..7 {
        home.run(&["once"]).await;
    }
    for path in paths {
        let feed = home.feed(&site.url(path)).await;
        assert_eq!((&feed["moved_to"], &feed["redirect_observed"]), (&Value::Null, &json!(null)), "{feed:#}");
    }
    assert_eq!(home.feed(&site.url("/login.xml")).await["last_outcome"], "unreadable");
}

#[tokio::test]
async fn a_feed_that_moved_to_the_address_of_another_lets_that_one_ask() {
    let site = Site::start().await;
    site.set("/old.xml", Answer::redirect(301, "/new.xml"));
    site.set("/new.xml", Answer::page(&[]));
    let home = Home::new(&Config::new().every(&site, "/old.xml", "1h"));
    for _ in 0..6 {
        home.run(&["once"]).await;
    }
    let_hours_pass(&home, "$.moves.observed.since", 73);
    home.run(&["once"]).await;
    assert_eq!(home.feed(&site.url("/old.xml")).await["moved_to"], site.url("/new.xml"));

    // The operator adds the new address and leaves the old one in the configuration.
    site.publish("/new.xml", &[crate::support::Article::about_s400("one")]);
    let both = Config::new().every(&site, "/old.xml", "1h").every(&site, "/new.xml", "1h");
    home.write("feedwatch.toml", both.text());
    let asked = site.visits("/new.xml").len();
    for _ in 0..2 {
        home.run(&["once"]).await;
    }
    assert_eq!(site.visits("/new.xml").len(), asked + 2, "one poll for both");
    assert_eq!(home.alerts().await.len(), 1, "and one alert");
    let old = home.feed(&site.url("/old.xml")).await;
    assert_eq!((&old["last_outcome"], &old["state"]), (&"held".into(), &"ok".into()), "{old:#}");
    assert!(old["error"].as_str().is_some_and(|error| error.contains("moved to the address of")), "{old:#}");
}
