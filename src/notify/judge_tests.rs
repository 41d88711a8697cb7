use super::*;
use crate::{
    model::{EventKind, NotifierState, OwnerId, Timestamp},
    notify::tests::receiver::Receiver,
    store::EventRecord,
};

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().expect("time")
}

/// Two notifiers that want to know everything.
async fn settings() -> Arc<Settings> {
    let receiver = Receiver::start(|_| crate::notify::tests::receiver::Reply::Status(200)).await;
    let named = |name| {
        let events = vec![EventKind::Alert, EventKind::NotifierFailing];
        crate::model::Notifier { events, ..receiver.notifier(name) }
    };
    Arc::new(Settings { notifiers: vec![named("desk"), named("ops")], ..Settings::default() })
}

/// What is decided of an attempt of `id` to the desk that ended so.
fn decide(settings: &Arc<Settings>, id: AlertId, verdict: Verdict, health: NotifierHealth) -> Decision {
    let delivery = ClaimedDelivery {
        alert: id,
        notifier: "desk".into(),
        owner: OwnerId::from("me"),
        epoch: 1,
        attempt: 1,
        age_from: now(),
        now: now(),
        body: Vec::new(),
        is_plain: true,
        refusals: 0,
        is_probe: health.state != NotifierState::Active,
        notifier_epoch: 1,
    };
    let sent = Sent::without_answer(verdict, "HTTP 404 Not Found");
    let judge = Judge::new(Arc::clone(settings), &delivery, sent, Duration::ZERO);
    judge.decide(&Standing { health, now: now(), is_current: true })
}

fn alert() -> AlertId {
    AlertId::for_test("one")
}

fn told(event: Option<&EventRecord>) -> Vec<&str> {
    event.iter().flat_map(|event| &event.deliveries).map(|one| one.notifier.as_str()).collect()
}

#[tokio::test]
async fn a_state_that_needs_a_person_is_told_once_to_the_others() {
    let settings = settings().await;
    let first = decide(&settings, alert(), Verdict::NotifierRefused, NotifierHealth::default());
    assert_eq!(told(first.event.as_ref()), ["ops"]);
    let health = first.health.expect("health");
    assert!(health.is_told && health.is_reported);
    let again = decide(&settings, alert(), Verdict::NotifierRefused, health.clone());
    assert_eq!((again.event, again.health.map(|health| health.is_reported)), (None, Some(true)));
    let gone = decide(&settings, alert(), Verdict::Gone, health);
    assert_eq!(told(gone.event.as_ref()), ["ops"], "another state is news");
}

#[tokio::test]
async fn an_event_that_fails_causes_no_other_and_the_next_alert_tells() {
    let settings = settings().await;
    let event = AlertId::for_event(EventKind::FeedFailing, "feed", now());
    let first = decide(&settings, event, Verdict::NotifierRefused, NotifierHealth::default());
    let health = first.health.expect("health");
    assert_eq!((first.event, health.is_told, health.is_reported), (None, true, false), "the log hears of it");
    let next = decide(&settings, alert(), Verdict::NotifierRefused, health);
    assert_eq!(told(next.event.as_ref()), ["ops"]);
}

#[tokio::test]
async fn what_is_given_up_is_told_once_an_hour() {
    let settings = settings().await;
    let refused = |told_dead: Option<Timestamp>| {
        let health = NotifierHealth { told_dead, ..NotifierHealth::default() };
        decide(&settings, alert(), Verdict::PayloadRefused, health)
    };
    assert_eq!(told(refused(None).event.as_ref()), ["ops"]);
    let minutes = |n| Some(now() - chrono::TimeDelta::minutes(n));
    assert_eq!(refused(minutes(59)).event, None);
    assert_eq!(told(refused(minutes(60)).event.as_ref()), ["ops"]);
}

#[tokio::test]
async fn an_open_breaker_is_told_after_ten_minutes() {
    let settings = settings().await;
    let since = |minutes| NotifierHealth {
        until: Some(now()),
        ..NotifierHealth::new(NotifierState::Open, Some(now() - chrono::TimeDelta::minutes(minutes)))
    };
    assert_eq!(decide(&settings, alert(), Verdict::Transient, since(9)).event, None);
    assert_eq!(told(decide(&settings, alert(), Verdict::Transient, since(10)).event.as_ref()), ["ops"]);
}
