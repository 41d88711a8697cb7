//! Hints: an instance that left something to do for others says so, and they look at once instead of within a second.
//! Nothing rests on it: poolers swallow it, listeners miss it, and then the next look finds what there is.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::sleep};
use tokio_postgres::{AsyncMessage, Config};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{connect::Connector, database::Database, error::Result, transaction::Access};

/// The channel.
const LISTEN: &str = "LISTEN feedwatch";
const NOTIFY: &str = "NOTIFY feedwatch";
/// A notification takes a lock of the whole server at its commit: no instance sends more than one in this time.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);
/// The longest wait before a connection that ended is made anew, before jitter.
const AGAIN: Duration = Duration::from_secs(30);

/// When others were last told, and the end of listening.
#[derive(Default)]
pub struct Hints {
    told: Mutex<Option<Instant>>,
    stop: CancellationToken,
}

impl Hints {
    /// Whether it is time to tell again.
    fn is_due(&self) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = told.is_none_or(|told| told.elapsed() >= AT_MOST_EVERY);
        if is_due {
            *told = Some(Instant::now());
        }
        is_due
    }

    /// Ends listening.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

/// A store that nobody holds any more needs no hints.
impl Drop for Hints {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Database {
    /// Tells others that there may be something to do. That it fails costs them a second.
    pub async fn hint(&self) {
        if self.address.caches_statements && self.hints.is_due() {
            let _ = self.notify().await;
        }
    }

    async fn notify(&self) -> Result<()> {
        Ok(self.client(Access::LookUp).await?.batch_execute(NOTIFY).await?)
    }

    /// Wakes `due` at each hint, on a connection of its own, from now on.
    pub fn listen(&self, due: &Arc<Notify>) {
        if !self.address.caches_statements {
            return;
        }
        let (connector, config) = (self.connector.clone(), (*self.address.config).clone());
        let (due, stop) = (due.clone(), self.hints.stop.clone());
        TaskTracker::new().spawn(stop.run_until_cancelled_owned(async move {
            loop {
                // Whatever ended it: the table is looked at all the same.
                let _ = listen(&connector, &config, &due).await;
                sleep(AGAIN.mul_f64(fastrand::f64())).await;
            }
        }));
    }
}

/// Listens until the connection ends.
async fn listen(connector: &Connector, config: &Config, due: &Notify) -> Result<()> {
    let (client, mut connection) = connector.settle(config).connect(connector.tls()).await?;
    let (mut asking, mut is_listening) = (pin!(client.batch_execute(LISTEN)), false);
    loop {
        tokio::select! {
            asked = &mut asking, if !is_listening => {
                asked?;
                is_listening = true;
            }
            message = poll_fn(|cx| connection.poll_message(cx)) => match message {
                Some(Ok(AsyncMessage::Notification(_))) => due.notify_one(),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => return Ok(()),
            },
        }
    }
}
