//! What a request needs beyond its address: headers, certificates, signing keys.

use std::path::PathBuf;

use reqwest::header::{HeaderName, HeaderValue};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::{
    super::{
        Purpose,
        files::reason,
        raw::{At, OneOrMany, Pairs},
    },
    Checker,
};
use crate::secret::{Secret, SigningKey};

/// Headers that feedwatch or the protocol sets; a configured one would break requests.
const OWN_HEADERS: &[&str] = &[
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "accept-encoding",
    "if-none-match",
    "if-modified-since",
    "range",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

impl Checker<'_> {
    /// The keys to sign with, newest first. No problem quotes them.
    pub(super) fn signing_keys(&mut self, written: Option<&At<OneOrMany>>) -> Vec<SigningKey> {
        let Some(written) = written else { return Vec::new() };
        if written.value.0.is_empty() && !self.is_broken {
            self.push(
                written.error("notifier.secret: the list is empty").help("leave it out to send unsigned"),
            );
        }
        written.value.0.iter().filter_map(|secret| self.signing_key(secret)).collect()
    }

    fn signing_key(&mut self, written: &At<String>) -> Option<SigningKey> {
        let resolved = self.resolve(written)?;
        let key = SigningKey::parse(&resolved.value);
        if key.is_none() {
            let problem = written.error("notifier.secret: must be whsec_ and base64 of 24 to 64 bytes");
            self.push(problem.help("for example the output of: echo whsec_$(openssl rand -base64 32)"));
        }
        key
    }

    /// Further headers, with what their values stand for.
    pub(super) fn headers(&mut self, written: Option<&At<Pairs<String>>>) -> Vec<(String, Secret)> {
        let pairs = written.iter().flat_map(|headers| &headers.value.0);
        pairs.filter_map(|(name, value)| self.header(name, value)).collect()
    }

    fn header(&mut self, name: &str, written: &At<String>) -> Option<(String, Secret)> {
        let resolved = self.resolve(written);
        let key = written.key.rsplit_once('.').map_or(written.key.as_str(), |(key, _)| key);
        let problem = if HeaderName::from_bytes(name.as_bytes()).is_err() {
            written.error(format!("{key}: {name:?} is not the name of a header"))
        } else if OWN_HEADERS.contains(&name.to_lowercase().as_str()) {
            written.error(format!("{key}: {name} is set by feedwatch itself"))
        } else {
            let value = resolved?.value;
            if HeaderValue::from_str(&value).is_ok() {
                return Some((name.to_owned(), Secret::new(value)));
            }
            written.error(format!("{key}: the value of {name} holds characters that a header cannot have"))
        };
        self.push(problem);
        None
    }

    /// A file of PEM certificates that can be read.
    pub(super) fn ca_file(&mut self, written: Option<&At<String>>) -> Option<PathBuf> {
        let at = written?;
        let path = at.place.directory().join(&at.value);
        let problem = match std::fs::read(&path) {
            Ok(pem) if has_certificate(&pem) => return Some(path),
            Ok(_) => format!("{}: {} holds no PEM certificate", at.key, path.display()),
            Err(error) => format!("{}: {}: {}", at.key, path.display(), reason(&error)),
        };
        if self.purpose != Purpose::Look {
            self.push(at.error(problem));
        }
        None
    }
}

fn has_certificate(pem: &[u8]) -> bool {
    let mut certificates = CertificateDer::pem_slice_iter(pem).peekable();
    certificates.peek().is_some() && certificates.all(|certificate| certificate.is_ok())
}
