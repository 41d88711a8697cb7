//! What the store keeps for the adaptive scheduler: a rhythm per feed, sums over all, and the cap.

use feedwatch::{
    model::{FeedId, Flock},
    store::{FeedEntry, Learned, PollRecord, Store},
};

use super::rig::*;

fn learned(share: f64, articles: usize, flagged: usize) -> Learned {
    Learned { rhythm: Some(vec![7; 69]), share, is_spent: true, articles, flagged }
}

/// Polls every due feed; each teaches the same.
async fn poll_all(rig: &Rig<impl Engine>, learned: &Learned) {
    for host in rig.claim().await {
        let record = rig.empty_poll(&host.feeds[0].state.id);
        rig.record(&host.lease, PollRecord { learned: learned.clone(), ..record }).await;
        rig.release(&host.lease).await;
    }
}

async fn flock(rig: &Rig<impl Engine>) -> Flock {
    rig.store.claim_hosts(&rig.me, 0).await.unwrap().flock
}

async fn kept(rig: &Rig<impl Engine>) -> Option<String> {
    rig.store.claim_hosts(&rig.me, 0).await.unwrap().controller
}

#[track_caller]
fn check(flock: Flock, feeds: u64, shares: f64, polls: u64) {
    assert_eq!((flock.feeds, flock.polls), (feeds, polls));
    assert!((flock.shares - shares).abs() < 1e-9, "{flock:?}");
}

pub async fn the_sums_follow_every_poll_and_outlive_a_crash(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one"), entry("b", "two")]).await;
    check(flock(&rig).await, 0, 0.0, 0);
    poll_all(&rig, &learned(0.25, 20, 1)).await;
    check(flock(&rig).await, 2, 0.5, 2);
    rig.clock.pass(HOUR);
    poll_all(&rig, &learned(0.75, 2, 1)).await;
    let rig = rig.crash().await;
    let sums = flock(&rig).await;
    check(sums, 2, 1.5, 4);
    assert_eq!((sums.articles, sums.flagged), (44, 4));
    rig.clock.pass(HOUR);
    poll_all(&rig, &Learned { share: 0.0, rhythm: None, is_spent: false, ..Learned::default() }).await;
    check(flock(&rig).await, 0, 0.0, 4);
}

pub async fn feeds_that_left_or_got_an_interval_take_no_part(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one"), entry("b", "two"), entry("c", "three")]).await;
    poll_all(&rig, &learned(0.25, 0, 0)).await;
    check(flock(&rig).await, 3, 0.75, 3);
    let fixed = FeedEntry { is_adaptive: false, ..entry("b", "two") };
    rig.configure(&[entry("a", "one"), fixed]).await;
    check(flock(&rig).await, 1, 0.25, 3);
    let off = FeedEntry { enabled: false, ..entry("a", "one") };
    rig.configure(&[off, entry("b", "two")]).await;
    check(flock(&rig).await, 0, 0.0, 3);
    assert_eq!(rig.state("b").await.rhythm, Some(vec![7; 69]), "what is learned stays");
}

pub async fn what_was_learned_stays_until_something_else_is(rig: Rig<impl Engine>) {
    rig.configure(&[entry("a", "one")]).await;
    assert_eq!(rig.state("a").await.rhythm, None);
    poll_all(&rig, &learned(0.25, 1, 0)).await;
    rig.clock.pass(HOUR);
    poll_all(&rig, &Learned { rhythm: None, ..learned(0.0, 0, 0) }).await;
    let rig = rig.restart().await;
    let state = rig.state("a").await;
    assert_eq!((state.rhythm, state.share), (Some(vec![7; 69]), 0.0));
}

pub async fn beyond_the_budget_only_exempt_feeds_are_handed_out(rig: Rig<impl Engine>) {
    let fixed = FeedEntry { is_adaptive: false, ..entry("fixed", "three") };
    rig.configure(&[entry("a", "one"), entry("b", "two"), fixed.clone()]).await;
    poll_all(&rig, &learned(0.25, 0, 0)).await;
    let new = entry("new", "one");
    rig.configure(&[entry("a", "one"), entry("b", "two"), fixed, new]).await;
    rig.clock.pass(HOUR);
    rig.store.hold_adaptive(rig.now() + 10 * MINUTE).await.unwrap();

    let claims = rig.store.claim_hosts(&rig.me, 9).await.unwrap();
    let mut handed_out: Vec<FeedId> =
        claims.hosts.iter().map(|host| host.feeds[0].state.id.clone()).collect();
    handed_out.sort();
    assert_eq!(handed_out, [FeedId::from("fixed"), FeedId::from("new")]);
    assert_eq!(claims.next_due, Some(10 * MINUTE), "what is held is due when the hold ends");
    for host in claims.hosts {
        assert!(
            rig.store.take_feeds(&host.lease, 9).await.unwrap().is_empty(),
            "not on the way of others either"
        );
        rig.record(&host.lease, rig.empty_poll(&host.feeds[0].state.id)).await;
        rig.release(&host.lease).await;
    }
    rig.clock.pass(10 * MINUTE);
    assert_eq!(rig.claim().await.len(), 2, "then they go");
}

pub async fn of_several_controllers_one_is_kept(rig: Rig<impl Engine>) {
    assert_eq!(kept(&rig).await, None);
    rig.store.keep_controller(None, "first".to_owned()).await.unwrap();
    rig.store.keep_controller(None, "too late".to_owned()).await.unwrap();
    assert_eq!(kept(&rig).await.as_deref(), Some("first"));
    rig.store.keep_controller(Some("first".to_owned()), "second".to_owned()).await.unwrap();
    let rig = rig.crash().await;
    assert_eq!(kept(&rig).await.as_deref(), Some("second"));
}
