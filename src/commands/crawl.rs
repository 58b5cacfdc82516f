//! `depeche crawl`: one round now, with progress and a closing table.

use std::io::IsTerminal;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::ask::ask;
use super::out::say;
use super::{Exit, table, unsigned_configuration};
use crate::cli::CrawlArgs;
use crate::config::Config;
use crate::desk::{Checked, Desk, Reply, Request};
use crate::pipeline::{Line, Step};

/// Runs it.
pub(super) async fn run(args: CrawlArgs) -> Exit {
    let config = match unsigned_configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let sources = if args.source.is_empty() { config.sources.len() } else { args.source.len() };
    let request = Request::Crawl { sources: args.source };
    match ask(config, request, async move |steps| show(steps, sources).await).await? {
        Ok(Reply::Crawled(rounds)) => Ok(u8::from(table::print(&rounds, args.json)?)),
        Ok(other) => anyhow::bail!("unable to use the answer: {other:?}"),
        Err(code) => Ok(code),
    }
}

/// One round of every source at a desk of our own; true when a source failed.
pub(super) async fn round(line: Line, config: Arc<Config>) -> anyhow::Result<bool> {
    let (tell, steps) = unbounded_channel();
    let sources = config.sources.len();
    let desk = Desk::new(config, line, None);
    let (reply, _) = tokio::join!(desk.answer(Request::Crawl { sources: Vec::new() }, tell), show(steps, sources));
    match reply {
        Reply::Crawled(rounds) => Ok(table::print(&rounds, false)?),
        Reply::Refused(why) | Reply::Failed(why) => anyhow::bail!(why),
        other => anyhow::bail!("unable to use the answer: {other:?}"),
    }
}

/// True when a source failed or was refused.
pub(super) fn failed(rounds: &[Checked]) -> bool {
    rounds.iter().any(|checked| !matches!(&checked.round, Some(round) if !round.has_failed()))
}

/// A bar on a terminal, plain lines elsewhere; on standard error, so that the table can be piped.
async fn show(mut steps: UnboundedReceiver<Step>, sources: usize) -> std::io::Result<()> {
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
                    say(format_args!("{source}: {found} articles listed"));
                }
            }
            Step::Done(_) => bar.inc(1),
            Step::Looked(_) | Step::Differs(_) => {}
        }
    }
    bar.finish_and_clear();
    Ok(())
}
