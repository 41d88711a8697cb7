//! Where the bodies of a format go, and whom they name: what each vendor asks of `url`, `to` and `content_type`.

use reqwest::header::HeaderValue;
use url::Url;

use super::{
    super::{
        Purpose,
        raw::{At, RawNotifier},
    },
    Checker,
};
use crate::{
    http::Policy,
    model::Format,
    secret::{Secret, SecretUrl},
};

/// Where `PagerDuty` takes events.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";
/// Stands in for a receiver that is not known, where nothing will be sent (RFC 6761 §6.4).
const NOWHERE: &str = "http://unknown.invalid/";
/// The longest topic of ntfy.
const MAX_TOPIC: usize = 64;

/// An address, and whom the body names.
pub(super) struct Destination {
    pub(super) url: SecretUrl,
    pub(super) to: Option<Secret>,
}

impl Checker<'_> {
    /// Where a webhook posts to. No problem quotes it.
    pub(super) fn destination(&mut self, raw: &At<RawNotifier>, format: Format) -> Option<Destination> {
        let to = self.to(raw, format);
        let url = match (&raw.value.url, format) {
            (Some(written), _) => self.receiver(written),
            (None, Format::PagerDuty) => Url::parse(PAGERDUTY).ok(),
            (None, _) => {
                if !self.is_broken {
                    let problem = raw.error("[[notifier]] of type \"webhook\" without url");
                    self.push(problem.help(format!("url = \"env:NAME\", {}", example(format))));
                }
                None
            }
        };
        let (mut url, to) = (url?, to?);
        if self.purpose == Purpose::Look {
            return Some(Destination { url: SecretUrl::new(url), to });
        }
        let problem = match format {
            Format::Ntfy => match take_topic(&mut url) {
                Some(topic) => {
                    return Some(Destination { url: SecretUrl::new(url), to: Some(Secret::new(topic)) });
                }
                None => "notifier.url: does not end in a topic of letters, digits, - and _",
            },
            Format::Telegram if !url.path().ends_with("/sendMessage") => {
                "notifier.url: does not end in /sendMessage"
            }
            Format::Discord => {
                wait_for_answer(&mut url);
                return Some(Destination { url: SecretUrl::new(url), to });
            }
            _ => return Some(Destination { url: SecretUrl::new(url), to }),
        };
        let written = raw.value.url.as_ref()?;
        self.push(written.error(problem).help(example(format)));
        None
    }

    /// Whom the body names. The outer `None`: a problem was recorded.
    #[expect(clippy::option_option, reason = "nobody to name is fine, somebody who is wrong is not")]
    fn to(&mut self, raw: &At<RawNotifier>, format: Format) -> Option<Option<Secret>> {
        let (what, is_good): (_, fn(&str) -> bool) = match format {
            Format::Telegram => ("the id of a chat, as in \"-1001234567890\" or \"@channel\"", is_chat),
            Format::PagerDuty => ("the routing key of an integration, better as \"env:NAME\"", is_key),
            _ => {
                if let Some(to) = &raw.value.to {
                    let problem = to.error("notifier.to: is for telegram and pagerduty");
                    self.push(problem.help("elsewhere the url says where it goes; leave `to` out"));
                    return None;
                }
                return Some(None);
            }
        };
        let Some(written) = &raw.value.to else {
            if !self.is_broken {
                let name = raw.value.format.as_ref()?;
                let problem = name.error(format!("notifier.format: {} needs `to`", name.value));
                self.push(problem.help(format!("`to` is {what}")));
            }
            return None;
        };
        let resolved = self.resolve(written);
        if resolved.is_none() && self.purpose == Purpose::Look {
            return Some(None);
        }
        let to = resolved?.value.trim().to_owned();
        if !is_good(&to) {
            self.push(written.error("notifier.to: is not what it should be").help(what));
            return None;
        }
        Some(Some(Secret::new(to)))
    }

    /// The address as written, or what it stands for.
    fn receiver(&mut self, written: &At<String>) -> Option<Url> {
        const HELP: &str = r#"as in "https://example.org/hook", or "env:NAME" where the variable holds it"#;
        let resolved = self.resolve(written);
        if resolved.is_none() && self.purpose == Purpose::Look {
            return Url::parse(NOWHERE).ok();
        }
        let problem = match Url::parse(resolved?.value.trim()) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                written.error("notifier.url: only http and https").help(HELP)
            }
            Ok(url) => match Policy::Operator.check_url(&url, None) {
                Ok(()) => return Some(url),
                Err(_) => written.error(
                    "notifier.url: leads to an address that is never asked: link-local, cloud metadata, \
                     multicast or none at all",
                ),
            },
            Err(_) => written.error("notifier.url: is not a URL").help(HELP),
        };
        self.push(problem);
        None
    }

    /// The media type of the bodies: the format's own, or what a template's is said to be.
    pub(super) fn content_type(&mut self, raw: &At<RawNotifier>, format: Format) -> Option<String> {
        let Some(written) = &raw.value.content_type else { return Some(format.content_type().to_owned()) };
        let problem = if raw.value.template.is_none() {
            written
                .error("notifier.content_type: is for templates")
                .help("other bodies have the type of their format")
        } else if !written.value.contains('/') || HeaderValue::from_str(&written.value).is_err() {
            written
                .error(format!("notifier.content_type: {:?} is not a media type", written.value))
                .help(r#"as in "text/plain; charset=utf-8""#)
        } else {
            return Some(written.value.clone());
        };
        self.push(problem);
        None
    }
}

/// What an address of this format looks like.
fn example(format: Format) -> &'static str {
    match format {
        Format::Slack => "as in https://hooks.slack.com/services/…",
        Format::Discord => "as in https://discord.com/api/webhooks/…",
        Format::Teams => "the address that the flow \"When a Teams webhook request is received\" shows",
        Format::Mattermost => "as in https://mattermost.example.org/hooks/…",
        Format::Telegram => "as in https://api.telegram.org/bot<token>/sendMessage",
        Format::Ntfy => "as in https://ntfy.sh/<topic>",
        _ => "as in https://example.org/hook",
    }
}

/// ntfy takes JSON at its root, and the topic in it: the last part of the path becomes the topic.
fn take_topic(url: &mut Url) -> Option<String> {
    let topic = url.path_segments()?.rfind(|part| !part.is_empty())?.to_owned();
    let is_good =
        topic.len() <= MAX_TOPIC && topic.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    url.path_segments_mut().ok()?.pop_if_empty().pop().push("");
    is_good.then_some(topic)
}

/// Without `wait`, Discord says 204 to everything and fails silently. Other parts of the query stay (`thread_id`).
fn wait_for_answer(url: &mut Url) {
    let rest: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| key != "wait")
        .map(|(key, value)| (key.into(), value.into()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(rest).append_pair("wait", "true");
}

fn is_chat(to: &str) -> bool {
    let digits = to.strip_prefix('-').unwrap_or(to);
    let is_id = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let is_name = |name: &str| name.len() > 3 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_id || to.strip_prefix('@').is_some_and(is_name)
}

fn is_key(to: &str) -> bool {
    !to.is_empty() && to.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_topic(url: &str, expected: Option<(&str, &str)>) {
        let mut root = Url::parse(url).expect("url");
        let topic = take_topic(&mut root);
        assert_eq!(topic.as_deref().map(|topic| (root.as_str(), topic)), expected);
    }

    #[test]
    fn the_last_part_of_an_ntfy_address_is_the_topic() {
        check_topic("https://ntfy.sh/news", Some(("https://ntfy.sh/", "news")));
        check_topic(
            "https://ntfy.example/push/a_B-1/?auth=x",
            Some(("https://ntfy.example/push/?auth=x", "a_B-1")),
        );
        check_topic("https://ntfy.sh/", None);
        check_topic("https://ntfy.sh", None);
        check_topic("https://ntfy.sh/a%20b", None);
        check_topic(&format!("https://ntfy.sh/{}", "a".repeat(65)), None);
    }

    #[test]
    fn discord_is_asked_to_wait_and_threads_stay() {
        let waiting = |url: &str| {
            let mut url = Url::parse(url).expect("url");
            wait_for_answer(&mut url);
            url.to_string()
        };
        assert_eq!(waiting("https://d.example/w/1"), "https://d.example/w/1?wait=true");
        assert_eq!(
            waiting("https://d.example/w?wait=false&thread_id=7"),
            "https://d.example/w?thread_id=7&wait=true"
        );
    }

    #[test]
    fn a_chat_has_a_number_or_a_name() {
        for good in ["1", "-1001234567890", "@channel"] {
            assert!(is_chat(good), "{good}");
        }
        for bad in ["", "-", "@", "@ab", "channel", "1 2", "@a b c"] {
            assert!(!is_chat(bad), "{bad}");
        }
    }
}
