//! Rules that hold for public hosts only, which no test on loopback can show.

use chrono::TimeDelta;
use url::Url;

use super::*;
use crate::{
    http::{Freshness, FreshnessSource},
    model::{FeedId, FeedLocation, Flock},
    pipeline::Window,
    poll::{hints::Said, moves::Route},
};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

fn now() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().expect("time")
}

fn feed(url: &str, interval: Option<i64>) -> Feed {
    let location = FeedLocation::Http(Url::parse(url).expect("URL"));
    let (id, host) = (FeedId::from(url), hosts::key(&location));
    let interval = interval.map(|secs| Duration::from_secs(secs.unsigned_abs()));
    Feed { interval, ..Feed::at(id, location, host) }
}

/// A feed that worked an hour ago, with a validator.
fn before(feed: &Feed) -> FeedState {
    FeedState {
        validators: Validators { etag: Some(b"\"1\"".to_vec()), last_modified: None },
        last_attempt: Some(now() - TimeDelta::hours(1)),
        last_success: Some(now() - TimeDelta::hours(1)),
        last_outcome: Some(Outcome::Unchanged),
        ..FeedState::unknown(feed.id.clone())
    }
}

fn head(url: &str, status: u16) -> Head {
    let route = Route::new(Url::parse(url).expect("URL"));
    Head { route: Some(route), status: Some(status), conditional: true, ..Head::new(now()) }
}

/// A hundred feeds, each with ten articles a day.
fn market() -> Market {
    let flock = Flock { feeds: 100, shares: 100.0 * (10.0_f64 / 86_400.0).sqrt(), ..Flock::default() };
    Market::new(schedule::seconds(now()), flock)
}

/// What is kept of a feed with so many articles in the last day.
fn rhythm(articles: u32) -> Vec<u8> {
    let mut rhythm = Rhythm::default();
    let now = schedule::seconds(now());
    let stamps: Vec<Option<f64>> =
        (0..articles).map(|n| Some(now - 86_400.0 * f64::from(n) / f64::from(articles))).collect();
    rhythm.learn(now, &Lesson { stamps: &stamps, window: 2000, flagged: 0 });
    rhythm.to_bytes().to_vec()
}

fn record(feed: &Feed, head: &Head, ending: Ending) -> PollRecord {
    conclude(feed, &Settings::default(), &market(), &before(feed), head, ending, now())
}

fn failed(outcome: Outcome) -> Ending {
    Ending::new(outcome, Some("it failed".to_owned()))
}

fn not_modified() -> Ending {
    Ending { not_modified: Some(Validators::default()), ..Ending::new(Outcome::NotModified, None) }
}

/// A document with these validators that brings nothing new.
fn document(etag: Option<&str>) -> Ending {
    let validators = Validators { etag: etag.map(|etag| etag.as_bytes().to_vec()), last_modified: None };
    let document = DocumentRecord {
        validators,
        validated_url: String::new(),
        body_hash: Some(crate::model::ContentHash([0; 16])),
        title: None,
        articles: Vec::new(),
        seen: Vec::new(),
        alerts: Vec::new(),
    };
    let window = Window { shown: 5, known: 5, oldest_new: None };
    Ending {
        document: Some(document),
        sight: Some(Sight { window, ..Sight::default() }),
        ..Ending::new(Outcome::Unchanged, None)
    }
}

#[track_caller]
fn check_wait(record: &PollRecord, seconds: i64, reason: Reason) {
    let wait = (record.next_poll.expect("a next poll") - now()).num_seconds();
    let most = seconds + (seconds / 10).min(10 * MINUTE) + 1;
    assert_eq!(record.reason, reason);
    assert!((seconds..=most).contains(&wait), "{wait}");
}

const PUBLIC: &str = "https://www.example.org/feed";

#[test]
fn a_public_host_is_asked_every_quarter_of_an_hour_at_most_and_once_an_hour_without_validators() {
    let short = feed(PUBLIC, Some(MINUTE));
    check_wait(&record(&short, &head(PUBLIC, 304), not_modified()), 15 * MINUTE, Reason::Floor);
    check_wait(&record(&short, &head(PUBLIC, 200), document(None)), 15 * MINUTE, Reason::Floor);
    let busy = Settings { budget: 96.0, ..Settings::default() };
    let chosen = feed(PUBLIC, None);
    let known = FeedState { rhythm: Some(rhythm(500)), ..before(&chosen) };
    let plan = |ending| conclude(&chosen, &busy, &market(), &known, &head(PUBLIC, 200), ending, now());
    check_wait(&plan(document(Some("\"1\""))), 15 * MINUTE, Reason::Floor);
    check_wait(&plan(document(None)), HOUR, Reason::Floor);
    let mut in_vain = known.clone();
    in_vain.memory.validators.in_vain = 2;
    let third =
        conclude(&chosen, &busy, &market(), &in_vain, &head(PUBLIC, 200), document(Some("\"1\"")), now());
    check_wait(&third, HOUR, Reason::Floor);
    in_vain.memory = third.memory;
    let restored = conclude(&chosen, &busy, &market(), &in_vain, &head(PUBLIC, 304), not_modified(), now());
    check_wait(&restored, 15 * MINUTE, Reason::Floor);
    let local = feed("http://127.0.0.1/feed", Some(1));
    check_wait(&record(&local, &head("http://127.0.0.1/feed", 200), document(None)), 1, Reason::Interval);
}

#[test]
fn a_429_closes_the_gate_of_the_domain_that_gave_it() {
    let gate = |url: &str, status, outcome, patience: Option<i64>| {
        let patience = patience.map(|secs| Duration::from_secs(secs.unsigned_abs()));
        let head = Head { patience, ..head(url, status) };
        let gate = record(&feed(PUBLIC, Some(HOUR)), &head, failed(outcome)).gate?;
        Some((gate.host.to_string(), (gate.until - now()).num_seconds(), gate.is_sure))
    };
    let domain = |name: &str, secs, is_sure| Some((name.to_owned(), secs, is_sure));
    let limited = Outcome::Limited;
    assert_eq!(gate(PUBLIC, 429, limited, Some(3 * HOUR)), domain("example.org", 3 * HOUR, true));
    assert_eq!(gate(PUBLIC, 429, limited, None), domain("example.org", 2 * HOUR, true));
    assert_eq!(gate(PUBLIC, 403, limited, Some(60)), domain("example.org", 60, true));
    // The gate is that of the host which answered, at the end of the redirects.
    assert_eq!(gate("https://a.tumblr.com/", 429, limited, Some(60)), domain("tumblr.com", 60, true));
    // 503 is the feed's own, unless a second feed there gets it.
    assert_eq!(gate(PUBLIC, 503, limited, Some(60)), domain("example.org", 60, false));
    assert_eq!(gate(PUBLIC, 503, Outcome::HttpError, None), domain("example.org", 15 * MINUTE, false));
    // Where nobody else lives, and for other answers, only the feed waits.
    for url in ["http://127.0.0.1/", "http://10.0.0.1/", "https://8.8.8.8/", "http://localhost/"] {
        assert_eq!(gate(url, 429, limited, Some(60)), None, "{url}");
    }
    assert_eq!(gate(PUBLIC, 403, Outcome::Blocked, None), None);
    assert_eq!(gate(PUBLIC, 500, Outcome::HttpError, None), None);
}

#[test]
fn a_closed_gate_on_the_way_is_no_failure_and_keeps_the_distance_to_who_was_asked() {
    let feed = feed(PUBLIC, None);
    let held = |head: &Head, minutes| {
        let closed = Closed { host: "other.org".into(), until: now() + TimeDelta::minutes(minutes) };
        record(&feed, head, Ending { held: Some(closed), ..failed(Outcome::Held) })
    };
    let nobody = Head { status: None, ..head(PUBLIC, 200) };
    let early = held(&nobody, 5);
    check_wait(&early, 5 * MINUTE, Reason::Host);
    assert_eq!((early.consecutive_failures, early.last_attempt), (0, before(&feed).last_attempt));
    check_wait(&held(&head(PUBLIC, 302), 5), 15 * MINUTE, Reason::Host);
    check_wait(&held(&head(PUBLIC, 302), 50), 50 * MINUTE, Reason::Host);
}

#[test]
fn hints_bind_a_failing_feed_too_and_retry_after_binds_everybody() {
    let ignoring = Feed { ignore_cache_hints: true, ..feed(PUBLIC, Some(HOUR)) };
    let fresh = Freshness { source: FreshnessSource::MaxAge, wait: Duration::from_hours(10) };
    let said = Said { at_all: true, fresh: Some(fresh) };
    let good = Head { said, ..head(PUBLIC, 304) };
    let heeding = feed(PUBLIC, None);
    let first = record(&heeding, &good, not_modified());
    check_wait(&first, 10 * HOUR, Reason::MaxAge);
    let known = FeedState { memory: first.memory, ..before(&heeding) };
    let failing = conclude(
        &heeding,
        &Settings::default(),
        &market(),
        &known,
        &head(PUBLIC, 500),
        failed(Outcome::HttpError),
        now(),
    );
    check_wait(&failing, 10 * HOUR, Reason::MaxAge);
    check_wait(&record(&ignoring, &good, not_modified()), HOUR, Reason::Interval);
    let limited = Head { patience: Some(Duration::from_hours(10)), said, ..head(PUBLIC, 429) };
    check_wait(&record(&ignoring, &limited, failed(Outcome::Limited)), 10 * HOUR, Reason::RetryAfter);
}

#[test]
fn waits_start_when_the_request_went_out_and_servers_waits_when_the_answer_came() {
    let feed = feed("http://127.0.0.1/", Some(HOUR));
    let late = now() + TimeDelta::minutes(2);
    let head =
        Head { received: late, patience: Some(Duration::from_hours(2)), ..head("http://127.0.0.1/", 429) };
    let limited = conclude(
        &feed,
        &Settings::default(),
        &market(),
        &before(&feed),
        &head,
        failed(Outcome::Limited),
        late,
    );
    assert!(limited.next_poll >= Some(late + TimeDelta::hours(2)));
    assert_eq!(limited.last_attempt, Some(now()));
    let own = conclude(&feed, &Settings::default(), &market(), &before(&feed), &head, not_modified(), late);
    assert!(own.next_poll >= Some(now() + TimeDelta::hours(1)));
}

#[test]
fn a_feed_without_interval_is_asked_as_often_as_it_is_worth_and_says_so() {
    let chosen = feed("http://10.0.0.1/feed", None);
    let wait = |articles| {
        let known = FeedState { rhythm: Some(rhythm(articles)), ..before(&chosen) };
        let url = "http://10.0.0.1/feed";
        let plan = conclude(
            &chosen,
            &Settings::default(),
            &market(),
            &known,
            &head(url, 304),
            not_modified(),
            now(),
        );
        (plan.next_poll.expect("a next poll") - now(), plan.reason)
    };
    let (busy, some, few) = (wait(500), wait(25), wait(4));
    assert_eq!((busy.1, some.1, few.1), (Reason::Floor, Reason::Learned, Reason::Learned));
    assert!(busy.0 < some.0 && some.0 < few.0, "{busy:?} {some:?} {few:?}");
    assert!(few.0 <= TimeDelta::hours(3) + TimeDelta::seconds(30), "{few:?}");
}

#[test]
fn only_good_answers_teach_and_only_healthy_adaptive_feeds_take_part_in_the_price() {
    let chosen = feed(PUBLIC, None);
    let fixed = feed(PUBLIC, Some(HOUR));
    let learned = |feed: &Feed, status, ending| record(feed, &head(PUBLIC, status), ending).learned;
    let good = learned(&chosen, 304, not_modified());
    assert!(good.rhythm.is_some() && good.share > 0.0 && good.is_spent);
    let bad = learned(&chosen, 500, failed(Outcome::HttpError));
    assert_eq!((bad.rhythm, bad.share, bad.is_spent), (None, 0.0, true));
    let planned = learned(&fixed, 304, not_modified());
    assert!(planned.rhythm.is_some(), "it learns, so that removing the key works at once");
    assert_eq!((planned.share, planned.is_spent), (0.0, false));
    let gone = FeedState { last_outcome: Some(Outcome::Gone), share: 0.5, ..before(&chosen) };
    let gone = conclude(
        &chosen,
        &Settings::default(),
        &market(),
        &gone,
        &head(PUBLIC, 410),
        failed(Outcome::Gone),
        now(),
    );
    assert_eq!((gone.next_poll, gone.learned.share), (None, 0.0));
}

#[test]
fn the_stamps_of_new_articles_teach_and_topics_found_in_them_count() {
    let chosen = feed(PUBLIC, None);
    let stamp = now() - TimeDelta::minutes(40);
    let sight = Sight {
        window: Window { shown: 20, known: 18, oldest_new: Some(stamp) },
        news: vec![Some(stamp), None],
        ..Sight::default()
    };
    let learned =
        record(&chosen, &head(PUBLIC, 200), Ending { sight: Some(sight), ..document(None) }).learned;
    assert_eq!((learned.articles, learned.flagged), (2, 0));
    let rhythm = Rhythm::from_bytes(&learned.rhythm.expect("it teaches")).expect("readable");
    let unknown = Rhythm::default().rate(schedule::seconds(now()));
    assert!(rhythm.rate(schedule::seconds(now())) > unknown);
}
