//! `depeche feed`: a feed from the store on standard output.

use std::io::Write;

use super::ask::{ask, silently};
use super::out::Out;
use super::{Exit, unsigned_configuration};
use crate::cli::{FeedArgs, FormatArg};
use crate::desk::{Reply, Request};
use crate::publish::Format;

/// Runs it.
pub(super) async fn run(args: FeedArgs) -> Exit {
    let config = match unsigned_configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let format = match args.format {
        FormatArg::Rss => Format::Rss,
        FormatArg::Atom => Format::Atom,
        FormatArg::Json => Format::Json,
    };
    match ask(config, Request::Feed { query: args.query, format }, silently).await? {
        Ok(Reply::Feed(text)) => {
            let mut out = Out::new();
            out.write_all(text.as_bytes())?;
            out.flush()?;
            Ok(0)
        }
        Ok(other) => anyhow::bail!("unable to use the answer: {other:?}"),
        Err(code) => Ok(code),
    }
}
