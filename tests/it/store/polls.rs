//! Recording polls: all of it, or nothing.

use feedwatch::{
    model::{FeedId, Gap, Hint, Hints, Outcome, PollMemory, Reason, Validators},
    store::{DocumentRecord, FeedEntry, PollRecord, Store, Visit},
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
    assert_lost(rig.store.record_poll(&lease, record.into(), 9).await);
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
    assert_not_handed_out(&rig.store.record_poll(&lease, record.into(), 0).await);
    rig.release(&lease).await;
    assert_eq!((rig.state("feed").await.polls, rig.deliveries("desk").await.len()), (1, 1));
}

pub async fn an_alert_on_record_is_not_new_and_owes_nothing_twice(rig: Rig<impl Engine>) {
    let first = rig.alert("x", &["S-400"], b"first");
    rig.with_alerts(vec![first.clone()]).await;
    rig.clock.pass(HOUR);
    // The same alert again, rendered for one notifier more, beside a new one.
    let mut again = rig.alert("x", &["S-400"], b"second");
    again.deliveries.push(feedwatch::store::DeliveryRecord::new(
        feedwatch::model::NotifierName::from("log"),
        b"second".to_vec(),
    ));
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
    let recorded = rig.store.record_poll(&lease, closed.into(), 9).await.unwrap();
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

pub async fn an_unsure_answer_closes_the_gate_only_together_with_another_feed(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "host"), entry("b", "host"), entry("c", "host")]).await;
    let until = rig.now() + 2 * HOUR;
    let turned_away = async |minutes: u32| {
        rig.clock.pass(minutes * MINUTE);
        let (lease, feed) = rig.claim_one().await;
        let soon = Some(rig.now() + 5 * MINUTE);
        let gate = Some(closing("host", until, false));
        rig.record(&lease, PollRecord { gate, next_poll: soon, ..rig.failure(&feed.state.id, 1) }).await;
        rig.release(&lease).await;
        let gate = rig.state("a").await.gate;
        (feed.state.id.as_str().to_owned(), gate.is_some_and(|gate| gate.until > rig.now()))
    };
    assert_eq!(turned_away(0).await, ("a".to_owned(), false));
    assert_eq!(turned_away(11).await, ("b".to_owned(), false), "long after the first one");
    assert_eq!(turned_away(1).await, ("c".to_owned(), true));
    let gate = rig.state("b").await.gate.unwrap();
    assert_eq!(
        (gate.until, gate.why.as_deref()),
        (until, Some("it said 429")),
        "stored with the host, and why"
    );
    assert!(rig.claim().await.is_empty());
}

pub async fn an_answer_closes_the_gate_of_another_host(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one"), entry("b", "two")]).await;
    let (one, two) = {
        let mut hosts = rig.claim().await;
        (hosts.remove(0), hosts.remove(0))
    };
    rig.record(&two.lease, PollRecord { next_poll: Some(rig.now() + MINUTE), ..rig.empty_poll(&"b".into()) })
        .await;
    rig.release(&two.lease).await;
    let gate = Some(closing("two", rig.now() + HOUR, true));
    rig.record(&one.lease, PollRecord { gate, ..rig.failure(&"a".into(), 1) }).await;
    rig.release(&one.lease).await;
    rig.clock.pass(MINUTE);
    let claims = rig.store.claim_hosts(&rig.me, 9).await.unwrap();
    assert_eq!(
        (claims.hosts.len(), claims.next_due),
        (0, Some(59 * MINUTE)),
        "a redirect led to two, which said 429"
    );
    // A host that nobody has a feed on can be closed as well.
    rig.clock.pass(HOUR);
    let (lease, feed) = {
        let mut host = rig.claim().await.remove(0);
        (host.lease, host.feeds.remove(0))
    };
    let gate = Some(closing("three", rig.now() + HOUR, true));
    rig.record(&lease, PollRecord { gate, ..rig.failure(&feed.state.id, 1) }).await;
    assert_eq!(rig.store.visit_host(&rig.me, &"three".into()).await.unwrap(), Visit::Closed(HOUR));
}

pub async fn what_is_remembered_and_counted_survives_a_restart(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "host")]).await;
    let hint = Hint { reason: Reason::MaxAge, wait: DAY, capped: true };
    let hints = Hints { cache: Some(hint), skip_hours: 5, ..Hints::default() };
    let gap = Gap { from: rig.now() - HOUR, to: rig.now() };
    let memory = PollMemory { hints, gap: Some(gap), shown: Some(20), ..PollMemory::default() };
    for _ in 0..2 {
        let (lease, feed) = rig.claim_one().await;
        let adopted = Some(Validators { etag: Some(b"W/\"2\"".to_vec()), last_modified: None });
        let poll = PollRecord {
            memory: memory.clone(),
            bytes: 1000,
            gap: Some(gap),
            adopted,
            ..rig.empty_poll(&feed.state.id)
        };
        rig.record(&lease, poll).await;
        rig.release(&lease).await;
        rig.clock.pass(HOUR);
    }
    let rig = rig.restart().await;
    let state = rig.state("a").await;
    assert_eq!((&state.memory, state.bytes, state.gaps), (&memory, 2000, 2));
    assert_eq!(state.validators.etag.as_deref(), Some(&b"W/\"2\""[..]));
    // Another request is another question.
    rig.configure(&[FeedEntry { request: "GET elsewhere".to_owned(), ..entry("a", "host") }]).await;
    let state = rig.state("a").await;
    assert_eq!((&state.memory, state.bytes), (&PollMemory::default(), 2000));
}

pub async fn recording_hands_out_more_feeds(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "host"), entry("b", "host"), entry("c", "host")]).await;
    let (lease, feed) = rig.claim_one().await;
    let recorded = rig.store.record_poll(&lease, rig.readable(&feed, document(&[])).into(), 1).await.unwrap();
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
