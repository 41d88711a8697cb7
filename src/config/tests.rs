//! Whole configurations: what they become, and how broken ones are reported.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use super::*;

mod broken;
mod canary;
mod defaults;
mod demo;
mod entries;
mod filled;
mod formats;
mod included;
mod printed;
mod warned;

/// A directory of configuration files, and an environment.
pub(super) struct Files {
    directory: TempDir,
    env: Environment,
}

impl Files {
    /// A directory that holds these files; the first is the configuration.
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let directory = TempDir::new().expect("temporary directory");
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().expect("parent")).expect("directory");
            fs::write(path, text).expect("file");
        }
        Self { directory, env: Environment::of([]) }
    }

    /// The same with these variables.
    pub(super) fn env<'a>(mut self, variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.env = Environment::of(variables);
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(super) fn load(&self, purpose: Purpose) -> Result<Loaded, Problems> {
        load(&self.path("feedwatch.toml"), purpose, &self.env)
    }

    /// All problems, good or bad, with the directory left out of the text.
    pub(super) fn problems(&self, purpose: Purpose) -> Vec<Problem> {
        match self.load(purpose) {
            Ok(loaded) => loaded.warnings,
            Err(problems) => problems.list,
        }
    }

    /// A text without the temporary directory.
    pub(super) fn relative(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.directory.path().display()), "")
    }
}

/// A configuration of one file.
pub(super) fn one(text: &str) -> Files {
    Files::new(&[("feedwatch.toml", text)])
}

/// Loads a good configuration of one file.
#[track_caller]
pub(super) fn good(text: &str) -> Config {
    match one(text).load(Purpose::Run) {
        Ok(loaded) => loaded.config,
        Err(problems) => panic!("{problems}"),
    }
}
