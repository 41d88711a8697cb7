//! The page and its port: there before the store is, gone after it.

use std::sync::Arc;

use anyhow::Result;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::info;

use super::AppStore;
use crate::{
    clock::SystemClock,
    config::Config,
    metrics::Metrics,
    pulse::Pulse,
    web::{self, Watched},
};

/// The served page.
pub struct Page {
    state: web::State<AppStore, SystemClock>,
    watched: watch::Sender<Arc<Watched>>,
    serving: TaskTracker,
    stop: CancellationToken,
}

impl Page {
    /// Answers on this socket from now on: alive, not ready. Without one there is no page.
    ///
    /// # Errors
    /// If the socket has no address.
    pub fn open(
        config: &Config,
        listener: Option<TcpListener>,
        pulse: Pulse,
        metrics: Metrics,
    ) -> Result<Self> {
        let (watched, receiver) = watch::channel(Arc::new(watched(config)));
        let state = web::State::new(config.server.clone(), receiver, SystemClock, pulse, metrics);
        let page = Self { state, watched, serving: TaskTracker::new(), stop: CancellationToken::new() };
        if let Some(listener) = listener {
            page.serve(listener)?;
        }
        Ok(page)
    }

    /// Answers on a port that is bound already.
    fn serve(&self, listener: TcpListener) -> Result<()> {
        let address = listener.local_addr()?;
        info!("the page is at http://{address}/");
        self.serving.spawn(web::serve(listener, self.state.clone(), self.stop.clone()));
        Ok(())
    }

    /// The store is open: the page can show it.
    pub fn opened(&self, store: AppStore) {
        self.state.opened(store);
    }

    /// Another configuration is in force.
    pub fn apply(&self, config: &Config) {
        self.watched.send_replace(Arc::new(watched(config)));
    }

    /// Answers nothing more.
    pub async fn close(self) {
        self.stop.cancel();
        self.serving.close();
        self.serving.wait().await;
    }
}

fn watched(config: &Config) -> Watched {
    Watched {
        feeds: config.poll.feeds.clone(),
        notifiers: config.notify.notifiers.clone(),
        topics: config.topics.iter().map(|topic| topic.name.clone()).collect(),
        store: config.store.location.kind(),
        failing_after: config.poll.failing_after,
        max_pending: config.notify.max_pending,
    }
}
