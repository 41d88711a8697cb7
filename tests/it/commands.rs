//! The commands: what they print, for people and for machines, and how they end.

use serde_json::{Value, json};

use crate::support::{Article, Config, Home, Receiver, Reply, Site, feeds::ALL_FOUR, holds, until};

/// A site with one article about everything, a receiver, and a home.
async fn one_article(config: Config) -> (Site, Receiver, Home) {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    site.publish("/news.xml", &[Article::about_all_four("one"), Article::new("calm", "A quiet day")]);
    let home = Home::new(&config.feed(&site, "/news.xml").webhook("desk", &receiver));
    (site, receiver, home)
}

/// The names of an object's members; a machine that reads them must find at least these.
#[track_caller]
pub fn check_members(object: &Value, expected: &[&str]) {
    for name in expected {
        assert!(object.get(name).is_some(), "no {name:?} in {object:#}");
    }
}

#[track_caller]
pub fn check_time(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
    assert!(
        chrono::DateTime::parse_from_rfc3339(text).is_ok() && text.ends_with('Z'),
        "{text} is not RFC 3339 in UTC"
    );
}

#[tokio::test]
async fn once_polls_delivers_and_ends() {
    let (site, receiver, home) = one_article(Config::new()).await;
    let once = home.run(&["once", "--json"]).await;
    assert_eq!(once.code, Some(0), "{once:#?}");
    assert_eq!(receiver.accepted().len(), 1, "delivered before it ends");
    let summary = once.json();
    for (member, expected) in
        [("ok", json!(true)), ("polled", json!(1)), ("failed", json!(0)), ("alerts", json!(1))]
    {
        assert_eq!(summary[member], expected, "{summary:#}");
    }
    // An interval does not hold back the next round, and validators work between them.
    let again = home.run(&["once"]).await;
    assert_eq!(again.code, Some(0), "{again:#?}");
    assert!(again.stdout.contains("0 alerts"), "{}", again.stdout);
    let statuses: Vec<_> = site.visits("/news.xml").iter().map(|visit| visit.status).collect();
    assert_eq!(statuses, [Some(200), Some(304)]);
    assert_eq!(receiver.attempts().len(), 1);
}

#[tokio::test]
async fn once_fails_if_a_feed_never_worked() {
    let site = Site::start().await;
    let home = Home::new(&Config::new().feed(&site, "/missing.xml"));
    let once = home.run(&["once"]).await;
    assert_eq!(once.code, Some(1), "{once:#?}");
    assert!(once.stdout.contains("404"), "{}", once.stdout);
}

#[tokio::test]
async fn status_tells_of_feeds_and_notifiers() {
    let (site, receiver, home) = one_article(Config::new()).await;
    let daemon = home.start().await;
    holds("the alert", || receiver.accepted().len() == 1).await;
    let url = site.url("/news.xml");
    let feed = home.feed_once(&url, |feed| feed["last_status"] == 304).await;
    check_members(&feed, &["name", "state", "next_poll", "reason", "last_success", "consecutive_failures"]);
    assert_eq!((&feed["name"], &feed["state"]), (&json!("Test News"), &json!("ok")));
    assert_eq!((&feed["etag"], &feed["last_modified"]), (&json!(true), &json!(true)));
    assert_eq!(feed["reason"], "interval");
    check_time(&feed["next_poll"]);
    check_time(&feed["last_success"]);
    let status = until("the delivery is on record", async || {
        let status = home.status().await;
        (status["notifiers"][0]["pending"] == 0).then_some(status)
    })
    .await;
    assert_eq!(status["ok"], true, "{status:#}");
    let notifier = &status["notifiers"][0];
    check_members(
        notifier,
        &["name", "state", "pending", "dead", "oldest_pending_seconds", "next_attempt", "reason"],
    );
    assert_eq!((&notifier["name"], &notifier["state"]), (&json!("desk"), &json!("active")));
    let text = home.run(&["status"]).await;
    assert_eq!(text.code, Some(0), "{text:#?}");
    assert!(text.stdout.contains("Test News") && text.stdout.contains("desk"), "{}", text.stdout);
    daemon.stop().await;
}

#[tokio::test]
async fn alerts_tells_what_was_found_and_how_it_was_delivered() {
    let (site, receiver, home) = one_article(Config::new()).await;
    receiver.script([Reply::Status(503)]);
    let daemon = home.start().await;
    holds("the alert", || receiver.accepted().len() == 1).await;
    daemon.stop().await;
    let alerts = home.alerts().await;
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    let alert = &alerts[0];
    assert_eq!(alert["id"], receiver.accepted()[0].id());
    check_time(&alert["time"]);
    assert_eq!(alert["feed"]["url"], site.url("/news.xml"));
    assert_eq!(alert["article"]["title"], ALL_FOUR);
    assert_eq!(alert["topics"], receiver.accepted()[0].json()["data"]["topics"]);
    let delivery = &alert["deliveries"][0];
    check_members(delivery, &["notifier", "state", "attempts", "next_attempt", "reason"]);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("delivered"), &json!(2)));
    assert_eq!(delivery["next_attempt"], Value::Null);

    let text = home.run(&["alerts"]).await;
    assert!(text.stdout.contains(ALL_FOUR) && text.stdout.contains("delivered"), "{}", text.stdout);
    for (arguments, found) in [
        (["alerts", "--json", "--topic", "F-35"], 1),
        (["alerts", "--json", "--topic", "Leopard"], 0),
        (["alerts", "--json", "--since", "1h"], 1),
        (["alerts", "--json", "--since", "1ms"], 0),
    ] {
        let alerts = home.run(&arguments).await.json();
        assert_eq!(alerts["alerts"].as_array().map(Vec::len), Some(found), "{arguments:?}");
    }
}

#[tokio::test]
async fn what_is_given_up_is_shown_and_redeliver_sends_it_beside_a_running_daemon() {
    let (_site, receiver, home) =
        one_article(Config::new().notify("retry = [\"200ms\"]\nmax_age = \"1s\"")).await;
    receiver.otherwise(Reply::Status(500));
    let daemon = home.start().await;
    let status = until("the delivery is dead", async || {
        let status = home.status().await;
        (status["notifiers"][0]["dead"] == 1).then_some(status)
    })
    .await;
    assert_eq!(status["ok"], false, "what is dead needs a person: {status:#}");
    assert!(
        status["notifiers"][0]["reason"].as_str().is_some_and(|reason| reason.contains("500")),
        "{status:#}"
    );
    assert_eq!(home.run(&["status"]).await.code, Some(1));
    let alert = home.alerts().await.remove(0);
    assert_eq!(alert["deliveries"][0]["state"], "dead");

    receiver.otherwise(Reply::Status(200));
    let redelivered = home.run(&["redeliver", "--dead", "--json"]).await;
    assert_eq!((redelivered.code, redelivered.json()), (Some(0), json!({ "redelivered": 1 })));
    holds("it is sent", || receiver.accepted().len() == 1).await;
    daemon.stop().await;
    assert_eq!(receiver.accepted()[0].id(), alert["id"]);
    assert_eq!(home.run(&["status"]).await.code, Some(0));
}

#[tokio::test]
async fn redeliver_names_what_it_does_not_know_and_leaves_what_is_delivered() {
    let (_site, receiver, home) = one_article(Config::new()).await;
    assert_eq!(home.run(&["once"]).await.code, Some(0));
    let id = receiver.accepted()[0].id().to_owned();
    let delivered = home.run(&["redeliver", &id, "--json"]).await;
    assert_eq!((delivered.code, delivered.json()), (Some(0), json!({ "redelivered": 0 })));
    let unknown = home.run(&["redeliver", "alert_nosuch"]).await;
    assert_eq!(unknown.code, Some(1), "{unknown:#?}");
    assert!(unknown.stderr.contains("alert_nosuch"), "{}", unknown.stderr);
    let notifier = home.run(&["redeliver", "--dead", "--notifier", "nobody"]).await;
    assert_eq!(notifier.code, Some(2), "{notifier:#?}");
    assert!(notifier.stderr.contains("nobody"), "{}", notifier.stderr);
}

#[tokio::test]
async fn notify_test_sends_one_clearly_marked_alert_and_stores_nothing() {
    let (_site, receiver, home) = one_article(Config::new()).await;
    let test = home.run(&["notify-test", "desk"]).await;
    assert_eq!(test.code, Some(0), "{test:#?}");
    let accepted = receiver.accepted();
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted[0].json()["data"]["test"], true);
    assert!(!home.database().exists());

    receiver.otherwise(Reply::Status(500));
    let test = home.run(&["notify-test", "--json"]).await;
    assert_eq!(test.code, Some(1), "{test:#?}");
    assert!(test.stdout.contains("500"), "{test:#?}");
    assert_eq!(receiver.attempts().len(), 2, "one attempt, no retry");
    let nobody = home.run(&["notify-test", "nobody"]).await;
    assert_eq!(nobody.code, Some(2), "{nobody:#?}");
    assert!(nobody.stderr.contains("nobody") && nobody.stderr.contains("desk"), "{}", nobody.stderr);
}

#[tokio::test]
async fn the_default_configuration_passes_its_own_check() {
    let home = Home::new(&Config::new());
    let printed = home.run(&["default-config"]).await;
    assert_eq!(printed.code, Some(0), "{printed:#?}");
    let other = Home::with(&printed.stdout);
    let check = other.run(&["check", "--json"]).await;
    let problems = check.json();
    let errors = problems["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|problem| problem["severity"] == "error");
    assert_eq!(errors.count(), 0, "{problems:#}");
}

#[tokio::test]
async fn check_tells_what_would_run() {
    let (_site, _receiver, home) = one_article(Config::new()).await;
    let check = home.run(&["check", "--json"]).await;
    assert_eq!(check.code, Some(0), "warnings alone are no failure: {check:#?}");
    let summary = check.json();
    for (member, expected) in
        [("ok", json!(true)), ("feeds", json!(1)), ("topics", json!(4)), ("notifiers", json!(1))]
    {
        assert_eq!(summary[member], expected, "{summary:#}");
    }
}

#[tokio::test]
async fn version_and_help_say_what_there_is() {
    let home = Home::new(&Config::new());
    let version = home.run(&["--version"]).await;
    assert_eq!(version.stdout.trim(), concat!("feedwatch ", env!("CARGO_PKG_VERSION")));
    let help = home.run(&["--help"]).await;
    assert_eq!(help.code, Some(0));
    for command in
        ["run", "once", "check", "parse", "match", "backtest", "status", "alerts", "redeliver", "notify-test"]
    {
        assert!(help.stdout.contains(&format!("\n  {command} ")), "{command} is not in {}", help.stdout);
    }
}

#[tokio::test]
async fn the_demonstration_needs_no_network_and_names_all_four_topics() {
    let home = Home::new(&Config::new());
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/config/demo.toml");
    let once = home.run(&["once", "-c", demo]).await;
    assert_eq!(once.code, Some(0), "{once:#?}");
    let alerts: Vec<&str> = once.stderr.lines().filter(|line| line.contains("feedwatch::alert")).collect();
    for topic in ["S-400", "Patriot", "F-35", "sanctions"] {
        assert!(
            alerts.iter().any(|line| line.to_lowercase().contains(&topic.to_lowercase())),
            "{topic}: {alerts:#?}"
        );
    }
    let again = home.run(&["once", "-c", demo]).await;
    assert!(!again.stderr.contains("feedwatch::alert"), "{again:#?}");
}
