//! Slack incoming webhooks: `rich_text` and `plain_text`, which parse nothing; the fallback `text` is escaped.

use serde_json::{Value, json};

use super::{
    message::{Message, Quote, Run, Shares},
    text::utf16,
};

/// The longest link of a plain text, as it is written there; what becomes longer is left out.
const MAX_LINK: usize = 3000;

/// A message of blocks. Limits: 50 blocks, `text` of 4000 characters.
pub(super) fn render(message: &Message) -> Vec<u8> {
    let message = &message.cut(&Shares::USUAL, utf16);
    let mut elements = vec![json!({ "type": "rich_text_section", "elements": head(message) })];
    elements.extend(
        message.quotes.iter().map(|quote| json!({ "type": "rich_text_quote", "elements": runs(quote) })),
    );
    let origin = json!({ "type": "plain_text", "text": message.origin(), "emoji": false });
    let body = json!({
        "text": escape(&message.summary()),
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": [
            { "type": "rich_text", "elements": elements },
            { "type": "context", "elements": [origin] },
        ],
    });
    body.to_string().into_bytes()
}

/// Title and link without blocks.
pub(super) fn plain(message: &Message) -> Vec<u8> {
    let message = &message.cut(&Shares::USUAL, |grapheme| utf16(&escape(grapheme)));
    let link = message.link.iter().map(|link| escape(link)).filter(|link| link.len() <= MAX_LINK);
    let link = link.map(|link| format!("\n{link}"));
    let text = escape(&message.summary()) + &link.collect::<String>();
    let body = json!({ "text": text, "mrkdwn": false, "unfurl_links": false, "unfurl_media": false });
    body.to_string().into_bytes()
}

/// Headline, and below it the title as a link.
fn head(message: &Message) -> Vec<Value> {
    let text = |text: &str| json!({ "type": "text", "text": text });
    let title = match &message.link {
        Some(url) => json!({ "type": "link", "url": url, "text": message.title, "style": { "bold": true } }),
        None => json!({ "type": "text", "text": message.title, "style": { "bold": true } }),
    };
    vec![text(&message.headline), text("\n"), title]
}

fn runs(quote: &Quote) -> Vec<Value> {
    let run = |run: &Run| {
        if run.is_marked {
            json!({ "type": "text", "text": run.text, "style": { "bold": true } })
        } else {
            json!({ "type": "text", "text": run.text })
        }
    };
    quote.iter().map(run).collect()
}

/// Slack's rule for text outside of blocks: these three, nothing else. It stops `<!channel>`, `<@U…>` and `<url|label>`.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
