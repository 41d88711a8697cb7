//! Identities. Each is a type of its own, so that one cannot be passed for another.

use std::{fmt, sync::Arc};

use data_encoding::{BASE32_NOPAD, Encoding};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{EventKind, Timestamp};

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the name as it stands.
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }
    };
}

name_type! {
    /// A feed: its configured `id`, else its `url` as written. State survives a rename of the feed.
    FeedId
}
name_type! {
    /// A topic: its configured name, unique in the watchlist.
    TopicName
}
name_type! {
    /// A notifier: its configured name, unique.
    NotifierName
}
name_type! {
    /// What politeness is owed to: the registrable domain of a public host, host and port of a loopback
    /// or private one (specs/polling.md §5 R4, R5), or the path of a local file.
    HostKey
}
name_type! {
    /// One life of one process, random; holds leases. Never a host name or a process id.
    OwnerId
}
name_type! {
    /// An alert: `alert_` and 26 characters of `[a-z2-7]`. The same alert has the same id after a crash, a
    /// restore, or on a second machine (specs/delivery.md §2). Of an operational event: `event_` and 26 characters.
    AlertId
}

impl AlertId {
    /// Derives the id from what makes the alert: the feed, the article and the newly mentioned topics in any
    /// order. SHA-256 over the length-prefixed list `("v1", feed, article, topics…)`.
    pub fn derive(feed: &FeedId, article: &ArticleKey, topics: &[TopicName]) -> Self {
        let article = article.to_string();
        let mut topics: Vec<&str> = topics.iter().map(TopicName::as_str).collect();
        topics.sort_unstable();
        let mut parts = vec!["v1", feed.as_str(), &article];
        parts.extend(topics);
        Self::from_digest("alert_", &hash_parts(parts))
    }

    /// An id that no article can have, for test alerts.
    pub fn for_test(seed: &str) -> Self {
        Self::from_digest("alert_", &hash_parts(["v1-test", seed]))
    }

    /// The id of an operational event, which is delivered as an alert is: one for each episode of a subject
    /// (specs/delivery.md §2). `since` is the start of the episode.
    pub fn for_event(kind: EventKind, subject: &str, since: Timestamp) -> Self {
        let since = since.timestamp_millis().to_string();
        Self::from_digest("event_", &hash_parts(["v1", kind.as_str(), subject, &since]))
    }

    /// Whether it names an operational event.
    pub fn is_event(&self) -> bool {
        self.as_str().starts_with("event_")
    }

    fn from_digest(prefix: &str, digest: &[u8; 32]) -> Self {
        let mut text = lowercase_base32().encode(digest);
        text.truncate(26);
        Self::new(format!("{prefix}{text}"))
    }
}

/// SHA-256 over a list of texts, each preceded by its length in bytes (u64, little endian), so that no two
/// different lists have the same input.
pub fn hash_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

/// The identity of an article within its feed: one version byte and 120 bits of SHA-256 over the identity text
/// (guid, else normalised link, else hash of the text; specs/reading.md §7). Deterministic across polls,
/// processes and machines.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArticleKey([u8; 16]);

impl ArticleKey {
    /// The rule by which keys are made; a change of the rule needs a new version and a migration.
    pub const VERSION: u8 = 1;

    /// Derives a key from the parts that identify the article.
    pub fn derive<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let digest = hash_parts(parts);
        let mut bytes = [0; 16];
        bytes[0] = Self::VERSION;
        bytes[1..].copy_from_slice(&digest[..15]);
        Self(bytes)
    }

    /// A key as it was stored.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// 26 characters of lowercase base32, as `parse` prints it.
impl fmt::Display for ArticleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&lowercase_base32().encode(&self.0))
    }
}

impl fmt::Debug for ArticleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArticleKey({self})")
    }
}

impl Serialize for ArticleKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A hash of what was read: of an article's title and text, where a different one marks an edit, or of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash(pub [u8; 16]);

impl ContentHash {
    /// Hashes the texts that matter for matching.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        Self::from_digest(&hash_parts(parts))
    }

    /// Hashes a whole body.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::from_digest(&Sha256::digest(bytes).into())
    }

    fn from_digest(digest: &[u8; 32]) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(bytes)
    }
}

fn lowercase_base32() -> &'static Encoding {
    static ENCODING: std::sync::LazyLock<Encoding> = std::sync::LazyLock::new(|| {
        let mut spec = BASE32_NOPAD.specification();
        "abcdefghijklmnopqrstuvwxyz234567".clone_into(&mut spec.symbols);
        spec.encoding().expect("a lowercase base32 alphabet is a valid specification")
    });
    &ENCODING
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(topics: &[&str]) -> AlertId {
        let topics: Vec<TopicName> = topics.iter().map(|&name| TopicName::from(name)).collect();
        AlertId::derive(
            &FeedId::from("https://example.org/feed"),
            &ArticleKey::derive(["guid", "1"]),
            &topics,
        )
    }

    #[test]
    fn an_alert_id_is_the_same_whatever_the_order_of_topics() {
        assert_eq!(alert(&["S-400", "F-35"]), alert(&["F-35", "S-400"]));
        assert_ne!(alert(&["S-400", "F-35"]), alert(&["S-400"]));
        assert_ne!(alert(&["ab", "c"]), alert(&["a", "bc"]));
    }

    #[test]
    fn an_alert_id_has_the_documented_form() {
        let id = alert(&["S-400"]);
        let rest = id.as_str().strip_prefix("alert_").expect("prefix");
        assert_eq!(rest.len(), 26);
        assert!(rest.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b)), "{rest}");
    }

    #[test]
    fn an_event_has_one_id_per_episode() {
        let (since, later): (Timestamp, Timestamp) = (Timestamp::UNIX_EPOCH, Timestamp::MAX_UTC);
        let id = AlertId::for_event(EventKind::FeedFailing, "feed", since);
        assert_eq!(id, AlertId::for_event(EventKind::FeedFailing, "feed", since));
        assert!(id.is_event() && id.as_str().len() == 32, "{id}");
        for other in [
            AlertId::for_event(EventKind::FeedFailing, "feed", later),
            AlertId::for_event(EventKind::FeedRecovered, "feed", since),
            AlertId::for_event(EventKind::FeedFailing, "other", since),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn ids_never_change_between_versions() {
        // Fixed for ever: a change here would alert again for every article in every store.
        assert_eq!(ArticleKey::derive(["guid", "1"]).to_string(), "afdnr24fmha3cofwiaklzx4oiy");
        assert_eq!(alert(&["S-400"]).as_str(), "alert_h4e72xfs2tgkuvyyhduu5czvmx");
    }
}
