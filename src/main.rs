//! The command line: parse, run, and the one place that prints an error and sets the exit code.

use std::process::ExitCode;

use clap::Parser;

/// The system's allocator keeps an arena for each thread that ever parsed a page.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match depeche::commands::run(depeche::cli::Cli::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            depeche::commands::say(format_args!("error: {error:#}"));
            ExitCode::from(1)
        }
    }
}
