//! The pages in a real browser: nothing complains, nothing is asked for elsewhere, nothing sticks out, everything can be
//! read, at the widths of a phone and a desk, in light and dark.
//!
//! Without a Chromium it says so and does nothing; `.ci/run` installs one. With `FEEDWATCH_PICTURES=FOLDER` it leaves
//! pictures there, to be looked at.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::Value;

use super::{
    client::{Page, attributes, texts},
    devtools::{Browser, Look},
};
use crate::support::{Answer, Article, Config, Daemon, Home, Receiver, Reply, Site, feeds, holds, now};

const LOOKS: [Look; 4] = [
    Look { width: 360, height: 780, scheme: "light" },
    Look { width: 390, height: 844, scheme: "dark" },
    Look { width: 1280, height: 800, scheme: "light" },
    Look { width: 1280, height: 800, scheme: "dark" },
];

/// Elements that stand beyond the right edge, with where they end; and how wide the page is.
const WIDTH: &str = "({page: document.documentElement.scrollWidth, window: innerWidth, wide:
    [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 0.5)
        .map(e => e.tagName + '.' + e.getAttribute('class') + ': ' + e.textContent.slice(0, 40)).slice(0, 5)})";

/// The texts with the least contrast to what they stand on (WCAG 2.1 §1.4.3).
const CONTRAST: &str = "(() => {
    const parts = c => (c.match(/[\\d.]+/g) || []).map(Number);
    const light = c => { const [r, g, b] = parts(c).map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
        if (parts(c).length < 4 || parts(c)[3] > 0) return c; } return 'rgb(255,255,255)'; };
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let least = {ratio: 21, text: ''}, count = 0;
    for (let n; n = walk.nextNode();) {
        if (!n.data.trim() || !n.parentElement.getClientRects().length) continue;
        count++;
        const [a, b] = [light(getComputedStyle(n.parentElement).color), light(ground(n.parentElement))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < least.ratio) least = {ratio, text: n.data.slice(0, 40)};
    }
    return {...least, count, ground: light(ground(document.body))};
})()";

struct Scene {
    _site: Site,
    _receivers: [Receiver; 2],
    _home: Home,
    daemon: Daemon,
    page: Page,
}

/// Feeds and notifiers in every state, with texts that are long, foreign, and from right to left.
async fn scene() -> Scene {
    let (site, good, bad) = (Site::start().await, Receiver::start(1).await, Receiver::start(2).await);
    bad.otherwise(Reply::Status(403));
    let long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".repeat(3);
    let titles = [
        "Turkey keeps its S-400 and wants the F-35 back",
        "تركيا تحتفظ بمنظومة S-400 وتطالب بالعودة إلى برنامج F-35",
        "米国、トルコへのF-35売却を検討、S-400問題は未解決のまま今後の協議に委ねられることになった",
        &format!("S-400 {long}"),
    ];
    let summary = format!("On the S-400 and on sanctions: {long}");
    let articles = titles
        .iter()
        .enumerate()
        .map(|(n, title)| Article { summary: summary.clone(), ..Article::new(&format!("n{n}"), title) });
    let articles: Vec<Article> = articles.collect();
    let old = Article { published: now() - Duration::from_hours(60), ..Article::new("old", "An old one") };
    site.set("/a.xml", Answer::Feed(feeds::rss(&long, &articles)));
    site.publish("/quiet.xml", &[old]);
    site.set("/bad.xml", Answer::status(500));
    site.set("/gone.xml", Answer::status(410));
    let mut config = Config::new().page().add("[poll]\nfailing_after = 1\n");
    for path in ["/a.xml", "/quiet.xml", "/bad.xml", "/gone.xml"] {
        config = config.feed(&site, path);
    }
    let named = format!("[[feed]]\nurl = \"{}\"\nname = \"{long}\"\nenabled = false\n", site.url("/off.xml"));
    let topic = format!("[[topic]]\nname = \"{long}\"\nany = [\"nothing of the kind\"]\n");
    let config =
        config.add(&named).add(&topic).webhook("desk", &good).webhook(&format!("office {long}"), &bad);
    let home = Home::new(&config);
    let daemon = home.start().await;
    let page = Page::of(&daemon).await;
    holds("an attempt", || !bad.attempts().is_empty() && good.accepted().len() == titles.len()).await;
    page.once("/", |html| {
        texts(html, ".needy .item").len() >= 2 && texts(html, "article").len() == titles.len()
    })
    .await;
    Scene { _site: site, _receivers: [good, bad], _home: home, daemon, page }
}

#[expect(clippy::print_stderr, reason = "what is not tested is told")]
async fn browser() -> Option<Browser> {
    let browser = Browser::start().await;
    if browser.is_none() {
        eprintln!("SKIPPED: no Chromium on this machine, the pages were looked at by nobody");
    }
    browser
}

/// Nothing complained, and nothing was asked for but what is ours.
#[track_caller]
fn check_events(page: Page, path: &str, events: &[Value]) {
    for event in events {
        let method = event["method"].as_str().unwrap_or_default();
        let is_complaint = [
            "Log.entryAdded",
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Network.loadingFailed",
        ]
        .contains(&method);
        assert!(!is_complaint, "{path}: {event:#}");
        if method == "Network.requestWillBeSent" {
            let url = event["params"]["request"]["url"].as_str().unwrap_or_default();
            let is_ours = url.starts_with(&page.url("/")) || url.starts_with("data:");
            assert!(is_ours, "{path} asks for {url}");
        }
    }
    let asked = events.iter().filter(|event| event["method"] == "Network.requestWillBeSent").count();
    assert!(asked >= 2, "{path}: a page and its style");
}

#[tokio::test]
async fn the_pages_are_well_at_every_width_in_light_and_dark() {
    let Some(mut browser) = browser().await else { return };
    let scene = scene().await;
    let html = scene.page.get("/").await.html();
    let alert = attributes(&html, "article a.more", "href").remove(0);
    let feed = attributes(&html, ".needy a", "href").remove(0);
    let paths =
        ["/?refresh=off", &format!("{feed}&refresh=off"), "/?topic=S-400&refresh=off", &alert, "/nothing"];
    for (number, path) in paths.into_iter().enumerate() {
        for look in LOOKS {
            let events = browser.open(&scene.page.url(path), look).await;
            let events: Vec<Value> =
                events.into_iter().filter(|event| !is_of_missing_page(event, path)).collect();
            check_events(scene.page, path, &events);
            let width = browser.evaluate(WIDTH).await;
            assert!(width["page"].as_u64() <= Some(u64::from(look.width)), "{path} {look:?}: {width:#}");
            assert!(width["wide"].as_array().is_some_and(Vec::is_empty), "{path} {look:?}: {width:#}");
            let contrast = browser.evaluate(CONTRAST).await;
            assert!(contrast["ratio"].as_f64() >= Some(4.5), "{path} {look:?}: {contrast:#}");
            assert!(contrast["count"].as_u64() >= Some(2), "{path}: {contrast:#}");
            let is_dark = contrast["ground"].as_f64() < Some(0.2);
            assert_eq!(is_dark, look.scheme == "dark", "{path} {look:?}: {contrast:#}");
            leave_picture(&mut browser, number, look).await;
        }
    }
    scene.daemon.stop().await;
}

/// That a page is not there is told by the browser, as it should be.
fn is_of_missing_page(event: &Value, path: &str) -> bool {
    path == "/nothing" && event["params"]["entry"]["text"].as_str().is_some_and(|text| text.contains("404"))
}

async fn leave_picture(browser: &mut Browser, number: usize, look: Look) {
    if let Some(folder) = std::env::var_os("FEEDWATCH_PICTURES") {
        let name = format!("{number}-{}-{}.png", look.width, look.scheme);
        fs::write(PathBuf::from(folder).join(name), browser.picture().await).expect("a picture can be left");
    }
}

#[tokio::test]
async fn even_what_slips_in_is_stopped_by_the_policy() {
    let Some(mut browser) = browser().await else { return };
    let (scene, elsewhere) = (scene().await, Site::start().await);
    browser.open(&scene.page.url("/?refresh=off"), LOOKS[2]).await;
    let url = elsewhere.url("");
    let inject = format!(
        "(async () => {{
            const html = `<img src='{url}/image'><iframe src='{url}/frame'></iframe><link rel=stylesheet href='{url}/style'>
                <b style='position:fixed' onclick='document.title=1'>x</b><form action='{url}/form'><button>x</button></form>`;
            document.body.insertAdjacentHTML('beforeend', html);
            const script = document.createElement('script'); script.textContent = 'window.evil = 1'; document.body.append(script);
            document.querySelector('b[style]').click();
            document.querySelector('form button').click();
            await fetch('{url}/fetch').catch(() => 0);
            await new Promise(done => setTimeout(done, 500));
            return [window.evil === undefined, getComputedStyle(document.querySelector('b[style]')).position, document.title !== '1'];
        }})()"
    );
    let outcome = browser.evaluate(&inject).await;
    assert_eq!(outcome, serde_json::json!([true, "static", true]), "no script, no style, no handler");
    let refused = browser.events().iter().filter(|event| event["method"] == "Log.entryAdded").count();
    assert!(refused >= 5, "the browser tells what it refused: {refused}");
    let asked: Vec<String> = elsewhere.all_visits().iter().map(|visit| visit.request.path.clone()).collect();
    assert!(asked.is_empty(), "{asked:?}");
    scene.daemon.stop().await;
}
