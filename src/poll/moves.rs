//! Permanent redirects: observed long before they are believed, and forgotten when they lead nowhere
//! (specs/polling.md §6). Pure.

use chrono::TimeDelta;
use url::Url;

use crate::model::{Moves, ObservedMove, Timestamp};

/// Good polls in a row before a move is stored, and how long they must span.
const POLLS: u32 = 5;
const SPAN: TimeDelta = TimeDelta::hours(72);
/// For the same host by https instead of http.
const UPGRADE_POLLS: u32 = 2;
/// How long a stored target may lead nowhere before the configured URL is asked again.
const LOST_FOR: TimeDelta = TimeDelta::hours(24);

/// The way a poll took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The URL that was asked first.
    pub asked: Url,
    /// The end of the unbroken prefix of permanent redirects.
    pub permanent: Url,
    /// The URL that answered.
    pub last: Url,
}

impl Route {
    /// A way without redirects so far.
    pub fn new(asked: Url) -> Self {
        Self { permanent: asked.clone(), last: asked.clone(), asked }
    }

    /// Follows a redirect.
    pub fn follow(&mut self, next: Url, is_permanent: bool) {
        if is_permanent && self.permanent == self.last {
            self.permanent = next.clone();
        }
        self.last = next;
    }
}

/// What stood at the end of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// A readable document of this feed: it shows an article that is known.
    Proven,
    /// A readable document, maybe of another feed.
    Unproven,
    /// 304.
    NotModified,
    /// 404, 410, or a page that is no feed.
    Nothing,
    /// Another failure, on the way or at its end.
    Failed,
}

/// The URL to ask first.
pub fn first_url(configured: &Url, moves: &Moves, now: Timestamp) -> Url {
    let is_lost = moves.lost_since.is_some_and(|since| now - since >= LOST_FOR);
    let target = moves.moved_to.as_deref().filter(|_| !is_lost).and_then(|target| Url::parse(target).ok());
    target.unwrap_or_else(|| configured.clone())
}

/// What is known about moves after a poll.
pub fn after(before: &Moves, route: &Route, arrival: Arrival, now: Timestamp) -> Moves {
    let mut moves = before.clone();
    if before.moved_to.is_some() {
        weigh_target(&mut moves, route, arrival, now);
    }
    let Some(observed) = observe(moves.observed.take(), route, arrival, now) else { return moves };
    if is_believed(&observed, &route.asked, now) {
        Moves { moved_to: Some(observed.to), ..Moves::default() }
    } else {
        Moves { observed: Some(observed), ..moves }
    }
}

/// Looks whether a stored target still leads to the feed, or the configured URL does so again.
fn weigh_target(moves: &mut Moves, route: &Route, arrival: Arrival, now: Timestamp) {
    let leads_there = moves.moved_to.as_deref() == Some(route.permanent.as_str())
        || moves.moved_to.as_deref() == Some(route.asked.as_str());
    match arrival {
        Arrival::Nothing if leads_there => moves.lost_since = moves.lost_since.or(Some(now)),
        Arrival::Nothing | Arrival::Failed => {}
        _ if leads_there => moves.lost_since = None,
        _ => *moves = Moves { observed: moves.observed.take(), ..Moves::default() },
    }
}

fn observe(
    before: Option<ObservedMove>,
    route: &Route,
    arrival: Arrival,
    now: Timestamp,
) -> Option<ObservedMove> {
    let target = Some(&route.permanent).filter(|target| **target != route.asked && !is_downgrade(route));
    let is_same = before.as_ref().map(|before| before.to.as_str()) == target.map(Url::as_str);
    match (arrival, target) {
        (Arrival::Failed | Arrival::Nothing, _) => before,
        (Arrival::NotModified, _) if is_same => before,
        (Arrival::NotModified | Arrival::Unproven, _) | (Arrival::Proven, None) => None,
        (Arrival::Proven, Some(target)) => Some(match before.filter(|_| is_same) {
            Some(before) => ObservedMove { polls: before.polls.saturating_add(1), ..before },
            None => ObservedMove { to: target.to_string(), polls: 1, since: now },
        }),
    }
}

/// From https to http: followed, never stored.
fn is_downgrade(route: &Route) -> bool {
    route.asked.scheme() == "https" && route.permanent.scheme() == "http"
}

fn is_believed(observed: &ObservedMove, asked: &Url, now: Timestamp) -> bool {
    let is_upgrade = Url::parse(&observed.to)
        .is_ok_and(|to| to.scheme() == "https" && asked.scheme() == "http" && to.host() == asked.host());
    let has_lasted = observed.polls >= POLLS && now - observed.since >= SPAN;
    has_lasted || (is_upgrade && observed.polls >= UPGRADE_POLLS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "http://a.example/feed";
    const B: &str = "http://b.example/feed";
    const C: &str = "http://c.example/feed";

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + hours * 3600, 0).expect("time")
    }

    fn url(text: &str) -> Url {
        Url::parse(text).expect("URL")
    }

    /// A way through these URLs, each reached by this status.
    fn route(asked: &str, hops: &[(u16, &str)]) -> Route {
        let mut route = Route::new(url(asked));
        for (status, to) in hops {
            route.follow(url(to), matches!(status, 301 | 308));
        }
        route
    }

    /// Polls one after another, each so many hours after the last.
    fn after_polls(before: Moves, polls: &[(Route, Arrival)], hours_apart: i64) -> Moves {
        let times = (1..).map(|n| at(n * hours_apart));
        polls
            .iter()
            .zip(times)
            .fold(before, |moves, ((route, arrival), now)| after(&moves, route, *arrival, now))
    }

    fn moved(polls: &[(Route, Arrival)], hours_apart: i64) -> Option<String> {
        after_polls(Moves::default(), polls, hours_apart).moved_to
    }

    #[test]
    fn only_the_unbroken_prefix_of_permanent_redirects_is_a_move() {
        assert_eq!(route(A, &[(302, B), (301, C)]).permanent, url(A));
        assert_eq!(route(A, &[(301, B), (302, C)]).permanent, url(B));
        assert_eq!(route(A, &[(301, B), (308, C)]).permanent, url(C));
        assert_eq!(route(A, &[(301, B), (307, C), (301, A)]).permanent, url(B));
    }

    #[test]
    fn a_move_is_stored_after_five_proven_polls_and_three_days() {
        let proven = (route(A, &[(301, B)]), Arrival::Proven);
        assert_eq!(moved(&vec![proven.clone(); 5], 18), Some(B.to_owned()));
        assert_eq!(moved(&vec![proven.clone(); 4], 48), None, "too few");
        assert_eq!(moved(&vec![proven.clone(); 70], 1), None, "too soon");
        assert_eq!(moved(&vec![proven; 74], 1), Some(B.to_owned()));
    }

    #[test]
    fn what_breaks_the_row_resets_it_and_what_says_nothing_does_not() {
        let to = |target, arrival| (route(A, &[(301, target)]), arrival);
        let row = |middle| {
            let mut polls = vec![to(B, Arrival::Proven); 4];
            polls.push(middle);
            polls.push(to(B, Arrival::Proven));
            moved(&polls, 24)
        };
        for arrival in [Arrival::Failed, Arrival::Nothing, Arrival::NotModified] {
            assert_eq!(row(to(B, arrival)), Some(B.to_owned()), "{arrival:?}");
        }
        assert_eq!(row((route(A, &[]), Arrival::Failed)), Some(B.to_owned()));
        assert_eq!(row(to(B, Arrival::Unproven)), None);
        assert_eq!(row(to(C, Arrival::Proven)), None);
        assert_eq!(row((route(A, &[]), Arrival::Proven)), None);
        assert_eq!(row((route(A, &[]), Arrival::NotModified)), None);
    }

    #[test]
    fn a_login_page_proves_nothing() {
        for arrival in [Arrival::Nothing, Arrival::Unproven] {
            assert_eq!(moved(&vec![(route(A, &[(301, B)]), arrival); 20], 24), None);
        }
    }

    #[test]
    fn the_same_host_by_https_is_believed_soon_and_the_way_back_never() {
        let upgrade = (route("http://a.example/feed", &[(301, "https://a.example/feed")]), Arrival::Proven);
        assert_eq!(moved(&vec![upgrade; 2], 1).as_deref(), Some("https://a.example/feed"));
        let downgrade = (route("https://a.example/feed", &[(301, "http://a.example/feed")]), Arrival::Proven);
        assert_eq!(moved(&vec![downgrade; 30], 24), None);
    }

    #[test]
    fn a_target_that_leads_nowhere_for_a_day_is_given_up_if_the_old_url_works() {
        let stored = Moves { moved_to: Some(B.to_owned()), ..Moves::default() };
        assert_eq!(first_url(&url(A), &stored, at(0)), url(B));
        let lost = after(&stored, &route(B, &[]), Arrival::Nothing, at(0));
        assert_eq!(first_url(&url(A), &lost, at(23)), url(B));
        assert_eq!(first_url(&url(A), &lost, at(24)), url(A));
        // It works again in time.
        let found = after(&lost, &route(B, &[]), Arrival::NotModified, at(12));
        assert_eq!(found, stored);
        // The old URL works, or leads to the same nothing, or fails in another way.
        let old = |hops: &[(u16, &str)], arrival| after(&lost, &route(A, hops), arrival, at(24));
        assert_eq!(old(&[], Arrival::Unproven), Moves::default());
        assert_eq!(old(&[(301, B)], Arrival::Nothing).moved_to, Some(B.to_owned()));
        assert_eq!(old(&[], Arrival::Failed), lost);
        assert_eq!(old(&[(301, B)], Arrival::Proven).moved_to, Some(B.to_owned()));
    }
}
