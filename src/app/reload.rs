//! A reload: everything of the configuration that can change while it runs, or nothing at all.

use std::time::Instant;

use tracing::{error, info, warn};

use super::{AppStore, Config, Daemon, Loaded, Problems, Service, live, summary, sync};
use crate::{config::Severity, model::NotifierName, store::Store, telemetry};

/// Problems that are told of a refused configuration; `feedwatch check` tells all.
const TOLD_PROBLEMS: usize = 10;

impl Daemon {
    /// Reads the configuration anew and applies it. One that has problems changes nothing, and says so once.
    pub async fn reload(
        &mut self,
        service: &Service,
        load: &(dyn Fn() -> Result<Loaded, Problems> + Send + Sync),
        log: &telemetry::Handle,
    ) {
        let begun = Instant::now();
        service.reloading();
        let refused = match load() {
            Ok(loaded) => match self.apply(loaded, log).await {
                Ok(()) => None,
                Err(error) => {
                    let why = format!("{error:#}");
                    error!(error = why, "reload refused, the old configuration runs on");
                    Some(why)
                }
            },
            Err(problems) => {
                refuse(&problems);
                let first = problems.iter().find(|problem| problem.severity == Severity::Error);
                Some(first.map(ToString::to_string).unwrap_or_default())
            }
        };
        self.metrics.reloaded(refused.is_none());
        if let Some(why) = refused {
            return service.refused(&why);
        }
        let (path, watching) = (self.config.path.display(), summary(&self.config));
        let (feeds, topics, notifiers) = super::numbers(&self.config);
        let took = telemetry::took(begun);
        info!(config = %path, feeds, topics, notifiers, took, "reloaded, watching {watching}");
        service.ready(&format!("watching {watching}"));
    }

    /// Applies a checked configuration: to the store, then to the loops. Polls and sends under way end as they began.
    async fn apply(&mut self, loaded: Loaded, log: &telemetry::Handle) -> anyhow::Result<()> {
        let config = loaded.config;
        let live = live(&config, &self.metrics)?;
        sync(&self.store, &config).await?;
        tell_removed(&self.store, &self.config, &config).await;
        for warning in &loaded.warnings {
            warn!("{warning}");
        }
        let keys = needs_restart(&self.begun_with, &config);
        if !keys.is_empty() {
            warn!("changes of {} need a restart; the rest is applied", keys.join(", "));
        }
        log.set_level(&config.log.level);
        self.live.send_replace(live.into());
        self.notify.send_replace(config.notify.clone().into());
        self.retention.send_replace(config.store.clone());
        self.page.apply(&config);
        self.config = config;
        Ok(())
    }
}

/// Tells what notifiers were owed that left with this reload: it is given up, and can be brought back with them.
async fn tell_removed(store: &AppStore, before: &Config, after: &Config) {
    let has = |config: &Config, name: &NotifierName| {
        config.notify.notifiers.iter().any(|notifier| notifier.name == *name)
    };
    // What cannot be read now stands in `status`.
    for queue in store.queues().await.unwrap_or_default() {
        let (notifier, dead) = (&queue.notifier, queue.dead);
        if dead > 0 && has(before, notifier) && !has(after, notifier) {
            warn!(%notifier, dead, "the notifier was removed, what waited for it is given up; once it is back, `feedwatch redeliver --dead` sends it");
        }
    }
}

/// The keys that differ from those that the process began with, of those that cannot change while it runs.
fn needs_restart(begun_with: &Config, config: &Config) -> Vec<&'static str> {
    let differs = [
        ("store.url", begun_with.store.location != config.store.location),
        ("store.lease", begun_with.store.lease != config.store.lease),
        ("server.listen", begun_with.server.listen != config.server.listen),
        ("server.hosts", begun_with.server.hosts != config.server.hosts),
        ("server.metrics_feeds", begun_with.server.metrics_feeds != config.server.metrics_feeds),
        ("log.format", begun_with.log.format != config.log.format),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
}

/// Tells the log what is wrong: one line that says it, then each problem with its caret, line by line.
fn refuse(problems: &Problems) {
    let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    error!(errors = errors.len(), "reload refused, the old configuration runs on");
    for problem in errors.iter().take(TOLD_PROBLEMS) {
        for line in problem.picture(false).lines() {
            error!("{line}");
        }
    }
    if errors.len() > TOLD_PROBLEMS {
        error!("and {} more: `feedwatch check` tells all", errors.len() - TOLD_PROBLEMS);
    }
}
