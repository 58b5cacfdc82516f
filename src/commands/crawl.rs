//! `depeche crawl`: one round now, with progress and a closing table.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;

use super::{Exit, WRONG_USE, configuration, table};
use crate::cli::CrawlArgs;
use crate::clock::Clock;
use crate::config::{Config, Source};
use crate::daemon;
use crate::pipeline::{Line, Step};

/// Runs it.
pub(super) async fn run(args: CrawlArgs) -> Exit {
    let config = match configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let mut sources: Vec<Arc<Source>> = config.sources.clone();
    if !args.source.is_empty() {
        if let Some(unknown) = args.source.iter().find(|id| config.source(id).is_none()) {
            let known: Vec<&str> = config.sources.iter().map(|s| s.id.as_str()).collect();
            eprintln!("unable to crawl {unknown:?}: no such source; there are: {}", known.join(", "));
            return Ok(WRONG_USE);
        }
        sources.retain(|source| args.source.iter().any(|id| id == source.id.as_str()));
    }
    let stop = CancellationToken::new();
    daemon::stop_on_signal(stop.clone())?;
    let store = daemon::open_store(&config).await?;
    let line = daemon::line(&config, store, HashMap::new(), Clock::system(), stop).await?;
    let failed = round(line, &config, &sources, args.json).await?;
    Ok(u8::from(failed))
}

/// One round with progress and its table; true when a source failed.
pub(super) async fn round(
    mut line: Line,
    config: &Config,
    sources: &[Arc<Source>],
    json: bool,
) -> anyhow::Result<bool> {
    let (tell, steps) = unbounded_channel();
    line.progress = Some(tell);
    let shown = tokio::spawn(show(steps, sources.len()));
    let rounds = daemon::round_of(&line, config, sources).await;
    line.store.flush().await?;
    drop(line);
    shown.await?;
    Ok(table::print(&rounds, json))
}

/// A bar on a terminal, plain lines elsewhere; on standard error, so that the table can be piped.
async fn show(mut steps: UnboundedReceiver<Step>, sources: usize) {
    let terminal = std::io::stderr().is_terminal();
    let bar = if terminal { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} articles, {msg} [{elapsed}]") {
        bar.set_style(style);
    }
    let mut listed = 0;
    while let Some(step) = steps.recv().await {
        match step {
            Step::Listed(source, found) => {
                listed += 1;
                bar.inc_length(found as u64);
                bar.set_message(format!("{listed}/{sources} listings"));
                if !terminal {
                    eprintln!("{source}: {found} articles listed");
                }
            }
            Step::Done(_) => bar.inc(1),
        }
    }
    bar.finish_and_clear();
}
