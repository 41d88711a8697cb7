//! Claiming hosts and handing out feeds.

use feedwatch::{
    model::{HostKey, OwnerId, Reason},
    store::{FeedEntry, PollRecord, Store, Visit},
};

use super::rig::*;

pub async fn a_held_host_is_not_claimed_again(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one"), entry("b", "one"), entry("c", "two")]).await;
    let first = rig.store.claim_hosts(&rig.me, 1).await.unwrap();
    assert_eq!(first.hosts.len(), 1);
    assert_eq!(first.next_due, Some(std::time::Duration::ZERO), "the other host waits");
    let second = rig.store.claim_hosts(&OwnerId::from("other"), 10).await.unwrap();
    assert_eq!(second.hosts.len(), 1);
    assert_ne!(first.hosts[0].lease.host, second.hosts[0].lease.host);
    assert_eq!(second.next_due, None, "nobody's host is left");
    assert!(rig.claim().await.is_empty());
}

pub async fn hosts_due_longest_come_first_and_the_next_is_announced(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one"), entry("b", "two"), entry("c", "three")]).await;
    for (host, wait) in rig.claim().await.into_iter().zip([3 * HOUR, HOUR, 2 * HOUR]) {
        let feed = host.feeds[0].state.id.clone();
        rig.record(&host.lease, PollRecord { next_poll: Some(rig.now() + wait), ..rig.empty_poll(&feed) })
            .await;
        rig.release(&host.lease).await;
    }
    let early = rig.store.claim_hosts(&rig.me, 10).await.unwrap();
    assert_eq!((early.hosts.len(), early.next_due, early.now), (0, Some(HOUR), rig.now()));
    rig.clock.pass(150 * MINUTE);
    let claims = rig.store.claim_hosts(&rig.me, 10).await.unwrap();
    let waits: Vec<_> =
        claims.hosts.iter().map(|host| (rig.now() - host.feeds[0].due).num_minutes()).collect();
    assert_eq!(waits, [90, 30]);
    assert_eq!(claims.next_due, Some(30 * MINUTE));
}

pub async fn an_attempt_is_on_record_before_it_is_made(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one")]).await;
    let (_, feed) = rig.claim_one().await;
    assert_eq!((feed.state.last_attempt, feed.due, feed.now), (None, rig.now(), rig.now()));
    let state = rig.state("a").await;
    assert_eq!((state.last_attempt, state.reason), (Some(rig.now()), Reason::Interrupted));
    assert_eq!(state.next_poll, Some(rig.now() + MINUTE), "a first sight is tried again soon");

    // A crash loop asks once more after a minute, and then once per interval.
    let rig = rig.crash().await;
    assert!(rig.claim().await.is_empty());
    rig.clock.pass(MINUTE);
    rig.claim_one().await;
    assert_eq!(rig.state("a").await.next_poll, Some(rig.now() + GUARD), "the second attempt waits its guard");
    let rig = rig.crash().await;
    rig.clock.pass(GUARD);
    rig.poll(document(&["x"])).await;
    rig.clock.pass(HOUR);
    rig.claim_one().await;
    assert_eq!(rig.state("a").await.next_poll, Some(rig.now() + GUARD), "a known feed waits its guard");
    let rig = rig.crash().await;
    rig.clock.pass(GUARD.saturating_sub(SECOND));
    assert!(rig.claim().await.is_empty());
    rig.clock.pass(SECOND);
    rig.claim_one().await;
}

pub async fn a_feed_under_way_is_not_handed_out_twice(rig: Rig<impl Engine>) {
    rig.configure(&[FeedEntry { guard: SECOND, ..entry("a", "one") }]).await;
    let (lease, feed) = rig.claim_one().await;
    rig.clock.pass(10 * SECOND);
    assert!(rig.store.take_feeds(&lease, 10).await.unwrap().is_empty(), "its answer is still awaited");
    let soon = PollRecord { next_poll: Some(rig.now() + SECOND), ..rig.readable(&feed, document(&[])) };
    rig.record(&lease, soon).await;
    rig.clock.pass(SECOND);
    assert_eq!(rig.store.take_feeds(&lease, 10).await.unwrap().len(), 1);
}

pub async fn further_feeds_of_a_host_come_in_order_of_their_time(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one")]).await;
    rig.clock.pass(SECOND);
    rig.configure(&[entry("a", "one"), entry("b", "one")]).await;
    rig.clock.pass(SECOND);
    rig.configure(&[entry("a", "one"), entry("b", "one"), entry("c", "one"), entry("d", "one")]).await;
    let (lease, first) = rig.claim_one().await;
    let more = rig.store.take_feeds(&lease, 2).await.unwrap();
    let order: Vec<_> = std::iter::once(&first).chain(&more).map(|feed| feed.state.id.as_str()).collect();
    assert_eq!(order, ["a", "b", "c"]);
    assert_eq!(rig.store.take_feeds(&lease, 9).await.unwrap()[0].state.id.as_str(), "d");
    assert!(rig.store.take_feeds(&lease, 9).await.unwrap().is_empty());
}

pub async fn a_released_host_waits_for_its_pause(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one"), entry("b", "one")]).await;
    let (lease, _) = rig.claim_one().await;
    rig.store.release_host(&lease, 65 * SECOND).await.unwrap();
    assert_eq!(rig.store.claim_hosts(&rig.me, 9).await.unwrap().next_due, Some(65 * SECOND));
    // Neither a reload nor a restart nor `once` shortens the gap.
    rig.store.make_due(Vec::new(), SECOND).await.unwrap();
    rig.configure(&[entry("a", "one"), entry("b", "one"), entry("c", "one")]).await;
    let rig = rig.restart().await;
    rig.clock.pass(64 * SECOND);
    assert!(rig.claim().await.is_empty());
    rig.clock.pass(SECOND);
    assert_eq!(rig.claim().await.len(), 1);
    assert_lost(rig.store.release_host(&lease, SECOND).await);
}

pub async fn a_gap_outlives_a_crash(rig: Rig<impl Engine>) {
    let entry = |id| FeedEntry { gap: 65 * SECOND, ..entry(id, "one") };
    rig.configure(&[entry("a"), entry("b")]).await;
    rig.claim_one().await;
    let rig = rig.crash().await;
    assert!(rig.claim().await.is_empty(), "the other feed of the host waits for the end of the gap");
    rig.clock.pass(65 * SECOND);
    assert_eq!(rig.claim().await.len(), 1);
}

pub async fn a_host_is_visited_for_one_request(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one")]).await;
    let (one, two) = (HostKey::from("one"), HostKey::from("two"));
    let visit =
        async |owner: &str, host: &HostKey| rig.store.visit_host(&OwnerId::from(owner), host).await.unwrap();
    let Visit::Open(lease) = visit("me", &two).await else { panic!("nobody holds it") };
    assert_eq!((visit("me", &two).await, visit("other", &two).await), (Visit::Ours, Visit::Busy));
    rig.store.release_host(&lease, 2 * SECOND).await.unwrap();
    assert_eq!(visit("other", &two).await, Visit::Closed(2 * SECOND), "its gap holds for the next visitor");
    rig.clock.pass(2 * SECOND);
    assert!(matches!(visit("other", &two).await, Visit::Open(_)));
    rig.clock.pass(LEASE);
    assert!(matches!(visit("me", &two).await, Visit::Open(_)), "a lease that is over holds nobody up");

    // While it is visited, its own feeds wait.
    assert!(matches!(visit("me", &one).await, Visit::Open(_)));
    assert!(rig.claim().await.is_empty());
}

pub async fn postponed_polls_come_later_and_never_sooner(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one"), entry("b", "two")]).await;
    rig.poll_all(HOUR).await;
    let at = |span| rig.now() + span;
    let polls = vec![("a".into(), at(2 * HOUR)), ("b".into(), at(MINUTE)), ("unknown".into(), at(HOUR))];
    rig.store.postpone(polls).await.unwrap();
    rig.clock.pass(HOUR);
    assert_eq!(feeds_of(&rig.claim().await), ["b"]);
    rig.clock.pass(HOUR);
    assert!(feeds_of(&rig.claim().await).contains(&"a"));
}

pub async fn a_lease_that_is_over_goes_to_the_next_owner(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one"), entry("b", "one")]).await;
    let (old, feed) = rig.claim_one().await;
    rig.clock.pass(LEASE.saturating_sub(SECOND));
    assert!(rig.claim().await.is_empty());
    rig.clock.pass(SECOND);
    let (new, _) = rig.claim_one().await;
    assert_eq!((new.owner == old.owner, new.epoch), (true, old.epoch + 1));
    // The same owner or not: only the epoch counts.
    assert_lost(rig.store.record_poll(&old, rig.readable(&feed, document(&["x"])).into(), 9).await);
    assert_lost(rig.store.take_feeds(&old, 9).await);
    assert!(rig.known("a", ("x", None)).await.is_none());
}

pub async fn renewing_keeps_a_lease_and_names_the_lost_ones(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one"), entry("b", "two")]).await;
    let leases: Vec<_> = rig.claim().await.into_iter().map(|host| host.lease).collect();
    rig.release(&leases[1]).await;
    rig.clock.pass(LEASE.saturating_sub(SECOND));
    assert_eq!(rig.store.renew_hosts(leases.clone()).await.unwrap(), [leases[1].clone()]);
    rig.clock.pass(LEASE.saturating_sub(SECOND));
    assert!(rig.claim().await.iter().all(|host| host.lease.host != leases[0].host), "it is held still");
    rig.store.take_feeds(&leases[0], 1).await.unwrap();
}

pub async fn at_shutdown_everything_is_given_back(rig: Rig<impl Engine>) {
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    rig.configure(&[entry("feed", "host"), entry("b", "two"), entry("c", "two")]).await;
    let (lease, _) = rig.claim_one().await;
    let claim = rig.delivery().await;
    rig.store.release_all(&OwnerId::from("somebody else")).await.unwrap();
    assert!(rig.claim().await.is_empty() && rig.deliveries("desk").await.is_empty());
    rig.store.release_all(&rig.me).await.unwrap();
    assert_lost(rig.finish(&claim, retry(SECOND)).await);
    assert_lost(rig.store.take_feeds(&lease, 1).await);
    assert_eq!(rig.delivery().await.attempt, 1, "an attempt that nobody finished does not count");
    assert_eq!(rig.claim_one().await.1.state.id.as_str(), "c");
}

pub async fn after_a_crash_nobody_holds_anything(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one"), entry("b", "one")]).await;
    let (lease, _) = rig.claim_one().await;
    let rig = rig.crash().await;
    assert_lost(rig.store.take_feeds(&lease, 9).await);
    assert_eq!(rig.claim_one().await.1.state.id.as_str(), "b");
}

pub async fn a_clock_that_was_ahead_keeps_nobody_waiting(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one"), entry("b", "two"), entry("c", "three")]).await;
    rig.clock.pass(365 * DAY);
    for host in rig.claim().await {
        let feed = host.feeds[0].state.id.clone();
        let mut record = rig.empty_poll(&feed);
        if feed.as_str() == "b" {
            record.retry_after = Some(rig.now() + 3 * HOUR);
            record.next_poll = record.retry_after;
            record.gate = Some(closing("two", rig.now() + 3 * HOUR, true));
        }
        rig.record(&host.lease, record).await;
        rig.store.release_host(&host.lease, 2 * SECOND).await.unwrap();
    }
    rig.clock.jump_back(365 * DAY);
    let rig = rig.restart().await;

    // The attempt counts as now: no burst, and every wait is as long as it was.
    assert!(rig.claim().await.is_empty());
    let (a, b) = (rig.state("a").await, rig.state("b").await);
    assert_eq!((a.last_attempt, a.next_poll), (Some(rig.now()), Some(rig.now() + HOUR)));
    assert_eq!((b.retry_after, b.next_poll), (Some(rig.now() + 3 * HOUR), Some(rig.now() + 3 * HOUR)));
    rig.clock.pass(HOUR);
    assert_eq!(feeds_of(&rig.claim().await), ["a", "c"]);
    rig.clock.pass(2 * HOUR);
    assert!(feeds_of(&rig.claim().await).contains(&"b"));
}

pub async fn a_clock_that_jumps_back_while_running_is_noticed(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one")]).await;
    rig.poll(document(&[])).await;
    rig.clock.jump_back(365 * DAY);
    assert!(rig.claim().await.is_empty());
    rig.clock.pass(HOUR);
    assert_eq!(feeds_of(&rig.claim().await), ["a"]);
}

pub async fn a_wait_beyond_all_rules_is_cut_short(rig: Rig<impl Engine>) {
    rig.configure(&[entry("learned", "one"), entry("monthly", "two")]).await;
    for host in rig.claim().await {
        let feed = host.feeds[0].state.id.clone();
        let reason = if feed.as_str() == "monthly" { Reason::Interval } else { Reason::Learned };
        let record = PollRecord { next_poll: Some(rig.now() + 30 * DAY), reason, ..rig.empty_poll(&feed) };
        rig.record(&host.lease, record).await;
        rig.release(&host.lease).await;
    }
    let rig = rig.restart().await;
    assert_eq!(
        feeds_of(&rig.claim().await),
        ["learned"],
        "an interval that the operator chose is no accident"
    );
}
