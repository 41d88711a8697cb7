//! Broken feeds, hosts, topics and notifiers.

use super::{
    broken::{TOPIC, errors},
    *,
};

#[test]
fn what_is_told_of_a_url_is_one_line() {
    let told = feed_url("exa\tmple.org/\u{1b}[31m\n").expect_err("no scheme");
    assert!(!told.contains(char::is_control), "{told:?}");
}

#[test]
fn feeds() {
    errors("[[feed]]\nname = \"a\"\n", &["error 1:1 feed: [[feed]] without url"]);
    errors(
        "[[feed]]\nurl = \"example.org/feed\"\n",
        &["error 2:7 feed.url: feed.url: \"example.org/feed\" is not a URL"],
    );
    errors(
        "[[feed]]\nurl = \"htps://example.org/feed\"\n",
        &["error 2:7 feed.url: feed.url: \"htps://example.org/feed\": only http, https and file"],
    );
    errors(
        "[[feed]]\nurl = \"https://\"\nname = \" \"\n",
        &[
            "error 2:7 feed.url: feed.url: \"https://\" is not a URL: empty host",
            "error 3:8 feed.name: feed.name: is empty",
        ],
    );
    errors(
        "[[feed]]\nurl = \"https://a.org/\"\n[[feed]]\nurl = \"https://A.org\"\n",
        &["error 4:7 feed.url: feed.url: \"https://a.org/\" is configured already, in feedwatch.toml:2"],
    );
    errors(
        "[[feed]]\nurl = \"https://a.org/\"\nid = \"x\"\n[[feed]]\nurl = \"https://b.org/\"\nid = \"x\"\n",
        &["error 6:6 feed.id: feed.id: \"x\" is configured already, in feedwatch.toml:3"],
    );
    errors(
        "[[feed]]\nurl = \"https://a.org/\"\nusername = \"u\"\n[[feed]]\nurl = \"https://b.org/\"\npassword = \"canary\"\n",
        &[
            "error 3:12 feed.username: feed.username: without password",
            "error 6:12 feed.password: feed.password: without username",
        ],
    );
    errors(
        "[[feed]]\nurl = \"https://u:p@a.org/\"\nusername = \"u\"\npassword = \"canary\"\n",
        &["error 2:7 feed.url: feed.url: user and password stand in the URL and in username and password"],
    );
    errors(
        "[[feed]]\nurl = \"https://a.org/\"\nca_file = \"none.pem\"\ninterval = \"0s\"\n",
        &[
            "error 3:11 feed.ca_file: feed.ca_file: none.pem: there is no such file",
            "error 4:12 feed.interval: feed.interval: must be longer than 0s",
        ],
    );
    errors(
        "[[feed]]\nurl = \"https://a.org/\"\nheaders = { \"a b\" = \"x\", Host = \"x\", X-A = \"a\\nb\" }\n",
        &[
            "error 3:21 feed.headers.a b: feed.headers: \"a b\" is not the name of a header",
            "error 3:33 feed.headers.Host: feed.headers: Host is set by feedwatch itself",
            "error 3:44 feed.headers.X-A: feed.headers: the value of X-A holds characters that a header cannot have",
        ],
    );
    errors(
        "[[host]]\ngap = \"1s\"\n[[host]]\nname = \"https://a.org/\"\n[[host]]\nname = \"www.a.org\"\nin_flight = 0\n[[host]]\nname = \"a.org\"\ngap = \"1s\"\n",
        &[
            "error 1:1 host: [[host]] without name",
            "error 4:8 host.name: host.name: \"https://a.org/\" is not a host name",
            "error 7:13 host.in_flight: host.in_flight: must be at least 1",
            "error 9:8 host.name: host.name: a.org is here for the second time",
        ],
    );
}

#[test]
fn feeds_that_are_never_asked() {
    for address in ["http://169.254.169.254/", "http://[fe80::1]/", "http://metadata.google.internal/x"] {
        let problem = "error 2:7 feed.url: feed.url: leads to an address that is never asked: link-local or cloud metadata";
        errors(&format!("[[feed]]\nurl = \"{address}\"\n"), &[problem]);
    }
    good("[[feed]]\nurl = \"http://127.0.0.1:8000/feed\"\n[[feed]]\nurl = \"http://10.0.0.1/feed\"\n");
}

#[test]
fn topics() {
    errors(
        "[[topic]]\nany = [\"x\"]\n[[topic]]\nname = \"\"\nany = [\"x\"]\n",
        &["error 1:1 topic: [[topic]] without name", "error 4:8 topic.name: topic.name: is empty"],
    );
    errors(
        "[[topic]]\nname = \"T\"\n",
        &["error[T001] 1:1 topic: a topic needs any, maybe or query: there is nothing to look for"],
    );
    errors(
        "[[topic]]\nname = \"T\"\nquery = \"a\"\nany = [\"b\"]\nwithin = 3\n",
        &[
            "error[T002] 4:1 topic.any: query and any exclude each other",
            "error[T002] 5:1 topic.within: query and within exclude each other",
        ],
    );
    errors(
        "[[topic]]\nname = \"T\"\nmaybe = [\"b\"]\n[[topic]]\nname = \"U\"\nany = [\"b\"]\ncontext = [\"a\"]\n",
        &[
            "error[T003] 3:1 topic.maybe: maybe needs context",
            "error[T003] 7:1 topic.context: context needs maybe",
        ],
    );
    errors(
        &format!("{TOPIC}{TOPIC}"),
        &["error[T004] 5:8 topic.name: there are two topics with the name \"T\""],
    );
    errors(
        "[[topic]]\nname = \"T\"\nany = [\"x\"]\nno = [\"y\"]\n",
        &["error[T005] 4:1 topic.no: unknown key `no` in [[topic]]"],
    );
    errors(
        "[[topic]]\nname = \"T\"\nany = []\nnot = []\nwithin = 1001\nfields = [\"tittle\"]\ncase = \"big\"\n",
        &[
            "error[T006] 3:7 topic.any: topic.any: the list is empty",
            "error[T006] 4:7 topic.not: topic.not: the list is empty",
            "error[T006] 5:10 topic.within: topic.within: must be from 0 to 1000",
            "error[T006] 6:11 topic.fields: topic.fields: \"tittle\" is not known",
            "error[T006] 7:8 topic.case: topic.case: \"big\" is not known",
        ],
    );
    errors(
        "[[topic]]\nname = \"T\"\nany = [\"x\", \"-\"]\n",
        &["error[Q001] 3:14 topic.any: the term has no letter or digit"],
    );
    errors(
        "[[topic]]\nname = \"T\"\nany = [\"x\"]\nwithin = \"sentense\"\n[alias]\na = []\n",
        &[
            "error[T006] 4:10 topic.within: topic.within: \"sentense\" is not known",
            "error[T006] 6:5 alias.a: alias.a: the list is empty",
        ],
    );
}

#[test]
fn notifiers() {
    errors("[[notifier]]\nname = \"a\"\n", &["error 1:1 notifier: [[notifier]] without type"]);
    errors(
        "[[notifier]]\ntype = \"webhok\"\n[[notifier]]\ntype = \"slack\"\n",
        &[
            "error 2:8 notifier.type: notifier.type: \"webhok\" is not known",
            "error 4:8 notifier.type: notifier.type: \"slack\" is not known",
        ],
    );
    errors(
        "[[notifier]]\ntype = \"webhook\"\n",
        &["error 1:1 notifier: [[notifier]] of type \"webhook\" without url"],
    );
    errors(
        "[[notifier]]\ntype = \"log\"\n[[notifier]]\ntype = \"log\"\n",
        &["error 4:8 notifier.type: there are two notifiers with the name \"log\""],
    );
    errors(
        "[[notifier]]\ntype = \"log\"\nurl = \"https://canary.example\"\nsecret = \"canary\"\n",
        &[
            "error 3:1 notifier.url: notifier.url: a notifier of type \"log\" sends nothing",
            "error 4:1 notifier.secret: notifier.secret: a notifier of type \"log\" sends nothing",
        ],
    );
    let webhook = |url| format!("[[notifier]]\ntype = \"webhook\"\nurl = \"{url}\"\n");
    errors(&webhook("ftp://canary.example/"), &["error 3:7 notifier.url: notifier.url: only http and https"]);
    errors(&webhook("canary"), &["error 3:7 notifier.url: notifier.url: is not a URL"]);
    for refused in [
        "http://169.254.169.254/x",
        "http://metadata.google.internal/",
        "http://[fe80::1]/",
        "http://0.0.0.0/",
    ] {
        errors(
            &webhook(refused),
            &[
                "error 3:7 notifier.url: notifier.url: leads to an address that is never asked: link-local, cloud \
               metadata, multicast or none at all",
            ],
        );
    }
    errors(
        "[[notifier]]\ntype = \"webhook\"\nurl = \"https://x.org/\"\nformat = \"standrad\"\nrate = \"often\"\n",
        &[
            "error 4:10 notifier.format: notifier.format: \"standrad\" is not known",
            "error 5:8 notifier.rate: notifier.rate: \"often\" is not a rate",
        ],
    );
    errors(
        "[[notifier]]\ntype = \"webhook\"\nurl = \"https://x.org/\"\nevents = [\"feed.failed\"]\n",
        &["error 4:11 notifier.events: notifier.events: \"feed.failed\" is not known"],
    );
    errors(
        "[[notifier]]\ntype = \"webhook\"\nurl = \"https://x.org/\"\nsecret = \"whsec_canary\"\nconcurrency = 0\ntimeout = \"31s\"\n",
        &[
            "error 4:10 notifier.secret: notifier.secret: must be whsec_ and base64 of 24 to 64 bytes",
            "error 5:15 notifier.concurrency: notifier.concurrency: must be at least 1",
            "error 6:11 notifier.timeout: notifier.timeout: is longer than half of notify.lease",
        ],
    );
    errors(
        "[[notifier]]\ntype = \"webhook\"\nurl = \"https://x.org/\"\nsecret = []\nsecrets = \"canary\"\n",
        &[
            "error 4:10 notifier.secret: notifier.secret: the list is empty",
            "error 5:1 notifier.secrets: unknown key `secrets` in [[notifier]]",
        ],
    );
    errors(
        &format!(
            "[[feed]]\nurl = \"https://a.org/\"\ntags = [\"world\"]\nname = \"A\"\n{TOPIC}feeds = [\"B\"]\n[[notifier]]\ntype = \"log\"\ntopics = [\"TT\"]\ntags = [\"wrld\"]\nfeeds = [\"A\", \"https://a.org\"]\n"
        ),
        &[
            "error 8:10 topic.feeds: topic.feeds: there is no feed \"B\"",
            "error 11:11 notifier.topics: notifier.topics: there is no topic \"TT\"",
            "error 12:9 notifier.tags: notifier.tags: there is no tag \"wrld\"",
            "error 13:15 notifier.feeds: notifier.feeds: there is no feed \"https://a.org\"",
        ],
    );
}
