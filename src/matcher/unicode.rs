//! The long way from text to tokens: character by character, with references, marks and every alphabet.

use super::{
    chars::{self, Class},
    decode, forms, hash,
    tokens::{Kind, Reading, Token, Tokens, offset, suffix_rule},
};

impl Tokens {
    /// Adds the tokens of any text.
    pub(super) fn push_decoded(&mut self, slot: usize, text: &str) {
        let mut open: Option<Open> = None;
        let mut gap = GapBefore::default();
        for (c, start, end) in decode::decoded(text) {
            let found = chars::info(c);
            let kind = match found.class {
                Class::Letter => Kind::Word,
                Class::Digit => Kind::Number,
                Class::Single => Kind::Single,
                Class::Mark => open.as_ref().map_or(Kind::Word, |o| o.kind.with_mark()),
                Class::Ignored => continue,
                Class::IgnoredMark => {
                    if let Some(open) = open.as_mut().filter(|open| open.end == start) {
                        open.end = end;
                    }
                    continue;
                }
                other => {
                    gap.note(other);
                    self.close(slot, open.take());
                    continue;
                }
            };
            let goes_on = matches!(&open, Some(o) if o.kind == kind && (kind != Kind::Single || found.class == Class::Mark));
            if !goes_on {
                self.close(slot, open.take());
            }
            let open = open.get_or_insert_with(|| Open {
                kind,
                start,
                end,
                fold_at: self.folded.len(),
                upper: found.upper,
                after_apostrophe: std::mem::take(&mut gap).is_apostrophe(),
                marks: false,
            });
            open.end = end;
            open.marks |= found.class == Class::Mark || is_jamo(c);
            found.push_fold(c, &mut self.folded);
        }
        self.close(slot, open);
    }

    fn close(&mut self, slot: usize, open: Option<Open>) {
        let Some(open) = open else { return };
        if open.marks {
            self.compose(open.fold_at);
        }
        let folded = self.folded.get(open.fold_at..).unwrap_or_default();
        let word = hash::of(folded);
        let suffix = open.after_apostrophe && open.kind == Kind::Word && self.is_decoded_suffix(slot, folded);
        let token = Token {
            head: word.head,
            hash: word.hash,
            start: offset(open.start),
            end: offset(open.end),
            ordinal: self.next_ordinal(),
            fold_at: offset(open.fold_at),
            fold_len: offset(folded.len()),
            slot: u8::try_from(slot).expect("there are eight slots"),
            kind: open.kind,
            upper: open.upper,
            suffix,
            readings: false,
        };
        self.list.push(token);
        self.add_readings();
    }

    fn is_decoded_suffix(&self, slot: usize, folded: &str) -> bool {
        let stem = self.list.last().filter(|stem| usize::from(stem.slot) == slot);
        stem.is_some_and(|stem| suffix_rule(stem.kind, stem.upper, self.arena(stem), folded))
    }

    /// Notes other readings of the token just pushed, and of the word before it if this is a number.
    fn add_readings(&mut self) {
        let now = self.list.len() - 1;
        let token = self.list[now];
        let before = now.checked_sub(1).map(|i| self.list[i]).filter(|before| before.slot == token.slot);
        match token.kind {
            Kind::Word => {
                if let Some(stem) = forms::without_article(self.arena(&token)) {
                    let word = hash::of(stem);
                    self.note_reading(now, word);
                } else if before.is_some_and(|before| before.kind == Kind::Number) {
                    self.add_alphabets(now);
                }
            }
            Kind::Number if before.is_some_and(|before| before.kind == Kind::Word && !before.readings) => {
                self.add_alphabets(now - 1);
            }
            _ => {}
        }
    }

    fn add_alphabets(&mut self, index: usize) {
        let readings = forms::in_latin(self.arena(&self.list[index]));
        for reading in readings.iter() {
            self.note_reading(index, hash::of(reading));
        }
    }

    fn note_reading(&mut self, index: usize, word: hash::WordHash) {
        self.list[index].readings = true;
        self.readings.push(Reading { token: offset(index), head: word.head, hash: word.hash });
    }

    /// Marks and Korean letters that came one by one become what they would be in one character.
    fn compose(&mut self, fold_at: usize) {
        use unicode_normalization::UnicodeNormalization;
        let composed: String = self.folded.get(fold_at..).unwrap_or_default().nfc().collect();
        self.folded.truncate(fold_at);
        self.folded.push_str(&composed);
    }
}

struct Open {
    kind: Kind,
    start: usize,
    end: usize,
    fold_at: usize,
    upper: bool,
    after_apostrophe: bool,
    marks: bool,
}

impl Kind {
    const fn with_mark(self) -> Self {
        match self {
            Self::Single => Self::Single,
            Self::Word | Self::Number => Self::Word,
        }
    }
}

/// What stood since the last token: only whether it was one apostrophe matters.
#[derive(Debug, Clone, Copy, Default)]
enum GapBefore {
    #[default]
    Nothing,
    Apostrophe,
    Other,
}

impl GapBefore {
    fn note(&mut self, class: Class) {
        *self = match (*self, class) {
            (Self::Nothing, Class::Apostrophe) => Self::Apostrophe,
            _ => Self::Other,
        };
    }

    const fn is_apostrophe(self) -> bool {
        matches!(self, Self::Apostrophe)
    }
}

const fn is_jamo(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}')
}
