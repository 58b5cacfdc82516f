//! `depeche dedup`

use super::Exit;
use crate::cli::DedupArgs;

/// Runs it.
pub fn run(_args: &DedupArgs) -> Exit {
    Ok(1)
}
