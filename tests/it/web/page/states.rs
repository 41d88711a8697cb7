//! The page with nothing on it, with very much, and with what was given up.

use super::{
    super::client::{Page, attributes, text, texts},
    Signal,
};
use crate::support::{Article, Config, Home, Receiver, Reply, Site};

#[tokio::test]
async fn an_empty_one_says_what_to_do() {
    let home = Home::with("[server]\nlisten = \"127.0.0.1:0\"\n");
    let daemon = home.start().await;
    let html = Page::of(&daemon).await.get("/").await.html();
    assert!(text(&html, "h1").contains("No feed is watched yet."));
    assert!(text(&html, "#feeds").contains("feedwatch.toml"), "{}", text(&html, "#feeds"));
    assert!(text(&html, ".alerts .quiet").contains("feedwatch.toml"));
    daemon.stop().await;

    let site = Site::start().await;
    site.publish("/quiet.xml", &[Article::new("one", "Nothing new")]);
    let home = Home::new(&Config::new().page().feed(&site, "/quiet.xml"));
    let daemon = home.start().await;
    let html = Page::of(&daemon).await.once("/", |html| text(html, "h1").contains("healthy")).await;
    assert!(text(&html, ".alerts .quiet").starts_with("Nothing was found yet."));
    daemon.stop().await;
}

/// Feeds in a file that are listed and not asked.
fn many(count: usize) -> String {
    let feed = |n: usize| {
        format!(
            "[[feed]]\nurl = \"https://news{n}.example/a/rather/long/path/to/rss.xml\"\nname = \"Newspaper number {n}\"\nenabled = false\n"
        )
    };
    (0..count).map(feed).collect()
}

#[tokio::test]
async fn two_hundred_feeds_fit_into_100_kb_and_a_thousand_into_pages() {
    let (site, home) = (Site::start().await, Home::new(&Config::new()));
    site.publish("/a.xml", &[Article::about_s400("one")]);
    let config = |count| Config::new().page().feed(&site, "/a.xml").add(&many(count)).text();
    home.write("feedwatch.toml", config(199));
    let daemon = home.start().await;
    let page = Page::of(&daemon).await;
    page.once("/", |html| !texts(html, "article").is_empty()).await;
    let answer = page.get("/").await;
    assert_eq!(texts(&answer.html(), "#feeds tbody tr").len(), 200);
    assert!(answer.body.len() < 100_000, "{} bytes", answer.body.len());

    home.write("feedwatch.toml", config(1200));
    daemon.signal(Signal::HUP);
    let first = page.once("/", |html| !texts(html, "#feeds nav").is_empty()).await;
    let mut names = Vec::new();
    let links = attributes(&first, "#feeds nav a", "href");
    let mut pages = vec!["/".to_owned()];
    pages.extend(links.into_iter().map(|link| link.trim_end_matches("#feeds").to_owned()));
    for path in pages {
        let answer = page.get(&path).await;
        assert!(answer.body.len() < 250_000, "{path}: {} bytes", answer.body.len());
        names.extend(texts(&answer.html(), "#feeds td:first-child"));
    }
    assert_eq!(names.len(), 1201);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 1201, "each feed stands on one page");
    daemon.stop().await;
}

#[tokio::test]
async fn what_was_given_up_is_told_with_what_to_do_also_of_a_notifier_that_was_removed() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    receiver.otherwise(Reply::Status(400));
    site.publish("/a.xml", &[Article::about_s400("one")]);
    let config = Config::new().page().feed(&site, "/a.xml");
    let home = Home::new(&config.clone().webhook("desk", &receiver));
    let daemon = home.start().await;
    let page = Page::of(&daemon).await;
    let html = page.once("/", |html| text(html, "h1").contains("given up")).await;
    assert!(
        text(&html, "h1").contains("1 delivery to desk was given up: the receiver refuses"),
        "{}",
        text(&html, "h1")
    );
    assert!(text(&html, ".deliveries").starts_with("desk ") && text(&html, ".deliveries .bad") == "given up");
    let item = text(&html, ".notifiers .item");
    assert!(item.contains("1 given up") && item.contains("feedwatch redeliver --dead"), "{item}");

    home.write("feedwatch.toml", config.text());
    daemon.signal(Signal::HUP);
    let html = page.once("/", |html| texts(html, ".notifiers .item").len() == 2).await;
    assert_eq!(text(&html, "h1"), "The one feed is healthy. Deliveries are up to date.");
    assert!(
        texts(&html, ".notifiers .item")[1].starts_with("desk removed"),
        "{:?}",
        texts(&html, ".notifiers .item")
    );
    daemon.stop().await;
}

#[tokio::test]
async fn that_nothing_is_polled_stands_first() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    receiver.otherwise(Reply::Status(403));
    site.publish("/a.xml", &[Article::about_s400("one"), Article::about_s400("two")]);
    let config = Config::new().page().notify("retry = [\"200ms\"]\nmax_pending = 2").feed(&site, "/a.xml");
    let home = Home::new(&config.webhook("desk", &receiver));
    let daemon = home.start().await;
    let said = "Polling pauses: 2 deliveries wait, notify.max_pending is 2.";
    let html = Page::of(&daemon).await.once("/", |html| text(html, "h1").starts_with(said)).await;
    assert_eq!(attributes(&html, "h1", "class"), ["verdict bad"]);
    daemon.stop().await;
}
