//! The words of feed formats: roots, namespaces, and which part of an article each element is.

use std::collections::HashMap;

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

    /// The element of one article.
    pub fn item(self) -> &'static str {
        if self == Self::Atom { "entry" } else { "item" }
    }

    /// What an element without prefix belongs to.
    pub fn namespace(self) -> Namespace {
        if self == Self::Atom { Namespace::Atom } else { Namespace::Rss }
    }
}

/// The namespaces that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespace {
    /// RSS of any version, which mostly has none.
    Rss,
    Atom,
    Rdf,
    /// `content:encoded`.
    Content,
    /// Dublin Core, its terms too.
    Dublin,
    Media,
    Itunes,
    /// `sy:updatePeriod`.
    Syndication,
    Xhtml,
    /// Everything else.
    Foreign,
}

/// Namespaces with the prefix under which they go even if nobody declared it, and the names by which they go without
/// `http://`, `https://`, `www.` and a final slash or number sign. The first is the right one.
const KNOWN: [(Namespace, &str, &[&str]); 9] = [
    (Namespace::Content, "content", &["purl.org/rss/1.0/modules/content"]),
    (Namespace::Syndication, "sy", &["purl.org/rss/1.0/modules/syndication"]),
    (Namespace::Dublin, "dc", &["purl.org/dc/elements/1.1", "purl.org/dc/elements/1.0", "purl.org/dc"]),
    (Namespace::Dublin, "dcterms", &["purl.org/dc/terms"]),
    (
        Namespace::Media,
        "media",
        &[
            "search.yahoo.com/mrss",
            "rssboard.org/media-rss",
            "tools.search.yahoo.com/mrss",
            "search.yahoo.com",
        ],
    ),
    (Namespace::Itunes, "itunes", &["itunes.com/dtds/podcast-1.0.dtd", "itunes.com/dtds/podcast-1.0"]),
    (Namespace::Atom, "atom", &["w3.org/2005/atom", "purl.org/atom/ns"]),
    (Namespace::Rdf, "rdf", &["w3.org/1999/02/22-rdf-syntax-ns"]),
    (Namespace::Xhtml, "xhtml", &["w3.org/1999/xhtml"]),
];

/// Namespaces of RSS itself, shortened likewise.
const RSS: [&str; 4] = [
    "purl.org/rss/1.0",
    "purl.org/net/rss1.1",
    "my.netscape.com/rdf/simple/0.9",
    "channel.netscape.com/rdf/simple/0.9",
];

/// A namespace by its URI, and whether that is written as the standards have it.
pub(super) fn namespace_of(uri: &str) -> (Namespace, bool) {
    let lower = uri.trim().to_ascii_lowercase();
    let plain = lower.strip_prefix("http://").or_else(|| lower.strip_prefix("https://")).unwrap_or(&lower);
    let plain = plain.strip_prefix("www.").unwrap_or(plain).trim_end_matches(['/', '#']);
    if let Some((namespace, _, names)) = KNOWN.iter().find(|(_, _, names)| names.contains(&plain)) {
        let is_atom_as_written = *namespace != Namespace::Atom || uri == "http://www.w3.org/2005/Atom";
        return (
            *namespace,
            uri.starts_with("http://") && names.first() == Some(&plain) && is_atom_as_written,
        );
    }
    if RSS.contains(&plain) {
        (Namespace::Rss, true)
    } else if plain.is_empty() || ["/rss", "/rss2", "/rss2.0"].iter().any(|end| plain.ends_with(end)) {
        (Namespace::Rss, plain.is_empty())
    } else {
        (Namespace::Foreign, true)
    }
}

/// What the prefixes of a document mean. A declaration holds from where it stands to the end of the document: feeds
/// that give one prefix two meanings have not been seen.
#[derive(Debug)]
pub(super) struct Prefixes<'a>(HashMap<&'a str, Namespace>);

impl<'a> Prefixes<'a> {
    /// Those that hold though nobody declared them, and the prefix of the root element.
    pub fn of_root(prefix: &'a str, format: Format) -> Self {
        let known = KNOWN.iter().map(|(namespace, prefix, _)| (*prefix, *namespace));
        Self(known.chain([(prefix, format.namespace())]).collect())
    }

    /// Takes note of a declaration. A well-known prefix keeps its meaning if the URI means nothing.
    pub fn declare(&mut self, prefix: &'a str, namespace: Namespace) {
        if namespace == Namespace::Foreign {
            self.0.entry(prefix).or_insert(namespace);
        } else {
            self.0.insert(prefix, namespace);
        }
    }

    /// What a prefix means.
    pub fn meaning(&self, prefix: &str) -> Namespace {
        let in_another_case = || {
            let known = KNOWN.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(prefix));
            known.map_or(Namespace::Foreign, |(namespace, ..)| *namespace)
        };
        self.0.get(prefix).copied().unwrap_or_else(in_another_case)
    }
}

/// A part of an article or of the feed's head. Where two say the same, the one named `Other…` is asked second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    OtherTitle,
    Link,
    Guid,
    Summary,
    OtherSummary,
    Content,
    Published,
    OtherPublished,
    Updated,
    Author,
    OtherAuthor,
    Category,
    Enclosure,
    Ttl,
    SkipHours,
    SkipDays,
    UpdatePeriod,
    UpdateFrequency,
}

impl Field {
    /// Whether it says something of articles, and of the feed only in its head.
    pub fn is_of_articles(self) -> bool {
        use Field::{Link, SkipDays, SkipHours, Ttl, UpdateFrequency, UpdatePeriod};
        !matches!(self, Ttl | SkipHours | SkipDays | UpdatePeriod | UpdateFrequency | Link)
    }
}

/// What an element is for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// One article.
    Item,
    /// Its tags mean nothing, what it contains is read.
    Flat,
    /// A part.
    Field(Field),
    /// A part by its attributes; what it contains is read.
    Holder(Field),
    /// It means nothing, nor does what it contains.
    Unknown,
}

use Field as F;
use Namespace as N;

/// Elements that hold the parts of articles or of the head.
const FIELDS: [(&[Namespace], &str, Field); 35] = [
    (&[N::Rss, N::Atom], "title", F::Title),
    (&[N::Dublin, N::Media, N::Itunes], "title", F::OtherTitle),
    (&[N::Rss, N::Atom], "link", F::Link),
    (&[N::Rss, N::Atom], "guid", F::Guid),
    (&[N::Rss, N::Atom], "id", F::Guid),
    (&[N::Rss, N::Atom], "description", F::Summary),
    (&[N::Atom], "summary", F::Summary),
    (&[N::Dublin, N::Media], "description", F::OtherSummary),
    (&[N::Rss, N::Itunes], "summary", F::OtherSummary),
    (&[N::Rss, N::Atom], "content", F::Content),
    (&[N::Rss, N::Atom, N::Content], "encoded", F::Content),
    (&[N::Rss, N::Atom], "fullitem", F::Content),
    (&[N::Rss, N::Atom, N::Xhtml], "body", F::Content),
    (&[N::Xhtml], "div", F::Content),
    (&[N::Rss, N::Atom], "pubDate", F::Published),
    (&[N::Rss, N::Atom], "published", F::Published),
    (&[N::Rss, N::Atom], "issued", F::Published),
    (&[N::Rss, N::Atom, N::Dublin], "date", F::OtherPublished),
    (&[N::Rss, N::Atom, N::Dublin], "created", F::OtherPublished),
    (&[N::Dublin], "issued", F::OtherPublished),
    (&[N::Rss, N::Atom], "updated", F::Updated),
    (&[N::Rss, N::Atom, N::Dublin], "modified", F::Updated),
    (&[N::Rss, N::Atom], "author", F::Author),
    (&[N::Rss, N::Atom], "managingEditor", F::Author),
    (&[N::Rss, N::Atom, N::Dublin], "creator", F::OtherAuthor),
    (&[N::Dublin, N::Itunes], "author", F::OtherAuthor),
    (&[N::Media], "credit", F::OtherAuthor),
    (&[N::Rss, N::Atom], "category", F::Category),
    (&[N::Rss, N::Atom, N::Dublin], "subject", F::Category),
    (&[N::Rss, N::Atom], "enclosure", F::Enclosure),
    (&[N::Rss], "ttl", F::Ttl),
    (&[N::Rss], "skipHours", F::SkipHours),
    (&[N::Rss], "skipDays", F::SkipDays),
    (&[N::Rss, N::Atom, N::Syndication], "updatePeriod", F::UpdatePeriod),
    (&[N::Rss, N::Atom, N::Syndication], "updateFrequency", F::UpdateFrequency),
];

/// Elements whose tags mean nothing.
const FLAT: [(&[Namespace], &str); 8] = [
    (&[N::Rss, N::Atom], "rss"),
    (&[N::Rss, N::Atom, N::Rdf], "RDF"),
    (&[N::Rss, N::Atom], "feed"),
    (&[N::Rss, N::Atom], "channel"),
    (&[N::Rss, N::Atom], "items"),
    (&[N::Rdf], "Seq"),
    (&[N::Rdf], "li"),
    (&[N::Media], "group"),
];

/// The role of an element, and its name as the formats have it.
pub(super) fn role(namespace: Namespace, local: &str) -> (Role, &'static str) {
    let is_own = matches!(namespace, N::Rss | N::Atom);
    let item = ["item", "entry"].into_iter().find(|name| is_own && name.eq_ignore_ascii_case(local));
    if let Some(name) = item {
        return (Role::Item, name);
    }
    if namespace == N::Media && local.eq_ignore_ascii_case("content") {
        return (Role::Holder(F::Enclosure), "content");
    }
    let is = |namespaces: &[Namespace], name: &str| {
        name.eq_ignore_ascii_case(local) && namespaces.contains(&namespace)
    };
    let field = FIELDS.iter().find(|(namespaces, name, _)| is(namespaces, name));
    if let Some((_, name, field)) = field {
        return (Role::Field(*field), name);
    }
    let flat = FLAT.iter().find(|(namespaces, name)| is(namespaces, name));
    flat.map_or((Role::Unknown, ""), |(_, name)| (Role::Flat, name))
}

/// Elements of HTML that have no end tag.
pub(super) fn is_void(local: &str) -> bool {
    ["br", "hr", "img", "input", "meta"].iter().any(|name| name.eq_ignore_ascii_case(local))
}

/// Whether an end tag of this name ends whatever is open.
pub(super) fn ends_all(local: &str) -> bool {
    ["channel", "rss", "feed", "RDF"].iter().any(|name| name.eq_ignore_ascii_case(local))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_known_however_it_is_written() {
        let cases = [
            ("http://www.w3.org/2005/Atom", N::Atom, true),
            ("https://www.w3.org/2005/Atom", N::Atom, false),
            ("http://www.w3.org/2005/atom/", N::Atom, false),
            ("http://purl.org/atom/ns#", N::Atom, false),
            ("http://search.yahoo.com/mrss/", N::Media, true),
            ("http://www.rssboard.org/media-rss", N::Media, false),
            ("https://purl.org/dc/elements/1.1", N::Dublin, false),
            ("http://purl.org/rss/1.0/modules/content/", N::Content, true),
            ("http://my.netscape.com/rdf/simple/0.9/", N::Rss, true),
            ("http://backend.userland.com/rss2", N::Rss, false),
            ("urn:other", N::Foreign, true),
        ];
        for (uri, namespace, as_written) in cases {
            assert_eq!(namespace_of(uri), (namespace, as_written), "{uri}");
        }
    }

    #[test]
    fn a_name_means_something_only_in_its_namespace() {
        assert_eq!(role(N::Rss, "PUBDATE"), (Role::Field(F::Published), "pubDate"));
        assert_eq!(role(N::Media, "title"), (Role::Field(F::OtherTitle), "title"));
        assert_eq!(role(N::Foreign, "title").0, Role::Unknown);
        assert_eq!((role(N::Rss, "item").0, role(N::Media, "item").0), (Role::Item, Role::Unknown));
        assert_eq!((role(N::Media, "group").0, role(N::Rss, "image").0), (Role::Flat, Role::Unknown));
    }
}
