//! What a reload applies, piece by piece, while the daemon runs; and that a bad file applies nothing.

use super::{
    reload::reload,
    support::{Article, Config, Daemon, Home, Receiver, Reply, Site, daemon::Signal, holds, until},
};

/// A site with one article about the S-400, which every reload finds unchanged.
async fn site() -> Site {
    let site = Site::start().await;
    site.publish("/news.xml", &[Article::about_s400("one")]);
    site
}

#[tokio::test]
async fn a_new_topic_alerts_on_what_comes_and_not_on_what_was_there() {
    let (site, receiver) = (site().await, Receiver::start(1).await);
    let old = Article::new("old", "A Leopard in the garden");
    site.publish("/news.xml", std::slice::from_ref(&old));
    let config = Config::new().feed(&site, "/news.xml").webhook("desk", &receiver);
    let home = Home::new(&config);
    let daemon = home.start().await;
    home.feed_once(&site.url("/news.xml"), |feed| feed["last_status"] == 304).await;
    home.write("feedwatch.toml", config.add("[[topic]]\nname = \"Leopard\"\nany = [\"Leopard\"]\n").text());
    reload(&daemon, 1).await;
    site.publish("/news.xml", &[Article::new("new", "Another Leopard"), old]);
    holds("an alert", || !receiver.accepted().is_empty()).await;
    daemon.stop().await;
    assert_eq!(receiver.articles().into_keys().collect::<Vec<_>>(), ["https://news.example/new"]);
}

#[tokio::test]
async fn another_url_applies_to_what_waits() {
    let (site, down, up) = (site().await, Receiver::start(1).await, Receiver::start(1).await);
    down.otherwise(Reply::Status(503));
    let config = |receiver| Config::new().feed(&site, "/news.xml").webhook("desk", receiver).text();
    let home = Home::with(&config(&down));
    let daemon = home.start().await;
    holds("an attempt", || !down.attempts().is_empty()).await;
    home.write("feedwatch.toml", config(&up));
    reload(&daemon, 1).await;
    let tried = down.attempts().len();
    holds("the new receiver gets it", || up.accepted().len() == 1).await;
    daemon.stop().await;
    assert_eq!(up.accepted()[0].id(), down.attempts()[0].id());
    assert!(down.attempts().len() <= tried + 1, "only what was under way still goes to the old one");
}

#[tokio::test]
async fn a_secret_in_a_file_is_read_again() {
    let (site, receiver) = (site().await, Receiver::start(1).await);
    let config = Config::new().feed(&site, "/news.xml").webhook("desk", &receiver);
    let home = Home::with(&(config.text() + "headers = { authorization = \"file:token\" }\n"));
    home.write("token", "first\n");
    let daemon = home.start().await;
    holds("an alert", || receiver.accepted().len() == 1).await;
    home.write("token", "second\n");
    reload(&daemon, 1).await;
    site.publish("/news.xml", &[Article::about_s400("two"), Article::about_s400("one")]);
    holds("another alert", || receiver.accepted().len() == 2).await;
    daemon.stop().await;
    let sent: Vec<_> = receiver.accepted().into_iter().collect();
    let tokens: Vec<_> = sent.iter().map(|attempt| attempt.request.header("authorization")).collect();
    assert_eq!(tokens, [Some("first"), Some("second")]);
}

#[tokio::test]
async fn a_removed_feed_is_asked_no_more_and_what_it_alerted_is_still_delivered() {
    let (site, receiver) = (site().await, Receiver::start(1).await);
    site.publish("/other.xml", &[]);
    receiver.otherwise(Reply::Status(503));
    let both = |config: Config| config.feed(&site, "/other.xml").webhook("desk", &receiver).text();
    let home = Home::with(&both(Config::new().feed(&site, "/news.xml")));
    let daemon = home.start().await;
    holds("an attempt", || !receiver.attempts().is_empty()).await;
    home.write("feedwatch.toml", both(Config::new()));
    reload(&daemon, 1).await;
    let (asked, others) = (site.visits("/news.xml").len(), site.visits("/other.xml").len());
    holds("the other feed is asked thrice more", || site.visits("/other.xml").len() >= others + 3).await;
    assert!(site.visits("/news.xml").len() <= asked + 1, "the removed feed is still asked");
    receiver.otherwise(Reply::Status(204));
    holds("its alert arrives", || receiver.accepted().len() == 1).await;
    daemon.stop().await;
}

#[tokio::test]
async fn the_level_of_the_log_applies() {
    let site = site().await;
    let config = Config::new().feed(&site, "/news.xml");
    let home = Home::new(&config);
    let daemon = home.start().await;
    let debug = |daemon: &Daemon| daemon.log().iter().any(|line| line.contains("DEBUG"));
    assert!(!debug(&daemon));
    home.write("feedwatch.toml", config.add("[log]\nlevel = \"debug\"\n").text());
    reload(&daemon, 1).await;
    holds("lines of debug", || debug(&daemon)).await;
    daemon.stop().await;
}

#[tokio::test]
async fn what_needs_a_restart_is_named_and_the_rest_applies() {
    let site = site().await;
    site.publish("/more.xml", &[]);
    let config = Config::new().feed(&site, "/news.xml");
    let home = Home::new(&config);
    let daemon = home.start().await;
    let other = config.feed(&site, "/more.xml").add("[store]\nurl = \"sqlite:other.db\"\n");
    home.write("feedwatch.toml", other.text());
    reload(&daemon, 1).await;
    daemon.line("changes of store.url need a restart").await;
    holds("the new feed is asked", || !site.visits("/more.xml").is_empty()).await;
    daemon.stop().await;
    assert!(!home.path().join("other.db").exists());
}

/// Asks for a reload that is refused; gives what the log said since.
async fn refused(daemon: &Daemon) -> Vec<String> {
    let before = daemon.log().len();
    daemon.signal(Signal::HUP);
    let since = || daemon.log().split_off(before);
    let is_told = || since().iter().any(|line| line.contains("reload refused"));
    holds("the reload is refused", is_told).await;
    since()
}

#[tokio::test]
async fn each_kind_of_bad_file_changes_nothing_and_is_told_once_with_its_place() {
    let site = site().await;
    site.publish("/more.xml", &[]);
    let config = Config::new().feed(&site, "/news.xml");
    let home = Home::new(&config);
    let daemon = home.start().await;
    let more = config.clone().feed(&site, "/more.xml").text();
    let bad = [
        (format!("{more}[[feed]]\nnonsense = 1\n"), "nonsense"),
        (format!("{more}[[topic]\n"), "[[topic]"),
        (format!("include = [\"missing.toml\"]\n{more}"), "missing.toml"),
        (
            format!("{more}[[notifier]]\ntype = \"webhook\"\nurl = \"env:NO_SUCH_VARIABLE\"\n"),
            "NO_SUCH_VARIABLE",
        ),
    ];
    for (text, named) in &bad {
        home.write("feedwatch.toml", text);
        let told = refused(&daemon).await;
        let heads = told.iter().filter(|line| line.contains("reload refused")).count();
        assert_eq!(heads, 1, "{told:#?}");
        until("the place and the caret are shown", async || {
            let log = daemon.log().join("\n");
            (log.contains(named) && log.contains("feedwatch.toml:") && log.contains('^')).then_some(())
        })
        .await;
    }
    let polls = site.visits("/news.xml").len();
    holds("polls go on", || site.visits("/news.xml").len() > polls + 1).await;
    assert!(site.visits("/more.xml").is_empty(), "a refused file was applied in part");
    let heads = daemon.log().iter().filter(|line| line.contains("reload refused")).count();
    assert_eq!(heads, bad.len(), "each is told once: {:#?}", daemon.log());
    home.write("feedwatch.toml", more);
    reload(&daemon, 1).await;
    holds("the good one applies", || !site.visits("/more.xml").is_empty()).await;
    daemon.stop().await;
}
