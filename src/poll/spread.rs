//! After downtime, and after a clock that jumped ahead, everything is overdue at once: it is asked bit by bit
//! (specs/polling.md §8). Pure.

use std::{collections::HashMap, time::Duration};

use crate::model::{FeedId, Hints, HostKey, Timestamp};

use super::skip;

/// Overdue feeds are spread over at least this.
const LEAST: Duration = Duration::from_mins(15);

/// A feed whose poll should have been.
#[derive(Debug, Clone)]
pub struct Overdue {
    /// The feed.
    pub feed: FeedId,
    /// Its host.
    pub host: HostKey,
    /// From the end of one request to this host to the start of the next.
    pub gap: Duration,
    /// When it should have been.
    pub due: Timestamp,
    /// How long its wait was to be.
    pub wait: Duration,
    /// What it asks for.
    pub hints: Hints,
}

/// When to ask each instead: those first that miss most of their own waits, over a quarter of an hour or as long as the
/// busiest host needs, and none later than one more wait of its own. Those that stay due now are left out.
pub fn spread(mut overdue: Vec<Overdue>, now: Timestamp) -> Vec<(FeedId, Timestamp)> {
    let window = window(&overdue);
    let missed = |feed: &Overdue| {
        (now - feed.due).to_std().unwrap_or_default().as_secs_f64() / feed.wait.as_secs_f64().max(1.0)
    };
    overdue.sort_by(|a, b| missed(b).total_cmp(&missed(a)));
    #[expect(clippy::cast_precision_loss, reason = "far fewer feeds than 2^52")]
    let share = |place: usize| place as f64 / overdue.len() as f64;
    let places = overdue.iter().enumerate().map(|(place, feed)| {
        let held = window.mul_f64(share(place)).min(feed.wait);
        (feed.feed.clone(), skip::first_allowed(now + held, &feed.hints))
    });
    places.filter(|(_, at)| *at > now).collect()
}

fn window(overdue: &[Overdue]) -> Duration {
    let mut needed: HashMap<&HostKey, Duration> = HashMap::new();
    for feed in overdue {
        *needed.entry(&feed.host).or_default() += feed.gap;
    }
    needed.into_values().max().unwrap_or_default().max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T18:00:00Z".parse().expect("time")
    }

    fn overdue(name: &str, host: &str, late: Duration, wait: Duration) -> Overdue {
        Overdue {
            feed: FeedId::from(name),
            host: HostKey::from(host),
            gap: Duration::from_secs(2),
            due: now() - late,
            wait,
            hints: Hints::default(),
        }
    }

    fn held(spread: &[(FeedId, Timestamp)]) -> Vec<(&str, i64)> {
        spread.iter().map(|(feed, at)| (feed.as_str(), (*at - now()).num_seconds())).collect()
    }

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn those_that_miss_most_come_first_over_a_quarter_of_an_hour() {
        let feeds = vec![
            overdue("rare", "a", 20 * HOUR, 24 * HOUR),
            overdue("busy", "b", 20 * HOUR, HOUR),
            overdue("late", "c", 4 * HOUR, HOUR),
        ];
        assert_eq!(held(&spread(feeds, now())), [("late", 300), ("rare", 600)]);
    }

    #[test]
    fn nobody_is_held_longer_than_a_wait_of_its_own() {
        let feeds = vec![
            overdue("a", "a", 20 * HOUR, HOUR),
            overdue("b", "b", 10 * Duration::from_mins(1), Duration::from_mins(1)),
        ];
        assert_eq!(held(&spread(feeds, now())), [("b", 60)]);
    }

    #[test]
    fn a_busy_host_needs_longer() {
        let feeds = (0..900).map(|n| overdue(&format!("f{n}"), "a", 20 * HOUR, HOUR)).collect();
        let spread = spread(feeds, now());
        let last = held(&spread).last().map(|(_, secs)| *secs);
        assert_eq!((spread.len(), last), (899, Some(1798)));
    }

    #[test]
    fn what_a_feed_skips_holds_here_too() {
        let hints = Hints { skip_hours: 1 << 18, ..Hints::default() };
        let feeds = vec![Overdue { hints, ..overdue("a", "a", HOUR, HOUR) }];
        assert_eq!(held(&spread(feeds, now())), [("a", 3600)]);
    }

    #[test]
    fn one_alone_is_asked_at_once() {
        assert!(spread(vec![overdue("a", "a", HOUR, HOUR)], now()).is_empty());
        assert!(spread(Vec::new(), now()).is_empty());
    }
}
