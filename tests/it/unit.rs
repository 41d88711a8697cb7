//! The unit files, as systemd itself reads and scores them. Where there is no `systemd-analyze`, only what can be read
//! without it is tested; `.ci/run` installs it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// Exposure times ten, at most: 1.1 (specs/operations.md §2).
const THRESHOLD: u32 = 11;
/// The same where nothing beyond the machine is reached.
const THRESHOLD_LOCAL: u32 = 9;

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd").join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(shipped(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A tree with what the package installs where it installs it; drop-ins beside the unit.
fn tree(drop_ins: &[&str]) -> TempDir {
    let tree = TempDir::new().expect("a directory");
    let units = tree.path().join("etc/systemd/system");
    fs::create_dir_all(units.join("feedwatch.service.d")).expect("a directory");
    for program in ["usr/bin/feedwatch", "bin/kill"] {
        let path = tree.path().join(program);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(&path, "#!/bin/sh\n").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("an executable");
    }
    // What the units stand on is not looked into.
    for target in ["basic", "multi-user", "network-online", "shutdown", "sockets", "sysinit"] {
        fs::write(units.join(format!("{target}.target")), "[Unit]\n").expect("a target");
    }
    for unit in ["feedwatch.service", "feedwatch.socket"] {
        fs::copy(shipped(unit), units.join(unit)).expect("a unit");
    }
    for name in drop_ins {
        fs::copy(shipped(name), units.join("feedwatch.service.d").join(name)).expect("a drop-in");
    }
    tree
}

/// `None` where there is no `systemd-analyze`; CI must have it.
fn analyze(arguments: &[&str], tree: &Path) -> Option<Output> {
    let root = format!("--root={}", tree.display());
    let output = Command::new("systemd-analyze").args(arguments).arg(root).output();
    assert!(output.is_ok() || std::env::var_os("CI").is_none(), "CI installs systemd-analyze");
    output.ok()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units_and_their_drop_ins() {
    for drop_ins in [&[][..], &["egress-proxy.conf"], &["notify-reload.conf"]] {
        let tree = tree(drop_ins);
        for unit in ["feedwatch.service", "feedwatch.socket"] {
            let Some(output) = analyze(&["verify", "--man=no", unit], tree.path()) else { return };
            // `notify-reload` is unknown before systemd 253, which is why it is a drop-in.
            let said = said(&output);
            let complaints: Vec<_> = said
                .lines()
                .filter(|line| line.contains("feedwatch") && !line.contains("notify-reload"))
                .collect();
            assert!(complaints.is_empty(), "{unit} with {drop_ins:?}: {complaints:#?}");
            assert!(output.status.success(), "{unit} with {drop_ins:?}: {said}");
        }
    }
}

#[track_caller]
fn check_exposure(drop_ins: &[&str], threshold: u32) {
    let tree = tree(drop_ins);
    let threshold = format!("--threshold={threshold}");
    let security = ["security", "--offline=true", "--no-pager", &threshold, "feedwatch.service"];
    let Some(output) = analyze(&security, tree.path()) else { return };
    let said = said(&output);
    assert!(said.contains("Overall exposure level"), "{said}");
    assert!(output.status.success(), "{said}");
}

#[test]
fn the_exposure_is_1_1_at_most() {
    check_exposure(&[], THRESHOLD);
    check_exposure(&["egress-proxy.conf"], THRESHOLD_LOCAL);
}

#[test]
fn the_unit_says_what_the_program_relies_on() {
    let unit = text("feedwatch.service");
    let has = |line: &str| unit.lines().any(|found| found == line);
    for line in [
        "Type=notify",
        "NotifyAccess=main",
        "WatchdogSec=30",
        "TimeoutStopSec=30",
        "Restart=always",
        "RestartPreventExitStatus=78",
        "DynamicUser=yes",
        "StateDirectory=feedwatch",
        "UMask=0077",
        "LimitCORE=0",
    ] {
        assert!(has(line), "no line {line}");
    }
    // A missing source file would end the first start with status 243; the directory would belong to the service.
    for prefix in ["LoadCredential", "ConfigurationDirectory"] {
        assert!(!unit.lines().any(|line| line.starts_with(prefix)), "{prefix} is set");
    }
    let reloads: Vec<_> = unit.lines().filter_map(|line| line.strip_prefix("ExecReload=")).collect();
    assert_eq!(reloads.len(), 2, "{reloads:?}");
    assert!(reloads[0].contains(" check ") && reloads[1].contains("kill -HUP"), "{reloads:?}");
}

#[test]
fn only_what_the_unit_runs_may_be_executed() {
    let unit = text("feedwatch.service");
    let value = |key: &str| unit.lines().find_map(|line| line.strip_prefix(key)).expect("a line of the unit");
    let allowed: Vec<_> = value("ExecPaths=").split(' ').collect();
    let commands = unit.lines().filter_map(|line| {
        line.strip_prefix("ExecStart=").or_else(|| line.strip_prefix("ExecReload="))?.split(' ').next()
    });
    for command in commands {
        assert!(allowed.contains(&command), "{command} may not be executed: {allowed:?}");
    }
    assert_eq!(value("NoExecPaths="), "/");
}
