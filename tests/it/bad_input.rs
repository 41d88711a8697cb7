//! Bad input gets one clear sentence and the right exit code, and nothing is lost.

use std::{fs, path::Path};

use crate::support::{Article, Config, Home, Output, Receiver, Site, holds};

/// A daemon that must not start: `run` ends with this code, and stderr holds the words.
#[track_caller]
fn expect(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.code, Some(code), "{output:#?}");
    assert_eq!(output.stdout, "", "nothing but the problem is printed");
    for words in words {
        assert!(output.stderr.contains(words), "{words:?} is not in {}", output.stderr);
    }
    assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
}

/// A configuration with a mistake in it: `run` and `check` refuse it, say where, and touch nothing.
async fn check(config: &str, words: &[&str]) {
    let home = Home::with(config);
    for command in ["run", "check", "once"] {
        expect(&home.run(&[command]).await, 78, words);
    }
    assert!(!home.database().exists(), "a bad configuration makes no database");
}

#[tokio::test]
async fn an_unknown_key_is_named_with_its_place_and_what_was_meant() {
    check("[http]\nmax_boddy = \"16MiB\"\n", &["feedwatch.toml:2:1", "max_boddy", "max_body"]).await;
    check(
        "[[feed]]\nurl = \"http://127.0.0.1:1/x\"\nintervall = \"1h\"\n",
        &["feedwatch.toml:3:1", "interval"],
    )
    .await;
    check("[nonsense]\n", &["feedwatch.toml:1", "nonsense"]).await;
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let home = Home::new(&Config::new());
    for command in ["run", "check", "once", "status", "alerts"] {
        expect(&home.run(&[command, "-c", "elsewhere.toml"]).await, 78, &["elsewhere.toml"]);
    }
    let empty = Home::new(&Config::new());
    fs::remove_file(empty.path().join("feedwatch.toml")).expect("it was just written");
    if !Path::new("/etc/feedwatch/feedwatch.toml").exists() {
        expect(&empty.run(&["run"]).await, 78, &["feedwatch.toml"]);
    }
    check("include = [\"topics.toml\"]\n", &["feedwatch.toml:1", "topics.toml"]).await;
    let template = "[[notifier]]\nname = \"a\"\ntype = \"webhook\"\nurl = \"file:hook\"\n";
    check(template, &["feedwatch.toml:4", "hook"]).await;
}

#[tokio::test]
async fn a_bad_duration_is_shown_with_what_would_do() {
    check("[http]\ntimeout = \"soon\"\n", &["feedwatch.toml:2", "timeout", "soon"]).await;
    check("[notify]\nretry = [\"5s\", \"later\"]\n", &["feedwatch.toml:2", "later"]).await;
    check("[poll]\nmin_interval = 15\n", &["feedwatch.toml:2", "min_interval"]).await;
}

#[tokio::test]
async fn two_notifiers_of_one_name_are_refused() {
    let log = "[[notifier]]\nname = \"desk\"\ntype = \"log\"\n";
    check(&format!("{log}{log}"), &["feedwatch.toml:5", "desk"]).await;
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_named_and_one_that_is_bad_is_not_shown() {
    let webhook = |secret: &str| {
        format!(
            "[[notifier]]\nname = \"d\"\ntype = \"webhook\"\nurl = \"http://127.0.0.1:1/canary\"\nsecret = {secret}\n"
        )
    };
    check(&webhook("\"env:FEEDWATCH_NO_SUCH\""), &["feedwatch.toml:5", "FEEDWATCH_NO_SUCH"]).await;
    check(&webhook("\"file:no-such-file\""), &["feedwatch.toml:5", "no-such-file"]).await;
    let home = Home::with(&webhook("\"whsec_canary!\""));
    for command in ["run", "check"] {
        let output = home.run(&[command]).await;
        expect(&output, 78, &["feedwatch.toml:5", "secret"]);
        assert!(!output.stderr.contains("canary"), "a secret is shown: {}", output.stderr);
    }
}

#[tokio::test]
async fn looking_needs_no_secrets() {
    let (_site, home) = used_home().await;
    let webhook = "[[notifier]]\nname = \"d\"\ntype = \"webhook\"\nurl = \"env:FEEDWATCH_NO_SUCH\"\n";
    let config = fs::read_to_string(home.path().join("feedwatch.toml")).expect("it was written");
    home.write("feedwatch.toml", format!("{config}\n{webhook}"));
    for command in ["status", "alerts"] {
        let output = home.run(&[command]).await;
        assert_eq!(output.code, Some(0), "{output:#?}");
    }
    expect(&home.run(&["run"]).await, 78, &["FEEDWATCH_NO_SUCH"]);
}

#[tokio::test]
async fn all_problems_are_told_at_once() {
    let config = "[http]\ntimeout = \"soon\"\n\n[poll]\nbudgett = 3\n\n[[topic]]\nname = \"\"\nany = []\n";
    check(config, &["feedwatch.toml:2", "feedwatch.toml:5", "feedwatch.toml:8"]).await;
}

#[tokio::test]
async fn text_that_is_no_toml_is_shown_with_its_place() {
    check("[http\n", &["feedwatch.toml:1"]).await;
    check("a = \"\u{1}", &["feedwatch.toml:1"]).await;
    let home = Home::new(&Config::new());
    home.write("feedwatch.toml", [0xff, 0xfe, 0x00]);
    expect(&home.run(&["run"]).await, 78, &["feedwatch.toml", "UTF-8"]);
}

#[tokio::test]
async fn wrong_arguments_are_exit_2() {
    let home = Home::new(&Config::new());
    for arguments in
        [&["fly"][..], &[], &["status", "--no-such"], &["redeliver"], &["alerts", "--since", "soon"]]
    {
        let output = home.run(arguments).await;
        assert_eq!(output.code, Some(2), "{arguments:?}: {output:#?}");
        assert!(!output.stderr.is_empty());
    }
    expect(&home.run(&["redeliver"]).await, 2, &["<ID|--dead>"]);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_untouched() {
    let (site, home) = used_home().await;
    let made = rusqlite::Connection::open(home.database()).expect("a database");
    made.pragma_update(None, "user_version", 9_999).expect("it can be changed");
    made.close().expect("it can be closed");
    let before = fs::read(home.database()).expect("it can be read");
    for command in ["run", "once", "status", "alerts"] {
        expect(&home.run(&[command]).await, 1, &["feedwatch.db", "newer"]);
    }
    assert_eq!(fs::read(home.database()).expect("it can be read"), before);
    assert_eq!(site.visits("/news.xml").len(), 1, "nobody was asked");
}

/// A home whose database knows an alert.
async fn used_home() -> (Site, Home) {
    let site = Site::start().await;
    site.publish("/news.xml", &[Article::about_s400("one")]);
    let home = Home::new(&Config::new().feed(&site, "/news.xml"));
    let once = home.run(&["once"]).await;
    assert_eq!(once.code, Some(0), "{once:#?}");
    (site, home)
}

#[tokio::test]
async fn a_file_that_is_no_database_of_ours_is_left_untouched() {
    let home = Home::new(&Config::new());
    let text = "Dear diary, ".repeat(1_000);
    home.write("feedwatch.db", &text);
    for command in ["run", "once", "status"] {
        expect(&home.run(&[command]).await, 1, &["feedwatch.db"]);
    }
    assert_eq!(fs::read_to_string(home.database()).expect("it can be read"), text);

    let other = Home::new(&Config::new());
    let foreign = rusqlite::Connection::open(other.database()).expect("a database");
    foreign.execute_batch("CREATE TABLE diary (entry TEXT)").expect("a table");
    foreign.close().expect("it can be closed");
    expect(&other.run(&["run"]).await, 1, &["feedwatch.db", "not a feedwatch database"]);
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_named() {
    let site = Site::start().await;
    let config = Config::new().feed(&site, "/news.xml");
    // Even root makes no directory below a file, or in /proc.
    for place in ["feedwatch.toml/feedwatch.db", "/proc/feedwatch/feedwatch.db"] {
        let home = Home::new(&config.clone().add(&format!("[store]\nurl = \"sqlite:{place}\"\n")));
        for command in ["run", "once"] {
            let output = home.run(&[command]).await;
            expect(&output, 1, &[place.trim_end_matches("/feedwatch.db")]);
            assert_eq!(output.stderr.trim().lines().count(), 1, "one sentence: {}", output.stderr);
        }
    }
}

#[tokio::test]
async fn looking_makes_no_database() {
    let home = Home::new(&Config::new());
    for command in ["status", "alerts"] {
        expect(&home.run(&[command]).await, 1, &["feedwatch.db"]);
    }
    expect(&home.run(&["redeliver", "--dead"]).await, 1, &["feedwatch.db"]);
    assert!(!home.database().exists());
}

#[tokio::test]
async fn a_second_daemon_refuses_and_the_first_goes_on() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    site.publish("/news.xml", &[]);
    let home = Home::new(&Config::new().feed(&site, "/news.xml").webhook("desk", &receiver));
    let daemon = home.start().await;
    let pid = format!("pid {}", daemon.pid());
    for command in ["run", "once"] {
        let second = home.run(&[command]).await;
        assert_eq!(second.code, Some(1), "{second:#?}");
        for words in ["feedwatch.db", "in use", &pid] {
            assert!(second.stderr.contains(words), "{words:?} is not in {}", second.stderr);
        }
    }
    site.publish("/news.xml", &[Article::about_s400("one")]);
    holds("the first still alerts", || receiver.accepted().len() == 1).await;
    daemon.kill().await;
    // The lock of a killed daemon is gone with it.
    home.start().await.stop().await;
}
