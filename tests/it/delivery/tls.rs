//! Receivers behind TLS: certificates that hold, and those that do not (specs/delivery.md §4, §13).

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio_rustls::TlsAcceptor;

use crate::support::{
    Article, Config, Home, Site,
    http::{self, Connection, Server},
    until,
};

/// Who signs the receivers' certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are fine");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// A certificate for this name, valid unless it is to have expired.
    fn server(&self, name: &str, has_expired: bool) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.use_authority_key_identifier_extension = true;
        if has_expired {
            (params.not_before, params.not_after) =
                (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2020, 2, 1));
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key in PKCS#8");
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows them")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
        Arc::new(config.expect("a key that fits"))
    }
}

/// What a port does with a connection.
#[derive(Clone)]
enum Behind {
    Tls(Arc<ServerConfig>),
    NoTls,
    BrokenOff,
}

/// A port, and how many requests came through it.
struct Port {
    server: Server,
    requests: Arc<AtomicUsize>,
}

impl Port {
    async fn start(behind: Behind) -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let count = requests.clone();
        let server = Server::start(http::any_port(), move |connection| {
            serve(connection, behind.clone(), count.clone())
        })
        .await;
        Self { server, requests }
    }
}

async fn serve(mut connection: Connection, behind: Behind, requests: Arc<AtomicUsize>) {
    match behind {
        Behind::BrokenOff => {
            // Not before it was spoken to: else it is a reset.
            let _ = connection.fill_buf().await;
        }
        Behind::NoTls => {
            let _ = http::respond(&mut connection, 400, &[], b"speak HTTP").await;
        }
        Behind::Tls(config) => {
            let Ok(stream) = TlsAcceptor::from(config).accept(connection.into_inner()).await else { return };
            let mut stream = BufReader::new(stream);
            while http::read_request(&mut stream).await.is_some() {
                requests.fetch_add(1, Ordering::Relaxed);
                let _ = http::respond(&mut stream, 204, &[], b"").await;
            }
        }
    }
}

/// Name, what stands behind the port, whether the authority is trusted; the delivery, the notifier, requests, and words.
type Row = (&'static str, Behind, bool, &'static str, &'static str, usize, &'static str);

#[tokio::test]
async fn a_certificate_that_does_not_hold_is_refused_and_never_looked_away_from() {
    let authority = Authority::new();
    let (good, other) = (authority.server("127.0.0.1", false), authority.server("other.example", false));
    let expired = authority.server("127.0.0.1", true);
    let rows: [Row; 6] = [
        ("good", Behind::Tls(good.clone()), true, "delivered", "active", 1, ""),
        (
            "unknown issuer",
            Behind::Tls(good),
            false,
            "pending",
            "held",
            0,
            "TLS: invalid peer certificate: UnknownIssuer",
        ),
        ("another host", Behind::Tls(other), true, "pending", "held", 0, "TLS: invalid peer certificate"),
        (
            "expired",
            Behind::Tls(expired),
            true,
            "pending",
            "held",
            0,
            "TLS: invalid peer certificate: certificate expired",
        ),
        ("no TLS", Behind::NoTls, true, "pending", "open", 0, "TLS: "),
        ("broken off", Behind::BrokenOff, true, "pending", "open", 0, "TLS: handshake broken off"),
    ];
    let site = Site::start().await;
    site.publish("/news.xml", &[Article::about_s400("one")]);
    let keys = "retry = [\"50ms\"]\nprobe = \"1h\"\nbreaker = \"1h\"";
    let mut config = Config::new().notify(keys).every(&site, "/news.xml", "1h");
    let mut ports = Vec::new();
    for (name, behind, is_trusted, ..) in &rows {
        let port = Port::start(behind.clone()).await;
        let url = format!("https://{}/hook", port.server.address);
        let ca_file = if *is_trusted { "ca_file = \"ca.pem\"\n" } else { "" };
        config = config
            .add(&format!("[[notifier]]\nname = \"{name}\"\ntype = \"webhook\"\nurl = \"{url}\"\n{ca_file}"));
        ports.push(port);
    }
    let home = Home::with("");
    home.write("ca.pem", authority.0.pem());
    home.write("feedwatch.toml", config.text());
    let daemon = home.start().await;
    for (place, (name, _, _, delivery, notifier, requests, words)) in rows.iter().enumerate() {
        until(&format!("{name} ends {delivery}, {notifier}"), async || {
            let (status, alerts) = (home.status().await, home.alerts().await);
            let status = named(&status["notifiers"], "name", name)?;
            let found = named(&alerts.first()?["deliveries"], "notifier", name)?;
            let says = status["reason"].as_str().unwrap_or_default().contains(words);
            (found["state"] == *delivery && status["state"] == *notifier && says).then_some(())
        })
        .await;
        assert_eq!(ports[place].requests.load(Ordering::Relaxed), *requests, "{name}");
    }
    daemon.stop().await;
}

fn named(list: &Value, key: &str, name: &str) -> Option<Value> {
    list.as_array()?.iter().find(|one| one[key] == name).cloned()
}
