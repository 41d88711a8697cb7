//! Character references of XML and HTML: `&#8217;`, `&amp;`, `&eacute;`.

use std::borrow::Cow;

/// Bytes of the longest name that is looked at.
const MAX_NAME: usize = 12;

/// Replaces references by their characters, once. What is no known reference stays as written, and so does one without
/// its semicolon: in a URL `&copy=` is a parameter.
pub(super) fn resolve(text: &str) -> Cow<'_, str> {
    let Some((before, mut rest)) = text.split_once('&') else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    out.push_str(before);
    loop {
        if let Some((meaning, after)) = reference(rest) {
            out.extend(meaning.0);
            rest = after;
        } else {
            out.push('&');
        }
        let Some((before, after)) = rest.split_once('&') else { break };
        out.push_str(before);
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What a reference means; a number that is no character means nothing.
struct Meaning(Option<char>);

/// The reference that follows an ampersand and what is behind it.
fn reference(rest: &str) -> Option<(Meaning, &str)> {
    let end = rest.bytes().take(MAX_NAME).position(|byte| byte == b';')?;
    let (name, after) = (rest.get(..end)?, rest.get(end + 1..)?);
    let meaning = match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None => Meaning(Some(named(name)?)),
    };
    Some((meaning, after))
}

fn numbered(number: &str) -> Option<Meaning> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    // Numbers 128 to 159 mean windows-1252 (WHATWG HTML, numeric character reference end state).
    let character = match u8::try_from(code) {
        Ok(byte @ 0x80..=0x9F) => encoding_rs::WINDOWS_1252.decode(&[byte]).0.chars().next(),
        _ => char::from_u32(code),
    };
    Some(Meaning(character.filter(|c| !c.is_control() || c.is_whitespace())))
}

fn named(name: &str) -> Option<char> {
    if name == "-" {
        return None;
    }
    let latin1 =
        || LATIN1.iter().position(|known| *known == name).and_then(|at| u32::try_from(at + 0xA0).ok());
    let greek =
        || GREEK.iter().position(|known| *known == name).and_then(|at| u32::try_from(at + 0x391).ok());
    let other = OTHERS.iter().find(|(known, _)| *known == name).map(|(_, character)| *character);
    other.or_else(|| latin1().or_else(greek).and_then(char::from_u32))
}

/// The names of U+00A0 to U+00FF, in order.
const LATIN1: [&str; 96] = [
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo",
    "not", "shy", "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot",
    "cedil", "sup1", "ordm", "raquo", "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",
    "Atilde", "Auml", "Aring", "AElig", "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml", "Igrave", "Iacute",
    "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute", "Ocirc", "Otilde", "Ouml", "times", "Oslash",
    "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN", "szlig", "agrave", "aacute", "acirc", "atilde",
    "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc", "euml", "igrave", "iacute", "icirc",
    "iuml", "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml", "divide", "oslash", "ugrave",
    "uacute", "ucirc", "uuml", "yacute", "thorn", "yuml",
];

/// The names of U+0391 to U+03C9, in order; `-` is no name.
const GREEK: [&str; 57] = [
    "Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta", "Eta", "Theta", "Iota", "Kappa", "Lambda", "Mu",
    "Nu", "Xi", "Omicron", "Pi", "Rho", "-", "Sigma", "Tau", "Upsilon", "Phi", "Chi", "Psi", "Omega", "-",
    "-", "-", "-", "-", "-", "-", "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta",
    "iota", "kappa", "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigmaf", "sigma", "tau", "upsilon",
    "phi", "chi", "psi", "omega",
];

/// Markup, punctuation and the letters of Central European languages.
const OTHERS: [(&str, char); 73] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("AMP", '&'),
    ("LT", '<'),
    ("GT", '>'),
    ("QUOT", '"'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("horbar", '―'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("lsaquo", '‹'),
    ("rsaquo", '›'),
    ("hellip", '…'),
    ("mldr", '…'),
    ("bull", '•'),
    ("dagger", '†'),
    ("Dagger", '‡'),
    ("permil", '‰'),
    ("prime", '′'),
    ("Prime", '″'),
    ("euro", '€'),
    ("trade", '™'),
    ("numero", '№'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("hairsp", '\u{200A}'),
    ("zwnj", '\u{200C}'),
    ("zwj", '\u{200D}'),
    ("lrm", '\u{200E}'),
    ("rlm", '\u{200F}'),
    ("larr", '←'),
    ("uarr", '↑'),
    ("rarr", '→'),
    ("darr", '↓'),
    ("harr", '↔'),
    ("minus", '−'),
    ("le", '≤'),
    ("ge", '≥'),
    ("ne", '≠'),
    ("asymp", '≈'),
    ("infin", '∞'),
    ("hearts", '♥'),
    ("check", '✓'),
    ("circ", 'ˆ'),
    ("tilde", '˜'),
    ("OElig", 'Œ'),
    ("oelig", 'œ'),
    ("Scaron", 'Š'),
    ("scaron", 'š'),
    ("Yuml", 'Ÿ'),
    ("fnof", 'ƒ'),
    ("Ccaron", 'Č'),
    ("ccaron", 'č'),
    ("Zcaron", 'Ž'),
    ("zcaron", 'ž'),
    ("Lstrok", 'Ł'),
    ("lstrok", 'ł'),
    ("Nacute", 'Ń'),
    ("nacute", 'ń'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("excl", '!'),
    ("colon", ':'),
    ("comma", ','),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(resolve(text), expected, "{text}");
    }

    #[test]
    fn references_become_characters_once() {
        check("no reference", "no reference");
        check("&amp;quot; &lt;b&gt; &#65;&#x42;&#X43;", "&quot; <b> ABC");
        check("caf&eacute;&nbsp;&yuml;&hellip; &Omega;&omega;&sigmaf;", "café\u{A0}ÿ… Ωως");
    }

    #[test]
    fn what_is_no_reference_stays_as_written() {
        check("AT&T & R&D; ?a=1&copy=2 &", "AT&T & R&D; ?a=1&copy=2 &");
        check("&unknown; &#; &#x; &-;", "&unknown; &#; &#x; &-;");
    }

    #[test]
    fn illegal_numbers_vanish_and_windows_numbers_mean_what_was_meant() {
        check("a&#0;b&#xD800;c&#99999999;d&#1;", "abcd");
        check("&#146;&#151;&#x80;", "’—€");
    }
}
