//! How fast watchlists of 10 to 100,000 topics are matched, and what an index saves.
//!
//! `cargo bench --bench matching` prints one line per run: CPU time of one thread, best of three, warm, with all the
//! evidence. `-- --docs FILE.jsonl` (lines `{"title","text"}`) replaces the generated items.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people"
)]

use std::{
    collections::HashMap,
    fs,
    hint::black_box,
    time::{Duration, Instant},
};

use aho_corasick::AhoCorasick;
use fastrand::Rng;
use feedwatch::{
    matcher::{Matcher, Scratch, Text},
    model::{Aliases, Topic},
};
use regex::RegexSetBuilder;
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;

/// Topics of a run.
const SIZES: [usize; 4] = [10, 1_000, 10_000, 100_000];
/// Generated items of a run, about 0.5 KB each.
const ITEMS: usize = 20_000;

#[derive(Debug, Deserialize)]
struct Item {
    title: String,
    text: String,
}

fn main() {
    let items = match std::env::args().skip_while(|arg| arg != "--docs").nth(1) {
        Some(path) => read_items(&path),
        None => generate(&ENGLISH, ITEMS, 1),
    };
    let words = Words::of(&items);
    let mut mb_per_s_at_most_topics = 0.0;
    for (kind, topic) in [("literal", literal as Maker), ("boolean", boolean)] {
        for size in SIZES {
            mb_per_s_at_most_topics = run(kind, &items, &topics(&words, size, topic));
        }
    }
    let foreign: Vec<Item> = [&RUSSIAN, &TURKISH, &CHINESE]
        .into_iter()
        .zip(2..)
        .flat_map(|(l, seed)| generate(l, ITEMS / 4, seed))
        .collect();
    run("nonascii", &foreign, &topics(&Words::of(&foreign), 10_000, boolean));
    baselines(&items, &words, mb_per_s_at_most_topics);
}

/// Measures one watchlist, prints its line, and returns its MB/s.
fn run(kind: &str, items: &[Item], topics: &[Topic]) -> f64 {
    let (rss_before, started) = (rss_mb(), cpu_time());
    let matcher = Matcher::compile(topics, &Aliases::new()).expect("the generated topics are right");
    let (build, grown) = (cpu_time().saturating_sub(started), (rss_mb() - rss_before).max(0.0));
    let mut scratch = Scratch::default();
    let mut fired = 0;
    let mut pass = || {
        let find = |item: &Item| {
            matcher.find_with(&mut scratch, &Text::of_line(&item.title, &item.text), None).len()
        };
        fired = items.iter().map(find).sum();
    };
    let seconds = best_of_three(&mut pass);
    let p99 = p99_us(&matcher, items);
    let (docs_per_s, mb_per_s) = (items.len() as f64 / seconds, megabytes(items) / seconds);
    println!(
        "kind={kind} topics={} docs_per_s={docs_per_s:.0} mb_per_s={mb_per_s:.2} build_ms={:.0} rss_mb={grown:.2} p99_us={p99:.0} matches={fired}",
        topics.len(),
        build.as_secs_f64() * 1e3,
    );
    mb_per_s
}

/// What the same machine does without the index, in the same run.
fn baselines(items: &[Item], words: &Words, ours: f64) {
    let topics = topics(words, 100_000, boolean);
    let matcher = Matcher::compile(&topics, &Aliases::new()).expect("right");
    let few = &items[..items.len().min(40)];
    let mut scratch = Scratch::default();
    let every = best_of_three(&mut || {
        for item in few {
            black_box(matcher.find_by_evaluating_all(&mut scratch, &Text::of_line(&item.title, &item.text)));
        }
    });
    print_baseline("evaluate-every-topic", 100_000, megabytes(few) / every, ours);
    let names = words.atoms(100_000);
    let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(&names).expect("it builds");
    let seconds = best_of_three(&mut || {
        for item in items {
            let all = |text: &str| automaton.find_overlapping_iter(text).count();
            black_box(all(&item.title) + all(&item.text));
        }
    });
    print_baseline("aho-corasick", 100_000, megabytes(items) / seconds, ours);
    let patterns = names.iter().take(1_000).map(|name| format!(r"(?i)\b{}\b", regex::escape(name)));
    let set = RegexSetBuilder::new(patterns).size_limit(1 << 30).build().expect("it builds");
    let few = &items[..items.len().min(1_000)];
    let seconds = best_of_three(&mut || {
        for item in few {
            black_box(set.matches(&item.title).len() + set.matches(&item.text).len());
        }
    });
    print_baseline("regex-set", 1_000, megabytes(few) / seconds, ours);
}

fn print_baseline(engine: &str, topics: usize, mb_per_s: f64, ours: f64) {
    println!(
        "baseline engine={engine} topics={topics} mb_per_s={mb_per_s:.2} ours_at_100000={:.1}x",
        ours / mb_per_s
    );
}

fn best_of_three(pass: &mut impl FnMut()) -> f64 {
    pass();
    let times = (0..3).map(|_| {
        let started = cpu_time();
        pass();
        cpu_time().saturating_sub(started).as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}

fn p99_us(matcher: &Matcher, items: &[Item]) -> f64 {
    let mut scratch = Scratch::default();
    let time = |item: &Item| {
        let started = Instant::now();
        black_box(matcher.find_with(&mut scratch, &Text::of_line(&item.title, &item.text), None));
        started.elapsed()
    };
    let mut times: Vec<Duration> = items.iter().map(time).collect();
    times.sort_unstable();
    times[times.len() * 99 / 100].as_secs_f64() * 1e6
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn rss_mb() -> f64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * 4096.0 / 1e6
}

fn megabytes(items: &[Item]) -> f64 {
    items.iter().map(|item| item.title.len() + item.text.len()).sum::<usize>() as f64 / 1e6
}

/// What a corpus offers to watch for.
struct Words {
    /// Names of two words, and designators: what a topic hangs on.
    names: Vec<String>,
    /// Words that stand in 0.5 to 10 % of the items.
    usual: Vec<String>,
}

impl Words {
    fn of(items: &[Item]) -> Self {
        let (mut counts, mut names): (HashMap<&str, usize>, HashMap<String, usize>) = Default::default();
        for item in items {
            let words: Vec<&str> =
                item.title.split(' ').chain(item.text.split(' ')).flat_map(words_in).collect();
            let mut seen: Vec<&str> = words.clone();
            seen.sort_unstable();
            seen.dedup();
            for word in seen {
                *counts.entry(word).or_default() += 1;
            }
            for pair in words.windows(2) {
                if pair.iter().all(|word| is_name(word)) {
                    *names.entry(pair.join(" ")).or_default() += 1;
                }
            }
            for word in words.iter().filter(|word| is_designator(word)) {
                *names.entry((*word).to_owned()).or_default() += 1;
            }
            for four in words.windows(4).filter(|four| four.iter().all(|word| is_han(word))) {
                *names.entry(four.concat()).or_default() += 1;
            }
        }
        let share = |count: usize| count as f64 / items.len() as f64;
        let is_word = |word: &str| {
            word.chars().count() > 1
                && word.chars().all(char::is_alphabetic)
                && !matches!(word, "AND" | "OR" | "NOT" | "NEAR")
        };
        let mut usual: Vec<String> = counts
            .iter()
            .filter(|(word, count)| (0.005..0.1).contains(&share(**count)) && is_word(word))
            .map(|(word, _)| (*word).to_owned())
            .collect();
        let mut names: Vec<String> = names.into_keys().collect();
        usual.sort_unstable();
        names.sort_unstable();
        Rng::with_seed(3).shuffle(&mut names);
        Self { names, usual }
    }

    /// As many names as wanted; what the corpus does not offer is made up.
    fn atoms(&self, count: usize) -> Vec<String> {
        let made_up = (0..).map(|n: usize| format!("{}{}-{}", letter(n / 26), letter(n), 100 + n / 7));
        self.names.iter().cloned().chain(made_up).take(count).collect()
    }
}

/// The words of a piece of text without blanks: Chinese in pairs of characters, designators apart.
fn words_in(piece: &str) -> Vec<&str> {
    let piece = piece.trim_matches(['.', ',']);
    if !piece.chars().any(|c| is_han(c.encode_utf8(&mut [0; 4]))) {
        return vec![piece];
    }
    let starts: Vec<usize> = piece.char_indices().map(|(at, _)| at).filter(|at| at % 6 == 0).collect();
    let pairs = starts.iter().filter_map(|&at| piece.get(at..at + 6)).filter(|pair| is_han(pair));
    let designators = piece.split(|c: char| !c.is_ascii()).filter(|part| part.contains('-'));
    pairs.chain(designators).collect()
}

fn is_name(word: &str) -> bool {
    word.chars().count() > 2 && word.starts_with(char::is_uppercase) && word.chars().all(char::is_alphabetic)
}

fn is_designator(word: &str) -> bool {
    let parts = word.split_once('-').filter(|(letters, digits)| !letters.is_empty() && !digits.is_empty());
    parts.is_some_and(|(letters, digits)| {
        letters.bytes().all(|byte| byte.is_ascii_uppercase())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_han(word: &str) -> bool {
    word.chars().all(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c))
}

fn letter(n: usize) -> char {
    char::from(b'A' + u8::try_from(n % 26).unwrap_or_default())
}

type Maker = fn(&str, usize, &Words, &mut Rng) -> Topic;

fn topics(words: &Words, count: usize, make: Maker) -> Vec<Topic> {
    let mut rng = Rng::with_seed(4);
    words.atoms(count).iter().enumerate().map(|(number, name)| make(name, number, words, &mut rng)).collect()
}

fn literal(name: &str, number: usize, _: &Words, _: &mut Rng) -> Topic {
    Topic { any: vec![format!("\"{name}\"")], ..Topic::named(&format!("{number}")) }
}

/// `A AND (B OR C) NOT D`; every second one `A NEAR/5 E`.
fn boolean(name: &str, number: usize, words: &Words, rng: &mut Rng) -> Topic {
    let mut word = || rng.choice(&words.usual).expect("usual words");
    let query = if number.is_multiple_of(2) {
        format!("\"{name}\" AND ({} OR {}) NOT {}", word(), word(), word())
    } else {
        format!("\"{name}\" NEAR/5 {}", word())
    };
    Topic { query: Some(query), ..Topic::named(&format!("{number}")) }
}

fn read_items(path: &str) -> Vec<Item> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

/// The sounds of a made-up language.
struct Language {
    syllables: &'static [&'static str],
    blank: &'static str,
    words: usize,
}

const ENGLISH: Language = Language {
    syllables: &[
        "an", "ter", "con", "re", "in", "de", "er", "per", "ment", "ist", "al", "or", "ing", "pro", "com",
        "mar", "ket", "ri", "ver", "so", "lo", "tra", "ble", "ni", "ca", "po", "li", "ti", "str", "eng",
    ],
    blank: " ",
    words: 40_000,
};
const RUSSIAN: Language = Language {
    syllables: &[
        "ра", "ке", "та", "при", "во", "ст", "ний", "ого", "пере", "ска", "зал", "мо", "гов", "дар", "ени",
        "ли", "пра", "вит", "тель", "ов",
    ],
    blank: " ",
    words: 40_000,
};
const TURKISH: Language = Language {
    syllables: &[
        "yap", "tı", "rım", "lar", "ın", "ğı", "şe", "kö", "bü", "çı", "kar", "ma", "dı", "ler", "in", "İs",
        "tan", "bul", "öz", "gür",
    ],
    blank: " ",
    words: 40_000,
};
/// Characters instead of syllables, 2,500 of them.
const CHINESE: Language = Language { syllables: &[], blank: "", words: 20_000 };

/// Items of about 0.5 KB whose words are as unevenly frequent as those of news (Zipf), with names and designators.
fn generate(language: &Language, count: usize, seed: u64) -> Vec<Item> {
    let mut rng = Rng::with_seed(seed);
    let vocabulary: Vec<String> = (0..language.words).map(|rank| word(language, rank, &mut rng)).collect();
    (0..count)
        .map(|_| Item {
            title: sentence(language, &vocabulary, 8, &mut rng),
            text: body(language, &vocabulary, &mut rng),
        })
        .collect()
}

fn body(language: &Language, vocabulary: &[String], rng: &mut Rng) -> String {
    let mut text = String::new();
    while text.len() < 430 {
        let words = rng.usize(8..20);
        text.push_str(&sentence(language, vocabulary, words, rng));
        text.push_str(". ");
    }
    text.trim_end().to_owned()
}

fn sentence(language: &Language, vocabulary: &[String], words: usize, rng: &mut Rng) -> String {
    let mut sentence = String::new();
    for _ in 0..words {
        if !sentence.is_empty() {
            sentence.push_str(language.blank);
        }
        match rng.u8(0..40) {
            0 => sentence.extend([&name(language, rng), " ", &name(language, rng)]),
            1 => sentence.push_str(&designator(rng)),
            _ => sentence.push_str(&vocabulary[zipf(vocabulary.len(), rng)]),
        }
    }
    sentence
}

fn designator(rng: &mut Rng) -> String {
    format!("{}{}-{}", letter(rng.usize(0..26)), letter(rng.usize(0..26)), rng.u16(10..900))
}

/// One of 4,000 first or last names.
fn name(language: &Language, rng: &mut Rng) -> String {
    let word = word(language, rng.usize(500..5_000), &mut Rng::with_seed(rng.u64(0..4_000)));
    let mut chars = word.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

fn word(language: &Language, rank: usize, rng: &mut Rng) -> String {
    let syllables = match rank {
        0..50 => 1,
        50..1_500 => 2,
        1_500..15_000 => 3,
        _ => 4,
    };
    if language.syllables.is_empty() {
        let character = |n: usize| char::from_u32(0x4E00 + 7 * n as u32).unwrap_or('中');
        return (0..2).map(|_| character(zipf(2_500, rng))).collect();
    }
    (0..syllables).map(|_| *rng.choice(language.syllables).expect("syllables")).collect()
}

/// A rank with probability near 1 / rank.
fn zipf(ranks: usize, rng: &mut Rng) -> usize {
    let rank = (ranks as f64).powf(rng.f64());
    (rank as usize).clamp(1, ranks) - 1
}
