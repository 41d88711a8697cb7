//! What is documented is what holds.

use super::*;
use crate::config::raw::TABLES;

/// The documented configuration with every `#key = value` switched on.
fn spelled_out() -> String {
    let mut text = String::new();
    for line in DEFAULT.lines() {
        let is_default = line.strip_prefix('#').is_some_and(|rest| rest.starts_with(char::is_alphabetic));
        text.push_str(if is_default { line.strip_prefix('#').unwrap_or(line) } else { line });
        text.push('\n');
    }
    text
}

#[test]
fn every_default_that_is_documented_is_the_default_of_the_code() {
    let written = good(&spelled_out());
    let silent = good("");
    assert_eq!(written.store, silent.store);
    assert_eq!(written.http, silent.http);
    assert_eq!(written.read, silent.read);
    assert_eq!(poll::Settings { feeds: Vec::new(), ..written.poll }, silent.poll);
    assert_eq!(written.notify, silent.notify);
    assert_eq!(written.server, silent.server);
    assert_eq!(written.log, silent.log);
}

#[test]
fn every_key_is_documented() {
    let readme = include_str!("../../../config/README.md");
    for (table, keys) in TABLES {
        for key in *keys {
            let is_table = table.is_empty() && *key != "include";
            let form = if is_table { format!("[{key}]") } else { format!("`{key}`") };
            assert!(readme.contains(&form), "[{table}] {key} is missing in config/README.md");
            let in_watchlist = *table == "topic" || *key == "alias";
            assert!(
                in_watchlist || DEFAULT.contains(key),
                "[{table}] {key} is missing in config/feedwatch.toml"
            );
        }
    }
}

#[test]
fn the_defaults_of_the_main_tables_are_all_spelled_out() {
    let text = spelled_out();
    for table in ["store", "http", "read", "poll", "notify", "server", "log"] {
        let (_, keys) = TABLES.iter().find(|(name, _)| *name == table).expect("table");
        let (_, section) = text.split_once(&format!("\n[{table}]")).expect("section");
        let section = section.split("\n[").next().expect("section");
        for key in *keys {
            let is_set = section.lines().any(|line| line.starts_with(&format!("{key} =")));
            let is_noted = section.lines().any(|line| line.starts_with("# Not used") && line.contains(key));
            assert!(is_set || is_noted, "[{table}] {key}");
        }
    }
}
