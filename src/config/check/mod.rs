//! From what the files say to what the program uses; every problem is recorded, none stops the rest.

mod destination;
mod feeds;
mod location;
mod manners;
mod notifiers;
mod references;
mod sections;
mod template;
mod terms;
mod topics;
mod web_values;
mod webhook;

pub use feeds::{feed_url, take_credentials};
pub use location::database_address;
pub use terms::TermPlaces;

use std::path::Path;

use super::{
    Config, Purpose,
    environment::Environment,
    files::Files,
    problem::{Counts, Problem, Severity},
    raw::{At, RawFile, RawNotify},
    secrets::Secrets,
    words,
};
use crate::poll::hosts;

/// What every check needs: where problems go, and what is known about the run.
struct Checker<'a> {
    problems: Vec<Problem>,
    secrets: Secrets<'a>,
    purpose: Purpose,
    /// Whether a part of the files is unknown; then nothing can be said to be missing.
    is_broken: bool,
}

impl Checker<'_> {
    fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// What a secret stands for, if it stands for something.
    fn resolve(&mut self, written: &At<String>) -> Option<At<String>> {
        self.secrets.resolve(written, &mut self.problems)
    }

    /// What a word stands for. Of an unknown one the nearest is named; in a watchlist that is T006.
    fn word<T: Copy>(&mut self, written: &At<String>, table: &[(&str, T)]) -> Option<T> {
        let known = table.iter().find(|(name, _)| *name == written.value);
        if known.is_none() {
            let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
            let mut problem = written.error(format!("{}: {:?} is not known", written.key, written.value));
            problem.code = written.key.starts_with("topic.").then_some("T006");
            self.push(problem.maybe_help(words::suggest(&written.value, &names)));
        }
        known.map(|(_, value)| *value)
    }
}

/// What checking gave.
pub(super) struct Checked {
    /// The configuration; good only if no problem is an error.
    pub(super) config: Config,
    pub(super) counts: Counts,
    pub(super) places: TermPlaces,
}

/// Checks all files together.
pub(super) fn check(
    path: &Path,
    files: Files,
    purpose: Purpose,
    env: &Environment,
    problems: &mut Vec<Problem>,
) -> Checked {
    let secrets = Secrets { env, purpose };
    let mut checker =
        Checker { problems: std::mem::take(problems), secrets, purpose, is_broken: files.is_broken };
    let result = checker.run(path, files);
    *problems = checker.problems;
    result
}

impl Checker<'_> {
    fn run(&mut self, path: &Path, files: Files) -> Checked {
        let Files { main, includes, paths, .. } = files;
        let all = |of: fn(&RawFile) -> usize| of(&main) + includes.iter().map(of).sum::<usize>();
        let counts = Counts {
            feeds: all(|file| len(file.feed.as_ref())),
            topics: all(|file| len(file.topic.as_ref())),
            notifiers: all(|file| len(file.notifier.as_ref())).max(1),
        };
        let feeds = self.feeds(&collect(&main, &includes, |file| file.feed.as_ref()));
        let aliases = collect_aliases(&main, &includes);
        let topics = self.topics(&collect(&main, &includes, |file| file.topic.as_ref()), aliases);
        let raw_notifiers = collect(&main, &includes, |file| file.notifier.as_ref());
        self.references(&feeds, &topics, &raw_notifiers);

        let raw_notify: RawNotify = value(main.notify.as_ref());
        let mut notify = self.notify(&raw_notify);
        notify.notifiers = self.notifiers(&raw_notifiers, &notify);
        let http = self.http(value(main.http.as_ref()));
        let poll = self.poll(&value(main.poll.as_ref()), feeds, &list(main.host.as_ref()));
        let config = Config {
            path: path.to_owned(),
            files: paths,
            store: self.store(&value(main.store.as_ref()), &raw_notify),
            read: self.read(&value(main.read.as_ref()), http.max_body),
            http,
            poll,
            notify,
            server: self.server(&value(main.server.as_ref())),
            log: self.log(&value(main.log.as_ref())),
            topics: topics.checked,
            aliases: topics.aliases,
        };
        if self.purpose != Purpose::Look && !self.is_broken {
            self.warn_of_gaps(path, &config, counts);
        }
        Checked { config, counts, places: topics.places }
    }

    /// What a good configuration has, though it may run without.
    fn warn_of_gaps(&mut self, path: &Path, config: &Config, counts: Counts) {
        let warning = |message: &str| Problem::of_file(Severity::Warning, path, message);
        if counts.feeds == 0 {
            self.push(warning("no feeds: nothing will be polled").help("[[feed]] with a url"));
        }
        if counts.topics == 0 {
            self.push(warning("no topics: nothing will be alerted").help("[[topic]] with a name and any"));
        }
        let has_public = config.poll.feeds.iter().any(|feed| hosts::is_public(&feed.location));
        if has_public && config.http.contact.is_empty() {
            let problem = warning("http.contact is empty: publishers cannot reach you before they block you");
            let problem = Problem { key: Some("http.contact".to_owned()), ..problem };
            self.push(problem.help(r#"contact = "you@example.org" in [http]; it goes into the User-Agent"#));
        }
    }
}

fn len<T>(list: Option<&At<Vec<T>>>) -> usize {
    list.map_or(0, |list| list.value.len())
}

fn value<T: Clone + Default>(table: Option<&At<T>>) -> T {
    table.map(|table| table.value.clone()).unwrap_or_default()
}

fn list<T: Clone>(list: Option<&At<Vec<At<T>>>>) -> Vec<At<T>> {
    value(list)
}

/// The tables of one kind of all files, in order.
fn collect<T: Clone>(
    main: &RawFile,
    includes: &[RawFile],
    of: impl Fn(&RawFile) -> Option<&At<Vec<At<T>>>>,
) -> Vec<At<T>> {
    std::iter::once(main).chain(includes).flat_map(|file| list(of(file))).collect()
}

/// The aliases of all files, in order.
fn collect_aliases(main: &RawFile, includes: &[RawFile]) -> Vec<(String, At<Vec<At<String>>>)> {
    let files = std::iter::once(main).chain(includes);
    files.filter_map(|file| file.alias.as_ref()).flat_map(|pairs| pairs.value.0.clone()).collect()
}
