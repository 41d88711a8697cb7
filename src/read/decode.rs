//! Bytes to text: which encoding a document is really in (specs/reading.md §3), whatever it declares.

mod utf8;

use std::{borrow::Cow, io::Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1252, WINDOWS_1254,
    WINDOWS_1257, X_USER_DEFINED,
};

use self::utf8::{Utf8Quality, articles, mixed, patched};
use super::report::{Repair, Report};

/// How far a declaration of the encoding is looked for, in bytes.
const DECLARATION_BYTES: usize = 1024;
/// Undoes one layer of gzip. Reads at most one byte more than `max_body`, so that the caller sees the excess;
/// what is damaged or cut is unpacked as far as it goes.
pub(super) fn unpack(body: &[u8], max_body: usize) -> Cow<'_, [u8]> {
    if !body.starts_with(&[0x1f, 0x8b]) {
        return Cow::Borrowed(body);
    }
    let mut unpacked = Vec::new();
    let capped = u64::try_from(max_body).unwrap_or(u64::MAX).saturating_add(1);
    match flate2::read::GzDecoder::new(body).take(capped).read_to_end(&mut unpacked) {
        Err(_) if unpacked.is_empty() => Cow::Borrowed(body),
        _ => Cow::Owned(unpacked),
    }
}

/// Decodes by the first rule that fits: byte order mark or pattern, valid UTF-8, UTF-8 with damage, what HTTP or the
/// XML declaration says, what the bytes look like. Characters that no document may hold are removed.
pub(super) fn decode<'a>(body: &'a [u8], content_type: Option<&str>, report: &mut Report) -> Cow<'a, str> {
    let (text, encoding) = decode_any(body, content_type, report);
    report.encoding = encoding;
    let is_illegal = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C);
    if text.bytes().any(is_illegal) {
        report.mended(Repair::Character);
        return Cow::Owned(text.replace(|c: char| u8::try_from(c).is_ok_and(is_illegal), ""));
    }
    text
}

type Decoded<'a> = (Cow<'a, str>, &'static str);

fn decode_any<'a>(body: &'a [u8], content_type: Option<&str>, report: &mut Report) -> Decoded<'a> {
    if let Some(text) = decode_utf32(body) {
        return (Cow::Owned(text), "UTF-32");
    }
    if let Some(encoding) = utf16(body) {
        return with(encoding, body);
    }
    let declared = [content_type.and_then(charset_parameter), declaration(body)];
    let declared = || declared.iter().flatten().filter_map(|label| encoding_for(label));
    let is_escaped = declared().any(|encoding| encoding == ISO_2022_JP);
    if let (Ok(text), false) = (str::from_utf8(body), is_escaped) {
        return (Cow::Borrowed(text.trim_start_matches('\u{FEFF}')), UTF_8.name());
    }
    let legacy = |body| legacy(declared().filter(|encoding| *encoding != UTF_8), body);
    let utf8 = Utf8Quality::of(body);
    if utf8.is_nearly_certain() || articles(body).any(|part| Utf8Quality::of(part).is_certain()) {
        report.mended(Repair::Encoding);
        let part = |part| mixed(part, || legacy(part).unwrap_or_else(|| with(guess(part), part)).0);
        return (articles(body).map(part).collect::<String>().into(), UTF_8.name());
    }
    legacy(body).unwrap_or_else(|| {
        report.mended(Repair::Encoding);
        if utf8.is_likely() { (patched(body).into(), UTF_8.name()) } else { with(guess(body), body) }
    })
}

/// The first declared encoding that decodes without error. Western is what servers and templates say without thinking,
/// and nearly any bytes are that: it counts only if nothing else is declared and the bytes do not look like another script.
fn legacy(declared: impl Iterator<Item = &'static Encoding>, body: &[u8]) -> Option<Decoded<'_>> {
    let (western, others): (Vec<_>, Vec<_>) = declared.partition(|encoding| *encoding == WINDOWS_1252);
    if let Some(decoded) = others.into_iter().find_map(|encoding| without_errors(encoding, body)) {
        return Some(decoded);
    }
    let western = *western.first()?;
    let guess = guess(body);
    let looks_western = [WINDOWS_1252, UTF_8, WINDOWS_1250, WINDOWS_1254, WINDOWS_1257].contains(&guess);
    if looks_western { without_errors(western, body) } else { without_errors(guess, body) }
}

fn with<'a>(encoding: &'static Encoding, body: &'a [u8]) -> Decoded<'a> {
    let (text, used, _) = encoding.decode(body);
    (text, used.name())
}

fn without_errors<'a>(encoding: &'static Encoding, body: &'a [u8]) -> Option<Decoded<'a>> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(body)?;
    Some((text, encoding.name()))
}

fn guess(body: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(body, true);
    detector.guess(None, Utf8Detection::Allow)
}

/// What a document begins with: markup, JSON, or a blank before it.
macro_rules! first {
    () => {
        b'<' | b'{' | b' ' | b'\t' | b'\r' | b'\n'
    };
}

/// UTF-16 by byte order mark, or by the pattern that the first character makes.
fn utf16(body: &[u8]) -> Option<&'static Encoding> {
    match body {
        [0xFE, 0xFF, ..] | [0, first!(), 0, _, ..] => Some(UTF_16BE),
        [0xFF, 0xFE, ..] | [first!(), 0, _, 0, ..] => Some(UTF_16LE),
        _ => None,
    }
}

fn decode_utf32(body: &[u8]) -> Option<String> {
    let read: fn([u8; 4]) -> u32 = match body {
        [0, 0, 0xFE, 0xFF, ..] | [0, 0, 0, first!(), ..] => u32::from_be_bytes,
        [0xFF, 0xFE, 0, 0, ..] | [first!(), 0, 0, 0, ..] => u32::from_le_bytes,
        _ => return None,
    };
    let units = body.as_chunks::<4>().0.iter().map(|bytes| read(*bytes));
    let text = units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(text.skip_while(|c| *c == '\u{FEFF}').collect())
}

/// The `charset` of a media type, without quotes.
fn charset_parameter(content_type: &str) -> Option<String> {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let charset = parameters.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?.1;
    Some(charset.trim().trim_matches(['"', '\'']).to_owned())
}

/// The encoding that the XML declaration names.
fn declaration(body: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(body.get(..DECLARATION_BYTES).unwrap_or(body)).into_owned();
    let (_, declaration) = head.split_once("<?xml")?;
    let (declaration, _) = declaration.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    value.split(['"', '\'']).nth(1).map(str::to_owned)
}

/// The encoding behind a label of the WHATWG Encoding Standard or one of the spellings seen in feeds.
fn encoding_for(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().to_ascii_lowercase();
    let known = match label.as_str() {
        "utf8mb4" | "utf_8" | "utf8mb3" => "utf-8",
        "koi8r" => "koi8-r",
        "win-1251" | "win1251" | "cp-1251" => "windows-1251",
        "win-1252" | "win1252" | "cp-1252" => "windows-1252",
        "sjis" | "shift-jis" => "shift_jis",
        other => other,
    };
    let usable = |encoding: &&Encoding| ![UTF_16BE, UTF_16LE, REPLACEMENT, X_USER_DEFINED].contains(encoding);
    Encoding::for_label(known.as_bytes()).filter(usable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &[u8], content_type: Option<&str>, encoding: &str, text: &str) {
        let mut report = Report::default();
        let decoded = decode(body, content_type, &mut report);
        assert_eq!((report.encoding, decoded.as_ref()), (encoding, text));
    }

    fn utf16_of(text: &str, mark: bool, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let mark = mark.then_some(0xFEFF);
        mark.into_iter().chain(text.encode_utf16()).flat_map(to_bytes).collect()
    }

    #[test]
    fn wide_encodings_are_seen_by_mark_and_by_pattern() {
        let text = "<rss>Москва</rss>";
        for mark in [true, false] {
            check(&utf16_of(text, mark, u16::to_le_bytes), None, "UTF-16LE", text);
            check(&utf16_of(text, mark, u16::to_be_bytes), Some("text/xml; charset=utf-8"), "UTF-16BE", text);
        }
        let utf32: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
        check(&utf32, None, "UTF-32", text);
    }

    #[test]
    fn valid_utf8_wins_over_every_declaration() {
        let text = "<?xml version='1.0' encoding='windows-1251'?><a>Москва</a>";
        check(text.as_bytes(), Some("text/xml; charset=koi8-r"), "UTF-8", text);
        check("\u{FEFF}<a/>".as_bytes(), None, "UTF-8", "<a/>");
    }

    #[test]
    fn a_legacy_encoding_is_taken_from_http_then_from_xml_then_guessed() {
        let text = "<a>Киев и Москва: переговоры продолжаются</a>";
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(text);
        check(&bytes, Some("text/xml; Charset=\"CP1251\""), "windows-1251", text);
        check(&bytes, None, "windows-1251", text);
        let text = "<?xml version=\"1.0\" encoding = \"koi8r\"?><a>Киев</a>";
        let (bytes, _, _) = encoding_rs::KOI8_R.encode(text);
        check(&bytes, Some("text/xml; charset=utf-8"), "KOI8-R", text);
    }

    #[test]
    fn one_bad_byte_among_valid_sequences_stays_one_bad_character() {
        let mut bytes = "<a>Äußere Überfälle, größere Grüße, Äpfel, Öl, süß, Füße, Bäume".as_bytes().to_vec();
        bytes.extend(b" \x93Espa\xF1a\x94 \xC3 \xE2\x80</a>");
        let decoded = decode(&bytes, Some("text/xml; charset=iso-8859-1"), &mut Report::default());
        assert!(decoded.ends_with("Bäume “España” \u{FFFD} \u{FFFD}</a>"), "{decoded}");
    }

    #[test]
    fn articles_in_another_encoding_than_the_rest_are_read_each_in_its_own() {
        let (cyrillic, _, _) = encoding_rs::WINDOWS_1251.encode("<item>Переговоры продолжаются</item>");
        let bytes =
            [b"<rss>", "<item>Überfälle, Grüße</item>".as_bytes(), &cyrillic, b"<item>x</item>"].concat();
        for content_type in [Some("text/xml; charset=windows-1251"), None] {
            let decoded = decode(&bytes, content_type, &mut Report::default());
            let expected =
                "<rss><item>Überfälle, Grüße</item><item>Переговоры продолжаются</item><item>x</item>";
            assert_eq!(decoded, expected, "{content_type:?}");
        }
    }

    #[test]
    fn characters_that_no_document_may_hold_are_removed() {
        let mut report = Report::default();
        assert_eq!(decode(b"<ti\0tle>\x01a\tb\x1F", None, &mut report), "<title>a\tb");
        assert!(report.repairs.contains_key(&Repair::Character));
    }

    #[test]
    fn one_layer_of_gzip_is_undone_up_to_the_limit() {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&[b'x'; 1000]).expect("packing to memory");
        let packed = encoder.finish().expect("packing to memory");
        assert_eq!(unpack(&packed, 2000).len(), 1000);
        assert_eq!(unpack(&packed, 100).len(), 101);
        assert_eq!(unpack(b"<rss/>", 100).as_ref(), b"<rss/>");
    }
}
