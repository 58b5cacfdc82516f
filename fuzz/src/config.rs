//! config.toml: read and validated, or every mistake named with its place.

use std::path::Path;

use depeche::config::Config;

/// The file, then for each override from the environment a zero byte and `NAME=value`.
pub fn check(data: &[u8]) {
    let mut parts = data.split(|b| *b == 0).map(String::from_utf8_lossy);
    let text = parts.next().unwrap_or_default();
    let environment: Vec<(String, String)> =
        parts.filter_map(|p| p.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))).collect();
    let read = || Config::parse(&text, Path::new("/nowhere"), &environment);
    match (read(), read()) {
        (Ok(config), Ok(_)) => {
            let ids: std::collections::HashSet<_> = config.sources.iter().map(|source| &source.id).collect();
            assert_eq!(ids.len(), config.sources.len(), "two sources with one id");
            assert!(config.server.public_url.path().ends_with('/'));
            assert!(config.crawl.max_every >= config.crawl.every && config.crawl.concurrency > 0);
        }
        (Err(mistakes), Err(again)) => {
            assert_eq!(mistakes, again, "the same file has other mistakes");
            assert!(!mistakes.is_empty(), "refused without a mistake");
            let lines: Vec<&str> = text.split('\n').collect();
            for mistake in &mistakes {
                assert!(!mistake.message.is_empty());
                assert!(mistake.line <= lines.len(), "{mistake} is beyond the file's {} lines", lines.len());
                let columns = mistake.line.checked_sub(1).map_or(0, |at| lines[at].chars().count());
                assert!(mistake.column <= columns + 1, "{mistake} is beyond its line's {columns} characters");
            }
        }
        _ => panic!("the same file is accepted and refused"),
    }
}
