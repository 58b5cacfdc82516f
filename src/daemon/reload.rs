//! An edited configuration: everything is built aside, then swapped; what is in hand finishes with what it began with.
//! A bad edit changes nothing but what log, health and metrics say of it.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::archive_settings;
use super::settings::{bot, fetch_settings, net_settings};
use super::watch::{Seen, Watcher};
use crate::archive::Archive;
use crate::clock::Clock;
use crate::config::{Config, ConfigError, Edit, EditReport, InForce, Live, hosts_only};
use crate::enrich::Enricher;
use crate::fetch::Fetcher;
use crate::net::Client;
use crate::web::Front;

/// The file that a running daemon's configuration came from.
#[derive(Debug, Clone)]
pub struct Watch {
    /// Where it is.
    pub path: PathBuf,
    /// What it said when it was read at start.
    pub text: String,
    /// Hosts with a fixed address, as the line got them.
    pub hosts: HashMap<String, SocketAddr>,
}

/// Everything that an edit reaches.
pub(super) struct Reach {
    pub(super) live: Live,
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) archive: Archive,
    pub(super) front: Option<Front>,
    pub(super) clock: Clock,
}

/// Applies edits until stopped.
pub(super) async fn reload(watch: Watch, reach: Reach, stop: CancellationToken) {
    let Watch { path, text, hosts } = watch;
    let mut watcher = Watcher::new(path.clone(), text);
    metrics::gauge!("depeche_config_last_ok").set(1.0);
    while let Some(seen) = watcher.next(&stop).await {
        let report = match read(&path, seen).await {
            Ok(config) => reach.apply(config, hosts.clone()).await,
            Err(mistakes) => reach.reject(mistakes),
        };
        metrics::counter!("depeche_config_reloads_total", "result" => report.state.name()).increment(1);
        metrics::gauge!("depeche_config_last_ok").set(if report.state == Edit::Rejected { 0.0 } else { 1.0 });
        reach.live.note(report);
    }
}

/// The new configuration, or each thing that is wrong with it.
async fn read(path: &std::path::Path, seen: Seen) -> Result<Config, Vec<String>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = match seen {
        // A daemon is not edited down to nothing by a file that is not there yet.
        Seen::Text(text) if text.trim().is_empty() => {
            return Err(vec![format!("{name}:1:1: the file is empty; the configuration before it stays")]);
        }
        Seen::Text(text) => text,
        Seen::Missing(why) => return Err(vec![format!("{name}: unable to read it: {why}")]),
    };
    let path = path.to_owned();
    // Off the async threads: selectors and word lists are compiled.
    let work = tokio::task::spawn_blocking(move || Config::of(&path, &text));
    match work.await {
        Ok(Ok(config)) => Ok(config),
        Ok(Err(ConfigError::Mistakes { mistakes, .. })) => {
            Err(mistakes.iter().map(|mistake| format!("{name}:{mistake}")).collect())
        }
        Ok(Err(error)) => Err(vec![format!("{name}: {error}")]),
        Err(error) => Err(vec![format!("{name}: unable to read it: {error}")]),
    }
}

impl Reach {
    fn reject(&self, mistakes: Vec<String>) -> EditReport {
        tracing::error!("the edited configuration has {} mistakes; the one before it stays in force", mistakes.len());
        // An address in a mistake may carry a password, and logs travel further than the file.
        for mistake in &mistakes {
            tracing::error!("{}", hosts_only(mistake));
        }
        let needs_restart = self.live.edit().needs_restart.clone();
        EditReport { state: Edit::Rejected, since: self.clock.now(), mistakes, needs_restart }
    }

    async fn apply(&self, next: Config, hosts: HashMap<String, SocketAddr>) -> EditReport {
        let before = self.live.get();
        let change = before.config.change(next);
        let config = Arc::new(change.config);
        // First everything that may fail, then the swap.
        let client = match Client::new(net_settings(&config, hosts)) {
            Ok(client) => client,
            Err(error) => return self.reject(vec![error.to_string()]),
        };
        let enricher = if config.theme_words == before.config.theme_words {
            Arc::clone(&before.enricher)
        } else {
            let words = config.theme_words.clone();
            match tokio::task::spawn_blocking(move || Enricher::new(&words)).await {
                Ok(Ok(enricher)) => Arc::new(enricher),
                Ok(Err(error)) => return self.reject(vec![error.to_string()]),
                Err(error) => return self.reject(vec![error.to_string()]),
            }
        };
        self.fetcher.apply(client, fetch_settings(&config));
        // The folder is the same, or the change would have been left for a restart.
        self.archive.adjust(&archive_settings(&config));
        let named: HashSet<_> = config.sources.iter().filter_map(|source| source.url.host_str()).collect();
        self.fetcher.network().expect(named.len());
        self.live.set(InForce { config: Arc::clone(&config), enricher });
        if let Some(front) = &self.front {
            front.renew(&config, bot(&config)).await;
        }
        let changed = if change.changed.is_empty() { "nothing".to_owned() } else { change.changed.join(", ") };
        tracing::info!(%changed, "the edited configuration is in force");
        for key in &change.needs_restart {
            tracing::warn!("{key} was edited, too: that waits for a restart");
        }
        let state = if change.needs_restart.is_empty() { Edit::Applied } else { Edit::NeedsRestart };
        EditReport { state, since: self.clock.now(), mistakes: Vec::new(), needs_restart: change.needs_restart }
    }
}
