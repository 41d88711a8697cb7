//! The loops of the daemon: what they are given, what a reload changes, how they end.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, anyhow};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{error, info, warn};

use super::{AppStore, close, live, new_owner, page::Page, summary, sync};
use crate::{
    clock::SystemClock,
    config::Config,
    metrics::Metrics,
    model::OwnerId,
    notify::{self, Dispatcher},
    poll::{Live, Poller},
    store::{Settings, Store, StoreError},
};

/// How often old rows are removed.
const PRUNE_EVERY: Duration = Duration::from_mins(10);
/// What stopping may take besides the drain of the notifiers.
const STOP_MARGIN: Duration = Duration::from_secs(3);

/// The running loops and what they are given.
pub(super) struct Daemon {
    store: AppStore,
    page: Page,
    metrics: Metrics,
    owner: OwnerId,
    config: Config,
    live: watch::Sender<Arc<Live>>,
    notify: watch::Sender<Arc<notify::Settings>>,
    loops: TaskTracker,
    stop: CancellationToken,
    /// A loop that ends before it is told to says why here.
    pub failed: mpsc::Receiver<anyhow::Error>,
}

impl Daemon {
    pub async fn start(
        store: AppStore,
        config: Config,
        page: Page,
        metrics: Metrics,
        cancel: &CancellationToken,
    ) -> Result<Self> {
        let live = live(&config)?;
        sync(&store, &config).await?;
        let owner = new_owner();
        let (live, live_rx) = watch::channel(Arc::new(live));
        let (notify, notify_rx) = watch::channel(Arc::new(config.notify.clone()));
        let (failures, failed) = mpsc::channel(1);
        let (loops, stop, alerts) = (TaskTracker::new(), cancel.child_token(), Arc::new(Notify::new()));
        let poller = Poller::new(store.clone(), owner.clone(), live_rx, alerts.clone());
        let dispatcher = Dispatcher::new(store.clone(), SystemClock, owner.clone(), notify_rx, alerts);
        let polling = poller.run(config.store.lease, stop.clone());
        let dispatching = dispatcher.run(stop.clone());
        let pruning = prune(store.clone(), config.store.clone(), stop.clone());
        loops.spawn(watch_loop("polling", polling, stop.clone(), failures.clone()));
        loops.spawn(watch_loop("delivery", dispatching, stop.clone(), failures.clone()));
        loops.spawn(watch_loop("pruning", pruning, stop.clone(), failures));
        info!(
            version = env!("CARGO_PKG_VERSION"),
            config = %config.path.display(),
            "watching {}", summary(&config)
        );
        Ok(Self { store, page, metrics, owner, config, live, notify, loops, stop, failed })
    }

    /// Applies a checked configuration: feeds, topics and notifiers at once, the store's own keys at the next start.
    pub async fn apply(&mut self, config: Config) {
        let live = match live(&config) {
            Ok(live) => live,
            Err(error) => return self.refuse(&error),
        };
        if let Err(error) = sync(&self.store, &config).await {
            return self.refuse(&error.into());
        }
        if config.store != self.config.store || config.server != self.config.server {
            warn!("changes in [store] and [server] need a restart; the rest is applied");
        }
        self.live.send_replace(Arc::new(live));
        self.notify.send_replace(Arc::new(config.notify.clone()));
        self.page.apply(&config);
        self.metrics.reloaded(true);
        self.config = config;
        info!("reloaded, watching {}", summary(&self.config));
    }

    fn refuse(&self, error: &anyhow::Error) {
        self.metrics.reloaded(false);
        error!(%error, "reload refused, the old configuration runs on");
    }

    /// Stops the loops, gives back what is claimed, closes the store.
    pub async fn stop(self) {
        info!("stopping");
        self.stop.cancel();
        self.loops.close();
        let patience = self.config.notify.drain + STOP_MARGIN;
        if tokio::time::timeout(patience, self.loops.wait()).await.is_err() {
            warn!("some work did not end in time; it will be done again after the next start");
        }
        self.page.close().await;
        close(&self.store, &self.owner).await;
        info!("stopped");
    }
}

/// A loop that ends by itself is a failure.
async fn watch_loop(
    name: &'static str,
    running: impl Future<Output = Result<(), StoreError>>,
    stop: CancellationToken,
    failures: mpsc::Sender<anyhow::Error>,
) {
    let result = running.await;
    if stop.is_cancelled() && result.is_ok() {
        return;
    }
    let error = match result {
        Ok(()) => anyhow!("{name} ended by itself; this is a fault of feedwatch"),
        Err(error) => anyhow::Error::new(error).context(format!("{name} cannot go on")),
    };
    // Only the first failure matters; the channel holds one.
    let _ = failures.try_send(error);
}

async fn prune(store: AppStore, settings: Settings, stop: CancellationToken) -> Result<(), StoreError> {
    while stop.run_until_cancelled(sleep(PRUNE_EVERY)).await.is_some() {
        loop {
            match store.prune(&settings).await {
                Ok(pruned) if pruned.rows == 0 => break,
                Ok(_) => {}
                Err(error) => {
                    warn!(%error, "could not remove old rows, trying again later");
                    break;
                }
            }
        }
    }
    Ok(())
}
