//! What happens below the status line: bodies without end, resets, silence, heads that are too large or no HTTP.

use crate::{
    delivery::case::{AIR, Case, case},
    support::{Reply, Then},
};

const WELL: Reply = Reply::Status(204);

fn bytes(text: &str, then: Then) -> Reply {
    Reply::Bytes(text.as_bytes().to_vec(), then)
}

/// A 200 with this head and the beginning of a body.
fn ok(rest: &str, then: Then) -> Reply {
    bytes(&format!("HTTP/1.1 200 OK\r\n{rest}"), then)
}

pub fn cases() -> Vec<Case> {
    [bodies(), connections(), heads(), nonsense()].concat()
}

/// The status was said: whatever the body does, it counts.
fn bodies() -> Vec<Case> {
    vec![
        case("a body that trickles", [ok("content-length: 9999\r\n\r\n", Then::Trickle)]).arrives(),
        case("a body without end", [ok("\r\n", Then::Flood)]).arrives(),
        case("a body that is cut", [ok("content-length: 1000\r\n\r\nhalf", Then::Close)]).arrives(),
        case("a body that is reset", [ok("content-length: 1000\r\n\r\nhalf", Then::Reset)]).arrives(),
        case("chunks that are none", [ok("transfer-encoding: chunked\r\n\r\nzz\r\n", Then::Close)]).arrives(),
        case("gzip that is none", [ok("content-encoding: gzip\r\ncontent-length: 4\r\n\r\nnone", Then::Close)])
            .arrives(),
        case("more than was announced", [ok("content-length: 2\r\n\r\nok, and more", Then::Close)]).arrives(),
        case("informed before", [bytes(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 204 X\r\n\r\n",
            Then::Close,
        )])
        .arrives(),
        case("403 with a body without end", [bytes("HTTP/1.1 403 Forbidden\r\n\r\n", Then::Flood)])
            .waits_held("HTTP 403 Forbidden (check url, secret and headers): xxx"),
        case("500 with a body that trickles", [bytes("HTTP/1.1 500 X\r\n\r\n", Then::Trickle), WELL])
            .arrives_second(),
    ]
}

/// It may have been received or not: it is sent again under the same id.
fn connections() -> Vec<Case> {
    vec![
        case("a reset before the first byte", [bytes("", Then::Reset), WELL]).arrives_second(),
        case("the end before the first byte", [bytes("", Then::Close), WELL]).arrives_second(),
        case("a reset in the status line", [bytes("HTTP/1.1 20", Then::Reset), WELL]).arrives_second(),
        case("the end in a header", [ok("x-half: ", Then::Close), WELL]).arrives_second(),
        case("silence", [Reply::Hang, WELL]).arrives_second().gap(AIR),
        case("a head that trickles", [ok("x-slow: ", Then::Trickle), WELL]).arrives_second().gap(AIR),
        case("nobody listens", []).ends("pending", "open", 5, 0, "connection refused"),
    ]
}

/// More of a head than anybody needs.
fn heads() -> Vec<Case> {
    let long = ok(&format!("x-long: {}\r\ncontent-length: 0\r\n\r\n", "y".repeat(70_000)), Then::Close);
    let several = format!("x-long: {}\r\n", "y".repeat(9_000)).repeat(8);
    let several = ok(&format!("{several}content-length: 0\r\n\r\n"), Then::Close);
    let many = ok(&format!("{}content-length: 0\r\n\r\n", "x: y\r\n".repeat(200)), Then::Close);
    vec![
        case("70 kB in one header", [long, WELL]).arrives_second(),
        case("72 kB in eight headers", [several, WELL]).arrives_second(),
        case("200 headers", [many, WELL]).arrives_second(),
        case("a head without end", [ok("x-long: ", Then::Flood), WELL]).arrives_second(),
    ]
}

/// What is not HTTP is trouble that passes: something stands in between.
fn nonsense() -> Vec<Case> {
    let broken = [
        ("a mail server", "220 mail.example ESMTP\r\n"),
        ("an SSH server", "SSH-2.0-OpenSSH_9.2\r\n"),
        ("HTTP of another kind", "HTTP/3.0 200 OK\r\n\r\n"),
        ("a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"),
        ("a status in words", "HTTP/1.1 fine\r\n\r\n"),
        ("a length below zero", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"),
        ("two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx"),
        ("a zero byte in a header", "HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n"),
        ("a header without a name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n"),
        ("HTML without a head", "<html><body>It works!</body></html>"),
        ("an empty line", "\r\n\r\n"),
    ];
    let twice = |(name, text): (&str, &str)| case(name, [bytes(text, Then::Close), WELL]).arrives_second();
    broken.into_iter().map(twice).collect()
}
