//! `/metrics`: gathers, and answers in the format that the scraper asks for.

use axum::{
    extract::State as Extract,
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::{prometheus_text, text},
    registry::Registry,
};

use super::{
    State,
    exposition::{self, Moment},
    process::Process,
    readiness, snapshot,
};
use crate::{clock::Clock, store::Store};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything, in OpenMetrics if `Accept` asks for it, else in the text format 0.0.4.
pub async fn metrics<S: Store, C: Clock>(
    Extract(state): Extract<State<S, C>>,
    headers: HeaderMap,
) -> Response {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    let is_open = accepted.into_iter().any(|accept| accept.contains("application/openmetrics-text"));
    let moment = gather(&state).await;
    let mut registry = Registry::default();
    state.metrics().know_notifiers(state.watched().notifiers.iter().map(|notifier| &notifier.name));
    state.metrics().register(&mut registry);
    moment.register(&mut registry);
    let mut body = String::new();
    let (content_type, written) = if is_open {
        (OPEN_METRICS, text::encode(&mut body, &registry))
    } else {
        (prometheus_text::CONTENT_TYPE, prometheus_text::encode(&mut body, &registry))
    };
    match written {
        Ok(()) => ([(CONTENT_TYPE, content_type)], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What is true now. What the store cannot tell is left out.
async fn gather<S: Store, C: Clock>(state: &State<S, C>) -> Moment {
    let (mut snapshot, mut volume) = (None, None);
    if let Some(store) = state.store() {
        let (found, room) = tokio::join!(snapshot::current(state, store), store.volume());
        (snapshot, volume) = (found.ok(), room.ok());
    }
    let snapshot = snapshot.as_deref();
    let (feeds, are_too_many) = snapshot
        .map(|snapshot| exposition::feeds(snapshot, state.settings().metrics_feeds))
        .unwrap_or_default();
    if are_too_many {
        state.metrics().limited("server.metrics_feeds", 1);
    }
    Moment {
        store: state.watched().store,
        is_ready: readiness::report(state).iter().all(|part| part.trouble.is_none()),
        started: state.started(),
        process: Process::now(),
        conditions: snapshot.map(|snapshot| snapshot.conditions.clone()).unwrap_or_default(),
        feeds,
        notifiers: snapshot.map(exposition::notifiers).unwrap_or_default(),
        volume,
    }
}
