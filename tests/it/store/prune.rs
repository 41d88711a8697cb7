//! What is forgotten, when, and what never is.

use feedwatch::{
    model::DeliveryState,
    store::{AttemptResult, DocumentRecord},
};

use super::rig::*;

pub async fn nothing_fresh_is_pruned(rig: Rig<impl Engine>) {
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}"), rig.silent_alert("y", &["S-400"])]).await;
    rig.clock.pass(6 * DAY);
    assert!(rig.prune().await.is_empty());
    assert_eq!(rig.alerts().await.len(), 2);
}

pub async fn text_goes_and_the_key_stays(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    rig.poll(document(&["x", "y"])).await;
    rig.clock.pass(29 * DAY);
    assert!(rig.prune().await.is_empty());
    rig.clock.pass(2 * DAY);
    assert_eq!(rig.prune().await, [2]);
    assert!(rig.known("feed", ("x", None)).await.is_some());
}

pub async fn delivered_and_dead_ones_go_in_their_time_and_waiting_ones_never(rig: Rig<impl Engine>) {
    let alerts =
        ["delivered", "dead", "waiting", "sending"].map(|name| rig.alert(name, &["S-400"], name.as_bytes()));
    rig.with_alerts(alerts.into_iter().chain([rig.silent_alert("silent", &["F-35"])]).collect()).await;
    for claim in rig.deliveries("desk").await {
        let result = match claim.body.as_slice() {
            b"delivered" => AttemptResult::Delivered,
            b"dead" => dead(),
            b"waiting" => retry(365 * DAY),
            _ => continue,
        };
        rig.finish(&claim, result).await.unwrap();
    }
    rig.clock.pass(8 * DAY);
    rig.prune().await;
    let states = |alerts: Vec<feedwatch::store::AlertView>| {
        alerts.iter().map(|alert| alert.deliveries[0].state).collect::<Vec<_>>()
    };
    let rest = states(rig.alerts().await);
    assert_eq!(rest, [DeliveryState::Sending, DeliveryState::Pending, DeliveryState::Dead]);
    rig.clock.pass(365 * DAY);
    rig.prune().await;
    assert_eq!(states(rig.alerts().await), [DeliveryState::Sending, DeliveryState::Pending]);
    assert!(rig.prune().await.is_empty());
}

pub async fn a_key_stays_while_the_feed_shows_it(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    rig.poll(document(&["old"])).await;
    for _ in 0..5 {
        rig.clock.pass(60 * DAY);
        rig.poll(showing(&["old"])).await;
        rig.prune().await;
    }
    assert!(rig.known("feed", ("old", None)).await.is_some(), "five-year-old items are shown, too");
}

pub async fn a_key_stays_through_a_year_of_not_modified(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    rig.poll(document(&["old"])).await;
    rig.clock.pass(365 * DAY);
    rig.prune().await;
    assert!(rig.known("feed", ("old", None)).await.is_some(), "304 says nothing about what is in the feed");

    // It leaves the feed now: its time counts from here.
    rig.poll(document(&["new"])).await;
    rig.clock.pass(2 * DAY);
    rig.poll(showing(&["new"])).await;
    rig.prune().await;
    assert!(rig.known("feed", ("old", None)).await.is_some());
}

pub async fn a_key_goes_long_after_its_last_sight(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    rig.poll(document(&["left", "stays"])).await;
    for days in [100, 79] {
        rig.clock.pass(days * DAY);
        rig.poll(showing(&["stays"])).await;
        rig.prune().await;
        // The first of these documents is the first sign that it left: until then it counts as seen.
        assert!(rig.known("feed", ("left", None)).await.is_some());
    }
    rig.clock.pass(102 * DAY);
    rig.poll(showing(&["stays"])).await;
    rig.prune().await;
    assert!(rig.known("feed", ("left", None)).await.is_none());
    assert!(rig.known("feed", ("stays", None)).await.is_some());
}

pub async fn a_feed_that_left_goes_with_all_that_is_its(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    let alerts = vec![rig.alert("x", &["S-400"], b"{}")];
    rig.poll(DocumentRecord { alerts, ..document(&["x"]) }).await;
    rig.configure(&[entry("other", "host")]).await;
    rig.clock.pass(89 * DAY);
    rig.prune().await;
    assert!(rig.known("feed", ("x", None)).await.is_some());
    rig.clock.pass(2 * DAY);
    rig.prune().await;
    assert!(rig.known("feed", ("x", None)).await.is_none());
    assert_eq!(rig.delivery().await.body, b"{}", "what is owed is owed still");
    rig.configure(&[entry("feed", "host"), entry("other", "host")]).await;
    assert!(rig.state("feed").await.is_first_sight());
}

pub async fn pruning_takes_small_steps(rig: Rig<impl Engine>) {
    rig.configure(&[entry("feed", "host")]).await;
    let names: Vec<String> = (0..1200).map(|n| n.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    rig.poll(document(&names)).await;
    rig.clock.pass(31 * DAY);
    assert_eq!(rig.prune().await, [500, 500, 200]);
    rig.poll(showing(&[])).await;
    rig.clock.pass(190 * DAY);
    rig.poll(showing(&[])).await;
    let steps = rig.prune().await;
    assert!(steps.iter().all(|&rows| rows <= 500), "{steps:?}");
    assert_eq!(steps.iter().sum::<u64>(), 1200);
    let known = rig.known_of("feed", vec![sought("0", None)]).await;
    assert!(known[0].is_none());
}
