//! `depeche demo`: the made-up offices on loopback, the real daemon on them, data in a temporary folder.

use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::out::say;
use super::{Exit, crawl};
use crate::cli::DemoArgs;
use crate::clock::Clock;
use crate::daemon::{self, Plan, Role, StartError};
use crate::demo::{self, Replay};

/// Runs it.
pub(super) async fn run(args: DemoArgs) -> Exit {
    let folder =
        tempfile::Builder::new().prefix("depeche-demo-").tempdir().context("unable to make a temporary folder")?;
    let fixtures = demo::fixtures()?;
    let offices =
        TcpListener::bind("127.0.0.1:0").await.context("unable to listen on loopback for the made-up offices")?;
    let office_address = offices.local_addr()?;
    tokio::spawn(demo::serve(offices, Replay::of(&fixtures)));
    let config = demo::config(folder.path(), args.listen).map_err(|mistakes| {
        anyhow::anyhow!(
            "unable to read the demo's own configuration: {}",
            mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        )
    })?;
    let stop = CancellationToken::new();
    daemon::stop_on_signal(stop.clone())?;
    let listener = match args.once {
        true => None,
        false => {
            Some(TcpListener::bind(args.listen).await.map_err(|why| StartError::Listen { address: args.listen, why })?)
        }
    };
    let store = daemon::open_store(&config).await?;
    let line = daemon::line(&config, store, demo::hosts(&fixtures, office_address), Clock::system(), stop).await?;
    let Some(listener) = listener else {
        let failed = crawl::round(line, Arc::new(config)).await?;
        return Ok(u8::from(failed));
    };
    let mut config = config;
    let address = listener.local_addr()?;
    if let Ok(url) = format!("http://{address}/").parse() {
        config.server.public_url = url;
    }
    say(format_args!("made-up offices: {} on {office_address}", config.sources.len()));
    say(format_args!("stories:         http://{address}/"));
    say(format_args!(
        "feeds:           http://{address}/feed.atom  http://{address}/feed.rss  http://{address}/feed.json"
    ));
    say(format_args!("an example:      http://{address}/feed.atom?country=HTI&lang=fr"));
    say("Ctrl-C ends it; the data is removed.");
    daemon::run(Arc::new(config), line, Plan::new(Role::All, Some(listener))).await?;
    Ok(0)
}
