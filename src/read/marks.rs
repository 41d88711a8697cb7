//! Where the marks of markup stand in a text: what ends a section, where an article begins.

use memchr::memmem;

use super::slice;

pub(super) const DATA: &str = "<![CDATA[";
pub(super) const COMMENT: &str = "<!--";

/// The result of the last search for something from a place on. While places only go forward, all searches of one
/// document together take linear time.
pub(super) struct Ahead {
    /// The last search began here …
    searched_from: usize,
    /// … and ended here; at the greatest number if it found nothing.
    found: usize,
}

impl Ahead {
    pub fn new() -> Self {
        Self { searched_from: 1, found: 0 }
    }

    /// The first place at `from` or behind; `search` looks for it in what begins there.
    pub fn find(
        &mut self,
        text: &str,
        from: usize,
        search: impl FnOnce(&str) -> Option<usize>,
    ) -> Option<usize> {
        if !(self.searched_from..=self.found).contains(&from) {
            self.searched_from = from;
            self.found = search(slice(text, from, text.len())).map_or(usize::MAX, |at| from + at);
        }
        (self.found != usize::MAX).then_some(self.found)
    }
}

/// Finds one mark.
pub(super) struct Mark(&'static str, Ahead);

impl Mark {
    pub fn new(mark: &'static str) -> Self {
        Self(mark, Ahead::new())
    }

    pub fn find(&mut self, text: &str, from: usize) -> Option<usize> {
        self.1.find(text, from, |rest| memmem::find(rest.as_bytes(), self.0.as_bytes()))
    }
}

/// What a CDATA section without end holds: its end may be there in part.
pub(super) fn without_half_end(data: &str) -> &str {
    data.strip_suffix("]>").or_else(|| data.strip_suffix("]]")).unwrap_or(data)
}

/// Where the first end tag with one of these names begins, whatever its case.
pub(super) fn end_tag(text: &str, names: &[&str]) -> Option<usize> {
    memmem::find_iter(text.as_bytes(), "</").find(|at| is_named(slice(text, at + 2, text.len()), names))
}

/// Where the first tag of an article, a channel or a root begins, be it the start or the end of one.
pub(super) fn structure_tag(text: &str) -> Option<usize> {
    const NAMES: [&str; 6] = ["item", "entry", "channel", "rss", "feed", "rdf:RDF"];
    memchr::memchr_iter(b'<', text.as_bytes()).find(|at| {
        let rest = slice(text, at + 1, text.len());
        is_named(rest.strip_prefix('/').unwrap_or(rest), &NAMES)
    })
}

/// Whether as many articles start in a text as end.
pub(super) fn is_balanced(text: &str) -> bool {
    let tags = memchr::memchr_iter(b'<', text.as_bytes()).map(|at| slice(text, at + 1, text.len()));
    tags.fold(0_i64, |open, rest| match rest.strip_prefix('/') {
        Some(rest) => open - i64::from(is_named(rest, &["item", "entry"])),
        None => open + i64::from(is_named(rest, &["item", "entry"])),
    }) == 0
}

/// Bytes up to the `>` that comes before the next tag.
pub(super) fn first_end(rest: &str) -> Option<usize> {
    let at = memchr::memchr2(b'>', b'<', rest.as_bytes().get(1..)?)? + 1;
    (rest.as_bytes().get(at) == Some(&b'>')).then_some(at + 1)
}

/// Bytes of the start of a CDATA section, also of one that is almost right.
pub(super) fn data_start_length(rest: &str) -> Option<usize> {
    if rest.starts_with(DATA) {
        return Some(DATA.len());
    }
    let head = rest.strip_prefix("<!")?;
    let name = head.trim_start_matches(['[', ' ']);
    let (cdata, after) = name.split_at_checked(5)?;
    let blanks = after.len() - after.trim_start_matches(' ').len();
    let is_start = cdata.eq_ignore_ascii_case("CDATA") && after.trim_start_matches(' ').starts_with('[');
    (is_start && head.len() - name.len() < 5).then_some(rest.len() - after.len() + blanks + 1)
}

/// Bytes of a document type and its internal subset; quotes and comments may hold brackets (XML 1.0 §2.8).
pub(super) fn document_type(rest: &str) -> Option<(usize, Option<&str>)> {
    let bytes = rest.as_bytes();
    let (mut at, mut subset_start, mut subset) = (2, None, None);
    loop {
        let after =
            |mark: &str| Some(at + 1 + memmem::find(bytes.get(at + 1..)?, mark.as_bytes())? + mark.len());
        at = match bytes.get(at)? {
            b'"' => after("\"")?,
            b'\'' => after("'")?,
            b'<' if slice(rest, at, rest.len()).starts_with(COMMENT) => after("-->")?,
            b'[' if subset_start.is_none() => {
                subset_start = Some(at + 1);
                at + 1
            }
            b']' if subset.is_none() => {
                subset = subset_start.map(|start| slice(rest, start, at));
                at + 1
            }
            b'>' if subset_start.is_none() || subset.is_some() => return Some((at + 1, subset)),
            _ => at + 1,
        };
    }
}

/// Whether what stands behind `<` or `</` is a tag with one of these names.
pub(super) fn is_named(rest: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        let after = rest.as_bytes().get(name.len());
        rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
            && after.is_none_or(|byte| byte.is_ascii_whitespace() || *byte == b'>')
    })
}
