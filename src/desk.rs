//! The desk: work that an admin asks of a store, done by whoever holds it. A command that finds the store free works at
//! a desk of its own; else it asks the daemon's over a Unix socket in the store's folder, readable by its owner alone.
//! It never opens a store itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use url::Url;
use uuid::Uuid;

use crate::config::{Config, Live, Source, StorePlace};
use crate::edition::{Asked, Edition, Issue, Words};
use crate::extract::HostMemory;
use crate::pipeline::{self, Line, Reprocessed, Round, Step, Wanted, Withdrawal};
use crate::publish::{self, Format};
use crate::store::{self, ExportReport, SourceState, StoreError, VerifyReport};

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// One round now; of every source, where none is named.
    Crawl {
        /// Ids.
        sources: Vec<String>,
    },
    /// A feed.
    Feed {
        /// As in a feed's address.
        query: String,
        /// Its format.
        format: Format,
    },
    /// The state of every source.
    Sources,
    /// What is remembered of a site.
    Site {
        /// Its host, as [`crate::fetch::host_key`] gives it.
        host: String,
    },
    /// Everything into a file.
    Export {
        /// Absolute.
        path: PathBuf,
    },
    /// Is the store whole?
    Verify {
        /// Put right first what can be.
        #[serde(default)]
        repair: bool,
    },
    /// Make stored articles again from their archived pages.
    Reprocess(Wanted),
    /// Take an address down, or let it in again.
    Withdraw {
        /// The address.
        url: Url,
        /// The text, too.
        erase: bool,
        /// Let it in again instead.
        lift: bool,
    },
}

/// What comes of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Progress; the answer is still to come.
    Step(Step),
    /// Rounds, in the order of the sources.
    Crawled(Vec<Checked>),
    /// A feed.
    Feed(String),
    /// States.
    Sources(Vec<SourceRow>),
    /// What is remembered of a site.
    Site(HostMemory),
    /// An export.
    Exported(ExportReport),
    /// A check.
    Verified(VerifyReport),
    /// Articles made again.
    Reprocessed(Reprocessed),
    /// A withdrawal.
    Withdrawn(Withdrawal),
    /// It was asked wrongly.
    Refused(String),
    /// It could not be done.
    Failed(String),
}

/// A source's round.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checked {
    /// Which.
    pub source: String,
    /// None where another process was at it all the time.
    pub round: Option<Round>,
    /// Why the store failed it.
    pub error: Option<String>,
}

/// A source's state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourceRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its listing.
    pub url: String,
    /// What is remembered of it.
    #[serde(flatten)]
    pub state: SourceState,
}

/// The socket's name in the store's folder.
const SOCKET: &str = "desk.sock";

/// A desk with a store on it.
#[derive(Clone)]
pub struct Desk {
    config: Arc<Config>,
    line: Line,
    edition: Option<Arc<Edition>>,
    /// The daemon's, whose configuration may be edited.
    live: Option<Live>,
}

impl Desk {
    /// A desk. `edition` is one that is followed already; without it the first feed builds one.
    pub fn new(config: Arc<Config>, line: Line, edition: Option<Arc<Edition>>) -> Desk {
        // A lease of its own: a round asked for here must not slip into one that the daemon has in hand.
        Desk { config, line: Line { holder: Uuid::new_v4(), ..line }, edition, live: None }
    }

    /// A desk of a daemon: each request is answered under the configuration in force.
    pub fn live(live: Live, line: Line, edition: Option<Arc<Edition>>) -> Desk {
        Desk { live: Some(live.clone()), ..Desk::new(Arc::clone(&live.get().config), line, edition) }
    }

    /// This desk as it is now.
    fn today(&self) -> Desk {
        let Some(live) = &self.live else { return self.clone() };
        let now = live.get();
        let edition = self.edition.as_ref().map(|edition| Arc::new(edition.under(&now.config)));
        let line = Line { enricher: Arc::clone(&now.enricher), ..self.line.clone() };
        Desk { config: Arc::clone(&now.config), line, edition, live: None }
    }

    /// Does what is asked, telling each step.
    pub async fn answer(&self, request: Request, tell: UnboundedSender<Step>) -> Reply {
        match self.today().work(request, tell).await {
            Ok(reply) => reply,
            Err(error) => Reply::Failed(error.to_string()),
        }
    }

    async fn work(&self, request: Request, tell: UnboundedSender<Step>) -> Result<Reply, StoreError> {
        match request {
            Request::Crawl { sources } => self.crawl(&sources, tell).await,
            Request::Feed { query, format } => self.feed(&query, format).await,
            Request::Sources => {
                let mut rows = Vec::new();
                for source in &self.config.sources {
                    let state = self.line.store.source(&source.id).await?.unwrap_or_default();
                    rows.push(SourceRow {
                        id: source.id.to_string(),
                        name: source.name.clone(),
                        url: source.url.to_string(),
                        state: SourceState { candidates: Vec::new(), ..state },
                    });
                }
                Ok(Reply::Sources(rows))
            }
            Request::Site { host } => Ok(Reply::Site(pipeline::remembered(&self.line.store, &host).await?)),
            Request::Export { path } => Ok(Reply::Exported(self.line.store.export(&path).await?)),
            Request::Verify { repair } => self.verify(repair).await.map(Reply::Verified),
            Request::Reprocess(wanted) => self.reprocess(&wanted, tell).await,
            Request::Withdraw { url, erase, lift: false } => self.withdraw(&url, erase).await.map(Reply::Withdrawn),
            Request::Withdraw { url, lift: true, .. } => {
                Ok(Reply::Withdrawn(self.line.lift(&url, &self.config.sources).await?))
            }
        }
    }

    async fn verify(&self, repair: bool) -> Result<VerifyReport, StoreError> {
        let repaired = if repair { self.line.store.repair().await? } else { Vec::new() };
        if let Some(edition) = self.edition.as_ref().filter(|_| !repaired.is_empty()) {
            edition.follow().await?;
        }
        Ok(VerifyReport { repaired, ..self.line.store.verify().await? })
    }

    /// Once this answers, no exit has it any more.
    async fn withdraw(&self, url: &Url, erase: bool) -> Result<Withdrawal, StoreError> {
        let mut report = self.line.withdraw(url, erase, &self.config.sources).await?;
        if erase {
            let StorePlace::Sled(folder) = &self.config.store;
            // The engine's own files hold deleted texts until their place is used again.
            self.line.store.ask_compaction().await?;
            self.line.erase_in_exports(&store::exports_of(folder), &mut report).await;
            report.left.extend(store::broken_copies_of(folder).into_iter().map(|copy| {
                format!("the broken store {} was set aside; delete it once it is of no use", copy.display())
            }));
        }
        if let Some(edition) = &self.edition {
            edition.follow().await?;
        }
        if erase && let Err(error) = self.edition().clean_words().await {
            report.left.push(error.to_string());
        }
        Ok(report)
    }

    async fn crawl(&self, wanted: &[String], tell: UnboundedSender<Step>) -> Result<Reply, StoreError> {
        if let Some(unknown) = wanted.iter().find(|id| self.config.source(id).is_none()) {
            let known: Vec<&str> = self.config.sources.iter().map(|s| s.id.as_str()).collect();
            let text = format!("unable to crawl {unknown:?}: no such source; there are: {}", known.join(", "));
            return Ok(Reply::Refused(text));
        }
        let chosen = |s: &&Arc<Source>| wanted.is_empty() || wanted.iter().any(|id| id == s.id.as_str());
        let sources: Vec<Arc<Source>> = self.config.sources.iter().filter(chosen).cloned().collect();
        let line = Line { progress: Some(tell), ..self.line.clone() };
        let rounds = line.check_all(&sources, &self.config.crawl).await;
        self.line.store.flush().await?;
        let checked = rounds.into_iter().map(|(source, round)| {
            let (round, error) = match round {
                Ok(round) => (round, None),
                Err(error) => (None, Some(error.to_string())),
            };
            Checked { source: source.id.to_string(), round, error }
        });
        Ok(Reply::Crawled(checked.collect()))
    }

    async fn reprocess(&self, wanted: &Wanted, tell: UnboundedSender<Step>) -> Result<Reply, StoreError> {
        // Articles outlive their source's place in the configuration.
        let borne = self.line.store.names().await?;
        let known = |id: &String| self.config.source(id).is_some() || borne.contains(&format!("source:{id}"));
        if let Some(unknown) = wanted.sources.iter().find(|id| !known(id)) {
            let ids: Vec<&str> = self.config.sources.iter().map(|s| s.id.as_str()).collect();
            let text = format!("unable to reprocess {unknown:?}: no such source; there are: {}", ids.join(", "));
            return Ok(Reply::Refused(text));
        }
        let line = Line { progress: Some(tell), ..self.line.clone() };
        Ok(Reply::Reprocessed(line.reprocess(&self.config.sources, wanted).await?))
    }

    /// The daemon's edition, or one of this desk's own.
    fn edition(&self) -> Arc<Edition> {
        self.edition.clone().unwrap_or_else(|| {
            let StorePlace::Sled(folder) = &self.config.store;
            let words = Words::of(&self.line.store, folder);
            Arc::new(Edition::new(self.line.store.clone(), &self.config).with(words))
        })
    }

    async fn feed(&self, query: &str, format: Format) -> Result<Reply, StoreError> {
        let edition = self.edition();
        edition.follow().await?;
        let mut asked = match Asked::parse(query.trim_start_matches('?'), &edition.vocabulary()) {
            Ok(asked) => asked,
            Err(error) => return Ok(Reply::Refused(error.to_string())),
        };
        let feed = loop {
            match edition.feed(&asked, format).await {
                Ok(Issue::Feed(feed, _)) => break feed,
                Ok(Issue::Moved(now)) => asked = *now,
                Err(error) => return Ok(Reply::Failed(error.to_string())),
            }
        };
        Ok(match publish::render(&feed, format) {
            Ok(bytes) => Reply::Feed(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => Reply::Failed(error.to_string()),
        })
    }

    /// Answers at the socket in the store's folder until the line is stopped.
    pub async fn serve(self, folder: PathBuf) {
        let path = folder.join(SOCKET);
        let listener = match listen(&path) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(socket = %path.display(), %error, "no socket: other commands cannot use the store while this runs");
                return;
            }
        };
        loop {
            let connection = tokio::select! {
                connection = listener.accept() => connection,
                () = self.line.stop.cancelled() => break,
            };
            let Ok((stream, _)) = connection else { continue };
            let desk = self.clone();
            tokio::spawn(async move {
                if let Err(error) = desk.converse(stream).await {
                    tracing::debug!(%error, "a command left before its answer");
                }
            });
        }
        // It only saves the next command an attempt.
        std::fs::remove_file(&path).ok();
    }

    async fn converse(&self, mut stream: UnixStream) -> std::io::Result<()> {
        let (read, mut write) = stream.split();
        let mut line = String::new();
        BufReader::new(read).read_line(&mut line).await?;
        let (tell, mut steps) = unbounded_channel();
        let work = async {
            match serde_json::from_str(&line) {
                Ok(request) => self.answer(request, tell).await,
                Err(error) => Reply::Refused(format!("unable to read the request: {error}")),
            }
        };
        tokio::pin!(work);
        let reply = loop {
            tokio::select! {
                Some(step) = steps.recv() => say(&mut write, &Reply::Step(step)).await?,
                reply = &mut work => break reply,
            }
        };
        while let Ok(step) = steps.try_recv() {
            say(&mut write, &Reply::Step(step)).await?;
        }
        say(&mut write, &reply).await
    }
}

async fn say(to: &mut (impl AsyncWriteExt + Unpin), reply: &Reply) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    to.write_all(&line).await?;
    to.flush().await
}

/// Nobody else may connect at any moment, so the socket gets its mode before it gets its name.
fn listen(path: &Path) -> std::io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt;
    let fresh = path.with_extension("new");
    for old in [path, &fresh] {
        // Left by a process that was killed: whoever holds the store owns the name.
        std::fs::remove_file(old).ok();
    }
    let listener = UnixListener::bind(&fresh)?;
    std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&fresh, path)?;
    Ok(listener)
}

/// Asks the desk of the process that holds the store in this folder. `None`: nobody answers there.
pub async fn forward(folder: &Path, request: &Request) -> std::io::Result<Option<UnboundedReceiver<Reply>>> {
    let Ok(mut stream) = UnixStream::connect(folder.join(SOCKET)).await else { return Ok(None) };
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let (tell, replies) = unbounded_channel();
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let reply = serde_json::from_str(&line)
                .unwrap_or_else(|error| Reply::Failed(format!("unable to read the daemon's answer: {error}")));
            if tell.send(reply).is_err() {
                break;
            }
        }
    });
    Ok(Some(replies))
}
