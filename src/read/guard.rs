//! What stands between a document and feed-rs: one linear pass that writes the document anew, well-formed, without what
//! makes feed-rs panic, overflow the stack or lose the feed (specs/reading.md §2, §3).

use std::borrow::Cow;

use super::{
    Limits, ReadError,
    element::{Attributes, Place, Prefixes, Role, escape, write_attribute},
    lexer::{Lexer, Tag, TagKind, Token},
    references,
    vocabulary::{self, Format},
};

/// A document that feed-rs can be given.
pub(super) struct Guarded {
    pub xml: String,
    /// What was left out; for people.
    pub notes: Vec<String>,
}

/// Rewrites a document, from its root tag on. `Err` if it is nested deeper than `max_depth`.
pub(super) fn guard(
    root: Tag<'_>,
    format: Format,
    lexer: Lexer<'_>,
    limits: &Limits,
) -> Result<Guarded, ReadError> {
    let mut guard = Guard::new(format, limits);
    guard.root(root)?;
    for token in lexer {
        match token {
            Token::Text(text) => guard.text(&references::resolve(text)),
            Token::Data(data) => guard.text(data),
            Token::Tag(tag) if tag.kind == TagKind::Close => guard.close(tag),
            Token::Tag(tag) => guard.open(tag)?,
        }
        if guard.is_full {
            break;
        }
    }
    Ok(guard.finish())
}

/// An open element.
struct Frame<'a> {
    /// As in the document.
    name: &'a str,
    /// As written.
    written: Cow<'a, str>,
    role: Role,
    /// Where the element begins in the output.
    start: usize,
    /// Where its contents begin.
    inside: usize,
    /// Whether it belongs to Media RSS.
    is_media: bool,
}

struct Guard<'a> {
    format: Format,
    limits: &'a Limits,
    out: String,
    stack: Vec<Frame<'a>>,
    prefixes: Prefixes<'a>,
    /// Where the open item stands on the stack.
    item: Option<usize>,
    items: usize,
    /// Whether there are more articles than may be read.
    is_full: bool,
}

impl<'a> Guard<'a> {
    fn new(format: Format, limits: &'a Limits) -> Self {
        let (out, stack, prefixes) = (String::new(), Vec::new(), Prefixes::default());
        Self { format, limits, out, stack, prefixes, item: None, items: 0, is_full: false }
    }

    /// Writes the root that feed-rs wants; a lone `entry` gets one, RSS a channel.
    fn root(&mut self, tag: Tag<'a>) -> Result<(), ReadError> {
        self.out.push('<');
        self.out.push_str(self.format.root());
        match self.format {
            Format::Rss => self.out.push_str(" version=\"2.0\""),
            Format::Rdf => write_attribute(&mut self.out, "xmlns", vocabulary::RSS10),
            Format::Atom => write_attribute(&mut self.out, "xmlns", vocabulary::ATOM),
        }
        let attributes = self.prefixes.attributes(tag, self.limits.max_attributes);
        for (prefix, uri) in vocabulary::WELL_KNOWN {
            let name = format!("xmlns:{prefix}");
            if attributes.iter().all(|(declared, _)| *declared != name) {
                write_attribute(&mut self.out, &name, uri);
            }
        }
        for (name, value) in attributes {
            let is_wanted =
                name.starts_with("xmlns:") || (name == "xml:base" && vocabulary::is_usable_base(&value));
            if is_wanted {
                write_attribute(&mut self.out, name, &value);
            }
        }
        self.out.push('>');
        self.push(tag.name, Cow::Borrowed(self.format.root()), Role::Structure, 0, false);
        if self.format == Format::Rss {
            self.out.push_str("<channel>");
            self.push("channel", Cow::Borrowed("channel"), Role::Structure, 0, false);
        }
        if tag.local().eq_ignore_ascii_case("entry") { self.open(tag) } else { Ok(()) }
    }

    fn role(&self) -> Role {
        self.stack.last().map_or(Role::Structure, |frame| frame.role)
    }

    fn open(&mut self, tag: Tag<'a>) -> Result<(), ReadError> {
        let is_item = tag.local().eq_ignore_ascii_case(self.format.item()) && self.role() != Role::Xhtml;
        if self.role() == Role::Leaf && !is_item {
            self.text(tag.raw);
            return Ok(());
        }
        if let (true, Some(item)) = (is_item, self.item) {
            self.close_down_to(item);
        }
        if is_item && self.role() == Role::Leaf {
            self.pop();
        }
        if is_item && self.items >= self.limits.max_entries {
            self.is_full = true;
            return Ok(());
        }
        if self.stack.len() >= self.limits.max_depth {
            let max = self.limits.max_depth;
            return Err(ReadError::TooLarge(format!(
                "elements are nested deeper than read.max_depth ({max})"
            )));
        }
        let attributes = self.prefixes.attributes(tag, self.limits.max_attributes);
        let place = self.place(tag);
        let role = place.role_of(tag, &attributes);
        let (start, written) = (self.out.len(), place.written_name(tag));
        if !matches!(role, Role::Flat | Role::Silent) {
            self.start_tag(&written, place, role, attributes);
        }
        if is_item && role == Role::Structure {
            self.item = Some(self.stack.len());
        }
        self.push(tag.name, written, role, start, place.is_media);
        if tag.kind == TagKind::Empty {
            self.pop();
        }
        Ok(())
    }

    fn place(&self, tag: Tag<'_>) -> Place {
        Place {
            format: self.format,
            outer: self.role(),
            is_known: self.prefixes.are_declared_for(tag.name),
            is_media: self.prefixes.is_media(tag.prefix()),
        }
    }

    /// Writes a start tag; markup within a text needs no attributes.
    fn start_tag(&mut self, written: &str, place: Place, role: Role, attributes: Attributes<'_>) {
        self.out.push('<');
        self.out.push_str(written);
        for (name, value) in attributes.into_iter().filter(|_| place.outer != Role::Xhtml) {
            if self.prefixes.are_declared_for(name)
                && let Some(value) = place.written_value(name, value, role)
            {
                write_attribute(&mut self.out, name, &value);
            }
        }
        self.out.push('>');
    }

    fn push(&mut self, name: &'a str, written: Cow<'a, str>, role: Role, start: usize, is_media: bool) {
        let inside = self.out.len();
        self.stack.push(Frame { name, written, role, start, inside, is_media });
    }

    /// Takes an end tag, wherever it stands. Neither the root nor an RSS channel ends before the document does.
    fn close(&mut self, tag: Tag<'_>) {
        let ends_items =
            ["channel", "rss", "feed", "rdf"].iter().any(|name| name.eq_ignore_ascii_case(tag.local()));
        let ends_item = tag.local().eq_ignore_ascii_case(self.format.item()) && self.item.is_some();
        if ends_items || ends_item {
            if let Some(item) = self.item {
                self.close_down_to(item);
            }
            let is_channel = self.format == Format::Rdf && tag.local().eq_ignore_ascii_case("channel");
            if !is_channel {
                return;
            }
        }
        if self.role() == Role::Leaf && self.stack.last().is_some_and(|frame| frame.name != tag.name) {
            self.text(tag.raw);
            return;
        }
        let floor = self.item.map_or(1, |item| item + 1);
        let open = self.stack.iter().rposition(|frame| frame.name.eq_ignore_ascii_case(tag.name));
        if let Some(at) = open.filter(|at| *at >= floor) {
            self.close_down_to(at);
        }
    }

    fn close_down_to(&mut self, at: usize) {
        while self.stack.len() > at {
            self.pop();
        }
    }

    /// Ends the innermost element.
    fn pop(&mut self) {
        let Some(frame) = self.stack.pop() else { return };
        if self.item == Some(self.stack.len()) {
            self.item = None;
            self.items += 1;
            if self.format == Format::Rdf {
                // feed-rs drops an item of RSS 1.0 that has no link.
                self.out.push_str("<link>about:blank</link>");
            }
        }
        if matches!(frame.role, Role::Flat | Role::Silent) {
            return;
        }
        let local = frame.written.rsplit(':').next().unwrap_or_default();
        let is_empty = self.out.get(frame.inside..).is_none_or(|inside| inside.trim().is_empty());
        let is_nested = frame.role == Role::Xhtml && self.role() == Role::Xhtml;
        if is_empty && !is_nested && vocabulary::is_dropped_when_empty(local) {
            self.out.truncate(frame.start);
            return;
        }
        self.out.push_str("</");
        self.out.push_str(&frame.written);
        self.out.push('>');
        if frame.is_media {
            self.media_object(&frame.written);
        }
    }

    /// feed-rs shows the text of Media RSS only with an object that it describes.
    fn media_object(&mut self, written: &str) {
        if let Some((prefix, _)) = written.split_once(':') {
            self.out.push('<');
            self.out.push_str(prefix);
            self.out.push_str(":content url=\"about:blank\"/>");
        }
    }

    fn text(&mut self, text: &str) {
        if self.role() == Role::Silent {
            return;
        }
        let is_person =
            |frame: &Frame| vocabulary::is_person(frame.written.rsplit(':').next().unwrap_or_default());
        let hides = self.role() == Role::Leaf && self.stack.last().is_some_and(is_person);
        escape(&mut self.out, text, hides);
    }

    /// Closes what is open. An article that was cut short is dropped: its text would change with the next poll.
    fn finish(mut self) -> Guarded {
        let mut notes = Vec::new();
        if self.is_full {
            notes.push(format!("only the first {} entries are read (read.max_entries)", self.items));
        }
        if let Some(at) = self.item.take()
            && let Some(frame) = self.stack.get(at)
        {
            self.out.truncate(frame.start);
            self.stack.truncate(at);
            notes.push("the document is cut short: its last entry is left out".to_owned());
        }
        self.close_down_to(0);
        Guarded { xml: self.out, notes }
    }
}
