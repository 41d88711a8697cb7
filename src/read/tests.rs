//! Whole documents, small and of our own writing, and the articles they hold.

use std::time::Duration;

use super::*;
use crate::model::{ArticleKey, rfc3339};

#[track_caller]
fn read_text(text: &str) -> Document {
    match read(text.as_bytes(), Source::default(), &Limits::default()) {
        Ok(document) => document,
        Err(error) => panic!("{error}: {text}"),
    }
}

#[track_caller]
fn only_article(text: &str) -> Article {
    let mut document = read_text(text);
    assert_eq!(document.articles.len(), 1, "{text}");
    document.articles.remove(0)
}

fn rss(items: &str) -> String {
    format!(
        "<rss version='2.0'><channel><title>Example</title><link>https://example.org/</link>{items}</channel></rss>"
    )
}

fn titles(document: &Document) -> Vec<&str> {
    document.articles.iter().map(|article| article.title.as_deref().unwrap_or("(none)")).collect()
}

#[test]
fn an_rss_document_gives_all_fields() {
    let document = read_text(
        r#"<?xml version="1.0" encoding="utf-8"?>
        <rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
        <title>Example &amp;amp; Sons</title><link>https://example.org/</link><ttl>30</ttl><item>
        <title>S-400 &amp;quot;Triumf&amp;quot; &lt;b&gt;seen&lt;/b&gt;</title><link>/a?b=1&amp;c=2</link>
        <guid isPermaLink="false"> tag:1 </guid><pubDate>Mon, 23 Nov 2026 10:00:00 EST</pubDate>
        <description><![CDATA[<p>one</p><p>two&nbsp;three</p>]]></description>
        <content:encoded>&lt;p&gt;long&lt;/p&gt;</content:encoded>
        <author>jo@example.org (Jo Doe)</author><category>Air</category><category>Air</category><category>Sea</category>
        </item></channel></rss>"#,
    );
    assert_eq!(document.title.as_deref(), Some("Example & Sons"));
    assert_eq!(document.hints.ttl, Some(Duration::from_mins(30)));
    let article = &document.articles[0];
    assert_eq!(article.key, ArticleKey::derive(["guid", "tag:1"]));
    assert_eq!(article.title.as_deref(), Some("S-400 \"Triumf\" seen"));
    assert_eq!(article.link.as_ref().map(Url::as_str), Some("https://example.org/a?b=1&c=2"));
    assert_eq!(article.published.map(rfc3339).as_deref(), Some("2026-11-23T15:00:00Z"));
    assert_eq!((article.updated, article.author.as_deref()), (None, Some("Jo Doe")));
    assert_eq!(
        (article.summary.as_deref(), article.content.as_deref()),
        (Some("one two three"), Some("long"))
    );
    assert_eq!(article.tags, ["Air", "Sea"]);
}

#[test]
fn an_atom_document_gives_all_fields() {
    let article = only_article(
        r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://example.org/blog/"><title>Example</title>
        <author><name>Feed Author</name></author><entry><id>urn:1</id>
        <title type="html">Pat&lt;b&gt;riot&lt;/b&gt; &amp;amp; more</title>
        <link rel="self" href="https://example.org/self"/><link type="text/html" href="a"/>
        <published>2026-11-23T10:00:00Z</published><updated>2026-11-24T10:00:00Z</updated>
        <summary>5 &lt; 6 <![CDATA[<b>]]></summary>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>one<br/>two</p><summary>x <i>y</i></summary></div></content>
        <category term="Air"/></entry></feed>"#,
    );
    assert_eq!(article.key, ArticleKey::derive(["guid", "urn:1"]));
    assert_eq!(article.title.as_deref(), Some("Patriot & more"));
    assert_eq!(article.link.as_ref().map(Url::as_str), Some("https://example.org/blog/a"));
    assert_eq!(article.published.map(rfc3339).as_deref(), Some("2026-11-23T10:00:00Z"));
    assert_eq!(article.updated.map(rfc3339).as_deref(), Some("2026-11-24T10:00:00Z"));
    assert_eq!(article.summary.as_deref(), Some("5 < 6 <b>"));
    assert_eq!(article.content.as_deref(), Some("one two x y"));
    assert_eq!(
        (article.author.as_deref(), article.tags.as_slice()),
        (Some("Feed Author"), &["Air".to_owned()][..])
    );
}

#[test]
fn an_rdf_document_is_read_even_without_links() {
    let document = read_text(
        r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
        xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>Example</title></channel>
        <item rdf:about="a"><title>one</title><link>https://example.org/1</link><dc:creator>Jo</dc:creator>
        <dc:date>2026-11-23</dc:date></item><item rdf:about="b"><title>two</title></item></rdf:RDF>"#,
    );
    assert_eq!((document.title.as_deref(), titles(&document)), (Some("Example"), vec!["one", "two"]));
    let article = &document.articles[0];
    assert_eq!((article.author.as_deref(), article.published.is_some()), (Some("Jo"), true));
    assert_eq!(article.key, ArticleKey::derive(["link", "example.org/1"]));
}

#[test]
fn a_json_document_is_read() {
    let document = read_text(
        r#"{"version": "https://jsonfeed.org/version/1.1", "title": "Example", "items": [
        {"id": "1", "url": "https://example.org/1", "title": "one", "content_text": "a < b", "authors": [{"name": "Jo"}]}]}"#,
    );
    let article = &document.articles[0];
    assert_eq!((article.title.as_deref(), article.content.as_deref()), (Some("one"), Some("a < b")));
    assert_eq!(article.author.as_deref(), Some("Jo"));
}

#[test]
fn encodings_make_no_difference() {
    let text = rss("<item><guid>1</guid><title>Киев и Москва: переговоры</title></item>");
    let (cyrillic, _, _) = encoding_rs::WINDOWS_1251.encode(&text);
    let source = Source { content_type: Some("text/xml; charset=windows-1251"), ..Source::default() };
    let from_http = read(&cyrillic, source, &Limits::default()).expect("a feed");
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let from_utf16 = read(&wide, Source::default(), &Limits::default()).expect("a feed");
    let plain = read_text(&text);
    assert_eq!((&from_http.articles, &from_utf16.articles), (&plain.articles, &plain.articles));
    assert_eq!((from_http.report.encoding, from_http.report.repairs.len()), ("windows-1251", 0));
    let declared = format!("<!-- {} --><?xml version='1.0' encoding='utf-16'?>{text}", "x".repeat(9000));
    assert_eq!(read_text(&declared).articles, plain.articles);
}

#[test]
fn an_item_without_guid_is_known_by_its_link_and_never_by_chance() {
    let item = "<item><title>a</title><link>https://example.org/a?utm_source=rss</link></item><item><title>b</title></item>";
    let keys: Vec<ArticleKey> = read_text(&rss(item)).articles.iter().map(|article| article.key).collect();
    assert_eq!(keys, [ArticleKey::derive(["link", "example.org/a"]), ArticleKey::derive(["text", "b", ""])]);
}

#[test]
fn duplicates_are_one_article_and_a_shared_guid_is_two() {
    let item = |title: &str| format!("<item><guid>1</guid><title>{title}</title></item>");
    let document = read_text(&rss(&[item("a"), item("a"), item("b")].concat()));
    assert_eq!(titles(&document), ["a", "b"]);
    assert_ne!(document.articles[0].key, document.articles[1].key);
}

#[test]
fn what_makes_other_readers_panic_or_refuse_is_read() {
    let deep =
        format!("{}<media:title>no</media:title>{}", "<media:group>".repeat(90), "</media:group>".repeat(90));
    let parts = [
        "<author>jo@example.org（山田）</author>",
        "<author><![CDATA[Иван «jo&#64;x.org» jo@x.org]]></author>",
        "<dc:creator>山jo&#64;example.org田</dc:creator>",
        "<itunes:duration>12345678901234567890123</itunes:duration>",
        "<media:thumbnail time='99999999999999999999999' url='x'/>",
        "<media:title></media:title><media:description/>",
        "<media:title type='text'>a</media:title><itunes:summary type='text/plain'>b</itunes:summary>",
        "<foo:title>other</foo:title><unknown><title>other</title></unknown>",
        "<title></title><description>AT&T & R&D &#0; </div> <b>x</description>",
        "<link xml:base='http://['>x</link></stray><a b=\"c>",
        &deep,
    ];
    for part in parts {
        let feed = rss(&format!(
            "<managingEditor>é@x.com（山）</managingEditor><item><title>kept</title>{part}</item>"
        ));
        assert_eq!(titles(&read_text(&feed)), ["kept"], "{part}");
    }
}

#[test]
fn markup_inside_an_rss_text_is_text() {
    let article = only_article(&rss(
        "<item><title>A <b>bold</b> move</title><description><p>one</p>two<br></description></item>",
    ));
    assert_eq!(
        (article.title.as_deref(), article.summary.as_deref()),
        (Some("A bold move"), Some("one two"))
    );
}

#[test]
fn text_of_media_rss_is_a_summary_under_any_prefix() {
    let article = only_article(
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:m='https://search.yahoo.com/mrss'><entry><id>1</id><title>v</title>
        <m:group><m:title>other</m:title><m:content url='https://example.org/v'/><m:description>about it</m:description></m:group></entry></feed>",
    );
    assert_eq!((article.title.as_deref(), article.summary.as_deref()), (Some("v"), Some("about it")));
}

#[test]
fn a_damaged_structure_costs_at_most_what_is_damaged() {
    let cases = [
        (
            "<rss version='2.0'><channel><item><title>a</title><item><title>b</title></channel></rss>",
            vec!["a", "b"],
        ),
        (
            "<rss><channel><item><title>a</title></item></channel><item><title>b</title></item></rss>",
            vec!["a", "b"],
        ),
        ("<RSS version='9'><Channel><Item><Title>a</Title></Item></Channel></RSS>", vec!["a"]),
        (
            "<rss><item><title>a</title></item><channel><item><title>b</title></item></channel></rss>",
            vec!["a", "b"],
        ),
        ("<channel><item><title>a</title></item></channel>", vec!["a"]),
        ("<rss><channel><item><title>a</title></item><item><title>b", vec!["a"]),
        ("<rss><channel><item><title>a</item><item><title>b</title></item></channel></rss>", vec!["a", "b"]),
        (
            "<feed xmlns='http://purl.org/atom/ns#' version='0.3'><entry><title>a</title><issued>2026-11-23</issued></entry></feed>",
            vec!["a"],
        ),
        (
            "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry><a:title>a</a:title></a:entry></a:feed>",
            vec!["a"],
        ),
        ("<entry xmlns='http://www.w3.org/2005/Atom'><title>a</title><content/></entry>", vec!["a"]),
    ];
    for (text, expected) in cases {
        assert_eq!(titles(&read_text(text)), expected, "{text}");
    }
}

#[test]
fn every_limit_is_named_when_it_bites() {
    let limits = Limits { max_body: 1 << 20, max_entries: 2, max_text: 9, ..Limits::default() };
    let read = |text: &str| read(text.as_bytes(), Source::default(), &limits);
    let too_large = read(&" ".repeat(2 << 20)).expect_err("too large");
    assert_eq!(too_large.to_string(), "body is larger than max_body (1MiB)");
    let item =
        |title: &str| format!("<item><title>{title}</title><description>123456789abc</description></item>");
    let document = read(&rss(&[item("a"), item("b"), item("c")].concat())).expect("a feed");
    assert_eq!(
        (titles(&document), document.articles[0].summary.as_deref()),
        (vec!["a", "b"], Some("123456789"))
    );
    let bitten: Vec<&str> = document.report.limits.keys().map(|limit| limit.key()).collect();
    assert_eq!(bitten, ["read.max_entries", "read.max_text"]);
}

#[test]
fn what_is_no_feed_is_refused_with_what_was_seen() {
    let cases: [(&[u8], &str); 6] = [
        (b" \n\t", "empty body"),
        (
            b"<!DOCTYPE html><html><title>News</title>",
            "HTML page \"News\", not a feed; try feedwatch discover URL",
        ),
        (b"{\"a\": 1}", "JSON, but not a feed: it has no items"),
        (b"<urlset></urlset>", "XML with the root <urlset>, not a feed"),
        (b"hello", "not a feed: it is text: hello"),
        (b"\x89PNG\x01\x02\x03", "not a feed: it is binary data"),
    ];
    for (body, expected) in cases {
        let error = read(body, Source::default(), &Limits::default()).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn reading_is_told_only_while_it_lasts() {
    assert!(!is_reading());
    read_text(&rss(""));
    assert!(!is_reading());
}

#[test]
fn hostile_input_takes_linear_time() {
    let bombs = [
        "<![CDATA[",
        "<?a ",
        "<!--",
        "<!DOCTYPE [",
        "<a b=\"",
        "&",
        "<item>",
        "</x>",
        "<x xmlns:a='b'/>",
        "<p><script>",
    ];
    for bomb in bombs {
        let text = rss(&format!("<item><title>x</title></item><item><description>{}", bomb.repeat(200_000)));
        let outside = rss(&bomb.repeat(100_000));
        let started = std::time::Instant::now();
        let _ = read(text.as_bytes(), Source::default(), &Limits::default());
        let _ = read(outside.as_bytes(), Source::default(), &Limits::default());
        assert!(started.elapsed() < Duration::from_secs(20), "{bomb}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_give_a_result(
        root in 0..3_usize,
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60),
    ) {
        let text = ["<rss>", "<feed>", ""][root].to_owned() + &pieces.concat();
        let result = read(text.as_bytes(), Source::default(), &Limits::default());
        proptest::prop_assert!(!matches!(&result, Err(ReadError::Panicked(_))), "{result:?}: {text}");
    }
}

/// Pieces of documents, whole and broken, in the order of chance.
const PIECES: &[&str] = &[
    "<rss>",
    "<feed>",
    "<channel>",
    "</channel>",
    "<item>",
    "</item>",
    "<entry>",
    "</entry>",
    "<title>",
    "</title>",
    "<title type='xhtml'>",
    "<content src='x' type='image/png'>",
    "</content>",
    "<author>",
    "</author>",
    "é@x.com（山",
    "<media:group>",
    "</media:group>",
    "<media:title>",
    "</media:title>",
    "<itunes:duration>9999999999999999999999",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "&",
    "&#0;",
    "&amp;",
    "<",
    ">",
    "\"",
    "<x:y z=\"",
    "<a:b:c>",
    "<div/>",
    "text",
    "<link href='a' xml:base='http://['/>",
    "<guid>1</guid>",
    "<a xmlns='http://search.yahoo.com/mrss/'>",
    "</a>",
];
