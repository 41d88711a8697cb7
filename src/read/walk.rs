//! The structure of a document: which elements make up the feed's head and which each article, however broken it is.
//!
//! Nothing here is recursive and nothing can fail. That an end tag is missing is found out when something comes that
//! cannot stand inside the element; then the document is read again from where it must have ended. How much is read
//! again has a limit, so all takes linear time.

use std::collections::HashMap;

use super::{
    Limits,
    element::Element,
    lexer::{Lexer, Tag, TagKind, Token},
    report::{Limit, Repair, Report},
    slice,
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
                        report.limited(Limit::Entries);
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

    /// An article that was cut short is dropped: its text would change with the next poll.
    fn drop_unfinished(&mut self, report: &mut Report) {
        if self.item.take().is_some() {
            report.mended(Repair::Truncated);
            report.unreadable += 1;
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

    /// All up to the end tag of a part, markup too. If the end tag is missing, it ends where the next part begins,
    /// else with the article.
    fn inner(&mut self, tag: Tag<'a>, report: &mut Report) -> &'a str {
        let start = self.lexer.position();
        if tag.kind == TagKind::Empty {
            return self.misplaced_address(tag);
        }
        let is_unclosed = self.is_unclosed(tag, start);
        let (mut next_part, mut depth) = (None, 1_usize);
        let end = loop {
            let at = self.lexer.position();
            let found = match self.lexer.next(tag.name, report) {
                Some(Token::Tag(found)) => found,
                Some(_) => continue,
                None => break at,
            };
            let is_own = found.name.eq_ignore_ascii_case(tag.name);
            match found.kind {
                TagKind::Close if is_own || ends_loosely(found, tag) => {
                    depth -= 1;
                    if depth == 0 {
                        return slice(self.lexer.text(), start, at);
                    }
                }
                TagKind::Close if self.is_boundary(found) => break at,
                TagKind::Close => {}
                _ if self.is_item(found) => break at,
                kind => {
                    depth += usize::from(kind == TagKind::Open && is_own);
                    let is_part = next_part.is_none() && self.is_part(found);
                    next_part = next_part.or(is_part.then_some(at));
                    if is_part && is_unclosed {
                        break at;
                    }
                }
            }
            if is_address(tag) {
                // As in HTML, a link with an address needs no end tag.
                break start;
            }
        };
        report.mended(Repair::Unclosed);
        self.is_unclosed_until(tag, end);
        let end = next_part.filter(|at| self.may_reread(end.saturating_sub(*at))).unwrap_or(end);
        self.lexer.set_position(end);
        slice(self.lexer.text(), start, end)
    }

    /// Whether it is known that an element that begins here has no end tag before the article ends.
    fn is_unclosed(&self, tag: Tag<'_>, start: usize) -> bool {
        self.unclosed.get(tag.name).is_some_and(|end| start <= *end)
    }

    fn is_unclosed_until(&mut self, tag: Tag<'a>, end: usize) {
        let known = self.unclosed.entry(tag.name).or_default();
        *known = end.max(*known);
    }

    /// Whether an element whose end tag is missing must have ended before this tag: it is a part of an article, or no
    /// HTML.
    fn is_part(&self, tag: Tag<'_>) -> bool {
        const OTHERS: [&str; 5] = ["comments", "source", "rights", "generator", "image"];
        let is_other = || OTHERS.iter().any(|name| name.eq_ignore_ascii_case(tag.local()));
        self.role_of(tag).0 != Role::Unknown || !tag.prefix().is_empty() || is_other()
    }

    /// The address behind an empty `link`, where writers of HTML put it.
    fn misplaced_address(&mut self, tag: Tag<'a>) -> &'a str {
        let rest = self.lexer.rest();
        if !tag.local().eq_ignore_ascii_case("link") || tag.has("href") || !rest.starts_with("http") {
            return "";
        }
        let (address, _) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        self.lexer.set_position(self.lexer.position() + address.len());
        address
    }

    /// Passes over an element that means nothing, with all that it contains. If its end tag is missing, it counts as
    /// empty.
    fn skip(&mut self, tag: Tag<'a>, report: &mut Report) {
        if tag.kind == TagKind::Empty || vocabulary::is_void(tag.local()) {
            return;
        }
        let start = self.lexer.position();
        if self.is_unclosed(tag, start) {
            return report.mended(Repair::Unclosed);
        }
        let (mut own, mut items, mut depth) = (1_usize, 0_usize, 1_usize);
        let end = loop {
            let at = self.lexer.position();
            let found = match self.lexer.next("", report) {
                Some(Token::Tag(found)) => found,
                Some(_) => continue,
                None => break at,
            };
            let is_own = found.name.eq_ignore_ascii_case(tag.name);
            let is_item = self.is_item(found);
            match found.kind {
                TagKind::Empty => {}
                TagKind::Open => {
                    if is_item && self.item.is_none() {
                        break at;
                    }
                    (own, items) = (own + usize::from(is_own), items + usize::from(is_item));
                    depth += 1;
                }
                TagKind::Close => {
                    if is_own && own == 1 {
                        return;
                    }
                    if vocabulary::ends_all(found.local()) || is_item && items == 0 {
                        break at;
                    }
                    (own, items) = (own - usize::from(is_own), items - usize::from(is_item));
                    depth = depth.saturating_sub(1);
                }
            }
            if depth == self.limits.max_depth {
                report.limited(Limit::Depth);
            }
        };
        report.mended(Repair::Unclosed);
        self.is_unclosed_until(tag, end);
        let end = if self.may_reread(end - start) { start } else { end };
        self.lexer.set_position(end);
    }

    /// Whether so many bytes may be read again.
    fn may_reread(&mut self, bytes: usize) -> bool {
        let left = self.rereads_left.checked_sub(bytes);
        self.rereads_left = left.unwrap_or(self.rereads_left);
        left.is_some()
    }
}

/// The default namespace that a tag declares.
fn default_namespace(tag: Tag<'_>) -> Option<&str> {
    let declared = || tag.attributes().find(|(name, _)| *name == "xmlns").map(|(_, uri)| uri);
    tag.has("xmlns").then(declared).flatten()
}

/// Whether an end tag lacks only the prefix of the element.
fn ends_loosely(end: Tag<'_>, tag: Tag<'_>) -> bool {
    end.prefix().is_empty() && end.local().eq_ignore_ascii_case(tag.local())
}

/// Whether a tag is a link whose address is an attribute.
fn is_address(tag: Tag<'_>) -> bool {
    tag.local().eq_ignore_ascii_case("link") && tag.has("href")
}
