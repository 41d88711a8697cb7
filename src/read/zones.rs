//! Time zones in dates: offsets and the names that publishers use.

/// Minutes east of UTC. `None` for what is no zone.
pub(super) fn offset_minutes(zone: &str) -> Option<i32> {
    let zone = zone.trim_matches(['(', ')']);
    if let Some((_, minutes)) = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(zone)) {
        return Some(*minutes);
    }
    let upper = zone.to_ascii_uppercase();
    let numeric = upper.strip_prefix("GMT").or_else(|| upper.strip_prefix("UTC")).unwrap_or(&upper);
    let (sign, digits) = if let Some(digits) = numeric.strip_prefix('+') {
        (1, digits)
    } else {
        // U+2212 is the minus of typesetters.
        (-1, numeric.strip_prefix('-').or_else(|| numeric.strip_prefix('\u{2212}'))?)
    };
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    let number: i32 = digits.parse().ok()?;
    let minutes = match digits.len() {
        1 | 2 => number * 60,
        // `-040` lacks its last digit, `+530` its first.
        3 if digits.starts_with('0') => number / 10 * 60,
        _ => number / 100 * 60 + number % 100,
    };
    (digits.len() <= 4 && minutes <= 18 * 60).then_some(sign * minutes)
}

const NAMED: [(&str, i32); 57] = [
    ("Z", 0),
    ("UT", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("AKST", -540),
    ("AKDT", -480),
    ("HST", -600),
    ("BRT", -180),
    ("ART", -180),
    ("BST", 60),
    ("WEST", 60),
    ("CET", 60),
    ("MEZ", 60),
    ("CEST", 120),
    ("MESZ", 120),
    ("EET", 120),
    ("SAST", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("МСК", 180),
    ("AEST", 600),
    ("ET", -300),
    ("CT", -360),
    ("MT", -420),
    ("PT", -480),
    ("AST", -240),
    ("ADT", -180),
    ("NST", -210),
    ("NDT", -150),
    ("WAT", 60),
    ("CAT", 120),
    ("EAT", 180),
    ("IDT", 180),
    ("IRST", 210),
    ("MSD", 240),
    ("WIB", 420),
    ("HKT", 480),
    ("PHT", 480),
    ("AWST", 480),
    ("NZST", 720),
    ("AEDT", 660),
    ("TRT", 180),
    ("GST", 240),
    ("PKT", 300),
    ("IST", 330),
    ("SGT", 480),
    ("JST", 540),
    ("KST", 540),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_minutes_east_of_utc() {
        let cases = [
            ("+03", 180),
            ("-0530", -330),
            ("UTC+3", 180),
            ("gmt-03:30", -210),
            ("bst", 60),
            ("(PST)", -480),
            ("-040", -240),
            ("+530", 330),
        ];
        for (zone, minutes) in cases {
            assert_eq!(offset_minutes(zone), Some(minutes), "{zone}");
        }
        for zone in ["", "XYZ", "+99", "+12345", "+é"] {
            assert_eq!(offset_minutes(zone), None, "{zone}");
        }
    }
}
