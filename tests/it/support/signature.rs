//! The receiver's half of Standard Webhooks, written apart from the sender's: what is checked is the standard,
//! not our own code against itself.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{http::Request, now};

/// Receivers accept a timestamp that is off by this many seconds.
pub const TOLERANCE: i64 = 5 * 60;

/// Checks a request as a receiver must. `secret` is `whsec_` and base64.
///
/// # Errors
/// Says which rule is broken.
pub fn verify(secret: &str, request: &Request, tolerance: i64) -> Result<(), String> {
    let header = |name: &str| request.header(name).ok_or(format!("no {name}"));
    let (id, timestamp, signatures) =
        (header("webhook-id")?, header("webhook-timestamp")?, header("webhook-signature")?);
    let sent: i64 = timestamp.parse().map_err(|_| format!("webhook-timestamp {timestamp:?} is no number"))?;
    if (now().timestamp() - sent).abs() > tolerance {
        return Err(format!("webhook-timestamp {sent} is too old or in the future"));
    }
    let expected = sign(secret, id, timestamp, &request.body);
    if signatures.split(' ').any(|signature| signature == expected) {
        return Ok(());
    }
    Err(format!("webhook-signature {signatures:?} does not hold {expected:?}"))
}

/// `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
pub fn sign(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let key = secret.strip_prefix("whsec_").expect("a test secret has its prefix");
    let key = STANDARD.decode(key).expect("a test secret is base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[test]
fn the_receiver_agrees_with_the_vectors_of_the_standard() {
    let signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        br#"{"test": 2432232314}"#,
    );
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}
