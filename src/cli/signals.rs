//! Signals become a token to stop by and a queue of reloads.

use std::process;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

/// A file would grow beyond the limit of the process; the same number on all systems that we know.
const SIGXFSZ: i32 = 25;

/// From now on a file that cannot grow (`LimitFSIZE=`, quotas) is an error of that write, like a full disk, and not the
/// end of the process.
///
/// # Errors
/// If the system does not let signals be caught.
pub(super) fn outlive_file_limits() -> std::io::Result<()> {
    // tokio's handler stays when the stream is dropped; caught and not looked at is ignored.
    signal(SignalKind::from_raw(SIGXFSZ)).map(drop)
}

/// A token that SIGTERM or SIGINT (Ctrl-C) cancels. A second one leaves at once with exit code 1, which is safe:
/// whatever is under way is on record and is done again.
///
/// # Errors
/// If the system does not let signals be caught.
#[expect(clippy::disallowed_methods, reason = "this task must outlive every tracker: it ends the process")]
pub(super) fn stop_token() -> std::io::Result<CancellationToken> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        stop.cancel();
        either(&mut terminate, &mut interrupt).await;
        process::exit(1);
    });
    Ok(token)
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

/// SIGHUPs, one after the other; several at once count as one.
///
/// # Errors
/// If the system does not let signals be caught.
#[expect(clippy::disallowed_methods, reason = "ends with the process; it holds nothing")]
pub(super) fn hangups() -> std::io::Result<mpsc::Receiver<()>> {
    let mut hangup = signal(SignalKind::hangup())?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            // A full queue means that a reload is about to happen anyway.
            let _ = sender.try_send(());
        }
    });
    Ok(receiver)
}
