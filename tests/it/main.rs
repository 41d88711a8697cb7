//! The promises, proven on the real program: a scripted feed site, the daemon, a recording receiver.
//!
//! `support` holds the parts; each other module proves one thing. `README.md` beside this folder tells which.

mod adaptive;
mod architecture;
mod backtest;
mod backup;
mod bad_feeds;
mod bad_input;
mod clock;
mod commands;
mod delivery;
mod discover;
mod docs;
mod documents;
mod events;
mod faults;
mod formats;
mod kill;
mod logging;
mod manners;
mod matching_quality;
mod notify;
mod opml;
mod outages;
mod package;
mod pipeline;
mod polite;
mod reading;
mod reading_health;
mod reading_hostile;
mod redeliver;
mod regression;
mod reload;
mod reload_applies;
mod restart;
mod secrets;
mod several;
mod soak;
mod stop;
mod store;
mod storms;
mod support;
mod unit;
mod watchdog;
mod watchlist;
mod web;
