//! The feeds that an OPML document lists, for `import`: read as far as it goes, whatever is broken in it.

use super::{
    Limits, ReadError, Source, decode,
    lexer::{Lexer, Token},
    references, refuse,
    report::Report,
    tag::{Tag, TagKind},
};

/// Folders around a feed that are told; further ones inside of these are not.
const MAX_FOLDERS: usize = 32;
/// Characters of the longest title, folder or category.
const MAX_NAME: usize = 400;

/// A feed as an outline describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// `xmlUrl` as written; it may be anything.
    pub address: String,
    /// What it is called, if that is not its address.
    pub title: Option<String>,
    /// The folders it lies in, outermost first, then its categories; each once.
    pub folders: Vec<String>,
}

/// What an OPML document lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlines {
    /// The feeds, in document order, also those that are listed twice.
    pub feeds: Vec<Outline>,
    /// Outlines that are neither a feed nor a folder with something in it.
    pub without_address: usize,
    /// Outlines so broken that nothing could be read.
    pub broken: usize,
    /// Feeds beyond `max_entries`.
    pub beyond_limit: usize,
}

/// Reads the outlines of a document.
///
/// # Errors
/// If the document holds no outline, what it is instead.
pub fn outlines(body: &[u8], source: Source<'_>, limits: &Limits) -> Result<Outlines, ReadError> {
    let body = decode::unpack(body, limits.max_body);
    if body.len() > limits.max_body {
        return Err(refuse::too_large(limits));
    }
    let mut ignored = Report::default();
    let text = decode::decode(&body, source.content_type, &mut ignored);
    if text.trim().is_empty() {
        return Err(ReadError::Empty);
    }
    Walk::default().read(&text, limits).ok_or_else(|| not_opml(&text))
}

fn not_opml(text: &str) -> ReadError {
    let what = match refuse::find_root(text, None, &mut Report::default()) {
        Ok(_) => "it is a feed; write its address as url of a [[feed]]",
        Err(ReadError::WebPage(_)) => "it is an HTML page; try feedwatch discover URL",
        Err(_) => "it has neither <opml> nor <outline>",
    };
    ReadError::NotAFeed(format!("not OPML: {what}"))
}

/// An outline that has not ended yet.
struct Open {
    /// Whether its name is the last of [`Walk::folders`].
    is_folder: bool,
    is_feed: bool,
    has_children: bool,
}

/// Where the reader stands.
#[derive(Default)]
struct Walk {
    found: Outlines,
    open: Vec<Open>,
    /// The names of the folders among them.
    folders: Vec<String>,
    is_opml: bool,
}

impl Walk {
    /// `None` if there is no OPML in the text.
    fn read(mut self, text: &str, limits: &Limits) -> Option<Outlines> {
        let (mut lexer, mut ignored) = (Lexer::new(text), Report::default());
        while let Some(token) = lexer.next("", &mut ignored) {
            match token {
                Token::Tag(tag) if is_named(tag, "outline") => self.outline(tag, limits),
                Token::Tag(tag) => self.is_opml |= is_named(tag, "opml"),
                // A tag that never ends reads as text.
                Token::Text(text) => {
                    let begins = text.get(..8).is_some_and(|head| head.eq_ignore_ascii_case("<outline"));
                    self.found.broken += usize::from(begins);
                    self.is_opml |= begins;
                }
                Token::Data(_) => {}
            }
        }
        while self.end() {}
        self.is_opml.then_some(self.found)
    }

    fn outline(&mut self, tag: Tag<'_>, limits: &Limits) {
        self.is_opml = true;
        if tag.kind == TagKind::Close {
            self.end();
            return;
        }
        if let Some(parent) = self.open.last_mut() {
            parent.has_children = true;
        }
        let Attributes { address, title, categories } = Attributes::of(tag, limits);
        let is_feed = address.is_some();
        let is_folder = !is_feed && title.is_some();
        if let Some(address) = address {
            self.feed(address, title, categories, limits);
        } else {
            self.folders.extend(title);
        }
        self.open.push(Open { is_folder, is_feed, has_children: false });
        if tag.kind == TagKind::Empty {
            self.end();
        }
    }

    fn feed(&mut self, address: String, title: Option<String>, categories: Vec<String>, limits: &Limits) {
        if self.found.feeds.len() >= limits.max_entries {
            self.found.beyond_limit += 1;
            return;
        }
        let mut folders: Vec<String> = Vec::new();
        let around = self.folders.iter().take(MAX_FOLDERS).cloned();
        for folder in around.chain(categories) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        let title = title.filter(|title| *title != address);
        self.found.feeds.push(Outline { address, title, folders });
    }

    /// Ends the innermost outline; false if there is none.
    fn end(&mut self) -> bool {
        let Some(ended) = self.open.pop() else { return false };
        if ended.is_folder {
            self.folders.pop();
        }
        self.found.without_address += usize::from(!ended.is_feed && !ended.has_children);
        true
    }
}

/// What the tag of an outline says.
#[derive(Default)]
struct Attributes {
    address: Option<String>,
    title: Option<String>,
    categories: Vec<String>,
}

impl Attributes {
    fn of(tag: Tag<'_>, limits: &Limits) -> Self {
        let (mut said, mut text) = (Self::default(), None);
        for (name, value) in tag.attributes().take(limits.max_attributes) {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            if is("xmlUrl") {
                said.address = Some(resolved(value)).filter(|address| !address.is_empty());
            } else if is("title") {
                said.title = named(&resolved(value));
            } else if is("text") {
                text = named(&resolved(value));
            } else if is("category") {
                said.categories = categories(&resolved(value));
            }
        }
        said.title = said.title.or(text);
        said
    }
}

/// Line ends of an attribute are blanks (XML 1.0 §3.3.3), references are what they stand for.
fn resolved(value: &str) -> String {
    let value = value.replace(char::is_control, " ");
    references::resolve(&value).trim().to_owned()
}

fn named(text: &str) -> Option<String> {
    let name: String = text.chars().take(MAX_NAME).collect();
    Some(name).filter(|name| !name.is_empty())
}

/// The words of `/News/World,local` (OPML 2.0, "category").
fn categories(text: &str) -> Vec<String> {
    text.split([',', '/']).map(str::trim).filter_map(named).take(MAX_FOLDERS).collect()
}

fn is_named(tag: Tag<'_>, name: &str) -> bool {
    tag.local().eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(opml: &[u8]) -> Outlines {
        outlines(opml, Source::default(), &Limits::default()).expect("OPML")
    }

    /// Each feed as `address|title|folder>folder`.
    #[track_caller]
    fn check(opml: &str, expected: &[&str], without_address: usize, broken: usize) {
        let found = read(opml.as_bytes());
        let line = |one: Outline| {
            format!("{}|{}|{}", one.address, one.title.unwrap_or_default(), one.folders.join(">"))
        };
        assert_eq!((found.without_address, found.broken), (without_address, broken), "{opml}");
        assert_eq!(found.feeds.into_iter().map(line).collect::<Vec<_>>(), expected, "{opml}");
    }

    #[test]
    fn folders_titles_and_categories_are_read() {
        check(
            "<?xml version='1.0'?><opml version='2.0'><head><title>x</title></head><body>
             <outline text='News'><outline text='World'><outline type='rss' text='t' title='A &amp; B' xmlUrl='a'/>
             </outline><outline text='b' XMLURL='b' category='/Q/R,News'></outline></outline>
             <OUTLINE xmlurl='c' text='c'/><outline text='alone'/><outline text='empty'></outline></body></opml>",
            &["a|A & B|News>World", "b||News>Q>R", "c||"],
            2,
            0,
        );
    }

    #[test]
    fn a_broken_document_is_read_as_far_as_it_goes() {
        check(
            "<opml><body><outline text=AT&T xmlUrl=http://a/?x=1&copy=2><outline text='b > c' xmlUrl='b'>\n<outline te",
            &["http://a/?x=1&copy=2|AT&T|", "b|b > c|"],
            0,
            1,
        );
        check("<outline text='F'><outline xmlUrl='a'/></outline></outline></outline>", &["a||F"], 0, 0);
        check("<opml><body></body></opml>", &[], 0, 0);
    }

    #[test]
    fn any_encoding_is_read() {
        let opml = "<?xml version='1.0' encoding='windows-1251'?><opml><outline text='Новости дня' xmlUrl='a'/></opml>";
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(opml);
        let utf16: Vec<u8> = opml.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [b"\xEF\xBB\xBF", opml.as_bytes()].concat();
        for bytes in [bytes.as_ref(), &utf16, &marked] {
            assert_eq!(read(bytes).feeds[0].title.as_deref(), Some("Новости дня"));
        }
    }

    #[test]
    fn what_is_no_opml_is_named() {
        for (text, words) in [
            ("<rss><channel/></rss>", "it is a feed"),
            ("<html><body>hello", "it is an HTML page"),
            ("just words", "neither <opml> nor <outline>"),
            (" \n", "empty"),
        ] {
            let error = outlines(text.as_bytes(), Source::default(), &Limits::default()).expect_err(text);
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn depth_and_number_have_limits() {
        let deep = "<outline text='f'>".repeat(10_000) + "<outline xmlUrl='a'/>";
        check(&deep, &["a||f"], 0, 0);
        let deep = (0..10_000).map(|n| format!("<outline text='{n}'>")).collect::<Vec<_>>().concat();
        assert_eq!(read((deep + "<outline xmlUrl='a'/>").as_bytes()).feeds[0].folders.len(), MAX_FOLDERS);
        let found = read("<outline xmlUrl='a'/>".repeat(10_010).as_bytes());
        assert_eq!((found.feeds.len(), found.beyond_limit), (10_000, 10));
    }
}
