//! Any text as a query: it is compiled, or told what is wrong with it, in its place. What compiles is run on itself.

#![no_main]

use feedwatch::{
    matcher::{Matcher, Text},
    model::{Aliases, Topic},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|query: &str| {
    let aliases =
        Aliases::from([("missile".to_owned(), vec!["missile*".to_owned(), "interceptor".to_owned()])]);
    let topic = Topic { query: Some(query.to_owned()), ..Topic::named("topic") };
    match Matcher::compile(&[topic], &aliases) {
        Ok(matcher) => {
            let text = Text::of_line(query, "two missiles");
            matcher.find(&text, None);
            matcher.explain("topic", &text, None).expect("the topic is there");
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert_eq!((problem.topic, problem.key), (Some(0), "query"), "{problem:?}");
                let marked = query.get(problem.offset..problem.offset + problem.len);
                assert!(marked.is_some(), "the caret stands outside of {query:?}: {problem:?}");
            }
        }
    }
});
