//! What may stand before and after an occurrence (specs/matching.md §4 rules 5, 6 and 8).

use super::{
    article::Article,
    gap::{self, Gap},
    occur::Refusal,
    term::Words,
    tokens::{Kind, Token},
};

/// Checks both edges of an occurrence from token `first` to token `last`.
pub(super) fn check(words: &Words, article: &Article<'_>, first: usize, last: usize) -> Result<(), Refusal> {
    let begins_with_number = words.parts[0].kind == Kind::Number && !words.prefix;
    let begins_with_junction = words.begins_with_junction() && words.exact.is_none();
    if begins_with_number || begins_with_junction {
        check_left(article, first, begins_with_number)?;
    }
    let ends_with_number = words.parts.last().is_some_and(|part| part.kind == Kind::Number);
    if ends_with_number && !words.prefix { check_right(article, last) } else { Ok(()) }
}

/// Rule 8: `F 35` is no designator after a label (`Row F 35`) or before a counted noun (`F 35 people`).
pub(super) fn check_counting(article: &Article<'_>, first: usize, last: usize) -> Result<(), Refusal> {
    const LABELS: &[&str] = &[
        "row",
        "grade",
        "vitamin",
        "group",
        "section",
        "gate",
        "exit",
        "room",
        "block",
        "seat",
        "platform",
        "terminal",
        "building",
        "hall",
        "zone",
        "schedule",
        "appendix",
        "annex",
        "figure",
        "category",
        "hepatitis",
        "lot",
        "deck",
        "wing",
        "route",
        "bus",
    ];
    const COUNTED: &[&str] = &[
        "people", "persons", "seats", "rooms", "days", "hours", "minutes", "mins", "seconds", "weeks",
        "months", "years", "students", "pupils", "workers", "jobs", "percent", "degrees", "miles", "km",
        "metres", "meters", "dollars", "euros",
    ];
    let is_one_of =
        |index: usize, list: &[&str]| article.with_folded(article.token(index), |word| list.contains(&word));
    let one_blank_before = |index: usize| article.gap_before(index) == Gap::OneBlank;
    let label = article.previous(first).filter(|_| one_blank_before(first));
    let noun = article.next(last).filter(|&next| one_blank_before(next));
    let counts = label.is_some_and(|index| is_one_of(index, LABELS))
        || noun.is_some_and(|index| is_one_of(index, COUNTED));
    if counts { Err(Refusal::Counting) } else { Ok(()) }
}

fn check_left(article: &Article<'_>, first: usize, begins_with_number: bool) -> Result<(), Refusal> {
    let Some(before) = article.previous(first) else { return Ok(()) };
    let (raw, kind) = (article.raw_gap_before(first), article.token(before).kind);
    let joins = article.token(first).kind != Kind::Single;
    if joins && kind != Kind::Single && Gap::of(raw) == Gap::Nothing {
        return Err(Refusal::Attached);
    }
    if begins_with_number && kind == Kind::Number && is_decimal_point(raw) {
        return Err(Refusal::NumberGoesOn);
    }
    Ok(())
}

fn check_right(article: &Article<'_>, last: usize) -> Result<(), Refusal> {
    let number = article.token(last);
    let after = article.text_of(number).get(number.end as usize..).unwrap_or_default();
    if after.starts_with(['%', '％', '٪']) {
        return Err(Refusal::Unit);
    }
    let Some(next) = article.next(last) else { return Ok(()) };
    let (raw, token) = (article.raw_gap_before(next), article.token(next));
    match token.kind {
        Kind::Number if is_decimal_point(raw) => Err(Refusal::NumberGoesOn),
        Kind::Word if Gap::of(raw) == Gap::Nothing && !may_be_attached(article, token) => Err(Refusal::Unit),
        _ => Ok(()),
    }
}

/// Whether letters right after a number leave it a designator: `F-35B`, `S-400lerin`, but not `400mm`.
fn may_be_attached(article: &Article<'_>, token: &Token) -> bool {
    const UNITS: &[&str] = &[
        "mm", "cm", "m", "km", "kg", "g", "lb", "lbs", "kw", "kwh", "mw", "mwh", "hp", "mph", "kph", "kmh",
        "gb", "mb", "tb", "hz", "khz", "mhz", "ghz", "bn", "th", "st", "nd", "rd",
    ];
    const SHORT_LETTERS: usize = 3;
    const TURKISH_PLURALS: [&str; 2] = ["ler", "lar"];
    let raw = article.raw(token);
    let long = |word: &str| word.chars().nth(SHORT_LETTERS).is_some();
    let plural = |word: &str| TURKISH_PLURALS.iter().any(|plural| word.starts_with(plural));
    !UNITS.contains(&raw) && article.with_folded(token, |word| !long(word) || plural(word))
}

fn is_decimal_point(raw: &str) -> bool {
    gap::normal(raw).eq(['.']) || gap::normal(raw).eq([',']) || matches!(raw, "٫" | "٬" | "．" | "，")
}
