//! What headers say: waits and dates. Pure.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, NaiveDateTime};
use reqwest::header::{DATE, HeaderMap, LINK, RETRY_AFTER};
use url::Url;

use crate::model::Timestamp;

/// The most header lines of an answer (specs/polling.md §7).
pub const MAX_HEADERS: usize = 100;
/// The most bytes of all header lines together.
pub const MAX_HEADER_BYTES: u32 = 64 << 10;
/// A wait that is longer is cut to this; callers have caps of their own below it.
const LONGEST_WAIT: Duration = Duration::from_hours(24 * 365);

/// Whether an answer's header lines stay within [`MAX_HEADER_BYTES`]. HTTP/2 is checked by the client already.
pub fn is_within_limit(headers: &HeaderMap) -> bool {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    bytes <= MAX_HEADER_BYTES as usize
}

/// How long `Retry-After` asks to wait (RFC 9110 §10.2.3): seconds, with decimals too, or a date, taken relative
/// to the answer's own `Date`, else to `now`. The past is zero. Of several the longest. `None` without one that
/// can be read.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let sent = date(headers).unwrap_or(now);
    headers
        .get_all(RETRY_AFTER)
        .iter()
        .filter_map(|value| parse_retry_after(value.to_str().ok()?, sent))
        .max()
}

/// The first target of a `Link` header with this relation (RFC 8288), resolved against `base`.
pub fn link(headers: &HeaderMap, relation: &str, base: &Url) -> Option<Url> {
    let values = headers.get_all(LINK).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let has_relation = |parameters: &str| {
        let rel = parameters.split(';').find_map(|one| one.trim().strip_prefix("rel="));
        rel.is_some_and(|rel| rel.trim_matches('"').split(' ').any(|rel| rel.eq_ignore_ascii_case(relation)))
    };
    values.into_iter().find_map(|value| {
        // Each link begins with its target in angle brackets; commas may stand inside them.
        value.split('<').skip(1).find_map(|link| {
            let (target, rest) = link.split_once('>')?;
            has_relation(rest.trim_end_matches([' ', ','])).then(|| base.join(target.trim()).ok())?
        })
    })
}

/// How long `X-RateLimit-Reset` asks to wait, from `now` on: seconds, or a moment as seconds since 1970. The past is
/// zero. No standard has it; servers that answer 429 do.
pub fn rate_limit_reset(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    /// Smaller numbers are waits, larger ones moments: nobody asks to wait for thirty years.
    const EPOCHS_FROM: f64 = 1e9;
    let value = parse_seconds(headers.get("x-ratelimit-reset")?.to_str().ok()?.trim())?;
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit exactly")]
    let wait = if value < EPOCHS_FROM { value } else { (value - now.timestamp() as f64).max(0.0) };
    Some(Duration::try_from_secs_f64(wait).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT))
}

/// How long `X-RateLimit-Reset-After` asks to wait: seconds, with fractions. Discord has it.
pub fn rate_limit_reset_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = parse_seconds(headers.get("x-ratelimit-reset-after")?.to_str().ok()?.trim())?;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT))
}

/// The `Date` of an answer.
pub fn date(headers: &HeaderMap) -> Option<Timestamp> {
    parse_http_date(headers.get(DATE)?.to_str().ok()?)
}

/// One value of `Retry-After`; a date is relative to `sent`.
pub fn parse_retry_after(value: &str, sent: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = match parse_seconds(value) {
        Some(seconds) => Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_WAIT),
        None => parse_http_date(value)?.signed_duration_since(sent).to_std().unwrap_or(Duration::ZERO),
    };
    Some(wait.min(LONGEST_WAIT))
}

/// Digits, and at most one decimal point with digits on both sides: no sign, exponent, infinity or NaN.
fn parse_seconds(value: &str) -> Option<f64> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(fraction)).then(|| value.parse().ok())?
}

/// A date as HTTP has them: IMF-fixdate, RFC 850, asctime; and as servers write them: a numeric zone, days and
/// hours of one digit, no weekday.
pub fn parse_http_date(value: &str) -> Option<Timestamp> {
    let value = value.trim();
    if let Ok(time) = httpdate::parse_http_date(value) {
        return in_range(time);
    }
    let rest = value.split_once(',').map_or(value, |(_weekday, rest)| rest).trim();
    DateTime::parse_from_rfc2822(rest).ok().map(|time| time.to_utc()).or_else(|| {
        let rest = rest.strip_suffix("UTC").or_else(|| rest.strip_suffix("GMT"))?;
        let time = NaiveDateTime::parse_from_str(rest.trim(), "%d %b %Y %H:%M:%S").ok()?;
        Some(time.and_utc())
    })
}

fn in_range(time: SystemTime) -> Option<Timestamp> {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    DateTime::from_timestamp(i64::try_from(since_epoch.as_secs()).ok()?, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = "2026-11-23T18:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().expect("timestamp")
    }

    #[track_caller]
    fn check(value: &str, seconds: Option<f64>) {
        let wait = parse_retry_after(value, at(SENT)).map(|wait| wait.as_secs_f64());
        assert_eq!(wait, seconds, "{value:?}");
    }

    #[test]
    fn retry_after_is_read_in_every_form() {
        check("120", Some(120.0));
        check(" 7 ", Some(7.0));
        check("0", Some(0.0));
        check("1.5", Some(1.5));
        check("0.25", Some(0.25));
        check("99999999999999999999999", Some(LONGEST_WAIT.as_secs_f64()));
        check("Mon, 23 Nov 2026 18:02:00 GMT", Some(120.0));
        check("Monday, 23-Nov-26 18:02:00 GMT", Some(120.0));
        check("Mon Nov 23 18:02:00 2026", Some(120.0));
        check("Mon, 23 Nov 2026 18:02:00 +0000", Some(120.0));
        check("Mon, 23 Nov 2026 20:02:00 +0200", Some(120.0));
        check("23 Nov 2026 18:02:00 GMT", Some(120.0));
        check("Mon, 23 Nov 2026 18:02:00 UTC", Some(120.0));
        check("Tue, 1 Dec 2026 18:00:00 GMT", Some(8.0 * 86_400.0));
        check("Mon, 23 Nov 2026 17:00:00 GMT", Some(0.0));
    }

    #[test]
    fn what_is_no_wait_is_ignored() {
        for value in [
            "",
            "-5",
            "+5",
            "nan",
            "inf",
            "1e9",
            "5s",
            ".",
            "1.",
            ".5",
            "1.2.3",
            "soon",
            "５",
            "Mon, 32 Nov 2026 18:02:00 GMT",
            "Mon, 23 Nov 2026",
            "0x10",
        ] {
            check(value, None);
        }
    }

    #[test]
    fn a_date_is_relative_to_the_answers_own_clock_and_the_longest_wait_counts() {
        let mut headers = HeaderMap::new();
        assert_eq!(retry_after(&headers, at(SENT)), None);
        headers.insert(DATE, "Mon, 23 Nov 2026 12:00:00 GMT".parse().expect("value"));
        headers.append(RETRY_AFTER, "Mon, 23 Nov 2026 12:01:00 GMT".parse().expect("value"));
        assert_eq!(retry_after(&headers, at(SENT)), Some(Duration::from_mins(1)));
        headers.append(RETRY_AFTER, "90".parse().expect("value"));
        headers.append(RETRY_AFTER, "garbage".parse().expect("value"));
        assert_eq!(retry_after(&headers, at(SENT)), Some(Duration::from_secs(90)));
    }

    #[test]
    fn links_are_found_by_their_relation() {
        let mut headers = HeaderMap::new();
        headers.append(
            LINK,
            "</style.css>; rel=preload, <?page=2,3>; rel=\"next last\"".parse().expect("value"),
        );
        headers
            .append(LINK, "<https://example.org/2>; title=\"x\"; rel=prev-archive".parse().expect("value"));
        let base = Url::parse("https://example.org/feed").expect("URL");
        let found = |relation| link(&headers, relation, &base).map(String::from);
        assert_eq!(found("next").as_deref(), Some("https://example.org/feed?page=2,3"));
        assert_eq!(found("prev-archive").as_deref(), Some("https://example.org/2"));
        assert_eq!(found("alternate"), None);
    }

    #[test]
    fn a_rate_limit_resets_after_seconds_or_at_a_moment() {
        let check = |value: &str, seconds: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert("x-ratelimit-reset", value.parse().expect("value"));
            let wait = rate_limit_reset(&headers, at(SENT));
            assert_eq!(wait, seconds.map(Duration::from_secs), "{value:?}");
        };
        check("120", Some(120));
        check("0", Some(0));
        check(&(at(SENT).timestamp() + 300).to_string(), Some(300));
        check(&(at(SENT).timestamp() - 300).to_string(), Some(0));
        check("99999999999999999999", Some(LONGEST_WAIT.as_secs()));
        check("soon", None);
        check("-1", None);
    }

    #[test]
    fn a_rate_limit_resets_after_fractions_of_seconds() {
        for (value, expected) in [("0.65", Some(650)), ("2", Some(2000)), ("-1", None), ("soon", None)] {
            let mut headers = HeaderMap::new();
            headers.insert("x-ratelimit-reset-after", value.parse().expect("value"));
            assert_eq!(rate_limit_reset_after(&headers), expected.map(Duration::from_millis), "{value}");
        }
        assert_eq!(rate_limit_reset_after(&HeaderMap::new()), None);
    }

    #[test]
    fn the_bytes_of_all_header_lines_count() {
        let mut headers = HeaderMap::new();
        headers.insert("x", "v".repeat(65_000).parse().expect("value"));
        assert!(is_within_limit(&headers));
        headers.insert("y", "v".repeat(1_000).parse().expect("value"));
        assert!(!is_within_limit(&headers));
    }
}
