//! Values that never show themselves: not in logs, errors, pages, metrics or the database.

use std::{fmt, sync::Arc};

use sha2::{Digest, Sha256};
use url::Url;

/// A secret text. `Debug` and `Display` show a placeholder; there is no `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Wraps a secret.
    pub fn new(value: impl Into<Arc<str>>) -> Self {
        Self(value.into())
    }

    /// The secret itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A URL whose path and query are secret, as those of webhooks are. Shown as scheme, host and the first 8 hex
/// digits of the SHA-256 of the whole, so that two can be told apart.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(Arc<Url>);

impl SecretUrl {
    /// Wraps a URL.
    pub fn new(url: Url) -> Self {
        Self(Arc::new(url))
    }

    /// The URL itself, for the one place that needs it.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = Sha256::digest(self.0.as_str().as_bytes());
        let host = self.0.host_str().unwrap_or("?");
        write!(f, "{}://{host}/…#{}", self.0.scheme(), data_encoding::HEXLOWER.encode(&digest[..4]))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key for Standard Webhooks signatures: 24 to 64 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Arc<[u8]>);

impl SigningKey {
    /// Reads `whsec_` and standard base64 of 24 to 64 bytes; the prefix may be missing (specs/delivery.md §7).
    /// `None` if it is anything else; the caller must not quote it.
    pub fn parse(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix("whsec_").unwrap_or(text);
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded).ok()?;
        (24..=64).contains(&bytes.len()).then(|| Self(bytes.into()))
    }

    /// The key itself, for the one place that signs.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[signing key]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_nothing_of_itself() {
        let secret = Secret::new("canary-7");
        assert_eq!(format!("{secret} {secret:?}"), "[secret] [secret]");
    }

    #[test]
    fn a_signing_key_is_base64_of_24_to_64_bytes() {
        assert!(SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_some());
        assert!(SigningKey::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_some());
        assert!(SigningKey::parse("whsec_c2hvcnQ=").is_none());
        assert!(SigningKey::parse("whsec_not base64").is_none());
    }

    #[test]
    fn a_secret_url_shows_only_its_host_and_a_fingerprint() {
        let url = SecretUrl::new(Url::parse("https://u:p@hooks.example/T0/canary?k=v").expect("url"));
        let shown = format!("{url} {url:?}");
        assert!(shown.starts_with("https://hooks.example/…#"), "{shown}");
        assert!(!shown.contains("canary") && !shown.contains("u:p"), "{shown}");
    }
}
