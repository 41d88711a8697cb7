//! The structure of a document: which elements make up the feed's head and which each article, however broken it is.
//!
//! Nothing here is recursive and nothing can fail. That an end tag is missing is found out when something comes that
//! cannot stand inside the element; then the document is read again from where it must have ended. How much is read
//! again has a limit, so all takes linear time.

mod extent;

use std::collections::HashMap;

use super::{
    Limits,
    element::Element,
    lexer::{Lexer, Token},
    report::{Repair, Report},
    tag::{Tag, TagKind},
    vocabulary::{self, Format, Namespace, Prefixes, Role},
};

/// How often the bytes of a document may be read again, on average.
const REREADS: usize = 4;
/// Elements of one article that are kept.
const MAX_ELEMENTS: usize = 1000;

/// A piece of a document.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// The start of what holds others: the root, a channel.
    Start(Tag<'a>),
    /// A part of the feed's head.
    Head(Element<'a>),
    /// A whole article.
    Item(Item<'a>),
}

/// The elements of an article, in the order of the document.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub tag: Tag<'a>,
    pub elements: Vec<Element<'a>>,
}

/// Takes a document apart, from behind its root tag on.
pub(super) struct Walk<'a> {
    lexer: Lexer<'a>,
    format: Format,
    limits: &'a Limits,
    prefixes: Prefixes<'a>,
    /// The default namespace of the root: the feed's own, whatever it says.
    own_namespace: &'a str,
    item: Option<Item<'a>>,
    items: usize,
    /// Whether articles are expected here.
    in_channel: bool,
    rereads_left: usize,
    /// Whether the root or a channel was closed.
    has_end: bool,
    /// Up to where there is no end tag for an element of this name.
    unclosed: HashMap<&'a str, usize>,
    /// Parts between articles: those of an article whose start tag is missing, if its end tag comes.
    loose: Vec<Element<'a>>,
}

impl<'a> Walk<'a> {
    pub fn new(
        root: Tag<'a>,
        format: Format,
        mut lexer: Lexer<'a>,
        limits: &'a Limits,
        report: &mut Report,
    ) -> Self {
        let is_lone = ["channel", "entry"].iter().any(|name| name.eq_ignore_ascii_case(root.local()));
        // RFC 4287 §2: a document may be one entry.
        if !["rss", "RDF", "feed", "entry"].contains(&root.local()) {
            report.mended(Repair::Root);
        }
        if is_lone {
            // It is read like any other of its kind.
            lexer.set_position(lexer.position() - root.raw.len());
        }
        let mut walk = Self {
            format,
            limits,
            prefixes: Prefixes::of_root(root.prefix(), format),
            own_namespace: default_namespace(root).unwrap_or_default(),
            item: None,
            items: 0,
            in_channel: format != Format::Rss,
            rereads_left: lexer.text().len().saturating_mul(REREADS),
            // A lone entry ends with itself.
            has_end: root.kind == TagKind::Empty || root.local().eq_ignore_ascii_case("entry"),
            unclosed: HashMap::new(),
            loose: Vec::new(),
            lexer,
        };
        let (namespace, as_written) = vocabulary::namespace_of(walk.own_namespace);
        let is_atom = namespace == Namespace::Atom || !root.prefix().is_empty();
        if !as_written || format == Format::Atom && !is_atom {
            report.mended(Repair::Namespace);
        }
        walk.declare(root, report);
        walk
    }

    /// The declarations of the document type.
    pub fn subset(&self) -> Option<&'a str> {
        self.lexer.subset()
    }

    /// The next piece; `None` at the end, or once there are more articles than may be read.
    pub fn next(&mut self, report: &mut Report) -> Option<Piece<'a>> {
        loop {
            let start = self.lexer.position();
            let Some(token) = self.lexer.next("", report) else {
                self.drop_unfinished(report);
                return None;
            };
            let piece = match token {
                Token::Text(text) | Token::Data(text) => {
                    if !text.trim().is_empty() {
                        report.mended(Repair::Junk);
                    }
                    None
                }
                Token::Tag(tag) if tag.kind == TagKind::Close => self.close(tag, report),
                Token::Tag(tag) => {
                    let (role, namespace) = self.role(tag, report);
                    if self.items >= self.limits.max_entries && self.is_item(tag) {
                        report.cut(self.limits.max_entries);
                        return self.item.take().map(Piece::Item);
                    }
                    self.open(tag, role, namespace, start, report)
                }
            };
            if piece.is_some() {
                return piece;
            }
        }
    }

    /// An article that was cut short is dropped: its text would change with the next poll. A document that does not end
    /// may be cut between two.
    fn drop_unfinished(&mut self, report: &mut Report) {
        if self.item.take().is_some() {
            report.unreadable += 1;
            report.mended(Repair::Truncated);
        } else if !self.has_end {
            report.mended(Repair::Truncated);
        }
    }

    fn open(
        &mut self,
        tag: Tag<'a>,
        role: Role,
        namespace: Namespace,
        start: usize,
        report: &mut Report,
    ) -> Option<Piece<'a>> {
        match role {
            Role::Item if !self.is_item(tag) => {
                self.skip(tag, report);
                None
            }
            Role::Item if self.item.is_some() => {
                // The one before was not closed; this one is read when that is done.
                report.mended(Repair::Unclosed);
                self.lexer.set_position(start);
                self.item.take().map(Piece::Item)
            }
            Role::Item => {
                if !self.in_channel {
                    report.mended(Repair::Misplaced);
                }
                self.items += 1;
                self.loose.clear();
                let item = Item { tag, elements: Vec::new() };
                if tag.kind == TagKind::Empty {
                    return Some(Piece::Item(item));
                }
                self.item = Some(item);
                None
            }
            Role::Flat => {
                self.in_channel |= tag.local().eq_ignore_ascii_case("channel");
                self.item.is_none().then_some(Piece::Start(tag))
            }
            Role::Field(field) => {
                let inner = self.inner(tag, report);
                self.take(Element { field, namespace, tag, inner })
            }
            Role::Holder(field) => self.take(Element { field, namespace, tag, inner: "" }),
            Role::Unknown => {
                self.skip(tag, report);
                None
            }
        }
    }

    /// Puts a part where it belongs.
    fn take(&mut self, element: Element<'a>) -> Option<Piece<'a>> {
        let elements = match &mut self.item {
            Some(item) => &mut item.elements,
            // Behind the first article come no more parts of the head, but for what is said about polling.
            None if self.items > 0 && element.field.is_of_articles() => &mut self.loose,
            None => return Some(Piece::Head(element)),
        };
        if elements.len() < MAX_ELEMENTS {
            elements.push(element);
        }
        None
    }

    /// The end of an article that did not start: its parts make one.
    fn end_loose(&mut self, tag: Tag<'a>, report: &mut Report) -> Option<Piece<'a>> {
        report.mended(Repair::Stray);
        let elements = std::mem::take(&mut self.loose);
        self.items += usize::from(!elements.is_empty());
        (!elements.is_empty()).then_some(Piece::Item(Item { tag, elements }))
    }

    /// Takes an end tag, wherever it stands. Neither the root nor a channel ends before the document does.
    fn close(&mut self, tag: Tag<'a>, report: &mut Report) -> Option<Piece<'a>> {
        if self.is_item(tag) {
            if self.item.is_none() {
                return self.end_loose(tag, report);
            }
        } else if vocabulary::ends_all(tag.local()) {
            self.has_end = true;
            if self.item.is_some() {
                report.mended(Repair::Unclosed);
            }
            if self.format == Format::Rss {
                self.in_channel = false;
            }
        } else {
            let is_flat = matches!(self.role_of(tag).0, Role::Flat | Role::Holder(_));
            if !is_flat {
                report.mended(Repair::Stray);
            }
            return None;
        }
        self.item.take().map(Piece::Item)
    }

    /// Whether a tag begins or ends an article. Within one only its own name and that of the format count: an `entry`
    /// in an RSS item is something else.
    fn is_item(&self, tag: Tag<'_>) -> bool {
        let names = [self.format.item(), self.item.as_ref().map_or("", |item| item.tag.local())];
        let is_expected = || names.iter().any(|name| name.eq_ignore_ascii_case(tag.local()));
        self.role_of(tag).0 == Role::Item && (self.item.is_none() || is_expected())
    }

    /// Whether what is open ends here at the latest.
    fn is_boundary(&self, end_tag: Tag<'_>) -> bool {
        self.is_item(end_tag) || vocabulary::ends_all(end_tag.local())
    }

    /// What a tag stands for.
    fn role_of(&self, tag: Tag<'_>) -> (Role, &'static str, Namespace) {
        let is_item = ["item", "entry"].contains(&tag.local());
        let namespace = match (tag.prefix(), default_namespace(tag)) {
            // Whatever namespace an article is put in, it is one.
            ("", _) if is_item => self.format.namespace(),
            ("", Some(uri)) if uri != self.own_namespace => vocabulary::namespace_of(uri).0,
            ("", _) => self.format.namespace(),
            (prefix, _) => self.prefixes.meaning(prefix),
        };
        let (role, name) = vocabulary::role(namespace, tag.local());
        (role, name, namespace)
    }

    /// What a start tag stands for, after the declarations in it.
    fn role(&mut self, tag: Tag<'a>, report: &mut Report) -> (Role, Namespace) {
        self.declare(tag, report);
        let (role, name, namespace) = self.role_of(tag);
        if role != Role::Unknown && name != tag.local() {
            report.mended(Repair::Case);
        }
        (role, namespace)
    }

    /// Takes note of the prefixes that a tag declares.
    fn declare(&mut self, tag: Tag<'a>, report: &mut Report) {
        if !tag.has("xmlns:") {
            return;
        }
        for (name, uri) in tag.attributes().take(self.limits.max_attributes) {
            if let Some(prefix) = name.strip_prefix("xmlns:") {
                let (namespace, as_written) = vocabulary::namespace_of(uri);
                self.prefixes.declare(prefix, namespace);
                if !as_written {
                    report.mended(Repair::Namespace);
                }
            }
        }
    }
}

/// The default namespace that a tag declares.
fn default_namespace(tag: Tag<'_>) -> Option<&str> {
    let declared = || tag.attributes().find(|(name, _)| *name == "xmlns").map(|(_, uri)| uri);
    tag.has("xmlns").then(declared).flatten()
}
