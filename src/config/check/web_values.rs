//! `[server]` and `[log]`.

use std::net::{IpAddr, SocketAddr};

use tracing_subscriber::EnvFilter;

use super::{
    super::{
        raw::{At, RawLog, RawServer},
        words,
    },
    Checker,
};
use crate::{http, telemetry, web};

const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];
const FORMATS: &[(&str, telemetry::Format)] = &[
    ("auto", telemetry::Format::Auto),
    ("text", telemetry::Format::Text),
    ("journal", telemetry::Format::Journal),
    ("json", telemetry::Format::Json),
];

impl Checker<'_> {
    pub(super) fn server(&mut self, raw: &RawServer) -> web::Settings {
        let mut settings = web::Settings::default();
        if let Some(listen) = &raw.listen {
            settings.listen = self.listen(listen);
        }
        for host in raw.hosts.iter().flat_map(|list| &list.value) {
            if host.value.is_empty() || host.value.contains(['/', ':', ' ']) {
                let problem = host.error(format!("server.hosts: {:?} is not a host name", host.value));
                self.push(problem.help(r#"the name alone, as in "feedwatch.example.org""#));
            }
            settings.hosts.push(host.value.clone());
        }
        self.number(&mut settings.metrics_feeds, raw.metrics_feeds.as_ref());
        settings
    }

    fn listen(&mut self, listen: &At<String>) -> Option<SocketAddr> {
        if listen.value.is_empty() {
            return None;
        }
        let Ok(address) = listen.value.parse::<SocketAddr>() else {
            let problem =
                listen.error(format!("server.listen: {:?} is not an address and port", listen.value));
            self.push(problem.help(r#"as in "127.0.0.1:8686" or "[::1]:8686"; "" turns the page off"#));
            return None;
        };
        if is_open_to_all(address.ip()) {
            let message = "server.listen: the page is open to everybody who reaches this machine";
            self.push(listen.warning(message).help("127.0.0.1 and a reverse proxy that asks for a password"));
        }
        Some(address)
    }

    pub(super) fn log(&mut self, raw: &RawLog) -> telemetry::Settings {
        let mut settings = telemetry::Settings::default();
        if let Some(level) = &raw.level {
            self.level(level);
            settings.level.clone_from(&level.value);
        }
        if let Some(format) = raw.format.as_ref().and_then(|format| self.word(format, FORMATS)) {
            settings.format = format;
        }
        settings
    }

    /// A level, or a filter of `tracing`. A filter takes any lone word for the name of a module, so a mistyped level
    /// has to be found first.
    fn level(&mut self, level: &At<String>) {
        let is_word = level.value.chars().all(char::is_alphanumeric);
        let is_level = LEVELS.contains(&level.value.to_lowercase().as_str());
        if (is_word && !is_level) || EnvFilter::try_new(&level.value).is_err() {
            let problem = level.error(format!("log.level: {:?} is not a level", level.value));
            let help = words::suggest(&level.value, LEVELS);
            self.push(problem.maybe_help(help));
        }
    }
}

/// Whether an address is more than loopback or a private network.
fn is_open_to_all(address: IpAddr) -> bool {
    matches!(http::classify(address), None | Some(http::Class::Unspecified))
}
