//! What the service manager is told (`sd_notify(3)`): ready, reloading, stopping, a line of status, and the beat that its
//! watchdog waits for. Without a service manager nothing is told.
//!
//! The variables that it sets stay in the environment: to remove them is `unsafe` once there are threads, this crate has
//! no `unsafe`, and no child process is ever started that could inherit them. They are only read.

use std::{
    future::pending,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::{debug, error, info};

use crate::pulse::Pulse;

/// Opening the store may take long (migrations): so often more time is asked for ...
const EXTEND_EVERY: Duration = Duration::from_secs(10);
/// ... this much at a time ...
const EXTEND_BY: Duration = Duration::from_secs(30);
/// ... and so often at most: half an hour. Then the timeout of the unit decides.
const EXTENSIONS: u32 = 180;

/// The service manager, if there is one.
#[derive(Debug)]
pub(super) struct Service {
    is_there: bool,
    watchdog: Option<Duration>,
    told: Mutex<Told>,
}

/// What the line of status says.
#[derive(Debug, Default)]
struct Told {
    line: String,
    /// Why the last reload was refused.
    refused: Option<String>,
}

impl Service {
    /// As the environment says.
    pub fn of_process() -> Self {
        let is_there = std::env::var_os("NOTIFY_SOCKET").is_some();
        let watchdog = sd_notify::watchdog_enabled().filter(|period| is_there && !period.is_zero());
        Self { is_there, watchdog, told: Mutex::default() }
    }

    /// Where loops beat: one that is silent for half the watchdog's period counts as stalled.
    pub fn pulse(&self) -> Pulse {
        self.watchdog.map_or_else(Pulse::default, |period| Pulse::new(period / 2))
    }

    /// The listener is bound and the store is open: it works. Also the end of a reload.
    pub fn ready(&self, status: &str) {
        self.told().refused = None;
        self.tell_with_status(&[NotifyState::Ready], status);
    }

    /// A reload begins; [`Self::ready`] or [`Self::refused`] ends it.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.tell(&[NotifyState::Reloading, now]),
            Err(error) => debug!(%error, "no monotonic time: the service manager is not told of the reload"),
        }
    }

    /// A reload changed nothing. The line of status says so until one is applied.
    pub fn refused(&self, why: &str) {
        self.told().refused = Some(format!("reload refused: {why}"));
        let line = self.told().line.clone();
        self.tell_with_status(&[NotifyState::Ready], &line);
    }

    /// The end begins.
    pub fn stopping(&self, status: &str) {
        self.tell_with_status(&[NotifyState::Stopping], status);
    }

    /// A line for `systemctl status`, if it says something new.
    pub fn status(&self, line: &str) {
        if self.told().line != line {
            self.tell_with_status(&[], line);
        }
    }

    /// Whether anybody reads the line of status.
    pub fn is_there(&self) -> bool {
        self.is_there
    }

    /// Does what may take long before it is ready, and asks for patience meanwhile.
    pub async fn during_start<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        let asking = async {
            for _ in 0..EXTENSIONS {
                sleep(EXTEND_EVERY).await;
                let by = u32::try_from(EXTEND_BY.as_micros()).unwrap_or(u32::MAX);
                self.tell(&[NotifyState::ExtendTimeoutUsec(by), NotifyState::Status(what)]);
            }
            pending().await
        };
        tokio::select! {
            done = work => done,
            never = asking => never,
        }
    }

    /// Feeds the watchdog as long as every loop beats. It never ends.
    pub async fn feed_watchdog<T>(&self, pulse: &Pulse) -> T {
        let Some(period) = self.watchdog else { return pending().await };
        let mut ticks = interval(period / 3);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stalled = Vec::new();
        loop {
            ticks.tick().await;
            let before = std::mem::replace(&mut stalled, pulse.stalled(Instant::now()));
            if stalled.is_empty() {
                self.tell(&[NotifyState::Watchdog]);
            }
            match (before.is_empty(), stalled.is_empty()) {
                (true, false) => {
                    let loops = stalled.join(", ");
                    error!(loops, "a loop does not respond: the watchdog is not fed until it does");
                }
                (false, true) => info!("all loops respond again"),
                _ => {}
            }
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_with_status(&self, states: &[NotifyState<'_>], line: &str) {
        let shown = {
            let mut told = self.told();
            line.clone_into(&mut told.line);
            told.refused.iter().map(String::as_str).chain([line]).collect::<Vec<_>>().join("; ")
        };
        // One line: a line end would begin another assignment of the protocol.
        let shown = shown.replace(char::is_control, " ");
        let mut all = states.to_vec();
        all.push(NotifyState::Status(&shown));
        self.tell(&all);
    }

    fn tell(&self, states: &[NotifyState<'_>]) {
        if self.is_there
            && let Err(error) = sd_notify::notify(states)
        {
            debug!(%error, "the service manager could not be told");
        }
    }
}
