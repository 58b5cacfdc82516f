//! What holds for every input of depeche's parsers, one file a target. A check takes any bytes and panics where a promise
//! is broken. The fuzzer calls it with bytes of its own; `tests/it/crashes.rs` calls it with every input that ever failed.

pub mod address;
pub mod article;
pub mod charset;
pub mod conditional;
pub mod config;
pub mod dates;
pub mod feed;
pub mod filters;
pub mod host;
pub mod listing;
pub mod promise;
pub mod retry_after;
pub mod robots;
pub mod sanitiser;
mod served;
pub mod sitemap;

use std::sync::{Arc, LazyLock};

use depeche::config::Config;
use depeche::extract::Profile;

/// A check: it panics on a broken promise.
pub type Check = fn(&[u8]);

/// Every check by its target's name.
pub const ALL: &[(&str, Check)] = &[
    ("address", address::check),
    ("article", article::check),
    ("charset", charset::check),
    ("conditional", conditional::check),
    ("config", config::check),
    ("dates", dates::check),
    ("feed", feed::check),
    ("filters", filters::check),
    ("host", host::check),
    ("listing", listing::check),
    ("retry_after", retry_after::check),
    ("robots", robots::check),
    ("sanitiser", sanitiser::check),
    ("sitemap", sitemap::check),
];

/// The shipped configuration.
fn shipped() -> Config {
    let text = include_str!("../../config.toml");
    match Config::parse(text, std::path::Path::new("/nowhere"), &[]) {
        Ok(config) => config,
        Err(mistakes) => panic!("the shipped config.toml has mistakes: {mistakes:?}"),
    }
}

/// The profiles of the shipped configuration; the first byte of an input picks one of them, or none.
fn profile(pick: u8) -> Option<&'static Profile> {
    static PROFILES: LazyLock<Vec<Arc<Profile>>> = LazyLock::new(|| {
        let mut profiles: Vec<Arc<Profile>> = Vec::new();
        for profile in shipped().sources.iter().filter_map(|source| source.profile.clone()) {
            if profiles.iter().all(|known| known.rules() != profile.rules()) {
                profiles.push(profile);
            }
        }
        profiles
    });
    let at = usize::from(pick) % (PROFILES.len() + 1);
    at.checked_sub(1).map(|at| PROFILES[at].as_ref())
}

/// The first line of an input, and the rest.
fn line(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|b| *b == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[]),
    }
}

/// For the fuzzer: parsers of others are known to panic and are caught at it, which is no finding; only our own are told of.
pub fn quiet() {
    std::panic::set_hook(Box::new(|info| {
        if info.location().is_some_and(|at| !at.file().contains("/registry/")) {
            eprintln!("{info}");
        }
    }));
}
