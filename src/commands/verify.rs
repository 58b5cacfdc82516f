//! `depeche verify`: every article has all its keys and the reverse, and the log is whole.

use std::io::Write;

use serde_json::json;

use super::ask::{ask, silently};
use super::out::Out;
use super::{Exit, unsigned_configuration};
use crate::cli::VerifyArgs;
use crate::desk::{Reply, Request};

/// Runs it.
pub(super) async fn run(args: VerifyArgs) -> Exit {
    let config = match unsigned_configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let report = match ask(config, Request::Verify { repair: args.repair }, silently).await? {
        Ok(Reply::Verified(report)) => report,
        Ok(other) => anyhow::bail!("unable to use the answer: {other:?}"),
        Err(code) => return Ok(code),
    };
    let mut out = Out::new();
    if args.json {
        writeln!(out, "{}", json!(report))?;
    } else {
        writeln!(out, "{} articles, {} stories, {} changes", report.articles, report.stories, report.changes)?;
        if let Some(opening) = &report.opening {
            writeln!(out, "last trouble: {opening}")?;
        }
        for done in &report.repaired {
            writeln!(out, "repaired: {done}")?;
        }
        for problem in &report.problems {
            writeln!(out, "problem: {problem}")?;
        }
        writeln!(out, "{}", if report.problems.is_empty() { "the store is whole" } else { "the store has problems" })?;
    }
    Ok(u8::from(!report.problems.is_empty()))
}
