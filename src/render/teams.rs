//! Microsoft Teams by Workflows: an Adaptive Card 1.2 of `RichTextBlock`s, whose `TextRun`s know no markdown.

use serde_json::{Value, json};

use super::{
    message::{Message, Quote, Run, Shares},
    text::{WORD_JOINER, utf16},
};

/// A card. Limit: 20,000 bytes; a UTF-16 unit is at most three bytes of JSON, so all texts together are below 8 KB.
pub(super) fn render(message: &Message) -> Vec<u8> {
    let message = &message.cut(&Shares::USUAL, cost);
    let mut title = run(&message.title);
    title["weight"] = "Bolder".into();
    title["size"] = "Medium".into();
    let mut headline = run(&message.headline);
    headline["color"] = "Accent".into();
    let mut origin = run(&message.origin());
    origin["isSubtle"] = true.into();
    origin["size"] = "Small".into();
    if let Some(url) = &message.link {
        title["selectAction"] = json!({ "type": "Action.OpenUrl", "url": url });
    }
    let mut blocks = vec![block(&[headline]), block(&[title])];
    blocks.extend(message.quotes.iter().map(|quote| block(&runs(quote))));
    blocks.push(block(&[origin]));
    let actions = message
        .link
        .iter()
        .map(|url| json!({ "type": "Action.OpenUrl", "title": "Open the article", "url": url }));
    envelope(&json!({
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.2",
        "msteams": { "width": "Full" },
        "body": blocks,
        "actions": actions.collect::<Vec<_>>(),
    }))
}

/// Title and link as nothing but text.
pub(super) fn plain(message: &Message) -> Vec<u8> {
    let message = &message.cut(&Shares::USUAL, cost);
    let mut blocks = vec![block(&[run(&message.summary())])];
    // In an address nothing may be put between braces.
    blocks.extend(message.link.iter().map(|link| block(&[run(&link.replace('{', "%7B"))])));
    envelope(&json!({ "type": "AdaptiveCard", "version": "1.2", "body": blocks }))
}

fn envelope(card: &Value) -> Vec<u8> {
    let attachment = json!({
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": null,
        "content": card,
    });
    json!({ "type": "message", "attachments": [attachment] }).to_string().into_bytes()
}

fn block(inlines: &[Value]) -> Value {
    json!({ "type": "RichTextBlock", "inlines": inlines })
}

fn run(text: &str) -> Value {
    json!({ "type": "TextRun", "text": escape(text) })
}

fn runs(quote: &Quote) -> Vec<Value> {
    let run = |words: &Run| {
        let mut run = run(&words.text);
        if words.is_marked {
            run["weight"] = "Bolder".into();
            run["highlight"] = true.into();
        }
        run
    };
    quote.iter().map(run).collect()
}

fn cost(grapheme: &str) -> usize {
    utf16(&escape(grapheme))
}

/// Renderers replace `{{DATE(…)}}` and `{{TIME(…)}}` even in runs; with something between the braces they do not.
pub(super) fn escape(text: &str) -> String {
    text.replace('{', &format!("{{{WORD_JOINER}"))
}
