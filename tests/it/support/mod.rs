//! What the tests are made of: a scripted feed site, a recording receiver, and the real daemon between them.
//!
//! Nothing here sleeps for a fixed time: [`until`] asks again until a condition holds, and a deadline ends it.

pub mod config;
pub mod daemon;
pub mod feeds;
pub mod home;
pub mod http;
mod ledger;
mod manager;
pub mod postgres;
pub mod receiver;
pub mod signature;
pub mod site;
mod wait;

pub use config::Config;
pub use daemon::Daemon;
pub use feeds::Article;
pub use home::{Home, Output};
pub use ledger::Ledger;
pub use manager::Manager;
pub use receiver::{Receiver, Reply, Then};
pub use site::{Answer, Site};
pub use wait::{PATIENCE, holds, until};

/// What this machine's clock says now.
pub fn now() -> feedwatch::model::Timestamp {
    use feedwatch::clock::{Clock, SystemClock};
    SystemClock.now()
}
