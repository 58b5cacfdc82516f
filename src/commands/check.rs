//! `depeche check`: every mistake of the configuration at once.

use super::{Exit, WRONG_USE, configuration};
use crate::cli::ConfigArgs;

/// Runs it.
pub(super) fn run(args: &ConfigArgs) -> Exit {
    match configuration(&args.config) {
        Ok(config) => {
            println(&format!(
                "{}: fine; {} sources, {} themes",
                args.config.display(),
                config.sources.len(),
                config.themes.iter().count()
            ));
            Ok(0)
        }
        Err(_) => Ok(WRONG_USE),
    }
}

#[allow(clippy::print_stdout, reason = "commands are where printing belongs")]
fn println(line: &str) {
    println!("{line}");
}
