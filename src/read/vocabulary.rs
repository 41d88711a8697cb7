//! The words of feed formats: roots, namespaces, element names, each with the spelling that feed-rs knows.

use url::Url;

pub(super) const ATOM: &str = "http://www.w3.org/2005/Atom";
pub(super) const RSS10: &str = "http://purl.org/rss/1.0/";
pub(super) const MEDIA: &str = "http://search.yahoo.com/mrss/";
const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// Prefixes so common that documents forget to declare them.
pub(super) const WELL_KNOWN: [(&str, &str); 5] = [
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("media", MEDIA),
    ("atom", ATOM),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
];

/// The kinds of feed documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Rss,
    Rdf,
    Atom,
}

impl Format {
    /// The format whose document begins with this element, in any case, under any prefix.
    pub fn of_root(local: &str) -> Option<Self> {
        let is = |name: &&str| name.eq_ignore_ascii_case(local);
        match ["rss", "channel", "RDF", "feed", "entry"].iter().position(is)? {
            0 | 1 => Some(Self::Rss),
            2 => Some(Self::Rdf),
            _ => Some(Self::Atom),
        }
    }

    /// The root element that feed-rs wants.
    pub fn root(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Rdf => "RDF",
            Self::Atom => "feed",
        }
    }

    /// The element of one article.
    pub fn item(self) -> &'static str {
        if self == Self::Atom { "entry" } else { "item" }
    }
}

/// The namespace that was meant: old, misspelt and mistyped ones become the one in use.
pub(super) fn canonical_namespace(uri: &str) -> &str {
    let mut plain = uri.trim().to_ascii_lowercase().replace("https://", "http://");
    plain.truncate(plain.trim_end_matches('/').len());
    let known = match plain.as_str() {
        "http://www.w3.org/2005/atom" | "http://purl.org/atom/ns#" | "http://purl.org/atom/ns" => ATOM,
        "http://purl.org/rss/1.0"
        | "http://my.netscape.com/rdf/simple/0.9"
        | "http://purl.org/net/rss1.1#"
        | "http://channel.netscape.com/rdf/simple/0.9" => RSS10,
        "http://search.yahoo.com/mrss"
        | "http://www.rssboard.org/media-rss"
        | "http://rssboard.org/media-rss" => MEDIA,
        "http://www.w3.org/1999/xhtml" => XHTML,
        "http://purl.org/dc/elements/1.0" => "http://purl.org/dc/elements/1.1/",
        _ => "",
    };
    let extension =
        || WELL_KNOWN.iter().find(|(_, uri)| uri.trim_end_matches('/').eq_ignore_ascii_case(&plain));
    if known.is_empty() { extension().map_or(uri, |(_, uri)| *uri) } else { known }
}

/// Whether elements with this default namespace are the feed's own.
pub(super) fn is_core_namespace(uri: &str) -> bool {
    let uri = canonical_namespace(uri);
    uri.is_empty() || uri == ATOM || uri == RSS10 || uri.to_ascii_lowercase().contains("/rss")
}

/// Elements whose contents are character data up to their end tag, in the spelling that feed-rs knows.
const LEAVES: [(&str, &str); 35] = [
    ("title", "title"),
    ("link", "link"),
    ("description", "description"),
    ("summary", "summary"),
    ("subtitle", "subtitle"),
    ("tagline", "subtitle"),
    ("content", "content"),
    ("encoded", "encoded"),
    ("rights", "rights"),
    ("copyright", "copyright"),
    ("guid", "guid"),
    ("id", "id"),
    ("pubdate", "pubDate"),
    ("lastbuilddate", "lastBuildDate"),
    ("published", "published"),
    ("issued", "published"),
    ("updated", "updated"),
    ("modified", "updated"),
    ("date", "date"),
    ("category", "category"),
    ("comments", "comments"),
    ("creator", "creator"),
    ("managingeditor", "managingEditor"),
    ("webmaster", "webMaster"),
    ("name", "name"),
    ("email", "email"),
    ("uri", "uri"),
    ("url", "url"),
    ("ttl", "ttl"),
    ("language", "language"),
    ("generator", "generator"),
    ("enclosure", "enclosure"),
    ("commentrss", "commentRss"),
    ("body", "body"),
    ("fullitem", "fullitem"),
];

/// The name that feed-rs knows for a leaf element; RSS has `author` as a leaf, Atom as a structure.
pub(super) fn leaf(local: &str, format: Format) -> Option<&'static str> {
    let local = local.to_ascii_lowercase();
    if local == "author" && format != Format::Atom {
        return Some("author");
    }
    LEAVES.iter().find(|(known, _)| *known == local).map(|(_, canonical)| *canonical)
}

/// The name that feed-rs knows for an element that holds others.
pub(super) fn structure(local: &str) -> Option<&'static str> {
    let is = |name: &&&str| name.eq_ignore_ascii_case(local);
    ["channel", "item", "entry", "image", "source", "author"].iter().find(is).copied()
}

/// Leaves that, when empty, replace what came before or make feed-rs refuse the document.
pub(super) fn is_dropped_when_empty(leaf: &str) -> bool {
    [
        "title",
        "description",
        "summary",
        "subtitle",
        "content",
        "encoded",
        "rights",
        "pubDate",
        "published",
        "updated",
        "date",
    ]
    .contains(&leaf)
}

/// Leaves that feed-rs searches for a mail address, where some make it panic.
pub(super) fn is_person(leaf: &str) -> bool {
    ["author", "creator", "managingEditor", "webMaster", "name", "email"].contains(&leaf)
}

/// The Atom text type that a media type stands for; `None` for what is no text.
pub(super) fn text_type(media_type: &str) -> Option<&'static str> {
    match media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "" | "text" | "text/plain" | "plain" => Some("text"),
        "html" | "text/html" => Some("html"),
        "xhtml" | "application/xhtml+xml" | "text/xhtml" | "application/xml" | "text/xml" => Some("xhtml"),
        other => other.starts_with("text/").then_some("text"),
    }
}

/// Whether feed-rs takes this `xml:base`; an invalid one costs it the whole document.
pub(super) fn is_usable_base(value: &str) -> bool {
    matches!(Url::parse(value), Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_become_the_ones_in_use() {
        for uri in
            ["https://www.w3.org/2005/Atom", "http://www.w3.org/2005/atom/", "http://purl.org/atom/ns#"]
        {
            assert_eq!(canonical_namespace(uri), ATOM, "{uri}");
        }
        assert_eq!(canonical_namespace("http://www.rssboard.org/media-rss"), MEDIA);
        assert_eq!(
            canonical_namespace("https://purl.org/dc/elements/1.1"),
            "http://purl.org/dc/elements/1.1/"
        );
        assert_eq!(canonical_namespace("urn:other"), "urn:other");
    }

    #[test]
    fn old_names_become_the_ones_in_use() {
        assert_eq!(leaf("PUBDATE", Format::Rss), Some("pubDate"));
        assert_eq!(leaf("issued", Format::Atom), Some("published"));
        assert_eq!(leaf("author", Format::Atom), None);
        assert_eq!(leaf("item", Format::Rss), None);
    }
}
