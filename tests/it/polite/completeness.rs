//! Nothing is missed silently: specs/polling.md §9. A poll is a run of `once`.

use chrono::TimeDelta;
use serde_json::Value;

use crate::support::{Answer, Article, Config, Home, Site, feeds, now};

fn page(articles: &[Article]) -> Answer {
    Answer::Body(feeds::rss("Test News", articles).into_bytes(), Vec::new())
}

fn articles(numbers: std::ops::Range<usize>) -> Vec<Article> {
    numbers.map(|n| Article::about_s400(&format!("n{n}"))).collect()
}

/// An Atom document that says where an older one is.
fn linked(articles: &[Article], relation: &str, to: &str) -> Answer {
    let link = format!("<link rel=\"{relation}\" href=\"{to}\"/><id>urn:test:feed</id>");
    let document = feeds::atom("Test News", articles).replace("<id>urn:test:feed</id>", &link);
    Answer::body("application/atom+xml", document)
}

/// Polls `/a.xml` of a site twice: first it shows articles 0 to 4, then this.
async fn after_downtime(site: &Site, then: Answer) -> (Home, Value) {
    let before = Answer::body("application/atom+xml", feeds::atom("Test News", &articles(0..5)));
    site.set("/a.xml", Answer::Each(vec![before, then]));
    let home = Home::new(&Config::new().every(site, "/a.xml", "1h"));
    home.run(&["once"]).await;
    home.run(&["once"]).await;
    let feed = home.feed(&site.url("/a.xml")).await;
    (home, feed)
}

/// How often each article was alerted.
async fn alerted(home: &Home) -> Vec<String> {
    let alerts = home.alerts().await;
    let url = |alert: &Value| alert["article"]["url"].as_str().unwrap_or_default().to_owned();
    let mut urls: Vec<String> = alerts.iter().map(url).collect();
    urls.sort_unstable();
    urls
}

fn links(numbers: std::ops::Range<usize>) -> Vec<String> {
    let mut links: Vec<String> = articles(numbers).iter().map(Article::link).collect();
    links.sort_unstable();
    links
}

async fn after_polls(answers: &[Answer]) -> (Home, Value, String) {
    let site = Site::start().await;
    site.set("/a.xml", Answer::Each(answers.to_vec()));
    let home = Home::new(&Config::new().every(&site, "/a.xml", "1h"));
    let mut log = String::new();
    for _ in answers {
        log = home.run(&["once"]).await.stderr;
    }
    let feed = home.feed(&site.url("/a.xml")).await;
    (home, feed, log)
}

#[tokio::test]
async fn at_the_first_sight_only_recent_articles_alert() {
    let old = Article { published: now() - TimeDelta::hours(25), ..Article::about_s400("old") };
    let recent = Article { published: now() - TimeDelta::hours(23), ..Article::about_s400("recent") };
    let (home, feed, _) = after_polls(&[page(&[recent, old])]).await;
    let alerts = home.alerts().await;
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    assert_eq!(feed["gaps"], 0, "the first sight is no gap");
}

#[tokio::test]
async fn a_window_without_known_articles_is_reported_as_a_possible_gap() {
    for (what, first, second, gaps) in [
        ("none known", 0..10, 10..20, 1),
        ("one in twenty known", 0..10, 9..29, 1),
        ("one in ten known", 0..10, 9..19, 0),
        ("nothing new", 0..10, 0..10, 0),
        ("was empty", 0..0, 0..10, 0),
        ("is empty", 0..10, 0..0, 0),
    ] {
        let (home, feed, log) = after_polls(&[page(&articles(first)), page(&articles(second.clone()))]).await;
        assert_eq!(feed["gaps"], gaps, "{what}: {feed:#}");
        assert_eq!(log.contains("possible gap"), gaps == 1, "{what}: {log}");
        let text = home.run(&["status"]).await.stdout;
        assert_eq!(text.contains("possible gap"), gaps == 1, "{what}: {text}");
        assert_eq!(feed["last_gap"].is_object(), gaps == 1, "{what}: {feed:#}");
    }
}

#[tokio::test]
async fn a_feed_that_is_empty_for_a_while_alerts_nothing_again() {
    let (all, none) = (page(&articles(0..5)), page(&[]));
    let (home, feed, log) = after_polls(&[all.clone(), none.clone(), none.clone()]).await;
    assert!(feed["empty_since"].is_string(), "{feed:#}");
    assert!(home.run(&["status"]).await.stdout.contains("shows no article, though it had some (since "));
    assert!(!log.contains("feed is empty"), "said once: {log}");
    let (home, feed, _) = after_polls(&[all.clone(), none, page(&articles(0..2)), all]).await;
    assert_eq!(
        (home.alerts().await.len(), &feed["empty_since"], &feed["gaps"]),
        (5, &Value::Null, &0.into())
    );
}

#[tokio::test]
async fn what_scrolled_by_is_found_in_the_archive_and_alerted_once() {
    let site = Site::start().await;
    site.set("/2", linked(&articles(15..20), "prev-archive", "/1"));
    site.set("/1", linked(&articles(9..15), "prev-archive", "/0"));
    site.set("/0", linked(&articles(2..9), "prev-archive", "/none"));
    let (home, feed) = after_downtime(&site, linked(&articles(18..25), "prev-archive", "/2")).await;
    assert_eq!((&feed["gaps"], &feed["last_gap"]), (&0.into(), &Value::Null), "{feed:#}");
    assert_eq!(alerted(&home).await, links(0..25));
    let asked = |path| site.visits(path).len();
    assert_eq!([asked("/2"), asked("/1"), asked("/0"), asked("/none")], [1, 1, 1, 0]);
    assert_eq!(site.visits("/2")[0].request.header("if-none-match"), None);

    // The next time the walk ends where the last one began: an archive never changes.
    site.set("/3", linked(&articles(25..38), "prev-archive", "/2"));
    site.set("/a.xml", linked(&articles(38..45), "prev-archive", "/3"));
    home.run(&["once"]).await;
    assert_eq!(alerted(&home).await, links(0..45));
    assert_eq!((asked("/3"), asked("/2")), (1, 1));
    assert_eq!(home.feed(&site.url("/a.xml")).await["gaps"], 0);
}

#[tokio::test]
async fn pages_are_followed_where_there_is_no_archive() {
    let json = |numbers: std::ops::Range<usize>, next: &str| {
        let items: Vec<Value> = articles(numbers)
            .iter()
            .map(|article| {
                serde_json::json!({"id": format!("urn:test:{}", article.id), "url": article.link(),
                    "title": article.title, "date_published": article.published.to_rfc3339()})
            })
            .collect();
        let feed = serde_json::json!({"version": "https://jsonfeed.org/version/1.1", "title": "Test News",
            "next_url": next, "items": items});
        Answer::body("application/feed+json", feed.to_string())
    };
    let site = Site::start().await;
    site.set("/2", linked(&articles(10..15), "next", "/1"));
    let Answer::Body(page, _) = page(&articles(3..10)) else { unreachable!() };
    site.set("/1", Answer::Body(page, Vec::new()));
    let (home, feed) = after_downtime(&site, json(15..20, "/2")).await;
    assert_eq!(feed["gaps"], 0, "{feed:#}");
    assert_eq!(alerted(&home).await, links(0..20));

    // By a header.
    let site = Site::start().await;
    site.set("/1", Answer::body("application/atom+xml", feeds::atom("Test News", &articles(4..10))));
    let Answer::Body(newest, _) = linked(&articles(10..15), "self", "/a.xml") else { unreachable!() };
    let header = vec![("link", "</x>; rel=hub, </1>; rel=\"next\"".to_owned())];
    let (home, feed) = after_downtime(&site, Answer::Body(newest, header)).await;
    assert_eq!((&feed["gaps"], alerted(&home).await), (&0.into(), links(0..15)), "{feed:#}");
}

#[tokio::test]
async fn what_cannot_be_found_is_reported_and_the_search_is_bounded() {
    let (site, private) = (Site::start().await, Site::start().await);
    // More documents than are asked for.
    for n in 0..15 {
        site.set(
            &format!("/{n}"),
            linked(&articles(100 + n..101 + n), "prev-archive", &format!("/{}", n + 1)),
        );
    }
    site.set("/circle", linked(&articles(50..51), "prev-archive", "/circle"));
    site.set("/html", Answer::body("text/html", "<!doctype html><html><body>No archive</body></html>"));
    private.set("/", linked(&articles(3..10), "prev-archive", "/none"));
    for (to, asked) in [
        ("/0".to_owned(), 10),
        ("/circle".to_owned(), 1),
        ("/missing".to_owned(), 1),
        ("/html".to_owned(), 1),
        (private.url("/"), 0),
    ] {
        let before = site.all_visits().len();
        let (_, feed) = after_downtime(&site, linked(&articles(200..205), "prev-archive", &to)).await;
        assert_eq!(feed["gaps"], 1, "{to}: {feed:#}");
        assert_eq!(feed["last_outcome"], "new", "{to}: the poll itself went well");
        assert_eq!(site.all_visits().len() - before - 2, asked, "{to}");
    }
    assert_eq!(private.connections(), 0, "archives pass the address guard");
}

#[tokio::test]
async fn an_archive_that_asks_for_patience_is_left_alone_with_its_feed() {
    let site = Site::start().await;
    site.set("/0", Answer::with(429, &[("retry-after", "7200")]));
    let (_, feed) = after_downtime(&site, linked(&articles(20..25), "prev-archive", "/0")).await;
    assert_eq!((&feed["reason"], &feed["gaps"]), (&"retry-after".into(), &1.into()), "{feed:#}");
    super::check_wait(&feed, 7200, 7920, "the archive's Retry-After");
}

#[tokio::test]
async fn what_was_old_before_the_gap_is_recorded_and_not_alerted() {
    let site = Site::start().await;
    let old = Article { published: now() - TimeDelta::days(300), ..Article::about_s400("old") };
    let missed = Article::about_s400("missed");
    site.set("/0", linked(&[missed.clone(), old], "prev-archive", "/none"));
    let (home, _) = after_downtime(&site, linked(&articles(20..25), "prev-archive", "/0")).await;
    let alerted = alerted(&home).await;
    assert!(alerted.contains(&missed.link()), "{alerted:?}");
    assert!(!alerted.iter().any(|url| url.ends_with("/old")), "{alerted:?}");
}

#[tokio::test]
async fn a_document_that_was_cut_short_does_not_hide_its_rest_behind_a_304() {
    let site = Site::start().await;
    let whole = feeds::rss("Test News", &articles(0..5));
    let cut = whole.as_bytes()[..whole.len() * 3 / 5].to_vec();
    let etag = vec![("etag", "\"1\"".to_owned())];
    let whole = Answer::Body(whole.into_bytes(), etag.clone());
    site.set("/a.xml", Answer::Each(vec![Answer::Body(cut, etag), whole]));
    let home = Home::new(&Config::new().every(&site, "/a.xml", "1h"));
    home.run(&["once"]).await;
    assert!(!alerted(&home).await.is_empty(), "what arrived is alerted");
    home.run(&["once"]).await;
    assert_eq!(site.visits("/a.xml")[1].request.header("if-none-match"), None);
    assert_eq!(alerted(&home).await, links(0..5));
}
