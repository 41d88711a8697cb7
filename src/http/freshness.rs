//! For how long an answer says it stays fresh (RFC 9111 §4.2, §5.2, §5.3), as far as it concerns when to ask again.
//! Pure.
//!
//! Own and small: the crates that judge freshness answer "may I serve this from a cache?", guess from Last-Modified,
//! and say nothing about errors.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::header::{AGE, CACHE_CONTROL, EXPIRES, HeaderMap};

use super::header::{date, parse_http_date};
use crate::model::Timestamp;

/// Which header says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FreshnessSource {
    /// `Cache-Control: max-age`, less `Age`.
    MaxAge,
    /// `Expires`, less `Date`.
    Expires,
}

/// How long an answer stays fresh, from its receipt on; never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Which header says it.
    pub source: FreshnessSource,
    /// How long.
    pub wait: Duration,
}

/// What the headers of an answer say about freshness; `None`: nothing that would make anybody wait. Any max-age, a
/// zero or a broken one too, rules `Expires` out; `no-cache` and `no-store` rule out both.
pub fn freshness(headers: &HeaderMap, received: Timestamp) -> Option<Freshness> {
    let (source, wait) = match cache_control(headers) {
        CacheControl::Never => return None,
        CacheControl::MaxAge(seconds) => {
            (FreshnessSource::MaxAge, Duration::from_secs(seconds).saturating_sub(age(headers)))
        }
        CacheControl::Silent => (FreshnessSource::Expires, until_expiry(headers, received)?),
    };
    (!wait.is_zero()).then_some(Freshness { source, wait })
}

/// Whether an answer says anything at all about freshness; if not, what was said before stays in force.
pub fn speaks_of_freshness(headers: &HeaderMap) -> bool {
    headers.contains_key(CACHE_CONTROL) || headers.contains_key(EXPIRES)
}

enum CacheControl {
    /// Not to be kept, or a lifetime that nobody can read.
    Never,
    /// The smallest valid max-age.
    MaxAge(u64),
    /// Nothing about a lifetime.
    Silent,
}

fn cache_control(headers: &HeaderMap) -> CacheControl {
    let (mut smallest, mut is_broken) = (None, false);
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in directives(&String::from_utf8_lossy(value.as_bytes())) {
            let (name, argument) = directive.split_once('=').unwrap_or((&directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" => return CacheControl::Never,
                // With an argument it speaks of single headers only.
                "no-cache" if argument.is_empty() => return CacheControl::Never,
                "max-age" => match seconds(argument) {
                    Some(age) => smallest = Some(smallest.map_or(age, |least: u64| least.min(age))),
                    None => is_broken = true,
                },
                _ => {}
            }
        }
    }
    match smallest {
        Some(age) => CacheControl::MaxAge(age),
        None if is_broken => CacheControl::Never,
        None => CacheControl::Silent,
    }
}

/// The directives of a `Cache-Control`; a comma inside quotes parts nothing.
fn directives(value: &str) -> Vec<String> {
    let (mut all, mut current, mut quoted) = (Vec::new(), String::new(), false);
    for c in value.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(std::mem::take(&mut current)),
            c => current.push(c),
        }
    }
    all.push(current);
    all
}

/// Digits only; more than fit are as many as fit (RFC 9111 §1.2.2).
fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

/// How long the answer lay in caches already.
fn age(headers: &HeaderMap) -> Duration {
    let value = headers.get(AGE).and_then(|value| seconds(value.to_str().ok()?));
    Duration::from_secs(value.unwrap_or(0))
}

/// Taken relative to the answer's own `Date`, so that a wrong clock on either side does not matter.
fn until_expiry(headers: &HeaderMap, received: Timestamp) -> Option<Duration> {
    let expires = parse_http_date(headers.get(EXPIRES)?.to_str().ok()?)?;
    let wait: TimeDelta = expires - date(headers).unwrap_or(received);
    wait.to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVED: &str = "2026-11-23T18:00:00Z";

    /// `headers`: `name: value` lines.
    #[track_caller]
    fn check(headers: &[&str], expected: Option<(FreshnessSource, u64)>) {
        let mut map = HeaderMap::new();
        for line in headers {
            let (name, value) = line.split_once(": ").expect("name: value");
            let name: reqwest::header::HeaderName = name.parse().expect("name");
            map.append(name, value.parse().expect("value"));
        }
        let found = freshness(&map, RECEIVED.parse().expect("time"));
        assert_eq!(found.map(|fresh| (fresh.source, fresh.wait.as_secs())), expected, "{headers:?}");
    }

    #[test]
    fn max_age_less_age() {
        let max_age = |seconds| Some((FreshnessSource::MaxAge, seconds));
        check(&["cache-control: max-age=3600"], max_age(3600));
        check(&["cache-control: public, MAX-AGE=3600, must-revalidate"], max_age(3600));
        check(&["cache-control: max-age=\"3600\""], max_age(3600));
        check(&["cache-control: private=\"a, max-age=5\", max-age = 60"], max_age(60));
        check(&["cache-control: max-age=3600", "age: 600"], max_age(3000));
        check(&["cache-control: max-age=3600", "age: 3600"], None);
        check(&["cache-control: max-age=3600", "age: soon"], max_age(3600));
        check(&["cache-control: max-age=3600, max-age=60", "cache-control: max-age=600"], max_age(60));
        check(&["cache-control: max-age=x, max-age=60"], max_age(60));
        check(&["cache-control: max-age=99999999999999999999999"], max_age(u64::MAX));
        check(&["cache-control: no-cache=\"set-cookie\", max-age=60"], max_age(60));
    }

    #[test]
    fn expires_less_date_and_only_without_max_age() {
        let expires = |seconds| Some((FreshnessSource::Expires, seconds));
        let later = "expires: Mon, 23 Nov 2026 19:00:00 GMT";
        check(&[later], expires(3600));
        check(&[later, "date: Mon, 23 Nov 2026 18:30:00 GMT"], expires(1800));
        check(&[later, "date: Mon, 23 Nov 2020 18:30:00 GMT", "cache-control: max-age=60"], {
            Some((FreshnessSource::MaxAge, 60))
        });
        check(&["expires: Mon, 23 Nov 2026 20:00:00 +0100"], expires(3600));
        check(&[later, "cache-control: public"], expires(3600));
    }

    #[test]
    fn what_makes_nobody_wait_is_no_hint() {
        let later = "expires: Mon, 23 Nov 2026 19:00:00 GMT";
        check(&[], None);
        check(&["last-modified: Mon, 23 Nov 2020 18:00:00 GMT"], None);
        check(&["cache-control: s-maxage=3600, stale-while-revalidate=60"], None);
        check(&["expires: 0"], None);
        check(&["expires: Mon, 23 Nov 2026 17:00:00 GMT"], None);
        for value in [
            "no-cache",
            "no-store",
            "no-cache, max-age=60",
            "max-age=0",
            "max-age=-5",
            "max-age=soon",
            "max-age",
            "max-age=1.5",
        ] {
            check(&[&format!("cache-control: {value}"), later], None);
        }
        check(&["cache-control: max-age=0, max-age=60"], None);
    }
}
