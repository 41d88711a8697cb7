//! TLS towards the server: what `sslmode` asks for is what happens.

use feedwatch::store::{Location, StoreError, postgres::PostgresStore};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::rig::*;
use crate::support::postgres::{Cluster, connect};

/// A server with a certificate for `localhost` of an authority of its own.
struct Server {
    cluster: Cluster,
    port: u16,
    roots: String,
}

impl Server {
    async fn start() -> Option<Self> {
        let cluster = Cluster::start().await?;
        let mut params = CertificateParams::new(Vec::new()).expect("no names are fine");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed");
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &authority).expect("a certificate");
        cluster.give("server.crt", &certificate.pem());
        cluster.give("server.key", &key.serialize_pem());
        cluster.give("roots.pem", &authority.pem());
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("its address").port();
        let client = connect(&cluster.database().await).await.expect("it runs");
        let folder = cluster.folder().display();
        for (name, value) in [
            ("ssl", "on".to_owned()),
            ("ssl_cert_file", format!("{folder}/server.crt")),
            ("ssl_key_file", format!("{folder}/server.key")),
            ("listen_addresses", "localhost".to_owned()),
            ("port", port.to_string()),
        ] {
            client.batch_execute(&format!("ALTER SYSTEM SET {name} = '{value}'")).await.expect("set");
        }
        drop(free);
        cluster.stop();
        cluster.start_again();
        let roots = cluster.folder().join("roots.pem").display().to_string();
        let server = Self { cluster, port, roots };
        let answers = async || connect(&server.url("127.0.0.1", "disable")).await.ok().map(drop);
        crate::support::until("it is back", answers).await;
        Some(server)
    }

    fn url(&self, host: &str, sslmode: &str) -> String {
        format!("postgres://feedwatch@{host}:{}/test0?sslmode={sslmode}", self.port)
    }

    /// What opening gives; and whether its connections are encrypted.
    async fn open(&self, url: &str) -> Result<bool, StoreError> {
        let settings = settings_of(url);
        let Location::Postgres(address) = &settings.location else { unreachable!("it is one") };
        let _store = PostgresStore::open(address, &settings, false).await?;
        let client = connect(&self.url("127.0.0.1", "disable")).await.expect("it runs");
        let own = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                   WHERE application_name = 'feedwatch'";
        Ok(client.query_one(own, &[]).await.expect("its connections").get(0))
    }
}

#[tokio::test]
async fn what_sslmode_asks_for_is_what_happens() {
    let Some(server) = Server::start().await else { return };
    let roots = &server.roots;
    let full = |host| format!("{}&sslrootcert={roots}", server.url(host, "verify-full"));
    assert!(server.open(&full("localhost")).await.unwrap(), "the certificate is the host's");
    for (url, why) in [
        // The name is another one; the authority is not known to this system.
        (full("127.0.0.1"), "certificate"),
        (server.url("localhost", "verify-full"), "certificate"),
    ] {
        match server.open(&url).await {
            Err(StoreError::Unavailable(text)) => {
                assert!(text.contains("cannot be reached") && text.contains(why), "{text}");
            }
            other => panic!("{url}: {other:?}"),
        }
    }
    assert!(server.open(&server.url("127.0.0.1", "require")).await.unwrap(), "encrypted, not looked at");
    assert!(server.open(&server.url("127.0.0.1", "prefer")).await.unwrap(), "encrypted, as the server can");
    assert!(!server.open(&server.url("127.0.0.1", "disable")).await.unwrap(), "as it was asked for");
    drop(server.cluster);
}
