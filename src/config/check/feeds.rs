//! `[[feed]]`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use percent_encoding::percent_decode_str;
use url::Url;

use super::{
    super::{
        raw::{At, RawFeed},
        words,
    },
    Checker,
};
use crate::{
    http::{Named, Policy},
    model::{Feed, FeedId, FeedLocation},
    poll::{hosts, schedule::PUBLIC_FLOOR},
    secret::Secret,
};

/// Why a feed's URL is refused, whoever names it.
const NEVER_ASKED: &str = "leads to an address that is never asked: link-local or cloud metadata";

/// Where a feed is, and the credentials that its URL held.
struct Address {
    location: FeedLocation,
    username: Option<String>,
    password: Option<Secret>,
    /// The URL as written, but for the credentials: the feed's identity.
    written: String,
}

impl Checker<'_> {
    pub(super) fn feeds(&mut self, raws: &[At<RawFeed>]) -> Vec<Feed> {
        let mut known_urls = BTreeMap::new();
        let mut known_ids = BTreeMap::new();
        let mut feeds = Vec::new();
        for raw in raws {
            let Some(feed) = self.feed(raw) else { continue };
            if let Some(url) = &raw.value.url {
                self.once("feed.url", &mut known_urls, feed.display_url(), url);
            }
            if let Some(id) = raw.value.id.as_ref().or(raw.value.url.as_ref())
                && known_urls.len() > known_ids.len()
            {
                self.once("feed.id", &mut known_ids, feed.id.as_str().to_owned(), id);
            }
            feeds.push(feed);
        }
        feeds
    }

    /// Records what is there for the second time, naming the line of the first.
    fn once(&mut self, what: &str, known: &mut BTreeMap<String, String>, name: String, at: &At<String>) {
        let (line, _) = at.place.line_and_column();
        let here = format!("{}:{line}", at.place.source().path().display());
        match known.get(&name) {
            Some(first) => self.push(at.error(format!("{what}: {name:?} is configured already, in {first}"))),
            None => drop(known.insert(name, here)),
        }
    }

    fn feed(&mut self, raw: &At<RawFeed>) -> Option<Feed> {
        let fields = &raw.value;
        let headers = self.headers(fields.headers.as_ref());
        let ca_file = self.ca_file(fields.ca_file.as_ref());
        let credentials = self.credentials(raw);
        let tags = self.names(fields.tags.as_ref());
        let name = self.named(fields.name.as_ref());
        let id = self.named(fields.id.as_ref());
        let address = self.address(raw)?;
        let interval = self.interval(fields.interval.as_ref(), &address.location);
        let mut silent_after = Duration::ZERO;
        self.positive(&mut silent_after, fields.silent_after.as_ref());
        let silent_after = fields.silent_after.as_ref().map(|_| silent_after);
        let (username, password) = credentials.unwrap_or((address.username, address.password));
        Some(Feed {
            id: FeedId::new(id.unwrap_or(address.written)),
            host: hosts::key(&address.location),
            location: address.location,
            name,
            tags,
            interval,
            silent_after,
            ignore_cache_hints: is_true(fields.ignore_cache_hints.as_ref(), false),
            http1_only: is_true(fields.http1_only.as_ref(), false),
            username,
            password,
            headers,
            ca_file,
            enabled: is_true(fields.enabled.as_ref(), true),
        })
    }

    fn address(&mut self, raw: &At<RawFeed>) -> Option<Address> {
        let Some(url) = &raw.value.url else {
            if !self.is_broken {
                let problem = raw.error("[[feed]] without url");
                self.push(problem.help(r#"url = "https://example.org/feed.xml""#));
            }
            return None;
        };
        let location = match url.value.strip_prefix("file:") {
            Some(path) => Ok(FeedLocation::File(local_path(url.place.directory(), path))),
            None => http_url(&url.value).map(FeedLocation::Http),
        };
        let mut location = match location {
            Ok(location) => location,
            Err((message, help)) => {
                self.push(url.error(format!("feed.url: {message}")).help(help));
                return None;
            }
        };
        if let FeedLocation::Http(http) = &location
            && never_asked(http)
        {
            self.push(url.error(format!("feed.url: {NEVER_ASKED}")));
            return None;
        }
        let (username, password) = take_credentials(&mut location);
        if username.is_some() && (raw.value.username.is_some() || raw.value.password.is_some()) {
            self.push(url.error("feed.url: user and password stand in the URL and in username and password"));
        }
        let written = identity(&url.value, &location);
        Some(Address { location, username, password, written })
    }

    /// `username` and `password`, if they are given; only both together make sense.
    fn credentials(&mut self, raw: &At<RawFeed>) -> Option<(Option<String>, Option<Secret>)> {
        let (username, password) = (&raw.value.username, &raw.value.password);
        let resolved = password.as_ref().map(|password| self.resolve(password));
        match (username, password) {
            (Some(half), None) if !self.is_broken => self.push(half.error("feed.username: without password")),
            (None, Some(half)) if !self.is_broken => self.push(half.error("feed.password: without username")),
            _ => {}
        }
        let username = self.resolve(username.as_ref()?)?;
        let password = resolved??;
        Some((Some(username.value), Some(Secret::new(password.value))))
    }

    fn interval(&mut self, written: Option<&At<Duration>>, location: &FeedLocation) -> Option<Duration> {
        let at = written?;
        let mut interval = at.value;
        self.positive(&mut interval, written);
        if interval < PUBLIC_FLOOR && hosts::is_public(location) {
            let message =
                "feed.interval: a public host is asked every 15 minutes at most, whatever this says";
            self.push(at.warning(message));
        }
        Some(interval)
    }

    /// A name that, if it is given, is not empty.
    pub(super) fn named(&mut self, written: Option<&At<String>>) -> Option<String> {
        let at = written?;
        if at.value.trim().is_empty() {
            self.push(at.error(format!("{}: is empty", at.key)));
            return None;
        }
        Some(at.value.clone())
    }

    /// The entries of a list of names, none of them empty.
    pub(super) fn names(&mut self, written: Option<&At<Vec<At<String>>>>) -> Vec<String> {
        written.iter().flat_map(|list| &list.value).filter_map(|name| self.named(Some(name))).collect()
    }
}

pub(super) fn is_true(written: Option<&At<bool>>, default: bool) -> bool {
    written.map_or(default, |at| at.value)
}

/// A URL that feeds can have, or what is wrong with it and what to do.
fn http_url(text: &str) -> Result<Url, (String, String)> {
    const EXAMPLE: &str = r#"as in "https://example.org/feed.xml", or "file:PATH""#;
    // Whatever stands before an `@` may be a password.
    let shown = text.rsplit_once('@').map_or_else(|| text.to_owned(), |(_, host)| format!("…@{host}"));
    match Url::parse(text) {
        Ok(mut url) if matches!(url.scheme(), "http" | "https") => {
            // It is never sent, so with and without it is one feed (specs/polling.md V12).
            url.set_fragment(None);
            Ok(url)
        }
        Ok(url) => {
            let help = words::nearest(url.scheme(), ["http", "https", "file"])
                .map_or_else(|| EXAMPLE.to_owned(), |scheme| format!("did you mean `{scheme}:`?"));
            Err((format!("{shown:?}: only http, https and file"), help))
        }
        Err(url::ParseError::RelativeUrlWithoutBase) if Url::parse(&format!("https://{text}")).is_ok() => {
            // What a URL passes over is not told again: the sentence stays one line.
            let told = shown.replace(char::is_control, "");
            Err((format!("{shown:?} is not a URL"), format!("https://{told}")))
        }
        Err(error) => Err((format!("{shown:?} is not a URL: {error}"), EXAMPLE.to_owned())),
    }
}

/// `file:PATH` relative to the file that names it, also as `file://` and `file:///`.
fn local_path(directory: &Path, path: &str) -> PathBuf {
    directory.join(path.strip_prefix("//").unwrap_or(path))
}

/// A URL as `feed.url` may have it, credentials included, but no file.
///
/// # Errors
/// What is wrong with it, and what to do, in one sentence without credentials.
pub fn feed_url(text: &str) -> Result<Url, String> {
    let url = http_url(text).map_err(|(message, help)| format!("{message}; {help}"))?;
    if never_asked(&url) { Err(NEVER_ASKED.to_owned()) } else { Ok(url) }
}

/// Takes user and password out of a URL.
pub fn take_credentials(location: &mut FeedLocation) -> (Option<String>, Option<Secret>) {
    let FeedLocation::Http(url) = location else { return (None, None) };
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let username = Some(url.username()).filter(|name| !name.is_empty()).map(decode);
    let password = url.password().map(|password| Secret::new(decode(password)));
    if username.is_some() || password.is_some() {
        // Both can fail only for URLs without a host, which http and https do not have.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    let username = username.or_else(|| password.is_some().then(String::new));
    (username, password)
}

/// Whether the address guard refuses even a host that the operator names (DESIGN §6).
fn never_asked(url: &Url) -> bool {
    let policy = Policy::Feed { allow_private: Arc::default() };
    policy.check_url(url, Named::of(url).as_ref()).is_err()
}

/// What a feed without an `id` is known by: its URL as written, without credentials.
fn identity(written: &str, location: &FeedLocation) -> String {
    let bare = without_credentials(written);
    match location {
        // There are spellings of credentials that only a URL parser finds.
        FeedLocation::Http(url) if Url::parse(&bare).as_ref() != Ok(url) => url.to_string(),
        _ => bare,
    }
}

/// A URL as written, but for `user:password@`.
fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_leave_the_url_and_nothing_else_changes() {
        assert_eq!(without_credentials("https://u:p%40@Example.org/a@b?c"), "https://Example.org/a@b?c");
        assert_eq!(without_credentials("https://example.org"), "https://example.org");
        for lenient in ["https:u:p@example.org/x", "https:\\\\u:p@example.org/x", "https://u:p@example.org/x"]
        {
            let mut location = FeedLocation::Http(Url::parse(lenient).expect(lenient));
            assert!(take_credentials(&mut location).0.is_some(), "{lenient}");
            assert_eq!(identity(lenient, &location), "https://example.org/x");
        }
        let mut location = FeedLocation::Http(Url::parse("https://u%20x:p%40ss@example.org/").expect("url"));
        let (username, password) = take_credentials(&mut location);
        assert_eq!(username.as_deref(), Some("u x"));
        assert_eq!(password.map(|password| password.expose().to_owned()).as_deref(), Some("p@ss"));
        assert_eq!(location, FeedLocation::Http(Url::parse("https://example.org/").expect("url")));
    }

    #[test]
    fn local_files_are_found_beside_the_configuration() {
        let path = |written| local_path(Path::new("config"), written);
        assert_eq!(path("demo.xml"), PathBuf::from("config/demo.xml"));
        assert_eq!(path("///srv/x.xml"), PathBuf::from("/srv/x.xml"));
        assert_eq!(path("/srv/x.xml"), PathBuf::from("/srv/x.xml"));
    }
}
