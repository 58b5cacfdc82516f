//! `depeche withdraw`: an address and its copies taken down and kept out, or let in again.

use std::io::Write;

use serde_json::json;
use url::Url;

use super::ask::{ask, silently};
use super::out::{Out, say};
use super::{Exit, WRONG_USE, unsigned_configuration};
use crate::cli::WithdrawArgs;
use crate::desk::{Reply, Request};

/// Runs it.
pub(super) async fn run(args: WithdrawArgs) -> Exit {
    let config = match unsigned_configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let url = match Url::parse(&args.url) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        _ => {
            say(format_args!(
                "unable to withdraw {:?}: write the whole address of the article, with http or https",
                args.url
            ));
            return Ok(WRONG_USE);
        }
    };
    let request = Request::Withdraw { url, erase: args.erase, lift: args.lift };
    let report = match ask(config, request, silently).await? {
        Ok(Reply::Withdrawn(report)) => report,
        Ok(other) => anyhow::bail!("unable to use the answer: {other:?}"),
        Err(code) => return Ok(code),
    };
    let mut out = Out::new();
    if args.json {
        writeln!(out, "{}", json!(report))?;
        return Ok(u8::from(!report.left.is_empty()));
    }
    for url in &report.withdrawn {
        writeln!(out, "{}: {url}", if args.erase { "erased" } else { "withdrawn" })?;
    }
    for key in report.blocked.iter().filter(|key| !key.starts_with("text:")) {
        writeln!(out, "{}: {key}", if args.lift { "let in again" } else { "kept out" })?;
    }
    if report.withdrawn.is_empty() && !args.lift {
        writeln!(out, "nothing is stored of it")?;
    }
    if args.erase {
        writeln!(
            out,
            "written anew without it: {} exports; taken out of the archive: {} pages",
            report.exports, report.pages
        )?;
        writeln!(
            out,
            "the store's own file may hold the old record, compressed, until its place is used again; the README says how to be rid of it at once"
        )?;
    }
    report.left.iter().for_each(|left| say(format_args!("NOT ERASED: {left}")));
    Ok(u8::from(!report.left.is_empty()))
}
