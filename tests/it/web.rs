//! What a browser, a scraper, a feed reader and a health check get from the real daemon, over real HTTP.

mod atom;
mod browser;
mod client;
mod devtools;
mod exposition;
mod health;
mod inert;
mod limits;
mod metrics;
mod page;
