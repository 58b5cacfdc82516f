//! `depeche run`: crawls and serves until told to stop.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Exit, configuration};
use crate::cli::{RoleArg, RunArgs};
use crate::clock::Clock;
use crate::daemon::{self, Role, StartError};

/// Runs it.
pub(super) async fn run(args: RunArgs) -> Exit {
    let config = match configuration(&args.config.config) {
        Ok(config) => Arc::new(config),
        Err(code) => return Ok(code),
    };
    let stop = CancellationToken::new();
    daemon::stop_on_signal(stop.clone())?;
    let address = config.server.listen;
    let listener = match args.role {
        RoleArg::Crawl => None,
        _ => Some(TcpListener::bind(address).await.map_err(|why| StartError::Listen { address, why })?),
    };
    let store = daemon::open_store(&config).await?;
    let line = daemon::line(&config, store, HashMap::new(), Clock::system(), stop).await?;
    let role = match args.role {
        RoleArg::All => Role::All,
        RoleArg::Crawl => Role::Crawl,
        RoleArg::Serve => Role::Serve,
    };
    if let Some(listener) = &listener {
        eprintln!(
            "depeche serves on http://{}/ and watches {} sources; Ctrl-C ends it",
            listener.local_addr()?,
            config.sources.len()
        );
    }
    daemon::run(config, line, listener, role).await?;
    Ok(0)
}
