//! Broken configurations: each problem with its code, place, key and message.

use super::*;

/// The problems in short: `error[T004] 3:8 topic.name: message`.
pub(super) fn in_short(files: &Files, purpose: Purpose) -> Vec<String> {
    let short = |problem: &Problem| {
        let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
        let code = problem.code.map_or_else(String::new, |code| format!("[{code}]"));
        let place = problem.line.zip(problem.column).map_or_else(String::new, |(l, c)| format!(" {l}:{c}"));
        let key = problem.key.as_deref().unwrap_or("-");
        files.relative(&format!("{severity}{code}{place} {key}: {}", problem.message))
    };
    files.problems(purpose).iter().map(short).collect()
}

/// The errors of a configuration of one file are exactly these.
#[track_caller]
pub(super) fn errors(text: &str, expected: &[&str]) {
    let mut found = in_short(&one(text), Purpose::Run);
    found.retain(|problem| problem.starts_with("error"));
    assert_eq!(found, expected, "{text}");
}

/// A configuration is good, and these are among its warnings.
#[track_caller]
pub(super) fn warnings(text: &str, expected: &[&str]) {
    let found = in_short(&one(text), Purpose::Run);
    assert!(found.iter().all(|problem| problem.starts_with("warning")), "{found:#?}");
    for warning in expected {
        assert!(found.iter().any(|problem| problem == warning), "{warning} is not in {found:#?}");
    }
}

pub(super) const TOPIC: &str = "[[topic]]\nname = \"T\"\nany = [\"x\"]\n";

#[test]
fn keys() {
    errors("includ = []", &["error 1:1 includ: unknown key `includ` before the first [table]"]);
    errors("[htp]\n", &["error 1:2 htp: unknown table [htp]"]);
    errors("[poll]\nretention = \"1d\"\n", &["error 2:1 poll.retention: unknown key `retention` in [poll]"]);
    errors(
        "[poll]\nbudget = \"24\"\n",
        &["error 2:10 poll.budget: poll.budget: expected a number, found a string"],
    );
    errors("[[store]]\n", &["error 1:1 store: store: expected a table [store], found a list"]);
    errors(
        "[feed]\nurl = \"https://a.org/\"\n",
        &["error 1:1 feed: feed: expected tables [[feed]], found a table"],
    );
    errors(
        "[http]\nallow_private = [1]\ncontact = [\"a\"]\nmax_in_flight = \"4\"\n",
        &[
            "error 2:18 http.allow_private: http.allow_private: expected a network in quotes, found a whole number",
            "error 3:11 http.contact: http.contact: expected a string, found a list",
            "error 4:17 http.max_in_flight: http.max_in_flight: expected a whole number, found a string",
        ],
    );
    errors(
        "[[feed]]\nurl = \"https://a.org/\"\nhttp_only = true\nenabled = \"yes\"\ntags = \"a\"\nheaders = \"a\"\n",
        &[
            "error 3:1 feed.http_only: unknown key `http_only` in [[feed]]",
            "error 4:11 feed.enabled: feed.enabled: expected true or false, found a string",
            "error 5:8 feed.tags: feed.tags: expected a list of strings, found a string",
            "error 6:11 feed.headers: feed.headers: expected a table, found a string",
        ],
    );
    errors(
        "[[feed]]\nurl = \"https://a.org/\"\ninclude = [\"x\"]\n",
        &["error 3:1 feed.include: unknown key `include` in [[feed]]"],
    );
    errors(
        "[notify]\nretry = \"5s\"\n",
        &["error 2:9 notify.retry: notify.retry: expected a list of durations, found a string"],
    );
}

#[test]
fn values() {
    errors(
        "[http]\ntimeout = 60\n",
        &["error 2:11 http.timeout: http.timeout: expected a duration in quotes, found a whole number"],
    );
    errors(
        "[http]\ntimeout = \"15 parsecs\"\n",
        &["error 2:11 http.timeout: http.timeout: \"15 parsecs\" is not a duration"],
    );
    errors(
        "[http]\ntimeout = \"0s\"\nmax_body = \"big\"\nmax_wire = 8\nmax_in_flight = 0\n",
        &[
            "error 2:11 http.timeout: http.timeout: must be longer than 0s",
            "error 3:12 http.max_body: http.max_body: \"big\" is not a size",
            "error 4:12 http.max_wire: http.max_wire: expected a size in quotes, found a whole number",
            "error 5:17 http.max_in_flight: http.max_in_flight: must be at least 1",
        ],
    );
    errors(
        "[http]\ncontact = \"a\\nb\"\nallow_private = [\"10.0.0.0/8\", \"10.1\"]\n",
        &[
            "error 2:11 http.contact: http.contact: goes into a header: ASCII without parentheses and line breaks",
            "error 3:32 http.allow_private: http.allow_private: \"10.1\" is not a network",
        ],
    );
    errors(
        "[read]\nmax_depth = -1\nmax_tags = 0\nmax_entries = 99999999999999999999\n",
        &[
            "error 2:13 read.max_depth: read.max_depth: must not be negative",
            "error 3:12 read.max_tags: read.max_tags: must be at least 1",
            "error 4:15 read.max_entries: read.max_entries: the number is too large",
        ],
    );
    errors("[poll]\nbudget = -1\n", &["error 2:10 poll.budget: poll.budget: must be more than 0"]);
    errors(
        "[poll]\nbudget = nan\nfailing_after = 0\n",
        &[
            "error 2:10 poll.budget: poll.budget: must be a finite number",
            "error 3:17 poll.failing_after: poll.failing_after: must be at least 1",
        ],
    );
    errors(
        "[poll]\nmin_interval = \"4h\"\n",
        &["error 2:16 poll.min_interval: poll.min_interval (4h) is longer than poll.max_interval (3h)"],
    );
    errors(
        "[notify]\nretry = [\"5s\", \"soon\", \"0s\"]\n",
        &[
            "error 2:16 notify.retry: notify.retry: \"soon\" is not a duration",
            "error 2:24 notify.retry: notify.retry: a wait must be longer than 0s",
        ],
    );
    errors(
        "[notify]\nretry = []\nlease = \"30s\"\n",
        &[
            "error 2:9 notify.retry: notify.retry: the list is empty",
            "error 3:9 notify.lease: notify.lease: must be at least 40s",
        ],
    );
    errors(
        "[server]\nlisten = \"localhost\"\nhosts = [\"https://x\"]\n",
        &[
            "error 2:10 server.listen: server.listen: \"localhost\" is not an address and port",
            "error 3:10 server.hosts: server.hosts: \"https://x\" is not a host name",
        ],
    );
    errors(
        "[log]\nlevel = \"infoo\"\nformat = \"xml\"\n",
        &[
            "error 2:9 log.level: log.level: \"infoo\" is not a level",
            "error 3:10 log.format: log.format: \"xml\" is not known",
        ],
    );
    errors(
        "[store]\nurl = \"postgres://u:hunter2@db/news?sslmode=never\"\nlease = \"1s\"\n",
        &[
            "error 2:7 store.url: store.url: sslmode is one of disable, prefer, require, verify-full",
            "error 3:9 store.lease: store.lease: must be at least 2s",
        ],
    );
    errors(
        "[store]\nurl = \"feedwatch.db\"\n",
        &["error 2:7 store.url: store.url: must begin with sqlite: or postgres:"],
    );
    errors("[store]\nurl = \"sqlite:\"\n", &["error 2:7 store.url: store.url: names no file"]);
    errors(
        "[store]\nurl = \"sqlite://host/x.db\"\n",
        &["error 2:7 store.url: store.url: a database file has no host"],
    );
}

#[test]
fn syntax() {
    errors(
        "a = \n[poll]\nbudgt = 1\n",
        &["error 1:5 -: not TOML: a value is missing", "error 3:1 poll.budgt: unknown key `budgt` in [poll]"],
    );
    errors(
        "[http]\ncontact = \"me\ntimeout = \"0s\"\n",
        &[
            "error 2:14 http.contact: not TOML: this string is never closed",
            "error 3:11 http.timeout: http.timeout: must be longer than 0s",
        ],
    );
    errors(
        "include = [\"a.toml\",\n\n[poll]\nbudgt = 1\n",
        &[
            "error 1:11 include: not TOML: this bracket is never closed",
            "error 4:1 poll.budgt: unknown key `budgt` in [poll]",
        ],
    );
    errors(
        "[http]\ncontact = \"\"\"me\n[poll]\nbudgt = 1\n",
        &["error 2:11 http.contact: not TOML: this string is never closed"],
    );
    errors(
        "[poll]\n[http]\n[poll]\n",
        &["error 3:2 poll: not TOML: this key or table is here for the second time"],
    );
    errors(
        "[poll]\nbudget = 24\nbudget = 25\nbudgt = 3\n",
        &[
            "error 3:1 poll.budget: not TOML: this key or table is here for the second time",
            "error 4:1 poll.budgt: unknown key `budgt` in [poll]",
        ],
    );
    errors("[poll]\nmin_interval = 15m\n", &["error 2:16 poll.min_interval: not TOML: strings need quotes"]);
    errors("[poll\nbudget = 24\n", &["error 1:6 poll: not TOML: unclosed table, expected `]`"]);
}
