//! Text from elsewhere is text: whatever stands in a feed, no page of ours does anything but show it.

use scraper::{ElementRef, Html};

use super::client::{Page, attributes, text, texts};
use crate::support::{Answer, Config, Home, Receiver, Reply, Site, feeds, holds, until};

/// Elements that the pages are made of. Anything else came from outside.
const OURS: &[&str] = &[
    "html", "head", "meta", "title", "link", "body", "header", "main", "section", "div", "span", "p", "h1",
    "h2", "h3", "a", "b", "bdi", "mark", "small", "code", "time", "ul", "ol", "li", "dl", "dt", "dd",
    "article", "nav", "table", "thead", "tbody", "tr", "th", "td", "svg", "path", "details", "summary",
];
/// Attributes that they have.
const ATTRIBUTES: &[&str] = &[
    "aria-label",
    "charset",
    "class",
    "content",
    "d",
    "datetime",
    "href",
    "id",
    "lang",
    "name",
    "rel",
    "role",
    "title",
    "type",
];

/// Titles and texts that attack whoever shows them.
const HOSTILE: &[&str] = &[
    "S-400 <script>alert(1)</script>",
    "S-400 \"><img src=x onerror=alert(1)>",
    "S-400 </title></bdi></a><iframe src=https://evil.example/></iframe>",
    "S-400 <svg/onload=alert(1)>",
    "S-400 <style>body{display:none}</style><base href=https://evil.example/>",
    "S-400 &lt;b&gt; &#60;script&#62; {{7*7}} ${7*7}",
    "S-400 \u{202e}gnp.exe\u{2066}\u{200f}",
    "S-400 <meta http-equiv=refresh content=0;url=https://evil.example/>",
    "S-400 <link rel=stylesheet href=//evil.example/x.css><form action=//evil.example><input autofocus onfocus=alert(1)>",
];

/// The document has no part that could do anything, and loads nothing from elsewhere.
#[track_caller]
pub fn check_inert(html: &Html) {
    for element in html.tree.root().descendants().filter_map(ElementRef::wrap) {
        let name = element.value().name();
        assert!(OURS.contains(&name), "<{name}> in {}", html.html());
        for (attribute, value) in element.value().attrs() {
            assert!(ATTRIBUTES.contains(&attribute), "<{name} {attribute}={value:?}>");
            if attribute == "href" {
                check_link(&element, value);
            }
        }
        assert!(element.attr("http-equiv").is_none() && element.attr("style").is_none());
    }
    let shown: String = html.root_element().text().collect();
    assert!(!shown.contains(['\u{202e}', '\u{2066}', '\u{200f}']), "nothing turns the text around");
}

/// Ours are paths; those of articles are on the web, and are followed without a word about us.
#[track_caller]
fn check_link(element: &ElementRef<'_>, href: &str) {
    let is_ours = href.starts_with('#') || (href.starts_with('/') && !href.starts_with("//"));
    match element.value().name() {
        _ if is_ours => {}
        "link" => {
            assert!(href.starts_with("data:image/svg+xml,") && element.attr("rel") == Some("icon"), "{href}");
        }
        "a" => {
            let url = url::Url::parse(href).expect("a whole address");
            assert!(matches!(url.scheme(), "http" | "https") && url.username().is_empty(), "{href}");
            assert_eq!(element.attr("rel"), Some("noopener noreferrer"), "{href}");
        }
        other => panic!("<{other} href={href:?}>"),
    }
}

/// An RSS document in which everything is hostile, links included.
fn hostile_feed() -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let links = [
        "javascript:alert(1)",
        "https://user:secret@evil.example/",
        "data:text/html,<script>",
        "https://news.example/\"onclick=\"x",
    ];
    let item = |(n, text): (usize, &&str)| {
        // Once as plain text that looks like markup, once as a reader of RSS would take it.
        let twice = escape(&escape(text));
        let (link, date) = (escape(links[n % links.len()]), crate::support::now().to_rfc2822());
        format!(
            "<item><guid isPermaLink=\"false\">n{n}</guid><title>{twice}</title><link>{link}</link>\
                 <author>{twice}</author><pubDate>{date}</pubDate><description>{twice}</description></item>"
        )
    };
    let items: String = HOSTILE.iter().enumerate().map(item).collect();
    format!(
        "<rss version=\"2.0\"><channel><title>{}</title>{items}</channel></rss>",
        escape(&escape(HOSTILE[2]))
    )
}

#[tokio::test]
async fn hostile_text_is_text_on_every_page() {
    let (site, receiver) = (Site::start().await, Receiver::start(1).await);
    receiver.otherwise(Reply::Status(500));
    site.set("/evil.xml", Answer::Feed(hostile_feed()));
    site.set("/html", Answer::body("text/html", "<html><title>\"><script>alert(1)</script></title></html>"));
    let name = "desk <script>alert('n')</script>";
    let topic = "[[topic]]\nname = \"<img src=x onerror=alert(1)>\"\nany = [\"S-400\"]\n";
    let config = Config::new()
        .page()
        .feed(&site, "/evil.xml")
        .feed(&site, "/html")
        .webhook(name, &receiver)
        .add(topic);
    let home = Home::new(&config);
    let daemon = home.start().await;
    let page = Page::of(&daemon).await;
    holds("attempts", || receiver.attempts().len() >= 5).await;
    let html = page.once("/", |html| texts(html, "article h3").len() == HOSTILE.len()).await;
    check_inert(&html);
    let titles = texts(&html, "article h3").join("\n");
    for part in [
        "<script>alert(1)</script>",
        "onerror=alert(1)>",
        "</title></bdi></a><iframe",
        "{{7*7}} ${7*7}",
        "gnp.exe",
    ] {
        assert!(titles.contains(part), "{part} is shown as it is:\n{titles}");
    }
    assert!(texts(&html, ".notifiers .name").join("").contains("<script>alert('n')</script>"));
    let links = attributes(&html, "article h3 a", "href");
    assert!(!links.is_empty() && links.iter().all(|href| !href.contains("secret")), "{links:?}");

    let ours = |link: &&String| link.starts_with('/') && !link.starts_with("/alerts.atom");
    for link in attributes(&html, "main a", "href").iter().filter(ours) {
        let answer = page.get(link).await;
        assert_eq!(answer.status, 200, "{link}");
        check_inert(&answer.html());
    }
    let feed = page.get(&format!("/?feed={}", site.url("/evil.xml"))).await.html();
    check_inert(&feed);
    assert!(text(&feed, "section.feed h2").contains("<iframe src=https://evil.example/>"));
    daemon.stop().await;
}

#[tokio::test]
async fn a_hostile_question_gets_a_harmless_answer() {
    let home = Home::new(&Config::new().page());
    let daemon = home.start().await;
    let page = Page::of(&daemon).await;
    for path in [
        "/?topic=%3Cscript%3Ealert(1)%3C/script%3E",
        "/?feed=%22%3E%3Cscript%3E",
        "/?feed=javascript:alert(1)&refresh=off&page=999999999999999999999",
        "/?topic=%00%ff%FE&topic=a&topic=b",
        "/?page=-1&refresh=%22%3E",
        "/alerts/%3Cscript%3E",
        "/alerts/..%2f..%2fetc%2fpasswd",
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/style.css/../../etc/passwd",
    ] {
        let answer = page.get(path).await;
        assert!(matches!(answer.status, 200 | 400 | 404), "{path}: {answer:#?}");
        assert!(!answer.body.contains("<script") && !answer.body.contains("root:"), "{path}: {answer:#?}");
        if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            check_inert(&answer.html());
        }
    }
    daemon.stop().await;
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let (site, receiver) = (Site::start().await, Receiver::start(7).await);
    receiver.otherwise(Reply::Status(500));
    site.publish("/news.xml", &[feeds::Article::about_s400("one")]);
    let url =
        site.url("/news.xml").replace("http://", "http://reader:canary-password@") + "?key=canary-query";
    site.publish("/news.xml?key=canary-query", &[feeds::Article::about_s400("one")]);
    let feed =
        format!("[[feed]]\nurl = \"{url}\"\ninterval = \"1s\"\nheaders = {{ X-Key = \"canary-header\" }}\n");
    let home = Home::new(&Config::new().page().add(&feed).webhook("desk", &receiver));
    let daemon = home.start().await;
    let page = Page::of(&daemon).await;
    holds("an attempt", || !receiver.attempts().is_empty()).await;
    let html = page.once("/", |html| !texts(html, "article").is_empty()).await;
    until("a second attempt", async || (receiver.attempts().len() > 1).then_some(())).await;
    let mut paths: Vec<String> = ["/", "/metrics", "/alerts.atom", "/health/ready"].map(str::to_owned).into();
    paths.extend(attributes(&html, "main a", "href").into_iter().filter(|href| href.starts_with('/')));
    for path in paths {
        let answer = page.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        let secret = receiver.secret();
        for canary in ["canary-password", "canary-header", "/hook", secret] {
            assert!(!answer.body.contains(canary) && !path.contains(canary), "{canary} in {path}");
        }
        let shows_query = answer.body.contains("canary-query");
        assert!(!shows_query || path != "/metrics", "no query in /metrics");
    }
    daemon.stop().await;
}
