//! What the documents show is true: each example of the watchlist language is a configuration, and finds what it says.

use std::{fs, path::Path};

use feedwatch::{
    config::{self, Config, Environment, Purpose},
    matcher::{Matcher, Text},
};
use tempfile::TempDir;

const SECTION: &str = "## The watchlist language\n";
/// Before texts, split by ` | `, that the topic above must find.
const FINDS: &str = "# finds: ";
/// Before texts that it must not find.
const NOT: &str = "# not: ";

/// The TOML blocks of the section.
fn examples() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/README.md");
    let text = fs::read_to_string(path).expect("config/README.md is there");
    let section = text.split(SECTION).nth(1).expect("the section is there");
    let section = section.split("\n## ").next().expect("a section has a text");
    let blocks = section.split("```toml\n").skip(1).map(|rest| rest.split("```\n").next().expect("a block"));
    blocks.map(str::to_owned).collect()
}

fn load(example: &str) -> Config {
    let folder = TempDir::new().expect("a temporary directory");
    let path = folder.path().join("feedwatch.toml");
    fs::write(&path, example).expect("a temporary directory can be written");
    match config::load(&path, Purpose::Look, &Environment::of([])) {
        Ok(loaded) => loaded.config,
        Err(problems) => panic!("{problems:#?} in\n{example}"),
    }
}

/// Checks the claims of an example; returns how many there are.
#[track_caller]
fn check(example: &str) -> usize {
    let config = load(example);
    let matcher = Matcher::compile(&config.topics, &config.aliases).expect("it was checked");
    let mut topics = config.topics.iter();
    let (mut topic, mut claims) = (None, 0);
    for line in example.lines() {
        if line == "[[topic]]" {
            topic = topics.next();
        }
        for (mark, expected) in [(FINDS, true), (NOT, false)] {
            for text in line.strip_prefix(mark).into_iter().flat_map(|texts| texts.split(" | ")) {
                let name = &topic.expect("a claim stands below its topic").name;
                let found = matcher.find(&Text { title: text, ..Text::default() }, None);
                let is_found = found.iter().any(|topic| topic.name == *name);
                assert_eq!(is_found, expected, "whether {name} finds {text:?}");
                claims += 1;
            }
        }
    }
    claims
}

#[test]
fn every_example_of_the_watchlist_language_is_valid_and_finds_what_it_says() {
    let examples = examples();
    assert!(examples.len() >= 8, "{examples:#?}");
    for example in &examples {
        assert!(check(example) >= 3, "an example says what it finds and what not:\n{example}");
    }
}

#[test]
#[should_panic(expected = "whether t finds")]
fn a_false_claim_is_seen() {
    check("[[topic]]\nname = \"t\"\nany = [\"sanctions\"]\n# finds: he sanctioned it\n");
}

/// The blocks of one kind in a section of config/README.md.
fn blocks(section: &str, kind: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/README.md");
    let text = fs::read_to_string(path).expect("config/README.md is there");
    let section = text.split(&format!("\n### {section}\n")).nth(1).expect("the section is there").to_owned();
    let section = section.split("\n##").next().expect("a section has a text");
    let fence = format!("```{kind}\n");
    let blocks = section.split(fence.as_str()).skip(1);
    blocks.map(|rest| rest.split("```\n").next().expect("a block").to_owned()).collect()
}

#[test]
fn the_examples_of_notifiers_are_valid_once_their_secrets_are_set() {
    let formats = blocks("Formats", "toml");
    let templates = blocks("Templates", "jinja");
    let ([formats], [template]) = (formats.as_slice(), templates.as_slice()) else {
        panic!("one block each: {formats:?} {templates:?}")
    };
    let folder = TempDir::new().expect("a temporary directory");
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("a temporary directory can be written");
    };
    write("body.j2", template);
    let own = "[[notifier]]\nname = \"own\"\ntype = \"webhook\"\nurl = \"http://127.0.0.1/\"\ntemplate = \"body.j2\"\n";
    let topic = "[[topic]]\nname = \"S-400\"\nany = [\"S-400\"]\n";
    write("feedwatch.toml", &format!("{topic}{formats}{own}"));
    let env = Environment::of([
        ("SLACK_WEBHOOK", "https://hooks.slack.com/services/x"),
        ("DISCORD_WEBHOOK", "https://discord.com/api/webhooks/1/x"),
        ("TEAMS_WORKFLOW", "https://flow.example/x"),
        ("MATTERMOST_WEBHOOK", "https://mattermost.example.org/hooks/x"),
        ("TELEGRAM_SEND_MESSAGE", "https://api.telegram.org/bot1:x/sendMessage"),
        ("NTFY_TOPIC", "https://ntfy.sh/news"),
        ("PAGERDUTY_KEY", "R0KEY"),
    ]);
    match config::load(&folder.path().join("feedwatch.toml"), Purpose::Check, &env) {
        Ok(loaded) => assert_eq!(loaded.config.notify.notifiers.len(), 9),
        Err(problems) => panic!("{problems:#?}"),
    }
}
