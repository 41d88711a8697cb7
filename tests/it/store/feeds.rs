//! What the configuration says, and `once`.

use feedwatch::{
    model::{DeliveryState, FeedId, Reason},
    store::{FeedEntry, PollRecord, RedeliverQuery, Store},
};

use super::rig::*;

pub async fn a_new_feed_is_due_at_once(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one"), entry("b", "two")]).await;
    let state = rig.state("a").await;
    assert_eq!((state.next_poll, state.reason, state.polls), (Some(rig.now()), Reason::First, 0));
    assert!(state.is_first_sight());
    assert_eq!(rig.claim().await.len(), 2);
}

pub async fn a_feed_that_stays_keeps_its_next_poll(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one")]).await;
    rig.poll(document(&[])).await;
    let before = rig.state("a").await;
    rig.clock.pass(MINUTE);
    rig.configure(&[entry("a", "one")]).await;
    assert_eq!(rig.state("a").await, before);
    assert!(rig.claim().await.is_empty());
}

pub async fn a_feed_that_left_is_no_longer_polled_and_comes_back_with_its_state(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one"), entry("b", "two")]).await;
    let hosts = rig.claim().await;
    for host in &hosts {
        rig.record(&host.lease, rig.readable(&host.feeds[0], document(&["x"]))).await;
        rig.release(&host.lease).await;
    }
    rig.configure(&[entry("b", "two")]).await;
    let listed: Vec<_> = rig.store.feed_states().await.unwrap().into_iter().map(|state| state.id).collect();
    assert_eq!(listed, [FeedId::from("b")]);
    rig.clock.pass(2 * HOUR);
    assert_eq!(feeds_of(&rig.claim().await), ["b"]);

    rig.configure(&[entry("a", "one"), entry("b", "two")]).await;
    assert_eq!(rig.state("a").await.polls, 1);
    assert!(rig.known("a", ("x", None)).await.is_some());
    assert_eq!(feeds_of(&rig.claim().await), ["a"]);
}

pub async fn a_disabled_feed_waits_and_a_gone_one_starts_again_when_enabled(rig: Rig<impl Engine>) {
    let off = FeedEntry { enabled: false, ..entry("a", "one") };
    rig.configure(&[entry("a", "one")]).await;
    let (lease, feed) = rig.claim_one().await;
    let gone = PollRecord { next_poll: None, reason: Reason::Gone, ..rig.failure(&feed.state.id, 2) };
    rig.record(&lease, gone).await;
    rig.release(&lease).await;

    rig.configure(&[entry("a", "one")]).await;
    assert_eq!(rig.state("a").await.next_poll, None, "an unchanged configuration leaves it gone");
    rig.configure(std::slice::from_ref(&off)).await;
    assert!(!rig.state("a").await.enabled);
    assert!(rig.claim().await.is_empty());
    rig.configure(&[entry("a", "one")]).await;
    assert_eq!(feeds_of(&rig.claim().await), ["a"]);
}

pub async fn a_changed_request_drops_the_validators_and_keeps_the_guard(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one")]).await;
    rig.poll(document(&["x"])).await;
    rig.clock.pass(MINUTE);
    let changed = FeedEntry { request: "GET with a key".to_owned(), ..entry("a", "one") };
    rig.configure(&[changed]).await;

    let state = rig.state("a").await;
    assert_eq!((&state.validators.etag, state.body_hash), (&None, None));
    assert!(!state.is_first_sight(), "known articles stay known");
    assert_eq!(state.next_poll, Some(rig.now() - MINUTE + GUARD));
    assert!(rig.claim().await.is_empty());
    rig.clock.pass(GUARD);
    assert_eq!(feeds_of(&rig.claim().await), ["a"]);
}

pub async fn a_changed_request_refuses_the_answer_to_the_old_one(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one"), entry("b", "one")]).await;
    let (lease, a) = rig.claim_one().await;
    let changed = FeedEntry { request: "GET elsewhere".to_owned(), ..entry("a", "one") };
    rig.configure(&[changed, entry("b", "one")]).await;
    assert_not_handed_out(&rig.store.record_poll(&lease, rig.readable(&a, document(&["x"])).into(), 0).await);
    assert_eq!(rig.state("a").await.validators.etag, None);
    // The host is still held: its other feeds are not to blame.
    let b = rig.store.take_feeds(&lease, 1).await.unwrap().remove(0);
    rig.record(&lease, rig.readable(&b, document(&["x"]))).await;
}

pub async fn a_feed_that_moves_to_another_host_is_due_there_at_once(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one")]).await;
    rig.poll(document(&["x"])).await;
    let moved = FeedEntry { request: "GET two".to_owned(), ..entry("a", "two") };
    rig.configure(&[moved]).await;
    let (lease, feed) = rig.claim_one().await;
    assert_eq!((lease.host.as_str(), feed.state.url.as_str()), ("two", "https://two/a"));
    let rest = rig.store.claim_hosts(&rig.me, 9).await.unwrap();
    assert!(rest.hosts.is_empty() && rest.next_due.is_none(), "host one has nothing to poll: {rest:?}");
}

pub async fn once_makes_every_feed_due_that_may_be_asked(rig: Rig<impl Engine>) {
    let names = ["fresh", "gone", "limited", "plain", "shut"];
    let mut entries: Vec<_> = names.iter().map(|name| entry(name, name)).collect();
    entries.push(FeedEntry { enabled: false, ..entry("off", "off") });
    rig.configure(&entries).await;
    let later = Some(rig.now() + 6 * HOUR);
    for host in rig.claim().await {
        let id = &host.feeds[0].state.id;
        let record = match id.as_str() {
            "gone" => PollRecord { next_poll: None, reason: Reason::Gone, ..rig.failure(id, 2) },
            "limited" => PollRecord { next_poll: later, retry_after: later, ..rig.failure(id, 1) },
            "shut" => {
                PollRecord { gate: Some(closing("shut", rig.now() + 6 * HOUR, true)), ..rig.failure(id, 1) }
            }
            _ => rig.empty_poll(id),
        };
        rig.record(&host.lease, record).await;
        rig.release(&host.lease).await;
    }
    rig.clock.pass(30 * SECOND);
    let public = vec![FeedId::from("fresh")];
    let skipped = rig.store.make_due(public.clone(), MINUTE).await.unwrap();
    let skipped: Vec<_> = skipped.iter().map(FeedId::as_str).collect();
    assert_eq!(skipped, ["fresh", "gone", "limited", "shut"]);
    let hosts = rig.claim().await;
    assert_eq!(feeds_of(&hosts), ["plain"]);
    assert_eq!(hosts[0].feeds[0].state.reason, Reason::Once);

    rig.clock.pass(31 * SECOND);
    let skipped = rig.store.make_due(public, MINUTE).await.unwrap();
    assert!(!skipped.contains(&FeedId::from("fresh")), "a minute is over");
}

pub async fn a_notifier_that_left_gets_nothing_more(rig: Rig<impl Engine>) {
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    rig.notify(&[entry("feed", "host")], &[notifier("log")]).await;
    let shown = &rig.alerts().await[0].deliveries[0];
    assert_eq!((shown.state, shown.reason.as_deref()), (DeliveryState::Dead, Some("notifier removed")));

    // A poll that was under way when the notifier left.
    rig.clock.pass(2 * HOUR);
    let late = rig.alert("y", &["S-400"], b"{}");
    rig.poll(feedwatch::store::DocumentRecord { alerts: vec![late], ..document(&[]) }).await;
    assert!(rig.deliveries("desk").await.is_empty());
    assert_eq!(rig.queue("desk").await.dead, 2);

    // Back again: `redeliver` brings them.
    rig.configure(&[entry("feed", "host")]).await;
    assert!(rig.deliveries("desk").await.is_empty());
    let all = RedeliverQuery { alert: None, notifier: None };
    assert_eq!(rig.store.redeliver(all).await.unwrap(), Some(2));
    assert_eq!(rig.deliveries("desk").await.len(), 2);
}

pub async fn a_notifier_that_leaves_during_a_send_is_not_tried_again(rig: Rig<impl Engine>) {
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    let claim = rig.delivery().await;
    rig.store.sync_config(vec![entry("feed", "host")], Vec::new()).await.unwrap();
    rig.finish(&claim, retry(SECOND)).await.unwrap();
    let shown = &rig.alerts().await[0].deliveries[0];
    assert_eq!((shown.state, shown.reason.as_deref()), (DeliveryState::Dead, Some("notifier removed")));
    assert_eq!(shown.history.len(), 1, "what the receiver said is kept");
}
