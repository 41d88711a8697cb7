//! One entry of a list of terms, as written (specs/matching.md §2).

use super::{
    problem::Fault,
    tokens::{Kind, Tokens},
};

/// Longest term, in bytes.
const TERM_MAX_BYTES: usize = 256;
/// Longest term, in tokens.
pub(super) const TERM_MAX_TOKENS: usize = 16;
/// Fewest characters before a `*`.
const PREFIX_MIN_CHARS: usize = 2;

/// What an entry turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry<'a> {
    /// Words, numbers, designators.
    Words(Spec<'a>),
    /// A regular expression and where its pattern begins.
    Regex {
        /// The pattern between the slashes, `\/` still escaped.
        pattern: &'a str,
        /// Where the pattern begins in the entry.
        offset: usize,
    },
    /// An alias, without `$`.
    Alias(&'a str),
}

/// The words of a term and how they are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spec<'a> {
    /// The words without quotes, `=` and `*`.
    pub body: &'a str,
    /// Written with `=`.
    pub exact: bool,
    /// Written with `*`, and that means something.
    pub prefix: bool,
    /// Written with `*` after a script without blanks, where it means nothing.
    pub idle_star: bool,
}

/// Reads an entry of `any`, `maybe`, `context`, `mask`, `not` or of an alias.
pub(super) fn list_entry(text: &str) -> Result<Entry<'_>, Fault> {
    list_entry_with(text, &mut Tokens::default())
}

/// The same with a buffer that is kept.
pub(super) fn list_entry_with<'a>(text: &'a str, buffer: &mut Tokens) -> Result<Entry<'a>, Fault> {
    let start = text.len() - text.trim_start().len();
    let term = text.trim();
    if term.len() > TERM_MAX_BYTES && !term.starts_with("re:/") {
        return Err(too_long(start, term.len()));
    }
    one_term(term, buffer).map_err(|fault| fault.shifted(start))
}

fn one_term<'a>(term: &'a str, buffer: &mut Tokens) -> Result<Entry<'a>, Fault> {
    if let Some(rest) = term.strip_prefix("re:/") {
        return regex(term, rest);
    }
    if let Some(name) = term.strip_prefix('$') {
        return Ok(Entry::Alias(name));
    }
    let (exact, body) = term.strip_prefix('=').map_or((false, term), |body| (true, body));
    let offset = term.len() - body.len();
    let quoted =
        body.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).filter(|inner| !inner.contains('"'));
    if let Some(inner) = quoted {
        return words(inner, exact, buffer).map(Entry::Words).map_err(|fault| fault.shifted(offset + 1));
    }
    check_quotes(body).map_err(|fault| fault.shifted(offset))?;
    if !exact {
        check_operators(body)?;
    }
    words(body, exact, buffer).map(Entry::Words).map_err(|fault| fault.shifted(offset))
}

/// Reads the words of a term; the caller has dealt with quotes and `=`.
fn words<'a>(body: &'a str, exact: bool, tokens: &mut Tokens) -> Result<Spec<'a>, Fault> {
    let (stem, star) = body.strip_suffix('*').map_or((body, false), |stem| (stem, true));
    if let Some(at) = stem.find('*') {
        let place = if at == 0 { "before" } else { "within" };
        return Err(Fault::new("Q002", at, 1, format!("`*` stands {place} the term"))
            .help("`*` works only at the end of the last word, as in `missile*`"));
    }
    tokens.clear();
    tokens.push_field(0, stem);
    let Some(last) = tokens.list.last() else {
        return Err(if star {
            Fault::new("Q002", stem.len(), 1, "`*` has no word before it")
                .help("write the beginning of a word before it, as in `missile*`")
        } else {
            Fault::new("Q001", 0, body.len(), "the term has no letter or digit")
                .help("write a word, or remove the term")
        });
    };
    if tokens.list.len() > TERM_MAX_TOKENS || body.len() > TERM_MAX_BYTES {
        return Err(too_long(0, body.len()));
    }
    let idle_star = star && last.kind == Kind::Single;
    if star && !idle_star {
        let chars = tokens.with_folded(stem, last, |folded| folded.chars().count());
        if (last.end as usize) < stem.len() || chars < PREFIX_MIN_CHARS {
            return Err(Fault::new(
                "Q002",
                stem.len(),
                1,
                "`*` stands after fewer than 2 characters of a word",
            )
            .help("write more of the word before `*`"));
        }
    }
    Ok(Spec { body: stem, exact, prefix: star && !idle_star, idle_star })
}

/// Finds the end of a regular expression that begins after `re:/`; the rest must be empty.
fn regex<'a>(term: &'a str, rest: &'a str) -> Result<Entry<'a>, Fault> {
    let Some(end) = regex_end(rest) else {
        return Err(Fault::new("Q013", 0, term.len(), "the regular expression has no closing `/`")
            .help("end it with `/`; one within the expression is written `\\/`"));
    };
    let offset = term.len() - rest.len();
    let flags = rest.get(end + 1..).unwrap_or_default();
    if !flags.is_empty() {
        return Err(Fault::new("Q013", offset + end + 1, flags.len(), "nothing may follow the closing `/`")
            .help("write flags inside: `re:/(?i)…/`"));
    }
    Ok(Entry::Regex { pattern: rest.get(..end).unwrap_or_default(), offset })
}

/// Where the first `/` without a backslash stands.
pub(super) fn regex_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'/' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

fn check_quotes(body: &str) -> Result<(), Fault> {
    if body.matches('"').count().is_multiple_of(2) {
        return Ok(());
    }
    let at = if body.starts_with('"') { 0 } else { body.rfind('"').unwrap_or_default() };
    Err(unpaired_quote(at))
}

/// Q006 for the quote at this place.
pub(super) fn unpaired_quote(at: usize) -> Fault {
    Fault::new("Q006", at, 1, "the quote has no partner").help("close it, or remove it")
}

fn check_operators(body: &str) -> Result<(), Fault> {
    for word in body.split_whitespace() {
        if is_operator(word) {
            let offset = word.as_ptr() as usize - body.as_ptr() as usize;
            return Err(Fault::new(
                "Q014",
                offset,
                word.len(),
                format!("`{word}` is an operator and works only in `query`"),
            )
            .help(format!("move it to `query`, or quote the term to mean the word: '\"{body}\"'")));
        }
    }
    Ok(())
}

/// Whether a bare word is an operator of `query`.
pub(super) fn is_operator(word: &str) -> bool {
    let name = word.split_once('/').map_or(word, |(name, _)| name);
    matches!(word, "AND" | "OR" | "NOT") || matches!(name, "NEAR" | "ONEAR")
}

fn too_long(offset: usize, len: usize) -> Fault {
    let message = format!("the term is longer than {TERM_MAX_BYTES} bytes or {TERM_MAX_TOKENS} tokens");
    Fault::new("Q015", offset, len, message).help("a few words in a row are enough")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fails(text: &str, code: &str, offset: usize, len: usize) {
        let fault = list_entry(text).expect_err(text);
        assert_eq!((fault.code, fault.offset, fault.len), (code, offset, len), "{text}: {}", fault.message);
    }

    #[track_caller]
    fn reads(text: &str, body: &str, exact: bool, prefix: bool) {
        let spec = Spec { body, exact, prefix, idle_star: false };
        assert_eq!(list_entry(text), Ok(Entry::Words(spec)), "{text}");
    }

    #[test]
    fn entries_are_read_as_written() {
        reads("sanctions", "sanctions", false, false);
        reads("  S-400 ", "S-400", false, false);
        reads("air defen*", "air defen", false, true);
        reads("\"NOT\"", "NOT", false, false);
        reads("\"air defen*\"", "air defen", false, true);
        reads("=Who", "Who", true, false);
        reads("=\"The Who\"", "The Who", true, false);
        reads("the \"Patriot\" missile", "the \"Patriot\" missile", false, false);
        reads("Portland", "Portland", false, false);
        reads("S-40*", "S-40", false, true);
        assert_eq!(list_entry("$missile"), Ok(Entry::Alias("missile")));
        assert_eq!(list_entry(r"re:/a\/b/"), Ok(Entry::Regex { pattern: r"a\/b", offset: 4 }));
    }

    #[test]
    fn a_star_after_a_script_without_blanks_means_nothing() {
        let spec = Spec { body: "制裁", exact: false, prefix: false, idle_star: true };
        assert_eq!(list_entry("制裁*"), Ok(Entry::Words(spec)));
    }

    #[test]
    fn mistakes_are_found_where_they_stand() {
        fails("", "Q001", 0, 0);
        fails("--", "Q001", 0, 2);
        fails("\"\"", "Q001", 1, 0);
        fails("*", "Q002", 0, 1);
        fails("*missile", "Q002", 0, 1);
        fails("air*craft", "Q002", 3, 1);
        fails("F*", "Q002", 1, 1);
        fails("S-4*", "Q002", 3, 1);
        fails("missile *", "Q002", 8, 1);
        fails("say \"hello", "Q006", 4, 1);
        fails("\"hello", "Q006", 0, 1);
        fails("a NEAR/5 b", "Q014", 2, 6);
        fails(" sanctions AND Iran", "Q014", 11, 3);
        fails("NOT", "Q014", 0, 3);
        fails("re:/abc/i", "Q013", 8, 1);
        fails("re:/abc", "Q013", 0, 7);
        fails(&"x".repeat(257), "Q015", 0, 257);
        fails(&"x ".repeat(17), "Q015", 0, 33);
    }
}
