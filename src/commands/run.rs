//! `depeche run`: crawls and serves until told to stop.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::out::say;
use super::{Exit, configuration};
use crate::cli::{RoleArg, RunArgs};
use crate::clock::Clock;
use crate::daemon::{self, Plan, Role, StartError, Watch};

/// Runs it.
pub(super) async fn run(args: RunArgs) -> Exit {
    let path = args.config.config;
    // Read before it is judged: an edit that comes in between is seen as one. `configuration` says why it cannot be read.
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let config = match configuration(&path) {
        Ok(config) => Arc::new(config),
        Err(code) => return Ok(code),
    };
    let stop = CancellationToken::new();
    daemon::stop_on_signal(stop.clone())?;
    let bind = async |address| TcpListener::bind(address).await.map_err(|why| StartError::Listen { address, why });
    let (mut listener, mut admin) = (None, None);
    if args.role != RoleArg::Crawl {
        listener = Some(bind(config.server.listen).await?);
        if let Some(address) = config.server.admin_listen {
            admin = Some(bind(address).await?);
        }
    }
    let store = daemon::open_store(&config).await?;
    let line = daemon::line(&config, store, HashMap::new(), Clock::system(), stop).await?;
    let role = match args.role {
        RoleArg::All => Role::All,
        RoleArg::Crawl => Role::Crawl,
        RoleArg::Serve => Role::Serve,
    };
    if let Some(listener) = &listener {
        say(format_args!(
            "depeche serves on http://{}/ and watches {} sources; Ctrl-C ends it",
            listener.local_addr()?,
            config.sources.len()
        ));
    }
    let watch = Some(Watch { path, text, hosts: HashMap::new() });
    daemon::run(config, line, Plan { role, listener, admin, watch }).await?;
    Ok(0)
}
