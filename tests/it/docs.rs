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
