//! feedwatch watches news feeds for topics. The map of the code follows with the last room.

pub mod clock;
pub mod config;
pub mod http;
pub mod matcher;
pub mod model;
pub mod notify;
pub mod pipeline;
pub mod poll;
pub mod read;
pub mod render;
pub mod secret;
pub mod store;
pub mod telemetry;
pub mod web;
