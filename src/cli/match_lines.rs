//! `match --jsonl`: one JSON object in, one out, line by line, for machines and measurements.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::{Failure, Outcome, output};
use crate::{
    matcher::{Explanation, Matcher, Scratch, Text},
    model::TopicMentions,
};

/// The longest input line, in bytes: as long as a document may be.
const MAX_LINE: usize = 16 << 20;

/// An input line. Missing and null are empty; other keys are ignored.
#[derive(Debug, Deserialize)]
struct Line {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    text: Option<String>,
}

/// An output line.
#[derive(Debug, Default, Serialize)]
struct Matched {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    topics: Vec<TopicMentions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<Explanation>,
}

/// Answers each line of the file (`-`: standard input), in order. A line that is no such object says so, and the exit
/// code is 1 at the end.
pub(super) fn run(name: &str, matcher: &Matcher, explain: Option<&str>) -> Outcome {
    let mut input = open(name)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut scratch = Scratch::default();
    let (mut line, mut is_good) = (Vec::new(), true);
    while read_line(&mut input, &mut line).with_context(|| format!("cannot read {name}"))? {
        let answer = match_line(&line, matcher, &mut scratch, explain);
        is_good &= answer.error.is_none();
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(output::exit(is_good))
}

fn open(name: &str) -> Result<Box<dyn BufRead>, Failure> {
    if name == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(name).with_context(|| format!("cannot read {name}"))?;
    Ok(Box::new(BufReader::new(file)))
}

/// Reads the next line into `line`; false at the end. Of a line that is too long, the rest is passed over.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = input.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', line)?;
    if read > MAX_LINE && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    Ok(read > 0)
}

/// Reads a line that must be an object; serde alone would take a list for one.
fn parse(line: &[u8]) -> Result<Line, String> {
    if line.len() > MAX_LINE {
        return Err(format!("the line is longer than {MAX_LINE} bytes"));
    }
    if line.trim_ascii_start().first() != Some(&b'{') {
        return Err("not a JSON object with title and text".to_owned());
    }
    serde_json::from_slice(line).map_err(|error| format!("not a JSON object with title and text: {error}"))
}

fn match_line(line: &[u8], matcher: &Matcher, scratch: &mut Scratch, explain: Option<&str>) -> Matched {
    let Line { title, text } = match parse(line) {
        Ok(line) => line,
        Err(error) => return Matched { error: Some(error), ..Matched::default() },
    };
    let text = Text::of_line(title.as_deref().unwrap_or_default(), text.as_deref().unwrap_or_default());
    Matched {
        error: None,
        topics: matcher.find_with(scratch, &text, None),
        explain: explain.and_then(|topic| matcher.explain(topic, &text, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(mut input: &[u8]) -> Vec<usize> {
        let (mut line, mut lengths) = (Vec::new(), Vec::new());
        while read_line(&mut input, &mut line).expect("memory can be read") {
            lengths.push(line.len());
        }
        lengths
    }

    #[test]
    fn a_line_that_is_too_long_costs_only_itself() {
        let mut input = vec![b'x'; 2 * MAX_LINE];
        input.extend_from_slice(b"\n{}\n\n{}");
        assert_eq!(lines(&input), [MAX_LINE + 1, 3, 1, 2]);
        assert!(parse(&vec![b' '; MAX_LINE + 1]).is_err_and(|error| error.contains("longer than")));
    }

    #[test]
    fn only_an_object_is_a_line() {
        for line in ["", "[]", "null", "1", "\"a\"", "{", "{\"title\":1}"] {
            let error = parse(line.as_bytes()).expect_err(line);
            assert!(error.starts_with("not a JSON object with title and text"), "{line}: {error}");
        }
        assert!(parse(b" {\"title\":null,\"other\":[]}").is_ok());
    }
}
