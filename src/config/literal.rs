//! Where a byte of a decoded TOML string stands in the literal as written.

/// The byte offset in `raw` (a TOML string literal with its quotes) of byte `decoded` of its value. One past the
/// last byte of the value is the closing quote.
pub(super) fn raw_offset(raw: &str, decoded: usize) -> usize {
    let form = Form::of(raw);
    let mut rest = raw.get(form.opening..).unwrap_or_default();
    let mut passed = 0;
    while passed < decoded || form.multi_line && starts_continuation(form.escapes, rest) {
        let Some((raw_len, value_len)) = next_unit(form.escapes, form.multi_line, rest) else { break };
        passed += value_len;
        if passed > decoded {
            break;
        }
        rest = rest.get(raw_len..).unwrap_or_default();
    }
    (raw.len() - rest.len()).min(raw.len().saturating_sub(form.closing))
}

/// Which of the four kinds of TOML strings a literal is.
struct Form {
    opening: usize,
    closing: usize,
    escapes: bool,
    multi_line: bool,
}

impl Form {
    fn of(raw: &str) -> Self {
        let escapes = raw.starts_with('"');
        let multi_line = raw.starts_with("\"\"\"") || raw.starts_with("'''");
        let quotes = match (multi_line, raw.starts_with(['"', '\''])) {
            (true, _) => 3,
            (false, true) => 1,
            (false, false) => 0,
        };
        // A line feed right after the opening quotes is no part of the value (TOML 1.1, "String").
        let after = raw.get(quotes..).unwrap_or_default();
        let newline = match after {
            _ if !multi_line => 0,
            _ if after.starts_with('\n') => 1,
            _ if after.starts_with("\r\n") => 2,
            _ => 0,
        };
        Self { opening: quotes + newline, closing: quotes, escapes, multi_line }
    }
}

/// The next character as written: its bytes in the literal and in the value. `None` at the end.
fn next_unit(escapes: bool, multi_line: bool, rest: &str) -> Option<(usize, usize)> {
    let mut chars = rest.chars();
    let first = chars.next()?;
    if !escapes || first != '\\' {
        return Some((first.len_utf8(), first.len_utf8()));
    }
    if multi_line && starts_continuation(escapes, rest) {
        let after = chars.as_str();
        return Some((1 + after.len() - after.trim_start().len(), 0));
    }
    let digits = match chars.next()? {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return Some((2, 1)),
    };
    let code = rest.get(2..2 + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let value = code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some((2 + digits, value.len_utf8()))
}

/// A backslash at the end of a line of a multi-line string, which swallows the white space after it.
fn starts_continuation(escapes: bool, rest: &str) -> bool {
    let Some(after) = rest.strip_prefix('\\').filter(|_| escapes) else { return false };
    after.trim_start_matches([' ', '\t']).starts_with(['\n', '\r'])
}

#[cfg(test)]
mod tests {
    use toml::de::DeValue;

    use super::*;

    /// Every character of the value is found again in the literal, in order.
    #[track_caller]
    fn check(raw: &str) {
        let parsed = DeValue::parse(raw).expect(raw);
        let value = parsed.get_ref().as_str().expect(raw);
        let mut last = 0;
        for (at, character) in value.char_indices() {
            let found = raw_offset(raw, at);
            let there = raw.get(found..).and_then(|rest| rest.chars().next());
            assert!(there == Some(character) || there == Some('\\'), "{raw:?}: {character:?} at {found}");
            assert!(last <= found, "{raw:?}: {found} comes after {last}");
            last = found;
        }
        let end = raw_offset(raw, value.len());
        assert!(
            raw.get(end..).is_some_and(|rest| rest.trim_matches(['"', '\'']).is_empty()),
            "{raw:?}: {end}"
        );
    }

    #[test]
    fn every_kind_of_literal_maps_back() {
        for raw in [
            r#""""#,
            r#""S-400""#,
            r#""a\tb\"c\\d""#,
            r#""С-400 \u00e9\U0001F600\x41 x""#,
            r"'C:\path'",
            "'''\nfirst\nsecond 'x' '''",
            "\"\"\"\nfirst \\\n   second \\u00e9\n  third\"\"\"",
            "\"\"\"\r\nfirst\r\nsecond\"\"\"",
        ] {
            check(raw);
        }
    }

    #[test]
    fn escapes_and_continuations_shift_the_place() {
        assert_eq!(raw_offset(r#""a\tb""#, 2), 4);
        assert_eq!(raw_offset("\"\"\"\nab \\\n  cd\"\"\"", 3), 11);
        assert_eq!(raw_offset(r#""ab""#, 99), 3);
    }
}
