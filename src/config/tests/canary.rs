//! No output shows a secret, wherever it stands and whatever is wrong around it.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;

/// A secret as configurations hold them.
const CANARY: &str = "canary7QxZ";

/// All that could be printed about a configuration.
fn outputs(files: &Files) -> String {
    let mut text = String::new();
    for purpose in [Purpose::Run, Purpose::Check, Purpose::Look] {
        for problem in files.problems(purpose) {
            text.push_str(&problem.picture(true));
            text.push_str(&problem.picture(false));
            text.push_str(&problem.to_string());
            text.push_str(&serde_json::to_string(&problem).expect("JSON"));
            // Writing to a string cannot fail.
            let _ = write!(text, "{problem:?}");
        }
        if let Ok(loaded) = files.load(purpose) {
            let _ = write!(text, "{loaded:?}");
        }
    }
    text
}

/// Something is said about this configuration, but not what the canary stands for.
#[track_caller]
fn hides(text: &str) {
    let text = text.replace("CANARY", CANARY);
    let files = one(&text).env([
        ("HOOK", "not a url canary7QxZ"),
        ("KEY", "whsec_canary7QxZ"),
        ("NL", "canary7QxZ\n"),
    ]);
    fs::write(files.path("token"), format!("{CANARY}\n")).expect("file");
    let shown = outputs(&files);
    assert!(!shown.is_empty(), "nothing was shown: {text}");
    assert!(!shown.contains(CANARY), "{text}\nshows\n{shown}");
}

#[test]
fn wrong_values_of_secret_keys_are_not_quoted() {
    let webhook = "[[notifier]]\ntype = \"webhook\"\n";
    for line in [
        "url = \"CANARY\"",
        "url = \"env:HOOK\"",
        "url = \"file:token\"",
        "url = \"ftp://CANARY.example/CANARY\"",
        "url = \"http://169.254.169.254/CANARY\"",
        "url = [\"CANARY\"]",
        "url = { a = \"CANARY\" }",
        "url = \"https://x.org/\"\nsecret = \"CANARY\"",
        "url = \"https://x.org/\"\nsecret = \"env:KEY\"",
        "url = \"https://x.org/\"\nsecret = [\n  \"CANARY\", # CANARY\n  'CANARY' ]",
        "url = \"https://x.org/\"\nsecret = \"\"\"\nCANARY\nCANARY\"\"\"",
        "url = \"https://x.org/\"\nsecret = 5 # CANARY",
        "url = \"https://x.org/\"\nheaders = { Host = \"CANARY\", \"a b\" = \"CANARY\" }",
        "url = \"https://x.org/\"\nheaders = { X-A = \"env:NL\" }",
        "url = \"https://x.org/\"\nheaders = \"CANARY\"",
        "url = \"https://x.org/\"\n[notifier.headers]\nHost = \"CANARY\"",
        "url = \"https://x.org/\"\nheaders.Host = \"CANARY\"",
        "url = \"https://x.org/\"\nto = 1 # CANARY",
        "url = \"https://x.org/\"\nto = [\"CANARY\"]",
        "type2 = 1\nurl = \"https://x.org/CANARY\"\nurl = \"https://x.org/CANARY\"",
    ] {
        hides(&format!("{webhook}{line}\n"));
    }
}

#[test]
fn mistyped_keys_and_tables_hide_what_they_hold() {
    for text in [
        "[[notifier]]\nurll = \"CANARY\"\n",
        "[[notifier]]\nsecrt = \"CANARY\"\n",
        "[[notifier]]\nwebhook = \"CANARY\"\n",
        "[[notifer]]\nurl = \"CANARY\"\n",
        "notifier = [{ type = \"webhook\", url = \"CANARY\", secret = \"CANARY\" }]\n",
        "notifier = \"CANARY\"\n",
        "webhook = \"CANARY\"\n",
        "[webhook]\nurl = \"CANARY\"\n",
        "[[feed]]\nurl = \"https://a.org/\"\npasword = \"CANARY\"\n",
        "[[feed]]\nurl = \"https://a.org/\"\npassword = \"CANARY\"\n",
        "[[feed]]\nurl = \"https://a.org/\"\npassword = [\"CANARY\"]\n",
        "feed = [{ url = \"https://a.org/\", username = 1, password = \"CANARY\" }]\n",
        "[[feed]]\nurl = \"https://u:CANARY@a.org/\"\nusername = \"u\"\npassword = \"CANARY\"\n",
        "[[feed]]\nurl = \"https//u:CANARY@a.org/\"\n",
        "[[feed]]\nurl = \"https:u:CANARY@a.org/\"\n[[feed]]\nurl = \"https://a.org/\"\n",
        "[[feed]]\nurl = \"https://u:CANARY/x@a.org/\"\n",
        "[[feed]]\nurl = \"https://a.org/\"\nheaders = { Host = \"CANARY\" }\n",
        "[http]\nproxy = \"http://u:CANARY@proxy:3128\"\n",
        "[store]\nurl = \"postgres://u:CANARY@h/db\"\n",
        "[store]\nurl = \"postgresql://h/db?password=CANARY\"\n",
        "[store]\nurll = \"postgres://u:CANARY@h/db\"\n",
    ] {
        hides(text);
    }
}

#[test]
fn broken_files_hide_it_too() {
    for text in [
        "[[notifier]]\nurl = \"https://x.org/CANARY\n",
        "[[notifier]]\nurl = 'https://x.org/CANARY\n",
        "[[notifier]]\nurl = https://x.org/CANARY\n",
        "[[notifier]]\nsecret = whsec_CANARY==\n",
        "[[notifier]]\nsecret = whsec_CANARY+/a=b\n",
        "[[notifier]]\nsecret \"CANARY\"\n",
        "[[notifier]]\nsecret: \"CANARY\"\n",
        "[[notifier]]\nsecret = = \"CANARY\"\n",
        "[[notifier]]\nsecret = [\"CANARY\", \"CANARY\n",
        "[[notifier]]\nsecret = [\"CANARY\"\nname = \"CANARY\"\n",
        "[[notifier]]\nsecret = \"\"\"CANARY\nCANARY\n",
        "[[notifier]]\nheaders = { X = \"CANARY\", Y = CANARY\n",
        "[[notifier]\nurl = \"CANARY\"\nurl = CANARY\n",
        "[[notifier\nurl = \"CANARY\n",
        "[[topic]]\nname = \"T\"\nany = [\"a\"\n[[notifier]]\nurl = \"CANARY\nsecret = CANARY\n",
        "[[topic]]\nname = \"T\"\nany = [\"a\"\n\nnotifier = [{ url = \"CANARY\" }]\n",
        "[[topic]]\nname = \"T\"\nquery = \"\"\"a\n[[notifier]]\nurl = \"CANARY\"\n",
        "[[topic]]\nname = \"T\"\nquery = \"\"\"a\n[[notifier]]\nurl = \"CANARY\"\n[[topic]]\nquery = \"\"\"b\"\"\"\n",
        "[[topic]]\nname = \"T\"\nquery = '''a\n[[notifier]]\nsecret = 'CANARY'\n",
        "[[feed]]\nurl = https://u:CANARY@a.org/\n",
        "[[feed]]\nurl = \"https://u:CANARY@a.org/\n",
        "[[feed]]\npassword = \"CANARY\npassword = CANARY\n",
        "url = \"CANARY\n",
        "CANARY\n[[notifier]]\n= \"CANARY\"\n",
        "[[notifier]]\nsecret =\n  whsec_CANARY\n",
        "[[notifier]]\nsecret\n= whsec_CANARY\n",
        "[[notifier]]\nsecret = [[\"CANARY\",\n  [\"CANARY\"]\n",
        "[[notifier]]\nsecret = [\"a\"}\n[  \"CANARY\"]\n",
        "[[topic]]\n#[[notifier]]\nurl = \"CANARY\"\n",
        "[[feed]] # url = \"https://u:CANARY@a.org/\"\n",
        "[[feed]]url = \"https://u:CANARY@a.org/\"\n",
        "[[feed]]\npasswor{] = \"CANARY\"\n",
        "[[notifier]]\nsecret = \\\n  \"CANARY\"\n",
    ] {
        hides(text);
    }
}

#[test]
fn a_good_configuration_hides_it_from_debug() {
    hides(
        "[[notifier]]\ntype = \"webhook\"\nurl = \"https://x.org/CANARY?k=CANARY\"\n\
         secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\nheaders = { X = \"CANARY\", Y = \"file:token\" }\n\
         [[feed]]\nurl = \"https://u:CANARY@a.org/\"\n",
    );
}

/// A configuration with all kinds of secrets, to be damaged.
const WHOLE: &str = r#"include = []
[store]
url = "sqlite:x.db"
[[feed]]
url = "https://u:CANARY@a.org/"
tags = ["world"]
[[feed]]
url = "https://b.org/"
username = "u"
password = "CANARY"
headers = { X-Key = "CANARY", Host = 'CANARY' }
[[topic]]
name = "T"
any = ["x", "y"]
[[notifier]]
type = "webhook"
url = "https://x.org/CANARY"
secret = ["CANARY",
  "CANARY"]
to = "CANARY"
[notifier.headers]
Authorization = """CANARY"""
[log]
level = "info"
"#;

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// One character lost, doubled or replaced anywhere but in the secrets themselves.
    #[test]
    fn damage_shows_no_secret(at in 0..WHOLE.len(), with in "[\\[\\]{}\"'=,\n.# a]{0,3}") {
        let mut text = WHOLE.to_owned();
        // Without its `@`, a URL has no password any more; nobody can tell what the text was meant to be.
        let secrets = WHOLE.match_indices("CANARY").chain(WHOLE.match_indices("https://u:CANARY@"));
        prop_assume!(!secrets.into_iter().any(|(start, word)| (start..start + word.len()).contains(&at)));
        text.replace_range(at..=at, &with);
        let files = one(&text.replace("CANARY", CANARY));
        let shown = outputs(&files);
        prop_assert!(!shown.contains(CANARY), "{text}\nshows\n{shown}");
    }
}
