//! Command line manners: help with examples, completions, the man page, pipes that close, colours.

use std::process::Stdio;

use tokio::{io::AsyncReadExt, process::Command, time::timeout};

use super::support::{Config, Home, PATIENCE, Site};

/// Every command, as it is typed.
const COMMANDS: [&str; 18] = [
    "run",
    "once",
    "check",
    "parse",
    "match",
    "backtest",
    "status",
    "alerts",
    "redeliver",
    "backup",
    "migrate",
    "notify-test",
    "discover",
    "import",
    "export",
    "default-config",
    "completions",
    "man",
];

#[tokio::test]
async fn each_command_explains_itself_with_examples() {
    let home = Home::with("");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/help");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _guard = settings.bind_to_scope();
    for command in COMMANDS {
        let help = home.run(&[command, "--help"]).await;
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""), "{help:#?}");
        assert!(help.stdout.contains(&format!("  feedwatch {command}")), "no example: {}", help.stdout);
        insta::assert_snapshot!(command, help.stdout);
    }
    let help = home.run(&["--help"]).await;
    insta::assert_snapshot!("feedwatch", help.stdout);
    let names = help.stdout.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let listed: Vec<_> = names.filter(|name| !name.is_empty()).take_while(|name| *name != "help").collect();
    assert_eq!(listed, COMMANDS, "a command is not tested");
}

/// Whether this program finds nothing wrong with a script; `None` where it is not installed.
async fn accepts(program: &str, arguments: &[&str], home: &Home) -> Option<bool> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(home.path()).stdin(Stdio::null());
    let output = timeout(PATIENCE, command.output()).await.expect("it ends").ok()?;
    Some(output.status.success() && output.stderr.is_empty())
}

#[tokio::test]
async fn completions_name_every_command_and_shells_can_read_them() {
    let home = Home::with("");
    for (shell, arguments) in
        [("bash", &["-n", "script"]), ("zsh", &["-n", "script"]), ("fish", &["-n", "script"])]
    {
        let script = home.run(&["completions", shell]).await;
        assert_eq!((script.code, script.stderr.as_str()), (Some(0), ""));
        for command in COMMANDS {
            assert!(script.stdout.contains(command), "{shell}: no {command}");
        }
        home.write("script", script.stdout);
        assert_ne!(accepts(shell, arguments, &home).await, Some(false), "{shell} does not take its script");
    }
    // What bash offers after `feedwatch st`.
    home.write("ask", "source ./script.bash; COMP_WORDS=(feedwatch st); COMP_CWORD=1; _feedwatch feedwatch st feedwatch; echo \"${COMPREPLY[@]}\"");
    home.write("script.bash", home.run(&["completions", "bash"]).await.stdout);
    let offered =
        Command::new("bash").arg("ask").current_dir(home.path()).output().await.expect("bash is there");
    assert_eq!(String::from_utf8_lossy(&offered.stdout).trim(), "status");
}

#[tokio::test]
async fn the_man_page_has_every_command_and_option() {
    let home = Home::with("");
    let page = home.run(&["man"]).await;
    assert_eq!((page.code, page.stderr.as_str()), (Some(0), ""));
    for command in COMMANDS {
        assert!(
            page.stdout.contains(&format!(".SS {command}\n"))
                || page.stdout.contains(&format!(".SS \"{command}\"\n")),
            "no {command}"
        );
    }
    for part in ["EXIT STATUS", "SIGNALS", "ENVIRONMENT", "FILES", "\\-\\-explain", "\\-\\-dead", "\\-\\-all"]
    {
        assert!(page.stdout.contains(part), "no {part}");
    }
    home.write("feedwatch.1", page.stdout);
    let groff = ["-man", "-Tutf8", "-wall", "-z", "feedwatch.1"];
    assert_ne!(accepts("groff", &groff, &home).await, Some(false), "groff complains");
}

#[tokio::test]
async fn a_reader_that_leaves_is_no_reason_to_complain() {
    let home = Home::with("");
    for arguments in [&["default-config"][..], &["man"], &["completions", "bash"], &["--help"]] {
        let mut child = home.program(arguments).spawn().expect("the program can be started");
        drop(child.stdout.take());
        let mut complaint = String::new();
        let mut stderr = child.stderr.take().expect("it is piped");
        timeout(PATIENCE, stderr.read_to_string(&mut complaint))
            .await
            .expect("it ends")
            .expect("it can be read");
        child.wait().await.expect("a child can be waited for");
        assert_eq!(complaint, "", "{arguments:?}");
    }
}

#[tokio::test]
async fn colours_are_for_terminals_without_no_color() {
    let home = Home::with("[poll]\nbudgt = 1\n");
    let plain = home.run(&["check"]).await;
    assert!(!plain.stderr.contains('\x1b'), "{}", plain.stderr);
    // `script` gives a terminal.
    let on_terminal = async |variables: &[(&str, &str)]| {
        let mut command = Command::new("script");
        let program = format!("{} check", env!("CARGO_BIN_EXE_feedwatch"));
        command.args(["-qec", &program, "/dev/null"]).current_dir(home.path()).stdin(Stdio::null());
        command.env("TERM", "xterm").env_remove("NO_COLOR").env_remove("CI").envs(variables.iter().copied());
        let output = timeout(PATIENCE, command.output()).await.expect("it ends").ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(coloured) = on_terminal(&[]).await else { return };
    assert!(coloured.contains("\x1b["), "{coloured:?}");
    let quiet = on_terminal(&[("NO_COLOR", "1")]).await.unwrap_or_default();
    assert!(quiet.contains("budgt") && !quiet.contains("\x1b["), "{quiet:?}");
}

#[tokio::test]
async fn status_fits_a_terminal_and_all_shows_the_rest() {
    let site = Site::start().await;
    let config = (0..1000).fold(Config::new(), |config, n| config.every(&site, &format!("/{n}.xml"), "1d"));
    let home = Home::with(&config.text());
    let daemon = home.start().await;
    daemon.stop().await;
    let on_terminal = async |arguments: &str| {
        let program = format!("stty rows 24 cols 80; {} status {arguments}", env!("CARGO_BIN_EXE_feedwatch"));
        let mut command = Command::new("script");
        command.args(["-qec", &program, "/dev/null"]).current_dir(home.path()).stdin(Stdio::null());
        let output = timeout(PATIENCE, command.output()).await.expect("it ends").ok()?;
        Some(String::from_utf8_lossy(&output.stdout).replace('\r', ""))
    };
    let Some(shown) = on_terminal("").await else { return };
    assert!(shown.lines().count() < 24, "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    assert!(shown.contains("feedwatch status --all"), "{shown}");
    let all = on_terminal("--all").await.unwrap_or_default();
    assert!(all.contains("/999.xml") && all.lines().count() > 1000, "{all}");
    let piped = home.run(&["status"]).await.stdout;
    assert!(piped.contains("/999.xml"), "a pipe gets everything");
}
