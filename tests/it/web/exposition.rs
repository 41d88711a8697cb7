//! The text of `/metrics`, read by the rules of its two formats: nobody's client, so that nothing is forgiven.

use std::collections::{BTreeMap, BTreeSet};

/// A metric with its series.
#[derive(Debug, Default)]
pub struct Metric {
    /// `counter`, `gauge`, `histogram`.
    pub kind: String,
    /// What it is, in a sentence.
    pub help: String,
    /// Name and labels as written, and the value.
    pub samples: BTreeMap<String, f64>,
    /// The names of the labels, without `le`.
    pub labels: BTreeSet<String>,
}

/// All of it, by the names that `PromQL` uses.
#[derive(Debug)]
pub struct Exposition {
    /// The metrics.
    pub metrics: BTreeMap<String, Metric>,
}

impl Exposition {
    /// Reads the text format 0.0.4.
    #[track_caller]
    pub fn of(text: &str) -> Self {
        read(text, false)
    }

    /// Reads `OpenMetrics` 1.0.0: counters are announced without their `_total`, and there is an end.
    #[track_caller]
    pub fn of_open(text: &str) -> Self {
        let text = text.strip_suffix("# EOF\n").expect("an end");
        read(text, true)
    }

    /// The value of a series; `None` if there is none.
    pub fn value(&self, series: &str) -> Option<f64> {
        self.metrics.values().find_map(|metric| metric.samples.get(series)).copied()
    }

    /// How far a series moved since.
    #[track_caller]
    pub fn since(&self, before: &Self, series: &str) -> f64 {
        let value = |all: &Self| all.value(series).unwrap_or_else(|| panic!("there is no {series}"));
        value(self) - value(before)
    }
}

#[track_caller]
fn read(text: &str, is_open: bool) -> Exposition {
    assert!(text.ends_with('\n') && !text.contains('\r'));
    let mut metrics: BTreeMap<String, Metric> = BTreeMap::new();
    let mut now = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help text");
            name.clone_into(&mut now);
            let before = metrics.insert(now.clone(), Metric { help: help.to_owned(), ..Metric::default() });
            assert!(before.is_none(), "{name} stands in one place");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert_eq!(name, now, "the help comes first");
            kind.clone_into(&mut metrics.get_mut(name).expect("a metric").kind);
        } else {
            assert!(!line.starts_with('#'), "{line}");
            let metric = metrics.get_mut(&now).unwrap_or_else(|| panic!("{line} belongs to no metric"));
            sample(&now, metric, line, is_open);
        }
    }
    for (name, metric) in &metrics {
        assert!(["counter", "gauge", "histogram"].contains(&metric.kind.as_str()), "{name}: {}", metric.kind);
        assert!(metric.help.ends_with('.') && !metric.help.ends_with(".."), "{name}: {}", metric.help);
        check_histogram(name, metric);
    }
    let name = |(name, metric): (String, Metric)| {
        let is_short = is_open && metric.kind == "counter";
        (if is_short { format!("{name}_total") } else { name }, metric)
    };
    Exposition { metrics: metrics.into_iter().map(name).collect() }
}

#[track_caller]
fn sample(family: &str, metric: &mut Metric, line: &str, is_open: bool) {
    let (series, value) = line.rsplit_once(' ').expect("a value");
    let value: f64 = if value == "+Inf" { f64::INFINITY } else { value.parse().expect("a number") };
    let name = series.split('{').next().unwrap_or_default();
    let end = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} below {family}"));
    let ends: &[&str] = match (metric.kind.as_str(), is_open) {
        ("histogram", _) => &["_bucket", "_sum", "_count"],
        ("counter", true) => &["_total"],
        _ => &[""],
    };
    assert!(ends.contains(&end), "{line}");
    metric.labels.extend(labels(series).into_iter().map(|(name, _)| name).filter(|name| name != "le"));
    assert!(metric.samples.insert(series.to_owned(), value).is_none(), "{series} stands there twice");
}

/// The labels of a series, their values unescaped.
#[track_caller]
pub fn labels(series: &str) -> Vec<(String, String)> {
    let Some((_, rest)) = series.split_once('{') else { return Vec::new() };
    let mut rest = rest.strip_suffix('}').expect("a brace");
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").expect("a label");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        let (mut value, mut characters) = (String::new(), after.char_indices());
        let end = loop {
            match characters.next().expect("the end of a value") {
                (at, '"') => break at,
                (_, '\\') => match characters.next().expect("an escaped character").1 {
                    'n' => value.push('\n'),
                    c @ ('"' | '\\') => value.push(c),
                    c => panic!("\\{c} in {series}"),
                },
                (_, c) => value.push(c),
            }
        };
        found.push((name.to_owned(), value));
        let after = after.split_at(end + 1).1;
        rest = after.strip_prefix(',').unwrap_or(after);
    }
    found
}

/// Buckets grow, and the last one has all.
#[track_caller]
fn check_histogram(name: &str, metric: &Metric) {
    for (series, count) in
        metric.samples.iter().filter(|(series, _)| series.starts_with(&format!("{name}_count")))
    {
        let own = labels(series);
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for (series, value) in
            metric.samples.iter().filter(|(series, _)| series.starts_with(&format!("{name}_bucket")))
        {
            let (le, others): (Vec<_>, Vec<_>) =
                labels(series).into_iter().partition(|(name, _)| name == "le");
            if others == own {
                let le = if le[0].1 == "+Inf" { f64::INFINITY } else { le[0].1.parse().expect("a border") };
                buckets.push((le, *value));
            }
        }
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{series}: {buckets:?}");
        let last = buckets.last().expect("buckets");
        assert!(last.0.is_infinite() && (last.1 - count).abs() < 0.5, "{series}: {buckets:?}");
    }
}
