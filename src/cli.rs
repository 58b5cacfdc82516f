//! The command line: clap types only. What they mean is in [`crate::commands`].

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Watches the news pages of IOM / OIM country offices and republishes them as filtered feeds.
#[derive(Debug, Parser)]
#[command(name = "depeche", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Made-up office sites on loopback, the real daemon on them, data in a temporary folder
    Demo(DemoArgs),
    /// Crawl and serve until told to stop
    Run(RunArgs),
    /// One round of the sources now, with a closing table
    Crawl(CrawlArgs),
    /// Every mistake of the configuration, with its place
    Check(ConfigArgs),
    /// One page to one JSON object: title, text, date, language, authors, image
    Extract(ExtractArgs),
    /// Language, countries and themes of texts, as JSON lines
    Enrich(EnrichArgs),
    /// Which texts tell the same story, as JSON lines
    Dedup(DedupArgs),
    /// Print a feed from the store
    Feed(FeedArgs),
    /// Check that the store is whole
    Verify(VerifyArgs),
    /// What the extractor makes of a source or a page; stores nothing
    Preview(PreviewArgs),
    /// A profile for a site, proposed from a listing and two of its articles
    Profile(ProfileArgs),
    /// The state of every source, and why
    Sources(SourcesArgs),
    /// The whole store to one file
    Export(ExportArgs),
    /// A file of `export` into an empty store
    Import(ImportArgs),
    /// Make stored articles again from their archived pages, under the rules of now
    Reprocess(ReprocessArgs),
    /// Take an article and its copies down for ever
    Withdraw(WithdrawArgs),
    /// Write a configuration to begin with
    Init(InitArgs),
}

/// Where the configuration is.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "config.toml")]
    pub config: PathBuf,
}

/// `depeche demo`
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where to serve
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// One full round, print what was stored, exit
    #[arg(long)]
    pub once: bool,
}

/// `depeche run`
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub config: ConfigArgs,
    /// What this process does
    #[arg(long, value_enum, default_value_t = RoleArg::All)]
    pub role: RoleArg,
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    /// Crawls and serves.
    All,
    /// Crawls only.
    Crawl,
    /// Serves only.
    Serve,
}

/// `depeche crawl`
#[derive(Debug, Args)]
pub struct CrawlArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub config: ConfigArgs,
    /// Only this source; may be repeated
    #[arg(long, value_name = "ID")]
    pub source: Vec<String>,
    /// The table as JSON
    #[arg(long)]
    pub json: bool,
}

/// `depeche extract`
#[derive(Debug, Args)]
pub struct ExtractArgs {
    /// The page; `-` is standard input
    #[arg(default_value = "-")]
    pub file: PathBuf,
    /// The address the page came from
    #[arg(long, required_unless_present = "jsonl")]
    pub url: Option<String>,
    /// Read lines {id, path, url} from standard input instead
    #[arg(long)]
    pub jsonl: bool,
}

/// `depeche enrich`
#[derive(Debug, Args)]
pub struct EnrichArgs {
    /// Read lines {id, title?, text, url?, source_country?} from standard input; there is no other form
    #[arg(long)]
    pub jsonl: bool,
    /// Add the evidence for every tag, and for what is no news
    #[arg(long)]
    pub explain: bool,
    /// Add the themes of this configuration, or put them in place of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `depeche dedup`
#[derive(Debug, Args)]
pub struct DedupArgs {
    /// Read lines {id, url?, title, text, language?, published?, countries?} from standard input, in order; there is no
    /// other form
    #[arg(long)]
    pub jsonl: bool,
}

/// `depeche feed`
#[derive(Debug, Args)]
pub struct FeedArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub config: ConfigArgs,
    /// The filters, as in a feed's address, such as 'country=HTI&lang=fr'
    #[arg(default_value = "")]
    pub query: String,
    /// The format
    #[arg(long, value_enum, default_value_t = FormatArg::Atom)]
    pub format: FormatArg,
}

/// A feed format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// RSS 2.0.
    Rss,
    /// Atom 1.0.
    Atom,
    /// JSON Feed 1.1.
    Json,
}

/// `depeche verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub config: ConfigArgs,
    /// Put right first what can be derived from the articles: keys, stories, the log
    #[arg(long)]
    pub repair: bool,
    /// The report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `depeche preview`
#[derive(Debug, Args)]
pub struct PreviewArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub config: ConfigArgs,
    /// A source's id, or the address of an article
    #[arg(value_name = "SOURCE|URL")]
    pub target: String,
    /// All of it as JSON
    #[arg(long)]
    pub json: bool,
}

/// `depeche profile`
#[derive(Debug, Args)]
pub struct ProfileArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub config: ConfigArgs,
    /// The address of the listing, then those of two or more articles that it shows
    #[arg(value_name = "URL", num_args = 3.., required = true)]
    pub urls: Vec<String>,
    /// What the profile is called; left out: by the host
    #[arg(long)]
    pub name: Option<String>,
    /// The proposal and its trial as JSON
    #[arg(long)]
    pub json: bool,
}

/// `depeche sources`
#[derive(Debug, Args)]
pub struct SourcesArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub config: ConfigArgs,
    /// The table as JSON
    #[arg(long)]
    pub json: bool,
}

/// `depeche export`
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub config: ConfigArgs,
    /// The file; `-` is standard output; left out: a new file beside the store
    pub file: Option<PathBuf>,
    /// The report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `depeche import`
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub config: ConfigArgs,
    /// The file; `-` is standard input
    pub file: PathBuf,
    /// The report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `depeche reprocess`
#[derive(Debug, Args)]
pub struct ReprocessArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub config: ConfigArgs,
    /// Only articles of this source; may be repeated
    #[arg(long, value_name = "ID")]
    pub source: Vec<String>,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Form the stories anew, too: articles may leave or join one
    #[arg(long, conflicts_with = "source")]
    pub stories: bool,
    /// The report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `depeche withdraw`
#[derive(Debug, Args)]
pub struct WithdrawArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub config: ConfigArgs,
    /// The address of the article
    pub url: String,
    /// Remove its text and its former texts, too
    #[arg(long)]
    pub erase: bool,
    /// Let a withdrawn address in again
    #[arg(long, conflicts_with = "erase")]
    pub lift: bool,
    /// The report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `depeche init`
#[derive(Debug, Args)]
pub struct InitArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub config: ConfigArgs,
    /// One example source instead of every IOM office
    #[arg(long)]
    pub blank: bool,
}
