//! The command line: parse, run, and the one place that prints an error and sets the exit code.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match depeche::commands::run(depeche::cli::Cli::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(1)
        }
    }
}
