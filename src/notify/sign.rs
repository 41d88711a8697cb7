//! Standard Webhooks signatures, version `v1`: HMAC-SHA256 over id, time and the exact bytes of the body. Pure.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::SigningKey;

/// The value of `webhook-signature`: one `v1,<base64>` for each key in the order given, separated by a space, so
/// that a receiver may accept any of them while keys are changed. `None` without a key.
pub fn signature(keys: &[SigningKey], id: &str, unix_seconds: i64, body: &[u8]) -> Option<String> {
    let signatures: Vec<String> = keys.iter().map(|key| sign(key, id, unix_seconds, body)).collect();
    (!signatures.is_empty()).then(|| signatures.join(" "))
}

fn sign(key: &SigningKey, id: &str, unix_seconds: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{unix_seconds}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> SigningKey {
        SigningKey::parse(text).expect("key")
    }

    // The public vectors of the Standard Webhooks and the Svix test suites.
    const STANDARD_KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const STANDARD_SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn standard_vector(keys: &[SigningKey]) -> Option<String> {
        signature(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#)
    }

    #[test]
    fn the_public_test_vectors_hold() {
        assert_eq!(standard_vector(&[key(STANDARD_KEY)]).as_deref(), Some(STANDARD_SIGNATURE));
        let svix = signature(
            &[key("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")],
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1_649_367_553,
            br#"{"email":"test@example.com","username":"test_user"}"#,
        );
        assert_eq!(svix.as_deref(), Some("v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="));
    }

    #[test]
    fn every_key_signs_the_newest_first() {
        let newest = key("C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
        let both = standard_vector(&[newest.clone(), key(STANDARD_KEY)]).expect("signed");
        let alone = standard_vector(&[newest]).expect("signed");
        assert_eq!(both, format!("{alone} {STANDARD_SIGNATURE}"));
    }

    #[test]
    fn without_a_key_there_is_no_signature() {
        assert_eq!(standard_vector(&[]), None);
    }
}
