//! Articles that may have scrolled by unseen, and feeds that show nothing (specs/polling.md K2, K4). Pure.

use crate::{
    model::{Gap, PollMemory, Timestamp},
    pipeline::Window,
};

/// Whether more may have appeared than the document still shows: it shows none that was known, or more than nine in
/// ten are new. `last_good`: the poll that saw everything.
pub fn find(
    window: &Window,
    before: &PollMemory,
    last_good: Option<Timestamp>,
    now: Timestamp,
) -> Option<Gap> {
    let from = last_good?;
    let scrolled_by = window.known == 0 || u64::from(window.new_ones()) * 10 > u64::from(window.shown) * 9;
    if !had_articles(before) || window.shown == 0 || !scrolled_by {
        return None;
    }
    let to = window.oldest_new.filter(|oldest| *oldest > from && *oldest < now).unwrap_or(now);
    Some(Gap { from, to: to.max(from) })
}

/// Since when a feed is empty that was not.
pub fn empty_since(window: &Window, before: &PollMemory, now: Timestamp) -> Option<Timestamp> {
    (window.shown == 0 && had_articles(before)).then(|| before.empty_since.unwrap_or(now))
}

/// Whether there was something to know.
fn had_articles(before: &PollMemory) -> bool {
    before.shown.is_some_and(|shown| shown > 0) || before.empty_since.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + minutes * 60, 0).expect("time")
    }

    fn showed(articles: u32) -> PollMemory {
        PollMemory { shown: Some(articles), ..PollMemory::default() }
    }

    #[track_caller]
    fn check(shown: u32, known: u32, oldest_new: i64, expected: Option<(i64, i64)>) {
        let window = Window { shown, known, oldest_new: Some(at(oldest_new)) };
        let gap = find(&window, &showed(10), Some(at(0)), at(60));
        assert_eq!(gap, expected.map(|(from, to)| Gap { from: at(from), to: at(to) }), "{window:?}");
    }

    #[test]
    fn a_window_without_known_articles_is_a_gap_up_to_its_oldest_one() {
        check(10, 0, 20, Some((0, 20)));
        check(1, 0, 20, Some((0, 20)));
        check(10, 0, -500, Some((0, 60)));
        check(10, 0, 500, Some((0, 60)));
    }

    #[test]
    fn so_is_one_with_more_than_nine_new_ones_in_ten() {
        check(20, 1, 20, Some((0, 20)));
        check(10, 1, 20, None);
        check(20, 20, 20, None);
        check(0, 0, 20, None);
    }

    #[test]
    fn at_the_first_sight_nothing_was_missed() {
        let window = Window { shown: 10, ..Window::default() };
        assert_eq!(find(&window, &PollMemory::default(), None, at(60)), None);
        assert_eq!(find(&window, &showed(0), Some(at(0)), at(60)), None, "so far it was empty");
    }

    #[test]
    fn an_empty_feed_that_had_articles_is_noted_until_they_are_back() {
        let empty = Window::default();
        let since = PollMemory { empty_since: Some(at(1)), ..showed(0) };
        assert_eq!(empty_since(&empty, &showed(5), at(1)), Some(at(1)));
        assert_eq!(empty_since(&empty, &since, at(2)), Some(at(1)));
        assert_eq!(empty_since(&empty, &PollMemory::default(), at(1)), None);
        assert_eq!(empty_since(&Window { shown: 1, ..empty }, &since, at(2)), None);
        let all_new = Window { shown: 10, ..empty };
        assert!(find(&all_new, &since, Some(at(0)), at(60)).is_some(), "there was something to know");
    }
}
