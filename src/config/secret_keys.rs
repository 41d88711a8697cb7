//! Which keys hold secrets. When in doubt, a key does: a wrong guess hides an excerpt, not more.

use super::{raw, words};

/// Keys of `[[notifier]]` whose values may be shown; all others, known or not, are secret.
const PLAIN_OF_NOTIFIER: &[&str] = &[
    "name",
    "type",
    "format",
    "template",
    "content_type",
    "topics",
    "feeds",
    "tags",
    "events",
    "rate",
    "concurrency",
    "timeout",
    "ca_file",
    "enabled",
];
/// What secrets are called; names like these count too.
const SECRET_NAMES: &[&str] =
    &["secret", "password", "passwd", "headers", "token", "api_key", "authorization"];

/// Whether what stands under this path of keys is not for showing.
pub(super) fn is_secret(path: &[String]) -> bool {
    let Some((table, keys)) = path.split_first() else { return false };
    let key = keys.last().map_or(table.as_str(), String::as_str);
    match table.as_str() {
        "include" | "alias" => false,
        "notifier" => keys.is_empty() || keys.iter().any(|key| !PLAIN_OF_NOTIFIER.contains(&key.as_str())),
        table => match raw::keys_of(table) {
            // What `store.url` holds decides: `holds_credentials`.
            Some(known) => keys.iter().any(|key| looks_secret(key) || is_foreign(key, known)),
            None => !PLAIN_OF_NOTIFIER.contains(&key),
        },
    }
}

/// Whether a key may be secret in some table or other. In a broken file only known keys are trusted: taking what
/// resembles one for it showed a header's value in tests, as `Host` resembles `host`.
pub(super) fn is_doubtful(key: &str) -> bool {
    matches!(key, "url" | "to") || looks_secret(key) || !raw::is_known_key(key)
}

/// Whether a string literal may be a URL with credentials, or is one of a database server. URLs are lenient
/// (`https:u:p@host` is one), so whatever has a colon and an `@` counts.
pub(super) fn holds_credentials(literal: &str) -> bool {
    let database = ["postgres:", "postgresql:", "mysql:"];
    let value = literal.trim_matches(['"', '\'']);
    (value.contains(':') && value.contains('@')) || database.iter().any(|scheme| value.starts_with(scheme))
}

/// Whether a text names something secret or holds a URL: a line of a broken file, a stretch swallowed by a forgotten
/// quote.
pub(super) fn is_named_in(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["notifier", "url", "://", "@"].iter().chain(SECRET_NAMES).any(|name| lower.contains(name))
}

/// Whether a key neither belongs to a table nor resembles one that does: a lost header may have put it there.
fn is_foreign(key: &str, known: &[&str]) -> bool {
    is_doubtful(key) && !known.iter().any(|known| words::is_similar(key, known))
}

fn looks_secret(key: &str) -> bool {
    let lower = key.to_lowercase();
    SECRET_NAMES.iter().any(|name| lower.contains(name) || words::is_similar(&lower, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: bool) {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        assert_eq!(is_secret(&path), expected, "{path:?}");
    }

    #[test]
    fn secret_keys_and_what_resembles_them_are_secret() {
        for path in [
            "notifier.url",
            "notifier.uri",
            "notifier.secret",
            "notifier.headers.X-Api-Key",
            "notifier.to",
            "notifier.webhook",
            "notifer.url",
            "feed.password",
            "feed.pasword",
            "feed.headers",
            "feed.headers.Authorization",
            "http.proxy_password",
            "notifier",
            "secret",
            "webhook",
        ] {
            check(path, true);
        }
    }

    #[test]
    fn every_other_known_key_may_be_shown() {
        for path in ["include", "alias.secrets", "feed", "notifier.name", "notifier.timeout", "store.url"] {
            check(path, false);
        }
        for (table, keys) in raw::TABLES.iter().filter(|(table, _)| !table.is_empty()) {
            for key in keys.iter().filter(|_| *table != "notifier") {
                check(&format!("{table}.{key}"), matches!(*key, "password" | "headers"));
            }
        }
    }
}
