//! The configuration in force, and how the last edit of its file went. Whoever asks gets the current one and keeps it for
//! as long as the work in hand lasts. It reads no file; the daemon's reload does.

use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use regex::Regex;
use serde::Serialize;

use super::Config;
use crate::enrich::Enricher;

/// What is built from a configuration once and used by every round.
#[derive(Clone)]
pub struct InForce {
    /// The settings.
    pub config: Arc<Config>,
    /// The classifier with this configuration's words.
    pub enricher: Arc<Enricher>,
}

/// How the last edit went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// All of it is in force.
    Applied,
    /// It is in force but for what needs a restart.
    NeedsRestart,
    /// It has mistakes: the configuration before it is in force.
    Rejected,
}

impl Edit {
    /// As it is written in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Edit::Applied => "applied",
            Edit::NeedsRestart => "needs_restart",
            Edit::Rejected => "rejected",
        }
    }
}

/// How the last edit went, for health.
#[derive(Debug, Clone, Serialize)]
pub struct EditReport {
    /// How.
    pub state: Edit,
    /// When it was read.
    pub since: Timestamp,
    /// Every mistake of a rejected edit, `file:line:column: what`.
    pub mistakes: Vec<String>,
    /// The keys whose new values wait for a restart.
    pub needs_restart: Vec<String>,
}

impl EditReport {
    /// A configuration that stands as it was written.
    pub fn applied(since: Timestamp) -> EditReport {
        EditReport { state: Edit::Applied, since, mistakes: Vec::new(), needs_restart: Vec::new() }
    }

    /// For readers who need not be the admin: an address in a mistake may carry a password or a token, so only its host
    /// is shown.
    pub fn without_addresses(&self) -> EditReport {
        let mistakes = self.mistakes.iter().map(|text| hosts_only(text)).collect();
        EditReport { mistakes, ..self.clone() }
    }
}

/// Cuts every address in a text down to its scheme and host.
pub fn hosts_only(text: &str) -> String {
    #[allow(clippy::unwrap_used, reason = "the pattern is constant and tested")]
    static ADDRESS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"\b([a-zA-Z][a-zA-Z0-9+.-]*://)(?:[^/\s"'@]*@)?([^/\s"'?#]*)[^\s"']*"#).unwrap());
    ADDRESS.replace_all(text, "$1$2/…").into_owned()
}

/// The configuration in force. Cloning it shares it.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

struct Inner {
    now: ArcSwap<InForce>,
    edit: ArcSwap<EditReport>,
}

impl Live {
    /// Puts a configuration into force.
    pub fn new(config: Arc<Config>, enricher: Arc<Enricher>, at: Timestamp) -> Live {
        let (now, edit) = (InForce { config, enricher }, EditReport::applied(at));
        Live(Arc::new(Inner { now: ArcSwap::from_pointee(now), edit: ArcSwap::from_pointee(edit) }))
    }

    /// The current one.
    pub fn get(&self) -> Arc<InForce> {
        self.0.now.load_full()
    }

    /// Puts another in its place.
    pub fn set(&self, next: InForce) {
        self.0.now.store(Arc::new(next));
    }

    /// How the last edit went.
    pub fn edit(&self) -> Arc<EditReport> {
        self.0.edit.load_full()
    }

    /// Notes how an edit went.
    pub fn note(&self, report: EditReport) {
        self.0.edit.store(Arc::new(report));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_their_host_alone() {
        for (text, want) in [
            (r#"unable to use "postgres://me:pw@db.example/d" as"#, r#"unable to use "postgres://db.example/…" as"#),
            ("see https://hooks.example/T0/B0/secret?x=1 now", "see https://hooks.example/… now"),
            (r#"unable to use "ftp://a:b@c": x"#, r#"unable to use "ftp://c/…": x"#),
            ("config.toml:3:1: unknown key \"evry\"", "config.toml:3:1: unknown key \"evry\""),
        ] {
            assert_eq!(hosts_only(text), want);
        }
    }
}
