//! What the files say, as they say it: every table and key there is, each value with its place.
//!
//! Reading finds unknown keys, wrong types and values that cannot be read; what they mean together is for
//! [`check`](super::check).

mod reader;
mod values;

use std::time::Duration;

use ipnet::IpNet;
use toml::de::DeValue;

pub(super) use reader::{At, FromToml, Reader, in_brackets};
pub(super) use values::{NumberOrWord, OneOrMany, Pairs, Size};

type Strings = Vec<At<String>>;

/// Declares tables: each field is an optional key of the same name, or of the name after `as`.
macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident ($table:literal) { $($field:ident $(as $key:literal)?: $kind:ty,)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Default)]
            pub(super) struct $name {
                $(pub(super) $field: Option<At<$kind>>,)+
            }

            impl $name {
                const KEYS: &'static [&'static str] = &[$(tables!(@key $field $($key)?),)+];
            }

            impl FromToml for $name {
                const EXPECTED: &'static str = concat!("a table [", $table, "]");
                const LIST: &'static str = concat!("tables [[", $table, "]]");

                fn from_toml(value: &DeValue<'_>, reader: &mut Reader<'_>) -> Option<Self> {
                    let table = reader.table::<Self>(value, Self::KEYS)?;
                    Some(Self { $($field: reader.field(table, tables!(@key $field $($key)?)),)+ })
                }
            }
        )+

        /// Every table by name, with its keys; the top of a file has the name `""`.
        pub(super) const TABLES: &[(&str, &[&str])] = &[$(($table, $name::KEYS),)+];
    };
    (@key $field:ident $key:literal) => { $key };
    (@key $field:ident) => { stringify!($field) };
}

tables! {
    /// A whole file.
    RawFile("") {
        include: Strings,
        store: RawStore,
        http: RawHttp,
        read: RawRead,
        poll: RawPoll,
        notify: RawNotify,
        server: RawServer,
        log: RawLog,
        feed: Vec<At<RawFeed>>,
        host: Vec<At<RawHost>>,
        topic: Vec<At<RawTopic>>,
        alias: Pairs<Strings>,
        notifier: Vec<At<RawNotifier>>,
    }

    RawStore("store") {
        url: String,
        retention: Duration,
        seen_retention: Duration,
        lease: Duration,
        connections: usize,
    }

    RawHttp("http") {
        contact: String,
        timeout: Duration,
        max_body: Size,
        max_wire: Size,
        max_in_flight: usize,
        allow_private: Vec<At<IpNet>>,
    }

    #[expect(clippy::struct_field_names, reason = "the keys are called so")]
    RawRead("read") {
        max_entries: usize,
        max_depth: usize,
        max_attributes: usize,
        max_text: Size,
        max_tags: usize,
        max_entity_text: Size,
    }

    RawPoll("poll") {
        budget: f64,
        min_interval: Duration,
        max_interval: Duration,
        first_alerts: Duration,
        failing_after: usize,
    }

    RawNotify("notify") {
        max_age: Duration,
        retry: Vec<At<Duration>>,
        drain: Duration,
        timeout: Duration,
        connect_timeout: Duration,
        probe: Duration,
        breaker: Duration,
        lease: Duration,
        max_in_flight: usize,
        max_pending: usize,
        keep_delivered: Duration,
        keep_dead: Duration,
    }

    RawServer("server") {
        listen: String,
        hosts: Strings,
        metrics_feeds: usize,
    }

    RawLog("log") {
        level: String,
        format: String,
    }

    RawFeed("feed") {
        url: String,
        id: String,
        name: String,
        tags: Strings,
        interval: Duration,
        silent_after: Duration,
        ignore_cache_hints: bool,
        http1_only: bool,
        username: String,
        password: String,
        headers: Pairs<String>,
        ca_file: String,
        enabled: bool,
    }

    RawHost("host") {
        name: String,
        gap: Duration,
        in_flight: usize,
    }

    RawTopic("topic") {
        name: String,
        any: Strings,
        maybe: Strings,
        context: Strings,
        within: NumberOrWord,
        mask: Strings,
        not: Strings,
        query: String,
        fields: Strings,
        case: String,
        feeds: Strings,
        tags: Strings,
    }

    RawNotifier("notifier") {
        name: String,
        kind as "type": String,
        url: String,
        format: String,
        template: String,
        content_type: String,
        to: String,
        secret: OneOrMany,
        headers: Pairs<String>,
        topics: Strings,
        feeds: Strings,
        tags: Strings,
        events: Strings,
        concurrency: usize,
        rate: String,
        timeout: Duration,
        ca_file: String,
        enabled: bool,
    }
}

/// The keys of a table; `None` if there is no such table.
pub(super) fn keys_of(table: &str) -> Option<&'static [&'static str]> {
    TABLES.iter().find(|(name, _)| *name == table && !table.is_empty()).map(|(_, keys)| *keys)
}

/// Whether there is such a table.
pub(super) fn is_table(name: &str) -> bool {
    name == "alias" || keys_of(name).is_some()
}

/// Whether some table has this key.
pub(super) fn is_known_key(name: &str) -> bool {
    TABLES.iter().any(|(_, keys)| keys.contains(&name))
}
