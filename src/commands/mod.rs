//! One file a subcommand; the only place that prints to standard output.

pub mod dedup;
pub mod enrich;
pub mod extract;

use crate::cli::{Cli, Command};

/// How a command ended: 0 fine, 1 work failed, 2 wrong use or configuration.
pub type Exit = anyhow::Result<u8>;

/// Runs the command that was asked for.
pub fn run(cli: Cli) -> Exit {
    match cli.command {
        Command::Extract(args) => extract::run(&args),
        Command::Enrich(args) => enrich::run(&args),
        Command::Dedup(args) => dedup::run(&args),
    }
}
