//! `depeche sources`: the state of every source, and why. It asks no site.

use serde_json::json;

use super::ask::{ask, silently};
use super::{Exit, configuration};
use crate::cli::SourcesArgs;
use crate::desk::{Reply, Request, SourceRow};

/// Runs it.
#[allow(clippy::print_stdout, reason = "commands are where printing belongs")]
pub(super) async fn run(args: SourcesArgs) -> Exit {
    let config = match configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let rows = match ask(config, Request::Sources, silently).await? {
        Ok(Reply::Sources(rows)) => rows,
        Ok(other) => anyhow::bail!("unable to use the answer: {other:?}"),
        Err(code) => return Ok(code),
    };
    if args.json {
        println!("{}", json!({"sources": rows}));
        return Ok(0);
    }
    let width = rows.iter().map(|row| row.id.len()).max().unwrap_or(0).max(6);
    println!(
        "{:width$}  {:8} {:>8} {:>6}  {:20}  {:20}",
        "source", "state", "articles", "listed", "last round", "last new"
    );
    let time = |at: Option<jiff::Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    for row in &rows {
        let s = &row.state;
        println!(
            "{:width$}  {:8} {:>8} {:>6}  {:20}  {:20}",
            row.id,
            state(row),
            s.stored,
            s.found,
            time(s.last_round),
            time(s.last_new)
        );
    }
    for row in rows.iter().filter(|row| row.state.health.reason.is_some()) {
        println!("{}: {}", row.id, row.state.health.reason.as_deref().unwrap_or_default());
    }
    Ok(0)
}

fn state(row: &SourceRow) -> &str {
    if row.state.last_round.is_none() { "new" } else { row.state.health.state.name() }
}
