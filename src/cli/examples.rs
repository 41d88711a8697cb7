//! What `--help` and the man page show as examples, a few for each command.

pub(super) const RUN: &str = "\
Examples:
  feedwatch run -c config/demo.toml     no network: feeds from files, alerts to the log
  feedwatch run                         the real thing, until SIGTERM or Ctrl-C
  kill -HUP PID                         read the configuration anew; a bad one changes nothing";

pub(super) const ONCE: &str = "\
Examples:
  feedwatch once                        a first try: every feed, once
  feedwatch once --json                 for cron and scripts; exit 1 if something needs a person";

pub(super) const CHECK: &str = "\
Examples:
  feedwatch check                       every problem with its line, or what would run
  feedwatch check -c new.toml && mv new.toml /etc/feedwatch/feedwatch.toml";

pub(super) const PARSE: &str = "\
Examples:
  feedwatch parse https://example.org/rss
  curl -s https://example.org/rss | feedwatch parse - --base https://example.org/
  feedwatch parse saved.xml --json";

pub(super) const MATCH: &str = "\
Examples:
  feedwatch match https://example.org/rss
  feedwatch match saved.xml --explain S-400       why an article is not flagged
  echo '{\"title\":\"Patriot arrives\",\"text\":\"\"}' | feedwatch match - --jsonl";

pub(super) const BACKTEST: &str = "\
Examples:
  feedwatch backtest                    the last 30 days, all topics
  feedwatch backtest --since 7d --topic S-400";

pub(super) const STATUS: &str = "\
Examples:
  feedwatch status                      what needs a person first; fits a screen
  feedwatch status --all                every feed, with its next poll and why
  feedwatch status --json | jq '.feeds[] | select(.needs_person)'";

pub(super) const ALERTS: &str = "\
Examples:
  feedwatch alerts                      those of the last day, with what became of them
  feedwatch alerts --since 7d --topic S-400
  feedwatch alerts --json --limit 10";

pub(super) const REDELIVER: &str = "\
Examples:
  feedwatch redeliver --dead            all that was given up or held back
  feedwatch redeliver --dead --notifier desk
  feedwatch redeliver ID                an alert once more, ID as `feedwatch alerts` shows it";

pub(super) const NOTIFY_TEST: &str = "\
Examples:
  feedwatch notify-test                 every enabled notifier
  feedwatch notify-test desk            this one";

pub(super) const DISCOVER: &str = "\
Examples:
  feedwatch discover https://example.org/ >> feedwatch.toml";

pub(super) const IMPORT: &str = "\
Examples:
  feedwatch import subscriptions.opml >> feedwatch.toml";

pub(super) const EXPORT: &str = "\
Examples:
  feedwatch export > feedwatch.opml";

pub(super) const DEFAULT_CONFIG: &str = "\
Examples:
  feedwatch default-config > feedwatch.toml";

pub(super) const COMPLETIONS: &str = "\
Examples:
  feedwatch completions bash > ~/.local/share/bash-completion/completions/feedwatch
  feedwatch completions zsh > ~/.zfunc/_feedwatch
  feedwatch completions fish > ~/.config/fish/completions/feedwatch.fish";

pub(super) const MAN: &str = "\
Examples:
  feedwatch man | man -l -              read it
  feedwatch man > /usr/local/share/man/man1/feedwatch.1";

pub(super) const BACKUP: &str = "\
Examples:
  feedwatch backup /var/backups/feedwatch-$(date +%F).db
  feedwatch backup copy.db --json       for scripts; exit 1 if the copy is not whole";

pub(super) const MIGRATE: &str = "\
Examples:
  systemctl stop feedwatch              nobody may work on the file meanwhile
  feedwatch migrate --to env:DATABASE_URL
  feedwatch migrate --to 'postgres://feedwatch@db.example.org/feedwatch'";
