//! `depeche feed`: a feed from the store on standard output.

use std::io::Write;

use super::{Exit, WRONG_USE, configuration};
use crate::cli::{FeedArgs, FormatArg};
use crate::daemon;
use crate::edition::Edition;
use crate::publish::{self, Format};
use crate::query::Query;

/// Runs it.
pub(super) async fn run(args: FeedArgs) -> Exit {
    let config = match configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let format = match args.format {
        FormatArg::Rss => Format::Rss,
        FormatArg::Atom => Format::Atom,
        FormatArg::Json => Format::Json,
    };
    let edition = Edition::new(daemon::open_store(&config).await?, &config);
    edition.follow().await?;
    let query = match Query::parse(args.query.trim_start_matches('?'), &edition.vocabulary()) {
        Ok(query) => query,
        Err(error) => {
            eprintln!("{error}");
            return Ok(WRONG_USE);
        }
    };
    let (feed, _) = edition.feed(&query, format).await?;
    std::io::stdout().write_all(&publish::render(&feed, format)?)?;
    Ok(0)
}
