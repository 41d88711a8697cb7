//! How problems look to people.

use insta::assert_snapshot;

use super::*;

/// All problems of a configuration of one file as `check` prints them, without colours.
fn printed(files: &Files) -> String {
    let pictures: Vec<String> =
        files.problems(Purpose::Check).iter().map(|problem| problem.picture(false)).collect();
    files.relative(&pictures.join("\n\n"))
}

/// Enough of a configuration that nothing is missing.
const WHOLE: &str = "[[feed]]\nurl = \"http://127.0.0.1/\"\n[[topic]]\nname = \"T\"\nany = [\"Bayraktar\"]\n";

#[test]
fn a_wrong_key_and_a_wrong_value() {
    let files = one(&format!("[http]\nmax_bdy = \"16MiB\"\ntimeout = \"15 parsecs\"\n{WHOLE}"));
    assert_snapshot!(printed(&files), @r#"
    error: unknown key `max_bdy` in [http]
     --> feedwatch.toml:2:1
      |
    2 | max_bdy = "16MiB"
      | ^^^^^^^
      |
      = help: did you mean `max_body`?

    error: http.timeout: "15 parsecs" is not a duration
     --> feedwatch.toml:3:11
      |
    3 | timeout = "15 parsecs"
      |           ^^^^^^^^^^^^
      |
      = help: write a number and a unit, as in "90s", "15m", "3h" or "30d"
    "#);
}

#[test]
fn a_query_points_into_its_string() {
    let watchlist = "[[topic]]\nname = \"Turkey\"\nquery = 'sanctions AND Turkey OR Ankara'\n\n\
                     [[topic]]\nname = \"Long\"\nquery = \"\"\"\n  S-400 \\\n  \u{2018}AND (F-35\"\"\"\n";
    let files =
        Files::new(&[("feedwatch.toml", "include = [\"lists/*.toml\"]\n"), ("lists/turkey.toml", watchlist)]);
    let shown = printed(&files);
    let errors: Vec<&str> = shown.split("\n\n").filter(|part| part.starts_with("error")).collect();
    assert_snapshot!(errors.join("\n\n"), @r#"
    error[Q004]: AND and OR are mixed without parentheses
     --> lists/turkey.toml:3:31
      |
    3 | query = 'sanctions AND Turkey OR Ankara'
      |                               ^^ an AND stands before it
      |
      = help: sanctions AND (Turkey OR Ankara)

    error[Q003]: two terms stand side by side
     --> lists/turkey.toml:9:3
      |
    9 |   ‘AND (F-35"""
      |   ^^^^
      |
      = help: put AND, OR or NEAR between them, or quotes around a phrase
    "#);
}

#[test]
fn a_term_points_into_its_list() {
    let files =
        one(&format!("{WHOLE}[[topic]]\nname = \"U\"\nany = [\"S-400\", \"f*oo\", 'a AND b', \"$none\"]\n"));
    assert_snapshot!(printed(&files), @r#"
    error[Q002]: `*` stands within the term
     --> feedwatch.toml:8:19
      |
    8 | any = ["S-400", "f*oo", 'a AND b', "$none"]
      |                   ^
      |
      = help: `*` works only at the end of the last word, as in `missile*`

    error[Q014]: `AND` is an operator and works only in `query`
     --> feedwatch.toml:8:28
      |
    8 | any = ["S-400", "f*oo", 'a AND b', "$none"]
      |                            ^^^
      |
      = help: move it to `query`, or quote the term to mean the word: '"a AND b"'

    error[Q012]: there is no alias `none`
     --> feedwatch.toml:8:37
      |
    8 | any = ["S-400", "f*oo", 'a AND b', "$none"]
      |                                     ^^^^^
      |
      = help: define it: `none = ["…"]` under `[alias]`
    "#);
}

#[test]
fn a_secret_is_never_shown() {
    let notifier = "[[notifier]]\ntype = \"webhook\"\nurl = \"http://169.254.169.254/abc\"\n\
                    secret = [\"whsec_abc\", \"env:NONE\"] # the old one: whsec_abd\n";
    assert_snapshot!(printed(&one(&format!("{WHOLE}{notifier}"))), @r#"
    error: notifier.url: leads to an address that is never asked: link-local, cloud metadata, multicast or none at all
     --> feedwatch.toml:8:7
      |
    8 | url = "…"
      |       ^^^

    error: notifier.secret: must be whsec_ and base64 of 24 to 64 bytes
     --> feedwatch.toml:9:11
      |
    9 | secret = ["…", "…"] # …
      |           ^^^
      |
      = help: for example the output of: echo whsec_$(openssl rand -base64 32)

    error: notifier.secret: the variable NONE is not set
     --> feedwatch.toml:9:24
      |
    9 | secret = ["…", "…"] # …
      |                ^^^
    "#);
}

#[test]
fn a_file_that_is_no_toml() {
    let text = format!(
        "{WHOLE}[[notifier]]\ntype = \"webhook\"\nurl = \"https://example.org/abc\n[poll]\nbudgt = 3\nbudget = \n"
    );
    assert_snapshot!(printed(&one(&text)), @r#"
    error: not TOML: this string is never closed
     --> feedwatch.toml:8:31
      |
    8 | url = "…"
      |          ^

    error: unknown key `budgt` in [poll]
      --> feedwatch.toml:10:1
       |
    10 | … = …
       | ^
       |
       = help: did you mean `budget`?

    error: not TOML: a value is missing
      --> feedwatch.toml:11:10
       |
    11 | budget = 
       |          ^
    "#);
}

#[test]
fn what_is_the_whole_files_fault() {
    let shown = printed(&one(""));
    assert_snapshot!(shown, @r#"
    warning: no feeds: nothing will be polled
     --> feedwatch.toml
     |
     = help: [[feed]] with a url

    warning: no topics: nothing will be alerted
     --> feedwatch.toml
     |
     = help: [[topic]] with a name and any
    "#);
}

#[test]
fn a_line_for_the_log() {
    let files = one(&format!("[poll]\nbudgt = 3\n{WHOLE}"));
    let line = files.relative(&files.problems(Purpose::Run)[0].to_string());
    assert_eq!(line, "feedwatch.toml:2:1: unknown key `budgt` in [poll] (did you mean `budget`?)");
}

#[test]
fn colours_are_added_only_where_they_are_asked_for() {
    let problem = &one("[poll]\nbudgt = 3\n").problems(Purpose::Run)[2];
    assert!(problem.picture(true).contains("\u{1b}["));
    assert!(!problem.picture(false).contains('\u{1b}'));
    assert_eq!(anstream::adapter::strip_str(&problem.picture(true)).to_string(), problem.picture(false));
}
