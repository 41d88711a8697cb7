//! feedwatch watches news feeds for topics.
pub mod clock;
pub mod http;
pub mod matcher;
pub mod model;
pub mod notify;
pub mod poll;
pub mod read;
pub mod secret;
pub mod store;
pub mod telemetry;
pub mod web;
