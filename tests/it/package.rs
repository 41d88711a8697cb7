//! The Debian package: what is in it, whose it is, who may read it. Where there is no `dpkg-deb`, nothing is tested;
//! `tests/systemd/run` installs, upgrades and purges it under a real systemd.

use std::{path::Path, process::Command};

use tempfile::TempDir;

const CONTENTS: &[&str] = &[
    "drwx------ root/root ./etc/feedwatch/credentials/",
    "-rw-r--r-- root/root ./etc/feedwatch/feedwatch.toml",
    "-rw-r--r-- root/root ./etc/feedwatch/watchlists/air-defence.toml",
    "-rwxr-xr-x root/root ./usr/bin/feedwatch",
    "-rw-r--r-- root/root ./usr/lib/systemd/system/feedwatch.service",
    "-rw-r--r-- root/root ./usr/lib/systemd/system/feedwatch.socket",
    "-rw-r--r-- root/root ./usr/share/bash-completion/completions/feedwatch",
    "-rw-r--r-- root/root ./usr/share/doc/feedwatch/configuration.md.gz",
    "-rw-r--r-- root/root ./usr/share/doc/feedwatch/copyright",
    "-rw-r--r-- root/root ./usr/share/doc/feedwatch/examples/credentials.conf.example",
    "-rw-r--r-- root/root ./usr/share/doc/feedwatch/operating.md.gz",
    "-rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/feedwatch.fish",
    "-rw-r--r-- root/root ./usr/share/man/man1/feedwatch.1.gz",
    "-rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_feedwatch",
];

/// What a program printed.
fn printed(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().expect("dpkg-deb is there");
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_package_has_what_a_service_needs_and_keeps_secrets_closed() {
    if Command::new("dpkg-deb").arg("--version").output().is_err() {
        return;
    }
    let directory = TempDir::new().expect("a directory");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/debian/build");
    let built = Command::new(script)
        .args([env!("CARGO_BIN_EXE_feedwatch"), directory.path().to_str().expect("UTF-8")])
        .envs([("COMPRESSION", "none"), ("DEBFULLNAME", "A Builder"), ("DEBEMAIL", "builder@example.org")])
        .output()
        .expect("a script can be started");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let package = String::from_utf8(built.stdout).expect("UTF-8");
    let package = package.trim();

    let listing = printed("dpkg-deb", &["--contents", package]);
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let listed: Vec<String> = listing
        .lines()
        .map(words)
        .map(|words| format!("{} {} {}", words[0], words[1], words[words.len() - 1]))
        .collect();
    for wanted in CONTENTS {
        assert!(listed.iter().any(|line| line == wanted), "{wanted} is not in {listing}");
    }
    let field = |name: &str| printed("dpkg-deb", &["--field", package, name]).trim().to_owned();
    assert_eq!(field("Version"), format!("{}-1", env!("CARGO_PKG_VERSION")));
    assert_eq!(field("Maintainer"), "A Builder <builder@example.org>");
    assert!(field("Depends").starts_with("libc6 (>= 2.") && field("Depends").contains("ca-certificates"));
    let conffiles = printed("dpkg-deb", &["--info", package, "conffiles"]);
    assert_eq!(conffiles, "/etc/feedwatch/feedwatch.toml\n/etc/feedwatch/watchlists/air-defence.toml\n");
}
