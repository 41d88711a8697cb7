//! What feeds and servers say about when to ask again, cut to its cap (specs/polling.md §4). Pure.

use std::time::Duration;

use chrono::Weekday;

use crate::{
    http::{Freshness, FreshnessSource},
    model::{Hint, Hints, Reason},
    read,
};

const HOUR: Duration = Duration::from_hours(1);
/// Nobody's freshness is believed for longer: a year of max-age on news exists.
const CACHE_CAP: Duration = HOUR.saturating_mul(24);
/// A limit that speaks by max-age is believed as long as one that speaks by Retry-After.
const LIMIT_CAP: Duration = HOUR.saturating_mul(7 * 24);
/// `ttl` and `sy:*` come from templates.
const DOCUMENT_CAP: Duration = HOUR.saturating_mul(6);

/// What the headers of an answer said about freshness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Said {
    /// Whether they said anything; silence changes nothing.
    pub at_all: bool,
    /// How long to wait, if they said so.
    pub fresh: Option<Freshness>,
}

/// The hints of a whole answer: all of them, those of its document too. `own` is the feed's own wait, `per_day` how
/// many articles a day the document shows.
pub fn of_document(said: Said, document: &read::Hints, own: Duration, per_day: Option<f64>) -> Hints {
    let days = document.skip_days.iter().map(Weekday::num_days_from_monday);
    Hints {
        cache: of_headers(said),
        ttl: document.ttl.map(|ttl| hint(Reason::Ttl, ttl, DOCUMENT_CAP)),
        sy: document
            .update_interval
            .filter(|announced| is_kept(*announced, own, per_day))
            .map(|announced| hint(Reason::Sy, announced, DOCUMENT_CAP)),
        skip_hours: document.skip_hours.iter().fold(0, |bits, hour| bits | 1 << (hour % 24)),
        skip_days: days.fold(0, |bits, day| bits | 1 << day),
    }
}

/// Templates announce what no feed keeps: what is announced counts only if it is longer than the feed's own wait, and no
/// more articles a day are shown than announced.
fn is_kept(announced: Duration, own: Duration, per_day: Option<f64>) -> bool {
    let announced_per_day = 86_400.0 / announced.as_secs_f64().max(1.0);
    announced > own && per_day.is_some_and(|per_day| per_day <= announced_per_day)
}

/// The hints after an answer with the document that is known already.
pub fn of_same_document(before: &Hints, said: Said) -> Hints {
    Hints { cache: of_headers(said), ..before.clone() }
}

/// The hints after a 304: what it does not repeat stays in force.
pub fn after_not_modified(before: &Hints, said: Said) -> Hints {
    if said.at_all { of_same_document(before, said) } else { before.clone() }
}

/// What the freshness of a 429 or 503 asks for: that is no cache but a limit.
pub fn of_limit(said: Said) -> Option<Hint> {
    let fresh = said.fresh?;
    Some(hint(reason(fresh.source), fresh.wait, LIMIT_CAP))
}

fn of_headers(said: Said) -> Option<Hint> {
    let fresh = said.fresh?;
    Some(hint(reason(fresh.source), fresh.wait, CACHE_CAP))
}

fn reason(source: FreshnessSource) -> Reason {
    match source {
        FreshnessSource::MaxAge => Reason::MaxAge,
        FreshnessSource::Expires => Reason::Expires,
    }
}

fn hint(reason: Reason, asked: Duration, cap: Duration) -> Hint {
    Hint { reason, wait: asked.min(cap), capped: asked > cap }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Duration = HOUR;

    fn of(document: &read::Hints, per_day: f64) -> Hints {
        of_document(Said::default(), document, OWN, Some(per_day))
    }

    #[test]
    fn a_ttl_is_binding_and_capped() {
        let ttl = |minutes| {
            let ttl = Some(Duration::from_mins(minutes));
            of(&read::Hints { ttl, ..read::Hints::default() }, 5.0).ttl
        };
        assert_eq!(ttl(90), Some(Hint { reason: Reason::Ttl, wait: Duration::from_mins(90), capped: false }));
        assert_eq!(ttl(1440), Some(Hint { reason: Reason::Ttl, wait: 6 * HOUR, capped: true }));
    }

    #[test]
    fn what_a_template_announces_counts_only_if_the_feed_keeps_it() {
        let sy = |hours, per_day| {
            let update_interval = Some(HOUR * hours);
            let hints = of_document(
                Said::default(),
                &read::Hints { update_interval, ..read::Hints::default() },
                OWN,
                per_day,
            );
            hints.sy.map(|hint| (hint.wait, hint.capped))
        };
        assert_eq!(sy(4, Some(5.0)), Some((4 * HOUR, false)));
        assert_eq!(sy(24, Some(1.0)), Some((6 * HOUR, true)));
        assert_eq!(sy(4, Some(7.0)), None, "it shows more than it announces");
        assert_eq!(sy(1, Some(0.0)), None, "no longer than its own wait");
        assert_eq!(sy(4, None), None, "nobody can tell");
    }

    #[test]
    fn skipped_hours_and_days_are_kept_over_the_same_document_and_304() {
        let document = read::Hints {
            skip_hours: vec![0, 23],
            skip_days: vec![Weekday::Mon, Weekday::Sun],
            ..read::Hints::default()
        };
        let hints = of(&document, 0.0);
        assert_eq!((hints.skip_hours, hints.skip_days), (1 << 23 | 1, 0b100_0001));
        assert_eq!(of_same_document(&hints, Said::default()), hints);
        assert_eq!(after_not_modified(&hints, Said::default()), hints);
        assert!(of(&read::Hints::default(), 0.0).is_empty(), "another document says other things");
    }
}
