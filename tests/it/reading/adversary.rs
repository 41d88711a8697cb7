//! What somebody found who tried to break the reader: each cost more than it had to.

use super::{lines, read, rss, titles, try_read};

/// Three articles, each with its body in a section.
fn three() -> String {
    let item = |n: usize| {
        format!("<item><title>t{n}</title><description><![CDATA[d{n} ?> --> ]]></description></item>")
    };
    (1..=3).map(item).collect::<Vec<_>>().concat()
}

#[track_caller]
fn all_three(document: impl AsRef<[u8]>) {
    let document = read(document);
    assert_eq!(titles(&document), ["t1", "t2", "t3"], "{document:?}");
}

#[test]
fn an_unended_mark_reaches_no_further_than_it_must() {
    let feed = rss(&three());
    all_three(format!("<!DOCTYPE rss [ <!ENTITY a \"]>\"> <!-- ]> ' --> ] >{feed}"));
    all_three(format!("<?xml version='1.0' encoding='utf-8'>{feed}"));
    all_three(format!("<?xml-stylesheet href='a.xsl'>\n{feed}"));
    all_three(rss(&format!("<!-- x -- >{}", three())));
    all_three(rss(&three().replacen("<item>", "<item><![CDATA[ ", 1)));
    all_three(rss(&three().replacen("d1 ?> --> ]]></description>", "d1", 1)));
    let titled = |text: &str| three().replacen("t1", text, 1);
    for text in ["What is <? in PHP", "x <![ y", "x <!-- y", "<![cdata[x]]>", "a <b c=\"d"] {
        let document = read(rss(&titled(text)));
        assert_eq!(titles(&document)[1..], ["t2", "t3"], "{text}");
    }
    // What is a comment stays one.
    let hidden =
        format!("{}<!-- <item><title>no</title></item> --><!-- nine more <item> elements -->", three());
    all_three(rss(&hidden));
}

#[test]
fn leaves_without_end_cost_no_article_however_many_there_are() {
    let item = |n: usize| {
        let open = "<category>a<enclosure url='x'><media:thumbnail url='u'>".repeat(10);
        format!("<item>{open}<title>t{n}<link>http://x/{n}<description>{}</item>", "words ".repeat(60))
    };
    let document = read(rss(&(0..40).map(item).collect::<Vec<_>>().concat()));
    assert_eq!(document.articles.len(), 40);
    assert_eq!(lines(&document)[39].split(" | ").take(2).collect::<Vec<_>>(), ["t39", "http://x/39"]);
}

#[test]
fn an_article_whose_own_tags_are_damaged_is_an_article() {
    all_three(rss(&three().replacen("<item>", "<item\n", 1)));
    all_three(rss(&three().replacen(
        "</description></item><item><title>t2",
        "</description></item><title>t2",
        1,
    )));
    all_three(rss(&three().replacen("<item>", "<item xmlns='http://www.w3.org/1999/xhtml'>", 1)));
    let authors = read(rss(&format!("{}<title>t4</title><author>Leak</author></item>", three())));
    let author = |at: usize| authors.articles[at].author.as_deref();
    assert_eq!((author(0), author(3)), (None, Some("Leak")));
}

#[test]
fn a_root_is_found_behind_everything_but_a_page() {
    let feed = rss(&three());
    for junk in [
        "[23-Nov-2026 10:00:00 UTC] PHP Warning: x\n",
        "{literal}",
        "<br />\n<font size='1'><table class='xdebug-error'><tr><td>x</td></tr></table></font>",
        "<script>var feed = '<rss';</script>",
        "</rss></item>",
        "<entry>",
        "<root>",
    ] {
        all_three(format!("{junk}{feed}"));
    }
    assert!(try_read("<html><body><rss><channel/></rss>", None).is_err());
    assert!(try_read("<opml><body><outline type='rss'/></body></opml>", None).is_err());
    assert!(try_read("<root><rss/></root>", None).is_err(), "no article, no feed");
}

#[test]
fn an_address_or_a_date_takes_no_markup_along() {
    let link = |inside: &str| lines(&read(rss(&format!("<item>{inside}</item>"))))[0].clone();
    for inside in [
        "<link>http://x/0\n<comments>http://x/0#c</comments>",
        "<link>http://x/0</linx><pubDate>2026-11-23</pubDate>",
        "<link>http://x/0</link<guid isPermaLink='false'>1</guid>",
        "<link>http://x/0</b></link>",
        "<link>&lt;![CDATA[http://x/0]]&gt;</link>",
        "<link/>http://x/0\n<guid isPermaLink='false'>1</guid>",
    ] {
        assert_eq!(link(inside), "- | http://x/0 | - | -", "{inside}");
    }
    let dated =
        read(rss("<item><title>t</title><pubDate>Mon, 23 Nov 2026 10:00:00 GMT</b></pubDate></item>"));
    assert!(dated.articles[0].published.is_some());
}

#[test]
fn western_is_what_servers_say_without_thinking() {
    let text = "<?xml version='1.0' encoding='windows-1251'?><rss><channel><item><title>Взрыв в Киеве, сообщают местные власти</title></item></channel></rss>";
    let (bytes, ..) = encoding_rs::WINDOWS_1251.encode(text);
    for content_type in
        ["text/xml; charset=ISO-8859-1", "text/xml; charset=us-ascii", "text/xml; charset=windows-1252"]
    {
        let document = try_read(&bytes, Some(content_type)).expect("a feed");
        assert_eq!(titles(&document), ["Взрыв в Киеве, сообщают местные власти"], "{content_type}");
    }
    let wide: Vec<u8> = format!("\n{}", rss("<item><title>Взрыв</title></item>"))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(titles(&read(wide)), ["Взрыв"]);
}
