//! The address guard: specs/polling.md §10. Nothing private is ever connected to because a feed says so.

use crate::support::{Answer, Config, Home, Site};

#[tokio::test]
async fn no_redirect_leads_to_an_address_that_the_operator_did_not_name() {
    let (site, private) = (Site::start().await, Site::start().await);
    private.set("/", Answer::page(&[]));
    let port = private.url("").rsplit(':').next().expect("a port").to_owned();
    let hosts = [
        "127.0.0.1",
        "localhost",
        "a.localhost",
        "localhost.",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fc00::1]",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "metadata.google.internal",
    ];
    let mut config = Config::new();
    for number in 0..hosts.len() {
        config = config.every(&site, &format!("/{number}.xml"), "1h");
    }
    let home = Home::new(&config);
    for (number, host) in hosts.iter().enumerate() {
        site.set(&format!("/{number}.xml"), Answer::redirect(302, &format!("http://{host}:{port}/")));
    }
    home.run(&["once"]).await;
    for (number, host) in hosts.iter().enumerate() {
        let feed = home.feed(&site.url(&format!("/{number}.xml"))).await;
        assert_eq!(feed["last_outcome"], "blocked", "{host}: {feed:#}");
        let error = feed["error"].as_str().unwrap_or_default();
        assert!(
            error.starts_with("refused: ") && error.contains(" address"),
            "{host}: the class is named: {error}"
        );
    }
    assert_eq!(private.connections(), 0);
}

#[tokio::test]
async fn a_named_host_and_port_is_admitted_for_redirects_too() {
    let site = Site::start().await;
    site.set("/a.xml", Answer::redirect(302, &site.url("/b.xml")));
    site.set("/b.xml", Answer::page(&[]));
    let home = Home::new(&Config::new().every(&site, "/a.xml", "1h"));
    home.run(&["once"]).await;
    assert_eq!(home.feed(&site.url("/a.xml")).await["last_outcome"], "new");
}

#[tokio::test]
async fn allow_private_admits_a_network_for_redirects_but_never_link_local() {
    let (site, other) = (Site::start().await, Site::start().await);
    other.set("/b.xml", Answer::page(&[]));
    site.set("/a.xml", Answer::redirect(302, &other.url("/b.xml")));
    site.set("/metadata.xml", Answer::redirect(302, "http://169.254.169.254/latest"));
    let config = Config::new()
        .http("timeout = \"3s\"\nallow_private = [\"127.0.0.0/8\", \"169.254.0.0/16\"]")
        .every(&site, "/a.xml", "1h")
        .every(&site, "/metadata.xml", "1h");
    let home = Home::new(&config);
    home.run(&["once"]).await;
    assert_eq!(home.feed(&site.url("/a.xml")).await["last_outcome"], "new");
    assert_eq!(home.feed(&site.url("/metadata.xml")).await["last_outcome"], "blocked");
}
