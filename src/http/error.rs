//! Why there is no answer: the class of a network error, and a message without any URL.

use std::{error::Error, io};

use super::guard::Refused;

/// An answer that began and did not end, or never began.
const BROKEN_OFF: &str = "connection closed before the end of the answer";

/// A request that got no (complete) answer. The message names the class and the cause, never a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NetworkError {
    /// What went wrong.
    pub kind: NetworkErrorKind,
    message: String,
}

/// The classes of network errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NetworkErrorKind {
    /// The address guard refused; nothing was sent.
    Blocked,
    /// The name leads nowhere.
    Dns,
    /// Nobody listens, or nobody can be reached.
    Connect,
    /// The connection broke.
    Reset,
    /// The TLS handshake failed.
    Tls,
    /// The certificate is not valid, or not for this host.
    Certificate,
    /// No complete answer in time.
    Timeout,
    /// The answer is not HTTP, or its head is too large.
    Protocol,
}

impl NetworkError {
    /// An error of our own finding.
    pub fn new(kind: NetworkErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl From<reqwest::Error> for NetworkError {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if let Some(refused) = causes(&error).find_map(|cause| cause.downcast_ref::<Refused>()) {
            return Self::new(NetworkErrorKind::Blocked, refused.to_string());
        }
        if error.is_timeout() {
            let missing = if error.is_connect() { "no connection" } else { "no complete answer" };
            return Self::new(NetworkErrorKind::Timeout, format!("{missing} in time"));
        }
        let root = causes(&error).last().map_or_else(|| error.to_string(), ToString::to_string);
        if error.is_dns() {
            return Self::new(NetworkErrorKind::Dns, format!("DNS: {root}"));
        }
        let known =
            causes(&error).find_map(|cause| of_tls(cause).or_else(|| of_io(cause, error.is_connect())));
        known.unwrap_or_else(|| of_http(&root))
    }
}

/// The error and what caused it, outermost first. An I/O error that wraps another one hides it from `source()`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| cause_of(*error))
}

fn cause_of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    }
}

fn of_tls(cause: &(dyn Error + 'static)) -> Option<NetworkError> {
    let error = cause.downcast_ref::<rustls::Error>()?;
    let kind = match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            NetworkErrorKind::Certificate
        }
        _ => NetworkErrorKind::Tls,
    };
    Some(NetworkError::new(kind, format!("TLS: {error}")))
}

fn of_io(cause: &(dyn Error + 'static), connecting: bool) -> Option<NetworkError> {
    use io::ErrorKind as Io;
    let error = cause.downcast_ref::<io::Error>()?;
    let (kind, message) = match error.kind() {
        Io::ConnectionRefused => (NetworkErrorKind::Connect, "connection refused".to_owned()),
        Io::HostUnreachable | Io::NetworkUnreachable | Io::AddrNotAvailable => {
            (NetworkErrorKind::Connect, format!("cannot be reached: {error}"))
        }
        Io::UnexpectedEof if connecting => (NetworkErrorKind::Tls, "TLS: handshake broken off".to_owned()),
        Io::UnexpectedEof => (NetworkErrorKind::Reset, BROKEN_OFF.to_owned()),
        Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe => {
            (NetworkErrorKind::Reset, "connection reset".to_owned())
        }
        _ => return None,
    };
    Some(NetworkError::new(kind, message))
}

/// What is left comes from the HTTP library, which tells its cases apart only by their text.
fn of_http(root: &str) -> NetworkError {
    if root.contains("before message") || root.contains("connection closed") {
        return NetworkError::new(NetworkErrorKind::Reset, BROKEN_OFF);
    }
    NetworkError::new(NetworkErrorKind::Protocol, format!("HTTP: {root}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::http::{
        client::{install_tls, webhook_client},
        guard::Class,
    };

    /// What a client says about a server that does this to each connection.
    async fn error_of<F: Future<Output = ()>>(scheme: &str, serve: impl Fn(TcpStream) -> F) -> NetworkError {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("address");
        let client =
            webhook_client(Duration::from_secs(2), Duration::from_millis(300), None).expect("client");
        let request = async {
            let answer =
                client.get(format!("{scheme}://user:canary@{address}/canary?canary=1")).send().await?;
            super::super::body::read_all_for_test(answer).await
        };
        let server = async {
            loop {
                serve(listener.accept().await.expect("accepted").0).await;
            }
        };
        let result =
            tokio::select! { result = request => result, () = server => unreachable!("serves for ever") };
        let error = result.expect_err("no answer");
        assert!(!error.to_string().contains("canary"), "{error}");
        error
    }

    async fn read_some(stream: &mut TcpStream) {
        let mut buffer = [0; 1024];
        let _ = stream.read(&mut buffer).await;
    }

    async fn answer_of(text: &'static str) -> NetworkError {
        error_of("http", async |mut stream: TcpStream| {
            read_some(&mut stream).await;
            let _ = stream.write_all(text.as_bytes()).await;
        })
        .await
    }

    #[tokio::test]
    async fn each_way_to_fail_has_its_class_and_shows_no_url() {
        let closed = error_of("http", async |mut stream: TcpStream| read_some(&mut stream).await).await;
        assert_eq!(closed.kind, NetworkErrorKind::Reset, "{closed}");
        let reset = error_of("http", async |stream: TcpStream| drop(stream)).await;
        assert_eq!(reset.kind, NetworkErrorKind::Reset, "{reset}");
        let silent = error_of("http", async |_stream: TcpStream| std::future::pending().await).await;
        assert_eq!(silent, NetworkError::new(NetworkErrorKind::Timeout, "no complete answer in time"));
        let no_tls = error_of("https", async |mut stream: TcpStream| {
            read_some(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        })
        .await;
        assert_eq!(no_tls.kind, NetworkErrorKind::Tls, "{no_tls}");
        let broken_off = error_of("https", async |mut stream: TcpStream| read_some(&mut stream).await).await;
        assert_eq!(broken_off.kind, NetworkErrorKind::Tls, "{broken_off}");
    }

    #[tokio::test]
    async fn a_cut_body_is_a_broken_connection_and_nonsense_is_a_protocol_error() {
        let cut = answer_of("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort").await;
        assert_eq!(cut.kind, NetworkErrorKind::Reset, "{cut}");
        let nonsense = answer_of("220 mail.example ESMTP\r\n").await;
        assert_eq!(nonsense.kind, NetworkErrorKind::Protocol, "{nonsense}");
    }

    #[tokio::test]
    async fn more_header_lines_than_allowed_are_a_protocol_error() {
        let lines = "x: y\r\n".repeat(200);
        let answer: &'static str = format!("HTTP/1.1 200 OK\r\n{lines}\r\n").leak();
        let error = answer_of(answer).await;
        assert_eq!(error.kind, NetworkErrorKind::Protocol, "{error}");
    }

    #[tokio::test]
    async fn a_refused_connection_and_an_unknown_name_are_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("address");
        drop(listener);
        let client = webhook_client(Duration::from_secs(2), Duration::from_secs(5), None).expect("client");
        let error: NetworkError =
            client.get(format!("http://{address}/")).send().await.expect_err("refused").into();
        assert_eq!(error, NetworkError::new(NetworkErrorKind::Connect, "connection refused"));
        let error: NetworkError =
            client.get("http://nowhere.invalid/").send().await.expect_err("unknown").into();
        assert_eq!(error.kind, NetworkErrorKind::Dns, "{error}");
        assert!(error.to_string().starts_with("DNS: "), "{error}");
    }

    /// Leads every name to a private address, and refuses it.
    struct RefusingResolver;

    impl reqwest::dns::Resolve for RefusingResolver {
        fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
            let (name, address) = (name.as_str().to_owned(), "10.0.0.1".parse().expect("address"));
            Box::pin(async move { Err(Refused::Name { name, address, class: Class::Private }.into()) })
        }
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "a client whose resolver knows only one answer")]
    async fn a_refusal_of_the_resolver_is_told_as_such() {
        install_tls();
        let client = reqwest::Client::builder().dns_resolver(RefusingResolver).build().expect("client");
        let error: NetworkError = client.get("http://example.org/").send().await.expect_err("refused").into();
        let told = "refused: example.org leads to a private address (10.0.0.1)";
        assert_eq!(error, NetworkError::new(NetworkErrorKind::Blocked, told));
    }
}
