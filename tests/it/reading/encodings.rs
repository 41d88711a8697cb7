//! The same words in every encoding, whatever is declared.

use encoding_rs::Encoding;

use super::{titles, try_read};

const TITLES: [(&str, &str); 8] = [
    ("windows-1251", "Киев и Москва: переговоры о системе С-400 продолжаются"),
    ("koi8-r", "Киев и Москва: переговоры о системе С-400 продолжаются"),
    ("windows-1252", "Größere Käufe: «F-35» für die Luftwaffe – 35 Stück"),
    ("iso-8859-2", "Zakup rakiet Patriot: żądania i wątpliwości posłów"),
    ("windows-1254", "Türkiye'nin S-400 alımı: görüşmeler sürüyor, şimdi değil"),
    ("shift_jis", "トルコのミサイル防衛システム購入をめぐる協議が続く"),
    ("gbk", "土耳其购买导弹防御系统的谈判仍在继续"),
    ("euc-kr", "터키의 미사일 방어 체계 구매 협상이 계속되고 있다"),
];

/// A feed with the declaration, in bytes of the encoding. It has some text, as feeds have.
fn feed(declared: &str, title: &str, label: &str) -> Vec<u8> {
    let declaration = if declared.is_empty() {
        String::new()
    } else {
        format!("<?xml version='1.0' encoding='{declared}'?>")
    };
    let item = format!(
        "<item><guid>1</guid><title>{title}</title><description>{title}. {title}.</description></item>"
    );
    let text = format!("{declaration}<rss><channel>{item}</channel></rss>");
    let encoding = Encoding::for_label(label.as_bytes()).expect("a known label");
    let (bytes, _, had_errors) = encoding.encode(&text);
    assert!(!had_errors, "{label} has all characters of {title}");
    bytes.into_owned()
}

#[track_caller]
fn check(body: &[u8], content_type: Option<&str>, title: &str) {
    let document = try_read(body, content_type).expect("a feed");
    assert_eq!(titles(&document), [title], "{content_type:?}, read as {}", document.report.encoding);
}

#[test]
fn a_declared_encoding_is_used_wherever_it_is_declared() {
    for (label, title) in TITLES {
        let http = format!("text/xml; Charset=\"{}\"", label.to_uppercase());
        check(&feed(label, title, label), None, title);
        check(&feed(label, title, label), Some("text/xml; charset=utf-8"), title);
        check(&feed("", title, label), Some(&http), title);
        check(&feed("utf-8", title, label), Some(&http), title);
    }
}

#[test]
fn an_encoding_that_nobody_declares_is_detected() {
    for (label, title) in TITLES {
        // Latin and Turkish, and the two ways to write Cyrillic, are told apart by the detector only in longer texts.
        if !["windows-1254", "iso-8859-2"].contains(&label) {
            check(&feed("", title, label), None, title);
            check(&feed("utf-8", title, label), Some("text/xml"), title);
        }
    }
}

#[test]
fn utf8_is_utf8_whatever_is_declared() {
    for (label, title) in TITLES {
        check(&feed(label, title, "utf-8"), Some("text/xml; charset=iso-8859-1"), title);
    }
    check(&feed("utf-16", TITLES[0].1, "utf-8"), None, TITLES[0].1);
}

#[test]
fn wide_encodings_are_seen_with_and_without_a_mark() {
    let text = "<?xml version='1.0' encoding='utf-8'?><rss><channel><item><title>Киев 한국</title></item></channel></rss>";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let wide: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    check(&little, Some("text/xml; charset=utf-8"), "Киев 한국");
    check(&big, None, "Киев 한국");
    check(&wide, None, "Киев 한국");
    check(&[&[0xFF, 0xFE], little.as_slice()].concat(), None, "Киев 한국");
    check(&[&[0xFE, 0xFF], big.as_slice()].concat(), None, "Киев 한국");
}

#[test]
fn a_bad_byte_costs_that_character_only() {
    let items = ["Переговоры о системе", "Größere Käufe für die Luftwaffe", "plain"];
    let item = |title: &str| format!("<item><title>{title}</title></item>");
    let text = format!("<rss><channel>{}</channel></rss>", items.map(item).concat());
    for byte in [0x80_u8, 0x93, 0xC3, 0xE9, 0xFF] {
        let at = text.find("plain").expect("there");
        let body = [&text.as_bytes()[..at], &[byte], &text.as_bytes()[at..]].concat();
        let document = try_read(&body, Some("text/xml; charset=iso-8859-1")).expect("a feed");
        assert_eq!(titles(&document)[..2], items[..2], "{byte:#x}");
        assert!(titles(&document)[2].ends_with("plain"), "{byte:#x}");
        assert!(document.report.repairs.keys().any(|repair| repair.as_str() == "encoding"));
    }
}
