//! A query as its smallest parts.

use super::super::{entry, fields::FieldSet, fields::slot, problem::Fault};

/// Distance of a NEAR that names none.
const NEAR_DEFAULT: u16 = 10;
/// Largest distance.
const NEAR_MAX: u16 = 1000;

/// A part and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lexeme<'a> {
    pub start: usize,
    pub end: usize,
    pub kind: Kind<'a>,
}

/// The kinds of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    And,
    Or,
    Not,
    Near { distance: u16, ordered: bool },
    Open,
    Close,
    Field(FieldSet),
    Term(&'a str),
}

impl Kind<'_> {
    /// Whether it stands between or before operands.
    pub const fn is_operator(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Not | Self::Near { .. })
    }
}

/// Cuts a query into its parts.
pub(super) fn lexemes(query: &str) -> Result<Vec<Lexeme<'_>>, Fault> {
    let mut lexemes = Vec::new();
    let mut at = 0;
    while let Some(rest) = query.get(at..).filter(|rest| !rest.is_empty()) {
        let blanks = rest.len() - rest.trim_start().len();
        if blanks > 0 {
            at += blanks;
            continue;
        }
        let (kind, len) = next(rest).map_err(|fault| fault.shifted(at))?;
        lexemes.push(Lexeme { start: at, end: at + len, kind });
        at += len;
    }
    Ok(lexemes)
}

fn next(rest: &str) -> Result<(Kind<'_>, usize), Fault> {
    match rest.as_bytes() {
        [b'(', ..] => Ok((Kind::Open, 1)),
        [b')', ..] => Ok((Kind::Close, 1)),
        [b'"', ..] => phrase(rest, 0),
        [b'=', b'"', ..] => phrase(rest, 1),
        _ if rest.starts_with("re:/") => Ok(regex(rest)),
        _ => word(rest),
    }
}

/// A phrase in quotes; `quote` is where they open.
fn phrase(rest: &str, quote: usize) -> Result<(Kind<'_>, usize), Fault> {
    let inner = rest.get(quote + 1..).unwrap_or_default();
    let close = inner.find('"').ok_or_else(|| entry::unpaired_quote(quote))?;
    let len = quote + 1 + close + 1;
    Ok((Kind::Term(rest.get(..len).unwrap_or_default()), len))
}

/// A regular expression with what is stuck to it, which `entry` refuses.
fn regex(rest: &str) -> (Kind<'_>, usize) {
    const OPENING: usize = "re:/".len();
    let body = rest.get(OPENING..).unwrap_or_default();
    let len = entry::regex_end(body).map_or(rest.len(), |end| {
        let after = body.get(end + 1..).unwrap_or_default();
        OPENING + end + 1 + after.find(ends_word).unwrap_or(after.len())
    });
    (Kind::Term(rest.get(..len).unwrap_or_default()), len)
}

fn word(rest: &str) -> Result<(Kind<'_>, usize), Fault> {
    let word = rest.get(..rest.find(ends_word).unwrap_or(rest.len())).unwrap_or_default();
    if let Some((name, _)) = word.split_once(':').filter(|(name, _)| is_name(name)) {
        return Ok((Kind::Field(field(name)?), name.len() + 1));
    }
    let kind = match word {
        "AND" => Kind::And,
        "OR" => Kind::Or,
        "NOT" => Kind::Not,
        _ => match word.split_once('/').unwrap_or((word, "")) {
            ("NEAR", _) => near(word, false)?,
            ("ONEAR", _) => near(word, true)?,
            _ => Kind::Term(word),
        },
    };
    Ok((kind, word.len()))
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '"')
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(char::is_alphabetic)
}

fn near(word: &str, ordered: bool) -> Result<Kind<'_>, Fault> {
    let Some((_, digits)) = word.split_once('/') else {
        return Ok(Kind::Near { distance: NEAR_DEFAULT, ordered });
    };
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let distance = digits.parse().ok().filter(|distance| plain && *distance <= NEAR_MAX);
    let fault = || {
        let message = format!("the distance is not a number from 0 to {NEAR_MAX}");
        Fault::new("Q010", 0, word.len(), message).help(format!(
            "{}/5: at most five words between; without a number ten; AND looks at the whole article",
            if ordered { "ONEAR" } else { "NEAR" }
        ))
    };
    distance.map(|distance| Kind::Near { distance, ordered }).ok_or_else(fault)
}

fn field(name: &str) -> Result<FieldSet, Fault> {
    const NAMES: [&str; 8] = ["title", "summary", "content", "text", "author", "tag", "url", "feed"];
    let line = FieldSet::of(slot::TEXT);
    Ok(match name {
        "title" => FieldSet::of(slot::TITLE),
        "summary" => FieldSet::of(slot::SUMMARY).union(line),
        "content" => FieldSet::of(slot::CONTENT).union(line),
        "text" => FieldSet::of(slot::SUMMARY).union(FieldSet::of(slot::CONTENT)).union(line),
        "author" => FieldSet::of(slot::AUTHOR),
        "tag" => FieldSet::of(slot::TAGS),
        "url" => FieldSet::of(slot::URL),
        "feed" => FieldSet::of(slot::FEED),
        _ => {
            let fault = Fault::new("Q011", 0, name.len(), format!("there is no field `{name}`"));
            let lower = name.to_lowercase();
            let near = super::super::aliases::nearest(&lower, NAMES.into_iter());
            return Err(fault.help(match near {
                Some(near) => format!("did you mean `{near}:`? A term with a colon needs quotes"),
                None => format!("fields are {}; a term with a colon needs quotes", NAMES.join(", ")),
            }));
        }
    })
}
