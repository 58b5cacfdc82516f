//! `depeche profile`: selectors for a site, proposed from a listing and two of its articles, tried on them, and ready to
//! paste into the configuration. It asks the site as politely as a crawl does, and stores nothing.

use std::collections::HashMap;
use std::io::{self, Write};

use serde_json::json;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::out::{Out, say};
use super::preview::{ask, today};
use super::{Exit, WRONG_USE, unsigned_configuration};
use crate::cli::ProfileArgs;
use crate::clock::Clock;
use crate::daemon;
use crate::extract::{self, PageInput, ProfileRules, Proposal};
use crate::store::Store;

/// Runs it.
pub(super) async fn run(args: ProfileArgs) -> Exit {
    let config = match unsigned_configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let mut urls = Vec::with_capacity(args.urls.len());
    for text in &args.urls {
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => urls.push(url),
            _ => {
                say(format_args!("unable to use {text:?}: write the whole address, with http or https"));
                return Ok(WRONG_USE);
            }
        }
    }
    let line =
        daemon::line(&config, Store::memory(), HashMap::new(), Clock::system(), CancellationToken::new()).await?;
    let mut pages = Vec::with_capacity(urls.len());
    for url in &urls {
        match ask(&line, url).await {
            Ok(page) => pages.push(page),
            Err(why) => {
                say(why);
                return Ok(1);
            }
        }
    }
    let latest = Some(today(&line));
    let inputs: Vec<(Url, PageInput<'_>)> = urls
        .iter()
        .zip(&pages)
        .map(|(linked, page)| {
            let content_language = page.content_language.as_deref();
            (
                linked.clone(),
                PageInput {
                    url: &page.url,
                    html: &page.text,
                    content_language,
                    source_language: None,
                    latest,
                    memory: None,
                },
            )
        })
        .collect();
    let name = args.name.unwrap_or_else(|| by_host(&urls[0]));
    let proposal = match extract::propose(&name, &inputs[0].1, &inputs[1..]) {
        Ok(proposal) => proposal,
        Err(error) => {
            say(error);
            return Ok(1);
        }
    };
    if args.json {
        let trial = json!({"listing": proposal.listing, "articles": proposal.articles});
        writeln!(
            Out::new(),
            "{}",
            json!({"profile": keys(&proposal.rules), "remove": proposal.rules.remove, "trial": trial})
        )?;
    } else {
        print(&proposal, &urls[0])?;
    }
    if !proposal.listing.told {
        say("unable to tell the cards of the listing: it does not link two of the articles; name two that it shows");
        return Ok(1);
    }
    Ok(0)
}

/// `kenya.iom.int` becomes `kenya-iom-int`.
fn by_host(url: &Url) -> String {
    url.host_str().unwrap_or("site").trim_start_matches("www.").replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

/// The keys that were told, in the order in which a profile is written.
fn keys(rules: &ProfileRules) -> serde_json::Map<String, serde_json::Value> {
    let all = [
        ("listing.container", &rules.container),
        ("listing.item", &rules.item),
        ("listing.link", &rules.link),
        ("listing.title", &rules.title),
        ("listing.date", &rules.date),
        ("listing.next", &rules.next),
        ("article.title", &rules.article_title),
        ("article.body", &rules.article_body),
        ("article.date", &rules.article_date),
        ("article.image", &rules.article_image),
    ];
    all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json!(value.as_ref()?)))).collect()
}

fn print(proposal: &Proposal, listing: &Url) -> io::Result<()> {
    let mut out = Out::new();
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let rules = &proposal.rules;
    let trial = &proposal.listing;
    writeln!(
        out,
        "# {} cards on the listing, {} articles, {} with a date.",
        trial.items, trial.candidates, trial.dated
    )?;
    for article in &proposal.articles {
        let published = article.published.as_deref().unwrap_or("no date");
        let by = if article.by_profile { "by these selectors" } else { "by the generic rules: the body was not told" };
        writeln!(
            out,
            "# {}: {:?}, {published}, {} words {by} ({} by the generic rules).",
            article.url, article.title, article.words, article.words_of_generic
        )?;
    }
    writeln!(out, "# What is left out could not be told, or needs no selector. Look at it with `depeche preview`.\n")?;
    writeln!(out, "[[profile]]\nname = {}", quoted(&rules.name))?;
    for (key, value) in keys(rules) {
        writeln!(out, "{key} = {}", quoted(value.as_str().unwrap_or_default()))?;
    }
    if !rules.remove.is_empty() {
        let list: Vec<String> = rules.remove.iter().map(|text| quoted(text)).collect();
        writeln!(out, "article.remove = [{}]", list.join(", "))?;
    }
    writeln!(
        out,
        "\n[[source]]\nid = {}\nname = {}\nurl = {}\nprofile = {}",
        quoted(&rules.name),
        quoted(listing.host_str().unwrap_or_default()),
        quoted(listing.as_str()),
        quoted(&rules.name)
    )
}
