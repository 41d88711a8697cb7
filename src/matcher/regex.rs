//! Regular expressions as terms: the last resort, in linear time (specs/matching.md §2).

use std::ops::{ControlFlow, Range};

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use regex_syntax::hir::{Hir, HirKind};

use super::{
    article::Article,
    fields::FieldSet,
    index::{Key, Posting},
    occur::Span,
    problem::Fault,
    term::{Shape, Term},
};

/// Largest compiled expression, in bytes.
const COMPILED_MAX_BYTES: usize = 1 << 20;
/// Most expressions in a watchlist.
const REGEXES_MAX: usize = 256;

/// Compiles the pattern between the slashes; offsets of faults count from the pattern's begin.
pub(super) fn compile(pattern: &str) -> Result<Box<Regex>, Fault> {
    let hir = parse(pattern)?;
    if hir.properties().minimum_len() == Some(0) {
        return Err(Fault::new("Q013", 0, pattern.len(), "the regular expression matches the empty string")
            .help("ask for one character at least, as in `re:/a+/`"));
    }
    let built = RegexBuilder::new(pattern).size_limit(COMPILED_MAX_BYTES).build();
    built.map(Box::new).map_err(|_| too_large(pattern))
}

fn too_large(pattern: &str) -> Fault {
    let fault = Fault::new("Q013", 0, pattern.len(), "the regular expression is too large");
    fault.help(format!(
        "compiled it may have {} KiB: repeat less, and use ASCII classes, as in `[0-9]`",
        COMPILED_MAX_BYTES / 1024
    ))
}

/// Calls `f` for each match in the raw text of these fields, until it breaks.
pub(super) fn each(
    regex: &Regex,
    article: &Article<'_>,
    fields: FieldSet,
    mut f: impl FnMut(Span) -> ControlFlow<()>,
) -> ControlFlow<()> {
    for slot in fields.iter() {
        regex.find_iter(article.texts[slot]).try_for_each(|found| f(span(article, slot, found.range())))?;
    }
    ControlFlow::Continue(())
}

/// The place with the tokens it touches, or the nearest if it touches none.
fn span(article: &Article<'_>, slot: usize, bytes: Range<usize>) -> Span {
    let tokens = article.tokens.of_field(slot);
    let of_field = &article.tokens.list[tokens.clone()];
    let first = tokens.start + of_field.partition_point(|token| token.end as usize <= bytes.start);
    let last = tokens.start + of_field.partition_point(|token| (token.start as usize) < bytes.end);
    let within = |index: usize| index.min(tokens.end.saturating_sub(1)).max(tokens.start);
    let (first, last) = (within(first), within(last.saturating_sub(1)));
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Span {
        slot: u8::try_from(slot).expect("there are eight slots"),
        first: small(first),
        last: small(last.max(first)),
        start: small(bytes.start),
        end: small(bytes.end),
    }
}

/// The expressions that propose topics, all in one automaton.
#[derive(Debug)]
pub(super) struct Patterns {
    set: RegexSet,
    /// The topics of each.
    topics: Box<[u32]>,
}

impl Patterns {
    /// Gathers the regular expressions among the keys; `None` if there are none.
    pub fn build(entries: &[(Key, Posting)], terms: &[Term]) -> Option<Self> {
        let (mut sources, mut topics) = (Vec::new(), Vec::new());
        for (key, posting) in entries {
            if let Key::Regex(term) = key
                && let Shape::Regex(regex) = &terms[*term as usize].shape
            {
                sources.push(regex.as_str());
                topics.push(posting.topic);
            }
        }
        if sources.is_empty() {
            return None;
        }
        let limit = 4 * COMPILED_MAX_BYTES * REGEXES_MAX;
        let set = RegexSetBuilder::new(&sources).size_limit(limit).build();
        let set = set.expect("each expression compiles, and together they are hardly larger than their sum");
        Some(Self { set, topics: topics.into() })
    }

    /// Adds the topics whose expression matches one of the texts.
    pub fn candidates(&self, texts: &[&str], topics: &mut Vec<u32>) {
        for text in texts.iter().filter(|text| !text.is_empty()) {
            topics.extend(self.set.matches(text).iter().map(|pattern| self.topics[pattern]));
        }
    }
}

/// Q013 if there are too many.
pub(super) fn check_count(count: usize) -> Result<(), Fault> {
    if count <= REGEXES_MAX {
        return Ok(());
    }
    let message = format!("a watchlist can hold {REGEXES_MAX} regular expressions");
    Err(Fault::new("Q013", 0, 0, message).help("join some with `|`, or write them as terms"))
}

/// The plain text that a pattern stands for, if it is nothing else.
pub(super) fn plain_text(pattern: &str) -> Option<String> {
    let hir = parse(pattern).ok()?;
    let HirKind::Literal(literal) = hir.kind() else { return None };
    String::from_utf8(literal.0.to_vec()).ok()
}

fn parse(pattern: &str) -> Result<Hir, Fault> {
    regex_syntax::parse(pattern).map_err(|error| {
        let (span, message) = match &error {
            regex_syntax::Error::Parse(error) => (error.span(), error.kind().to_string()),
            regex_syntax::Error::Translate(error) => (error.span(), error.kind().to_string()),
            _ => return Fault::new("Q013", 0, pattern.len(), "the regular expression cannot be read"),
        };
        let (start, end) = (span.start.offset, span.end.offset);
        Fault::new(
            "Q013",
            start,
            end.saturating_sub(start),
            format!("the regular expression cannot be read: {message}"),
        )
        .help("a character that is meant as it is needs a backslash before it, as in `\\(`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fails(pattern: &str, offset: usize, part_of_message: &str) {
        let fault = compile(pattern).expect_err(pattern);
        assert_eq!((fault.code, fault.offset), ("Q013", offset), "{pattern}: {}", fault.message);
        assert!(fault.message.contains(part_of_message), "{}", fault.message);
    }

    #[test]
    fn what_cannot_work_is_refused_where_it_stands() {
        fails("ab(c", 2, "unclosed group");
        fails("a*", 0, "empty string");
        fails(r"\b", 0, "empty string");
        fails("(?:[a-z]{100}){1000}", 0, "too large");
        assert!(compile(r"CVE-\d{4}-\d{4,}").is_ok());
        assert!(compile(r"a\/b").is_ok_and(|regex| regex.is_match("a/b")));
    }

    #[test]
    fn plain_patterns_are_told_from_real_ones() {
        assert_eq!(plain_text(r"S-400").as_deref(), Some("S-400"));
        assert_eq!(plain_text(r"S-4\d+"), None);
    }
}
