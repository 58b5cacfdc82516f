//! `depeche enrich`

use super::Exit;
use crate::cli::EnrichArgs;

/// Runs it.
pub fn run(_args: &EnrichArgs) -> Exit {
    Ok(1)
}
