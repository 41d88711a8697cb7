//! Other spellings of one word: without the Arabic article, and Cyrillic in Latin letters (§4 rules 4 and 7).

use super::chars::is_cyrillic;

/// Longest word at a junction that is compared across alphabets, in letters.
const SHORT_LETTERS: usize = 3;

/// An Arabic word without its article, if three letters or more remain.
pub(super) fn without_article(folded: &str) -> Option<&str> {
    const ARTICLES: [&str; 6] = ["ال", "وال", "بال", "فال", "كال", "لل"];
    /// First bytes of Arabic letters in UTF-8: nearly all words are told apart here.
    const ARABIC: std::ops::RangeInclusive<u8> = 0xD8..=0xDB;
    if !folded.bytes().next().is_some_and(|byte| ARABIC.contains(&byte)) {
        return None;
    }
    let stem = ARTICLES.iter().find_map(|article| folded.strip_prefix(article))?;
    (stem.chars().nth(2).is_some()).then_some(stem)
}

/// The readings of a short word with Cyrillic letters in Latin ones: by look and by sound. Empty for all others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Latin {
    look: String,
    sound: String,
}

impl Latin {
    /// The readings, each once.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let sound = Some(&self.sound).filter(|sound| **sound != self.look);
        [Some(&self.look), sound].into_iter().flatten().filter(|form| !form.is_empty()).map(String::as_str)
    }
}

/// Reads a folded word in Latin letters.
pub(super) fn in_latin(folded: &str) -> Latin {
    let cyrillic = folded.chars().any(is_cyrillic);
    if !cyrillic || folded.chars().count() > SHORT_LETTERS {
        return Latin::default();
    }
    let mut latin = Latin::default();
    for c in folded.chars() {
        latin.look.push(look_alike(c));
        push_sound(c, &mut latin.sound);
    }
    latin
}

/// Whether two short words at a junction have a spelling in common.
pub(super) fn alike(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    if a.is_ascii() && b.is_ascii() {
        return false;
    }
    let (a_latin, b_latin) = (in_latin(a), in_latin(b));
    let forms = |word, latin: &Latin| -> Vec<String> {
        std::iter::once(word).chain(latin.iter()).map(str::to_owned).collect()
    };
    let (a_forms, b_forms) = (forms(a, &a_latin), forms(b, &b_latin));
    a_forms.iter().any(|form| b_forms.contains(form))
}

fn look_alike(c: char) -> char {
    match c {
        'а' => 'a',
        'е' => 'e',
        'о' => 'o',
        'р' => 'p',
        'с' => 'c',
        'у' => 'y',
        'х' => 'x',
        'к' => 'k',
        'м' => 'm',
        'т' => 't',
        'в' => 'b',
        'н' => 'h',
        'і' => 'i',
        'ј' => 'j',
        'ѕ' => 's',
        other => other,
    }
}

fn push_sound(c: char, out: &mut String) {
    let sound = match c {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' => "g",
        'д' => "d",
        'е' | 'э' => "e",
        'ж' => "zh",
        'з' => "z",
        'и' | 'і' => "i",
        'к' => "k",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' => "u",
        'ф' => "f",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ы' => "y",
        'ю' => "yu",
        'я' => "ya",
        'є' => "ye",
        other => return out.push(other),
    };
    out.push_str(sound);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arabic_article_goes_if_a_word_remains() {
        assert_eq!(without_article("العقوبات"), Some("عقوبات"));
        assert_eq!(without_article("والعقوبات"), Some("عقوبات"));
        assert_eq!(without_article("الله"), None);
        assert_eq!(without_article("عقوبات"), None);
    }

    #[test]
    fn short_words_meet_across_alphabets_by_look_or_sound() {
        for (a, b) in
            [("с", "s"), ("с", "c"), ("су", "su"), ("ф", "f"), ("миг", "mig"), ("т", "t"), ("сu", "su")]
        {
            assert!(alike(a, b) && alike(b, a), "{a} {b}");
        }
        for (a, b) in [("c", "s"), ("с", "k"), ("сталь", "stal"), ("ф", "ph")] {
            assert!(!alike(a, b), "{a} {b}");
        }
    }
}
