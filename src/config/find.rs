//! Where the configuration is, if nobody says.

use std::path::{Path, PathBuf};

use super::{
    environment::Environment,
    problem::{Problem, Problems, Severity},
};

/// Where it is looked for, in this order (DESIGN §3).
const PLACES: [&str; 3] = ["feedwatch.toml", "config/feedwatch.toml", "/etc/feedwatch/feedwatch.toml"];

/// The configuration file: the one named, else `$FEEDWATCH_CONFIG`, else the first that exists of `feedwatch.toml`,
/// `config/feedwatch.toml` and `/etc/feedwatch/feedwatch.toml`. A file that was named need not exist;
/// [`load`](super::load) says so.
pub fn find(path: Option<&Path>, env: &Environment) -> Result<PathBuf, Problems> {
    let from_env = || env.var("FEEDWATCH_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
    let existing = || PLACES.iter().map(PathBuf::from).find(|path| path.exists());
    path.map(Path::to_owned).or_else(from_env).or_else(existing).ok_or_else(|| {
        let message = format!("there is no configuration: looked for {}", PLACES.join(", "));
        let problem = Problem::of_file(Severity::Error, PLACES[0], message);
        Problems::one(problem.help("`feedwatch default-config > feedwatch.toml` writes one to start from"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_file_comes_before_the_environment_and_that_before_the_usual_places() {
        let env = Environment::of([("FEEDWATCH_CONFIG", "env.toml")]);
        assert_eq!(find(Some(Path::new("named.toml")), &env), Ok(PathBuf::from("named.toml")));
        assert_eq!(find(None, &env), Ok(PathBuf::from("env.toml")));
        // The tests run in the root of the repository, which has `config/feedwatch.toml`.
        assert_eq!(find(None, &Environment::of([])), Ok(PathBuf::from("config/feedwatch.toml")));
    }
}
