//! `depeche extract`

use super::Exit;
use crate::cli::ExtractArgs;

/// Runs it.
pub fn run(_args: &ExtractArgs) -> Exit {
    Ok(1)
}
