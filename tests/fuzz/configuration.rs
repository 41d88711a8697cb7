//! Any bytes as a configuration: it is good, or every problem has its place in the file and a picture of one screen;
//! the same twice. What is good has what it was given.

#![no_main]

use std::{env, fs, path::PathBuf, process, sync::LazyLock};

use feedwatch::config::{self, Environment, Problem, Purpose};
use libfuzzer_sys::fuzz_target;

/// Longer messages or pictures do not help anybody.
const MOST_BYTES: usize = 64 << 10;

static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = env::temp_dir().join(format!("feedwatch-fuzz-{}", process::id()));
    fs::create_dir_all(&folder).expect("a directory of our own");
    folder.join("feedwatch.toml")
});

fuzz_target!(|input: &[u8]| {
    fs::write(&*FILE, input).expect("written");
    let environment = Environment::of([("TOKEN", "c2VjcmV0"), ("HOOK", "https://desk.example/hook")]);
    let lines = input.split(|byte| *byte == b'\n').count();
    match config::load(&FILE, Purpose::Check, &environment) {
        Ok(loaded) => {
            loaded.warnings.iter().for_each(|warning| judge(warning, lines));
            let again = config::load(&FILE, Purpose::Check, &environment).expect("it was good before");
            assert_eq!(format!("{:?}", again.config), format!("{:?}", loaded.config));
        }
        Err(problems) => {
            assert!(!problems.list.is_empty());
            problems.list.iter().for_each(|problem| judge(problem, lines));
        }
    }
});

/// What a person must be able to read.
fn judge(problem: &Problem, lines: usize) {
    assert!(!problem.message.is_empty(), "{problem:?}");
    assert!(problem.line.is_none_or(|line| (1..=lines).contains(&line)), "{problem:?}");
    let (told, picture) = (problem.to_string(), problem.picture(false));
    assert!(!told.chars().any(char::is_control), "{told:?}");
    assert!(!picture.chars().any(|c| c.is_control() && c != '\n'), "{picture:?}");
    assert!(told.len().max(picture.len()) <= MOST_BYTES, "{} bytes", picture.len());
}
