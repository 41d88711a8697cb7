//! What good configurations become.

use std::{net::SocketAddr, time::Duration};

use super::*;
use crate::{
    model::{FeedLocation, Format, NotifierKind, SearchField, Within},
    secret::Secret,
    store::Location,
};

#[test]
fn nothing_is_a_configuration_too() {
    let config = good("");
    assert_eq!(config.store.location, Location::Sqlite("feedwatch.db".into()));
    assert_eq!(config.poll, poll::Settings::default());
    let [log] = config.notify.notifiers.as_slice() else { panic!("{:?}", config.notify.notifiers) };
    assert_eq!((log.name.as_str(), &log.kind, log.format), ("log", &NotifierKind::Log, Format::Log));
    assert_eq!(Config::default().notify, config.notify);
}

#[test]
fn settings_reach_their_rooms() {
    let config = good(
        r#"
        [store]
        url = "sqlite:data/x.db"
        retention = "7d"
        lease = "2s"
        [http]
        contact = "me@example.org"
        max_body = "1KiB"
        allow_private = ["10.0.0.0/8"]
        [read]
        max_depth = 7
        max_text = "2MB"
        [poll]
        budget = 12.5
        min_interval = "1s"
        failing_after = 9
        [notify]
        retry = ["200ms", "1s"]
        timeout = "40s"
        keep_dead = "1h"
        [server]
        listen = ""
        hosts = ["news.example"]
        [log]
        level = "feedwatch=debug,info"
        format = "json"
        [[host]]
        name = "www.reddit.com"
        gap = "65s"
        "#,
    );
    assert_eq!(config.store.location, Location::Sqlite("data/x.db".into()));
    assert_eq!(config.store.retention, Duration::from_hours(7 * 24));
    assert_eq!(config.store.keep_dead, Duration::from_hours(1));
    assert_eq!((config.http.max_body, config.read.max_body), (1024, 1024));
    assert_eq!(config.http.allow_private, ["10.0.0.0/8".parse().expect("network")]);
    assert_eq!((config.read.max_depth, config.read.max_text), (7, 2_000_000));
    assert!((config.poll.budget - 12.5).abs() < f64::EPSILON);
    assert_eq!((config.poll.min_interval, config.poll.failing_after), (Duration::from_secs(1), 9));
    assert_eq!(config.poll.hosts[0].name.as_str(), "reddit.com");
    assert_eq!(config.poll.hosts[0].gap, Some(Duration::from_secs(65)));
    assert_eq!(config.notify.retry, [Duration::from_millis(200), Duration::from_secs(1)]);
    assert_eq!(config.notify.lease, Duration::from_secs(80), "a claim outlives its attempt");
    assert_eq!((config.server.listen, config.server.hosts), (None, vec!["news.example".to_owned()]));
    assert_eq!(config.log.level, "feedwatch=debug,info");
    assert_eq!(config.log.format, telemetry::Format::Json);
}

#[test]
fn a_relative_database_lives_in_the_state_directory() {
    let location = |text: &str| {
        let files = one(text).env([("STATE_DIRECTORY", "/var/lib/feedwatch:/var/lib/other")]);
        files.load(Purpose::Run).expect("good").config.store.location
    };
    assert_eq!(location(""), Location::Sqlite("/var/lib/feedwatch/feedwatch.db".into()));
    assert_eq!(location("[store]\nurl = \"sqlite:///srv/x.db\"\n"), Location::Sqlite("/srv/x.db".into()));
}

#[test]
fn a_database_of_a_server_may_be_a_secret_and_is_shown_without_one() {
    let postgres = "postgres://u:hunter2@db.example.org/news";
    let files = one("[store]\nurl = \"env:DB\"\nconnections = 4\n").env([("DB", postgres)]);
    let store = files.load(Purpose::Look).expect("good").config.store;
    assert_eq!(store.location.to_string(), "PostgreSQL db.example.org/news");
    assert!(!format!("{store:?}").contains("hunter2"), "{store:?}");
    assert_eq!((store.connections, store.location.kind()), (4, "postgresql"));

    let passwords = one("[store]\nurl = \"postgres://u@db.example.org/news\"\n")
        .env([("PGPASSFILE", "/nowhere/pgpass")])
        .load(Purpose::Run)
        .expect("only a warning");
    let warnings: Vec<String> = passwords.warnings.iter().map(ToString::to_string).collect();
    assert!(warnings.iter().any(|warning| warning.contains("PGPASSFILE /nowhere/pgpass")), "{warnings:?}");
}

#[test]
fn a_feed_keeps_its_credentials_apart_from_its_address() {
    let files = one(r#"
        [[feed]]
        url = "https://me:s%40fe@Feeds.Example.co.uk/x"
        tags = ["world"]
        interval = "30m"
        headers = { "X-Key" = "env:KEY" }
        [[feed]]
        id = "local"
        url = "file:data/demo.xml"
        enabled = false
        [[feed]]
        url = "http://localhost:8000/feed"
        username = "me"
        password = "file:password"
        http1_only = true
        "#);
    fs::write(files.path("password"), "canary\r\n").expect("file");
    let files = files.env([("KEY", "k")]);
    let config = files.load(Purpose::Run).expect("good").config;
    let [public, file, local] = config.poll.feeds.as_slice() else { panic!("three feeds") };
    assert_eq!(public.id.as_str(), "https://Feeds.Example.co.uk/x");
    assert_eq!(public.display_url(), "https://feeds.example.co.uk/x");
    assert_eq!(public.host.as_str(), "example.co.uk");
    assert_eq!(public.username.as_deref(), Some("me"));
    assert_eq!(public.password.as_ref().map(Secret::expose), Some("s@fe"));
    assert_eq!(public.headers[0].1.expose(), "k");
    assert_eq!((file.id.as_str(), file.enabled), ("local", false));
    assert_eq!(file.location, FeedLocation::File(files.path("data/demo.xml")));
    assert_eq!(local.host.as_str(), "localhost:8000");
    assert_eq!(local.password.as_ref().map(Secret::expose), Some("canary"));
    assert!(local.http1_only);
}

#[test]
fn topics_and_aliases_of_all_files_make_one_watchlist() {
    let files = Files::new(&[
        ("feedwatch.toml", "include = [\"b.toml\", \"*.toml\"]\n[[topic]]\nname = \"one\"\nany = [\"$x\"]\n"),
        (
            "b.toml",
            "[alias]\nx = [\"Bayraktar\"]\n[[topic]]\nname = \"two\"\nmaybe = [\"a\"]\ncontext = [\"b\"]\nwithin = \"sentence\"\n",
        ),
        (
            "a.toml",
            "[[topic]]\nname = \"three\"\nquery = \"a AND b\"\nfields = [\"title\", \"url\"]\ncase = \"exact\"\n",
        ),
    ]);
    let config = files.load(Purpose::Run).expect("good").config;
    let names: Vec<&str> = config.topics.iter().map(|topic| topic.name.as_str()).collect();
    assert_eq!(names, ["one", "two", "three"]);
    assert_eq!(config.topics[1].within, Within::Sentence);
    assert_eq!(config.topics[2].fields, [SearchField::Title, SearchField::Url]);
    assert_eq!(config.aliases["x"], ["Bayraktar"]);
    assert_eq!(config.files.len(), 3);
}

#[test]
fn a_webhook_has_all_that_a_request_needs() {
    let text = r#"
        [[feed]]
        url = "http://localhost/"
        name = "Local"
        tags = ["world"]
        [[topic]]
        name = "T"
        any = ["x"]
        [[notifier]]
        name = "desk"
        type = "webhook"
        url = "env:HOOK"
        secret = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "cred:old"]
        headers = { Authorization = "Bearer canary" }
        topics = ["T"]
        feeds = ["Local"]
        tags = ["world"]
        timeout = "10s"
        concurrency = 1
        enabled = false
    "#;
    let files = one(text);
    fs::write(files.path("feedwatch_old"), "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\n").expect("file");
    let directory = files.path("").display().to_string();
    let files = files.env([("HOOK", "http://10.0.0.1/hook"), ("CREDENTIALS_DIRECTORY", directory.as_str())]);
    let config = files.load(Purpose::Run).expect("good").config;
    let [desk] = config.notify.notifiers.as_slice() else { panic!("one notifier") };
    let NotifierKind::Webhook(webhook) = &desk.kind else { panic!("a webhook") };
    assert_eq!(webhook.url.expose().as_str(), "http://10.0.0.1/hook");
    assert_eq!(webhook.secrets.len(), 2);
    assert_eq!(webhook.headers[0].1.expose(), "Bearer canary");
    assert_eq!(webhook.timeout, Some(Duration::from_secs(10)));
    assert_eq!((desk.name.as_str(), desk.concurrency, desk.enabled), ("desk", 1, false));
    assert_eq!(desk.filter.feeds, ["Local"]);
}

#[test]
fn to_look_at_things_no_secret_is_needed() {
    let text = "[[notifier]]\ntype = \"webhook\"\nurl = \"env:HOOK\"\nsecret = \"cred:none\"\nca_file = \"none.pem\"\n";
    let loaded = one(text).load(Purpose::Look).expect("good");
    assert_eq!(loaded.config.notify.notifiers[0].name.as_str(), "webhook");
    assert!(one(text).load(Purpose::Run).is_err());
}

#[test]
fn a_file_of_topics_alone_is_enough() {
    let loaded =
        one("[[topic]]\nname = \"T\"\nany = [\"x\"]\nfeeds = [\"BBC\"]\n").load(Purpose::Look).expect("good");
    assert_eq!(loaded.counts, Counts { feeds: 0, topics: 1, notifiers: 1 });
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn the_shipped_configurations_are_good() {
    for name in ["config/feedwatch.toml", "config/demo.toml"] {
        let loaded = load(Path::new(name), Purpose::Run, &Environment::of([])).expect(name);
        let expected = ["http.contact is empty: publishers cannot reach you before they block you"];
        let shown: Vec<&str> = loaded.warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert!(shown.iter().all(|message| expected.contains(message)), "{name}: {shown:#?}");
        assert!(loaded.counts.feeds > 0 && loaded.counts.topics >= 4, "{name}");
    }
    let demo = load(Path::new("config/demo.toml"), Purpose::Run, &Environment::of([])).expect("demo").config;
    assert_eq!(demo.poll.feeds[0].location, FeedLocation::File("config/demo-feed.xml".into()));
    assert_eq!(demo.server.listen, Some(SocketAddr::from(([127, 0, 0, 1], 8686))));
}
