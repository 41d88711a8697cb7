//! Conditional requests: specs/polling.md §2. A poll is a run of `once`.

use rusqlite::Connection;

use crate::support::{Answer, Article, Config, Home, Site, feeds, site::Visit};

type Headers = &'static [(&'static str, &'static str)];
/// If-None-Match and If-Modified-Since.
type Pair<'a> = (Option<&'a str>, Option<&'a str>);

/// The validators of a request.
fn sent(visit: &Visit) -> Pair<'_> {
    (visit.request.header("if-none-match"), visit.request.header("if-modified-since"))
}

/// Polls a feed that answers like this, once per answer; gives what was asked.
async fn polls(answers: &[Answer]) -> Vec<Visit> {
    let site = Site::start().await;
    site.set("/a.xml", Answer::Each(answers.to_vec()));
    let home = Home::new(&Config::new().every(&site, "/a.xml", "1h"));
    for _ in answers {
        home.run(&["once"]).await;
    }
    site.visits("/a.xml")
}

fn page(id: &str, headers: &[(&'static str, &str)]) -> Answer {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Answer::Body(feeds::rss("Test News", &[Article::new(id, "Nothing in particular")]).into_bytes(), headers)
}

#[tokio::test]
async fn each_document_replaces_the_whole_pair() {
    let (both, tag, none) =
        (&[("etag", "\"1\""), ("last-modified", "noon")][..], &[("etag", "W/\"2\"")][..], &[][..]);
    let one = page("one", both);
    // The second body is the first one, byte for byte; the third has another article.
    let Answer::Body(body, _) = &one else { unreachable!() };
    let same = Answer::Body(body.clone(), vec![("etag", "W/\"2\"".to_owned())]);
    let visits = polls(&[one, same, page("two", none), page("two", tag), Answer::status(304)]).await;
    let pairs: Vec<_> = visits.iter().map(sent).collect();
    let expected = [
        (None, None),
        (Some("\"1\""), Some("noon")),
        (Some("W/\"2\""), None),
        (None, None),
        (Some("W/\"2\""), None),
    ];
    assert_eq!(pairs, expected);
}

#[tokio::test]
async fn what_was_not_read_changes_no_validator() {
    let headers = [("etag", "\"new\""), ("last-modified", "now")];
    let html = Answer::Body(
        b"<!doctype html><html><body>Maintenance</body></html>".to_vec(),
        vec![("etag", "\"new\"".to_owned())],
    );
    let bad = [
        html,
        Answer::Cut(feeds::rss("Test News", &[Article::new("two", "Cut")])),
        Answer::Body(
            b"not gzip".to_vec(),
            vec![("content-encoding", "gzip".to_owned()), ("etag", "\"new\"".to_owned())],
        ),
        Answer::with(204, &headers),
        Answer::with(206, &headers),
        Answer::with(226, &headers),
        Answer::with(404, &headers),
        Answer::with(500, &headers),
        Answer::Reset,
    ];
    for answer in bad {
        let shown = format!("{answer:?}");
        let visits = polls(&[page("one", &[("etag", "\"old\"")]), answer, Answer::status(304)]).await;
        assert_eq!(sent(&visits[2]), (Some("\"old\""), None), "{shown}");
    }
}

#[tokio::test]
async fn a_304_may_renew_the_pair() {
    // Stored; what the 304 says; what is sent next.
    let cases: [(&str, Headers, Pair); 6] = [
        ("\"x\"", &[], (Some("\"x\""), Some("noon"))),
        ("\"x\"", &[("etag", "W/\"x\"")], (Some("W/\"x\""), Some("noon"))),
        ("\"x\"", &[("etag", "\"x-gzip\"")], (Some("\"x-gzip\""), Some("noon"))),
        ("\"x\"", &[("etag", "\"x\""), ("last-modified", "later")], (Some("\"x\""), Some("later"))),
        ("\"x\"", &[("last-modified", "later")], (Some("\"x\""), Some("noon"))),
        ("\"x\"", &[("etag", "W/\"y\""), ("last-modified", "later")], (Some("\"x\""), Some("noon"))),
    ];
    for (stored, said, expected) in cases {
        let first = page("one", &[("etag", stored), ("last-modified", "noon")]);
        let visits = polls(&[first, Answer::with(304, said), Answer::status(304)]).await;
        assert_eq!(sent(&visits[2]), expected, "{said:?}");
    }
}

#[tokio::test]
async fn a_304_about_a_document_never_seen_is_doubted_once_a_day() {
    let first = page("one", &[("etag", "\"x\""), ("last-modified", "noon")]);
    let stranger = |tag| Answer::with(304, &[("etag", tag)]);
    let whole = page("two", &[("etag", "\"y\"")]);
    let visits = polls(&[first.clone(), stranger("\"y\""), whole, Answer::status(304)]).await;
    let pairs: Vec<_> = visits.iter().map(sent).collect();
    assert_eq!(pairs[1], (Some("\"x\""), Some("noon")));
    assert_eq!(pairs[2], (None, None), "the whole document is asked for");
    assert_eq!(pairs[3], (Some("\"y\""), None));

    let visits =
        polls(&[first, stranger("\"y\""), Answer::status(500), stranger("\"z\""), stranger("\"z\"")]).await;
    let unconditional = visits.iter().skip(1).filter(|visit| sent(visit) == (None, None)).count();
    assert_eq!(unconditional, 1, "not again within a day");
}

#[tokio::test]
async fn after_eight_days_of_304_the_whole_document_is_asked_for() {
    let site = Site::start().await;
    site.publish("/a.xml", &[Article::new("one", "Nothing")]);
    let home = Home::new(&Config::new().every(&site, "/a.xml", "1h"));
    home.run(&["once"]).await;
    home.run(&["once"]).await;
    let days_ago = (crate::support::now() - chrono::TimeDelta::days(8)).to_rfc3339();
    let database = Connection::open(home.database()).expect("the database");
    let sql = "UPDATE feed SET memory = json_set(memory, '$.validators.last_full', ?1)";
    database.execute(sql, [days_ago]).expect("a feed that had no 200 for days");
    drop(database);
    home.run(&["once"]).await;
    home.run(&["once"]).await;
    let statuses: Vec<_> = site.visits("/a.xml").iter().map(|visit| visit.status).collect();
    assert_eq!(statuses, [Some(200), Some(304), Some(200), Some(304)]);
}

#[tokio::test]
async fn validators_go_nowhere_else_when_the_operator_edits_the_feed() {
    let site = Site::start().await;
    let document = feeds::rss("Test News", &[Article::about_s400("one")]).into_bytes();
    for (path, etag) in [("/a.xml", "\"a\""), ("/b.xml", "\"b\"")] {
        site.set(path, Answer::Body(document.clone(), vec![("etag", etag.to_owned())]));
    }
    let feed = |path: &str, more: &str| {
        let url = site.url(path);
        Config::new()
            .add(&format!("[[feed]]\nid = \"feed\"\nurl = \"{url}\"\ninterval = \"1s\"\n{more}"))
            .text()
    };
    let home = Home::with(&feed("/a.xml", ""));
    home.run(&["once"]).await;
    for (path, more, expected) in [
        ("/a.xml", "", Some("\"a\"")),
        ("/a.xml", "headers = { \"X-Key\" = \"1\" }\n", None),
        ("/a.xml", "headers = { \"X-Key\" = \"2\" }\n", None),
        ("/a.xml", "username = \"u\"\npassword = \"p\"\n", None),
        ("/a.xml", "username = \"u\"\npassword = \"p\"\n", Some("\"a\"")),
        ("/b.xml", "username = \"u\"\npassword = \"p\"\n", None),
    ] {
        // `once` leaves the guard since the last attempt alone.
        home.write("feedwatch.toml", feed(path, more));
        home.run(&["once"]).await;
        let visits = site.visits(path);
        let last = visits.last().expect("it was asked");
        assert_eq!(sent(last).0, expected, "{path} {more}");
    }
    assert_eq!(home.alerts().await.len(), 1, "a known article at a new URL alerts nobody again");
}

#[tokio::test]
async fn status_tells_which_validators_are_held_and_whether_they_work() {
    let site = Site::start().await;
    let same = page("one", &[("etag", "\"1\"")]);
    site.set("/vain.xml", same);
    site.publish("/good.xml", &[Article::new("one", "Nothing")]);
    site.set("/none.xml", Answer::page(&[]));
    let config = ["/vain.xml", "/good.xml", "/none.xml"]
        .iter()
        .fold(Config::new(), |all, path| all.every(&site, path, "1h"));
    let home = Home::new(&config);
    for _ in 0..4 {
        home.run(&["once"]).await;
    }
    for (path, etag, last_modified, work, share) in [
        ("/vain.xml", true, false, false, 0.0),
        ("/good.xml", true, true, true, 0.75),
        ("/none.xml", false, false, false, 0.0),
    ] {
        let feed = home.feed(&site.url(path)).await;
        let found = [&feed["etag"], &feed["last_modified"], &feed["validators_work"]];
        assert_eq!(found, [&etag.into(), &last_modified.into(), &serde_json::Value::from(work)], "{feed:#}");
        assert_eq!(feed["not_modified_share"], share, "{feed:#}");
        assert_eq!(feed["polls"], 4);
        assert!(feed["bytes"].as_u64().is_some_and(|bytes| bytes > 100), "{feed:#}");
    }
}
