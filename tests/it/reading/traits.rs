//! What formats and publishers do, one trait a row: a document and the articles in it, as `title | link | summary |
//! content`.

use super::{atom, lines, read, repairs, rss};

#[track_caller]
fn check(name: &str, document: &str, expected: &[&str]) {
    assert_eq!(lines(&read(document)), expected, "{name}: {document}");
}

#[test]
fn every_kind_of_feed_is_read() {
    let one = "one | https://example.org/1 | - | -";
    let item = "<title>one</title><link>https://example.org/1</link>";
    let entry = "<title>one</title><link href='https://example.org/1'/>";
    let cases = [
        ("RSS 2.0", format!("<rss version='2.0'><channel><item>{item}</item></channel></rss>")),
        ("RSS 0.91 with its document type", format!("<!DOCTYPE rss PUBLIC '-//Netscape Communications//DTD RSS 0.91//EN' 'http://my.netscape.com/publish/formats/rss-0.91.dtd'><rss version='0.91'><channel><item>{item}</item></channel></rss>")),
        ("RSS without version", format!("<rss><channel><item>{item}</item></channel></rss>")),
        ("RSS of a version that never was", format!("<rss version='3.7'><channel><item>{item}</item></channel></rss>")),
        ("RSS in capitals", format!("<RSS><CHANNEL><ITEM>{}</ITEM></CHANNEL></RSS>", item.to_uppercase().replace("HTTPS://EXAMPLE.ORG/1", "https://example.org/1").replace("ONE", "one"))),
        ("RSS in a namespace of its own", format!("<rss xmlns='http://backend.userland.com/rss2'><channel><item>{item}</item></channel></rss>")),
        ("RSS under a prefix", "<r:rss xmlns:r='http://backend.userland.com/rss2'><r:channel><r:item><r:title>one</r:title><r:link>https://example.org/1</r:link></r:item></r:channel></r:rss>".to_owned()),
        ("RSS in an unknown namespace", format!("<rss xmlns='urn:whatever'><channel><item>{item}</item></channel></rss>")),
        ("a channel alone", format!("<channel><item>{item}</item></channel>")),
        ("articles outside the channel", format!("<rss><channel><title>News</title></channel><item>{item}</item></rss>")),
        ("articles before the channel", format!("<rss><item>{item}</item><channel><title>News</title></channel></rss>")),
        ("RSS 1.0", format!("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel rdf:about='x'><title>News</title><items><rdf:Seq><rdf:li rdf:resource='a'/></rdf:Seq></items></channel><image><title>no</title></image><item rdf:about='a'>{item}</item></rdf:RDF>")),
        ("RSS 0.90", format!("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://my.netscape.com/rdf/simple/0.9/'><item>{item}</item></rdf:RDF>")),
        ("RSS 1.0 without any declaration", format!("<rdf:RDF><channel><item>{item}</item></channel></rdf:RDF>")),
        ("RSS 1.1", format!("<Channel xmlns='http://purl.org/net/rss1.1#'><title>News</title><items><item>{item}</item></items></Channel>")),
        ("Atom 1.0", format!("<feed xmlns='http://www.w3.org/2005/Atom'><entry>{entry}</entry></feed>")),
        ("Atom over https and with a slash", format!("<feed xmlns='https://www.w3.org/2005/atom/'><entry>{entry}</entry></feed>")),
        ("Atom 0.3", format!("<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry>{entry}</entry></feed>")),
        ("Atom without namespace", format!("<feed><entry>{entry}</entry></feed>")),
        ("Atom under a prefix", "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry><a:title>one</a:title><a:link href='https://example.org/1'/></a:entry></a:feed>".to_owned()),
        ("an entry alone", format!("<entry xmlns='http://www.w3.org/2005/Atom'>{entry}</entry>")),
        ("entries of RSS in an Atom feed", format!("<feed><item>{item}</item></feed>")),
        ("a document type of HTML", format!("<!DOCTYPE html><feed>\n<entry>{entry}</entry></feed>")),
        ("two XML declarations and a warning", format!("<br />\n<b>Warning</b>: mysql in <b>/x.php</b><br />\n<?xml version='1.0'?><?xml version='1.0' encoding='utf-16'?><rss><channel><item>{item}</item></channel></rss>")),
        ("JSON Feed", "{\"items\": [{\"title\": \"one\", \"url\": \"https://example.org/1\"}]}".to_owned()),
        ("JSON Feed behind blanks and a byte order mark", "\u{feff} \n{\"items\": [{\"title\": \"one\", \"external_url\": \"/1\"}]}\n//".to_owned()),
    ];
    for (name, document) in cases {
        check(name, &document, &[one]);
    }
}

#[test]
fn a_link_is_found_wherever_it_stands() {
    let at = |n: &str| format!("t | https://example.org/{n} | - | -");
    let cases = [
        ("relative link", rss("<item><title>t</title><link>/1</link></item>"), at("1")),
        ("link in a section with blanks", rss("<item><title>t</title><link>\n <![CDATA[ https://example.org/1 ]]>\n</link></item>"), at("1")),
        ("guid that is the link", rss("<item><title>t</title><guid>https://example.org/1</guid></item>"), at("1")),
        ("guid that is none", rss("<item><title>t</title><guid isPermaLink='false'>https://example.org/1</guid><enclosure url='https://example.org/2'/></item>"), at("2")),
        ("page before guid and enclosure", rss("<item><title>t</title><guid>https://example.org/2</guid><enclosure url='https://example.org/3'/><link>https://example.org/1</link></item>"), at("1")),
        ("links that cannot be opened", rss("<item><title>t</title><link>javascript:alert(1)</link><link>mailto:a@b</link><link>https://example.org/1</link></item>"), at("1")),
        ("page in HTML first", atom("<entry><title>t</title><link rel='self' href='/no'/><link rel='alternate' type='application/json' href='/2'/><link type='text/html' href='/1'/></entry>"), at("1")),
        ("first of several pages", atom("<entry><title>t</title><link href='/1'/><link href='/2'/></entry>"), at("1")),
        ("id that is the link", atom("<entry><title>t</title><id>https://example.org/1</id></entry>"), at("1")),
        ("object of Media RSS", rss("<item><title>t</title><media:group><media:content url='https://example.org/1'/></media:group></item>"), at("1")),
        ("item of RDF that has only its address", "<rdf:RDF xmlns='http://purl.org/rss/1.0/'><item rdf:about='https://example.org/1'><title>t</title></item></rdf:RDF>".to_owned(), at("1")),
        ("chain of base addresses", "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://example.org/a/'><entry xml:base='b/'><title>t</title><link xml:base='c/' href='1'/></entry></feed>".to_owned(), at("a/b/c/1")),
        ("base address of a channel", "<rss><channel xml:base='https://example.org/a/'><item><title>t</title><link>1</link></item></channel></rss>".to_owned(), at("a/1")),
        ("parameter that looks like an entity", rss("<item><title>t</title><link>https://example.org/?a=1&copy=2&amp;reg=3</link></item>"), at("?a=1&copy=2&reg=3")),
    ];
    for (name, document, expected) in cases {
        check(name, &document, &[&expected]);
    }
}

#[test]
fn text_says_what_a_reader_would_see() {
    let cases = [
        ("markup in a title", rss("<item><title>A <b>bold</b> move</title></item>"), "A bold move | - | - | -"),
        ("escaped markup in a title", rss("<item><title>A &lt;b&gt;bold&lt;/b&gt; move &amp;quot;now&amp;quot;</title></item>"), "A bold move \"now\" | - | - | -"),
        ("less than in a title", rss("<item><title>5 &lt; 6 &amp;lt; 7</title></item>"), "5 < 6 < 7 | - | - | -"),
        ("blocks end words, inline tags do not", rss("<item><description>&lt;p&gt;one&lt;/p&gt;&lt;p&gt;Pat&lt;b&gt;riot&lt;/b&gt;&lt;br&gt;two&lt;/p&gt;</description></item>"), "- | - | one Patriot two | -"),
        ("scripts and styles", rss("<item><description>a&lt;script&gt;no&lt;/script&gt;b&lt;style&gt;no&lt;/style&gt;c&lt;!-- no --&gt;</description></item>"), "- | - | abc | -"),
        ("invisible and direction characters", rss("<item><title>S\u{ad}-4\u{200b}00\u{202e}\u{2066} \u{a0}x</title></item>"), "S-400 x | - | - | -"),
        ("content and summary", rss("<item><description>short</description><content:encoded>long</content:encoded></item>"), "- | - | short | long"),
        ("content under another prefix", "<rss xmlns:c='http://purl.org/rss/1.0/modules/content/'><channel><item><c:encoded>long</c:encoded></item></channel></rss>".to_owned(), "- | - | - | long"),
        ("body in XHTML", rss("<item><body xmlns='http://www.w3.org/1999/xhtml'><p>one</p><p>two</p></body></item>"), "- | - | - | one two"),
        ("full item", rss("<item><fullitem>&lt;p&gt;one&lt;/p&gt;</fullitem></item>"), "- | - | - | one"),
        ("titles of modules only where there is no other", rss("<item><itunes:title>no</itunes:title><title>yes</title></item>"), "yes | - | - | -"),
        ("title of a module", rss("<item><media:title>yes</media:title></item>"), "yes | - | - | -"),
        ("summary of a module", rss("<item><itunes:summary>yes</itunes:summary></item>"), "- | - | yes | -"),
        ("plain text of Atom", atom("<entry><title>5 &lt; 6 &lt;b&gt;</title></entry>"), "5 < 6 <b> | - | - | -"),
        ("HTML of Atom", atom("<entry><title type='html'>5 &amp;lt; 6 &lt;b&gt;x&lt;/b&gt;</title></entry>"), "5 < 6 x | - | - | -"),
        ("XHTML of Atom", atom("<entry><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>one</p><summary>two</summary> 5 &lt; 6</div></content></entry>"), "- | - | - | one two 5 < 6"),
        ("prefixed XHTML of Atom", atom("<entry><content type='xhtml' xmlns:h='http://www.w3.org/1999/xhtml'><h:p>one</h:p><h:p>two</h:p></content></entry>"), "- | - | - | one two"),
        ("markup where text was announced", atom("<entry><title>A <b>bold</b> move</title></entry>"), "A bold move | - | - | -"),
        ("text in base64", atom("<entry><content mode='base64' type='text/html'>PHA+b25lPC9wPg==</content></entry>"), "- | - | - | one"),
        ("picture in base64", atom("<entry><title>t</title><content mode='base64' type='image/png'>iVBORw0KGgo=</content></entry>"), "t | - | - | -"),
        ("content elsewhere", atom("<entry><title>t</title><content src='https://example.org/x' type='text/html'/></entry>"), "t | - | - | -"),
        ("entity that the document declares", "<!DOCTYPE rss [<!ENTITY org 'The <b>Org</b> &amp; Co'>]><rss><channel><item><title>&org; &org;</title></item></channel></rss>".to_owned(), "The Org & Co The Org & Co | - | - | -"),
        ("JSON as typed", "{\"items\": [{\"title\": \"5 < 6 &amp; <b>\", \"summary\": \"<i>\", \"content_html\": \"<p>one</p>&amp;\"}]}".to_owned(), "5 < 6 &amp; <b> | - | <i> | one &"),
    ];
    for (name, document, expected) in cases {
        check(name, &document, &[expected]);
    }
}

#[test]
fn dates_authors_and_tags_are_read() {
    let document = read(rss(
        "<item><dc:date>2026-11-23T10:00:00Z</dc:date><pubDate>nonsense</pubDate><dcterms:modified>2026-11-24</dcterms:modified>\
         <author>jo@example.org</author><dc:creator>Jo Doe</dc:creator><category>a</category><dc:subject>b</dc:subject><category>a</category></item>\
         <item><title>no date</title><pubDate>31 Feb 2026</pubDate></item>",
    ));
    let article = &document.articles[0];
    let day = |time: Option<chrono::DateTime<chrono::Utc>>| time.map(|time| time.format("%d").to_string());
    assert_eq!(
        (day(article.published).as_deref(), day(article.updated).as_deref()),
        (Some("23"), Some("24"))
    );
    assert_eq!((article.author.as_deref(), article.tags.join(" ")), (Some("Jo Doe"), "a b".to_owned()));
    assert_eq!((document.articles[1].published, document.report.undated), (None, 1));
    assert_eq!(document.report.newest, document.articles[0].published);
    let feed = read(atom(
        "<author><name>The Desk</name></author><entry><title>one</title><category term='x' label='X'/></entry>\
         <entry><title>two</title><author><email>a@b.org</email><name>Jo</name></author></entry>",
    ));
    let authors: Vec<_> = feed.articles.iter().map(|article| article.author.as_deref()).collect();
    assert_eq!(
        (authors, feed.articles[0].tags.join(" ")),
        (vec![Some("The Desk"), Some("Jo")], "x".to_owned())
    );
}

#[test]
fn what_the_head_says_about_polling_comes_out() {
    let hints = read(
        "<rss xmlns:s='http://purl.org/rss/1.0/modules/syndication/' xmlns:a='http://www.w3.org/2005/Atom'><channel><ttl> 90 </ttl>
         <s:updatePeriod>daily</s:updatePeriod><s:updateFrequency>4</s:updateFrequency>
         <skipHours><hour>24</hour><hour> 3 </hour><hour>99</hour></skipHours><skipDays><day>Sunday</day><day>Noday</day></skipDays>
         <a:link rel='prev-archive' href='/2026/10.xml'/><a:link rel='next' href='?page=2'/></channel></rss>",
    )
    .hints;
    assert_eq!(hints.ttl.map(|ttl| ttl.as_secs()), Some(90 * 60));
    assert_eq!(hints.update_interval.map(|interval| interval.as_secs()), Some(6 * 3600));
    assert_eq!((hints.skip_hours, hints.skip_days), (vec![0, 3], vec![chrono::Weekday::Sun]));
    let link = |link: Option<url::Url>| link.map(String::from);
    assert_eq!(link(hints.prev_archive).as_deref(), Some("https://example.org/2026/10.xml"));
    assert_eq!(link(hints.next).as_deref(), Some("https://example.org/feeds/news.xml?page=2"));
}

#[test]
fn a_sound_document_is_accused_of_nothing() {
    let sound = [
        "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n<?xml-stylesheet href='x.xsl'?>\n<!DOCTYPE rss [ <!ENTITY e 'x'> ]>\n<!-- c -->\n<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom' xmlns:x='urn:x'><channel>\n<title>&e;</title><link>https://example.org/</link><description/>\n<atom:link href='https://example.org/feed' rel='self' type='application/rss+xml'/><image><url>x</url><title>t</title><link>l</link></image>\n<x:y><x:z/></x:y><item><title><![CDATA[a & b]]></title><link>https://example.org/1</link><guid/><media:group xmlns:media='http://search.yahoo.com/mrss/'><media:content url='x'><media:title>t</media:title></media:content></media:group></item></channel></rss>\n<!-- end -->",
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='en'><title type='text'>a &amp; b</title><link href='/'></link><entry><title type='html'>&lt;b&gt;</title><id>1</id><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><br/><p>x</p></div></content><author><name>Jo</name></author><source><title>t</title></source></entry></feed>",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel rdf:about='x'><title>t</title><items><rdf:Seq><rdf:li rdf:resource='a'/></rdf:Seq></items></channel><item rdf:about='a'><title>t</title><dc:date>2026-11-23</dc:date></item></rdf:RDF>",
    ];
    for document in sound {
        let document = read(document);
        assert_eq!((repairs(&document), document.report.unreadable), (vec![], 0));
    }
}
