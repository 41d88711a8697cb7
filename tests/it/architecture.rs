//! The walls of the house (DESIGN §2), kept true: who may use whom, and what pure rooms never see.

mod rules;
mod source;

use std::{fs, path::Path};

use rules::broken_rules;
use source::Source;

#[test]
fn every_import_goes_down_and_pure_rooms_stay_pure() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    assert!(
        files.iter().any(|file| file == "store/mod.rs"),
        "the sources are not where they were: {files:?}"
    );
    let broken: Vec<String> = files
        .iter()
        .filter(|file| !source::is_test_file(file))
        .flat_map(|file| {
            let text = fs::read_to_string(root.join(file)).expect("sources are UTF-8");
            broken_rules(&Source::parse(file, &text))
        })
        .collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// Paths of all Rust files below `dir`, relative to `root`.
fn collect(root: &Path, dir: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(dir).expect("the sources can be listed") {
        let path = entry.expect("the sources can be listed").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let file = path.strip_prefix(root).expect("found below the root");
            files.push(file.to_str().expect("our names are UTF-8").to_owned());
        }
    }
}

/// The checker itself: a made-up file and the words that its complaint must hold; none, if it is fine.
#[track_caller]
fn check(file: &str, text: &str, complaint: Option<&str>) {
    let broken = broken_rules(&Source::parse(file, text));
    match complaint {
        None => assert!(broken.is_empty(), "{broken:?}"),
        Some(words) => assert!(broken.len() == 1 && broken[0].contains(words), "{broken:?}"),
    }
}

#[test]
fn an_import_that_goes_up_is_found() {
    check("notify/webhook.rs", "use crate::config::Config;", Some("notify/webhook.rs:1: notify uses config"));
    check("matcher/mod.rs", "\nuse crate::store::Store;", Some("matcher/mod.rs:2: matcher uses store"));
    check("store/mod.rs", "use crate::poll::Settings;", Some("store uses poll"));
    check("web/page.rs", "use crate::poll;", Some("web uses poll"));
    check("notify/mod.rs", "use crate::pipeline::Body;", Some("notify uses pipeline"));
    check("poll/mod.rs", "use crate::notify::Settings;", Some("poll uses notify"));
    check("model/feed.rs", "use crate::read::Limits;", Some("model uses read"));
    check("main.rs", "fn main() { feedwatch::app::run() }", Some("main uses app"));
}

#[test]
fn an_import_is_found_however_it_is_written() {
    check(
        "read/mod.rs",
        "use crate::{model::{Article, Feed}, store::{self, Store}};",
        Some("read uses store"),
    );
    check("read/mod.rs", "fn f() -> crate::store::StoreError { g() }", Some("read uses store"));
    check("read/mod.rs", "use super::store::Store;", Some("read uses store"));
    check("read/text.rs", "use super::super::{app, model::Feed};", Some("read uses app"));
    check("read/mod.rs", "mod inner { use super::super::store::Store; }", Some("read uses store"));
    check("read/mod.rs", "pub(crate) use crate::store as keep;", Some("read uses store"));
    check("read/mod.rs", "fn f() { select! { x = crate::store::open() => {} } }", Some("read uses store"));
}

#[test]
fn what_the_design_allows_is_let_through() {
    check(
        "poll/fetch.rs",
        "use crate::{http::{self, Policy}, model::Feed, pipeline::Body, store::Store};",
        None,
    );
    check("cli/status.rs", "use crate::{app, config::Config, store::Store, telemetry};", None);
    check("config/check.rs", "use crate::{matcher, notify, read, store, telemetry, web};", None);
    check("read/text.rs", "use super::{dates, identity}; use crate::model::Article;", None);
    check("main.rs", "use feedwatch::cli::{self, Cli};", None);
}

#[test]
fn comments_and_texts_and_tests_are_no_imports() {
    check("read/mod.rs", "//! See [`crate::store`].\n// use crate::store;\n/* use tokio; */", None);
    check("read/mod.rs", r#"const HELP: &str = "use crate::store; tokio";"#, None);
    check("read/mod.rs", "#[cfg(test)]\nmod tests { use crate::store::Store; use tokio::test; }", None);
    check("read/mod.rs", "#[cfg(test)]\nuse crate::store::Store;\nuse crate::model::Feed;", None);
    check("read/mod.rs", "#[cfg(test)] #[path = \"t.rs\"] mod t; use crate::store;", Some("read uses store"));
}

#[test]
fn pure_rooms_see_no_tokio_no_clock_no_network_no_database() {
    check("matcher/compile.rs", "use tokio::sync::Mutex;", Some("matcher is pure, and names tokio"));
    check("render/standard.rs", "fn f() { reqwest::get() }", Some("render is pure, and names reqwest"));
    check("read/dates.rs", "use std::net::TcpStream;", Some("read is pure, and names TcpStream"));
    check(
        "poll/schedule.rs",
        "use crate::clock::SystemClock;",
        Some("poll/schedule is pure, and names SystemClock"),
    );
    check("notify/retry.rs", "use tokio::time::Instant;", Some("notify/retry is pure, and names tokio"));
    check("notify/breaker/probe.rs", "use std::fs;", Some("notify/breaker is pure, and names fs"));
    check("poll/poller.rs", "use tokio::time::Instant;", None);
}

#[test]
fn some_names_belong_to_one_room() {
    check(
        "notify/webhook.rs",
        "use reqwest::{Client, Url}; fn f() { Client::builder() }",
        Some("only http builds clients"),
    );
    check("web/mod.rs", "use rusqlite::Connection;", Some("only store names rusqlite"));
    check("cli/run.rs", "use crate::store::sqlite::SqliteStore;", Some("only app names SqliteStore"));
    check("cli/run.rs", r#"fn f(c: C) { c.query("SELECT id FROM feed") }"#, Some("only store writes SQL"));
    check("app.rs", "use crate::store::sqlite::SqliteStore;", None);
    check("store/sqlite/mod.rs", r#"use rusqlite::Connection; const Q: &str = "DELETE FROM feed";"#, None);
}

#[test]
fn a_room_that_the_design_does_not_know_is_refused() {
    check("utils/mod.rs", "use crate::model::Feed;", Some("utils is not in the design"));
    check("read/mod.rs", "use crate::helpers::f;", Some("read uses helpers"));
}
