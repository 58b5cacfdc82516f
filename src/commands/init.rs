//! `depeche init`: the shipped configuration, or one to fill in, where none is yet.

use std::io::Write;

use super::out::say;
use super::{Exit, WRONG_USE};
use crate::cli::InitArgs;

const SHIPPED: &str = include_str!("../../config.toml");

const BLANK: &str = r#"# depeche: one file says all. `depeche check` names every mistake; `depeche preview SOURCE` shows what a source gives.

[server]
listen = "127.0.0.1:8080"
# public_url = "https://feeds.example/"     # what readers use; it may carry a path

[store]
url = "sled:data"                           # a folder beside this file

[crawl]
# contact = "mailto:you@example.org"        # tells the owner of a site how to reach you
every = "30m"

[feed]
title = "News"
body = "summary"                            # "full" only where you may

# How the pages of a kind of site are read. Leave a profile out to let the pages be read by their structure.
# [[profile]]
# name = "my-site"
# listing.container = "main"
# listing.item = "article"
# listing.link = "h2 a[href]"
# article.body = "div.body"
# date_order = "dmy"

[[source]]
id = "example"
name = "An example"
kind = "html"                               # "html", "feed" or "sitemap"
url = "https://www.example.org/news"
# country = "HTI"                           # a country office's own; none for regional and headquarters pages
# language = "fr"
# profile = "my-site"
"#;

/// Runs it.
pub(super) fn run(args: &InitArgs) -> Exit {
    let text = if args.blank { BLANK } else { SHIPPED };
    let path = &args.config.config;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => {
            say(format_args!("{} written; edit it, then run `depeche check`", path.display()));
            Ok(0)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            say(format_args!("unable to write {}: it exists already; name another with --config", path.display()));
            Ok(WRONG_USE)
        }
        Err(error) => {
            say(format_args!("unable to write {}: {error}", path.display()));
            Ok(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn both_are_without_a_mistake() {
        for text in [super::SHIPPED, super::BLANK] {
            assert_eq!(Config::parse(text, std::path::Path::new("."), &[]).err(), None);
        }
    }
}
