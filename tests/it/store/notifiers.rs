//! How notifiers are doing.

use feedwatch::{
    model::{DeliveryState, NotifierHealth, NotifierName, NotifierState},
    store::{AttemptResult, Decision, NotifierEntry, RedeliverQuery, Report, Standing, Store},
};

use super::rig::*;

/// Three alerts for the desk: `x`, `y` and `z`.
async fn three_alerts(rig: &Rig<impl Engine>) {
    let alerts = ["x", "y", "z"].map(|name| rig.alert(name, &["S-400"], name.as_bytes()));
    rig.with_alerts(alerts.to_vec()).await;
}

/// In a state from now on, and nothing is sent for so long.
fn health(rig: &Rig<impl Engine>, state: NotifierState, wait: std::time::Duration) -> NotifierHealth {
    NotifierHealth {
        until: Some(rig.now() + wait),
        reason: Some("it said no".to_owned()),
        failures: 5,
        ..NotifierHealth::new(state, Some(rig.now()))
    }
}

/// What a claim gives, and in how long the next one may give something.
async fn claim(rig: &Rig<impl Engine>) -> (Vec<String>, Option<std::time::Duration>) {
    let desk = NotifierName::from("desk");
    let claimed = rig.store.claim_deliveries(&desk, &rig.me, 9, MINUTE).await.unwrap();
    let bodies = claimed.deliveries.iter().map(|claim| String::from_utf8_lossy(&claim.body).into_owned());
    (bodies.collect(), claimed.next_due)
}

fn one(body: &str) -> Vec<String> {
    vec![body.to_owned()]
}

pub async fn in_trouble_one_probe_at_a_time_is_handed_out(rig: Rig<impl Engine>) {
    three_alerts(&rig).await;
    let opened = health(&rig, NotifierState::Open, 10 * SECOND);
    let claims = rig.deliveries("desk").await;
    rig.finish(&claims[2], retry(SECOND)).await.unwrap();
    rig.finish(&claims[1], retry(HOUR)).await.unwrap();
    let decision = Decision { health: Some(opened.clone()), ..Decision::only(retry(SECOND)) };
    let finished = rig.decide(&claims[0], decision.clone()).await.unwrap();
    assert_eq!((finished.before.health.state, finished.decision), (NotifierState::Active, decision));
    assert_eq!(rig.queue("desk").await.health, opened);
    assert_eq!(claim(&rig).await, (vec![], Some(10 * SECOND)));

    let rig = rig.crash().await;
    assert_eq!(rig.queue("desk").await.health.until, Some(rig.now()), "after a start a probe is due");
    let desk = NotifierName::from("desk");
    let claimed = rig.store.claim_deliveries(&desk, &rig.me, 9, MINUTE).await.unwrap();
    let [probe] = &claimed.deliveries[..] else { panic!("one probe, due or not: {claimed:?}") };
    assert!(probe.is_probe && probe.body == b"x" && claimed.health.state == NotifierState::Open);
    assert_eq!(claim(&rig).await, (vec![], Some(MINUTE)), "until it ended, or its lease");

    let failed = Decision {
        health: Some(health(&rig, NotifierState::Open, 20 * SECOND)),
        ..Decision::only(retry(SECOND))
    };
    rig.decide(probe, failed).await.unwrap();
    rig.clock.pass(20 * SECOND);
    assert_eq!(claim(&rig).await.0, one("y"), "the fewest attempts, then the oldest");
    rig.clock.pass(MINUTE);
    assert_eq!(claim(&rig).await.0, one("y"), "its lease is over, the attempt was never recorded");
}

pub async fn a_probe_that_succeeds_calls_everything_back(rig: Rig<impl Engine>) {
    three_alerts(&rig).await;
    rig.fail_into("desk", health(&rig, NotifierState::Held, 15 * MINUTE)).await;
    rig.clock.pass(15 * MINUTE);
    let probe = rig.delivery().await;
    let well = NotifierHealth::new(NotifierState::Active, Some(rig.now()));
    let decision =
        Decision { health: Some(well.clone()), calls_back: true, ..Decision::only(AttemptResult::Delivered) };
    rig.decide(&probe, decision).await.unwrap();
    assert_eq!(rig.queue("desk").await.health, well);
    assert_eq!(rig.deliveries("desk").await.len(), 2);
}

pub async fn a_pause_ends_by_itself_and_outlives_a_restart(rig: Rig<impl Engine>) {
    three_alerts(&rig).await;
    rig.fail_into("desk", health(&rig, NotifierState::Paused, HOUR)).await;
    let rig = rig.crash().await;
    assert_eq!(claim(&rig).await, (vec![], Some(HOUR)));
    assert_eq!(rig.queue("desk").await.next_attempt, Some(rig.now() + HOUR));
    rig.clock.pass(HOUR);
    assert_eq!(rig.deliveries("desk").await.len(), 3);
    let after = rig.queue("desk").await.health;
    assert_eq!((after.state, after.failures, after.reason), (NotifierState::Active, 5, None));
}

pub async fn who_is_gone_gets_nothing_until_somebody_redelivers(rig: Rig<impl Engine>) {
    three_alerts(&rig).await;
    let gone = NotifierHealth { until: None, ..health(&rig, NotifierState::Gone, HOUR) };
    rig.fail_into("desk", gone).await;
    rig.clock.pass(DAY);
    let rig = rig.restart().await;
    assert_eq!(claim(&rig).await, (vec![], None));
    assert_eq!(rig.queue("desk").await.next_attempt, None);
    let id = rig.alerts().await[0].id.clone();
    let again = RedeliverQuery { alert: Some(id), notifier: None };
    assert_eq!(rig.store.redeliver(again).await.unwrap(), Some(1));
    let probe = rig.delivery().await;
    assert!(probe.is_probe);
    let failed = Decision { health: Some(rig.queue("desk").await.health), ..Decision::only(retry(SECOND)) };
    rig.decide(&probe, failed).await.unwrap();
    rig.clock.pass(DAY);
    assert_eq!(claim(&rig).await, (vec![], None), "one probe was allowed");
}

pub async fn who_is_seen_to_work_is_active(rig: Rig<impl Engine>) {
    three_alerts(&rig).await;
    rig.fail_into("desk", health(&rig, NotifierState::Held, HOUR)).await;
    rig.store.reactivate(&NotifierName::from("nobody")).await.unwrap();
    rig.store.reactivate(&NotifierName::from("desk")).await.unwrap();
    assert_eq!(rig.deliveries("desk").await.len(), 1, "the one that waited");
    assert_eq!(rig.queue("desk").await.health.state, NotifierState::Active);
}

pub async fn another_target_ends_trouble_and_refuses_what_the_old_one_said(rig: Rig<impl Engine>) {
    three_alerts(&rig).await;
    let claims = rig.deliveries("desk").await;
    let held = Some(health(&rig, NotifierState::Held, HOUR));
    rig.decide(&claims[0], Decision { health: held.clone(), ..Decision::only(retry(HOUR)) }).await.unwrap();
    rig.configure(&[entry("feed", "host")]).await;
    assert_eq!(rig.queue("desk").await.health.state, NotifierState::Held, "the same configuration");
    let moved = NotifierEntry { target: "elsewhere".to_owned(), ..notifier("desk") };
    rig.notify(&[entry("feed", "host")], std::slice::from_ref(&moved)).await;
    assert_eq!(rig.queue("desk").await.health.state, NotifierState::Active);
    let decision = Decision { health: held, ..Decision::only(retry(SECOND)) };
    let finished = rig.decide(&claims[1], decision).await.unwrap();
    assert!(!finished.before.is_current);
    assert_eq!(rig.queue("desk").await.health.state, NotifierState::Active);
    assert_eq!(rig.deliveries("desk").await.len(), 2, "what waited is due, whatever it waited for");

    let off = NotifierEntry { enabled: false, ..moved.clone() };
    rig.notify(&[entry("feed", "host")], &[off]).await;
    assert_eq!(rig.queue("desk").await.health.state, NotifierState::Disabled);
    rig.clock.pass(HOUR);
    assert_eq!(claim(&rig).await, (vec![], None));
    assert_eq!(rig.queue("desk").await.pending, 3, "nothing is given up");
    rig.notify(&[entry("feed", "host")], &[moved]).await;
    assert_eq!(rig.deliveries("desk").await.len(), 3);
}

pub async fn what_nobody_will_try_any_more_is_given_up_in_time(rig: Rig<impl Engine>) {
    three_alerts(&rig).await;
    let desk = NotifierName::from("desk");
    let give_up = async |limit| {
        let report = |standing: &Standing, given_up| Report {
            health: Some(NotifierHealth {
                told_dead: Some(standing.now),
                reason: Some(format!("{given_up} given up")),
                ..standing.health.clone()
            }),
            event: None,
        };
        rig.store.give_up_overdue(&desk, HOUR, "too old", limit, report).await.unwrap()
    };
    rig.clock.pass(HOUR);
    assert_eq!(give_up(9).await, 0, "an active one still tries");
    rig.fail_into("desk", health(&rig, NotifierState::Held, HOUR)).await;
    assert_eq!((give_up(1).await, give_up(9).await, give_up(9).await), (1, 0, 0), "two are under way");
    let shown = rig.alerts().await;
    let dead = shown.iter().flat_map(|alert| &alert.deliveries).find(|one| one.state == DeliveryState::Dead);
    assert_eq!(dead.and_then(|one| one.reason.as_deref()), Some("too old"));
    let health = rig.queue("desk").await.health;
    assert_eq!((health.reason.as_deref(), health.told_dead), (Some("1 given up"), Some(rig.now())));
}
