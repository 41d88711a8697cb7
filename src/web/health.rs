//! `/health/live` and `/health/ready`: for machines that restart or route.

use std::{fmt::Write, time::Instant};

use axum::{
    extract::State as Extract,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use super::{State, readiness};
use crate::{clock::Clock, store::Store};

/// 200 while every loop beats. The store is not asked: what it suffers from, a restart does not heal.
pub async fn live<S: Store, C: Clock>(Extract(state): Extract<State<S, C>>) -> Response {
    let stalled = state.pulse().stalled(Instant::now());
    if stalled.is_empty() {
        return text(StatusCode::OK, "ok\n".to_owned());
    }
    text(StatusCode::SERVICE_UNAVAILABLE, format!("stalled: {}\n", stalled.join(", ")))
}

/// 200 while work can be done; one line for each part.
pub async fn ready<S: Store, C: Clock>(Extract(state): Extract<State<S, C>>) -> Response {
    let parts = readiness::report(&state);
    let is_ready = parts.iter().all(|part| part.trouble.is_none());
    let mut lines = String::new();
    for part in &parts {
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{}: {}", part.name, part.trouble.as_deref().unwrap_or("ok"));
    }
    text(if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, lines)
}

/// Plain text.
pub fn text(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
