//! Operational events: recorded with what caused them, told once, and never in a storm.

use feedwatch::{
    model::{AlertId, EventKind, NotifierName},
    store::{
        AlertQuery, AttemptResult, Decision, DeliveryRecord, EventRecord, Place, PollRecord, RedeliverQuery,
        Store, TOLD_ALONE,
    },
};

use super::rig::*;

/// Three alerts for the desk: `x`, `y` and `z`.
async fn three_alerts(rig: &Rig<impl Engine>) {
    let alerts = ["x", "y", "z"].map(|name| rig.alert(name, &["S-400"], name.as_bytes()));
    rig.with_alerts(alerts.to_vec()).await;
}

/// An event about the desk, for the log.
fn event(rig: &Rig<impl Engine>) -> EventRecord {
    let id = AlertId::for_event(EventKind::NotifierFailing, "desk", rig.now());
    EventRecord {
        data: format!(r#"{{"id":"{id}"}}"#),
        id,
        kind: EventKind::NotifierFailing,
        subject: "desk".to_owned(),
        created: rig.now(),
        deliveries: vec![DeliveryRecord::new(NotifierName::from("log"), b"desk fails".to_vec())],
        place: Place::Alone,
        together: None,
    }
}

pub async fn an_event_is_recorded_with_the_attempt_once_and_delivered_like_an_alert(rig: Rig<impl Engine>) {
    three_alerts(&rig).await;
    let event = event(&rig);
    for claim in rig.deliveries("desk").await {
        let decision = Decision { event: Some(event.clone()), ..Decision::only(retry(HOUR)) };
        rig.decide(&claim, decision).await.unwrap();
    }
    let rig = rig.crash().await;
    let mut told = rig.deliveries("log").await;
    assert_eq!(told.len(), 1, "one episode, one event");
    let told = told.remove(0);
    assert_eq!((&told.alert, told.body.as_slice()), (&event.id, b"desk fails".as_slice()));
    assert!(told.alert.is_event());
    rig.finish(&told, dead()).await.unwrap();
    assert_eq!(rig.queue("log").await.dead, 1);
    assert_eq!(rig.alerts().await.len(), 3, "it is not among the alerts");
    let by_id = AlertQuery { id: Some(event.id.clone()), ..all_alerts() };
    assert!(rig.store.alerts(&by_id).await.unwrap().is_empty());
    let again = RedeliverQuery { alert: Some(event.id.clone()), notifier: None };
    assert_eq!(rig.store.redeliver(again).await.unwrap(), Some(1));
    rig.finish(&rig.deliveries("log").await[0], AttemptResult::Delivered).await.unwrap();
    rig.clock.pass(8 * DAY);
    rig.prune().await;
    let again = RedeliverQuery { alert: Some(event.id), notifier: None };
    assert_eq!(rig.store.redeliver(again).await.unwrap(), None, "it went with the rest");
}

/// What the log is told, in order. It takes everything.
async fn told(rig: &Rig<impl Engine>) -> Vec<String> {
    let mut told = Vec::new();
    for claim in rig.deliveries("log").await {
        told.push(String::from_utf8(claim.body.clone()).unwrap());
        rig.finish(&claim, AttemptResult::Delivered).await.unwrap();
    }
    told
}

/// An event of a feed; `together` with others it has another text.
fn of_feed(rig: &Rig<impl Engine>, kind: EventKind, feed: &str, place: Place) -> EventRecord {
    let record = |subject: &str, body: String| EventRecord {
        id: AlertId::for_event(kind, subject, START),
        data: "{}".to_owned(),
        kind,
        subject: subject.to_owned(),
        created: rig.now(),
        deliveries: vec![DeliveryRecord::new(NotifierName::from("log"), body.into_bytes())],
        place,
        together: None,
    };
    let together = record("", format!("many {}", kind.as_str()));
    EventRecord { together: Some(Box::new(together)), ..record(feed, format!("{feed} {}", kind.as_str())) }
}

const START: feedwatch::model::Timestamp = feedwatch::model::Timestamp::UNIX_EPOCH;

/// Polls every due feed once more; each fails, or is well again. The next polls are a minute later.
async fn poll_all(rig: &Rig<impl Engine>, is_well: bool) {
    for host in rig.claim().await {
        let id = host.feeds[0].state.id.clone();
        let (kind, place) = if is_well {
            (EventKind::FeedRecovered, Place::Ends)
        } else {
            (EventKind::FeedFailing, Place::Begins)
        };
        let poll = if is_well { rig.empty_poll(&id) } else { rig.failure(&id, 3) };
        let events = vec![of_feed(rig, kind, id.as_str(), place)];
        rig.record(&host.lease, PollRecord { events, next_poll: Some(rig.now() + MINUTE), ..poll }).await;
        rig.release(&host.lease).await;
    }
    rig.clock.pass(MINUTE);
}

/// So many feeds, each on a host of its own.
async fn feeds(rig: &Rig<impl Engine>, count: usize) {
    let feeds: Vec<_> = (0..count).map(|n| entry(&format!("feed{n}"), &format!("host{n}"))).collect();
    rig.configure(&feeds).await;
}

pub async fn an_episode_is_told_at_its_beginning_and_at_its_end(rig: Rig<impl Engine>) {
    feeds(&rig, 1).await;
    poll_all(&rig, true).await;
    assert!(told(&rig).await.is_empty(), "nothing had begun");
    poll_all(&rig, false).await;
    poll_all(&rig, false).await;
    assert_eq!(told(&rig).await, ["feed0 feed.failing"], "once");
    rig.clock.pass(10 * DAY);
    rig.prune().await;
    poll_all(&rig, false).await;
    assert!(told(&rig).await.is_empty(), "not again though its row has gone");
    poll_all(&rig, true).await;
    poll_all(&rig, true).await;
    assert_eq!(told(&rig).await, ["feed0 feed.recovered"]);
    let events = rig.store.events(DAY, 9).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| (event.kind, event.deliveries.len())).collect();
    assert_eq!(kinds, [(EventKind::FeedRecovered, 1)]);
}

pub async fn many_at_once_are_told_together_and_their_ends_too(rig: Rig<impl Engine>) {
    const FEEDS: usize = 50;
    feeds(&rig, FEEDS).await;
    poll_all(&rig, false).await;
    let mut begun = told(&rig).await;
    assert_eq!(begun.pop().as_deref(), Some("many feed.failing"));
    assert_eq!(begun.len(), TOLD_ALONE);
    poll_all(&rig, false).await;
    assert!(told(&rig).await.is_empty());
    let rig = rig.crash().await;
    poll_all(&rig, true).await;
    let ended = told(&rig).await;
    assert_eq!(ended.len(), TOLD_ALONE + 1, "{ended:?}");
    for feed in begun.iter().filter_map(|line| line.split(' ').next()) {
        assert!(ended.contains(&format!("{feed} feed.recovered")), "{feed} was told alone: {ended:?}");
    }
    assert!(ended.contains(&"many feed.recovered".to_owned()));
    let all = rig.store.events(DAY, 1000).await.unwrap();
    assert_eq!(all.len(), 2 * (FEEDS + 1), "what is told together is on record one by one");
}

pub async fn one_that_comes_and_goes_does_not_silence_the_others(rig: Rig<impl Engine>) {
    three_alerts(&rig).await;
    // The n-th trouble of a notifier, noticed with an attempt.
    let fails = async |subject: &str, n: u64| {
        let about = of_feed(&rig, EventKind::NotifierFailing, subject, Place::Alone);
        let id = AlertId::for_event(EventKind::NotifierFailing, &format!("{subject}{n}"), START);
        let event = Some(EventRecord { id, ..about });
        let held = rig.deliveries("desk").await.remove(0);
        rig.decide(&held, Decision { event, ..Decision::only(retry(SECOND)) }).await.unwrap();
        rig.clock.pass(MINUTE);
    };
    for n in 0..20 {
        fails("restless", n).await;
    }
    fails("another", 0).await;
    let told = told(&rig).await;
    assert_eq!(told.len(), TOLD_ALONE + 1, "{told:?}");
    assert_eq!(told.last().map(String::as_str), Some("another notifier.failing"));
    rig.clock.pass(HOUR);
    fails("restless", 20).await;
    assert_eq!(
        self::told(&rig).await,
        ["restless notifier.failing"],
        "and in the next hour it is told again"
    );
}

pub async fn a_feed_that_left_does_not_keep_an_end_from_being_told(rig: Rig<impl Engine>) {
    feeds(&rig, TOLD_ALONE + 2).await;
    poll_all(&rig, false).await;
    let begun = told(&rig).await;
    let is_alone = |n: &usize| begun.contains(&format!("feed{n} feed.failing"));
    let together: Vec<usize> = (0..TOLD_ALONE + 2).filter(|n| !is_alone(n)).collect();
    let [stays, leaves] = together[..] else { panic!("two were told together: {begun:?}") };
    let kept = (0..TOLD_ALONE + 2).filter(|n| *n != leaves);
    let kept: Vec<_> = kept.map(|n| entry(&format!("feed{n}"), &format!("host{n}"))).collect();
    rig.configure(&kept).await;
    poll_all(&rig, true).await;
    let ended = told(&rig).await;
    assert!(ended.contains(&"many feed.recovered".to_owned()), "feed{stays} was the last: {ended:?}");
}
