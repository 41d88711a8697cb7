//! The loops of the daemon: what they are given, what a reload changes, how they end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use super::{
    AppStore, Loaded, Page, Passed, Service, close, listener, live, new_owner, numbers, open_store, summary,
    sync,
};
use crate::{
    clock::SystemClock,
    config::Config,
    metrics::Metrics,
    model::OwnerId,
    notify::{self, Dispatcher},
    poll::{Live, Poller},
    pulse::Pulse,
    store::{Settings, Store, StoreError},
    telemetry,
};

/// How often old rows are removed.
const PRUNE_EVERY: Duration = Duration::from_mins(10);
/// What stopping may take besides the drain of the notifiers.
const STOP_MARGIN: Duration = Duration::from_secs(3);

/// The running loops and what they are given.
pub(super) struct Daemon {
    pub store: AppStore,
    pub page: Page,
    owner: OwnerId,
    /// What is in force.
    pub config: Config,
    /// What the process began with: some keys cannot change while it runs.
    pub begun_with: Config,
    pub live: watch::Sender<Arc<Live>>,
    pub notify: watch::Sender<Arc<notify::Settings>>,
    /// How long things stay in the store.
    pub retention: watch::Sender<Settings>,
    pub pulse: Pulse,
    pub metrics: Metrics,
    loops: TaskTracker,
    stop: CancellationToken,
    /// A loop that ends before it is told to says why here.
    pub failed: mpsc::Receiver<anyhow::Error>,
}

impl Daemon {
    /// Binds the port, opens the store and starts the loops, in this order.
    pub async fn start(
        service: &Service,
        loaded: Loaded,
        passed: Passed,
        cancel: &CancellationToken,
    ) -> Result<Self> {
        let begun = Instant::now();
        let config = loaded.config;
        for warning in &loaded.warnings {
            warn!("{warning}");
        }
        let (pulse, metrics) = (service.pulse(), Metrics::default());
        let live = live(&config, &metrics)?;
        let listener = listener::listen(&config.server, passed).await?;
        let page = Page::open(&config, listener, pulse.clone(), metrics.clone())?;
        let store = open_store(&config.store).await?;
        store.measure(&metrics);
        store.beat_on(&pulse);
        page.opened(store.clone());
        sync(&store, &config).await?;
        let owner = new_owner();
        let (live, live_rx) = watch::channel(Arc::new(live));
        let (notify, notify_rx) = watch::channel(Arc::new(config.notify.clone()));
        let (retention, retention_rx) = watch::channel(config.store.clone());
        let (failures, failed) = mpsc::channel(1);
        let (loops, stop, alerts) = (TaskTracker::new(), cancel.child_token(), Arc::new(Notify::new()));
        store.wake(&alerts);
        let poller = Poller::new(store.clone(), owner.clone(), live_rx, alerts.clone())
            .beating(pulse.clone())
            .counting(metrics.clone());
        let dispatcher = Dispatcher::new(store.clone(), SystemClock, owner.clone(), notify_rx, alerts)
            .beating(pulse.clone())
            .counting(metrics.clone());
        let polling = poller.run(config.store.lease, stop.clone());
        let dispatching = dispatcher.run(stop.clone());
        let pruning = prune(store.clone(), retention_rx, stop.clone());
        loops.spawn(watch_loop("polling", polling, stop.clone(), failures.clone()));
        loops.spawn(watch_loop("delivery", dispatching, stop.clone(), failures.clone()));
        loops.spawn(watch_loop("pruning", pruning, stop.clone(), failures));
        let (version, path) = (env!("CARGO_PKG_VERSION"), config.path.display());
        let (feeds, topics, notifiers) = numbers(&config);
        let took = telemetry::took(begun);
        info!(version, config = %path, feeds, topics, notifiers, took, "watching {}", summary(&config));
        let begun_with = config.clone();
        Ok(Self {
            store,
            page,
            owner,
            config,
            begun_with,
            live,
            notify,
            retention,
            pulse,
            metrics,
            loops,
            stop,
            failed,
        })
    }

    /// Stops the loops, gives back what is claimed, closes the store.
    pub async fn stop(self) {
        let begun = Instant::now();
        info!("stopping");
        self.stop.cancel();
        self.loops.close();
        let patience = self.config.notify.drain + STOP_MARGIN;
        if tokio::time::timeout(patience, self.loops.wait()).await.is_err() {
            warn!("some work did not end in time; it will be done again after the next start");
        }
        self.page.close().await;
        close(&self.store, &self.owner).await;
        info!(took = telemetry::took(begun), "stopped");
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

async fn prune(
    store: AppStore,
    retention: watch::Receiver<Settings>,
    stop: CancellationToken,
) -> Result<(), StoreError> {
    while stop.run_until_cancelled(sleep(PRUNE_EVERY)).await.is_some() {
        loop {
            let settings = retention.borrow().clone();
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
