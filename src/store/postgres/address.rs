//! Where a PostgreSQL database is: `postgres://user@host/db?sslmode=verify-full`, as libpq writes it.

use std::{fmt, path::PathBuf, str::FromStr};

use percent_encoding::percent_decode_str;
use tokio_postgres::config::{Host, SslMode};

/// How the way to the server is kept private (specs/storage.md §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Not at all.
    Off,
    /// If the server can; whose certificate it shows is not looked at.
    IfPossible,
    /// Always; whose certificate it shows is not looked at.
    Unverified,
    /// Always, and the certificate must be the host's own.
    Verified {
        /// Roots in this file instead of the system's.
        roots: Option<PathBuf>,
    },
}

/// A database of a PostgreSQL server, and how to get there. Shown as host and database, never with a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) config: Box<tokio_postgres::Config>,
    pub(super) tls: Tls,
    /// Whether statements are prepared once per connection; not possible through some poolers.
    pub(super) caches_statements: bool,
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// One sentence that does not quote the URL.
    pub fn parse(url: &str) -> Result<Self, String> {
        let (rest, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut kept, mut sslmode, mut roots, mut caches_statements) = (Vec::new(), None, None, true);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8().map_err(|_| "is not UTF-8".to_owned())?;
            match key {
                "sslmode" => sslmode = Some(value.into_owned()),
                "sslrootcert" => roots = Some(value.into_owned()),
                "statement_cache" => caches_statements = on_or_off(&value)?,
                _ => kept.push(pair),
            }
        }
        let plain = if kept.is_empty() { rest.to_owned() } else { format!("{rest}?{}", kept.join("&")) };
        // What the driver says about a URL may quote it.
        let config = tokio_postgres::Config::from_str(&plain).map_err(|_| {
            "is no URL of a PostgreSQL database, as in postgres://feedwatch@db.example.org/feedwatch"
                .to_owned()
        })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(
                "names no host; of a Unix socket, its directory: postgres:///feedwatch?host=/run/postgresql"
                    .to_owned(),
            );
        }
        let mut address = Self { config: Box::new(config), tls: Tls::Off, caches_statements };
        address.tls = address.tls_of(sslmode.as_deref(), roots)?;
        address.config.ssl_mode(match address.tls {
            Tls::Off => SslMode::Disable,
            Tls::IfPossible => SslMode::Prefer,
            Tls::Unverified | Tls::Verified { .. } => SslMode::Require,
        });
        Ok(address)
    }

    /// Takes the password from a password file of libpq, unless the URL had one.
    pub fn with_password_file(&mut self, text: &str) {
        if self.config.get_password().is_some() {
            return;
        }
        let user = self.config.get_user().unwrap_or_default();
        let database = self.config.get_dbname().unwrap_or(user);
        let hosts = self.config.get_hosts().iter().enumerate();
        let found = hosts.filter_map(|(n, host)| {
            let ports = self.config.get_ports();
            let port = ports.get(n).or(ports.first()).copied().unwrap_or(5432).to_string();
            super::password::find(text, &[&host_name(host), &port, database, user])
        });
        if let Some(password) = found.into_iter().next() {
            self.config.password(password);
        }
    }

    /// Whether the server is on this machine.
    pub fn is_local(&self) -> bool {
        self.config.get_hosts().iter().all(|host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => {
                name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
            }
        })
    }

    /// What is to be said about it at each start.
    pub fn warning(&self) -> Option<String> {
        match self.tls {
            Tls::Off if !self.is_local() => Some(format!(
                "{self} is reached without encryption (sslmode=disable): everybody on the way can read"
            )),
            Tls::IfPossible if !self.is_local() => {
                Some(format!("{self} is reached with encryption only if it offers it (sslmode=prefer)"))
            }
            Tls::Unverified => Some(format!(
                "the certificate of {self} is not looked at (sslmode=require): verify-full does"
            )),
            _ => None,
        }
    }

    fn tls_of(&self, sslmode: Option<&str>, roots: Option<String>) -> Result<Tls, String> {
        // The system's own, as libpq spells it.
        let roots = roots.filter(|file| file != "system").map(PathBuf::from);
        match sslmode {
            Some("disable") => Ok(Tls::Off),
            Some("allow" | "prefer") => Ok(Tls::IfPossible),
            None if self.is_local() && roots.is_none() => Ok(Tls::IfPossible),
            Some("require") if roots.is_none() => Ok(Tls::Unverified),
            Some("require" | "verify-ca" | "verify-full") | None => Ok(Tls::Verified { roots }),
            Some(_) => Err("sslmode is one of disable, prefer, require, verify-full".to_owned()),
        }
    }
}

fn on_or_off(value: &str) -> Result<bool, String> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("statement_cache is on or off".to_owned()),
    }
}

fn host_name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hosts: Vec<String> = self.config.get_hosts().iter().map(host_name).collect();
        if hosts.is_empty() {
            hosts = self.config.get_hostaddrs().iter().map(ToString::to_string).collect();
        }
        let database = self.config.get_dbname().or(self.config.get_user()).unwrap_or_default();
        write!(f, "PostgreSQL {}/{database}", hosts.join(","))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> Address {
        Address::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    #[test]
    fn another_host_is_verified_and_this_machine_need_not_be() {
        let verified = Tls::Verified { roots: None };
        for (url, tls, warns) in [
            ("postgres://u@db.example.org/d", verified.clone(), false),
            ("postgres://u@db.example.org/d?sslmode=verify-full", verified.clone(), false),
            ("postgres://u@db.example.org/d?sslmode=verify-ca&sslrootcert=system", verified, false),
            ("postgres://u@db.example.org/d?sslmode=require", Tls::Unverified, true),
            ("postgres://u@db.example.org/d?sslmode=prefer", Tls::IfPossible, true),
            ("postgresql://u@db.example.org/d?sslmode=disable", Tls::Off, true),
            ("postgres://u@localhost/d", Tls::IfPossible, false),
            ("postgres://u@127.0.0.1:5433/d", Tls::IfPossible, false),
            ("postgres://u@[::1]/d?sslmode=disable", Tls::Off, false),
            ("postgres:///d?host=/run/postgresql&user=u", Tls::IfPossible, false),
            ("postgres://u@127.0.0.1,db.example.org/d", Tls::Verified { roots: None }, false),
            (
                "postgres://u@db/d?sslrootcert=/etc/ssl/own%20ca.pem",
                Tls::Verified { roots: Some("/etc/ssl/own ca.pem".into()) },
                false,
            ),
        ] {
            let address = address(url);
            assert_eq!((&address.tls, address.warning().is_some()), (&tls, warns), "{url}");
        }
    }

    #[test]
    fn an_address_shows_host_and_database_only() {
        let address =
            address("postgres://user:hunter2@a.example.org:5433,b.example.org/news?statement_cache=off");
        assert_eq!(
            format!("{address} {address:?}"),
            format!("{0} {0}", "PostgreSQL a.example.org,b.example.org/news")
        );
        assert!(!address.caches_statements);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_url() {
        for url in [
            "postgres://u:hunter2@h/d?sslmode=hunter2",
            "postgres://u:hunter2@h/d?statement_cache=hunter2",
            "postgres://u:hunter2@h/d?hunter2=1",
            "postgres://u:hunter2@h:port/d",
            "postgres:///hunter2",
        ] {
            let error = Address::parse(url).expect_err(url);
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_password_file_gives_what_the_url_leaves_out() {
        let file = "other:5432:d:u:wrong\ndb.example.org:5432:*:u:right\n";
        let mut without = address("postgres://u@db.example.org/d");
        without.with_password_file(file);
        assert_eq!(without.config.get_password(), Some(b"right".as_slice()));
        let mut with = address("postgres://u:own@db.example.org/d");
        with.with_password_file(file);
        assert_eq!(with.config.get_password(), Some(b"own".as_slice()));
    }
}
