//! `/alerts.atom`: the alerts for any feed reader, held against RFC 4287 by three readers.

use std::collections::BTreeSet;

use feedwatch::read::{self, Limits, Source};
use roxmltree::{Document, Node};

use super::client::{Answer as Got, Page};
use crate::support::{Answer, Article, Config, Daemon, Home, Receiver, Site, feeds, holds, until};

const ATOM: &str = "http://www.w3.org/2005/Atom";

async fn daemon(site: &Site, paths: &[&str]) -> (Home, Daemon, Page) {
    let config = paths.iter().fold(Config::new().page(), |config, path| config.feed(site, path));
    let home = Home::new(&config);
    let daemon = home.start().await;
    let page = Page::of(&daemon).await;
    (home, daemon, page)
}

/// The document once it has so many entries.
async fn with_entries(page: Page, path: &str, count: usize) -> Got {
    until(&format!("{count} entries in {path}"), async || {
        let answer = page.get(path).await;
        (answer.body.matches("<entry>").count() == count).then_some(answer)
    })
    .await
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Vec<Node<'a, 'a>> {
    node.children().filter(|child| child.has_tag_name((ATOM, name))).collect()
}

/// The one child of that name, with its text.
#[track_caller]
fn one(node: Node<'_, '_>, name: &str) -> String {
    let found: Vec<String> = node
        .children()
        .filter(|child| child.has_tag_name((ATOM, name)))
        .map(|child| child.text().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(found.len(), 1, "one {name}");
    found.concat()
}

/// RFC 4287 §4.1: what a feed and its entries must have, how often, and in which form.
#[track_caller]
fn check_valid(answer: &Got) {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/atom+xml; charset=utf-8"))
    );
    let document = Document::parse(&answer.body).unwrap_or_else(|error| panic!("{error} in {}", answer.body));
    let feed = document.root_element();
    assert!(feed.has_tag_name((ATOM, "feed")));
    check_parts(feed);
    let of = |name| node_list(feed, name);
    assert_eq!(of("author").len(), 1, "else every entry needs one");
    let selfs = of("link").into_iter().filter(|link| link.attribute("rel") == Some("self")).count();
    assert_eq!(selfs, 1);
    let mut ids = BTreeSet::new();
    let mut before: Option<chrono::DateTime<chrono::FixedOffset>> = None;
    for entry in of("entry") {
        check_parts(entry);
        assert!(ids.insert(one(entry, "id")), "an id for each");
        let content = node_list(entry, "content");
        assert!(content.len() == 1 && content[0].attribute("type") == Some("html"));
        assert!(content[0].children().all(|child| child.is_text()), "escaped HTML is text");
        let alternates = node_list(entry, "link");
        assert!(
            alternates.len() <= 1
                && alternates
                    .iter()
                    .all(|link| link.attribute("href").is_some_and(|href| href.starts_with("http")))
        );
        assert!(node_list(entry, "category").iter().all(|category| category.attribute("term").is_some()));
        let updated = chrono::DateTime::parse_from_rfc3339(&one(entry, "updated")).expect("a date");
        assert!(before.is_none_or(|before| updated <= before), "newest first");
        before = Some(updated);
    }
    let newest = node_list(feed, "entry").first().map(|entry| one(*entry, "updated"));
    assert!(newest.is_none_or(|newest| newest == one(feed, "updated")));

    let ours = read::read(answer.body.as_bytes(), Source::default(), &Limits::default()).expect("a feed");
    assert!(ours.report.repairs.is_empty(), "{:?}", ours.report.repairs);
    let theirs = feed_rs::parser::parse(answer.body.as_bytes()).expect("a feed");
    assert_eq!((ours.articles.len(), theirs.entries.len()), (ids.len(), ids.len()));
    assert!(theirs.entries.iter().all(|entry| ids.contains(&entry.id)));
}

fn node_list<'a>(node: Node<'a, 'a>, name: &str) -> Vec<Node<'a, 'a>> {
    child(node, name)
}

/// What feeds and entries have in common.
#[track_caller]
fn check_parts(node: Node<'_, '_>) {
    assert!(!one(node, "title").trim().is_empty());
    let id = one(node, "id");
    let urn = id.strip_prefix("urn:feedwatch:").expect("a URN");
    let fits = |c: char| c.is_ascii_alphanumeric() || "()+,-.:=@;$_!*'%/".contains(c);
    assert!(!urn.is_empty() && urn.chars().all(fits), "{id} (RFC 8141)");
    chrono::DateTime::parse_from_rfc3339(&one(node, "updated")).expect("a date");
}

#[tokio::test]
async fn it_is_valid_and_tells_what_was_found() {
    let site = Site::start().await;
    site.publish("/a.xml", &[Article::about_s400("one")]);
    site.publish("/b.xml", &[Article::about_all_four("two")]);
    let (home, daemon, page) = daemon(&site, &["/a.xml", "/b.xml"]).await;
    let answer = with_entries(page, "/alerts.atom", 2).await;
    check_valid(&answer);
    let theirs = feed_rs::parser::parse(answer.body.as_bytes()).expect("a feed");
    assert_eq!(theirs.title.expect("a title").content, "feedwatch alerts");
    let alerts = home.alerts().await;
    for entry in &theirs.entries {
        let id = entry.id.strip_prefix("urn:feedwatch:").expect("the id of the alert");
        let alert = alerts.iter().find(|alert| alert["id"] == id).expect("an alert");
        assert_eq!(
            entry.title.as_ref().map(|title| title.content.as_str()),
            alert["article"]["title"].as_str()
        );
        assert_eq!(Some(entry.links[0].href.as_str()), alert["article"]["url"].as_str());
        assert!(entry.published.is_some() && entry.updated.is_some());
        let topics: BTreeSet<&str> = alert["topics"]
            .as_array()
            .expect("topics")
            .iter()
            .filter_map(|topic| topic["name"].as_str())
            .collect();
        assert_eq!(
            entry.categories.iter().map(|category| category.term.as_str()).collect::<BTreeSet<_>>(),
            topics
        );
        let content = entry.content.as_ref().and_then(|content| content.body.clone()).expect("content");
        assert!(content.contains("<mark>S-400</mark>"), "{content}");
    }
    // The page says where it is.
    let html = page.get("/").await.html();
    assert_eq!(
        super::client::attributes(&html, "head link[type='application/atom+xml']", "href"),
        ["/alerts.atom"]
    );
    daemon.stop().await;
}

#[tokio::test]
async fn ids_and_dates_stay_the_same_over_a_restart_and_a_reader_that_knows_all_gets_304() {
    let site = Site::start().await;
    site.publish("/a.xml", &[Article::about_s400("one"), Article::about_s400("two")]);
    let (home, daemon, page) = daemon(&site, &["/a.xml"]).await;
    let first = with_entries(page, "/alerts.atom", 2).await;
    let tag = first.header("etag").expect("a tag").to_owned();
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
        let again = page.with("GET", "/alerts.atom", &[("if-none-match", &known)]).await;
        assert_eq!(
            (again.status, again.body.as_str(), again.header("etag")),
            (304, "", Some(tag.as_str())),
            "{known}"
        );
    }
    assert_eq!(page.with("GET", "/alerts.atom", &[("if-none-match", "\"other\"")]).await.status, 200);
    site.publish("/a.xml", &[Article::about_s400("three")]);
    let more = with_entries(page, "/alerts.atom", 3).await;
    assert_ne!(more.header("etag"), Some(tag.as_str()));
    daemon.stop().await;

    let daemon = home.start().await;
    let after = Page::of(&daemon).await.get("/alerts.atom").await;
    let entries = |answer: &Got| answer.body.split_once("<entry>").map(|(_, entries)| entries.to_owned());
    assert!(entries(&after).is_some() && entries(&after) == entries(&more), "{}\n{}", after.body, more.body);
    daemon.stop().await;
}

#[tokio::test]
async fn it_is_filtered_by_topic_and_by_feed() {
    let site = Site::start().await;
    site.publish("/a.xml", &[Article::about_s400("one")]);
    site.publish("/b.xml", &[Article::about_all_four("two")]);
    let (_home, daemon, page) = daemon(&site, &["/a.xml", "/b.xml"]).await;
    with_entries(page, "/alerts.atom", 2).await;
    let feed = format!("/alerts.atom?feed={}", site.url("/a.xml"));
    let mut ids = BTreeSet::new();
    for (path, entries, has) in [
        ("/alerts.atom?topic=S-400", 2, "feedwatch: S-400"),
        ("/alerts.atom?topic=F-35", 1, "feedwatch: F-35"),
        ("/alerts.atom?topic=F%2D35&feed=nobody", 0, "F-35"),
        ("/alerts.atom?topic=no%20such%20%26%20topic", 0, "no such &amp; topic"),
        (feed.as_str(), 1, "/news.example/one"),
    ] {
        let answer = with_entries(page, path, entries).await;
        check_valid(&answer);
        assert!(answer.body.contains(has), "{path}: {}", answer.body);
        let document = Document::parse(&answer.body).expect("XML");
        let id = one(document.root_element(), "id");
        assert!(ids.insert(id.clone()), "{id} is another document's");
    }
    daemon.stop().await;
}

#[tokio::test]
async fn hostile_text_stays_text_and_valid() {
    let site = Site::start().await;
    let hostile = [
        "S-400 ]]></title><script>alert(1)</script>",
        "S-400 & < > \" ' &amp; &lt;b&gt; &#x0; <!-- -- --> <?php ?>",
        "S-400 <!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]> &e;",
        "S-400 \u{202e}\u{feff}\u{fffd}\u{10ffff} \u{1f600} \u{5d0}\u{5d1}",
    ];
    let articles: Vec<Article> =
        hostile.iter().enumerate().map(|(n, title)| Article::new(&format!("n{n}"), title)).collect();
    let escaped =
        feeds::rss("]]></title> & <b>", &articles).replace("&lt;", "&amp;lt;").replace("&gt;", "&amp;gt;");
    site.set("/evil.xml", Answer::Feed(escaped));
    let name = "[[feed]]\nurl = \"URL\"\nname = \"]]> & <b>\\\"'\"\ninterval = \"1s\"\n"
        .replace("URL", &site.url("/evil.xml"));
    let topic = "[[topic]]\nname = \"\\\"><&]]>\"\nany = [\"S-400\"]\n";
    let home = Home::new(&Config::new().page().add(&name).add(topic));
    let daemon = home.start().await;
    let page = Page::of(&daemon).await;
    for path in ["/alerts.atom", "/alerts.atom?topic=%22%3E%3C%26%5D%5D%3E"] {
        let answer = with_entries(page, path, hostile.len()).await;
        check_valid(&answer);
        assert!(!answer.body.contains("<script") && !answer.body.contains("<!DOCTYPE"), "{}", answer.body);
        let document = Document::parse(&answer.body).expect("XML");
        for content in document.descendants().filter(|node| node.has_tag_name((ATOM, "content"))) {
            let html = scraper::Html::parse_fragment(content.text().unwrap_or_default());
            for element in html.tree.root().descendants().filter_map(scraper::ElementRef::wrap) {
                let name = element.value().name();
                assert!(
                    ["html", "p", "b", "ul", "li", "mark", "bdi"].contains(&name),
                    "<{name}> in {}",
                    html.html()
                );
                assert!(element.value().attrs().all(|(name, _)| name == "class"), "{}", html.html());
            }
        }
    }
    daemon.stop().await;
}

#[tokio::test]
async fn it_has_the_newest_hundred() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    let articles: Vec<Article> = (0..130).map(|n| Article::about_s400(&format!("n{n}"))).collect();
    site.publish("/a.xml", &articles[..30]);
    let home = Home::new(&Config::new().page().feed(&site, "/a.xml").webhook("desk", &receiver));
    let daemon = home.start().await;
    let page = Page::of(&daemon).await;
    with_entries(page, "/alerts.atom", 30).await;
    site.publish("/a.xml", &articles[30..]);
    holds("all alerts", || receiver.articles().len() == 130).await;
    let answer = with_entries(page, "/alerts.atom", 100).await;
    check_valid(&answer);
    assert!(
        !answer.body.contains("news.example/n29<") && !answer.body.contains("(n29)"),
        "the older ones are left out"
    );
    assert!(answer.body.contains("(n30)") && answer.body.contains("(n129)"));
    daemon.stop().await;
}
