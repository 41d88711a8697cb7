//! What people and pages look at.

use feedwatch::{
    model::{AlertId, DeliveryState, FeedId, NotifierHealth, NotifierName, NotifierState, TopicName},
    store::{AlertQuery, AttemptResult, DeliveryRecord, DocumentRecord, Queue, Store},
};

use super::rig::*;

pub async fn queues_tell_what_waits_and_why(rig: Rig<impl Engine>) {
    assert!(rig.store.queues().await.unwrap().is_empty());
    let alerts = ["a", "b", "c", "d"].map(|name| rig.alert(name, &["S-400"], name.as_bytes()));
    rig.with_alerts(alerts.to_vec()).await;
    let made = rig.now();
    let claims = rig.deliveries("desk").await;
    rig.clock.pass(10 * SECOND);
    rig.finish(&claims[0], AttemptResult::Delivered).await.unwrap();
    rig.finish(&claims[1], dead()).await.unwrap();
    rig.clock.pass(SECOND);
    rig.finish(&claims[2], retry(MINUTE)).await.unwrap();
    rig.clock.pass(SECOND);
    let expected = Queue {
        notifier: NotifierName::from("desk"),
        health: NotifierHealth::new(NotifierState::Active, Some(made)),
        pending: 2,
        dead: 1,
        held_back: 0,
        oldest_pending_seconds: Some(12),
        next_attempt: Some(made + 71 * SECOND),
        reason: Some("receiver answered 503".to_owned()),
        last_delivered: Some(made + 10 * SECOND),
    };
    assert_eq!(rig.queue("desk").await, expected);

    rig.finish(&claims[3], AttemptResult::Delivered).await.unwrap();
    rig.clock.pass(MINUTE);
    rig.finish(&rig.delivery().await, AttemptResult::Delivered).await.unwrap();
    let queue = rig.queue("desk").await;
    assert_eq!((queue.pending, queue.oldest_pending_seconds, queue.next_attempt), (0, None, None));
    assert_eq!(queue.reason.as_deref(), Some("receiver refused it"), "what the dead one was told");

    let without_notifiers = async || {
        rig.store.sync_config(vec![entry("feed", "host")], Vec::new()).await.unwrap();
        rig.store.queues().await.unwrap().len()
    };
    assert_eq!(without_notifiers().await, 1, "one that left is shown as long as something is owed to it");
    rig.clock.pass(31 * DAY);
    rig.prune().await;
    assert_eq!(without_notifiers().await, 0);
}

pub async fn alerts_are_found_by_age_topic_and_id(rig: Rig<impl Engine>) {
    rig.with_alerts(vec![rig.alert("old", &["S-400", "F-35"], b"{}")]).await;
    rig.clock.pass(2 * HOUR);
    let alerts = vec![rig.alert("new", &["F-35"], b"{}"), rig.alert("newest", &["S"], b"{}")];
    rig.poll(DocumentRecord { alerts, ..document(&[]) }).await;

    let find = async |query: AlertQuery| {
        let found = rig.store.alerts(&query).await.unwrap();
        found.iter().map(|alert| alert.id.clone()).collect::<Vec<_>>()
    };
    let [old, new, newest] = [("old", &["S-400", "F-35"][..]), ("new", &["F-35"]), ("newest", &["S"])]
        .map(|(name, topics)| rig.silent_alert(name, topics).id);
    let topic = |name: &str| Some(TopicName::from(name));
    assert_eq!(find(all_alerts()).await, [newest.clone(), new.clone(), old.clone()]);
    assert_eq!(find(AlertQuery { limit: 1, ..all_alerts() }).await, vec![newest.clone()]);
    assert_eq!(find(AlertQuery { within: Some(HOUR), ..all_alerts() }).await, [newest.clone(), new.clone()]);
    assert_eq!(find(AlertQuery { topic: topic("F-35"), ..all_alerts() }).await, [new, old.clone()]);
    assert_eq!(find(AlertQuery { topic: topic("S"), ..all_alerts() }).await, [newest], "whole names only");
    assert_eq!(find(AlertQuery { id: Some(old.clone()), ..all_alerts() }).await, vec![old.clone()]);
    let feed = |id: &str| Some(FeedId::from(id));
    assert_eq!(find(AlertQuery { feed: feed("feed"), ..all_alerts() }).await.len(), 3);
    assert!(find(AlertQuery { feed: feed("other"), ..all_alerts() }).await.is_empty());
    let both = AlertQuery { id: Some(old), within: Some(HOUR), ..all_alerts() };
    assert!(find(both).await.is_empty());
    assert!(find(AlertQuery { id: Some(AlertId::from("alert_none")), ..all_alerts() }).await.is_empty());
}

pub async fn an_alert_shows_its_deliveries_and_attempts(rig: Rig<impl Engine>) {
    let mut alert = rig.alert("x", &["S-400"], b"{}");
    alert.deliveries.insert(0, DeliveryRecord::new(NotifierName::from("log"), b"{}".to_vec()));
    rig.with_alerts(vec![alert.clone(), rig.silent_alert("y", &["S-400"])]).await;
    let claim = rig.delivery().await;
    rig.finish(&claim, retry(MINUTE)).await.unwrap();
    let shown = rig.alerts().await;
    assert!(shown[0].deliveries.is_empty(), "nobody wanted it: {:?}", shown[0]);
    assert_eq!((&shown[1].id, shown[1].created), (&alert.id, rig.now()));
    assert_eq!(shown[1].feed.as_str(), "feed");
    let names: Vec<_> = shown[1].deliveries.iter().map(|delivery| delivery.notifier.as_str()).collect();
    assert_eq!(names, ["desk", "log"]);
    let desk = &shown[1].deliveries[0];
    assert_eq!((desk.state, desk.attempts), (DeliveryState::Pending, 1));
    assert_eq!(desk.next_attempt, Some(rig.now() + MINUTE));
    assert_eq!((desk.history[0].status, desk.history[0].answer.as_str()), (Some(503), "HTTP 503"));
}
