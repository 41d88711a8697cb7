//! The clients. Redirects, proxies, cookies, Referer and retries are off; what is left is one guarded request.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Once},
    time::Duration,
};

use reqwest::{Client, ClientBuilder};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem, pem::PemObject},
};

use super::{
    Settings,
    guard::Policy,
    header::{MAX_HEADER_BYTES, MAX_HEADERS},
    resolver::GuardedResolver,
};

/// DNS, TCP and TLS of a poll (specs/polling.md §7).
const FEED_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The head of a feed's answer, and each piece of its body.
const FEED_READ_TIMEOUT: Duration = Duration::from_secs(20);
/// Connections to receivers are not used again after this: some receivers close theirs after 5 s without a word, and a
/// POST that crosses such a close fails for nothing.
const WEBHOOK_IDLE: Duration = Duration::from_secs(4);
/// Connections to a host of feeds that are kept: as many as a loopback host may be asked by at the same time; a public one
/// has only one.
const FEED_IDLE: usize = 4;
/// ... and how long: longer than the gap between two requests to a public host. After its last feed a connection is of no
/// use until the next round, and holds some 60 kB here and a socket there.
const FEED_IDLE_TIME: Duration = Duration::from_secs(10);
const PROJECT_URL: &str = "https://github.com/feedwatch/feedwatch";

/// Why a client cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A file of certificates cannot be used.
    #[error("ca_file {}: {reason}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The HTTP library refuses its options.
    #[error("HTTP client: {0}")]
    Build(#[source] reqwest::Error),
}

/// What one feed's client has different from the others; equal ones can share a client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FeedOptions {
    /// PEM certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether HTTP/2 is avoided.
    pub http1_only: bool,
}

/// The guard's policy for feeds under these settings.
pub fn feed_policy(settings: &Settings) -> Policy {
    Policy::Feed { allow_private: settings.allow_private.as_slice().into() }
}

/// A client for feeds. It follows no redirect: each hop is a request of its own, whose URL the caller checks with
/// [`Policy::check_url`] first.
pub fn feed_client(settings: &Settings, options: &FeedOptions) -> Result<Client, ClientError> {
    let builder = base(feed_policy(settings), options.ca_file.as_deref(), options.http1_only)?
        .user_agent(feed_user_agent(&settings.contact))
        .connect_timeout(FEED_CONNECT_TIMEOUT)
        .read_timeout(FEED_READ_TIMEOUT)
        .timeout(settings.timeout)
        .pool_max_idle_per_host(FEED_IDLE)
        .pool_idle_timeout(FEED_IDLE_TIME);
    build(builder)
}

/// A client for one notifier, with a pool of its own. The caller checks the URL with [`Policy::Operator`] first.
pub fn webhook_client(
    connect_timeout: Duration,
    timeout: Duration,
    ca_file: Option<&Path>,
) -> Result<Client, ClientError> {
    let builder = base(Policy::Operator, ca_file, false)?
        .user_agent(concat!("feedwatch/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(WEBHOOK_IDLE)
        .timeout(timeout);
    build(builder)
}

/// `feedwatch/VERSION (+PROJECT-URL; CONTACT)`. What cannot stand in a header comment is left out of the contact.
pub fn feed_user_agent(contact: &str) -> String {
    let allowed = |c: &char| (c.is_ascii_graphic() || *c == ' ') && !matches!(c, '(' | ')' | '\\');
    let contact: String = contact.chars().filter(allowed).collect();
    let version = env!("CARGO_PKG_VERSION");
    match contact.trim() {
        "" => format!("feedwatch/{version} (+{PROJECT_URL})"),
        contact => format!("feedwatch/{version} (+{PROJECT_URL}; {contact})"),
    }
}

/// Makes ring the TLS library of this process. Clients do it by themselves; more than once does no harm.
pub fn install_tls() {
    static ONCE: Once = Once::new();
    // An error means that somebody installed one before us, which is as good.
    ONCE.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that builds clients")]
fn base(policy: Policy, ca_file: Option<&Path>, http1_only: bool) -> Result<ClientBuilder, ClientError> {
    install_tls();
    let builder = Client::builder()
        .tls_backend_preconfigured(tls_config(ca_file, http1_only)?)
        .dns_resolver(GuardedResolver::new(policy))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .http1_max_headers(MAX_HEADERS)
        .http2_max_header_list_size(MAX_HEADER_BYTES);
    Ok(if http1_only { builder.http1_only() } else { builder })
}

fn build(builder: ClientBuilder) -> Result<Client, ClientError> {
    builder.build().map_err(|error| ClientError::Build(error.without_url()))
}

/// TLS 1.2 or newer, verified against the system's roots and the file's. There is no way to turn that off.
fn tls_config(ca_file: Option<&Path>, http1_only: bool) -> Result<ClientConfig, ClientError> {
    let roots = match ca_file {
        None => Arc::clone(&SYSTEM_ROOTS),
        Some(path) => Arc::new(with_file(&SYSTEM_ROOTS, path)?),
    };
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = if http1_only { vec![] } else { vec![b"h2".to_vec()] };
    config.alpn_protocols.push(b"http/1.1".to_vec());
    Ok(config)
}

/// Read once: all clients share them.
static SYSTEM_ROOTS: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        tracing::warn!("this system has no CA certificates: https works only with ca_file");
    }
    Arc::new(roots)
});

fn with_file(system: &RootCertStore, path: &Path) -> Result<RootCertStore, ClientError> {
    let failed = |reason: String| ClientError::CaFile { path: path.to_owned(), reason };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| failed(pem_error(error)))?;
    if certificates.is_empty() {
        return Err(failed("holds no certificate in PEM form".to_owned()));
    }
    let mut roots = system.clone();
    for certificate in certificates {
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    Ok(roots)
}

fn pem_error(error: pem::Error) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        _ => "is not a file of certificates in PEM form".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_agent_names_the_project_and_the_contact() {
        let version = env!("CARGO_PKG_VERSION");
        let start = format!("feedwatch/{version} (+https://github.com/feedwatch/feedwatch");
        assert_eq!(feed_user_agent(""), format!("{start})"));
        assert_eq!(feed_user_agent(" ops@example.org "), format!("{start}; ops@example.org)"));
        assert_eq!(feed_user_agent("a\r\nX: (b)é"), format!("{start}; aX: b)"));
    }

    #[test]
    fn both_kinds_of_client_can_be_built() {
        assert!(feed_client(&Settings::default(), &FeedOptions::default()).is_ok());
        let plain = FeedOptions { http1_only: true, ..FeedOptions::default() };
        assert!(feed_client(&Settings::default(), &plain).is_ok());
        assert!(webhook_client(Duration::from_secs(5), Duration::from_secs(20), None).is_ok());
    }

    #[test]
    fn a_ca_file_that_is_missing_or_holds_no_certificate_is_named() {
        let file = tempfile::NamedTempFile::new().expect("file");
        std::fs::write(file.path(), "no certificate here").expect("written");
        for (path, reason) in [
            (file.path(), "holds no certificate in PEM form"),
            (Path::new("/nonexistent/ca.pem"), "No such file"),
        ] {
            let error = webhook_client(Duration::from_secs(1), Duration::from_secs(1), Some(path))
                .expect_err("refused")
                .to_string();
            assert!(error.starts_with(&format!("ca_file {}: ", path.display())), "{error}");
            assert!(error.contains(reason), "{error}");
        }
    }
}
