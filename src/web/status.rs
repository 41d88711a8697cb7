//! `/`, `/alerts/ID` and the style sheet: asks the store, judges, draws.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Path, Query, State as Extract},
    http::{HeaderName, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use maud::Markup;
use serde::Deserialize;
use tokio::time::timeout;

use super::{
    State,
    overview::Overview,
    page::{self, View},
    readiness,
    snapshot::{self, Snapshot},
    verdict::{self, Level},
};
use crate::{
    clock::Clock,
    model::{AlertId, FeedId, TopicName},
    store::{AlertQuery, AlertView, Store, StoreError},
};

/// Alerts on the page; more where only some are asked for.
const ALERTS: usize = 10;
const FILTERED_ALERTS: usize = 50;
/// A store that does not answer within this is told about instead.
const PATIENCE: Duration = Duration::from_secs(10);

/// What may stand in the query. Values that make no sense are as good as none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Only alerts of this topic.
    pub topic: Option<String>,
    /// Only this feed.
    pub feed: Option<String>,
    /// `off`: the page stands still.
    pub refresh: Option<String>,
    /// Of the list of feeds.
    pub page: Option<String>,
}

impl Asked {
    fn view(self) -> View {
        View {
            topic: self.topic.filter(|topic| !topic.is_empty()),
            feed: self.feed.filter(|feed| !feed.is_empty()),
            number: self.page.and_then(|page| page.parse().ok()).unwrap_or(1),
            refreshes: self.refresh.as_deref() != Some("off"),
        }
    }
}

/// The status page.
pub async fn status<S: Store, C: Clock>(
    Extract(state): Extract<State<S, C>>,
    Query(asked): Query<Asked>,
) -> Response {
    let view = asked.view();
    state.snapshots().look();
    let refreshes = view.refreshes;
    let markup = match gather(&state, &view).await {
        Ok((snapshot, alerts)) => {
            let (overview, now) = (Overview::of(&snapshot), state.now());
            let verdict = verdict::verdict(&overview, &readiness::report(&state), now);
            (StatusCode::OK, page::status(&overview, &alerts, &verdict, &view, now))
        }
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
    };
    let mut response = html(markup.0, markup.1);
    if refreshes && let Ok(seconds) = page::REFRESH.to_string().parse() {
        response.headers_mut().insert(HeaderName::from_static("refresh"), seconds);
    }
    response
}

/// One alert with its evidence and attempts.
pub async fn alert<S: Store, C: Clock>(
    Extract(state): Extract<State<S, C>>,
    Path(id): Path<String>,
) -> Response {
    let query = AlertQuery { within: None, topic: None, feed: None, id: Some(AlertId::new(id)), limit: 1 };
    match read(&state, async |store| store.alerts(&query).await).await {
        Err(why) => html(StatusCode::SERVICE_UNAVAILABLE, why),
        Ok(alerts) => match alerts.first().and_then(|alert| page::alert_page(alert, state.now())) {
            Some(page) => html(StatusCode::OK, page),
            None => html(
                StatusCode::NOT_FOUND,
                page::notice(
                    "There is no such alert.",
                    Level::Fair,
                    "It may have been removed: retention is over.",
                ),
            ),
        },
    }
}

/// What is at a path that leads nowhere.
pub async fn nothing() -> Response {
    html(
        StatusCode::NOT_FOUND,
        page::notice("There is nothing here.", Level::Fair, "All there is stands on the first page."),
    )
}

/// The style sheet.
pub async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], page::STYLE).into_response()
}

fn html(status: StatusCode, markup: Markup) -> Response {
    (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], markup.into_string()).into_response()
}

async fn gather<S: Store, C: Clock>(
    state: &State<S, C>,
    view: &View,
) -> Result<(Arc<Snapshot>, Vec<AlertView>), Markup> {
    let is_filtered = view.topic.is_some() || view.feed.is_some();
    let query = AlertQuery {
        within: None,
        topic: view.topic.as_deref().map(TopicName::new),
        feed: view.feed.as_deref().map(FeedId::new),
        id: None,
        limit: if is_filtered { FILTERED_ALERTS } else { ALERTS },
    };
    read(state, async |store| tokio::try_join!(snapshot::current(state, store), store.alerts(&query))).await
}

/// Reads from the store; what to show instead if that is not possible.
pub async fn read<S: Store, C: Clock, T>(
    state: &State<S, C>,
    work: impl AsyncFnOnce(&S) -> Result<T, StoreError>,
) -> Result<T, Markup> {
    let Some(store) = state.store() else {
        return Err(page::notice("feedwatch is starting.", Level::Fair, "The store is not open yet."));
    };
    match timeout(PATIENCE, work(store)).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(page::notice("The store cannot be read.", Level::Bad, &error.to_string())),
        Err(_) => {
            Err(page::notice("The store does not answer.", Level::Bad, "It was asked ten seconds ago."))
        }
    }
}
