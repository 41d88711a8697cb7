//! Recording polls: all of it, or nothing.

use feedwatch::{
    model::{FeedId, Outcome, Reason, Validators},
    store::{DocumentRecord, PollRecord, Store},
};

use super::rig::*;

pub async fn a_poll_is_recorded_as_a_whole(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    let alert = rig.alert("x", &["S-400"], b"body");
    let articles = vec![article("x", None, &["S-400"])];
    let recorded =
        rig.poll(DocumentRecord { articles, alerts: vec![alert.clone()], ..document(&["x"]) }).await;
    assert_eq!(recorded.new_alerts, vec![alert.id.clone()]);

    let state = rig.state("feed").await;
    assert_eq!(state.title.as_deref(), Some("A feed"));
    assert_eq!(state.validators.etag.as_deref(), Some(b"\"1\"".as_slice()));
    assert_eq!(state.validated_url.as_deref(), Some("https://host/feed"));
    assert_eq!((state.last_status, state.last_outcome), (Some(200), Some(Outcome::New)));
    assert_eq!((state.last_success, state.next_poll), (Some(rig.now()), Some(rig.now() + HOUR)));
    assert_eq!((state.reason, state.polls, state.not_modified), (Reason::Learned, 1, 0));
    assert_eq!(rig.known("feed", ("x", None)).await.unwrap().topics, topic_names(&["S-400"]));
    assert_eq!(rig.alerts().await[0].data.get(), alert.data, "byte for byte, in its own order");
    let delivery = rig.delivery().await;
    assert_eq!((delivery.alert, delivery.body, delivery.attempt), (alert.id, b"body".to_vec(), 1));
    assert_eq!((delivery.age_from, delivery.now), (rig.now(), rig.now()));
}

pub async fn a_poll_under_a_lost_lease_changes_nothing(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    let (lease, feed) = rig.claim_one().await;
    rig.release(&lease).await;
    let before = rig.state("feed").await;
    let alerts = vec![rig.alert("x", &["S-400"], b"body")];
    let record = rig.readable(&feed, DocumentRecord { alerts, ..document(&["x"]) });
    assert_lost(rig.store.record_poll(&lease, record, 9).await);
    assert_eq!(rig.state("feed").await, before);
    assert!(rig.known("feed", ("x", None)).await.is_none());
    assert!(rig.alerts().await.is_empty() && rig.deliveries("desk").await.is_empty());
}

pub async fn the_same_poll_is_recorded_once(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    let (lease, feed) = rig.claim_one().await;
    let alerts = vec![rig.alert("x", &["S-400"], b"body")];
    let record = rig.readable(&feed, DocumentRecord { alerts, ..document(&["x"]) });
    rig.record(&lease, record.clone()).await;
    assert_lost(rig.store.record_poll(&lease, record, 0).await);
    assert_eq!((rig.state("feed").await.polls, rig.deliveries("desk").await.len()), (1, 1));
}

pub async fn an_alert_on_record_is_not_new_and_owes_nothing_twice(rig: Rig<impl Engine>) {
    let first = rig.alert("x", &["S-400"], b"first");
    rig.with_alerts(vec![first.clone()]).await;
    rig.clock.pass(HOUR);
    // The same alert again, rendered for one notifier more, beside a new one.
    let mut again = rig.alert("x", &["S-400"], b"second");
    again.deliveries.push((feedwatch::model::NotifierName::from("log"), b"second".to_vec()));
    let new = rig.alert("y", &["F-35"], b"new");
    let recorded = rig.poll(DocumentRecord { alerts: vec![again, new.clone()], ..document(&[]) }).await;
    assert_eq!(recorded.new_alerts, [new.id]);
    let bodies: Vec<_> = rig.deliveries("desk").await.into_iter().map(|delivery| delivery.body).collect();
    assert_eq!(bodies, [b"first".to_vec(), b"new".to_vec()]);
    assert!(rig.deliveries("log").await.is_empty());
    let shown = rig.alerts().await.into_iter().find(|alert| alert.id == first.id).unwrap();
    assert_eq!(shown.created, first.created);
}

pub async fn a_failure_keeps_validators_and_counts(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    rig.poll(document(&["x"])).await;
    let began = rig.now() + HOUR;
    for failures in 1..=2 {
        rig.clock.pass(HOUR);
        let (lease, feed) = rig.claim_one().await;
        rig.record(&lease, rig.failure(&feed.state.id, failures)).await;
        rig.release(&lease).await;
    }
    let state = rig.state("feed").await;
    assert_eq!((state.consecutive_failures, state.failing_since), (2, Some(began)));
    assert_eq!(state.error.as_deref(), Some("the server answered 500"));
    assert_eq!((state.last_status, state.last_success), (Some(500), Some(began - HOUR)));
    assert_eq!(state.validators.etag.as_deref(), Some(b"\"1\"".as_slice()));

    rig.clock.pass(HOUR);
    let (lease, feed) = rig.claim_one().await;
    rig.record(&lease, rig.empty_poll(&feed.state.id)).await;
    let state = rig.state("feed").await;
    assert_eq!((state.consecutive_failures, state.failing_since, state.error), (0, None, None));
    assert_eq!((state.polls, state.not_modified, state.last_success), (4, 1, Some(rig.now())));
}

pub async fn validators_are_kept_byte_for_byte_and_replaced_as_a_pair(rig: Rig<impl Engine>) {
    let odd = Validators { etag: Some(b"W/\"\xe9\0\"".to_vec()), last_modified: Some(b"yesterday".to_vec()) };
    rig.configure(&[entry("feed", "host")]).await;
    rig.poll(DocumentRecord { validators: odd.clone(), ..document(&[]) }).await;
    assert_eq!(rig.state("feed").await.validators, odd);

    rig.clock.pass(HOUR);
    let none = Validators::default();
    let moved = "https://host/elsewhere".to_owned();
    rig.poll(DocumentRecord {
        validators: none.clone(),
        validated_url: moved.clone(),
        title: None,
        ..document(&[])
    })
    .await;
    let state = rig.state("feed").await;
    assert_eq!((state.validators, state.validated_url), (none, Some(moved)));
    assert_eq!(state.title.as_deref(), Some("A feed"), "a document without a title takes none away");
}

pub async fn a_gone_feed_is_never_due(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    let (lease, feed) = rig.claim_one().await;
    let gone = PollRecord {
        outcome: Outcome::Gone,
        next_poll: None,
        reason: Reason::Gone,
        ..rig.failure(&feed.state.id, 2)
    };
    rig.record(&lease, gone).await;
    rig.release(&lease).await;
    rig.clock.pass(365 * DAY);
    let claims = rig.store.claim_hosts(&rig.me, 9).await.unwrap();
    assert!(claims.hosts.is_empty() && claims.next_due.is_none());
    let rig = rig.restart().await;
    assert!(rig.claim().await.is_empty());
    assert_eq!(rig.state("feed").await.reason, Reason::Gone);
}

pub async fn a_closed_gate_holds_every_feed_of_the_host(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "host"), entry("b", "host")]).await;
    let (lease, feed) = rig.claim_one().await;
    let closed = PollRecord {
        gate: Some(closing("host", rig.now() + 2 * HOUR, true)),
        ..rig.failure(&feed.state.id, 1)
    };
    let recorded = rig.store.record_poll(&lease, closed, 9).await.unwrap();
    assert!(recorded.feeds.is_empty(), "the gate closes at once");
    assert!(rig.store.take_feeds(&lease, 9).await.unwrap().is_empty());
    rig.release(&lease).await;

    let rig = rig.restart().await;
    assert_eq!(rig.store.claim_hosts(&rig.me, 9).await.unwrap().next_due, Some(2 * HOUR));
    rig.clock.pass(2 * HOUR);
    let (lease, _) = rig.claim_one().await;
    assert_eq!(
        rig.store.take_feeds(&lease, 9).await.unwrap().len(),
        1,
        "both are due, neither failed by the gate"
    );
}

pub async fn recording_hands_out_more_feeds(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "host"), entry("b", "host"), entry("c", "host")]).await;
    let (lease, feed) = rig.claim_one().await;
    let recorded = rig.store.record_poll(&lease, rig.readable(&feed, document(&[])), 1).await.unwrap();
    assert_eq!(recorded.feeds.len(), 1);
    assert_eq!(recorded.feeds[0].state.id, FeedId::from("b"));
    assert_eq!(rig.state("b").await.last_attempt, Some(rig.now()));
}

pub async fn everything_survives_a_restart(rig: Rig<impl Engine>) {
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"body")]).await;
    let (state, alerts) = (rig.state("feed").await, format!("{:?}", rig.alerts().await));
    let rig = rig.restart().await;
    assert_eq!((rig.state("feed").await, format!("{:?}", rig.alerts().await)), (state, alerts));
    let rig = rig.crash().await;
    assert_eq!(rig.delivery().await.body, b"body");
}
