//! From places to mentions: which are told, and the snippet around each (specs/matching.md §7).

use super::{article::Article, fields::field_of, occur::Span, plan::TermId};
use crate::model::Mention;

/// Most mentions told per topic and article; the title's come first.
pub const MAX_MENTIONS: usize = 20;
/// Longest snippet, in characters, unless the mention itself is longer.
const SNIPPET_MAX_CHARS: usize = 160;
/// Places that overlap in one chain are weighed in groups of at most so many.
const CLUSTER_MAX: usize = 64;

/// A place and the term that stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Where.
    pub span: Span,
    /// Which term.
    pub term: TermId,
}

/// Chooses the places to tell: in order, of overlapping ones the longest, at most `MAX_MENTIONS`.
pub(super) fn choose(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|f| (f.span.slot, f.span.start, std::cmp::Reverse(f.span.end), f.term));
    let mut chosen = Vec::new();
    let mut rest = found.as_slice();
    while !rest.is_empty() && chosen.len() < MAX_MENTIONS {
        let (cluster, after) = rest.split_at(cluster_len(rest));
        choose_longest(cluster, &mut chosen);
        rest = after;
    }
    chosen.truncate(MAX_MENTIONS);
    chosen
}

/// How many places at the front overlap, one with the next.
fn cluster_len(found: &[Found]) -> usize {
    let mut end = (found[0].span.slot, found[0].span.end);
    let joined = found.iter().take(CLUSTER_MAX).take_while(|f| {
        let overlaps = f.span.slot == end.0 && f.span.start < end.1 || f.span == found[0].span;
        end.1 = end.1.max(f.span.end);
        overlaps
    });
    joined.count().max(1)
}

fn choose_longest(cluster: &[Found], chosen: &mut Vec<Found>) {
    if let [only] = cluster {
        return chosen.push(*only);
    }
    let mut by_length: Vec<&Found> = cluster.iter().collect();
    by_length.sort_by_key(|f| (std::cmp::Reverse(f.span.end - f.span.start), f.span.start));
    let begin = chosen.len();
    for candidate in by_length {
        if chosen.iter().skip(begin).all(|kept| !kept.span.overlaps(&candidate.span)) {
            chosen.push(*candidate);
        }
    }
    chosen[begin..].sort_by_key(|f| f.span.start);
}

impl Span {
    /// Whether two places share a byte, or are the same.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.slot == other.slot && self.start < other.end && other.start < self.end
    }
}

/// Tells a place.
pub(super) fn mention(article: &Article<'_>, span: &Span, term: &str) -> Mention {
    let text = article.texts[usize::from(span.slot)];
    let (start, end) = (span.start as usize, span.end as usize);
    Mention {
        term: term.to_owned(),
        field: field_of(span.slot),
        start,
        end,
        text: text.get(start..end).unwrap_or_default().to_owned(),
        snippet: snippet(article, span),
    }
}

/// The words around a place, as many as fit, cut between tokens.
fn snippet(article: &Article<'_>, span: &Span) -> String {
    let text = article.texts[usize::from(span.slot)];
    let tokens = article.tokens.of_field(usize::from(span.slot));
    let slice = |from: usize, to: usize| one_line(text.get(from..to).unwrap_or_default());
    let (start, end) = (span.start as usize, span.end as usize);
    // Two ellipses are always kept free.
    let mut room = SNIPPET_MAX_CHARS.saturating_sub(line_chars(text.get(start..end).unwrap_or_default()) + 2);
    let mut cut = Cut { text, start, end, left: span.first as usize, right: span.last as usize + 1 };
    loop {
        let before = cut.grow_left(article, tokens.start, &mut room);
        let after = cut.grow_right(article, tokens.end, &mut room);
        if !before && !after {
            break;
        }
    }
    let lead = if text.get(..cut.start).is_some_and(|t| !t.trim().is_empty()) { "…" } else { "" };
    let tail = if text.get(cut.end..).is_some_and(|t| !t.trim().is_empty()) { "…" } else { "" };
    format!("{lead}{}{tail}", slice(cut.start, cut.end).trim())
}

/// A growing piece of a text.
struct Cut<'a> {
    text: &'a str,
    start: usize,
    end: usize,
    /// The first token within.
    left: usize,
    /// One past the last token within.
    right: usize,
}

impl Cut<'_> {
    fn grow_left(&mut self, article: &Article<'_>, first: usize, room: &mut usize) -> bool {
        let to = if self.left > first { article.token(self.left - 1).start as usize } else { 0 };
        let grown = self.take(to, self.start, room);
        if grown {
            self.start = to;
            self.left = self.left.saturating_sub(1).max(first);
        }
        grown
    }

    fn grow_right(&mut self, article: &Article<'_>, last: usize, room: &mut usize) -> bool {
        let to = if self.right < last { article.token(self.right).end as usize } else { self.text.len() };
        let grown = self.take(self.end, to, room);
        if grown {
            self.end = to;
            self.right = (self.right + 1).min(last);
        }
        grown
    }

    fn take(&self, from: usize, to: usize, room: &mut usize) -> bool {
        // A gap of a megabyte is not counted character by character.
        const LONGEST: usize = 4 * SNIPPET_MAX_CHARS;
        let short = from < to && to - from <= LONGEST;
        let chars = if short { self.text.get(from..to).map_or(usize::MAX, line_chars) } else { usize::MAX };
        let fits = chars <= *room;
        if fits {
            *room -= chars;
        }
        fits
    }
}

/// How many characters `one_line` yields.
fn line_chars(text: &str) -> usize {
    if is_one_line(text) {
        return text.len();
    }
    let mut after_blank = false;
    let counts = text.chars().filter(|c| {
        let blank = c.is_whitespace() || c.is_control();
        let repeated = blank && after_blank;
        after_blank = blank;
        !repeated
    });
    counts.count()
}

/// Whether an ASCII text has nothing to be made one line of: most have not.
fn is_one_line(text: &str) -> bool {
    let mut before = 0;
    text.bytes().all(|byte| {
        let repeated = byte == b' ' && before == b' ';
        before = byte;
        matches!(byte, b' '..=b'~') && !repeated
    })
}

/// Runs of white space as one space.
fn one_line(text: &str) -> String {
    if is_one_line(text) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        let blank = c.is_whitespace() || c.is_control();
        if !blank {
            line.push(c);
        } else if !line.ends_with(' ') {
            line.push(' ');
        }
    }
    line
}
