//! `depeche withdraw`: an address and its copies taken down and kept out, or let in again.

use serde_json::json;
use url::Url;

use super::ask::{ask, silently};
use super::{Exit, WRONG_USE, configuration};
use crate::cli::WithdrawArgs;
use crate::desk::{Reply, Request};

/// Runs it.
#[allow(clippy::print_stdout, reason = "commands are where printing belongs")]
pub(super) async fn run(args: WithdrawArgs) -> Exit {
    let config = match configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let url = match Url::parse(&args.url) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        _ => {
            eprintln!("unable to withdraw {:?}: write the whole address of the article, with http or https", args.url);
            return Ok(WRONG_USE);
        }
    };
    let request = Request::Withdraw { url, erase: args.erase, lift: args.lift };
    let report = match ask(config, request, silently).await? {
        Ok(Reply::Withdrawn(report)) => report,
        Ok(other) => anyhow::bail!("unable to use the answer: {other:?}"),
        Err(code) => return Ok(code),
    };
    if args.json {
        println!("{}", json!(report));
        return Ok(u8::from(!report.left.is_empty()));
    }
    report.withdrawn.iter().for_each(|url| println!("{}: {url}", if args.erase { "erased" } else { "withdrawn" }));
    report
        .blocked
        .iter()
        .filter(|key| !key.starts_with("text:"))
        .for_each(|key| println!("{}: {key}", if args.lift { "let in again" } else { "kept out" }));
    if report.withdrawn.is_empty() && !args.lift {
        println!("nothing is stored of it");
    }
    if args.erase {
        println!(
            "written anew without it: {} exports; taken out of the archive: {} pages",
            report.exports, report.pages
        );
        println!(
            "the store's own file may hold the old record, compressed, until its place is used again; the README says how to be rid of it at once"
        );
    }
    report.left.iter().for_each(|left| eprintln!("NOT ERASED: {left}"));
    Ok(u8::from(!report.left.is_empty()))
}
