//! What a receiver said, made fit to be stored and shown: cleaned, short, without secrets and URLs. Pure.

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;

use crate::{
    model::Webhook,
    render::{cut, one_line},
    secret::Secret,
};

/// The longest sentence, in graphemes (specs/delivery.md §11).
pub const MAX_REASON: usize = 200;
/// Shorter texts are no secrets worth searching for, and would tear holes into every sentence.
const SHORTEST_SECRET: usize = 4;
/// The same for a part of a path or a user name, which is often a plain word.
const SHORTEST_PART: usize = 8;

/// Knows the secrets of one notifier, and takes them out of texts.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest first, so that a part never spares the rest of a whole.
    secrets: Vec<String>,
}

impl Redactor {
    /// A redactor for the URL, the keys and the headers of a webhook.
    pub fn of(webhook: &Webhook) -> Self {
        let url = webhook.url.expose();
        let parts = url.path_segments().into_iter().flatten().chain([url.username()]).flat_map(both);
        let parts = parts.filter(|part| part.len() >= SHORTEST_PART);
        let query = url.query_pairs().map(|(_, value)| value.into_owned());
        let raw_query = url.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let raw_query = raw_query.map(|(_, value)| value.to_owned());
        let keys = webhook.secrets.iter().map(|key| STANDARD.encode(key.expose()));
        let headers = webhook.headers.iter().flat_map(|(_, value)| {
            let value = value.expose();
            [value.to_owned(), value.rsplit(' ').next().unwrap_or_default().to_owned()]
        });
        let [user, password] = [url.username(), url.password().unwrap_or_default()].map(decoded);
        let basic = STANDARD.encode(format!("{user}:{password}"));
        let to = webhook.to.as_ref().map_or("", Secret::expose);
        let whole = [url.as_str(), url.path(), url.query().unwrap_or_default(), to].map(str::to_owned);
        let whole = whole.into_iter().chain(both(url.password().unwrap_or_default())).chain([basic]);
        let all = whole.chain(parts).chain(query).chain(raw_query).chain(keys).chain(headers);
        let mut secrets: Vec<String> = all.filter(|secret| secret.len() >= SHORTEST_SECRET).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { secrets }
    }

    /// The text on one line, without secrets, URLs and markup.
    pub fn clean(&self, text: &str) -> String {
        let mut text = text.replace("\\/", "/");
        for secret in &self.secrets {
            text = text.replace(secret.as_str(), "***");
        }
        let text = without_urls(&text);
        let text = if text.trim_start().starts_with('<') { without_tags(&text) } else { text };
        one_line(&text).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// As a URL has it, and what it means: that is what is sent, and may be said back.
fn both(text: &str) -> [String; 2] {
    [text.to_owned(), decoded(text)]
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A sentence of at most [`MAX_REASON`] graphemes.
pub fn short(sentence: &str) -> String {
    cut(sentence, MAX_REASON)
}

fn without_urls(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | ']' | '}' | '\\');
    // ASCII lower case has the same length, so places are the same.
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (start, _) in lower.match_indices("http") {
        let is_url =
            lower.get(start..).is_some_and(|it| it.starts_with("http://") || it.starts_with("https://"));
        if is_url && start >= done {
            out.push_str(text.get(done..start).unwrap_or_default());
            out.push_str("[url]");
            let url = text.get(start..).unwrap_or_default();
            done = start + url.find(ends).unwrap_or(url.len());
        }
    }
    out + text.get(done..).unwrap_or_default()
}

fn without_tags(text: &str) -> String {
    let mut in_tag = false;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                out.push(' ');
            }
            _ if !in_tag => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{SecretUrl, SigningKey};

    fn redactor() -> Redactor {
        Redactor::of(&Webhook {
            url: SecretUrl::new(
                "https://u:pass-word@hooks.example/services/T0canary?token=q-canary".parse().expect("url"),
            ),
            secrets: vec![SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("key")],
            headers: vec![("authorization".to_owned(), Secret::new("Bearer h-canary"))],
            timeout: None,
            ca_file: None,
            to: Some(Secret::new("R0-canary")),
            content_type: "application/json".to_owned(),
            template: None,
        })
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(redactor().clean(text), expected, "{text:?}");
    }

    #[test]
    fn an_echoed_secret_is_taken_out_whole_or_in_parts() {
        check("no route for /services/T0canary?token=q-canary", "no route for ***?***");
        check("T0canary unknown", "*** unknown");
        check("no integration R0-canary", "no integration ***");
        check("token q-canary, key MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "token ***, key ***");
        check("Authorization was Bearer h-canary, not h-canary", "Authorization was ***, not ***");
        check("user pass-word", "user ***");
        check(r#"{"url":"https:\/\/hooks.example\/services\/T0canary"}"#, r#"{"url":"[url]"}"#);
    }

    #[test]
    fn what_is_escaped_in_the_url_is_taken_out_as_it_is_sent_too() {
        let url = "https://canary-user:p%40ss-canary@hooks.example/s%2Dcanary-1?token=q%2Fcanary";
        let redactor = Redactor::of(&Webhook {
            url: SecretUrl::new(url.parse().expect("url")),
            secrets: vec![],
            headers: vec![],
            timeout: None,
            ca_file: None,
            to: None,
            content_type: "application/json".to_owned(),
            template: None,
        });
        let basic = STANDARD.encode("canary-user:p@ss-canary");
        for said in
            ["p%40ss-canary", "p@ss-canary", &basic, "s%2Dcanary-1", "s-canary-1", "q%2Fcanary", "q/canary"]
        {
            assert_eq!(redactor.clean(&format!("no {said}!")), "no ***!");
        }
    }

    #[test]
    fn urls_are_taken_out_even_if_they_are_no_secret() {
        check("see HTTPS://Example.org/help?a=b (or http://x)", "see [url] (or [url])");
        check("\"http://a\",'https://b'", "\"[url]\",'[url]'");
    }

    #[test]
    fn markup_and_control_characters_are_taken_out() {
        check("<html><head><title>502 Bad\nGateway</title></head></html>", "502 Bad Gateway");
        check("a < b\u{1b}[31m\u{202e}c", "a < b [31mc");
        check("  invalid\r\n\r\npayload ", "invalid payload");
    }

    #[test]
    fn a_sentence_is_cut_at_200() {
        assert_eq!(short(&"ä".repeat(300)).chars().count(), MAX_REASON);
    }
}
