//! Where an element ends: at its end tag, or, if that is missing, where it must have ended.

use super::Walk;
use crate::read::{
    lexer::Token,
    report::{Limit, Repair, Report},
    slice,
    tag::{Tag, TagKind},
    vocabulary::{self, Role},
};

impl<'a> Walk<'a> {
    /// All up to the end tag of a part, markup too. If the end tag is missing, it ends where the next part begins,
    /// else with the article.
    pub(super) fn inner(&mut self, tag: Tag<'a>, report: &mut Report) -> &'a str {
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
    pub(super) fn skip(&mut self, tag: Tag<'a>, report: &mut Report) {
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

/// Whether an end tag lacks only the prefix of the element.
fn ends_loosely(end: Tag<'_>, tag: Tag<'_>) -> bool {
    end.prefix().is_empty() && end.local().eq_ignore_ascii_case(tag.local())
}

/// Whether a tag is a link whose address is an attribute.
fn is_address(tag: Tag<'_>) -> bool {
    tag.local().eq_ignore_ascii_case("link") && tag.has("href")
}
