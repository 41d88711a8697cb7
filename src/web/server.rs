//! The loop that accepts connections. Every one has its limits: of time, of size, and in number.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{State, readiness, routes, snapshot};
use crate::{clock::Clock, metrics::Task, store::Store};

/// Connections at the same time; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 64;
/// From the first byte that could come to the last of a request's head; also what an idle connection gets.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of a request's head.
const MAX_HEAD: usize = 8 << 10;
/// A connection with all its requests; who reads slowly does not hold a place for ever.
const MAX_CONNECTION_TIME: Duration = Duration::from_mins(1);
/// What answers under way get at shutdown.
const DRAIN: Duration = Duration::from_millis(500);
/// The wait after a connection could not be accepted: no file is free, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves until `cancel`. The state may be without a store at first.
pub async fn serve<S: Store, C: Clock>(listener: TcpListener, state: State<S, C>, cancel: CancellationToken) {
    let service = TowerToHyperService::new(routes::router(state.clone()));
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let (mut connections, mut is_failing) = (JoinSet::new(), false);
    let mut beside = JoinSet::new();
    beside.spawn(readiness::probe(state.clone()));
    beside.spawn(snapshot::keep(state.clone()));
    loop {
        let accepted = select! {
            () = cancel.cancelled() => break,
            Some(ended) = connections.join_next() => {
                if ended.is_err_and(|error| error.is_panic()) {
                    state.metrics().panicked(Task::Web);
                }
                continue;
            }
            accepted = accept(&listener, &slots) => accepted,
        };
        match accepted {
            Ok((stream, slot)) => {
                is_failing = false;
                connections.spawn(converse(stream, service.clone(), slot, cancel.clone()));
            }
            Err(error) => {
                if !std::mem::replace(&mut is_failing, true) {
                    warn!(%error, "the page cannot accept connections");
                }
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    let rest = async { while connections.join_next().await.is_some() {} };
    // Too slow is no error: nothing but answers is lost.
    let _ = timeout(DRAIN, rest).await;
}

/// A connection and its place.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, slot))
}

/// Answers what comes over one connection.
async fn converse(
    stream: TcpStream,
    service: TowerToHyperService<Router>,
    _slot: OwnedSemaphorePermit,
    cancel: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "a connection could not be set up");
    }
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(MAX_HEAD);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = select! {
        ended = &mut connection => ended,
        () = cancel.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = sleep(MAX_CONNECTION_TIME) => return,
    };
    if let Err(error) = ended {
        debug!(%error, "a connection to the page ended early");
    }
}
