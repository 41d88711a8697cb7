//! Which path is which answer. All are GET or HEAD: nothing changes state.

use axum::{Router, middleware, routing::get};

use super::{State, atom, guard::guard, health, metrics, status};
use crate::{clock::Clock, store::Store};

/// Every path.
pub fn router<S: Store, C: Clock>(state: State<S, C>) -> Router {
    Router::new()
        .route("/", get(status::status::<S, C>))
        .route("/alerts/{id}", get(status::alert::<S, C>))
        .route("/alerts.atom", get(atom::atom::<S, C>))
        .route("/style.css", get(status::style))
        .route("/health/live", get(health::live::<S, C>))
        .route("/health/ready", get(health::ready::<S, C>))
        .route("/metrics", get(metrics::metrics::<S, C>))
        .fallback(status::nothing)
        .layer(middleware::from_fn_with_state(state.clone(), guard::<S, C>))
        .with_state(state)
}
