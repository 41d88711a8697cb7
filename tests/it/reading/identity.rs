//! Which article is which, on every poll and machine (specs/reading.md §7).

use feedwatch::model::ArticleKey;

use super::{read, rss, try_read};

fn keys(body: impl AsRef<[u8]>) -> Vec<ArticleKey> {
    try_read(body, None).expect("a feed").articles.iter().map(|article| article.key).collect()
}

fn item(parts: &str) -> String {
    rss(&format!("<item>{parts}</item>"))
}

#[test]
fn a_key_does_not_depend_on_what_may_change() {
    let before = item(
        "<guid>1</guid><title>before</title><link>http://example.org/1</link><pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate>",
    );
    let same = [
        item("<title>after</title><guid> 1 </guid>"),
        item("<guid isPermaLink='false'>1</guid><link>http://example.org/2</link>"),
        rss("<item><guid>0</guid></item><item><guid>1</guid></item>")
            .replace("<item><guid>0</guid></item>", ""),
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id></entry></feed>".to_owned(),
        "{\"items\": [{\"id\": 1}]}".to_owned(),
        "{\"items\": [{\"id\": \"1\"}]}".to_owned(),
    ];
    for text in same {
        assert_eq!(keys(&text), keys(&before), "{text}");
    }
    let wide: Vec<u8> = before.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(keys(wide), keys(before));
}

#[test]
fn a_link_is_the_key_where_there_is_no_guid() {
    let link = |link: &str| keys(item(&format!("<title>t</title><link>{link}</link>")));
    let first = link("https://Example.org/a?b=1&amp;c=2");
    for same in [
        "http://example.org:80/a?b=1&amp;c=2",
        "https://example.org/a/?b=1&amp;c=2#top",
        "https://example.org/a?utm_source=rss&amp;b=1&amp;c=2&amp;fbclid=x&amp;at_medium=y",
    ] {
        assert_eq!(link(same), first, "{same}");
    }
    for other in [
        "https://example.org/a?c=2&amp;b=1",
        "https://example.org/A?b=1&amp;c=2",
        "https://example.org:8080/a?b=1&amp;c=2",
    ] {
        assert_ne!(link(other), first, "{other}");
    }
}

#[test]
fn a_guid_keeps_its_fragment_and_a_text_is_the_key_of_last_resort() {
    assert_ne!(keys(item("<guid>http://x/a#1</guid>")), keys(item("<guid>http://x/a#2</guid>")));
    let text = |title: &str, date: &str| {
        keys(item(&format!("<title>{title}</title><description>d</description><pubDate>{date}</pubDate>")))
    };
    assert_eq!(text("a", "Mon, 23 Nov 2026 10:00:00 GMT"), text("a", ""));
    assert_ne!(text("a", ""), text("b", ""));
}

#[test]
fn articles_that_share_a_guid_are_told_apart_whatever_their_order() {
    let items = [
        "<item><guid>1</guid><link>http://x/a</link></item>",
        "<item><guid>1</guid><link>http://x/b#1</link></item>",
        "<item><guid>1</guid><link>http://x/b#2</link></item>",
        "<item><guid>1</guid><title>c</title></item>",
        "<item><guid>1</guid><title>d</title></item>",
        "<item><guid>1</guid><title>d</title></item>",
    ];
    let forward = keys(rss(&items.concat()));
    let mut backward = keys(rss(&items.iter().rev().copied().collect::<String>()));
    backward.reverse();
    assert_eq!(forward, backward);
    let mut unique = forward.clone();
    unique.sort();
    unique.dedup();
    assert_eq!((forward.len(), unique.len()), (5, 5));
}

#[test]
fn an_edit_changes_the_hash_of_the_content_and_nothing_else() {
    let read = |title: &str, date: &str| {
        read(item(&format!("<guid>1</guid><title>{title}</title><pubDate>{date}</pubDate>")))
            .articles
            .remove(0)
    };
    let (first, edited, redated) = (read("a", ""), read("b", ""), read("a", "2026-11-23"));
    assert_eq!((first.key, first.content_hash), (redated.key, redated.content_hash));
    assert_eq!(first.key, edited.key);
    assert_ne!(first.content_hash, edited.content_hash);
}
