//! Any bytes as the header lines of an answer: waits are within their caps, freshness is never zero, a link is a URL.
//!
//! An input is lines of `name: value`; what is no header line is passed over.

#![no_main]

use std::time::Duration;

use feedwatch::{
    http::{freshness, header, speaks_of_freshness},
    model::Timestamp,
};
use libfuzzer_sys::fuzz_target;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

const YEAR: Duration = Duration::from_hours(24 * 365);
/// The first second that has no four digits.
const YEAR_10000: i64 = 253_402_300_800;

fuzz_target!(|input: &[u8]| {
    let headers: HeaderMap = input.split(|byte| *byte == b'\n').filter_map(line).collect();
    let now: Timestamp = "2026-11-23T18:00:00Z".parse().expect("a time");
    let base = Url::parse("https://news.example/feeds/").expect("a URL");
    for wait in
        [header::retry_after(&headers, now), header::rate_limit_reset(&headers, now)].into_iter().flatten()
    {
        assert!(wait <= YEAR, "{wait:?}");
    }
    if let Some(fresh) = freshness(&headers, now) {
        assert!(!fresh.wait.is_zero() && speaks_of_freshness(&headers), "{fresh:?}");
    }
    for relation in ["self", "hub", "next", "alternate"] {
        if let Some(link) = header::link(&headers, relation, &base) {
            assert_eq!(Url::parse(link.as_str()).as_ref(), Ok(&link));
        }
    }
    if let Some(date) = header::date(&headers).filter(|date| date.timestamp() < YEAR_10000) {
        // What was read is written and read again as the same; RFC 2822 has years of four digits.
        assert_eq!(header::parse_http_date(&date.to_rfc2822()), Some(date));
    }
});

fn line(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (line.get(..colon)?, line.get(colon + 1..)?);
    Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value.trim_ascii()).ok()?))
}
