//! `discover`: the feeds that a page announces, on a scripted site; what it prints can be pasted.

use serde_json::{Value, json};

use crate::support::{Answer, Article, Config, Home, Site, feeds};

/// A page with this head.
fn page(head: &str) -> Answer {
    Answer::body(
        "text/html; charset=utf-8",
        format!("<!doctype html><html><head>{head}</head><body>Hello</body>"),
    )
}

fn link(href: &str) -> String {
    format!("<link rel=\"alternate\" type=\"application/rss+xml\" href=\"{href}\">\n")
}

/// What `discover --json` says of a page.
async fn discover(home: &Home, url: &str) -> Value {
    home.run(&["discover", url, "--json"]).await.json()
}

/// The URLs of the feeds in printed TOML.
#[track_caller]
fn pasted(toml: &str) -> Vec<String> {
    let table: toml::Table = toml.parse().unwrap_or_else(|error| panic!("{error}: {toml}"));
    let feeds = table.get("feed").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    feeds.iter().map(|feed| feed["url"].as_str().expect("a url").to_owned()).collect()
}

#[tokio::test]
async fn announced_feeds_are_asked_for_once_and_printed_ready_to_paste() {
    let site = Site::start().await;
    site.set("/a.xml", Answer::Feed(feeds::rss("News \"A\" & more", &[Article::new("one", "One")])));
    site.set("/sub/b.xml", Answer::Feed(feeds::atom("B", &[])));
    site.set("/page", page("nothing"));
    let head =
        "<base href='/sub/'><LINK TYPE='application/atom+xml' HREF=b.xml REL='home ALTERNATE' title=B>";
    let links = [link("/a.xml"), link("/gone.xml"), link("/page"), link("/a.xml")].concat();
    site.set("/", page(&format!("{head}{links}")));
    let home = Home::new(&Config::new());
    let output = home.run(&["discover", &site.url("/")]).await;
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert_eq!(pasted(&output.stdout), [site.url("/sub/b.xml"), site.url("/a.xml")]);
    assert!(output.stdout.contains("name = \"News \\\"A\\\" & more\""), "{}", output.stdout);
    let gone = format!("# url = \"{}\"", site.url("/gone.xml"));
    for words in
        ["announces 4 feeds", "# 1 article\n", "cannot be read: server answered 404", &gone, "HTML page"]
    {
        assert!(output.stdout.contains(words), "{words:?} is not in {}", output.stdout);
    }
    assert_eq!(output.stderr.lines().count(), 4, "one line of progress for each: {}", output.stderr);
    assert_eq!(site.all_visits().len(), 5, "each is asked for once");
    assert_eq!(site.most_under_way(), 1, "one after the other");
    // What is printed is a configuration, and its feeds are known then.
    home.write("feedwatch.toml", &output.stdout);
    assert_eq!(home.run(&["check"]).await.code, Some(0));
    let again = home.run(&["discover", &site.url("/")]).await;
    assert_eq!((again.code, pasted(&again.stdout)), (Some(0), vec![]), "{again:#?}");
    assert!(again.stdout.contains("# in the configuration already"), "{}", again.stdout);
    assert_eq!(site.visits("/a.xml").len(), 1, "what is configured is not asked for");
}

#[tokio::test]
async fn machines_read_it_too() {
    let site = Site::start().await;
    site.set("/a.xml", Answer::Feed(feeds::rss("A", &[Article::new("one", "One")])));
    site.set("/", page(&[link("/a.xml"), link("/gone.xml")].concat()));
    let found = discover(&Home::new(&Config::new()), &site.url("/")).await;
    assert_eq!(
        (&found["ok"], &found["error"], &found["is_feed"]),
        (&json!(true), &Value::Null, &json!(false))
    );
    let [first, second] = found["feeds"].as_array().expect("feeds").as_slice() else { panic!("{found:#}") };
    assert_eq!((&first["url"], &first["name"]), (&json!(site.url("/a.xml")), &json!("A")));
    assert_eq!((&first["ok"], &first["articles"]), (&json!(true), &json!(1)));
    assert!(second["error"].as_str().is_some_and(|error| error.contains("404")), "{second:#}");
}

#[tokio::test]
async fn a_feed_itself_is_said_to_be_one() {
    let site = Site::start().await;
    site.set("/a.xml", Answer::Feed(feeds::rss("A", &[])));
    let home = Home::new(&Config::new());
    let output = home.run(&["discover", &site.url("/a.xml")]).await;
    assert_eq!((output.code, pasted(&output.stdout)), (Some(0), vec![site.url("/a.xml")]));
    assert!(output.stdout.contains("is a feed itself"), "{}", output.stdout);
    assert_eq!(site.all_visits().len(), 1);
    assert_eq!(discover(&home, &site.url("/a.xml")).await["is_feed"], true);
}

#[tokio::test]
async fn bad_input_gets_one_sentence() {
    let site = Site::start().await;
    site.set("/", page("<title>No feeds</title>"));
    site.set("/map.xml", Answer::body("text/xml", "<urlset/>"));
    let home = Home::new(&Config::new());
    let (empty, map, gone) = (site.url("/"), site.url("/map.xml"), site.url("/gone"));
    for (url, code, words) in [
        (empty.as_str(), 1, "announces no feed; look for"),
        (&map, 1, "<urlset>"),
        (&gone, 1, "404"),
        ("example.org", 2, "https://example.org"),
        ("ftp://example.org/", 2, "only http"),
        ("http://169.254.169.254/latest", 2, "never asked"),
        ("page.html", 2, "is not a URL"),
    ] {
        let output = home.run(&["discover", url]).await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(code), ""), "{url}: {output:#?}");
        assert!(output.stderr.contains(words) && output.stderr.lines().count() == 1, "{}", output.stderr);
    }
    assert_eq!(discover(&home, &empty).await["ok"], false);
}

#[tokio::test]
async fn an_address_that_only_the_page_names_is_refused() {
    let (site, other) = (Site::start().await, Site::start().await);
    other.set("/a.xml", Answer::feed(&[]));
    site.set("/a.xml", Answer::feed(&[]));
    site.set("/away.xml", Answer::redirect(302, &other.url("/a.xml")));
    let hostile = ["http://10.0.0.1/", "http://[::1]:1/", "http://169.254.169.254/", "file:///etc/passwd"];
    let hostile: String = hostile.into_iter().map(link).collect();
    let own = [link("/a.xml"), link(&other.url("/a.xml")), link("/away.xml")].concat();
    site.set("/", page(&(own + &hostile)));
    let output = Home::new(&Config::new()).run(&["discover", &site.url("/")]).await;
    assert_eq!((output.code, pasted(&output.stdout)), (Some(0), vec![site.url("/a.xml")]), "{output:#?}");
    assert!(other.all_visits().is_empty() && other.connections() == 0, "nobody talks to it");
    for class in ["a loopback address", "a private address", "a link-local address"] {
        assert!(output.stdout.contains(class), "{class} is not in {}", output.stdout);
    }
    assert!(!output.stdout.contains("passwd"), "{}", output.stdout);
}

#[tokio::test]
async fn credentials_go_to_the_site_that_was_typed_and_are_not_printed() {
    let site = Site::start().await;
    site.set("/", page(&link("/a.xml")));
    site.set("/a.xml", Answer::feed(&[]));
    let typed = site.url("/").replace("http://", "http://anna:geheim@");
    let output = Home::new(&Config::new()).run(&["discover", &typed]).await;
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert!(site.all_visits().iter().all(|visit| visit.request.header("authorization").is_some()));
    assert!(output.stdout.contains("username and password"), "{}", output.stdout);
    assert!(!format!("{output:?}").contains("geheim"), "{output:#?}");
}

#[tokio::test]
async fn a_host_that_wants_to_be_left_alone_is() {
    let site = Site::start().await;
    site.set("/1", Answer::with(429, &[("retry-after", "60")]));
    site.set("/", page(&[link("/1"), link("/2"), link("/3")].concat()));
    let output = Home::new(&Config::new()).run(&["discover", &site.url("/")]).await;
    assert_eq!(output.code, Some(1), "nothing can be read: {output:#?}");
    assert_eq!((site.all_visits().len(), pasted(&output.stdout).len()), (2, 0));
    assert!(output.stdout.contains("wants to be left alone"), "{}", output.stdout);
}

#[tokio::test]
async fn hostile_pages_cost_twenty_requests_and_command_no_terminal() {
    let site = Site::start().await;
    let title = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}x\n[[feed]]\nurl = \"http://evil.example/\"";
    let links: Vec<_> = (0..3000).map(|n| link(&format!("/{n}?\u{1b}[2J&#10;#&quot;"))).collect();
    let named =
        format!("<link rel=feed href=/0 title='{}'>", title.replace('"', "&quot;").replace('\n', "&#10;"));
    site.set("/0", Answer::Feed(feeds::rss(title, &[])));
    site.set("/", page(&(named + &links.concat())));
    let output = Home::new(&Config::new()).run(&["discover", &site.url("/")]).await;
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert_eq!((site.all_visits().len(), pasted(&output.stdout)), (21, vec![site.url("/0")]));
    assert!(output.stdout.contains("more, which were not asked for"), "{}", output.stdout);
    let commands = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!output.stdout.contains(commands) && !output.stderr.contains(commands), "{output:?}");
}
