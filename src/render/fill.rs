//! What is put into a stored body only when it is sent: to whom it goes, which is a secret or may change.

use std::borrow::Cow;

use crate::model::Format;

/// The body with `to` in it: a chat, an ntfy topic, a routing key. It comes in as the first member of the object; in the
/// stored body is nothing in its place that text from a feed could look like. Other formats name nobody.
pub fn fill<'a>(format: Format, body: &'a [u8], to: &str) -> Cow<'a, [u8]> {
    let key = match format {
        Format::Telegram => "chat_id",
        Format::Ntfy => "topic",
        Format::PagerDuty => "routing_key",
        _ => return Cow::Borrowed(body),
    };
    let Some(rest) = body.strip_prefix(b"{") else { return Cow::Borrowed(body) };
    let member = format!("{{\"{key}\":{},", serde_json::Value::from(to));
    Cow::Owned([member.as_bytes(), rest].concat())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::render::{render, tests::example};

    #[test]
    fn a_stored_body_names_nobody_until_it_is_sent() {
        for (format, key) in
            [(Format::Telegram, "chat_id"), (Format::Ntfy, "topic"), (Format::PagerDuty, "routing_key")]
        {
            let stored = render(format, &example());
            let json: Value = serde_json::from_slice(&stored).expect("JSON");
            assert_eq!(json.get(key), None, "{format:?}");
            let sent: Value = serde_json::from_slice(&fill(format, &stored, "-100\"1")).expect("JSON");
            assert_eq!(sent[key], "-100\"1");
            let mut others = sent.clone();
            others.as_object_mut().expect("object").remove(key);
            assert_eq!(others, json);
        }
    }

    #[test]
    fn other_bodies_stay_as_they_are() {
        for format in [Format::Standard, Format::Slack, Format::Discord] {
            let stored = render(format, &example());
            assert_eq!(fill(format, &stored, "x"), stored);
        }
        assert_eq!(*fill(Format::Ntfy, b"no object", "x"), *b"no object");
    }
}
