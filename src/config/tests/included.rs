//! Files that include others, and files that cannot be read.

use super::*;

#[test]
fn a_problem_in_an_included_file_names_that_file() {
    let files = Files::new(&[
        ("feedwatch.toml", "include = [\"lists/*.toml\", \"none.toml\"]\n"),
        ("lists/a.toml", "[[topic]]\nname = \"T\"\nanyy = [\"x\"]\nany = [\"x\"]\n"),
        ("lists/b.toml", "[[topic]]\nname = \"T\"\nany = [\"x\"]\n[http]\ntimeout = \"1s\"\n"),
    ]);
    let problems = files.load(Purpose::Run).expect_err("broken").list;
    let places: Vec<String> = problems.iter().map(|problem| files.relative(&problem.to_string())).collect();
    assert_eq!(
        places,
        [
            "feedwatch.toml:1:28: include: there is no file none.toml",
            "lists/a.toml:3:1: unknown key `anyy` in [[topic]] (did you mean `any`?)",
            "lists/b.toml:2:8: there are two topics with the name \"T\" (give each a name of its own)",
            "lists/b.toml:4:2: [http] is only for the main file (an included file may hold [[feed]], [[topic]], \
             [[notifier]] and [alias])",
        ]
    );
}

#[test]
fn files_that_include_each_other_are_refused() {
    let files = Files::new(&[
        ("feedwatch.toml", "include = [\"a.toml\"]\n"),
        ("a.toml", "include = [\"feedwatch.toml\"]\n"),
    ]);
    let problems = files.load(Purpose::Run).expect_err("broken");
    let text = files.relative(&problems.to_string());
    assert!(text.contains("a.toml:1:12: include: the files include each other in a circle"), "{text}");
    let text = one("include = [\"feedwatch.toml\"]\n").load(Purpose::Run).expect_err("broken").to_string();
    assert!(text.contains("include: the file includes itself"), "{text}");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let files = one("");
    let missing = load(&files.path("none.toml"), Purpose::Run, &Environment::of([])).expect_err("missing");
    assert!(missing.to_string().contains("none.toml: there is no such file"), "{missing}");
    let directory = load(&files.path(""), Purpose::Run, &Environment::of([])).expect_err("directory");
    assert!(directory.to_string().contains("it is a directory"), "{directory}");
    fs::write(files.path("bad.toml"), b"[http]\ncontact = \"\xff\"\n").expect("file");
    let binary = load(&files.path("bad.toml"), Purpose::Run, &Environment::of([])).expect_err("binary");
    assert_eq!((binary.list[0].line, binary.list[0].column), (Some(2), Some(12)));
}
