//! What feeds and servers say about when to ask again, cut to its cap (specs/polling.md §4). Pure.

use std::time::Duration;

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
pub fn of_document(said: Said, document: &read::Hints, _own: Duration, _per_day: Option<f64>) -> Hints {
    Hints {
        cache: of_headers(said),
        ttl: document.ttl.filter(|ttl| !ttl.is_zero()).map(|ttl| hint(Reason::Ttl, ttl, DOCUMENT_CAP)),
        sy: None,
        skip_hours: 0,
        skip_days: 0,
    }
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
