//! The command line: clap types only. What they mean is in [`crate::commands`].

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

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
    /// One page to one JSON object: title, text, date, language, authors, image
    Extract(ExtractArgs),
    /// Language, countries and themes of texts, as JSON lines
    Enrich(EnrichArgs),
    /// Which texts tell the same story, as JSON lines
    Dedup(DedupArgs),
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
    /// Read lines {id, title?, text, url?, source_country?} from standard input
    #[arg(long, required = true)]
    pub jsonl: bool,
    /// Add the evidence for every tag
    #[arg(long)]
    pub explain: bool,
}

/// `depeche dedup`
#[derive(Debug, Args)]
pub struct DedupArgs {
    /// Read lines {id, url?, title, text, language?, published?, countries?} from standard input, in order
    #[arg(long, required = true)]
    pub jsonl: bool,
}
