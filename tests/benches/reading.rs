//! How fast documents become articles, beside plain feed-rs on the same documents, and that no input takes more than
//! linear time.
//!
//! `cargo bench --bench reading` prints CPU time of one thread, the median of several passes taken in turn.
//! `-- --docs FOLDER` reads the files of a folder instead of generated feeds.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use std::{
    fmt::Write,
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    time::Duration,
};

use fastrand::Rng;
use feedwatch::read::{self, Limits, Source};
use rustix::time::{ClockId, clock_gettime};

/// Passes over all documents, of which the median counts.
const PASSES: usize = 9;
/// Generated feeds, 50 to 500 KB each.
const FEEDS: usize = 30;

fn main() {
    let folder = std::env::args().skip_while(|arg| arg != "--docs").nth(1);
    let kinds: Vec<(&str, Vec<Vec<u8>>)> = match folder {
        Some(folder) => vec![("files", documents_in(Path::new(&folder)))],
        None => [("rss", rss as Maker), ("atom", atom), ("cyrillic", cyrillic)]
            .map(|(kind, maker)| {
                (kind, (0..FEEDS).map(|seed| generate(maker, kind == "atom", seed)).collect())
            })
            .into(),
    };
    let (mut ours, mut theirs, mut all, mut entries) = (0.0, 0.0, 0, 0);
    for (kind, documents) in &kinds {
        let bytes: usize = documents.iter().map(Vec::len).sum();
        let whole_path = || documents.iter().map(|document| articles(document)).sum();
        let feed_rs = || documents.iter().map(|document| feed_rs_entries(document)).sum();
        let [(our_time, found), (their_time, _)] = in_turn([&whole_path, &feed_rs]);
        println!(
            "kind={kind} mb={:.1} whole_path_mb_per_s={:.1} feed_rs_mb_per_s={:.1} cpu_ratio={:.2}",
            mb(bytes),
            mb(bytes) / our_time,
            mb(bytes) / their_time,
            our_time / their_time,
        );
        (ours, theirs, all, entries) = (ours + our_time, theirs + their_time, all + bytes, entries + found);
    }
    println!(
        "read MB/s {:.1} entries/s {:.0} peak MiB {:.0}   (feed-rs alone MB/s {:.1}, CPU ratio {:.2})",
        mb(all) / ours,
        entries as f64 / ours,
        peak_mib(),
        mb(all) / theirs,
        ours / theirs,
    );
    linearity();
}

/// Twice the size over once the size, for each kind of bomb; 2 is linear.
fn linearity() {
    let bombs = [
        "<![CDATA[",
        "<?a ",
        "<!--",
        "<!DOCTYPE [",
        "<!-- </item>",
        "<a b=\"",
        "<a b='<c d=\"",
        "&",
        "&a;",
        "<item>",
        "</x>",
        "<x>",
        "<x:y>",
        "<title>",
        "<title><guid>",
        "<title><![CDATA[</title>",
        "<x a='b' xmlns:a='b'/>",
        "<p><script>",
        "<media:group>",
        "<link href='a'>",
        "<content type='xhtml'>",
        "<author><name>",
        "\u{430}\u{301}",
    ];
    let text = |bomb: &str, size: usize| {
        let filled = bomb.repeat(size / bomb.len());
        format!(
            "<!DOCTYPE rss [<!ENTITY a 'aaaaaaaaaa'>]><rss><channel><item><title>x</title></item><item><description>{filled}</description></item></channel></rss>"
        )
    };
    for bomb in bombs {
        grows(&format!("{bomb:?}"), |size| text(bomb, size));
    }
    grows("blanks, then tags", |size| {
        rss_of(&format!("<item><description>{}x{}", " ".repeat(size / 2), "<b/>".repeat(size / 8)))
    });
    grows("leaves without end", |size| {
        rss_of(&"<item><category>a<category>b<enclosure><x:y><title>t</item>".repeat(size / 60))
    });
    grows("authors of a JSON Feed", |size| {
        format!(
            "{{\"authors\":[{}{{}}],\"items\":[{}{{}}]}}",
            "{},".repeat(size / 8),
            "{\"id\":1},".repeat(size / 40)
        )
    });
    grows("a long base address", |size| {
        let base = "a".repeat(size / 8);
        format!(
            "<rss xml:base='http://x/{base}/'><channel>{}",
            "<item><link>1</link></item>".repeat(size / 60)
        )
    });
}

fn rss_of(items: &str) -> String {
    format!("<rss><channel>{items}</channel></rss>")
}

/// Twice the size over once the size.
fn grows(name: &str, document: impl Fn(usize) -> String) {
    const SIZE: usize = 2 << 20;
    let (once, twice) = (document(SIZE).into_bytes(), document(2 * SIZE).into_bytes());
    let [(first, _), (second, _)] = in_turn([&|| articles(&once), &|| articles(&twice)]);
    println!("bomb={name} ms={:.1} twice_over_once={:.2}", first * 1e3, second / first);
}

fn articles(document: &[u8]) -> usize {
    let result = read::read(black_box(document), Source::default(), &Limits::default());
    black_box(result).map_or(0, |document| document.articles.len())
}

/// As it was used before there was a reader of our own.
fn feed_rs_entries(document: &[u8]) -> usize {
    let parser = feed_rs::parser::Builder::new().sanitize_content(false).build();
    black_box(parser.parse(black_box(document))).map_or(0, |feed| feed.entries.len())
}

/// The median CPU seconds of two pieces of work done in turn, so that both meet the same machine.
fn in_turn(work: [&dyn Fn() -> usize; 2]) -> [(f64, usize); 2] {
    let mut seconds = [Vec::new(), Vec::new()];
    let mut results = [0; 2];
    for _ in 0..PASSES {
        for (at, work) in work.iter().enumerate() {
            let started = cpu_time();
            results[at] = work();
            seconds[at].push(cpu_time().saturating_sub(started).as_secs_f64());
        }
    }
    let median = |at: usize| {
        let mut seconds = seconds[at].clone();
        seconds.sort_by(f64::total_cmp);
        seconds[PASSES / 2]
    };
    [(median(0), results[0]), (median(1), results[1])]
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("processor time is not negative")
}

fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// The most memory that this process ever held, as Linux tells.
fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
}

fn documents_in(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths.into_iter().filter(|path| path.is_file()).map(|path| fs::read(path).expect("a file")).collect()
}

type Maker = fn(&mut Rng, usize, &mut String);

/// A feed of 20 to 200 entries of about 2.5 KB, half of the bodies in CDATA, half escaped.
fn generate(maker: Maker, is_atom: bool, seed: usize) -> Vec<u8> {
    let mut rng = Rng::with_seed(seed as u64);
    let (head, tail) = if is_atom {
        (
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>News</title><id>urn:x</id><updated>2026-11-23T10:00:00Z</updated>",
            "</feed>",
        )
    } else {
        (
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\"><channel><title>News</title><link>https://example.org/</link><description>All of it</description><ttl>15</ttl>",
            "</channel></rss>",
        )
    };
    let mut out = head.to_owned();
    for number in 0..rng.usize(20..200) {
        maker(&mut rng, number, &mut out);
    }
    out.push_str(tail);
    out.into_bytes()
}

fn rss(rng: &mut Rng, number: usize, out: &mut String) {
    rss_item(rng, number, &ENGLISH, out);
}

fn cyrillic(rng: &mut Rng, number: usize, out: &mut String) {
    rss_item(rng, number, &RUSSIAN, out);
}

fn rss_item(rng: &mut Rng, number: usize, words: &[&str], out: &mut String) {
    let (title, summary) = (sentence(rng, words, 10), sentence(rng, words, 30));
    let body = body(rng, words);
    let body = if rng.bool() { format!("<![CDATA[{body}]]>") } else { escaped(&body) };
    let _ = write!(
        out,
        "\n<item>\n<title>{title} &amp; more</title>\n<link>https://example.org/news/2026/11/{number}?utm_source=rss</link>\n\
         <guid isPermaLink=\"false\">tag:example.org,2026:{number}</guid>\n<pubDate>Mon, 23 Nov 2026 10:{:02}:00 +0100</pubDate>\n\
         <dc:creator><![CDATA[Jo Doe]]></dc:creator>\n<category>World</category><category>Defence</category>\n\
         <media:content url=\"https://example.org/{number}.jpg\" medium=\"image\"><media:credit>Somebody</media:credit></media:content>\n\
         <description>{summary}</description>\n<content:encoded>{body}</content:encoded>\n</item>",
        number % 60
    );
}

fn atom(rng: &mut Rng, number: usize, out: &mut String) {
    let (title, summary) = (sentence(rng, &ENGLISH, 10), sentence(rng, &ENGLISH, 30));
    let _ = write!(
        out,
        "\n<entry>\n<title>{title}</title>\n<link rel=\"alternate\" type=\"text/html\" href=\"https://example.org/news/{number}\"/>\n\
         <id>tag:example.org,2026:{number}</id>\n<published>2026-11-23T10:{:02}:00Z</published><updated>2026-11-23T11:00:00Z</updated>\n\
         <author><name>Jo Doe</name></author><category term=\"world\"/>\n<summary>{summary}</summary>\n<content type=\"html\">{}</content>\n</entry>",
        number % 60,
        escaped(&body(rng, &ENGLISH))
    );
}

fn body(rng: &mut Rng, words: &[&str]) -> String {
    let paragraph = |rng: &mut Rng| {
        format!(
            "<p>{} <a href=\"https://example.org/x?a=1&amp;b=2\">{}</a>.</p>\n",
            sentence(rng, words, 45),
            sentence(rng, words, 3)
        )
    };
    (0..rng.usize(3..7)).map(|_| paragraph(rng)).collect()
}

fn sentence(rng: &mut Rng, words: &[&str], length: usize) -> String {
    (0..length).map(|_| words[rng.usize(0..words.len())]).collect::<Vec<_>>().join(" ")
}

fn escaped(html: &str) -> String {
    html.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const ENGLISH: [&str; 30] = [
    "the",
    "minister",
    "said",
    "on",
    "Monday",
    "that",
    "a",
    "second",
    "battery",
    "of",
    "air",
    "defence",
    "missiles",
    "would",
    "arrive",
    "before",
    "winter",
    "while",
    "talks",
    "about",
    "new",
    "sanctions",
    "continue",
    "in",
    "Brussels",
    "and",
    "Ankara,",
    "officials",
    "told",
    "reporters",
];
const RUSSIAN: [&str; 20] = [
    "министр",
    "заявил,",
    "что",
    "вторая",
    "батарея",
    "зенитных",
    "ракет",
    "прибудет",
    "до",
    "зимы,",
    "переговоры",
    "о",
    "новых",
    "санкциях",
    "продолжаются",
    "в",
    "Брюсселе",
    "и",
    "Анкаре",
    "сегодня",
];
