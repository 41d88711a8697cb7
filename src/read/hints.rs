//! What a feed's head says about when to ask again, and where older articles are (specs/polling.md §4, K3).

use std::time::Duration;

use chrono::Weekday;
use url::Url;

use super::{
    element::{Element, Reading},
    lexer::{Lexer, Token},
    report::Report,
};

/// What a document says about polling.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// RSS `ttl`: how long the document may be kept.
    pub ttl: Option<Duration>,
    /// `sy:updatePeriod` divided by `sy:updateFrequency` (RSS 1.0 Syndication): how often the feed changes.
    pub update_interval: Option<Duration>,
    /// RSS `skipHours`: hours of the day, 0 to 23 GMT, without updates. Sorted, each once.
    pub skip_hours: Vec<u8>,
    /// RSS `skipDays`: days of the week, GMT, without updates. In the order of the week, each once.
    pub skip_days: Vec<Weekday>,
    /// JSON Feed `expired`: there will be no more articles.
    pub expired: bool,
    /// The document before this one in an archive (RFC 5005 §4, `prev-archive`).
    pub prev_archive: Option<Url>,
    /// The next page of a paged feed, with older articles (RFC 5005 §3, JSON Feed `next_url`).
    pub next: Option<Url>,
}

/// RSS `ttl`, in minutes.
pub(super) fn ttl(text: &str) -> Option<Duration> {
    let minutes: u32 = text.trim().parse().ok()?;
    (minutes > 0).then(|| Duration::from_mins(minutes.into()))
}

/// `sy:updatePeriod`.
pub(super) fn period(text: &str) -> Option<Duration> {
    let days = |days: u64| Some(Duration::from_hours(24 * days));
    match text.trim().to_ascii_lowercase().as_str() {
        "hourly" => Some(Duration::from_hours(1)),
        "daily" => days(1),
        "weekly" => days(7),
        "monthly" => days(30),
        "yearly" => days(365),
        _ => None,
    }
}

/// RSS `skipHours`; 24 is midnight too.
pub(super) fn skip_hours<'a>(element: &Element<'a>, reading: &mut Reading<'a, '_>) -> Vec<u8> {
    let texts = list(element, reading);
    let hours = texts.iter().filter_map(|text| text.trim().parse::<u8>().ok()).filter(|hour| *hour <= 24);
    let mut hours: Vec<u8> = hours.map(|hour| hour % 24).collect();
    hours.sort_unstable();
    hours.dedup();
    hours
}

/// RSS `skipDays`, by their English names.
pub(super) fn skip_days<'a>(element: &Element<'a>, reading: &mut Reading<'a, '_>) -> Vec<Weekday> {
    let texts = list(element, reading);
    let mut days: Vec<Weekday> = texts.iter().filter_map(|text| text.trim().parse().ok()).collect();
    days.sort_unstable_by_key(Weekday::num_days_from_monday);
    days.dedup();
    days
}

/// The texts of the children of an element.
fn list<'a>(element: &Element<'a>, reading: &mut Reading<'a, '_>) -> Vec<String> {
    const LONGEST: usize = 100;
    let (mut lexer, mut ignored) = (Lexer::fragment(element.inner), Report::default());
    let texts = std::iter::from_fn(|| lexer.next("", &mut ignored)).filter_map(|token| match token {
        Token::Text(text) => Some(reading.entities.resolve(text, reading.report).into_owned()),
        Token::Data(data) => Some(data.to_owned()),
        Token::Tag(_) => None,
    });
    texts.take(LONGEST).collect()
}
