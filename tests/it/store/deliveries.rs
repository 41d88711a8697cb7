//! The queue of deliveries.

use feedwatch::{
    model::{Attempt, DeliveryState, NotifierName},
    store::{AlertRecord, AttemptResult, Decision, DeliveryRecord, NotifierEntry, RedeliverQuery, Store},
};

use super::rig::*;

pub async fn deliveries_come_oldest_first_with_their_exact_bytes(rig: Rig<impl Engine>) {
    let bodies: [&[u8]; 3] = [b"{\"z\":1, \"a\":2}", b"\xff\0\xfe", b""];
    let alerts = bodies.iter().zip(["x", "y", "z"]).map(|(body, name)| rig.alert(name, &["S-400"], body));
    rig.with_alerts(alerts.collect()).await;
    let desk = NotifierName::from("desk");
    let claimed = rig.store.claim_deliveries(&desk, &rig.me, 2, MINUTE).await.unwrap();
    assert_eq!(claimed.deliveries.iter().map(|d| d.body.as_slice()).collect::<Vec<_>>(), bodies[..2]);
    assert_eq!(claimed.next_due, Some(std::time::Duration::ZERO), "one more is due now");
    assert_eq!(rig.delivery().await.body, bodies[2]);
    let rest = rig.store.claim_deliveries(&desk, &rig.me, 2, MINUTE).await.unwrap();
    assert!(rest.deliveries.is_empty() && rest.next_due.is_none());
}

pub async fn each_notifier_has_its_own_queue(rig: Rig<impl Engine>) {
    let mut alert = rig.alert("x", &["S-400"], b"desk");
    alert.deliveries.push(DeliveryRecord::new(NotifierName::from("log"), b"log".to_vec()));
    rig.with_alerts(vec![alert]).await;
    assert!(rig.deliveries("nobody").await.is_empty());
    let claim = rig.delivery().await;
    rig.finish(&claim, AttemptResult::Delivered).await.unwrap();
    assert_eq!(rig.deliveries("log").await[0].body, b"log");
}

pub async fn a_delivered_one_is_done(rig: Rig<impl Engine>) {
    let recorded = rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    let claim = rig.delivery().await;
    rig.finish(&claim, AttemptResult::Delivered).await.unwrap();
    assert_lost(rig.finish(&claim, AttemptResult::Delivered).await);
    rig.clock.pass(DAY);
    let rig = rig.crash().await;
    assert!(rig.deliveries("desk").await.is_empty());
    let shown = &rig.alerts().await[0].deliveries[0];
    assert_eq!((shown.state, shown.attempts, &shown.reason), (DeliveryState::Delivered, 1, &None));
    let again = RedeliverQuery { alert: Some(recorded.new_alerts[0].clone()), notifier: None };
    assert_eq!(rig.store.redeliver(again).await.unwrap(), Some(0), "what is delivered stays delivered");
}

pub async fn a_failed_one_waits_and_counts(rig: Rig<impl Engine>) {
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    let made = rig.now();
    let first = rig.delivery().await;
    rig.finish(&first, retry(30 * SECOND)).await.unwrap();
    let desk = NotifierName::from("desk");
    let early = rig.store.claim_deliveries(&desk, &rig.me, 9, MINUTE).await.unwrap();
    assert_eq!((early.deliveries.len(), early.next_due), (0, Some(30 * SECOND)));
    let rig = rig.restart().await;
    rig.clock.pass(30 * SECOND);
    let second = rig.delivery().await;
    assert_eq!((second.attempt, second.epoch, second.age_from), (2, first.epoch + 1, made));
    assert_eq!(second.body, first.body);
}

pub async fn a_dead_one_is_visible_and_can_be_redelivered(rig: Rig<impl Engine>) {
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    let first = rig.delivery().await;
    rig.finish(&first, dead()).await.unwrap();
    rig.clock.pass(HOUR);
    assert!(rig.deliveries("desk").await.is_empty());
    let shown = &rig.alerts().await[0].deliveries[0];
    assert_eq!((shown.state, shown.reason.as_deref()), (DeliveryState::Dead, Some("receiver refused it")));

    let everything = RedeliverQuery { alert: None, notifier: None };
    assert_eq!(rig.store.redeliver(everything.clone()).await.unwrap(), Some(1));
    assert_eq!(
        rig.store.redeliver(everything).await.unwrap(),
        Some(0),
        "without an alert, waiting ones are left alone"
    );
    let again = rig.delivery().await;
    assert_eq!((&again.alert, &again.body), (&first.alert, &first.body));
    assert_eq!((again.attempt, again.age_from), (1, rig.now()), "attempts from 0, age from now");
    assert_eq!(rig.alerts().await[0].deliveries[0].history.len(), 1, "the evidence stays");
}

pub async fn redeliver_can_be_narrowed(rig: Rig<impl Engine>) {
    let mut alerts = vec![rig.alert("x", &["S-400"], b"x"), rig.alert("y", &["S-400"], b"y")];
    for alert in &mut alerts {
        alert.deliveries.push(DeliveryRecord::new(NotifierName::from("log"), b"log".to_vec()));
    }
    let ids = rig.with_alerts(alerts).await.new_alerts;
    for claim in rig.deliveries("desk").await.iter().chain(&rig.deliveries("log").await) {
        rig.finish(claim, dead()).await.unwrap();
    }
    let redeliver = async |alert: Option<usize>, notifier: Option<&str>| {
        let notifier = notifier.map(NotifierName::from);
        let query = RedeliverQuery { alert: alert.map(|n| ids[n].clone()), notifier };
        rig.store.redeliver(query).await.unwrap().expect("the alert is there")
    };
    assert_eq!(redeliver(Some(0), Some("desk")).await, 1);
    assert_eq!(redeliver(Some(0), Some("no such notifier")).await, 0);
    assert_eq!(rig.delivery().await.body, b"x");
    assert_eq!(redeliver(Some(0), None).await, 1, "the one under way stays as it is");
    assert_eq!(redeliver(None, Some("desk")).await, 1);
    assert_eq!(rig.delivery().await.body, b"y");
    let waiting = rig.deliveries("log").await;
    rig.finish(&waiting[0], retry(HOUR)).await.unwrap();
    assert_eq!(redeliver(Some(0), Some("log")).await, 1, "one that waits is due now");
    assert_eq!(rig.deliveries("log").await.len(), 1);
}

pub async fn waiting_ones_are_called_back_and_keep_their_attempts_and_age(rig: Rig<impl Engine>) {
    let alerts = ["x", "y", "z"].map(|name| rig.alert(name, &["S-400"], name.as_bytes()));
    rig.with_alerts(alerts.to_vec()).await;
    let claimed = rig.deliveries("desk").await;
    for claim in &claimed[..2] {
        rig.finish(claim, retry(3 * HOUR)).await.unwrap();
    }
    rig.clock.pass(MINUTE.saturating_sub(SECOND));
    assert!(rig.deliveries("desk").await.is_empty());
    let decision = Decision { calls_back: true, ..Decision::only(AttemptResult::Delivered) };
    rig.decide(&claimed[2], decision).await.unwrap();
    let rig = rig.crash().await;
    let due = rig.deliveries("desk").await;
    assert_eq!(due.len(), 2, "also after a crash");
    assert!(due.iter().all(|claim| claim.attempt == 2 && claim.age_from < rig.now()));
    for claim in &due {
        rig.finish(claim, retry(HOUR)).await.unwrap();
    }
    assert!(rig.deliveries("desk").await.is_empty(), "once");
}

pub async fn an_attempt_that_does_not_count_leaves_the_number_as_it_was(rig: Rig<impl Engine>) {
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    let postponed = AttemptResult::Postponed { after: MINUTE, reason: "it asked".to_owned() };
    rig.finish(&rig.delivery().await, postponed).await.unwrap();
    rig.clock.pass(MINUTE);
    assert_eq!(rig.delivery().await.attempt, 1);
    assert_eq!(rig.alerts().await[0].deliveries[0].history.len(), 1, "the evidence is kept");
}

pub async fn after_a_refusal_the_plain_form_is_sent_if_there_is_one(rig: Rig<impl Engine>) {
    let mut alerts = vec![rig.alert("x", &["S-400"], b"cards"), rig.alert("y", &["S-400"], b"only")];
    alerts[0].deliveries[0].plain = Some(b"plain".to_vec());
    let ids = rig.with_alerts(alerts).await.new_alerts;
    let claims = rig.deliveries("desk").await;
    assert!(claims.iter().all(|claim| !claim.is_plain && claim.refusals == 0));
    for claim in &claims {
        let refused = AttemptResult::Refused { after: SECOND, reason: "HTTP 400".to_owned() };
        rig.finish(claim, refused).await.unwrap();
    }
    let rig = rig.crash().await;
    rig.clock.pass(SECOND);
    let claims = rig.deliveries("desk").await;
    let shown: Vec<_> =
        claims.iter().map(|claim| (claim.body.as_slice(), claim.is_plain, claim.refusals)).collect();
    assert_eq!(shown, [(b"plain".as_slice(), true, 1), (b"only".as_slice(), false, 1)]);
    rig.finish(&claims[0], dead()).await.unwrap();
    let again = RedeliverQuery { alert: Some(ids[0].clone()), notifier: None };
    assert_eq!(rig.store.redeliver(again).await.unwrap(), Some(1));
    let claim = rig.delivery().await;
    assert_eq!((claim.body.as_slice(), claim.refusals), (b"cards".as_slice(), 0), "from the start");
}

pub async fn what_is_held_back_waits_for_a_person(rig: Rig<impl Engine>) {
    let flood = Some("a flood".to_owned());
    rig.with_alerts(vec![AlertRecord { held_back: flood, ..rig.alert("x", &["S-400"], b"{}") }]).await;
    assert!(rig.deliveries("desk").await.is_empty());
    let shown = &rig.alerts().await[0].deliveries[0];
    assert_eq!((shown.state, shown.reason.as_deref()), (DeliveryState::HeldBack, Some("a flood")));
    assert_eq!(rig.queue("desk").await.held_back, 1);
    let everything = RedeliverQuery { alert: None, notifier: None };
    assert_eq!(rig.store.redeliver(everything).await.unwrap(), Some(1));
    assert_eq!(rig.delivery().await.body, b"{}");
}

pub async fn redeliver_tells_an_alert_that_is_not_there(rig: Rig<impl Engine>) {
    let query = RedeliverQuery { alert: Some("alert_none".into()), notifier: None };
    assert_eq!(rig.store.redeliver(query).await.unwrap(), None);
}

pub async fn what_is_pending_is_counted_up_to_a_limit(rig: Rig<impl Engine>) {
    assert_eq!(rig.store.pending_deliveries(9).await.unwrap(), 0);
    let alerts = ["x", "y", "z"].map(|name| rig.alert(name, &["S-400"], b"{}"));
    rig.with_alerts(alerts.to_vec()).await;
    let desk = NotifierName::from("desk");
    let claims = rig.store.claim_deliveries(&desk, &rig.me, 2, MINUTE).await.unwrap().deliveries;
    assert_eq!(rig.store.pending_deliveries(9).await.unwrap(), 3, "also what is under way");
    assert_eq!(rig.store.pending_deliveries(2).await.unwrap(), 2);
    rig.finish(&claims[0], AttemptResult::Delivered).await.unwrap();
    rig.finish(&claims[1], dead()).await.unwrap();
    assert_eq!(rig.store.pending_deliveries(9).await.unwrap(), 1);
    for (enabled, counted) in [(false, 0), (true, 1)] {
        let desk = NotifierEntry { enabled, ..notifier("desk") };
        rig.notify(&[entry("feed", "host")], &[desk]).await;
        assert_eq!(rig.store.pending_deliveries(9).await.unwrap(), counted, "enabled: {enabled}");
    }
}

pub async fn a_lease_that_is_over_makes_it_due_again_and_the_late_result_changes_nothing(
    rig: Rig<impl Engine>,
) {
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    let stale = rig.delivery().await;
    rig.clock.pass(MINUTE.saturating_sub(SECOND));
    assert!(rig.deliveries("desk").await.is_empty());
    rig.clock.pass(SECOND);
    let fresh = rig.delivery().await;
    assert_eq!((&fresh.body, fresh.epoch), (&stale.body, stale.epoch + 1));
    assert_lost(rig.finish(&stale, dead()).await);
    rig.finish(&fresh, AttemptResult::Delivered).await.unwrap();
    assert_eq!(rig.alerts().await[0].deliveries[0].state, DeliveryState::Delivered);
}

pub async fn after_a_crash_what_was_being_sent_is_due_at_once(rig: Rig<impl Engine>) {
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    let before = rig.delivery().await;
    let rig = rig.crash().await;
    let again = rig.delivery().await;
    assert_eq!((&again.alert, &again.body), (&before.alert, &before.body));
    assert_lost(rig.finish(&before, AttemptResult::Delivered).await);
}

pub async fn the_last_twenty_attempts_are_kept(rig: Rig<impl Engine>) {
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    for n in 1..=23 {
        let claim = rig.delivery().await;
        assert_eq!(claim.attempt, n);
        let answer = format!("{n} {}", "é".repeat(400));
        let attempt = Attempt { at: rig.now(), took_ms: u64::from(n), status: None, answer };
        let decision = Decision::only(retry(SECOND));
        rig.store.finish_delivery(&claim, attempt, move |_| decision.clone()).await.unwrap();
        rig.clock.pass(SECOND);
    }
    let shown = rig.alerts().await.remove(0).deliveries.remove(0);
    assert_eq!(shown.attempts, 23);
    let took: Vec<_> = shown.history.iter().map(|attempt| attempt.took_ms).collect();
    assert_eq!(took, (4..=23).collect::<Vec<_>>(), "oldest first");
    let longest = shown.history.iter().map(|attempt| attempt.answer.len()).max();
    assert!(longest > Some(500) && longest <= Some(512), "{longest:?}");
}

pub async fn a_next_attempt_beyond_all_rules_is_pulled_near(rig: Rig<impl Engine>) {
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    rig.clock.pass(365 * DAY);
    let claim = rig.delivery().await;
    rig.finish(&claim, retry(HOUR)).await.unwrap();
    rig.clock.jump_back(365 * DAY);
    let rig = rig.restart().await;
    assert_eq!(rig.delivery().await.attempt, 2);
}

pub async fn what_is_owed_to_one_that_left_is_not_redelivered_until_it_is_back(rig: Rig<impl Engine>) {
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    let everything = RedeliverQuery { alert: None, notifier: None };
    rig.notify(&[entry("feed", "host")], &[notifier("log")]).await;
    assert_eq!(rig.store.redeliver(everything.clone()).await.unwrap(), Some(0));
    assert_eq!(rig.queue("desk").await.dead, 1, "it stays visible");
    rig.configure(&[entry("feed", "host")]).await;
    assert_eq!(rig.store.redeliver(everything).await.unwrap(), Some(1));
    rig.delivery().await;
}
