//! `man`: one page with all commands, from the same tree of arguments.

use std::{io, process::ExitCode};

use clap::{Command, CommandFactory};
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use super::{Cli, Outcome, output};

/// What comes after the commands: a heading, and terms with what they mean.
const SECTIONS: [(&str, &[(&str, &str)]); 4] = [
    (
        "EXIT STATUS",
        &[
            ("0", "done"),
            ("1", "failed while running; of status and once: something needs a person"),
            ("2", "wrong arguments"),
            ("78", "bad configuration; the service is then not restarted"),
        ],
    ),
    (
        "SIGNALS",
        &[
            (
                "SIGHUP",
                "read the configuration anew; one with mistakes changes nothing and is told in the log",
            ),
            ("SIGTERM, SIGINT", "finish what is under way and stop; a second one leaves at once"),
        ],
    ),
    (
        "ENVIRONMENT",
        &[
            ("FEEDWATCH_CONFIG", "the configuration, if -c is not given"),
            ("RUST_LOG", "what is logged, before log.level of the configuration"),
            ("NO_COLOR", "no colours, on terminals too"),
            ("STATE_DIRECTORY", "where a relative store.url is (set by systemd)"),
            ("CREDENTIALS_DIRECTORY", "where cred:NAME is looked up (set by systemd)"),
        ],
    ),
    (
        "FILES",
        &[
            (
                "/etc/feedwatch/feedwatch.toml",
                "the configuration, if neither ./feedwatch.toml nor ./config/feedwatch.toml exists",
            ),
            ("/etc/feedwatch/credentials/", "secrets for LoadCredential= of the service; root's, mode 0600"),
            ("/var/lib/feedwatch/feedwatch.db", "the store of the service"),
            (
                "/usr/share/doc/feedwatch/",
                "reference of the configuration, guide for operators, example drop-ins",
            ),
        ],
    ),
];

pub(super) fn run() -> Outcome {
    output::bytes(&page()?)?;
    Ok(ExitCode::SUCCESS)
}

/// The page, as roff.
fn page() -> io::Result<Vec<u8>> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut page = Vec::new();
    let man = Man::new(root.clone()).title("FEEDWATCH").manual("feedwatch");
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut commands = Roff::new();
    commands.control("SH", ["COMMANDS"]);
    commands.to_writer(&mut page)?;
    for command in root.get_subcommands() {
        page.extend(section_of(command)?);
    }
    closing().to_writer(&mut page)?;
    Ok(page)
}

/// A command as a part of the page: what it does, how it is written, its options, examples.
fn section_of(command: &Command) -> io::Result<Vec<u8>> {
    // `-c` is told once, at the top.
    let own = command.clone().mut_args(|argument| {
        let is_shared = ["config", "help", "version"].contains(&argument.get_id().as_str());
        argument.hide(is_shared)
    });
    let mut section = Vec::new();
    let mut head = Roff::new();
    head.control("SS", [command.get_name()]);
    head.text([roman(command.get_about().map(ToString::to_string).unwrap_or_default() + ".")]);
    head.control("PP", []);
    head.to_writer(&mut section)?;
    let man = Man::new(own.clone());
    section.extend(without_heading(|out| man.render_synopsis_section(out))?);
    if own.get_arguments().any(|argument| !argument.is_hide_set()) {
        section.extend(without_heading(|out| man.render_options_section(out))?);
    }
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut shown = Roff::new();
    shown.control("PP", []);
    shown.control("EX", []);
    for line in examples.lines() {
        shown.text([roman(line)]);
    }
    shown.control("EE", []);
    shown.to_writer(&mut section)?;
    Ok(section)
}

/// What a section holds, without its `.SH`.
fn without_heading(render: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let mut section = Vec::new();
    render(&mut section)?;
    let lines = section.split_inclusive(|byte| *byte == b'\n');
    Ok(lines.filter(|line| !line.starts_with(b".SH")).collect::<Vec<_>>().concat())
}

fn closing() -> Roff {
    let mut roff = Roff::new();
    for (heading, terms) in SECTIONS {
        roff.control("SH", [heading]);
        for (term, meaning) in terms {
            roff.control("TP", []);
            roff.text([bold(*term)]);
            roff.text([roman(*meaning)]);
        }
    }
    roff.control("SH", ["SEE ALSO"]);
    roff.text([
        bold("systemctl"),
        roman("(1), "),
        bold("journalctl"),
        roman("(1), "),
        bold("systemd.exec"),
        roman("(5)"),
    ]);
    roff
}
