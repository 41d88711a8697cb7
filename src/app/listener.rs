//! The socket that the page listens on: passed by systemd (`LISTEN_FDS`, `sd_listen_fds(3)`), or bound here.

use std::{io, net};

use anyhow::{Context, Result, bail};
use listenfd::ListenFd;
use tokio::net::TcpListener;

use crate::web;

/// A listening socket that systemd passed.
#[derive(Debug)]
pub struct Passed(Option<net::TcpListener>);

impl Passed {
    /// None.
    pub fn none() -> Self {
        Self(None)
    }

    /// Takes it over. It must be called before there are threads: the variables that announce it are removed.
    ///
    /// # Errors
    /// If something else than one TCP socket was passed.
    pub fn take() -> Result<Self> {
        let mut passed = ListenFd::from_env();
        match passed.len() {
            0 => Ok(Self(None)),
            1 => Ok(Self(passed.take_tcp_listener(0).context("the socket that systemd passed")?)),
            more => bail!("systemd passed {more} sockets; feedwatch.socket needs one ListenStream="),
        }
    }
}

/// The socket to listen on; a passed one wins over `server.listen`. `None`: the page is off.
///
/// # Errors
/// If the address is taken, or not one of this machine.
pub(super) async fn listen(settings: &web::Settings, passed: Passed) -> Result<Option<TcpListener>> {
    if let Some(socket) = passed.0 {
        socket.set_nonblocking(true)?;
        return Ok(Some(TcpListener::from_std(socket)?));
    }
    let Some(address) = settings.listen else { return Ok(None) };
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            bail!(
                "server.listen: {address} is taken by another program; choose another port, or \"\" for no page"
            )
        }
        Err(error) => Err(error).with_context(|| format!("server.listen: cannot listen on {address}")),
    }
}
