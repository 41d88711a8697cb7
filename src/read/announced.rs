//! The feeds that a web page announces in its markup, for `discover`. What they are is found out by asking for them.

use std::collections::HashSet;

use url::Url;

use super::{
    Limits, Source, decode,
    lexer::{Lexer, Token},
    references,
    report::Report,
    tag::{Tag, TagKind},
    text,
};

/// Links of one page that are looked at; no page announces so many feeds.
const MAX_LINKS: usize = 1000;
/// Bytes of the longest address.
const MAX_ADDRESS: usize = 16 << 10;
/// Bytes of the longest title.
const MAX_TITLE: usize = 400;
/// Media types that only feeds have, or mostly feeds.
const TYPES: [&str; 7] = [
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/xml",
    "text/xml",
    "text/rss+xml",
];
/// Media types that much else has too: a feed says so in its address.
const COMMON_TYPES: [&str; 2] = ["application/json", "text/json"];
/// Elements that may link to a feed.
const LINKS: [&str; 3] = ["link", "a", "area"];
/// Elements in which markup is text or not in force.
const UNREAD: [&str; 4] = ["script", "style", "template", "textarea"];

/// A feed that a page announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Absolute, http or https, without credentials and fragment.
    pub url: Url,
    /// What the page calls it.
    pub title: Option<String>,
}

/// The feeds that a page announces, each once, in the order of the page; none if the document is no page.
pub fn announced_feeds(body: &[u8], source: Source<'_>, limits: &Limits) -> Vec<Announced> {
    let body = decode::unpack(body, limits.max_body);
    let mut ignored = Report::default();
    let page = decode::decode(&body, source.content_type, &mut ignored);
    let Links { base, found } = Links::of(&page, limits);
    // The first base is in force for all links, those before it too (WHATWG HTML, "document base URL").
    let base = base.and_then(|base| absolute(&base, source.base)).or_else(|| source.base.cloned());
    let mut known = HashSet::new();
    let announced = found.into_iter().filter_map(|(href, title)| {
        let url = feed_url(&href, base.as_ref())?;
        known.insert(url.clone()).then_some(Announced { url, title })
    });
    announced.collect()
}

/// The links of a page, as written.
#[derive(Default)]
struct Links {
    base: Option<String>,
    found: Vec<(String, Option<String>)>,
}

impl Links {
    fn of(page: &str, limits: &Limits) -> Self {
        let (mut links, mut lexer, mut ignored) = (Self::default(), Lexer::new(page), Report::default());
        while let Some(token) = lexer.next("", &mut ignored) {
            let Token::Tag(tag) = token else { continue };
            let is = |name: &str| name.eq_ignore_ascii_case(tag.name);
            if tag.kind == TagKind::Close {
                continue;
            }
            if let Some(name) = UNREAD.into_iter().find(|name| is(name)).filter(|_| tag.kind == TagKind::Open)
            {
                lexer.skip_past(name);
            } else if links.base.is_none() && is("base") {
                links.base = attribute(tag, "href", limits);
            } else if LINKS.into_iter().any(is) && announces_feed(tag, limits) {
                let title = attribute(tag, "title", limits).map(|title| text::from_plain(&title));
                let title = title.map(|title| text::cut(title, MAX_TITLE)).filter(|title| !title.is_empty());
                links.found.extend(attribute(tag, "href", limits).map(|href| (href, title)));
            }
            if links.found.len() >= MAX_LINKS {
                break;
            }
        }
        links
    }
}

/// Whether a link leads to a feed: `rel=feed`, or `rel=alternate` with the type of one.
fn announces_feed(tag: Tag<'_>, limits: &Limits) -> bool {
    let rel = attribute(tag, "rel", limits).unwrap_or_default();
    let has = |word: &str| rel.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case(word));
    if has("feed") {
        return true;
    }
    let media_type = attribute(tag, "type", limits).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let is_among = |types: &[&str]| types.iter().any(|known| known.eq_ignore_ascii_case(media_type));
    let names_feed =
        || attribute(tag, "href", limits).is_some_and(|href| href.to_ascii_lowercase().contains("feed"));
    has("alternate") && (is_among(&TYPES) || is_among(&COMMON_TYPES) && names_feed())
}

/// The value of an attribute, references undone; `None` if it is missing or blank.
fn attribute(tag: Tag<'_>, name: &str, limits: &Limits) -> Option<String> {
    let mut attributes = tag.attributes().take(limits.max_attributes);
    let (_, value) = attributes.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
    let value = references::resolve(value);
    Some(value.trim()).filter(|value| !value.is_empty()).map(str::to_owned)
}

/// The address of a feed; `feed:` is an old way to write one.
fn feed_url(href: &str, base: Option<&Url>) -> Option<Url> {
    let mut url = match href.split_at_checked("feed:".len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("feed:") => match rest.strip_prefix("//") {
            Some(rest) => absolute(&format!("http://{rest}"), None)?,
            None => absolute(rest, base)?,
        },
        _ => absolute(href, base)?,
    };
    url.set_fragment(None);
    // Credentials come from the operator, never from a page.
    url.set_username("").and_then(|()| url.set_password(None)).ok()?;
    Some(url)
}

fn absolute(href: &str, base: Option<&Url>) -> Option<Url> {
    if href.len() > MAX_ADDRESS {
        return None;
    }
    let url = Url::options().base_url(base).parse(href).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(page: &str) -> Vec<String> {
        let base = Url::parse("https://news.example/world/index.html").expect("url");
        let source = Source { content_type: Some("text/html; charset=utf-8"), base: Some(&base) };
        let found = announced_feeds(page.as_bytes(), source, &Limits::default());
        found.into_iter().map(|one| format!("{} {}", one.url, one.title.unwrap_or_default())).collect()
    }

    #[track_caller]
    fn check(page: &str, expected: &[&str]) {
        assert_eq!(announced(page), expected, "{page}");
    }

    #[test]
    fn feeds_are_found_however_the_link_is_written() {
        let rss = "<link rel=alternate type=application/rss+xml";
        check(&format!("{rss} href=feed.xml>"), &["https://news.example/world/feed.xml "]);
        check(&format!("{rss} href=/feed title='A &amp; B'>"), &["https://news.example/feed A & B"]);
        check(&format!("{rss} href='//cdn.example/f?a=1&amp;b=2#x'/>"), &["https://cdn.example/f?a=1&b=2 "]);
        check(
            "<LINK HREF=\"/A\"\n TYPE='Application/ATOM+XML; charset=utf-8' REL=\"Alternate Home\">",
            &["https://news.example/A "],
        );
        check("<a rel='feed' href='/f.json'>x</a>", &["https://news.example/f.json "]);
        check("<link rel='alternate' type='application/feed+json' href='f'", &[]);
        check(&format!("{rss} href='feed://u:p@other.example/x'>"), &["http://other.example/x "]);
        check(&format!("{rss} href='feed:https://other.example/x'>"), &["https://other.example/x "]);
    }

    #[test]
    fn the_first_base_is_in_force_for_all_links() {
        let page =
            "<link rel=alternate type=text/xml href=a><base target=_top><base href='/b/'><base href='/c/'>
            <link rel=alternate type=text/xml href=a><link rel=alternate type=text/xml href=d>";
        check(page, &["https://news.example/b/a ", "https://news.example/b/d "]);
    }

    #[test]
    fn what_is_no_feed_or_not_in_force_is_not_announced() {
        check("<link rel=stylesheet type=text/css href=a><link rel=alternate hreflang=de href=/de>", &[]);
        check("<link rel=alternate type=application/json href=/wp-json/posts/1>", &[]);
        check("<link rel=alternate type='application/json+oembed' href=/o>", &[]);
        for href in ["javascript:alert(1)", "mailto:a@b.example", "file:///etc/passwd", "data:,x", ""] {
            check(&format!("<link rel=feed href='{href}'>"), &[]);
        }
        let link = "<link rel=feed href=/f>";
        for hidden in ["<!-- {} -->", "<script>'{}'</script>", "<template>{}</template>", "<textarea>{}"] {
            check(&hidden.replace("{}", link), &[]);
        }
    }

    #[test]
    fn a_page_of_links_without_end_is_cut() {
        let links = (0..5000).map(|n| format!("<link rel=feed href=/{n}>"));
        let page = links.collect::<Vec<_>>().concat();
        assert_eq!(announced(&page).len(), MAX_LINKS);
    }
}
