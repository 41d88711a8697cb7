//! A valid feed with one damage at a time reads like the valid one: damage costs at most what is damaged.

use std::fmt::Write;

use feedwatch::read::Document;

use super::{read, repairs};

/// One damage: its name, what is replaced in which article (the first place after `START n`), by what.
struct Damage {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    /// Whether the damaged article itself may come out changed or missing.
    costs_its_article: bool,
}

const fn free(name: &'static str, from: &'static str, to: &'static str) -> Damage {
    Damage { name, from, to, costs_its_article: false }
}

const fn costly(name: &'static str, from: &'static str, to: &'static str) -> Damage {
    Damage { name, from, to, costs_its_article: true }
}

/// Damage in or between the articles of an RSS feed.
const RSS: [Damage; 50] = [
    free("bare ampersand in a title", "&amp; more", "& more"),
    free("bare ampersand in a link", "?a=1&amp;b=2", "?a=1&b=2"),
    free("HTML entity that nobody declared", "caf\u{e9}", "caf&eacute;"),
    free("number of windows-1252", "\u{2019}s", "&#146;s"),
    free("reference to an illegal character", "sees", "sees&#0;"),
    free("control character in a text", "sees", "sees\u{1}"),
    free("control character in a tag", "<pubDate>", "<pub\u{2}Date>"),
    free("name in upper case", "<guid", "<GUID"),
    free("names in the wrong case", "<pubDate>Mon", "<pubdate>Mon"),
    free("end tag of a title is missing", "</title>", ""),
    free("end tag of a link is missing", "</link>", ""),
    free("end tag of a date is missing", "</pubDate>", ""),
    free("end tag of a guid is missing", "</guid>", ""),
    free("end tag of a description is missing", "</description>", ""),
    free("end tag of an author is missing", "</dc:creator>", ""),
    free("misspelt end tag", "</title>", "</titel>"),
    free("start tag for an end tag", "</title>", "<title>"),
    free("end tag of another element", "</title>", "</link>"),
    free("end tag without its prefix", "</dc:creator>", "</creator>"),
    free("end tag without its last character", "</title>", "</title"),
    free("stray end tag in an article", "<pubDate>", "</div><pubDate>"),
    free("stray start tag in an article", "<pubDate>", "<div><pubDate>"),
    free("line break tag in an article", "<pubDate>", "<br><pubDate>"),
    free("unknown element that never ends", "<pubDate>", "<x:more><pubDate>"),
    free("unknown element", "<pubDate>", "<more><title>no</title><link>http://no/</link></more><pubDate>"),
    free("element with a prefix that nobody declared", "<pubDate>", "<foo:title>no</foo:title><pubDate>"),
    free(
        "image with a title and a link",
        "<pubDate>",
        "<image><title>no</title><link>http://no/</link></image><pubDate>",
    ),
    free("empty title behind the title", "<pubDate>", "<title></title><title/><pubDate>"),
    free("empty date behind the date", "<dc:creator>", "<pubDate></pubDate><dc:creator>"),
    free("second date", "<dc:creator>", "<pubDate>yesterday</pubDate><dc:creator>"),
    free(
        "empty element of Media RSS",
        "<pubDate>",
        "<media:title></media:title><media:description/><pubDate>",
    ),
    free("attribute without quotes", "isPermaLink=\"false\"", "isPermaLink=false"),
    free("attribute whose quote never ends", "isPermaLink=\"false\"", "isPermaLink=\"false"),
    free("attribute twice", "isPermaLink=\"false\"", "isPermaLink=\"false\" isPermaLink=\"false\""),
    free("attribute without a value", "isPermaLink=\"false\"", "isPermaLink=\"false\" x"),
    free("attribute with markup in it", "isPermaLink=\"false\"", "isPermaLink=\"false\" x=\"<b>1</b>\""),
    free("section that never ends", "]]>", ""),
    free("section whose end is half there", "]]>", "]>"),
    free("section wrapped twice", "<![CDATA[<p>", "<![CDATA[<![CDATA[<p>"),
    free("markup that is not escaped", "<![CDATA[<p>A body</p>]]>", "<p>A body</p>"),
    free("markup that is not escaped and not closed", "<![CDATA[<p>A body</p>]]>", "<p>A body"),
    free("section in markup that is not escaped", "<![CDATA[<p>A body</p>]]>", "<p><![CDATA[A body]]></p>"),
    free("comment in a text", "sees", "sees<!-- no -->"),
    free("comment that never ends", "<pubDate>", "<!-- no <pubDate>"),
    free("instruction in an article", "<pubDate>", "<?php no ?><pubDate>"),
    free("end tag of the article is missing", "</item>", ""),
    free("end tag of the channel between articles", "</item>", "</item></channel>"),
    free("end tag of an article twice", "</item>", "</item></item>"),
    free("text and a bare ampersand between articles", "</item>", "</item> & <"),
    costly(
        "author that looks like an address",
        "<pubDate>",
        "<author>jo@x.com\u{ff08}\u{5c71}\u{7530}\u{ff09}</author><pubDate>",
    ),
];

/// Damage in or between the entries of an Atom feed.
const ATOM: [Damage; 19] = [
    free("bare ampersand in a title", "&amp; more", "& more"),
    free("bare ampersand in an address", "?a=1&amp;b=2", "?a=1&b=2"),
    free("link that is not closed", "b=2\"/>", "b=2\">"),
    free("link with an end tag", "b=2\"/>", "b=2\"></link>"),
    free("category that is not closed", "term=\"world\"/>", "term=\"world\">"),
    free("end tag of a title is missing", "</title>", ""),
    free("end tag of a date is missing", "</updated>", ""),
    free("end tag of an id is missing", "</id>", ""),
    free("end tag of an author is missing", "</name></author>", ""),
    free("end tag of the content is missing", "</content>", ""),
    free("media type for a text", "type=\"text\"", "type=\"text/plain\""),
    free("media type for HTML", "type=\"html\"", "type=\"text/html; charset=utf-8\""),
    free("invalid base address", "<title", "<title xml:base=\"http://[\""),
    free("invalid base address of an entry", "<entry", "<entry xml:base=\"http://[\""),
    free("name in another case", "<updated>", "<Updated>"),
    free("unknown element", "<updated>", "<source><title>no</title><id>no</id></source><updated>"),
    free("end tag of the entry is missing", "</entry>", ""),
    free("end tag of the feed between entries", "</entry>", "</entry></feed>"),
    free("old namespace of an entry", "<entry", "<entry xmlns=\"http://purl.org/atom/ns#\""),
];

fn rss_feed() -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:media=\"http://search.yahoo.com/mrss/\" xmlns:x=\"urn:x\"><channel><title>News</title><link>https://example.org/</link>",
    );
    for n in 1..=3 {
        let _ = write!(
            text,
            "\n<item><!--{n}--><title>Ankara\u{2019}s caf\u{e9} {n} sees S-400 &amp; more</title><link>https://example.org/{n}?a=1&amp;b=2</link>\
             <guid isPermaLink=\"false\">tag:{n}</guid><pubDate>Mon, 23 Nov 2026 1{n}:00:00 GMT</pubDate>\
             <dc:creator>Jo Doe</dc:creator><description><![CDATA[<p>A body</p>]]></description></item>"
        );
    }
    text + "\n</channel></rss>"
}

fn atom_feed() -> String {
    let mut text =
        String::from("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>News</title><id>urn:feed</id>");
    for n in 1..=3 {
        let _ = write!(
            text,
            "\n<entry><!--{n}--><title type=\"text\">Ankara {n} &amp; more</title><link href=\"https://example.org/{n}?a=1&amp;b=2\"/>\
             <id>tag:{n}</id><updated>2026-11-23T1{n}:00:00Z</updated><author><name>Jo Doe</name></author><category term=\"world\"/>\
             <content type=\"html\">&lt;p&gt;A body&lt;/p&gt;</content></entry>"
        );
    }
    text + "\n</feed>"
}

/// The feed with the damage in its n-th article.
fn damaged(feed: &str, damage: &Damage, n: usize) -> String {
    let mark = format!("<!--{n}-->");
    let (before, after) = feed.split_once(&mark).expect("the article is there");
    if ["<item", "<entry"].contains(&damage.from) {
        let (head, tag) = before.rsplit_once(damage.from).expect("the article has a start tag");
        return format!("{head}{}{tag}{mark}{after}", damage.to);
    }
    assert!(after.contains(damage.from), "{}: nothing to damage", damage.name);
    format!("{before}{mark}{}", after.replacen(damage.from, damage.to, 1))
}

#[track_caller]
fn check(feed: &str, damage: &Damage) {
    let sound = read(feed);
    for n in 1..=3 {
        let text = damaged(feed, damage, n);
        let document = read(&text);
        let (expected, found) = (shown(&sound, damage, n), shown(&document, damage, n));
        assert_eq!(found, expected, "{} in article {n}: {text}", damage.name);
    }
}

/// The articles, without the damaged one if the damage may cost it.
fn shown(document: &Document, damage: &Damage, n: usize) -> Vec<String> {
    let is_counted = |at: &usize| !damage.costs_its_article || at + 1 != n;
    let articles = document.articles.iter().enumerate().filter(|(at, _)| is_counted(at));
    articles.map(|(_, article)| format!("{article:?}")).collect()
}

#[test]
fn a_damaged_rss_feed_reads_like_the_sound_one() {
    assert_eq!(repairs(&read(rss_feed())), [] as [&str; 0], "the sound feed needs no repair");
    for damage in &RSS {
        check(&rss_feed(), damage);
    }
}

#[test]
fn a_damaged_atom_feed_reads_like_the_sound_one() {
    assert_eq!(repairs(&read(atom_feed())), [] as [&str; 0], "the sound feed needs no repair");
    for damage in &ATOM {
        check(&atom_feed(), damage);
    }
}

/// Two kinds of damage in the middle article: the others must be as they were.
fn check_pairs(feed: &str, damages: &[Damage]) {
    let sound = read(feed);
    for first in damages {
        let once = damaged(feed, first, 2);
        for second in damages {
            let (_, after) = once.split_once("<!--2-->").expect("the article is there");
            let (article, _) = after.split_once("<!--3-->").expect("another follows");
            let is_there =
                article.rsplit_once("\n<").is_some_and(|(article, _)| article.contains(second.from));
            if !is_there {
                continue;
            }
            let text = damaged(&once, second, 2);
            let document = read(&text);
            let shown = || format!("{} and {}: {text}", first.name, second.name);
            assert_eq!(document.articles.first(), sound.articles.first(), "{}", shown());
            assert_eq!(document.articles.last(), sound.articles.last(), "{}", shown());
        }
    }
}

#[test]
fn two_kinds_of_damage_in_one_article_leave_the_others_alone() {
    check_pairs(&rss_feed(), &RSS);
    check_pairs(&atom_feed(), &ATOM);
}

#[test]
fn a_document_cut_anywhere_keeps_its_complete_articles() {
    for feed in [rss_feed(), atom_feed()] {
        let sound = read(&feed);
        let ends: Vec<usize> = ["</item>", "</entry>"]
            .iter()
            .flat_map(|end| feed.match_indices(end).map(|(at, end)| at + end.len()))
            .collect();
        for at in (feed.find("<title").expect("a title")..feed.len()).filter(|at| feed.is_char_boundary(*at))
        {
            let complete = ends.iter().filter(|end| **end <= at).count();
            let document = read(feed.split_at(at).0);
            assert_eq!(document.articles, sound.articles[..complete], "cut at {at}");
        }
    }
}

#[test]
fn damage_is_told_by_its_kind() {
    let cases = [
        ("& more", "ampersand"),
        ("</title><title>", "unclosed"),
        ("</div>", "stray"),
        ("<!-- no", "comment"),
        ("\u{1}", "character"),
    ];
    for (damage, kind) in cases {
        let text = rss_feed().replacen("<pubDate>", &format!("{damage}<pubDate>"), 1);
        let text = if kind == "ampersand" { rss_feed().replacen("&amp; more", damage, 1) } else { text };
        let text = if kind == "unclosed" { rss_feed().replacen("</title><link>", "<link>", 2) } else { text };
        assert!(repairs(&read(&text)).contains(&kind), "{damage}: {:?}", repairs(&read(&text)));
    }
}

#[test]
fn a_document_cut_between_two_articles_is_told_as_cut() {
    for feed in [rss_feed(), atom_feed()] {
        let end =
            ["</item>", "</entry>"].iter().find_map(|end| Some(feed.find(end)? + end.len())).expect("an end");
        let document = read(feed.split_at(end).0);
        assert_eq!((document.articles.len(), document.report.unreadable), (1, 0));
        assert!(repairs(&document).contains(&"truncated"), "{:?}", repairs(&document));
        assert!(!repairs(&read(&feed)).contains(&"truncated"));
    }
}
