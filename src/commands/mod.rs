//! One file a subcommand; the only place that prints to standard output.

mod ask;
mod check;
mod crawl;
mod dedup;
mod demo;
mod enrich;
mod export;
mod extract;
mod feed;
mod init;
mod lines;
mod log;
mod out;
mod preview;
mod profile;
mod reprocess;
mod run;
mod sources;
mod table;
mod verify;
mod withdraw;

use std::path::Path;
use std::time::Duration;

pub use self::out::say;
use crate::cli::{Cli, Command, DemoArgs};
use crate::config::{Config, ConfigError};

/// How a command ended: 0 fine, 1 work failed, 2 wrong use or configuration.
pub type Exit = anyhow::Result<u8>;

/// The exit code of wrong use or a wrong configuration.
const WRONG_USE: u8 = 2;

/// Runs the command that was asked for.
pub fn run(cli: Cli) -> Exit {
    // A crawl's own table says what failed; only a daemon speaks through its log.
    let daemon = matches!(cli.command, Command::Run(_) | Command::Demo(DemoArgs { once: false, .. }));
    if let Err(why) = log::open(if daemon { "info" } else { "error" }) {
        say(why);
        return Ok(WRONG_USE);
    }
    match cli.command {
        Command::Demo(args) => asynchronous(demo::run(args)),
        Command::Run(args) => asynchronous(run::run(args)),
        Command::Crawl(args) => asynchronous(crawl::run(args)),
        Command::Check(args) => check::run(&args),
        Command::Extract(args) => extract::run(&args),
        Command::Enrich(args) => enrich::run(&args),
        Command::Dedup(args) => dedup::run(&args),
        Command::Feed(args) => asynchronous(feed::run(args)),
        Command::Verify(args) => asynchronous(verify::run(args)),
        Command::Preview(args) => asynchronous(preview::run(args)),
        Command::Profile(args) => asynchronous(profile::run(args)),
        Command::Sources(args) => asynchronous(sources::run(args)),
        Command::Export(args) => asynchronous(export::export(args)),
        Command::Import(args) => asynchronous(export::import(args)),
        Command::Reprocess(args) => asynchronous(reprocess::run(args)),
        Command::Withdraw(args) => asynchronous(withdraw::run(args)),
        Command::Init(args) => init::run(&args),
    }
}

/// How long threads that read or write files may take to end after the command itself: a disk may not answer.
const GRACE: Duration = Duration::from_secs(20);

fn asynchronous(command: impl Future<Output = Exit>) -> Exit {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(command);
    runtime.shutdown_timeout(GRACE);
    exit
}

/// The configuration of whoever posts to webhooks, or what is wrong with it on standard error and the exit code for that.
fn configuration(path: &Path) -> Result<Config, u8> {
    explained(Config::load(path))
}

/// The same for every other command: the secrets of webhooks may be the daemon's alone.
fn unsigned_configuration(path: &Path) -> Result<Config, u8> {
    explained(Config::load_unsigned(path))
}

fn explained(config: Result<Config, ConfigError>) -> Result<Config, u8> {
    config.map_err(|error| {
        explain(&error);
        WRONG_USE
    })
}

fn explain(error: &ConfigError) {
    say(error);
    if let ConfigError::Mistakes { mistakes, .. } = error {
        say(format_args!("{} mistake{}", mistakes.len(), if mistakes.len() == 1 { "" } else { "s" }));
    }
}
