//! The made-up offices of `fixtures/`, inside the binary, and the server that replays them on loopback with their
//! status, headers, charset and an entity tag. It never reaches beyond loopback.

mod office;
mod server;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;

use crate::config::{Config, Mistake};

pub use office::{Expect, Fixture, FixtureError, fixtures};
pub use server::{Replay, serve};

/// The configuration of the demo: the profiles of the shipped `config.toml`, the sources of the offices, and
/// short pauses, since every host is our own.
pub fn config(folder: &Path, listen: SocketAddr) -> Result<Config, Vec<Mistake>> {
    Config::parse(&config_text(listen), folder, &[])
}

fn config_text(listen: SocketAddr) -> String {
    let shipped: toml::Table = toml::from_str(include_str!("../../config.toml")).unwrap_or_default();
    let mut text = format!(
        "[server]\nlisten = \"{listen}\"\n[store]\nurl = \"sled:data\"\n[crawl]\nevery = \"1m\"\nper_host_delay = \"50ms\"\n[feed]\ntitle = \"IOM news (demo)\"\nbody = \"full\"\n"
    );
    let mut profiles = toml::Table::new();
    profiles.extend(shipped.get("profile").map(|p| ("profile".to_owned(), p.clone())));
    text.push_str(&toml::to_string(&profiles).unwrap_or_default());
    for office in office::sources() {
        text.push('\n');
        text.push_str(office);
    }
    text
}

/// Every host of the fixtures, at the replay server's address.
pub fn hosts(fixtures: &[Fixture], server: SocketAddr) -> HashMap<String, SocketAddr> {
    let urls = fixtures.iter().flat_map(|f| std::iter::once(&f.url).chain(&f.also));
    urls.filter_map(|url| Some((url.host_str()?.to_owned(), server))).collect()
}
