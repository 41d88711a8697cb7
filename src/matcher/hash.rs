//! Hashes of folded words. A hash only proposes a word; equality is always decided on the words themselves.

/// Lower case for ASCII letters and nothing for digits: the whole ASCII case fold.
const LOWER: u64 = 0x2020_2020_2020_2020;
const K1: u64 = 0x9E37_79B9_7F4A_7C15;
const K2: u64 = 0xD6E8_FEB8_6659_FD93;

/// A word's first eight folded bytes (short words padded with blanks) and its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WordHash {
    /// The first eight bytes, little endian, each `| 0x20`.
    pub head: u64,
    /// The hash of all bytes.
    pub hash: u64,
}

/// Hashes `text[start..end]`, eight bytes at a time, as if it were folded already.
#[inline]
pub(super) fn word(text: &[u8], start: usize, end: usize) -> WordHash {
    let len = end - start;
    let head = load(text, start, len.min(8));
    let mut hash = mix(head ^ K2, (len as u64).wrapping_add(K1));
    let mut at = start + 8;
    while at < end {
        hash = mix(hash ^ load(text, at, (end - at).min(8)), K1);
        at += 8;
    }
    WordHash { head, hash }
}

/// Hashes a whole folded word.
pub(super) fn of(folded: &str) -> WordHash {
    word(folded.as_bytes(), 0, folded.len())
}

/// The key of two words that follow each other.
#[inline]
pub(super) fn pair(left: u64, right: u64) -> u64 {
    mix(left ^ K1, right.rotate_left(29) ^ K2)
}

/// The key of a prefix: its first `len` bytes (1 to 8).
#[inline]
pub(super) fn prefix(head: u64, len: usize) -> u64 {
    mix((head & keep(len)) ^ K1, (len as u64) ^ K2)
}

/// The first `len` bytes of a head, for comparing with a prefix.
#[inline]
pub(super) fn keep(len: usize) -> u64 {
    if len >= 8 { u64::MAX } else { (1 << (len * 8)) - 1 }
}

#[inline]
fn load(text: &[u8], at: usize, len: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    let word = rest.first_chunk().map_or_else(|| load_tail(rest), |eight| u64::from_le_bytes(*eight));
    (word & keep(len)) | LOWER
}

/// Fewer than eight bytes as the low bytes of a word. The two halves overlap where they must.
#[inline]
fn load_tail(rest: &[u8]) -> u64 {
    let place = |len: usize| (rest.len() - len) * 8;
    match (rest.first_chunk::<4>(), rest.last_chunk::<4>(), rest.first_chunk::<2>(), rest.last_chunk::<2>()) {
        (Some(low), Some(high), ..) => {
            u64::from(u32::from_le_bytes(*low)) | u64::from(u32::from_le_bytes(*high)) << place(4)
        }
        (.., Some(low), Some(high)) => {
            u64::from(u16::from_le_bytes(*low)) | u64::from(u16::from_le_bytes(*high)) << place(2)
        }
        _ => rest.first().map_or(0, |&byte| u64::from(byte)),
    }
}

/// Folded multiply: both halves of the 128-bit product.
#[inline]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    #[expect(clippy::cast_possible_truncation, reason = "the low half is wanted")]
    let low = product as u64;
    low ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_place_do_not_change_the_hash_of_an_ascii_word() {
        let text = b"xx SaNctions yy";
        assert_eq!(word(text, 3, 12), of("sanctions"));
        assert_ne!(of("sanction"), of("sanctions"));
        assert_eq!(word(b"S-400", 2, 5), of("400"));
    }

    #[test]
    fn a_word_at_the_end_of_a_text_hashes_as_anywhere() {
        let text = "abcdefghijklmnopqrst and more";
        for len in 1..20 {
            let word_alone = text.get(..len).expect("ASCII");
            assert_eq!(of(word_alone), word(text.as_bytes(), 0, len), "{word_alone}");
        }
    }

    #[test]
    fn order_matters_in_a_pair_and_length_in_a_prefix() {
        assert_ne!(pair(of("a").hash, of("b").hash), pair(of("b").hash, of("a").hash));
        assert_eq!(prefix(of("missile").head, 4), prefix(of("miss").head, 4));
        assert_ne!(prefix(of("miss").head, 4), prefix(of("miss").head, 3));
    }
}
