//! `import` and `export`: OPML to TOML and back, whatever is broken in it.

use std::fmt::Write;

use feedwatch::config::{self, Environment, Purpose};
use serde_json::json;

use crate::support::{Config, Home, Output};

/// A feed of a configuration: URL, name, tags.
type Known = (String, Option<String>, Vec<String>);

/// The feeds of a configuration.
#[track_caller]
fn configured(home: &Home) -> Vec<Known> {
    let path = home.path().join("feedwatch.toml");
    let loaded = config::load(&path, Purpose::Look, &Environment::of([])).unwrap_or_else(|problems| {
        panic!("{problems:#?}");
    });
    let feed = |feed: feedwatch::model::Feed| (feed.display_url(), feed.name, feed.tags);
    let mut feeds: Vec<Known> = loaded.config.poll.feeds.into_iter().map(feed).collect();
    feeds.sort();
    feeds
}

/// Imports a document; what is printed is a configuration with these feeds.
async fn import(opml: &[u8]) -> (Output, Vec<Known>) {
    let home = Home::with("");
    let output = home.run_with(&["import", "-"], opml).await;
    home.write("feedwatch.toml", &output.stdout);
    let feeds = configured(&home);
    (output, feeds)
}

fn known(url: &str, name: &str, tags: &[&str]) -> Known {
    (url.to_owned(), Some(name.to_owned()), tags.iter().map(|tag| (*tag).to_owned()).collect())
}

#[tokio::test]
async fn folders_become_tags_and_titles_names() {
    let opml = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><opml version=\"1.0\"><head><title>Mine</title></head><body>
        <outline text=\"World\" title=\"World\"><outline text=\"Middle East\">
          <outline type=\"rss\" text=\"A &quot;quoted&quot; \\ name\" xmlUrl=\"https://a.example/rss?x=1&amp;y=2\"/>
        </outline></outline>
        <outline text=\"AT&T\" XMLURL='https://b.example/?a=1&b=2' category='/Tech/Phones'/>
        <outline text=\"again\"><outline text='A' xmlUrl='https://a.example/rss?x=1&amp;y=2'/></outline>
        <outline text=\"mail\" xmlUrl='imap://mail.example/x'/>
        <outline text=\"metadata\" xmlUrl='http://169.254.169.254/x'/>
        <outline text=\"no address\"/></body></opml>";
    let (output, feeds) = import(opml.as_bytes()).await;
    assert_eq!(output.code, Some(0), "{output:#?}");
    let expected = [
        known("https://a.example/rss?x=1&y=2", "A \"quoted\" \\ name", &["World", "Middle East", "again"]),
        known("https://b.example/?a=1&b=2", "AT&T", &["Tech", "Phones"]),
    ];
    assert_eq!(feeds, expected);
    for words in [
        "2 feeds imported",
        "1 feed listed again",
        "1 outline without an xmlUrl",
        "2 feeds left out",
        "mail: \"imap://mail.example/x\": only http",
        "metadata: leads to an address that is never asked",
    ] {
        assert!(output.stderr.contains(words), "{words:?} is not in {}", output.stderr);
    }
}

#[tokio::test]
async fn what_is_configured_is_counted_and_machines_read_it() {
    let home = Home::with("[[feed]]\nurl = \"https://anna:geheim@a.example/rss\"\n");
    home.write(
        "feeds.opml",
        "<opml><outline text=A xmlUrl=https://a.example/rss><outline text=B xmlUrl=https://b.example/>",
    );
    let output = home.run(&["import", "feeds.opml", "--json"]).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{output:#?}");
    let imported = output.json();
    let feed = json!([{ "url": "https://b.example/", "name": "B", "tags": [] }]);
    assert_eq!((&imported["ok"], &imported["configured"]), (&json!(true), &json!(1)), "{imported:#}");
    assert_eq!(imported["feeds"], feed);
    let text = home.run(&["import", "feeds.opml"]).await;
    assert!(text.stderr.contains("1 feed in the configuration already"), "{}", text.stderr);
    assert!(!text.stdout.contains("a.example"), "{}", text.stdout);
}

#[tokio::test]
async fn hundreds_of_feeds_and_broken_documents_are_read_as_far_as_they_go() {
    let mut opml = String::from("<opml version='2.0'><body>");
    for n in 0..600 {
        let _ = write!(opml, "<outline text='R&D {n}' xmlUrl='https://{n}.example/feed?a=1&b=2'>");
    }
    let (output, feeds) = import((opml + "<outline text='cut off xmlU").as_bytes()).await;
    assert_eq!((output.code, feeds.len()), (Some(0), 600), "{}", output.stderr);
    assert!(feeds.iter().all(|(_, _, tags)| tags.is_empty()), "a feed is no folder");
    assert!(output.stderr.contains("1 outline so broken"), "{}", output.stderr);

    let text = "<?xml version='1.0' encoding='utf-8'?><opml><outline text='Größe' xmlUrl='https://a.example/'/></opml>";
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).expect("latin")).collect();
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for bytes in [latin, utf16] {
        assert_eq!(import(&bytes).await.1, [known("https://a.example/", "Größe", &[])]);
    }
}

#[tokio::test]
async fn hostile_documents_end_soon_and_command_no_terminal() {
    let deep = (0..10_000).map(|n| format!("<outline text='folder {n}'>")).collect::<Vec<_>>().concat();
    let deep = format!("<opml>{deep}<outline text='deep' xmlUrl='https://a.example/'/>");
    let (output, feeds) = import(deep.as_bytes()).await;
    assert_eq!((output.code, feeds.len()), (Some(0), 1), "{}", output.stderr);
    assert!(feeds[0].2.contains(&"folder 0".to_owned()) && feeds[0].2.len() <= 32, "{feeds:?}");

    let name = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}x&#27;[2J&#10;[[topic]]&quot;&#10;";
    let hostile = format!(
        "<opml><outline text='{name}'><outline text='{name}' xmlUrl='https://a.example/{name}'/>\
         <outline text='{name}' xmlUrl='gopher:{name}'/></outline></opml>"
    );
    let (output, feeds) = import(hostile.as_bytes()).await;
    assert_eq!((output.code, feeds.len()), (Some(0), 1), "{output:?}");
    let commands = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!output.stdout.contains(commands) && !output.stderr.contains(commands), "{output:?}");
    let table: toml::Table = output.stdout.parse().expect("TOML");
    assert_eq!(table.keys().collect::<Vec<_>>(), ["feed"]);
}

#[tokio::test]
async fn what_is_no_opml_gets_one_sentence() {
    let home = Home::new(&Config::new());
    for (text, words) in [
        ("<rss version='2.0'><channel><title>x</title></channel></rss>", "it is a feed"),
        ("<!doctype html><html><body>Hello", "it is an HTML page"),
        ("just words", "neither <opml> nor <outline>"),
        ("", "empty"),
        ("<opml><body/></opml>", "no feed to import"),
    ] {
        let output = home.run_with(&["import", "-"], text.as_bytes()).await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{text}: {output:#?}");
        assert!(output.stderr.contains(words), "{words:?} is not in {}", output.stderr);
    }
    let missing = home.run(&["import", "missing.opml"]).await;
    assert!(missing.code == Some(1) && missing.stderr.contains("missing.opml"), "{missing:#?}");
}

#[tokio::test]
async fn an_export_reads_back_as_the_same_feeds_without_secrets() {
    let config = r#"
        [[feed]]
        url = "https://anna:geheim@a.example/rss?x=1&amp=2&lt;"
        name = "A \"quoted\" <b> & 'c' \u202E\n\t🗞 Новости"
        tags = ["news, world", "a/b & <c>"]
        [[feed]]
        url = "https://b.example"
        headers = { "X-Api-Key" = "geheim2" }
        [[feed]]
        url = "https://c.example/"
        enabled = false
        tags = ["news, world"]
        [[feed]]
        url = "file:local.xml"
    "#;
    let home = Home::with(config);
    let exported = home.run(&["export"]).await;
    assert_eq!(exported.code, Some(0), "{exported:#?}");
    assert!(!format!("{exported:?}").contains("geheim"), "{exported:#?}");
    for words in ["1 feed left out", "2 feeds exported without"] {
        assert!(exported.stderr.contains(words), "{words:?} is not in {}", exported.stderr);
    }
    let (output, feeds) = import(exported.stdout.as_bytes()).await;
    assert_eq!(output.code, Some(0), "{output:#?}");
    let mut expected = configured(&home);
    expected.retain(|(url, ..)| !url.starts_with("file:"));
    assert_eq!(feeds, expected, "{}", exported.stdout);
    // All of them are known here.
    let again = home.run_with(&["import", "-"], exported.stdout.as_bytes()).await;
    assert!(again.code == Some(0) && again.stderr.contains("3 feeds in the configuration"), "{again:#?}");
}
