//! Every format: what its vendor makes of ordinary, hostile, long and odd alerts.

use std::fmt::Write;

use proptest::{prelude::*, test_runner::Config};
use serde_json::Value;

use super::{
    grammar::{self, FORMATS},
    tests::{example, mention, topic},
    *,
};
use crate::model::{Field, Mention};

/// One text with everything in it that some vendor would take for more than text.
const HOSTILE: &str = "@everyone @here <!channel> <@U1> <https://evil.example|bank> [bank](https://evil.example) \
    **b** _i_ ~s~ `code` ```x``` {{7*7}} {{DATE(2026-11-23T18:00:00Z)}} <script>alert(1)</script> &lt; &amp; \"q\" \
    :smile: www.evil.example /start ||x|| # h 1. \u{202e}gnp\u{7}.exe 👨‍👩‍👧";

fn hostile() -> Alert {
    let mut alert = example();
    alert.article.title = Some(HOSTILE.to_owned());
    alert.feed.name = format!("1. {HOSTILE}");
    alert.article.link = "https://u:p@example.org/a_(b)*c?q=<\"'>&x=[1]".parse().ok();
    let words = mention("<!channel>", HOSTILE);
    alert.topics = vec![topic("# <!here> *T*", vec![Mention { field: Field::Summary, ..words }])];
    alert
}

/// All of it grows where it is escaped.
fn dense() -> Alert {
    let mut alert = example();
    alert.article.title = Some("&<".repeat(1000));
    alert.article.link = format!("https://example.org/?{}", "a&".repeat(900)).parse().ok();
    alert.topics = vec![topic("A&B", vec![mention("&", &"&<".repeat(1000))])];
    alert
}

fn long() -> Alert {
    let mut alert = example();
    let stacked = format!("e{}", "\u{301}".repeat(30)).repeat(300);
    alert.article.title = Some("*<&@".repeat(1000));
    alert.feed.name = stacked;
    alert.article.link = format!("https://example.org/{}", "(".repeat(2000)).parse().ok();
    let words = mention(&"*".repeat(900), &"*".repeat(3000));
    alert.topics = (0..300)
        .map(|n| {
            topic(
                &format!("topic {n} <&*"),
                vec![Mention { snippet: format!("{n}{}", words.snippet), ..words.clone() }],
            )
        })
        .collect();
    alert
}

/// Every text is too long by one family of four, a grapheme of 11 UTF-16 units: it is whole, or not there.
fn borders() -> Alert {
    let mut alert = example();
    let families = "👨‍👩‍👧‍👦".repeat(50);
    alert.article.title = Some(format!("S-400 {families}"));
    alert.feed.name = families.clone();
    let words = mention("S-400", &format!("S-400 {families}"));
    alert.topics = vec![topic(&families, vec![Mention { field: Field::Summary, ..words }])];
    alert
}

/// Nothing but what every alert has.
fn bare() -> Alert {
    let mut alert = example();
    alert.article.title = None;
    alert.article.link = None;
    alert.article.published = None;
    alert.article.summary = None;
    alert.topics = vec![topic("S-400", vec![])];
    alert
}

fn several() -> Alert {
    let mut alert = example();
    let text = "Officials in Ankara said that the S-400 stay, and that sanctions of the USA change nothing.";
    let in_text = |term: &str| Mention { field: Field::Content, ..mention(term, text) };
    alert.topics = vec![
        topic("S-400", vec![mention("S-400", "Ankara seeks Russian S-400 snub"), in_text("S-400")]),
        topic("Sanctions", vec![in_text("sanctions")]),
        topic("Turkey", vec![mention("Ankara", "Ankara seeks Russian S-400 snub")]),
    ];
    alert
}

#[track_caller]
fn pretty(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).expect("JSON");
    serde_json::to_string_pretty(&value).expect("JSON")
}

/// All formats that have a body of their own.
const ALL: [(&str, Format); 10] = [
    ("log", Format::Log),
    ("standard", Format::Standard),
    ("cloudevents", Format::CloudEvents),
    ("slack", Format::Slack),
    ("discord", Format::Discord),
    ("teams", Format::Teams),
    ("mattermost", Format::Mattermost),
    ("telegram", Format::Telegram),
    ("ntfy", Format::Ntfy),
    ("pagerduty", Format::PagerDuty),
];

#[test]
fn golden_payloads() {
    let test = Alert { test: true, ..example() };
    let alerts = [
        ("ordinary", example()),
        ("hostile", hostile()),
        ("several", several()),
        ("borders", borders()),
        ("bare", bare()),
        ("test", test),
    ];
    for (name, format) in ALL {
        let mut page = String::new();
        for (kind, alert) in &alerts {
            writeln!(page, "# {kind}\n{}\n", pretty(&render(format, alert))).expect("a text");
        }
        for (kind, alert) in &alerts {
            if let Some(plain) = plain(format, alert) {
                writeln!(page, "# plain, {kind}\n{}\n", pretty(&plain)).expect("a text");
            }
        }
        insta::assert_snapshot!(name, page);
    }
}

#[test]
fn what_is_seen_is_what_was_meant() {
    for format in FORMATS {
        for alert in [example(), hostile(), several(), long(), dense(), borders(), bare()] {
            for check in [grammar::check(format, &alert), grammar::check_plain(format, &alert)] {
                check.unwrap_or_else(|error| panic!("{format:?}: {error}"));
            }
        }
    }
}

#[test]
fn marked_words_are_seen_as_marked() {
    for format in FORMATS {
        let seen = grammar::read(format, &render(format, &several())).expect("seen");
        let marked: Vec<&str> =
            seen.quotes.iter().flatten().filter(|run| run.1).map(|run| run.0.as_str()).collect();
        match format {
            Format::Ntfy | Format::PagerDuty => assert_eq!(marked, [""; 0]),
            _ => assert_eq!(marked, ["Ankara", "S-400", "sanctions", "Ankara", "S-400"], "{format:?}"),
        }
    }
}

#[test]
fn long_alerts_fit_in_every_form() {
    let limits = [
        (Format::Slack, 16_000),
        (Format::Teams, 20_000),
        (Format::Ntfy, 32 << 10),
        (Format::Mattermost, 32_000),
    ];
    for (_, format) in ALL {
        let limit =
            limits.iter().find(|(limited, _)| *limited == format).map_or(64 << 10, |(_, limit)| *limit);
        for body in [Some(render(format, &long())), plain(format, &long())].into_iter().flatten() {
            assert!(body.len() <= limit, "{format:?}: {} bytes", body.len());
            serde_json::from_slice::<Value>(&body).expect("JSON");
        }
    }
}

/// Pieces that vendors take for markup, letters, and any other character.
fn piece() -> impl Strategy<Value = String> {
    let marks = prop::sample::select(vec![
        "@everyone",
        "@",
        "<!channel>",
        "<@U1>",
        "<",
        ">",
        "&",
        "&lt;",
        "[",
        "](",
        ")",
        "**",
        "*",
        "_",
        "`",
        "~~",
        "||",
        "{{",
        "}}",
        "{{DATE(2026-11-23T18:00:00Z)}}",
        ":",
        ":smile:",
        "https://evil.example",
        "www.evil.example",
        "/start",
        "/",
        "\\",
        "\"",
        "#",
        "# ",
        "-",
        "- ",
        "1.",
        "+",
        "!",
        "|",
        "=",
        "'",
        "\u{202e}",
        "\u{7}",
        "\n",
        "\u{2028}",
        "\u{2060}",
        "…",
        " · 20",
        "👨‍👩‍👧",
        "e\u{301}",
        "<b>",
        "</b>",
        "</a>",
        "<t:1>",
        "$",
        "%",
        "x",
        "S-400",
        " ",
    ]);
    prop_oneof![6 => marks.prop_map(str::to_owned), 3 => "[a-zа-я0-9 ]{1,6}", 1 => any::<char>().prop_map(String::from)]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..12).prop_map(|pieces| pieces.concat())
}

/// Alerts of a run; a quarter of a million by hand with `FEEDWATCH_CASES`, for a million texts in each format.
fn cases() -> u32 {
    std::env::var("FEEDWATCH_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(2000)
}

/// What is only JSON says the article's texts as they are, and nothing in it moves a cursor.
fn check_data(format: Format, alert: &Alert) -> Result<(), String> {
    let body = render(format, alert);
    let text = String::from_utf8(body.clone()).map_err(|error| error.to_string())?;
    let body: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let title = alert.article.title.as_deref().map(one_line).unwrap_or_default();
    let seen = body.pointer("/data/article/title").or(body.get("title")).and_then(Value::as_str);
    let moves = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match seen {
        Some(seen) if seen == title && !text.contains(moves) => Ok(()),
        seen => Err(format!("{format:?}: meant {title:?}, seen {seen:?} in {text}")),
    }
}

proptest! {
    #![proptest_config(Config { cases: cases(), failure_persistence: None, ..Config::default() })]

    /// 34,000 bodies: alerts of four hostile texts and a link, in ten formats, and seven of them in plain form.
    #[test]
    fn hostile_text_stays_text(title in text(), source in text(), snippet in text(), word in text(), path in text()) {
        let mut alert = example();
        alert.article.title = Some(title);
        alert.feed.name = source;
        alert.article.link = url::Url::parse("https://example.org/").and_then(|base| base.join(&path)).ok();
        alert.topics = vec![topic("T", vec![Mention { field: Field::Summary, ..mention(&word, &snippet) }])];
        for format in FORMATS {
            for check in [grammar::check(format, &alert), grammar::check_plain(format, &alert)] {
                check.map_err(|error| TestCaseError::fail(format!("{format:?}: {error}")))?;
            }
        }
        for format in [Format::Log, Format::Standard, Format::CloudEvents] {
            check_data(format, &alert).map_err(TestCaseError::fail)?;
        }
    }
}
