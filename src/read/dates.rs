//! Dates as publishers write them (specs/reading.md §5). Pure: what is no date is `None`, never "now".

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveTime, TimeDelta, Utc};

use super::{months, zones};
use crate::model::Timestamp;

/// Bytes that are looked at.
const MAX_BYTES: usize = 100;
/// `0001-01-01` from an unset field is common; nothing outside these is meant.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2100;
/// Reads RFC 3339, RFC 822 and 2822, and what comes near them: a wrong weekday, two-digit years, no seconds, no zone
/// (then UTC), named zones, months of twelve languages, numbers in every order, epoch seconds or milliseconds.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim_start();
    let text = text.get(..text.floor_char_boundary(MAX_BYTES))?.trim_end();
    epoch(text)
        .or_else(|| numeric(text))
        .or_else(|| worded(text))
        .filter(|time| YEARS.contains(&chrono::Datelike::year(time)))
}

/// 10 digits of seconds or 13 of milliseconds.
fn epoch(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok()?;
    match text.len() {
        10 => Timestamp::from_timestamp(number, 0),
        13 => Timestamp::from_timestamp_millis(number),
        _ => None,
    }
}

/// ISO 8601: `2026-11-23T10:00:00Z`, `20261123T100000+03`, `2026-11-23`.
fn numeric(text: &str) -> Option<Timestamp> {
    let (day, rest) = match text.split_at_checked(8) {
        Some((basic, rest)) if basic.bytes().all(|byte| byte.is_ascii_digit()) => {
            (ymd(basic.get(..4)?, basic.get(4..6)?, basic.get(6..)?)?, rest)
        }
        _ => {
            let end = text.find(['T', 't', ' ']).unwrap_or(text.len());
            let (date, rest) = text.split_at(end);
            let mut parts = date.trim_end_matches('Z').split('-');
            let day = ymd(parts.next().filter(|year| year.len() == 4)?, parts.next()?, parts.next()?)?;
            (parts.next().is_none().then_some(day)?, rest)
        }
    };
    let rest = rest.trim_start_matches(['T', 't', ' ']);
    if rest.is_empty() {
        return assemble(day, Clock::default(), 0);
    }
    let (clock, zone) = split_clock(rest);
    let zone = zone.trim();
    let offset = if zone.is_empty() { 0 } else { zones::offset_minutes(zone)? };
    assemble(day, Clock::parse(clock)?, offset)
}

/// `Mon, 23 Nov 2026 10:00:00 GMT`, `23 de noviembre de 2026`, `11/23/2026 10:00 PM`, `23-Nov-26`, `2026年11月23日`.
fn worded(text: &str) -> Option<Timestamp> {
    let mut words = Words::default();
    let text = without_ideographs(text);
    for word in text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()) {
        words.take(word.trim_end_matches(['.', ':', '-']));
    }
    if words.is_impossible {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(words.year?, words.month?, words.day?)?;
    let mut clock = words.clock.unwrap_or_default();
    match words.half {
        Some(Half::Am) if clock.hour == 12 => clock.hour = 0,
        Some(Half::Pm) if clock.hour < 12 => clock.hour += 12,
        _ => {}
    }
    assemble(date, clock, words.zone.unwrap_or(0))
}

/// Chinese, Japanese and Korean put the unit behind each number.
fn without_ideographs(text: &str) -> Cow<'_, str> {
    if !text.contains(['年', '년']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '年' | '月' | '년' | '월' => out.push('-'),
            '时' | '時' | '시' | '分' | '분' => out.push(':'),
            '日' | '일' => out.push(' '),
            '秒' | '초' => {}
            // Half of the day stands right before the hour.
            '午' | '上' | '下' | '前' | '後' | '오' | '전' | '후' => out.push(c),
            c if out.ends_with(['午', '前', '後', '전', '후']) && c.is_ascii_digit() => {
                out.extend([' ', c]);
            }
            c if c.is_whitespace() && out.ends_with('-') => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[derive(Clone, Copy)]
enum Half {
    Am,
    Pm,
}

/// What the words of a date are, each told by its form and by what came before.
#[derive(Default)]
struct Words {
    day: Option<u32>,
    month: Option<u32>,
    year: Option<i32>,
    clock: Option<Clock>,
    half: Option<Half>,
    zone: Option<i32>,
    /// Whether the month was named before any number.
    is_month_first: bool,
    /// Whether there is a time that no clock shows.
    is_impossible: bool,
}

impl Words {
    fn take(&mut self, word: &str) {
        let starts_with_digit = word.starts_with(|c: char| c.is_ascii_digit());
        if starts_with_digit && word.contains(':') {
            self.clock(word);
        } else if starts_with_digit && word.contains(['-', '/', '.']) {
            self.date(word);
        } else if let Some(month) = months::number(word) {
            // If another month follows a number, the first was a day of the week: `mar 23 nov`.
            if self.month.is_none() || (self.is_month_first && self.year.is_none() && self.clock.is_none()) {
                self.is_month_first = self.day.is_none();
                self.month = Some(month);
            }
        } else if let Some(half) = half(word) {
            self.half = Some(half);
        } else if starts_with_digit {
            self.number(word.trim_end_matches(char::is_alphabetic));
        } else if (self.year.is_some() || self.clock.is_some()) && self.zone.unwrap_or(0) == 0 {
            // `GMT +3` is two words.
            self.zone = zones::offset_minutes(word).or(self.zone);
        }
    }

    /// `10:00:00`, with `PM` or a zone right behind it.
    fn clock(&mut self, word: &str) {
        let (clock, rest) = split_clock(word);
        if self.clock.is_none() {
            self.clock = Clock::parse(clock);
            self.is_impossible |= self.clock.is_none();
            if !rest.is_empty() && self.clock.is_some() {
                self.take(rest);
            }
        }
    }

    /// Three parts in one word: numbers in any order, or a month between two.
    fn date(&mut self, word: &str) {
        let parts: Vec<&str> = word.split(['-', '/', '.']).collect();
        let [first, second, third] = parts.as_slice() else { return };
        if let Some(month) = months::number(second) {
            (self.day, self.month, self.year) = (first.parse().ok(), Some(month), year(third));
            return;
        }
        let Some((a, b)) = first.parse().ok().zip(second.parse().ok()) else { return };
        if first.len() == 4 {
            (self.year, self.month, self.day) = (year(first), Some(b), third.parse().ok());
        } else if word.contains('/') && b > 12 || word.contains('/') && a <= 12 {
            // With slashes the month comes first, unless only the other order fits.
            (self.month, self.day, self.year) = (Some(a), Some(b), year(third));
        } else {
            (self.day, self.month, self.year) = (Some(a), Some(b), year(third));
        }
    }

    /// The first number is the day, unless it can only be a year.
    fn number(&mut self, digits: &str) {
        let day = digits.parse().ok().filter(|day| digits.len() <= 2 && (1..=31).contains(day));
        if self.day.is_none() && day.is_some() {
            self.day = day;
        } else if self.year.is_none() {
            self.year = year(digits);
        }
    }
}

fn half(word: &str) -> Option<Half> {
    match word.to_ascii_lowercase().as_str() {
        "am" | "a.m" | "上午" | "午前" | "오전" => Some(Half::Am),
        "pm" | "p.m" | "下午" | "午後" | "오후" | "μ.μ" => Some(Half::Pm),
        _ => None,
    }
}

/// The time of day at the beginning of a text, and what follows it.
fn split_clock(text: &str) -> (&str, &str) {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | ',');
    text.split_at(text.find(|c: char| !is_part(c)).unwrap_or(text.len()))
}

/// Two digits below 70 are 20xx.
fn year(digits: &str) -> Option<i32> {
    let number: i32 = digits.parse().ok()?;
    match digits.len() {
        2 => Some(if number < 70 { 2000 + number } else { 1900 + number }),
        4 => Some(number),
        _ => None,
    }
}

fn ymd(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// A time of day; hour 24 and second 60 happen.
#[derive(Default, Clone, Copy)]
struct Clock {
    hour: u32,
    minute: u32,
    second: u32,
    milli: u32,
}

impl Clock {
    /// `10:00`, `10:00:00`, `10:00:00.123`, `100000`.
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
        let basic: Vec<&str>;
        let parts = if whole.contains(':') {
            whole.split(':').collect()
        } else {
            basic = [whole.get(..2), whole.get(2..4), whole.get(4..6)].into_iter().flatten().collect();
            basic
        };
        let number = |at: usize| parts.get(at).map_or(Some(0), |part| part.parse::<u32>().ok());
        let milli = fraction
            .chars()
            .chain("000".chars())
            .take(3)
            .filter_map(|c| c.to_digit(10))
            .fold(0, |sum, d| sum * 10 + d);
        let clock = Self { hour: number(0)?, minute: number(1)?, second: number(2)?, milli };
        (parts.len() >= 2 && clock.hour <= 24 && clock.minute < 60 && clock.second <= 60).then_some(clock)
    }
}

fn assemble(day: NaiveDate, clock: Clock, offset_minutes: i32) -> Option<Timestamp> {
    let days = TimeDelta::days(i64::from(clock.hour / 24));
    let time =
        NaiveTime::from_hms_milli_opt(clock.hour % 24, clock.minute, clock.second.min(59), clock.milli)?;
    let local = day.and_time(time).checked_add_signed(days)?;
    let utc = local.checked_sub_signed(TimeDelta::minutes(i64::from(offset_minutes)))?;
    utc.and_local_timezone(Utc).single()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rfc3339;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(parse(text).map(rfc3339).as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn dates_of_the_standards_are_read() {
        check("2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z");
        check("2026-11-23T10:00:00+03:00", "2026-11-23T07:00:00Z");
        check("Mon, 23 Nov 2026 10:00:00 GMT", "2026-11-23T10:00:00Z");
        check("Mon, 23 Nov 2026 10:00:00 -0500", "2026-11-23T15:00:00Z");
    }

    #[test]
    fn dates_near_the_standards_are_read() {
        let cases = [
            ("Fri, 23 Nov 2026 10:00:00 EST", "2026-11-23T15:00:00Z"),
            ("Monday, 23 November 26 10:00 MSK", "2026-11-23T07:00:00Z"),
            ("23 Nov 99 9:05 +0000", "1999-11-23T09:05:00Z"),
            ("Nov 23, 2026 10:00 PM", "2026-11-23T22:00:00Z"),
            ("23-Nov-2026 12:30 am", "2026-11-23T00:30:00Z"),
            ("Mon, 23 Sept. 2026 24:00:00 GMT+3", "2026-09-23T21:00:00Z"),
            ("Mon Nov 23 10:00:00 CEST 2026", "2026-11-23T08:00:00Z"),
            ("2026-11-23 10:00", "2026-11-23T10:00:00Z"),
            ("2026-11-23T10:00:60.5+03", "2026-11-23T07:00:59Z"),
            ("2026-11-23T10:00:00\u{2212}0530", "2026-11-23T15:30:00Z"),
            ("20261123T100000Z", "2026-11-23T10:00:00Z"),
            ("2026/11/23", "2026-11-23T00:00:00Z"),
            ("23.11.2026 10:00", "2026-11-23T10:00:00Z"),
            ("23/11/2026 10:00:00 +0300", "2026-11-23T07:00:00Z"),
            ("11/12/2026", "2026-11-12T00:00:00Z"),
            ("11/23/26 10:00PM", "2026-11-23T22:00:00Z"),
            ("2026/11/23 10:00 p.m.", "2026-11-23T22:00:00Z"),
            ("2026-11-23 10:00:00 PM", "2026-11-23T22:00:00Z"),
            ("2026-11-23 10:00:00 EST", "2026-11-23T15:00:00Z"),
            ("2026年11月23日 10:00", "2026-11-23T10:00:00Z"),
            ("2026年11月23日10时05分", "2026-11-23T10:05:00Z"),
            ("2026年11月23日 下午10:00", "2026-11-23T22:00:00Z"),
            ("2026년 11월 23일 오후 10:00", "2026-11-23T22:00:00Z"),
            ("Nov 23, 2026 10:00\u{202F}PM", "2026-11-23T22:00:00Z"),
            ("24 de noviembre, martes, 2026", "2026-11-24T00:00:00Z"),
            ("23 Kasım Pazartesi 2026", "2026-11-23T00:00:00Z"),
            ("Mon, 23 Nov 2026 10:00:00 HKT", "2026-11-23T02:00:00Z"),
            ("2026-11-23Z", "2026-11-23T00:00:00Z"),
            ("lunes, 23 de noviembre de 2026 10:00 GMT", "2026-11-23T10:00:00Z"),
            ("mar, 24 nov 2026 10:00:00 +0100", "2026-11-24T09:00:00Z"),
            ("mar 24 2026", "2026-03-24T00:00:00Z"),
            ("maandag 23 november 2026", "2026-11-23T00:00:00Z"),
            ("Пн, 23 ноя 2026 10:00:00 +0300", "2026-11-23T07:00:00Z"),
            ("23 ноября 2026 г., 10:00 МСК", "2026-11-23T07:00:00Z"),
            ("23 Kas 2026 10:00 TRT", "2026-11-23T07:00:00Z"),
            ("November 23rd, 2026", "2026-11-23T00:00:00Z"),
            ("1er août 2026 9:05", "2026-08-01T09:05:00Z"),
            ("Mon, 23 Nov 2026 10:00:00 GMT +3", "2026-11-23T07:00:00Z"),
            ("Mon, 23 Nov 2026 10:00:00GMT", "2026-11-23T10:00:00Z"),
            ("Mon, 23 Nov 2026 10:00:00 -0500 (EST)", "2026-11-23T15:00:00Z"),
            ("1795428000", "2026-11-23T10:00:00Z"),
            ("1795428000000", "2026-11-23T10:00:00Z"),
        ];
        for (text, expected) in cases {
            let read = parse(text).map(|time| rfc3339(chrono::SubsecRound::trunc_subsecs(time, 0)));
            assert_eq!(read.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        let long = "9".repeat(100_000);
        for text in [
            "",
            "yesterday",
            "3 days ago",
            "31 Feb 2026 10:00 GMT",
            "31/31/2026",
            "Mon, 23 Nov 2026 25:00:00 GMT",
            "Mon, 23 Nov 2026 10:61:00 GMT",
            "0001-01-01T00:00:00Z",
            "2026-13-01",
            "2026",
            "Nov 2026",
            "é",
            "年月日",
            &long,
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
