//! `depeche preview`: what the production extractor makes of a source or a page, and what its selectors match.
//! It asks the site as politely as a crawl does, and stores nothing.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::out::{Out, say};
use super::{Exit, WRONG_USE, unsigned_configuration};
use crate::article::ExtractedBy;
use crate::cli::PreviewArgs;
use crate::clock::Clock;
use crate::config::{Config, Kind, Source, StorePlace};
use crate::daemon;
use crate::desk::{self, Reply, Request};
use crate::enrich::Input;
use crate::extract::{self, HostMemory, Listing, PageInput, Sitemap};
use crate::fetch::{self, Fetched, Page, Validators};
use crate::pipeline::Line;
use crate::store::Store;

/// Candidates that are shown.
const SHOWN: usize = 12;

/// Runs it.
pub(super) async fn run(args: PreviewArgs) -> Exit {
    let config = match unsigned_configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let line =
        daemon::line(&config, Store::memory(), HashMap::new(), Clock::system(), CancellationToken::new()).await?;
    let StorePlace::Sled(store) = &config.store;
    let mut shown = Shown::default();
    let done = match config.source(&args.target) {
        Some(source) => whole(&line, store, source, &mut shown).await,
        None => match Url::parse(&args.target) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                let source = of_host(&config, &url);
                shown.say("source", source.map_or("none of the configuration", |s| s.id.as_str()));
                page(&line, store, source.map(Arc::as_ref), &url, &mut shown).await
            }
            _ => {
                let known: Vec<&str> = config.sources.iter().map(|s| s.id.as_str()).collect();
                say(format_args!(
                    "unable to preview {:?}: it is neither a source nor an address; sources are: {}",
                    args.target,
                    known.join(", ")
                ));
                return Ok(WRONG_USE);
            }
        },
    };
    if args.json {
        writeln!(Out::new(), "{}", Value::Object(shown.json))?;
    } else {
        write!(Out::new(), "{}", shown.text)?;
    }
    if let Err(why) = done {
        say(why);
        return Ok(1);
    }
    Ok(0)
}

/// What was found, for people and for scripts.
#[derive(Default)]
struct Shown {
    text: String,
    json: serde_json::Map<String, Value>,
}

impl Shown {
    fn say(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        let shown = match &value {
            Value::String(text) => text.clone(),
            Value::Null => "none".to_owned(),
            other => other.to_string(),
        };
        writeln!(self.text, "{name:18} {shown}").ok();
        self.json.insert(name.to_owned(), value);
    }

    fn list(&mut self, name: &str, rows: Vec<(String, Value)>) {
        writeln!(self.text, "{name}").ok();
        for (row, _) in &rows {
            writeln!(self.text, "    {row}").ok();
        }
        self.json.insert(name.to_owned(), rows.into_iter().map(|(_, value)| value).collect());
    }
}

fn of_host<'a>(config: &'a Config, url: &Url) -> Option<&'a Arc<Source>> {
    let bare = |url: &Url| url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
    let own: Vec<&Arc<Source>> = config.sources.iter().filter(|s| bare(&s.url) == bare(url)).collect();
    // Of two sources on one host, the one whose listing is nearer in the path.
    own.into_iter().max_by_key(|s| s.url.path().bytes().zip(url.path().bytes()).take_while(|(a, b)| a == b).count())
}

async fn whole(line: &Line, store: &Path, source: &Source, shown: &mut Shown) -> Result<(), String> {
    shown.say("source", source.id.as_str());
    shown.say("kind", source.kind.name());
    shown.say("listing", source.url.as_str());
    let page_of_listing = ask(line, &source.url).await?;
    let input = input(line, source, &page_of_listing);
    let profile = source.profile.as_deref();
    let listing: Listing = match source.kind {
        Kind::Html => {
            if let Some(profile) = profile {
                let probes = extract::probe_listing(&input, profile).map_err(|e| e.to_string())?;
                shown.list("listing selectors", probes.iter().map(row).collect());
            }
            extract::listing(&input, profile).map_err(|e| e.to_string())?
        }
        Kind::Feed => {
            let order = profile.map(|p| p.rules().date_order).unwrap_or_default();
            extract::feed(&input, order).map_err(|e| e.to_string())?
        }
        Kind::Sitemap => match extract::sitemap(&input, &page_of_listing.bytes).map_err(|e| e.to_string())? {
            Sitemap::Pages(candidates) => Listing::of(candidates),
            Sitemap::Index(parts) => {
                let rows = parts.iter().map(|(url, _)| (url.to_string(), json!(url))).collect();
                shown.list("parts of the sitemap", rows);
                return Ok(());
            }
        },
    };
    shown.say("container", format!("{:?}", listing.container).to_lowercase());
    shown.say("items", listing.items_matched);
    if listing.cut {
        shown.say("cut off", "the feed ends before its end; what came whole is shown");
    }
    shown.say("candidates", listing.candidates.len());
    // What a profile found needs no other reading.
    if listing.left_out != extract::LeftOut::default() {
        shown.say("left out", listing.left_out.to_string());
    }
    shown.say("next page", listing.next.as_ref().map(Url::to_string));
    let rows = listing.candidates.iter().take(SHOWN).map(|c| {
        let date = c.date.as_ref().map_or_else(|| "no date".to_owned(), |d| d.to_rfc3339());
        (format!("{date:12} {} – {}", c.url, c.title), json!({"url": c.url, "title": c.title, "date": c.date}))
    });
    shown.list("first candidates", rows.collect());
    match listing.candidates.iter().find(|c| c.has_page) {
        Some(first) => page(line, store, Some(source), &first.url, shown).await,
        None => Err(format!("unable to go on: the listing {} gives no page to look at{}", source.url, why(&listing))),
    }
}

/// What was there instead of a list, where the generic rules looked for one.
fn why(listing: &Listing) -> String {
    match listing {
        Listing { needs_javascript: true, .. } => ": it needs JavaScript, which is not run".to_owned(),
        Listing { left_out, .. } if *left_out != extract::LeftOut::default() => format!(": {left_out}"),
        _ => String::new(),
    }
}

async fn page(line: &Line, store: &Path, source: Option<&Source>, url: &Url, shown: &mut Shown) -> Result<(), String> {
    let page = ask(line, url).await?;
    shown.say("article", page.url.as_str());
    shown.say("charset", page.charset);
    let memory = match source.filter(|source| fetch::host_key(&source.url) == fetch::host_key(&page.url)) {
        Some(_) => asked_of_daemon(store, &page.url).await,
        None => Err("the page is of no source's own site".to_owned()),
    };
    shown.say(
        "site's memory",
        match memory.as_ref().map(HostMemory::size) {
            Ok((shared, all)) => format!("{shared} blocks of several pages, of {all}"),
            Err(why) => format!("none: {why}"),
        },
    );
    let memory = memory.as_ref().ok();
    let blank = PageInput {
        url: &page.url,
        html: &page.text,
        content_language: page.content_language.as_deref(),
        source_language: None,
        latest: Some(today(line)),
        memory,
    };
    let input = source.map_or(blank, |source| PageInput { memory, ..input(line, source, &page) });
    let profile = source.and_then(|s| s.profile.as_deref());
    if let Some(profile) = profile {
        let probes = extract::probe_article(&input, profile).map_err(|e| e.to_string())?;
        shown.list("article selectors", probes.iter().map(row).collect());
    }
    let raw = extract::article(&input, profile).map_err(|e| e.to_string())?;
    let judged = line.enricher.enrich(&Input {
        title: &raw.title,
        text: &raw.text,
        declared: raw.declared,
        source_country: source.and_then(|s| s.country),
    });
    shown.say("read by", json!(raw.by));
    shown.say("kind of page", json!(raw.kind));
    shown.say("title", raw.title.as_str());
    shown.say("published", raw.published.as_ref().map(|d| format!("{} ({})", d.to_rfc3339(), d.from)));
    shown.say("authors", json!(raw.authors));
    shown.say("image", raw.image.as_ref().map(|i| i.url.to_string()));
    shown.say(
        "language",
        format!(
            "{} ({} %; {})",
            judged.language.language,
            judged.language.confidence,
            judged.language.evidence.join(", ")
        ),
    );
    shown.say("countries", json!(judged.countries.iter().map(|t| t.country).collect::<Vec<_>>()));
    shown.say("themes", json!(judged.themes.iter().map(|t| &t.theme).collect::<Vec<_>>()));
    shown.say("news", judged.news);
    shown.say("contact", raw.contact.clone());
    shown.say("credit", raw.credit.clone());
    shown.say("summary", raw.summary.as_str());
    shown.list("text", raw.text.lines().map(|line| (line.to_owned(), json!(line))).collect());
    let rivals = extract::rivals(&input, profile, &raw).map_err(|e| e.to_string())?;
    let rows = rivals.iter().map(|rival| {
        let mark = if rival.won { "won" } else { "" };
        (format!("{:10} {mark:4} {:28} {}", rival.field, rival.signal, rival.value), json!(rival))
    });
    shown.list("signals", rows.collect());
    let dropped = match profile.filter(|_| matches!(raw.by, ExtractedBy::Profile(_))) {
        Some(profile) => extract::dropped(&input, profile, &raw),
        None => extract::left_out(&input, &raw),
    };
    let dropped = dropped.map_err(|e| e.to_string())?;
    shown.list("dropped", dropped.iter().map(|d| (format!("{} ({})", d.line, d.why), json!(d))).collect());
    Ok(())
}

/// What the daemon that holds the store remembers of a page's site, or why nothing is known of it.
async fn asked_of_daemon(store: &Path, page: &Url) -> Result<HostMemory, String> {
    let request = Request::Site { host: fetch::host_key(page) };
    let asked = desk::forward(store, &request).await.map_err(|error| error.to_string())?;
    let Some(mut replies) = asked else { return Err("no daemon holds this store".to_owned()) };
    match replies.recv().await {
        Some(Reply::Site(memory)) => Ok(memory),
        Some(Reply::Failed(why) | Reply::Refused(why)) => Err(why),
        _ => Err("the daemon gave no answer".to_owned()),
    }
}

fn row(probe: &extract::Probe) -> (String, Value) {
    (format!("{:18} {:>4} x  {}  {}", probe.key, probe.matches, probe.selector, probe.sample), json!(probe))
}

pub(super) fn today(line: &Line) -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(line.clock.now()).date()
}

fn input<'a>(line: &Line, source: &Source, page: &'a Page) -> PageInput<'a> {
    PageInput {
        url: &page.url,
        html: &page.text,
        content_language: page.content_language.as_deref(),
        source_language: source.language,
        latest: Some(today(line)),
        memory: None,
    }
}

pub(super) async fn ask(line: &Line, url: &Url) -> Result<Box<Page>, String> {
    match line.fetcher.fetch(url, &Validators::default()).await {
        Ok(Fetched::Page(page)) => Ok(page),
        Ok(Fetched::Gone { status }) => Err(format!("unable to preview {url}: the site answers {status}")),
        Ok(Fetched::NotModified) => {
            Err(format!("unable to preview {url}: the site answers 304 to an unconditional request"))
        }
        Err(error) => Err(error.to_string()),
    }
}
