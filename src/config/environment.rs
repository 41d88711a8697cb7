//! What surrounds the program: its environment variables.

use std::{collections::BTreeMap, path::PathBuf};

/// Where `env:` and `cred:` secrets and the places of systemd come from. Tests make one by hand, so that none needs
/// to change the environment of its process.
#[derive(Clone)]
pub struct Environment {
    variables: Variables,
}

#[derive(Clone)]
enum Variables {
    OfProcess,
    Given(BTreeMap<String, String>),
}

impl Environment {
    /// The environment of this process, asked anew each time.
    pub fn of_process() -> Self {
        Self { variables: Variables::OfProcess }
    }

    /// These variables and no others.
    pub fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { variables: Variables::Given(owned.collect()) }
    }

    /// The value of a variable; `None` if it is unset or not UTF-8.
    pub(super) fn var(&self, name: &str) -> Option<String> {
        match &self.variables {
            // No variable can have such a name, and the standard library panics on some of them.
            _ if name.is_empty() || name.contains(['=', '\0']) => None,
            Variables::OfProcess => std::env::var(name).ok(),
            Variables::Given(variables) => variables.get(name).cloned(),
        }
    }

    /// `$STATE_DIRECTORY`: where a relative database lives. systemd may name several; the first counts.
    pub(super) fn state_directory(&self) -> Option<PathBuf> {
        let value = self.var("STATE_DIRECTORY")?;
        value.split(':').next().filter(|path| !path.is_empty()).map(PathBuf::from)
    }

    /// `$CREDENTIALS_DIRECTORY`: where systemd puts credentials.
    pub(super) fn credentials_directory(&self) -> Option<PathBuf> {
        self.var("CREDENTIALS_DIRECTORY").filter(|path| !path.is_empty()).map(PathBuf::from)
    }
}

/// Variables may hold secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Environment")
    }
}
