use std::future::Future;

use tokio::time::Instant;

use super::*;
use crate::{
    clock::SystemClock,
    model::DeliveryState,
    notify::{
        tests::receiver::{Receiver, Reply, Request},
        tests::store::{Fixture, TestStore, alert_id},
    },
    store::RedeliverQuery,
};

const PATIENCE: Duration = Duration::from_secs(20);

fn settings(notifiers: &[Notifier]) -> Settings {
    Settings {
        notifiers: notifiers.to_vec(),
        retry: vec![Duration::from_millis(20)],
        timeout: Duration::from_millis(500),
        drain: Duration::from_millis(300),
        ..Settings::default()
    }
}

/// A dispatcher at work, for as long as a test takes.
struct Running {
    settings: watch::Sender<Arc<Settings>>,
    hint: Arc<Wake>,
    cancel: CancellationToken,
    task: JoinSet<Result<(), StoreError>>,
}

fn dispatcher(
    fixture: &Fixture,
    settings: &watch::Sender<Arc<Settings>>,
    hint: &Arc<Wake>,
) -> Dispatcher<TestStore, SystemClock> {
    Dispatcher::new(
        fixture.store.clone(),
        SystemClock,
        fixture.owner.clone(),
        settings.subscribe(),
        Arc::clone(hint),
    )
}

fn run(fixture: &Fixture, initial: Settings) -> Running {
    let (settings, hint) = (watch::channel(Arc::new(initial)).0, Arc::new(Wake::new()));
    let (cancel, mut task) = (CancellationToken::new(), JoinSet::new());
    task.spawn(dispatcher(fixture, &settings, &hint).run(cancel.clone()));
    Running { settings, hint, cancel, task }
}

impl Running {
    async fn stop(mut self) {
        self.cancel.cancel();
        self.task.join_next().await.expect("a task").expect("no panic").expect("no error");
    }
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("done in time")
}

fn is(state: DeliveryState) -> impl Fn(&crate::store::DeliveryView) -> bool {
    move |delivery| delivery.state == state
}

fn ids(requests: &[Request]) -> Vec<&str> {
    requests.iter().filter_map(|request| request.header("webhook-id")).collect()
}

#[tokio::test]
async fn what_is_due_is_sent_once_to_everybody_and_recorded() {
    let mut fixture = Fixture::new(&["a", "b"]).await;
    let (a, b) =
        (Receiver::start(|_| Reply::Status(200)).await, Receiver::start(|_| Reply::Status(204)).await);
    fixture.record(20).await;
    let running = run(&fixture, settings(&[a.notifier("a"), b.notifier("b")]));
    for n in 0..20 {
        for name in ["a", "b"] {
            let delivery = in_time(fixture.wait_for(n, name, is(DeliveryState::Delivered))).await;
            assert_eq!((delivery.attempts, delivery.history.len()), (1, 1));
        }
    }
    running.stop().await;
    for receiver in [a, b] {
        let requests = receiver.requests();
        let mut bodies: Vec<_> = requests.iter().map(|request| request.body.clone()).collect();
        bodies.sort();
        bodies.dedup();
        assert_eq!((requests.len(), bodies.len()), (20, 20));
    }
}

#[tokio::test]
async fn new_deliveries_are_sent_at_a_hint_and_without_one_within_a_second() {
    let mut fixture = Fixture::new(&["a"]).await;
    let receiver = Receiver::start(|_| Reply::Status(200)).await;
    let running = run(&fixture, settings(&[receiver.notifier("a")]));
    for count in 1..=3 {
        fixture.record(1).await;
        let begun = Instant::now();
        if count < 3 {
            running.hint.notify_one();
        }
        in_time(receiver.wait_for(count)).await;
        assert!(begun.elapsed() < Duration::from_millis(if count < 3 { 500 } else { 1500 }));
    }
    running.stop().await;
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_with_the_same_id_and_bytes() {
    let mut fixture = Fixture::new(&["a"]).await;
    let replies =
        [Reply::Status(500), Reply::Close, Reply::Status(408), Reply::Status(425), Reply::Status(200)];
    let receiver = Receiver::start(move |n| replies[n].clone()).await;
    fixture.record(1).await;
    let running = run(&fixture, settings(&[receiver.notifier("a")]));
    let delivery = in_time(fixture.wait_for(0, "a", is(DeliveryState::Delivered))).await;
    running.stop().await;
    assert_eq!(delivery.attempts, 5);
    let requests = receiver.requests();
    assert_eq!(ids(&requests), ["alert_0"; 5]);
    assert!(requests.iter().all(|request| request.body == requests[0].body));
    let attempts: Vec<_> =
        requests.iter().filter_map(|request| request.header("feedwatch-attempt")).collect();
    assert_eq!(attempts, ["1", "2", "3", "4", "5"]);
    let statuses: Vec<_> = delivery.history.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(500), None, Some(408), Some(425), Some(200)]);
}

#[tokio::test]
async fn a_delivery_that_fails_too_long_is_dead_with_its_reason_and_can_be_put_back() {
    let mut fixture = Fixture::new(&["a"]).await;
    let receiver = Receiver::start(|n| Reply::Status(if n < 100 { 503 } else { 200 })).await;
    fixture.record(1).await;
    let rules = Settings {
        retry: vec![Duration::from_millis(30), Duration::from_hours(1)],
        max_age: Duration::from_millis(300),
        ..settings(&[receiver.notifier("a")])
    };
    let running = run(&fixture, rules);
    let delivery = in_time(fixture.wait_for(0, "a", is(DeliveryState::Dead))).await;
    running.stop().await;
    assert_eq!(delivery.attempts, 3, "at once, after 30 ms, and at max_age");
    assert_eq!(delivery.reason.as_deref(), Some("gave up after 300ms: HTTP 503 Service Unavailable"));
}

#[tokio::test]
async fn a_refused_payload_is_dead_after_three_attempts_and_holds_up_nothing() {
    let mut fixture = Fixture::new(&["a"]).await;
    let receiver = Receiver::start(|n| Reply::Status(if n < 3 { 422 } else { 200 })).await;
    fixture.record(1).await;
    let running = run(&fixture, settings(&[receiver.notifier("a")]));
    let dead = in_time(fixture.wait_for(0, "a", is(DeliveryState::Dead))).await;
    assert!(
        dead.reason.is_some_and(|reason| reason.starts_with("the receiver refuses this alert: HTTP 422"))
    );
    fixture.record(1).await;
    in_time(fixture.wait_for(1, "a", is(DeliveryState::Delivered))).await;
    running.stop().await;
    assert_eq!(receiver.requests().len(), 4);
}

#[tokio::test]
async fn dead_receivers_do_not_delay_a_live_one() {
    let names: Vec<String> = (0..20).map(|n| format!("dead{n}")).chain(["live".to_owned()]).collect();
    let mut fixture = Fixture::new(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let (dead, live) =
        (Receiver::start(|_| Reply::Hang).await, Receiver::start(|_| Reply::Status(200)).await);
    let mut notifiers: Vec<Notifier> = (0..20).map(|n| dead.notifier(&format!("dead{n}"))).collect();
    notifiers.push(live.notifier("live"));
    fixture.record(50).await;
    let rules = Settings { timeout: Duration::from_secs(30), max_in_flight: 32, ..settings(&notifiers) };
    let running = run(&fixture, rules);
    let begun = Instant::now();
    in_time(live.wait_for(50)).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    running.stop().await;
}

#[tokio::test]
async fn a_rate_limit_pauses_the_whole_notifier() {
    let mut fixture = Fixture::new(&["a"]).await;
    let receiver = Receiver::start(|n| match n {
        0 => Reply::Raw("HTTP/1.1 429 X\r\nretry-after: 0.7\r\ncontent-length: 0\r\n\r\n".to_owned()),
        _ => Reply::Status(200),
    })
    .await;
    fixture.record(3).await;
    let begun = Instant::now();
    let running = run(&fixture, settings(&[receiver.notifier("a")]));
    in_time(receiver.wait_for(1)).await;
    running.hint.notify_one();
    in_time(receiver.wait_for(2)).await;
    assert!(begun.elapsed() >= Duration::from_millis(700), "{:?}", begun.elapsed());
    in_time(receiver.wait_for(4)).await;
    running.stop().await;
}

#[tokio::test]
async fn a_changed_url_applies_to_what_waits_and_a_removed_notifier_sends_no_more() {
    let mut fixture = Fixture::new(&["a", "b"]).await;
    let (old, new) =
        (Receiver::start(|_| Reply::Status(500)).await, Receiver::start(|_| Reply::Status(200)).await);
    fixture.record(1).await;
    let running = run(&fixture, settings(&[old.notifier("a"), old.notifier("b")]));
    in_time(old.wait_for(4)).await;
    running.settings.send_replace(Arc::new(settings(&[new.notifier("a")])));
    in_time(fixture.wait_for(0, "a", is(DeliveryState::Delivered))).await;
    assert_eq!(ids(&new.requests()), ["alert_0"]);
    let asked = old.requests().len();
    sleep(Duration::from_millis(200)).await;
    assert!(old.requests().len() <= asked + 1, "only what was under way is still sent");
    running.settings.send_replace(Arc::new(settings(&[new.notifier("a"), new.notifier("b")])));
    in_time(fixture.wait_for(0, "b", is(DeliveryState::Delivered))).await;
    running.stop().await;
}

#[tokio::test]
async fn a_receiver_that_returns_gets_at_once_all_that_waits() {
    let mut fixture = Fixture::new(&["a"]).await;
    let receiver = Receiver::start(|n| Reply::Status(if n < 8 { 503 } else { 200 })).await;
    fixture.record(20).await;
    let (retry, breaker) = (vec![Duration::from_hours(1)], Duration::from_millis(3200));
    let running = run(&fixture, Settings { retry, breaker, ..settings(&[receiver.notifier("a")]) });
    in_time(receiver.wait_for(8)).await;
    let begun = Instant::now();
    in_time(receiver.wait_for(28)).await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    running.stop().await;
    let attempts: Vec<u32> = fixture.attempts("a", 20).await;
    assert_eq!(attempts.iter().sum::<u32>(), 28, "each attempt is counted once");
    assert!(attempts.iter().all(|attempts| *attempts <= 2), "probes go round: {attempts:?}");
}

#[tokio::test]
async fn a_receiver_that_refuses_gets_one_probe_at_a_time_and_nothing_is_lost() {
    let mut fixture = Fixture::new(&["a"]).await;
    let receiver = Receiver::start(|n| Reply::Status(if n < 4 { 404 } else { 200 })).await;
    fixture.record(20).await;
    let probe = Duration::from_millis(300);
    let begun = Instant::now();
    let running = run(&fixture, Settings { probe, ..settings(&[receiver.notifier("a")]) });
    in_time(receiver.wait_for(24)).await;
    assert!(begun.elapsed() >= 4 * probe, "{:?}", begun.elapsed());
    running.stop().await;
    assert_eq!(fixture.attempts("a", 20).await.iter().sum::<u32>(), 24);
}

#[tokio::test]
async fn who_is_gone_is_left_alone_until_somebody_redelivers() {
    let mut fixture = Fixture::new(&["a"]).await;
    let receiver = Receiver::start(|n| Reply::Status(if n == 0 { 410 } else { 200 })).await;
    fixture.record(5).await;
    let running = run(&fixture, settings(&[receiver.notifier("a")]));
    in_time(receiver.wait_for(1)).await;
    sleep(Duration::from_millis(1200)).await;
    assert_eq!(receiver.requests().len(), 1);
    let query = RedeliverQuery { alert: Some(alert_id(3)), notifier: None };
    assert_eq!(fixture.store.redeliver(query).await.expect("redelivered"), Some(1));
    in_time(receiver.wait_for(6)).await;
    running.stop().await;
}

#[tokio::test]
async fn a_changed_url_is_tried_at_once() {
    let mut fixture = Fixture::new(&["a"]).await;
    let (old, new) =
        (Receiver::start(|_| Reply::Status(404)).await, Receiver::start(|_| Reply::Status(200)).await);
    fixture.record(5).await;
    let running = run(&fixture, settings(&[old.notifier("a")]));
    in_time(fixture.wait_for(0, "a", |delivery| delivery.attempts == 1)).await;
    fixture.retarget("elsewhere").await;
    running.settings.send_replace(Arc::new(settings(&[new.notifier("a")])));
    in_time(new.wait_for(5)).await;
    running.stop().await;
    assert!(old.requests().len() <= 2, "one may be under way between the two steps of a reload");
}

#[tokio::test]
async fn at_a_stop_what_is_under_way_gets_its_drain_and_the_rest_is_due_again() {
    let mut fixture = Fixture::new(&["slow", "hung"]).await;
    let slow = Receiver::start(|_| Reply::Trickle(200)).await;
    let hung = Receiver::start(|_| Reply::Hang).await;
    fixture.record(2).await;
    let drain = Duration::from_secs(3);
    let timeout = Duration::from_mins(1);
    let rules = Settings { drain, timeout, ..settings(&[slow.notifier("slow"), hung.notifier("hung")]) };
    let running = run(&fixture, rules);
    in_time(slow.wait_for(1)).await;
    in_time(hung.wait_for(1)).await;
    let begun = Instant::now();
    in_time(running.stop()).await;
    assert!(begun.elapsed() < drain + Duration::from_secs(1), "{:?}", begun.elapsed());
    fixture.store.release_all(&fixture.owner).await.expect("released");
    assert_eq!(fixture.delivery(0, "slow").await.state, DeliveryState::Delivered);
    assert_eq!(fixture.delivery(1, "slow").await.state, DeliveryState::Pending, "no claim after the stop");
    assert_eq!(fixture.delivery(0, "hung").await.state, DeliveryState::Pending);
    assert_eq!((slow.requests().len(), hung.requests().len()), (1, 1));
}

async fn drain_due(fixture: &Fixture, settings: Settings) -> Duration {
    let begun = Instant::now();
    let (settings, hint) = (watch::channel(Arc::new(settings)).0, Arc::new(Wake::new()));
    let polled = CancellationToken::new();
    polled.cancel();
    let draining = dispatcher(fixture, &settings, &hint).drain_due(polled, CancellationToken::new());
    in_time(draining).await.expect("drained");
    begun.elapsed()
}

#[tokio::test]
async fn once_sends_what_is_due_and_follows_retries_that_come_soon() {
    let mut fixture = Fixture::new(&["a", "b"]).await;
    let a = Receiver::start(|n| Reply::Status(if n < 2 { 500 } else { 200 })).await;
    let b = Receiver::start(|_| Reply::Status(500)).await;
    fixture.record(30).await;
    let retry = vec![Duration::from_millis(20), Duration::from_millis(20), Duration::from_hours(1)];
    let rules =
        Settings { retry, breaker: Duration::from_hours(1), ..settings(&[a.notifier("a"), b.notifier("b")]) };
    let took = drain_due(&fixture, rules).await;
    assert!(took < Duration::from_secs(9), "{took:?}");
    for n in 0..30 {
        assert_eq!(fixture.delivery(n, "a").await.state, DeliveryState::Delivered);
        assert_eq!(fixture.delivery(n, "b").await.state, DeliveryState::Pending);
    }
    assert!(b.requests().len() < 10, "it opened its breaker: {}", b.requests().len());
}

#[tokio::test]
async fn once_sends_what_is_recorded_meanwhile_and_ends_only_after_the_last_poll() {
    let mut fixture = Fixture::new(&["a"]).await;
    let receiver = Receiver::start(|_| Reply::Status(200)).await;
    let rules = settings(&[receiver.notifier("a")]);
    let (rules, hint) = (watch::channel(Arc::new(rules)).0, Arc::new(Wake::new()));
    let polled = CancellationToken::new();
    let draining = dispatcher(&fixture, &rules, &hint).drain_due(polled.clone(), CancellationToken::new());
    let polling = async {
        sleep(Duration::from_millis(200)).await;
        fixture.record(3).await;
        hint.notify_one();
        fixture.wait_for(2, "a", |one| one.state == DeliveryState::Delivered).await;
        polled.cancel();
        Instant::now()
    };
    let (drained, ended) = in_time(async { tokio::join!(draining, polling) }).await;
    drained.expect("drained");
    assert!(ended.elapsed() < Duration::from_secs(1), "{:?}", ended.elapsed());
}

#[tokio::test]
async fn once_ends_at_once_if_nothing_is_due() {
    let fixture = Fixture::new(&["a"]).await;
    let receiver = Receiver::start(|_| Reply::Status(200)).await;
    assert!(drain_due(&fixture, settings(&[receiver.notifier("a")])).await < Duration::from_secs(1));
    assert!(drain_due(&fixture, settings(&[])).await < Duration::from_secs(1));
}
