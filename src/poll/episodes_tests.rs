use super::*;
use crate::{
    model::{FeedId, Reason},
    store::Learned,
};

const NOW: i64 = 1_800_000_000;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_timestamp(NOW + minutes * 60, 0).expect("time")
}

/// A feed that was watched for so long and has a habit.
fn habit() -> Quiet {
    Quiet { since: Some(at(0)), longest: 3600, gaps: 9 }
}

fn poll(outcome: Outcome, minute: i64, quiet: &Quiet) -> Brought<'_> {
    Brought {
        outcome,
        failures: 0,
        failing_since: at(minute),
        is_troubled: false,
        has_news: false,
        quiet,
        silent_after: None,
        now: at(minute),
    }
}

#[test]
fn a_feed_fails_after_three_failures_or_a_410_and_until_it_works() {
    let quiet = habit();
    let failed = |before: &Episodes, outcome, failures| {
        let failing_since = at(10);
        after(before, &Brought { failures, failing_since, ..poll(outcome, 20, &quiet) }, 3)
    };
    let calm = Episodes::default();
    assert_eq!(failed(&calm, Outcome::HttpError, 2), calm);
    assert_eq!(failed(&calm, Outcome::Gone, 1).failing, Some(at(10)));
    let failing = failed(&calm, Outcome::Timeout, 3);
    assert_eq!(failing.failing, Some(at(10)));
    assert_eq!(failed(&failing, Outcome::Limited, 9), failing, "one episode");
    assert_eq!(after(&failing, &poll(Outcome::Held, 30, &quiet), 3), failing, "nobody was asked");
    assert_eq!(after(&failing, &poll(Outcome::NotModified, 30, &quiet), 3), calm);
}

#[test]
fn documents_in_trouble_are_a_failure_after_three_polls() {
    let quiet = habit();
    let mut episodes = Episodes::default();
    let mut good = |is_troubled, minute| {
        episodes = after(&episodes, &Brought { is_troubled, ..poll(Outcome::Unchanged, minute, &quiet) }, 3);
        episodes.failing
    };
    assert_eq!([good(true, 1), good(true, 2), good(true, 3)], [None, None, Some(at(1))]);
    assert_eq!([good(true, 4), good(false, 5), good(true, 6)], [Some(at(1)), None, None]);
}

#[test]
fn a_feed_is_silent_until_an_article_comes() {
    let quiet = habit();
    let good = |before: &Episodes, minute| after(before, &poll(Outcome::NotModified, minute, &quiet), 3);
    let calm = Episodes::default();
    let (soon, late) = (47 * 60, 48 * 60);
    assert_eq!(good(&calm, soon).silent, None);
    let silent = good(&calm, late);
    assert_eq!(silent.silent, Some(at(0)));
    assert_eq!(good(&silent, late + 1), silent);
    let failed = after(&silent, &poll(Outcome::Timeout, late + 2, &quiet), 3);
    assert_eq!(failed.silent, silent.silent, "a failure says nothing about it");
    let news = Quiet { since: Some(at(late)), ..quiet };
    let poll = Brought { has_news: true, ..poll(Outcome::New, late + 3, &news) };
    assert_eq!(after(&silent, &poll, 3), calm);
}

/// What is told of a poll that leads from one state to the other.
fn told(outcome: Outcome, was: Episodes, is: Episodes) -> Vec<(EventKind, Place, Timestamp, String)> {
    let memory = |episodes| PollMemory { episodes, quiet: habit(), ..PollMemory::default() };
    let before = FeedState { memory: memory(was), ..FeedState::unknown(FeedId::from("feed")) };
    let record = PollRecord {
        feed: FeedId::from("feed"),
        at: at(60 * 72),
        last_attempt: None,
        outcome,
        status: None,
        error: outcome.is_failure().then(|| "HTTP 500".to_owned()),
        consecutive_failures: 3,
        next_poll: None,
        reason: Reason::Backoff,
        retry_after: None,
        gate: None,
        bytes: 0,
        gap: None,
        memory: memory(is),
        adopted: None,
        learned: Learned::default(),
        document: None,
        events: Vec::new(),
    };
    let told = happenings(None, &before, &record).into_iter();
    told.map(|told| (told.kind, told.place, told.since, told.reason)).collect()
}

#[test]
fn beginnings_and_ends_are_told_with_the_reason() {
    let calm = Episodes::default();
    let failing = Episodes { failing: Some(at(1)), ..calm };
    let silent = Episodes { silent: Some(at(2)), ..calm };
    let begins = (EventKind::FeedFailing, Place::Begins, at(1), "HTTP 500".to_owned());
    assert_eq!(told(Outcome::HttpError, calm, failing), std::slice::from_ref(&begins));
    assert_eq!(told(Outcome::HttpError, failing, failing), [begins], "the store knows what is told");
    let ends = (EventKind::FeedRecovered, Place::Ends, at(1), "it works again".to_owned());
    assert_eq!(told(Outcome::Unchanged, failing, calm), [ends]);
    let reason = "no new article for 3 days; usually at most 1 hour".to_owned();
    let quiet = reason.replace("1 hour", "60 minutes");
    assert_eq!(told(Outcome::Unchanged, calm, silent), [(EventKind::FeedSilent, Place::Alone, at(2), quiet)]);
    for (outcome, episodes) in
        [(Outcome::Unchanged, calm), (Outcome::Unchanged, silent), (Outcome::Held, failing)]
    {
        assert!(told(outcome, episodes, episodes).is_empty(), "{outcome:?} {episodes:?}");
    }
}
