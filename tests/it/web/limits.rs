//! Who is answered, what may be asked, and how long, large and many a request may be.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use super::client::{Answer, Page, rest};
use crate::support::{Config, Daemon, Home, PATIENCE, until};

/// What every answer carries (specs/operations.md §5).
const HEADERS: [(&str, &str); 5] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("cross-origin-resource-policy", "same-origin"),
];

const PATHS: [&str; 7] =
    ["/", "/style.css", "/alerts.atom", "/metrics", "/health/live", "/health/ready", "/alerts/none"];

async fn daemon() -> (Home, Daemon, Page) {
    let home = Home::new(&Config::new().server("listen = \"127.0.0.1:0\"\nhosts = [\"News.example\"]"));
    let daemon = home.start().await;
    let page = Page::of(&daemon).await;
    (home, daemon, page)
}

#[track_caller]
fn check_headers(answer: &Answer) {
    for (name, value) in HEADERS {
        assert_eq!(answer.header(name), Some(value), "{name} in {answer:#?}");
    }
    assert!(answer.header("set-cookie").is_none() && answer.header("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn a_foreign_host_is_refused_and_told_which_key_to_set() {
    let (_home, daemon, page) = daemon().await;
    let ours = [
        "localhost",
        "LOCALHOST:8686",
        "127.0.0.1",
        "192.168.1.7:80",
        "[::1]:8686",
        "news.example",
        "NEWS.EXAMPLE:443",
    ];
    for host in ours {
        assert_eq!(page.with("GET", "/", &[("host", host)]).await.status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "news.example.evil.example",
        "x@localhost",
        "127.0.0.1.nip.io",
        "",
    ] {
        for path in ["/", "/metrics", "/alerts.atom", "/style.css", "/nothing"] {
            let answer = page.with("GET", path, &[("host", host)]).await;
            assert_eq!(answer.status, 421, "{host} {path}");
            assert!(answer.body.contains("server.hosts"), "{answer:#?}");
            check_headers(&answer);
        }
        for path in ["/health/live", "/health/ready"] {
            assert_eq!(
                page.with("GET", path, &[("host", host)]).await.status,
                200,
                "a probe may come by any name"
            );
        }
    }
    let two = page.with("GET", "/", &[("host", "localhost"), ("host", "evil.example")]).await;
    let absolute = page.with("GET", "http://evil.example/", &[]).await;
    assert!(two.status >= 400 && absolute.status == 421, "{two:#?} {absolute:#?}");
    assert!(
        page.raw(b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n").await.status >= 400,
        "no host is no host of ours"
    );
    daemon.stop().await;
}

#[tokio::test]
async fn get_and_head_are_all_that_is_answered_and_they_agree() {
    let (_home, daemon, page) = daemon().await;
    for path in PATHS {
        let (get, head) = (page.get(path).await, page.with("HEAD", path, &[]).await);
        assert_eq!(get.status, if path == "/alerts/none" { 404 } else { 200 }, "{path}");
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        check_headers(&get);
        check_headers(&head);
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
            let answer = page.with(method, path, &[("content-length", "0")]).await;
            assert_eq!((answer.status, answer.header("allow")), (405, Some("GET,HEAD")), "{method} {path}");
            check_headers(&answer);
        }
    }
    for path in ["/nothing", "/health", "/alerts", "/metrics/", "//", "/index.html"] {
        let answer = page.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        check_headers(&answer);
    }
    daemon.stop().await;
}

#[tokio::test]
async fn who_does_not_finish_asking_is_let_go_after_five_seconds() {
    let (_home, daemon, page) = daemon().await;
    let begun = Instant::now();
    let mut idle = page.connect().await;
    let mut slow = page.connect().await;
    let trickle = async {
        // A byte at a time, never done: each one would begin a new wait if only silence counted.
        let head =
            b"GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        for byte in head.iter().cycle() {
            if slow.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, trickle).await.expect("the slow one is let go");
    rest(&mut idle).await;
    let took = begun.elapsed();
    assert!((Duration::from_secs(4)..Duration::from_secs(12)).contains(&took), "{took:?}");

    let mut kept = page.connect().await;
    kept.write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("a request");
    let mut answer = [0; 64];
    let read = kept.read(&mut answer).await.expect("an answer");
    assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
    rest(&mut kept).await;
    assert_eq!(page.get("/health/live").await.status, 200);
    daemon.stop().await;
}

#[tokio::test]
async fn a_head_beyond_8_kib_is_refused() {
    let (_home, daemon, page) = daemon().await;
    let long = |length: usize| "a".repeat(length);
    assert_eq!(page.with("GET", "/", &[("x-long", &long(6 << 10))]).await.status, 200);
    for answer in [
        page.with("GET", "/", &[("x-long", &long(9 << 10))]).await,
        page.get(&format!("/?topic={}", long(9 << 10))).await,
    ] {
        assert!(matches!(answer.status, 414 | 431), "{answer:#?}");
    }
    let many: Vec<_> = (0..200).map(|_| ("x-many", "1")).collect();
    assert_eq!(page.with("GET", "/", &many).await.status, 431, "too many headers");
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n\r\n\0\r\n\r\n",
    ] {
        let mut stream = page.connect().await;
        stream.write_all(garbage).await.expect("bytes");
        let answer = rest(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
    }
    assert_eq!(page.get("/health/live").await.status, 200);
    daemon.stop().await;
}

#[tokio::test]
async fn a_body_is_not_waited_for() {
    let (_home, daemon, page) = daemon().await;
    let begun = Instant::now();
    let answer = page.with("GET", "/health/live", &[("content-length", "1000000000")]).await;
    assert_eq!(answer.status, 200);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    daemon.stop().await;
}

#[tokio::test]
async fn more_than_64_connections_wait_and_are_served_when_others_go() {
    let (_home, daemon, page) = daemon().await;
    let mut idle: Vec<TcpStream> = Vec::new();
    for _ in 0..64 {
        idle.push(page.connect().await);
    }
    let open = || std::fs::read_dir(format!("/proc/{}/fd", daemon.pid())).map_or(0, Iterator::count);
    let before = open();
    let mut late = Vec::new();
    for _ in 0..40 {
        let mut stream = page.connect().await;
        stream
            .write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .await
            .expect("bytes");
        late.push(stream);
    }
    assert!(open() <= before + 64, "they wait outside: {before}, then {}", open());
    let mut byte = [0];
    let answered = timeout(Duration::from_secs(1), late[39].read(&mut byte)).await;
    assert!(answered.is_err(), "64 are served at the same time, not 104: {answered:?}");
    drop(idle);
    for stream in &mut late {
        let answer = rest(stream).await;
        assert!([&byte[..], &answer].concat().ends_with(b"ok\n"), "{:?}", String::from_utf8_lossy(&answer));
    }
    daemon.stop().await;
}

#[tokio::test]
async fn visitors_do_not_keep_the_daemon_from_ending() {
    let (_home, daemon, page) = daemon().await;
    let mut idle = page.connect().await;
    let mut half = page.connect().await;
    half.write_all(b"GET / HTTP/1.1\r\nhost: loc").await.expect("bytes");
    until("both are there", async || (page.get("/health/live").await.status == 200).then_some(())).await;
    let begun = Instant::now();
    daemon.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    rest(&mut idle).await;
    rest(&mut half).await;
}
