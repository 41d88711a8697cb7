//! Secrets that are not there, and what is only a warning.

use super::{
    broken::{TOPIC, errors, in_short, warnings},
    *,
};

#[test]
fn secrets() {
    let text = "[[notifier]]\ntype = \"webhook\"\nurl = \"env:HOOK\"\nsecret = [\"cred:hook\", \"file:none\", \"\"]\n";
    errors(
        text,
        &[
            "error 3:7 notifier.url: notifier.url: the variable HOOK is not set",
            "error 4:11 notifier.secret: notifier.secret: there is no credential hook: no $CREDENTIALS_DIRECTORY",
            "error 4:24 notifier.secret: notifier.secret: none: there is no such file",
            "error 4:37 notifier.secret: notifier.secret: is empty",
        ],
    );
    let found = in_short(&one(text).env([("HOOK", "")]), Purpose::Run);
    assert!(
        found.contains(&"error 3:7 notifier.url: notifier.url: the variable HOOK is empty".to_owned()),
        "{found:#?}"
    );
}

#[test]
fn credentials_are_only_a_warning_outside_the_service() {
    let text = "[[notifier]]\ntype = \"webhook\"\nurl = \"cred:hook\"\n";
    let loaded = one(text).load(Purpose::Check).expect("good");
    let warned = |problem: &Problem| problem.message.contains("can be checked only inside the service");
    assert!(loaded.warnings.iter().any(warned), "{:#?}", loaded.warnings);
    assert_eq!(loaded.counts.notifiers, 1);
    // Inside the service, a credential that is not there is an error for `check` too.
    let files = one(text);
    let inside = files.path("").display().to_string();
    let files = files.env([("CREDENTIALS_DIRECTORY", inside.as_str())]);
    let found = in_short(&files, Purpose::Check);
    assert!(
        found.iter().any(|problem| problem.contains("credential hook: there is no such file")),
        "{found:#?}"
    );
}

#[test]
fn what_may_be_meant_is_a_warning() {
    warnings(
        "",
        &["warning -: no feeds: nothing will be polled", "warning -: no topics: nothing will be alerted"],
    );
    warnings(
        "[[feed]]\nurl = \"https://a.org/\"\ninterval = \"5m\"\n[poll]\nmin_interval = \"1m\"\nbudget = 2000\n",
        &[
            "warning http.contact: http.contact is empty: publishers cannot reach you before they block you",
            "warning 3:12 feed.interval: feed.interval: a public host is asked every 15 minutes at most, whatever this says",
            "warning 5:16 poll.min_interval: poll.min_interval: public hosts are asked every 15 minutes at most, whatever this says",
            "warning 6:10 poll.budget: poll.budget: 2000 polls a day do not fit min_interval and max_interval, which allow 8 to 1440",
        ],
    );
    warnings(
        &format!(
            "{TOPIC}[[topic]]\nname = \"U\"\nany = [\"x\"]\n[[notifier]]\ntype = \"log\"\ntopics = [\"T\"]\n"
        ),
        &["warning 5:8 topic.name: no notifier takes the topic \"U\": it is never told"],
    );
    warnings(
        "[[notifier]]\ntype = \"log\"\nevents = []\n[server]\nlisten = \"0.0.0.0:80\"\n",
        &[
            "warning 3:10 notifier.events: notifier.events: the list is empty, this notifier is told nothing",
            "warning 5:10 server.listen: server.listen: the page is open to everybody who reaches this machine",
        ],
    );
    warnings(
        "include = [\"none/*.toml\"]\n",
        &["warning 1:12 include: include: no file matches \"none/*.toml\""],
    );
}
