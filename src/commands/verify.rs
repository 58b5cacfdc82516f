//! `depeche verify`: every article has all its keys and the reverse, and the log is whole.

use serde_json::json;

use super::ask::{ask, silently};
use super::{Exit, configuration};
use crate::cli::VerifyArgs;
use crate::desk::{Reply, Request};

/// Runs it.
#[allow(clippy::print_stdout, reason = "commands are where printing belongs")]
pub(super) async fn run(args: VerifyArgs) -> Exit {
    let config = match configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let report = match ask(config, Request::Verify { repair: args.repair }, silently).await? {
        Ok(Reply::Verified(report)) => report,
        Ok(other) => anyhow::bail!("unable to use the answer: {other:?}"),
        Err(code) => return Ok(code),
    };
    if args.json {
        println!("{}", json!(report));
    } else {
        println!("{} articles, {} stories, {} changes", report.articles, report.stories, report.changes);
        report.opening.iter().for_each(|opening| println!("last trouble: {opening}"));
        report.repaired.iter().for_each(|done| println!("repaired: {done}"));
        report.problems.iter().for_each(|problem| println!("problem: {problem}"));
        println!("{}", if report.problems.is_empty() { "the store is whole" } else { "the store has problems" });
    }
    Ok(u8::from(!report.problems.is_empty()))
}
