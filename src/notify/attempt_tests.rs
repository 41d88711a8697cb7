use super::*;
use crate::{
    clock::SystemClock,
    model::{DeliveryState, NotifierName, Timestamp},
    notify::tests::store::{Fixture, TestStore},
};

/// A way to tell that breaks, if it is used at all.
struct Panics;

impl Notify for Panics {
    async fn send(&self, delivery: &ClaimedDelivery, _: Timestamp) -> Sent {
        panic!("{} was sent", delivery.alert)
    }
}

/// A way to tell that always works.
struct Works;

impl Notify for Works {
    async fn send(&self, _: &ClaimedDelivery, _: Timestamp) -> Sent {
        Sent::without_answer(Verdict::Delivered, "told")
    }
}

fn sending<N>(fixture: &Fixture, sender: N, memory: &Arc<Memory>) -> Sending<TestStore, SystemClock, N> {
    Sending {
        store: fixture.store.clone(),
        clock: SystemClock,
        sender: Arc::new(sender),
        settings: Arc::default(),
        memory: Arc::clone(memory),
        metrics: Metrics::default(),
    }
}

async fn claim(fixture: &Fixture, lease: Duration) -> ClaimedDelivery {
    let claimed = fixture.store.claim_deliveries(&NotifierName::from("a"), &fixture.owner, 1, lease).await;
    claimed.expect("claimed").deliveries.remove(0)
}

#[tokio::test]
async fn a_panic_is_a_failed_attempt_like_any_other() {
    let mut fixture = Fixture::new(&["a"]).await;
    fixture.record(1).await;
    let delivery = claim(&fixture, Duration::from_mins(1)).await;
    let done = sending(&fixture, Panics, &Arc::default()).attempt(delivery).await;
    assert_eq!(done.sent.verdict, Verdict::Transient);
    let delivery = fixture.delivery(0, "a").await;
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Pending, 1));
    assert_eq!(delivery.reason.as_deref(), Some("feedwatch itself failed while sending"));
}

#[tokio::test]
async fn a_delivered_alert_whose_result_came_too_late_is_not_sent_again_in_this_life() {
    let mut fixture = Fixture::new(&["a"]).await;
    fixture.record(1).await;
    let memory = Arc::default();
    let late = claim(&fixture, Duration::ZERO).await;
    let again = claim(&fixture, Duration::from_mins(1)).await;
    assert_eq!((late.epoch + 1, &late.alert), (again.epoch, &again.alert));
    sending(&fixture, Works, &memory).attempt(late).await;
    assert_eq!(fixture.delivery(0, "a").await.state, DeliveryState::Sending);
    sending(&fixture, Panics, &memory).attempt(again).await;
    assert_eq!(fixture.delivery(0, "a").await.state, DeliveryState::Delivered);
    assert!(
        !memory.is_delivered(&crate::notify::tests::store::alert_id(0)),
        "recorded, so no longer remembered"
    );
}
