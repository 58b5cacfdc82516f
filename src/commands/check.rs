//! `depeche check`: every mistake of the configuration at once.

use std::io::Write;

use super::out::Out;
use super::{Exit, WRONG_USE, configuration};
use crate::cli::ConfigArgs;

/// Runs it.
pub(super) fn run(args: &ConfigArgs) -> Exit {
    match configuration(&args.config) {
        Ok(config) => {
            writeln!(
                Out::new(),
                "{}: fine; {} sources, {} themes",
                args.config.display(),
                config.sources.len(),
                config.themes.iter().count()
            )?;
            Ok(0)
        }
        Err(_) => Ok(WRONG_USE),
    }
}
