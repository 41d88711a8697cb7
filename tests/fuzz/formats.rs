//! Any text from a feed in every format: what the vendor shows is what was meant, and nothing in it is markup. Input that
//! begins with `<` or `{` is a feed document; other input is title, feed's name, link, and then words and the sentence
//! they stand in, each ended by a line feed.

#![no_main]

use std::cell::LazyCell;

use feedwatch::{
    matcher::{Matcher, Text},
    model::{
        Alert, AlertFeed, AlertId, Aliases, Article, ArticleKey, ContentHash, FeedId, Field, Format, Mention,
        OtherKeys, Topic, TopicMentions, TopicName,
    },
    read::{self, Limits},
    render::{self, grammar},
};
use libfuzzer_sys::fuzz_target;

thread_local! {
    /// Words that hostile text is full of, so that almost every article has evidence.
    static MATCHER: LazyCell<Matcher> = LazyCell::new(|| {
        let any = ["S-400", "the", "a", "everyone", "channel", "b", "http"].map(str::to_owned).to_vec();
        let topic = Topic { any, ..Topic::named("T <!here> *x*") };
        Matcher::compile(&[topic], &Aliases::new()).expect("a watchlist")
    });
}

fuzz_target!(|input: &[u8]| {
    if matches!(input.first(), Some(b'<' | b'{')) {
        let limits = Limits { max_body: 1 << 20, max_entries: 5, ..Limits::default() };
        let Ok(document) = read::read(input, read::Source::default(), &limits) else { return };
        let name = document.title.unwrap_or_default();
        for article in document.articles {
            let topics = MATCHER.with(|matcher| matcher.find(&Text::of_article(&article), None));
            if !topics.is_empty() {
                check(&alert(article, &name, topics));
            }
        }
    } else {
        check(&of_lines(&String::from_utf8_lossy(input)));
    }
});

fn of_lines(text: &str) -> Alert {
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default().to_owned();
    let (title, name, link) = (next(), next(), next());
    let article = Article {
        link: url::Url::parse("https://example.org/").ok().and_then(|base| base.join(&link).ok()),
        ..Article::titled(ArticleKey::derive(["guid", "1"]), &title)
    };
    let mut mentions = Vec::new();
    while let (Some(word), Some(sentence)) = (lines.next(), lines.next()) {
        let (term, snippet) = (word.to_owned(), sentence.to_owned());
        let text = term.clone();
        mentions.push(Mention { term, field: Field::Summary, start: 0, end: word.len(), text, snippet });
    }
    alert(article, &name, vec![TopicMentions { name: TopicName::from("T"), mentions }])
}

fn alert(article: Article, name: &str, topics: Vec<TopicMentions>) -> Alert {
    let url = "https://example.org/feed.xml";
    let names: Vec<TopicName> = topics.iter().map(|topic| topic.name.clone()).collect();
    Alert {
        id: AlertId::derive(&FeedId::from(url), &article.key, &names),
        feed_id: FeedId::from(url),
        feed: AlertFeed { name: name.to_owned(), url: url.to_owned(), tags: Vec::new() },
        article,
        topics,
        created: "2026-11-23T18:00:00Z".parse().expect("a time"),
        test: false,
    }
}

fn check(alert: &Alert) {
    for format in grammar::FORMATS {
        grammar::check(format, alert).unwrap_or_else(|error| panic!("{format:?}: {error}"));
        grammar::check_plain(format, alert).unwrap_or_else(|error| panic!("{format:?}: {error}"));
    }
    for format in [Format::Log, Format::Standard, Format::CloudEvents] {
        let body = render::render(format, alert);
        assert!(body.len() <= 64 << 10, "{format:?}: {} bytes", body.len());
        let text = String::from_utf8(body).expect("UTF-8");
        serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
        let moves =
            |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!text.contains(moves), "{format:?}: {text:?}");
    }
}
