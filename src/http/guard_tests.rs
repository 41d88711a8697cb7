use super::*;

/// First and last address of every range, its neighbours, and the forms that embed them.
const CLASSES: &[(&str, Option<Class>)] = &[
    ("0.0.0.0", Some(Class::Unspecified)),
    ("0.255.255.255", Some(Class::Unspecified)),
    ("1.0.0.0", None),
    ("9.255.255.255", None),
    ("10.0.0.0", Some(Class::Private)),
    ("10.255.255.255", Some(Class::Private)),
    ("11.0.0.0", None),
    ("100.63.255.255", None),
    ("100.64.0.0", Some(Class::Shared)),
    ("100.127.255.255", Some(Class::Shared)),
    ("100.128.0.0", None),
    ("126.255.255.255", None),
    ("127.0.0.1", Some(Class::Loopback)),
    ("127.255.255.255", Some(Class::Loopback)),
    ("128.0.0.0", None),
    ("169.253.255.255", None),
    ("169.254.0.0", Some(Class::LinkLocal)),
    ("169.254.169.254", Some(Class::LinkLocal)),
    ("169.255.0.0", None),
    ("172.15.255.255", None),
    ("172.16.0.0", Some(Class::Private)),
    ("172.31.255.255", Some(Class::Private)),
    ("172.32.0.0", None),
    ("192.0.0.8", Some(Class::Reserved)),
    ("192.0.1.0", None),
    ("192.0.2.1", Some(Class::Reserved)),
    ("192.0.3.0", None),
    ("192.167.255.255", None),
    ("192.168.0.0", Some(Class::Private)),
    ("192.168.255.255", Some(Class::Private)),
    ("192.169.0.0", None),
    ("198.17.255.255", None),
    ("198.18.0.0", Some(Class::Reserved)),
    ("198.19.255.255", Some(Class::Reserved)),
    ("198.20.0.0", None),
    ("198.51.100.7", Some(Class::Reserved)),
    ("203.0.113.7", Some(Class::Reserved)),
    ("223.255.255.255", None),
    ("224.0.0.1", Some(Class::Multicast)),
    ("239.255.255.255", Some(Class::Multicast)),
    ("240.0.0.0", Some(Class::Reserved)),
    ("255.255.255.254", Some(Class::Reserved)),
    ("255.255.255.255", Some(Class::Broadcast)),
    ("::", Some(Class::Unspecified)),
    ("::1", Some(Class::Loopback)),
    ("::2", Some(Class::Unspecified)),
    ("::127.0.0.1", Some(Class::Loopback)),
    ("::8.8.8.8", None),
    ("::ffff:127.0.0.1", Some(Class::Loopback)),
    ("::ffff:10.1.2.3", Some(Class::Private)),
    ("::ffff:169.254.169.254", Some(Class::LinkLocal)),
    ("::ffff:8.8.8.8", None),
    ("::ffff:0:10.0.0.1", Some(Class::Private)),
    ("64:ff9b::192.168.1.1", Some(Class::Private)),
    ("64:ff9b::169.254.169.254", Some(Class::LinkLocal)),
    ("64:ff9b::8.8.8.8", None),
    ("64:ff9b:1::8.8.8.8", Some(Class::Private)),
    ("64:ff9b:1::169.254.169.254", Some(Class::LinkLocal)),
    ("2002:7f00:1::", Some(Class::Loopback)),
    ("2002:a9fe:a9fe::1", Some(Class::LinkLocal)),
    ("2002:808:808::", None),
    // Teredo: server 8.8.8.8; client 10.0.0.1, then 8.8.8.8, flipped.
    ("2001:0:808:808:0:0:f5ff:fffe", Some(Class::Private)),
    ("2001:0:808:808:0:0:f7f7:f7f7", None),
    ("2001:0:7f00:1:0:0:f7f7:f7f7", Some(Class::Loopback)),
    ("fc00::1", Some(Class::Private)),
    ("fdff::1", Some(Class::Private)),
    ("fd00:ec2::254", Some(Class::Metadata)),
    ("fe00::1", None),
    ("fe80::1", Some(Class::LinkLocal)),
    ("febf::1", Some(Class::LinkLocal)),
    ("fec0::1", Some(Class::Private)),
    ("ff02::1", Some(Class::Multicast)),
    ("2001:db8::1", Some(Class::Reserved)),
    ("3fff:fff::1", Some(Class::Reserved)),
    ("3fff:1000::1", None),
    ("100::1", Some(Class::Reserved)),
    ("2606:4700:4700::1111", None),
];

#[test]
fn every_range_and_every_embedded_form_has_its_class() {
    for &(text, expected) in CLASSES {
        let address: IpAddr = text.parse().expect(text);
        assert_eq!(classify(address), expected, "{text}");
    }
}

fn feed(networks: &[&str]) -> Policy {
    Policy::Feed { allow_private: networks.iter().map(|net| net.parse().expect("network")).collect() }
}

fn url(text: &str) -> Url {
    Url::parse(text).expect(text)
}

#[track_caller]
fn refused(policy: &Policy, text: &str, named: Option<&str>) -> Option<Class> {
    let named = named.and_then(|named| Named::of(&url(named)));
    match policy.check_url(&url(text), named.as_ref()) {
        Ok(()) => None,
        Err(Refused::Literal { class, .. }) => Some(class),
        Err(other) => panic!("a URL is refused as a literal, not as {other:?}"),
    }
}

#[test]
fn every_spelling_of_a_refused_literal_is_refused() {
    for host in [
        "127.1",
        "0x7f.1",
        "2130706433",
        "017700000001",
        "127.0.0.1.",
        "0x7f000001",
        "127.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:0:0:1]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "１２７.0.0.1",
        "127。0。0。1",
    ] {
        let text = format!("http://{host}/feed");
        assert_eq!(refused(&feed(&[]), &text, None), Some(Class::Loopback), "{host}");
    }
    assert_eq!(refused(&feed(&[]), "http://localhost.example.org/", None), None);
    assert_eq!(refused(&feed(&[]), "http://8.8.8.8/", None), None);
}

#[test]
fn naming_an_address_admits_exactly_that_host_and_port() {
    let named = Some("http://127.0.0.1:8080/feed.xml");
    assert_eq!(refused(&feed(&[]), "http://127.0.0.1:8080/feed.xml", named), None);
    assert_eq!(refused(&feed(&[]), "http://127.1:8080/moved.xml", named), None);
    assert_eq!(refused(&feed(&[]), "http://127.0.0.1:8081/feed.xml", named), Some(Class::Loopback));
    assert_eq!(refused(&feed(&[]), "http://127.0.0.2:8080/feed.xml", named), Some(Class::Loopback));
    assert_eq!(refused(&feed(&[]), "http://localhost:8080/feed.xml", named), Some(Class::Loopback));
    assert_eq!(refused(&feed(&[]), "https://10.0.0.1/", Some("https://10.0.0.1:443/")), None);
    assert_eq!(refused(&feed(&[]), "http://localhost/", Some("http://localhost/feed")), None);
    assert_eq!(refused(&feed(&[]), "http://10.0.0.1/", Some("http://example.org/")), Some(Class::Private));
}

#[test]
fn allow_private_admits_its_networks_for_literals_and_names() {
    let policy = feed(&["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "fd00::/8"]);
    assert_eq!(refused(&policy, "http://10.9.9.9/", None), None);
    assert_eq!(refused(&policy, "http://[::ffff:10.9.9.9]/", None), None);
    assert_eq!(refused(&policy, "http://localhost:1234/", None), None);
    assert_eq!(refused(&policy, "http://192.168.0.1/", None), Some(Class::Private));
    assert_eq!(policy.check_address("10.1.1.1".parse().expect("address")), Ok(()));
    assert_eq!(policy.check_address("172.16.1.1".parse().expect("address")), Err(Class::Private));
}

#[test]
fn link_local_and_metadata_are_refused_even_if_named_or_allowed() {
    let policy = feed(&["0.0.0.0/0", "::/0"]);
    for (text, class) in [
        ("http://169.254.169.254/latest", Class::LinkLocal),
        ("http://[::ffff:169.254.169.254]/", Class::LinkLocal),
        ("http://[fe80::1]/", Class::LinkLocal),
        ("http://[fd00:ec2::254]/", Class::Metadata),
        ("http://metadata.google.internal/", Class::Metadata),
        ("http://metadata.google.internal./", Class::Metadata),
    ] {
        assert_eq!(refused(&policy, text, Some(text)), Some(class), "{text}");
        assert_eq!(refused(&Policy::Operator, text, None), Some(class), "{text}");
    }
}

#[test]
fn webhooks_may_go_to_private_addresses_but_not_to_senseless_ones() {
    for text in [
        "http://127.0.0.1:9/",
        "http://localhost/",
        "http://10.0.0.1/",
        "http://[fd12::1]/",
        "http://100.64.0.1/",
        "http://[::ffff:192.168.1.1]/",
        "http://192.0.2.1/",
    ] {
        assert_eq!(refused(&Policy::Operator, text, None), None, "{text}");
    }
    for text in [
        "http://0.0.0.0/",
        "http://0/",
        "http://[::]/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[2002:a9fe:a9fe::]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[ff02::1]/",
    ] {
        assert!(refused(&Policy::Operator, text, None).is_some(), "{text}");
    }
}

#[test]
fn a_refusal_names_the_host_and_the_class_and_no_more() {
    let refusal = feed(&[]).check_url(&url("http://user:pw@10.0.0.1:81/path?key=1"), None).unwrap_err();
    assert_eq!(refusal.to_string(), "refused: 10.0.0.1 is a private address");
    let refusal = Refused::Name {
        name: "example.org".to_owned(),
        address: "10.0.0.1".parse().expect("address"),
        class: Class::Private,
    };
    assert_eq!(refusal.to_string(), "refused: example.org leads to a private address (10.0.0.1)");
}
