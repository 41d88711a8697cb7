use std::time::Instant;

use super::*;
use crate::{
    model::{AlertId, NotifierName, OwnerId},
    notify::tests::receiver::{Receiver, Reply},
    secret::{Secret, SecretUrl, SigningKey},
};

fn now() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().expect("time")
}

fn delivery() -> ClaimedDelivery {
    ClaimedDelivery {
        alert: AlertId::new("alert_h4e72xfs2tgkuvyyhduu5czvmx"),
        notifier: NotifierName::from("desk"),
        owner: OwnerId::from("me"),
        epoch: 1,
        attempt: 3,
        age_from: now(),
        now: now(),
        body: "{\"type\":\"alert\", \"é\" : 1}\n".into(),
        is_plain: false,
        refusals: 0,
        is_probe: false,
        notifier_epoch: 0,
    }
}

fn settings() -> Settings {
    Settings { timeout: Duration::from_millis(400), ..Settings::default() }
}

async fn post(receiver: &Receiver) -> Sent {
    WebhookSender::new(&receiver.webhook(), Format::Standard, &settings())
        .expect("client")
        .send(&delivery(), now())
        .await
}

/// What one post to a receiver that replies so comes to, after one request.
async fn sent(reply: Reply) -> Sent {
    let receiver = Receiver::start(move |_| reply.clone()).await;
    let sent = post(&receiver).await;
    assert_eq!(receiver.requests().len(), 1, "one send is one request");
    assert!(!sent.reason.contains("canary"), "{}", sent.reason);
    sent
}

fn raw(text: &str) -> Reply {
    Reply::Raw(text.to_owned())
}

#[tokio::test]
async fn the_request_is_signed_and_carries_exactly_the_stored_bytes() {
    let receiver = Receiver::start(|_| Reply::Status(204)).await;
    let mut webhook = receiver.webhook();
    webhook.headers.push(("X-Team".to_owned(), Secret::new("desk")));
    let sent = WebhookSender::new(&webhook, Format::Standard, &settings())
        .expect("client")
        .send(&delivery(), now())
        .await;
    assert_eq!((sent.verdict, sent.status), (Verdict::Delivered, Some(204)));
    let [request] = &receiver.requests()[..] else { panic!("one request") };
    assert_eq!(request.line, "POST /hooks/canary-path HTTP/1.1");
    assert_eq!(request.body, delivery().body);
    let agent = concat!("feedwatch/", env!("CARGO_PKG_VERSION"));
    let length = delivery().body.len().to_string();
    let expected = signature(&webhook.secrets, delivery().alert.as_str(), now().timestamp(), &request.body);
    for (name, value) in [
        ("content-type", Some("application/json")),
        ("content-length", Some(length.as_str())),
        ("transfer-encoding", None),
        ("user-agent", Some(agent)),
        ("webhook-id", Some("alert_h4e72xfs2tgkuvyyhduu5czvmx")),
        ("webhook-timestamp", Some("1795456800")),
        ("webhook-signature", expected.as_deref()),
        ("feedwatch-attempt", Some("3")),
        ("x-team", Some("desk")),
        ("cookie", None),
        ("referer", None),
    ] {
        assert_eq!(request.header(name), value, "{name}");
    }
    assert!(request.header("authorization").is_some_and(|value| value.starts_with("Basic ")));
}

#[tokio::test]
async fn without_a_secret_there_is_no_signature_and_with_two_there_are_two() {
    for count in [0, 2] {
        let receiver = Receiver::start(|_| Reply::Status(200)).await;
        let mut webhook = receiver.webhook();
        let key = SigningKey::parse("C2FVsBQIhrscChlQIMV+b5sSYspob7oD").expect("key");
        webhook.secrets = vec![key; count];
        WebhookSender::new(&webhook, Format::Standard, &settings())
            .expect("client")
            .send(&delivery(), now())
            .await;
        let requests = receiver.requests();
        let signatures = requests[0].header("webhook-signature").map_or(0, |value| value.split(' ').count());
        assert_eq!(signatures, count);
    }
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let target = Receiver::start(|_| Reply::Status(200)).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("http://{}/canary", target.address);
        let text = format!("HTTP/1.1 {status} X\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let sent = sent(Reply::Raw(text)).await;
        assert_eq!((sent.verdict, sent.status), (Verdict::NotifierRefused, Some(status)));
        assert!(sent.reason.contains("moved; update url"), "{}", sent.reason);
    }
    assert!(target.requests().is_empty());
}

#[tokio::test]
async fn a_success_counts_even_if_its_body_is_slow_endless_or_cut() {
    for reply in [
        Reply::Trickle(200),
        Reply::Endless(200),
        raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut"),
        raw("HTTP/1.1 202 Accepted\r\n\r\n"),
    ] {
        let begun = Instant::now();
        assert_eq!(sent(reply.clone()).await.verdict, Verdict::Delivered, "{reply:?}");
        assert!(begun.elapsed() < Duration::from_secs(3), "{reply:?}");
    }
}

#[tokio::test]
async fn trouble_on_the_way_has_its_class() {
    let hang = sent(Reply::Hang).await;
    assert_eq!((hang.verdict, hang.reason.as_str()), (Verdict::Slow, "no complete answer in time"));
    assert_eq!(sent(Reply::Close).await.verdict, Verdict::Transient);
    assert_eq!(sent(raw("nonsense\r\n\r\n")).await.verdict, Verdict::Transient);
    assert_eq!(sent(Reply::Status(500)).await.verdict, Verdict::Transient);
    assert_eq!(sent(Reply::Status(504)).await.verdict, Verdict::Slow);
    let large = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(80_000));
    assert_eq!(sent(Reply::Raw(large)).await.verdict, Verdict::Transient);
}

#[tokio::test]
async fn retry_after_and_the_receivers_clock_are_read() {
    let limited = sent(raw("HTTP/1.1 429 X\r\nretry-after: 1.5\r\ncontent-length: 0\r\n\r\n")).await;
    assert_eq!(limited.retry_after, Some(Duration::from_millis(1500)));
    assert_eq!(limited.verdict, Verdict::RateLimited);
    let skewed =
        sent(raw("HTTP/1.1 401 X\r\ndate: Mon, 23 Nov 2026 18:10:00 GMT\r\ncontent-length: 0\r\n\r\n")).await;
    assert!(skewed.reason.contains("clock differs by 600 s"), "{}", skewed.reason);
}

#[tokio::test]
async fn what_the_receiver_said_is_told_without_secrets() {
    let body = "no hook at /hooks/canary-path for user:canary-password, see https://x.example/canary";
    let text = format!("HTTP/1.1 400 X\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let sent = sent(Reply::Raw(text)).await;
    let told = "HTTP 400 Bad Request: no hook at *** for user:***, see [url]";
    assert_eq!((sent.verdict, sent.reason.as_str()), (Verdict::PayloadRefused, told));
}

#[tokio::test]
async fn link_local_addresses_are_refused_without_a_packet() {
    let receiver = Receiver::start(|_| Reply::Status(200)).await;
    let mut webhook = receiver.webhook();
    webhook.url = SecretUrl::new("http://169.254.169.254/latest/canary".parse().expect("url"));
    let sent = WebhookSender::new(&webhook, Format::Standard, &settings())
        .expect("client")
        .send(&delivery(), now())
        .await;
    assert_eq!(sent.verdict, Verdict::NotifierRefused);
    assert_eq!(sent.reason, "refused: 169.254.169.254 is a link-local address");
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let receiver = Receiver::start(|_| Reply::Status(200)).await;
    let sender = WebhookSender::new(&receiver.webhook(), Format::Standard, &settings()).expect("client");
    for _ in 0..3 {
        assert_eq!(sender.send(&delivery(), now()).await.verdict, Verdict::Delivered);
    }
    assert_eq!((receiver.requests().len(), receiver.connections()), (3, 1));
}
