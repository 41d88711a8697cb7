//! When to ask conditionally, and what a 304 is worth (specs/polling.md §2, V6 to V8). Pure.

use chrono::TimeDelta;

use crate::model::{Timestamp, TrackRecord, Validators};

/// Conditional requests in a row that may be answered in vain before validators count as broken.
const IN_VAIN: u32 = 3;
/// After a doubtful 304 the whole document is asked for, at most this often.
const DOUBT_EVERY: TimeDelta = TimeDelta::hours(24);
/// Servers that are stuck on 304 exist: after this long without a whole document one is asked for.
const FULL_EVERY: TimeDelta = TimeDelta::days(8);

/// Whether a feed's validators spare the server full downloads: the last whole document had one, and they were not
/// answered in vain three times in a row.
pub fn work(validators: &Validators, track: &TrackRecord) -> bool {
    (validators.etag.is_some() || validators.last_modified.is_some()) && track.in_vain < IN_VAIN
}

/// Whether the next request leaves the validators out on purpose.
pub fn are_left_out(track: &TrackRecord, now: Timestamp) -> bool {
    let is_past = |then: Option<Timestamp>, wait| then.is_none_or(|then| now - then >= wait);
    let is_stuck = track.last_full.is_some_and(|full| now - full >= FULL_EVERY);
    (track.doubtful && is_past(track.left_out, DOUBT_EVERY))
        || (is_stuck && is_past(track.left_out, FULL_EVERY))
}

/// What the validators of a 304 mean for the stored ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Keep,
    /// These take their place.
    Adopt(Validators),
    /// The 304 speaks of a document that was never seen (RFC 9111 §4.3.4).
    Doubt,
}

/// Compares the stored pair with that of a 304.
pub fn judge(stored: &Validators, said: &Validators) -> Verdict {
    let matches = match (&stored.etag, &said.etag) {
        (None, Some(_)) => return Verdict::Keep,
        (Some(stored), Some(said)) if opaque(stored) == opaque(said) => true,
        (Some(_), Some(said)) if said.starts_with(b"W/") => return Verdict::Keep,
        (Some(_), Some(_)) => return Verdict::Doubt,
        (Some(_), None) => false,
        (None, None) => true,
    };
    let etag = said.etag.clone().or_else(|| stored.etag.clone());
    let newer = said.last_modified.clone().filter(|_| matches);
    let adopted = Validators { etag, last_modified: newer.or_else(|| stored.last_modified.clone()) };
    if adopted == *stored { Verdict::Keep } else { Verdict::Adopt(adopted) }
}

/// What two tags of one document have in common: not that they are weak, nor how a proxy marked its coding.
fn opaque(etag: &[u8]) -> &[u8] {
    let tag = etag.strip_prefix(b"W/").unwrap_or(etag);
    let tag = tag.strip_prefix(b"\"").unwrap_or(tag);
    let tag = tag.strip_suffix(b"\"").unwrap_or(tag);
    let codings: [&[u8]; 5] = [b"-gzip", b"-br", b"-zstd", b";gzip", b";br"];
    codings.iter().find_map(|coding| tag.strip_suffix(*coding)).unwrap_or(tag)
}

/// A poll, as far as validators are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// 304. `doubtful` if it spoke of a document that was never seen.
    NotModified {
        /// See [`Verdict::Doubt`].
        doubtful: bool,
    },
    /// A readable document.
    Full {
        /// Whether validators were sent.
        conditionally: bool,
        /// Whether it brought something new or edited.
        news: bool,
    },
    /// Neither.
    Otherwise,
}

/// The track record after a poll. `left_out`: validators were left out on purpose.
pub fn after(before: &TrackRecord, asked: Asked, left_out: bool, now: Timestamp) -> TrackRecord {
    let mut track = before.clone();
    if left_out {
        track.left_out = Some(now);
    }
    match asked {
        Asked::NotModified { doubtful } => {
            track.in_vain = 0;
            track.doubtful |= doubtful;
            track.last_full = track.last_full.or(Some(now));
        }
        Asked::Full { conditionally, news } => {
            track.doubtful = false;
            track.last_full = Some(now);
            track.in_vain = match (conditionally, news) {
                (_, true) => 0,
                (true, false) => (track.in_vain + 1).min(IN_VAIN),
                (false, false) => track.in_vain,
            };
        }
        Asked::Otherwise => {}
    }
    track
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(etag: &str, last_modified: &str) -> Validators {
        let value = |text: &str| (!text.is_empty()).then(|| text.as_bytes().to_vec());
        Validators { etag: value(etag), last_modified: value(last_modified) }
    }

    #[track_caller]
    fn check(stored: (&str, &str), said: (&str, &str), expected: &Verdict) {
        let verdict = judge(&pair(stored.0, stored.1), &pair(said.0, said.1));
        assert_eq!(verdict, *expected, "{stored:?} {said:?}");
    }

    #[test]
    fn a_304_may_renew_validators_and_never_invents_them() {
        let adopt = |etag, modified| Verdict::Adopt(pair(etag, modified));
        check(("\"x\"", "mon"), ("", ""), &Verdict::Keep);
        check(("\"x\"", "mon"), ("\"x\"", "mon"), &Verdict::Keep);
        for same in ["W/\"x\"", "\"x-gzip\"", "\"x-br\"", "\"x-zstd\"", "W/\"x;gzip\"", "\"x;br\""] {
            check(("\"x\"", "mon"), (same, ""), &adopt(same, "mon"));
            check((same, "mon"), ("\"x\"", ""), &adopt("\"x\"", "mon"));
        }
        check(("\"x\"", "mon"), ("\"x\"", "tue"), &adopt("\"x\"", "tue"));
        check(("", "mon"), ("", "tue"), &adopt("", "tue"));
        check(("\"x\"", "mon"), ("", "tue"), &Verdict::Keep);
        check(("", "mon"), ("\"y\"", "tue"), &Verdict::Keep);
        check(("\"x\"", "mon"), ("W/\"y\"", "tue"), &Verdict::Keep);
        check(("\"x\"", "mon"), ("\"y\"", "mon"), &Verdict::Doubt);
    }

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + hours * 3600, 0).expect("time")
    }

    #[test]
    fn after_a_doubtful_304_the_whole_document_is_asked_for_once_a_day_at_most() {
        let doubt = Asked::NotModified { doubtful: true };
        let track = after(&TrackRecord::default(), doubt, false, at(0));
        assert!(are_left_out(&track, at(1)));
        // The server answers 304 even so, and speaks of yet another document.
        let track = after(&after(&track, Asked::Otherwise, true, at(1)), doubt, false, at(2));
        assert!(!are_left_out(&track, at(24)));
        assert!(are_left_out(&track, at(25)));
        let whole = Asked::Full { conditionally: false, news: false };
        assert!(!are_left_out(&after(&track, whole, true, at(25)), at(24 * 9)));
    }

    #[test]
    fn after_eight_days_of_304_the_whole_document_is_asked_for() {
        let not_modified = Asked::NotModified { doubtful: false };
        let whole = Asked::Full { conditionally: false, news: true };
        let track = after(&TrackRecord::default(), whole, false, at(0));
        let track = after(&track, not_modified, false, at(8 * 24 - 1));
        assert!(!are_left_out(&track, at(8 * 24 - 1)));
        assert!(are_left_out(&track, at(8 * 24)));
        let track = after(&track, Asked::Otherwise, true, at(8 * 24));
        assert!(!are_left_out(&track, at(16 * 24 - 1)), "again after eight days at the earliest");
        assert!(are_left_out(&track, at(16 * 24)));
    }

    #[test]
    fn validators_work_until_they_were_sent_in_vain_three_times() {
        let validators = pair("\"x\"", "");
        let in_vain = Asked::Full { conditionally: true, news: false };
        let mut track = TrackRecord::default();
        for _ in 0..3 {
            assert!(work(&validators, &track));
            track = after(&track, in_vain, false, at(0));
        }
        assert!(!work(&validators, &track));
        assert!(work(&validators, &after(&track, Asked::NotModified { doubtful: false }, false, at(0))));
        assert!(work(
            &validators,
            &after(&track, Asked::Full { conditionally: true, news: true }, false, at(0))
        ));
        assert!(!work(&pair("", ""), &TrackRecord::default()));
    }
}
