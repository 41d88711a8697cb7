//! The page as a person reads it: what stands where, what leads where, what needs somebody.

mod states;

use std::time::Duration;

use scraper::Html;

use super::client::{Page, attributes, text, texts};
use crate::support::{
    Answer, Article, Config, Daemon, Home, Receiver, Reply, Site, daemon::Signal, holds, until,
};

struct Scene {
    site: Site,
    receiver: Receiver,
    home: Home,
    daemon: Daemon,
    page: Page,
}

/// Two feeds and a receiver; each feed has an article on S-400, the second one names all topics.
async fn scene() -> Scene {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    site.publish("/a.xml", &[Article::about_s400("one")]);
    site.publish("/b.xml", &[Article::about_all_four("two"), Article::new("three", "Nothing new")]);
    let named = format!("[[feed]]\nurl = \"{}\"\nname = \"Second\"\ninterval = \"1s\"\n", site.url("/b.xml"));
    let config = Config::new().page().add("[poll]\nfailing_after = 1\n").feed(&site, "/a.xml").add(&named);
    let config = config.webhook("desk", &receiver);
    let home = Home::new(&config);
    let daemon = home.start().await;
    let page = Page::of(&daemon).await;
    Scene { site, receiver, home, daemon, page }
}

fn has_two_delivered(html: &Html) -> bool {
    texts(html, ".deliveries li").iter().filter(|text| text.contains("delivered")).count() == 2
}

#[tokio::test]
async fn a_glance_tells_of_feeds_alerts_and_deliveries() {
    let scene = scene().await;
    let html = scene.page.once("/", has_two_delivered).await;
    assert_eq!(text(&html, "h1.good"), "All 2 feeds are healthy. Deliveries are up to date.");
    assert!(text(&html, "title").starts_with("All 2 feeds are healthy."));

    assert_eq!(texts(&html, "article").len(), 2);
    let links = attributes(&html, "article h3 a", "href");
    assert!(links.contains(&"https://news.example/one".to_owned()), "{links:?}");
    let marked = texts(&html, "article mark");
    for word in ["S-400", "F-35", "Patriot", "sanctions"] {
        assert!(marked.iter().any(|mark| mark == word), "{word} in {marked:?}");
    }
    assert!(texts(&html, "article .meta").iter().any(|meta| meta.starts_with("Second")), "the feed is named");
    assert!(texts(&html, ".deliveries li").iter().all(|text| text.starts_with("desk delivered")));
    let moments = attributes(&html, "article time", "datetime");
    assert!(!moments.is_empty() && moments.iter().all(|at| at.ends_with('Z')), "{moments:?}");

    assert!(text(&html, ".notifiers .item").contains("desk active"), "{}", text(&html, ".notifiers .item"));
    assert!(text(&html, ".notifiers .figures").starts_with("nothing waits"));
    let pictures = attributes(&html, ".notifiers svg", "aria-label");
    assert_eq!(pictures, [format!("deliveries an hour, last 24 h:{} 2", " 0".repeat(23))]);

    let rows = texts(&html, "#feeds tbody tr");
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert!(row.contains("fixed interval") && row.contains("just now"), "next poll and why: {row}");
    }
    assert!(rows[0].starts_with("Test News") && rows[1].starts_with("Second"), "{rows:?}");
    scene.daemon.stop().await;
}

#[tokio::test]
async fn filters_are_plain_links() {
    let scene = scene().await;
    let html = scene.page.once("/", has_two_delivered).await;
    let links = attributes(&html, "article a.topic", "href");
    assert!(
        links.contains(&"/?topic=S-400".to_owned()) && links.contains(&"/?topic=F-35".to_owned()),
        "{links:?}"
    );
    let f35 = scene.page.get("/?topic=F-35").await.html();
    assert_eq!(attributes(&f35, "article h3 a", "href"), ["https://news.example/two"]);
    assert_eq!(text(&f35, ".alerts h2"), "Alerts for F-35");
    assert_eq!(attributes(&f35, "head link[rel=alternate]", "href"), ["/alerts.atom?topic=F-35"]);
    assert!(attributes(&f35, ".alerts .head a", "href").contains(&"/".to_owned()), "and back");
    let none = scene.page.get("/?topic=nothing").await.html();
    assert_eq!(text(&none, ".alerts .quiet"), "Nothing was found there yet.");

    let row = attributes(&html, "#feeds td a", "href");
    let feed = scene.page.get(&row[0]).await.html();
    assert_eq!(attributes(&feed, "article h3 a", "href"), ["https://news.example/one"]);
    let facts = text(&feed, "section.feed dl");
    for fact in [&scene.site.url("/a.xml"), "Last success", "Next poll", "status", "poll"] {
        assert!(facts.contains(fact), "{fact} in {facts}");
    }
    scene.daemon.stop().await;
}

#[tokio::test]
async fn an_alert_has_a_page_with_all_evidence_and_attempts() {
    let scene = scene().await;
    scene.page.once("/", has_two_delivered).await;
    scene.receiver.script([Reply::Status(500), Reply::Status(204)]);
    let mut article = Article::about_s400("four");
    article.summary = "Again the S-400, and more on the Triumf.".to_owned();
    scene.site.publish("/a.xml", &[article]);
    holds("a second attempt", || scene.receiver.accepted().len() == 3).await;
    let html = scene
        .page
        .once("/", |html| {
            texts(html, ".deliveries").first().is_some_and(|one| one.contains("delivered"))
                && texts(html, "article").len() == 3
        })
        .await;
    let link = attributes(&html, "article a.more", "href").remove(0);
    let html = scene.page.get(&link).await.html();
    assert!(text(&html, "h1").contains("(four)"));
    assert!(text(&html, "p.snippet").starts_with("Again the S-400"));
    let evidence = texts(&html, ".mentions li");
    assert!(evidence.iter().any(|line| line.starts_with("title ")), "{evidence:?}");
    assert!(
        evidence.iter().any(|line| line.starts_with("summary ") && line.contains("Triumf")),
        "{evidence:?}"
    );
    assert_eq!(texts(&html, ".mentions mark").len(), evidence.len());
    let attempts = texts(&html, ".attempts li");
    assert_eq!(attempts.len(), 2, "{attempts:?}");
    assert!(attempts[0].contains("status 500") && attempts[1].contains("status 204"), "{attempts:?}");
    let id = link.strip_prefix("/alerts/").expect("its path");
    assert!(text(&html, "code") == id && scene.home.alerts().await.iter().any(|alert| alert["id"] == id));

    let unknown = scene.page.get("/alerts/alert_aaaaaaaaaaaaaaaaaaaaaaaaaa").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(text(&unknown.html(), "h1"), "There is no such alert.");
    scene.daemon.stop().await;
}

#[tokio::test]
async fn what_needs_a_person_stands_first() {
    let scene = scene().await;
    scene.page.once("/", has_two_delivered).await;
    scene.receiver.otherwise(Reply::Status(403));
    scene.site.set("/b.xml", Answer::status(503));
    scene.site.publish("/a.xml", &[Article::about_s400("four")]);
    let html = scene
        .page
        .once("/", |html| {
            text(html, "h1").contains("1 feed needs you.") && text(html, "h1").contains("held up")
        })
        .await;
    assert_eq!(attributes(&html, "h1", "class"), ["verdict bad"]);
    assert!(text(&html, "h1").contains("desk"), "{}", text(&html, "h1"));
    let first = texts(&html, "#feeds tbody tr").remove(0);
    assert!(first.starts_with("Second") && first.contains("failing") && first.contains("503"), "{first}");
    assert!(text(&html, ".needy .item").starts_with("Second failing"));
    assert!(text(&html, ".notifiers .item").contains("desk held"), "{}", text(&html, ".notifiers .item"));
    assert!(text(&html, ".notifiers .error").contains("403"));
    // The command says the same.
    let status = scene.home.run(&["status", "--json"]).await;
    assert_eq!((status.code, &status.json()["ok"]), (Some(1), &false.into()));
    scene.daemon.stop().await;
}

#[tokio::test]
async fn it_comes_again_after_30_seconds_unless_told_to_stand_still() {
    let scene = scene().await;
    for (path, refresh) in [
        ("/", Some("30")),
        ("/?topic=F-35", Some("30")),
        ("/?refresh=off", None),
        ("/?topic=F-35&refresh=off", None),
    ] {
        let answer = scene.page.get(path).await;
        assert_eq!(answer.header("refresh"), refresh, "{path}");
        let other = attributes(&answer.html(), ".stamp a", "href");
        let expected = match (path.contains("topic"), refresh.is_some()) {
            (false, true) => "/?refresh=off",
            (true, true) => "/?topic=F-35&refresh=off",
            (false, false) => "/",
            (true, false) => "/?topic=F-35",
        };
        assert_eq!(other, [expected], "{path}");
    }
    scene.daemon.stop().await;
}

#[tokio::test]
async fn a_reload_is_seen_at_once() {
    let scene = scene().await;
    scene.page.once("/", has_two_delivered).await;
    let config = Config::new().page().feed(&scene.site, "/a.xml").webhook("office", &scene.receiver);
    let text_ = config.text();
    scene.home.write("feedwatch.toml", text_);
    scene.daemon.signal(Signal::HUP);
    let html = scene.page.once("/", |html| texts(html, "#feeds tbody tr").len() == 1).await;
    assert!(text(&html, ".notifiers").contains("office"));
    let old = until("the old one's alerts stay", async || {
        let html = scene.page.get("/").await.html();
        (texts(&html, "article").len() == 2).then_some(html)
    });
    assert!(tokio::time::timeout(Duration::from_secs(20), old).await.is_ok());
    scene.daemon.stop().await;
}
