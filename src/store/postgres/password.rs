//! The password file of libpq: `host:port:database:user:password`, a line each. Pure.

/// The password for these four (host, port, database, user), by the first line that fits.
pub fn find(text: &str, wanted: &[&str; 4]) -> Option<String> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let (password, pattern) = fields.split_last()?;
        let fits = |(field, wanted): (&String, &&str)| field == "*" || field == wanted;
        (pattern.len() == wanted.len() && pattern.iter().zip(wanted).all(fits)).then(|| password.clone())
    })
}

/// The fields of a line; `\:` and `\\` stand for themselves. What follows the fourth colon is the password, whole.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let is_end = character == ':' && fields.len() < 5;
        let character = if character == '\\' { characters.next().unwrap_or('\\') } else { character };
        if is_end {
            fields.push(String::new());
        } else if let Some(field) = fields.last_mut() {
            field.push(character);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_first_line_that_fits_counts() {
        let file =
            "# host:port:db:user:password\nbroken\nh:5432:d:u:one\n*:*:*:u:two\n\\:\\:1:*:*:*:a\\\\b\\:c:d\n";
        let find = |host, user| super::find(file, &[host, "5432", "d", user]);
        assert_eq!(find("h", "u").as_deref(), Some("one"));
        assert_eq!(find("other", "u").as_deref(), Some("two"));
        assert_eq!(find("::1", "somebody").as_deref(), Some("a\\b:c:d"));
        assert_eq!(find("other", "somebody"), None);
    }
}
