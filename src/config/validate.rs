//! From what is written to what is meant: defaults, references, ranges. Every mistake is noted, none stops the reading.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use toml::de::DeTable;
use url::Url;

use super::mistake::{Mistakes, suggestion};
use super::profile::{compile, profiles, rules};
use super::raw::{At, Section};
use super::{Archive, Config, Crawl, Kind, Mistake, Server, Source, StorePlace, Upkeep, feed, measure, webhook};
use crate::article::{Country, Language, SourceId, Theme, ThemeSlug, Themes};
use crate::enrich::ThemeWords;
use crate::extract::Profile;
use crate::query::{Body, Vocabulary};

/// `signs` is whether webhooks are to be posted: who posts nothing needs no secrets.
pub(super) fn validate(
    text: &str,
    folder: &Path,
    environment: &[(String, String)],
    signs: bool,
) -> Result<Config, Vec<Mistake>> {
    let mut mistakes = Mistakes::new(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        mistakes.add(&error.span().unwrap_or(0..0), format!("unable to read this as TOML: {}", error.message()));
    }
    let mut root = Section::new("", Some(document.get_ref()), 0..0);
    let m = &mut mistakes;
    let server = server(root.inner("server", m).with_environment(environment), m);
    let (store, upkeep) = store(root.inner("store", m).with_environment(environment), folder, m);
    let archive = archive(root.inner("archive", m).with_environment(environment), folder, &store, m);
    let crawl = crawl(root.inner("crawl", m).with_environment(environment), m);
    let feed = feed::feed(root.inner("feed", m).with_environment(environment), &server.public_url, m);
    let profiles = profiles(root.sections("profile", m), m);
    let (themes, theme_words) = themes(root.sections("theme", m), m);
    let sources = sources(root.sections("source", m), &profiles, &crawl, feed.body, m);
    let known = Vocabulary {
        themes: themes.iter().map(|theme| theme.slug.to_string()).collect(),
        sources: sources.iter().map(|source| source.id.to_string()).collect(),
    };
    let webhooks = webhook::webhooks(root.sections("webhook", m), signs.then_some(environment), &known, m);
    root.close(m);
    let found = mistakes.into_sorted();
    if !found.is_empty() {
        return Err(found);
    }
    Ok(Config { server, store, upkeep, archive, crawl, feed, themes, theme_words, sources, webhooks })
}

fn server(mut section: Section<'_, '_>, m: &mut Mistakes<'_>) -> Server {
    let listen = section.string("listen", m).and_then(|at| read(&at, m, |text| {
        text.parse().map_err(|_| format!("unable to listen on {text:?}: write an address and a port, such as \"127.0.0.1:8080\" or \"[::]:8080\""))
    }));
    let listen = listen.unwrap_or_else(|| std::net::SocketAddr::from(([127, 0, 0, 1], 8080)));
    let public_url = section.string("public_url", m).and_then(|at| read(&at, m, public_url));
    let admin_listen = section.string("admin_listen", m).and_then(|at| {
        let read = read(&at, m, |text| {
            text.parse::<std::net::SocketAddr>().map_err(|_| {
                format!("unable to listen on {text:?}: write an address and a port, such as \"127.0.0.1:8081\"")
            })
        })?;
        if read == listen && read.port() != 0 {
            m.add(
                &at.span,
                format!("unable to listen on {read} twice: server.admin_listen must differ from server.listen"),
            );
        }
        Some(read)
    });
    let proxies = section.strings("trusted_proxies", m);
    let trusted_proxies: Vec<ipnet::IpNet> = proxies.iter().filter_map(|at| read(at, m, network)).collect();
    let per_minute = section.integer("requests_per_minute", m);
    let per_minute = per_minute.and_then(|at| within(&at, 0, 1_000_000, "server.requests_per_minute", m));
    let requests_per_minute = std::num::NonZeroU32::new(per_minute.unwrap_or(600) as u32);
    section.close(m);
    let own = || Url::parse(&format!("http://{listen}/"));
    let fallback = public_url.map_or_else(own, Ok);
    match fallback {
        Ok(public_url) => Server { listen, public_url, admin_listen, trusted_proxies, requests_per_minute },
        Err(error) => {
            m.add(&(0..0), format!("unable to make an address of {listen}: {error}; set server.public_url"));
            let public_url = Url::from_str("http://localhost/").unwrap_or_else(|_| unreachable!());
            Server { listen, public_url, admin_listen, trusted_proxies, requests_per_minute }
        }
    }
}

/// A network, or one address, which is a network of itself.
fn network(text: &str) -> Result<ipnet::IpNet, String> {
    let network = text.parse().or_else(|_| text.parse::<std::net::IpAddr>().map(Into::into));
    network.map_err(|_| {
        format!("unable to use {text:?} as a trusted proxy: write a network, such as \"10.0.0.0/8\", or an address")
    })
}

/// What the paths of pages begin with.
const OWN_PATHS: &[&str] =
    &["about", "admin", "api", "articles", "feed.atom", "feed.json", "feed.rss", "health", "hub", "metrics", "opml"];

fn public_url(text: &str) -> Result<Url, String> {
    // Before an `@` may stand a password: it is not repeated.
    let shown = if text.contains('@') { "…" } else { text };
    let wrong = |why: &str| {
        format!(
            "unable to use {shown:?} as the public address: {why}; write it whole, such as \"https://feeds.example/depeche/\""
        )
    };
    let mut url = Url::parse(text).map_err(|e| wrong(&e.to_string()))?;
    if !matches!(url.scheme(), "http" | "https")
        || url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err(wrong("it must be http or https, with no user, query or fragment"));
    }
    // A proxy may take the path off or leave it; with one of these nobody could tell which.
    let first = url.path_segments().and_then(|mut segments| segments.next()).unwrap_or_default();
    if OWN_PATHS.contains(&first) {
        return Err(wrong(&format!("its path must not begin with {first:?}, which is a page of its own")));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

fn store(mut section: Section<'_, '_>, folder: &Path, m: &mut Mistakes<'_>) -> (StorePlace, Upkeep) {
    let url = section.string("url", m);
    let span = url.as_ref().map_or(0..0, |at| at.span.clone());
    let text = url.map_or_else(|| "sled:data".to_owned(), |at| at.value);
    let floor = section.string("floor", m).and_then(|at| read(&at, m, measure::size));
    let export_every = section.string("export_every", m).and_then(|at| match at.value.trim() {
        "0" => Some(Duration::ZERO),
        _ => read(&at, m, measure::duration),
    });
    let export_every = export_every.unwrap_or(Duration::from_secs(86_400));
    let keep_exports = section.integer("keep_exports", m);
    let keep_exports = keep_exports.and_then(|at| within(&at, 1, 1_000, "store.keep_exports", m)).unwrap_or(7);
    section.close(m);
    let upkeep = Upkeep {
        floor: floor.unwrap_or(200 << 20),
        export_every: Some(export_every).filter(|every| !every.is_zero()),
        keep_exports: keep_exports as usize,
    };
    let place = match text.split_once(':') {
        Some(("sled", path)) if !path.is_empty() => StorePlace::Sled(folder.join(path)),
        Some(("postgres" | "postgresql", _)) => {
            m.add(&span, "unable to use PostgreSQL: this build has the embedded store alone; write \"sled:FOLDER\"");
            StorePlace::Sled(folder.join("data"))
        }
        // What stands behind the scheme may hold a password: it is not repeated.
        other => {
            let kind = other.map_or(text.as_str(), |(scheme, _)| scheme);
            m.add(&span, format!("unable to use a store of the kind {kind:?}: write \"sled:FOLDER\""));
            StorePlace::Sled(folder.join("data"))
        }
    };
    (place, upkeep)
}

/// The least that an archive may be: fewer bytes would hold a page or two.
const LEAST_ARCHIVE: u64 = 1 << 20;

/// Without a folder of its own the archive stands beside the store, as its exports do.
fn archive(mut section: Section<'_, '_>, folder: &Path, store: &StorePlace, m: &mut Mistakes<'_>) -> Archive {
    let StorePlace::Sled(beside) = store;
    let dir = section.string("dir", m).and_then(|at| {
        if at.value.trim().is_empty() {
            m.add(
                &at.span,
                "unable to use \"\" for archive.dir: name a folder; to keep nothing write max_size = \"0B\"",
            );
            return None;
        }
        Some(folder.join(at.value))
    });
    let keep = section.string("keep", m).and_then(|at| read(&at, m, measure::duration));
    let max_size = section.string("max_size", m).and_then(|at| {
        let size = read(&at, m, measure::size)?;
        if size > 0 && size < LEAST_ARCHIVE {
            m.add(
                &at.span,
                format!(
                    "unable to use {:?} for archive.max_size: the least is \"1MiB\"; \"0B\" keeps nothing",
                    at.value
                ),
            );
            return None;
        }
        Some(size)
    });
    section.close(m);
    Archive {
        dir: dir.unwrap_or_else(|| {
            let name = beside.file_name().unwrap_or_default().to_string_lossy();
            beside.with_file_name(format!("{name}-archive"))
        }),
        keep: keep.unwrap_or(Duration::from_secs(90 * 86_400)),
        max_size: max_size.unwrap_or(2 << 30),
    }
}

fn crawl(mut section: Section<'_, '_>, m: &mut Mistakes<'_>) -> Crawl {
    let mut time = |section: &mut Section<'_, '_>, key, least: u64, default: u64| {
        let found = section.string(key, m).and_then(|at| {
            let value = read(&at, m, measure::duration)?;
            if value < Duration::from_millis(least) {
                m.add(
                    &at.span,
                    format!("unable to use {:?} for crawl.{key}: the least is {least} milliseconds", at.value),
                );
                return None;
            }
            Some(value)
        });
        found.unwrap_or(Duration::from_millis(default))
    };
    let every = time(&mut section, "every", 1_000, 30 * 60_000);
    let max_every = time(&mut section, "max_every", 1_000, 24 * 3_600_000);
    let per_host_delay = time(&mut section, "per_host_delay", 0, 5_000);
    let timeout = time(&mut section, "timeout", 100, 30_000);
    let contact = section.string("contact", m).map(|at| at.value).filter(|text| !text.trim().is_empty());
    if let Some(text) = contact.as_ref().filter(|text| !text.bytes().all(|b| (0x20..0x7F).contains(&b))) {
        m.add(
            &section.span,
            format!("unable to use {text:?} as crawl.contact: it goes into a header, so only plain ASCII is allowed"),
        );
    }
    let concurrency =
        section.integer("concurrency", m).and_then(|at| within(&at, 1, 256, "crawl.concurrency", m)).unwrap_or(8);
    let max_body = section.string("max_body", m).and_then(|at| read(&at, m, measure::size)).unwrap_or(5 << 20);
    let allow_private_networks = section.boolean("allow_private_networks", m).is_some_and(|at| at.value);
    section.close(m);
    Crawl {
        contact,
        every,
        max_every,
        concurrency: concurrency as usize,
        per_host_delay,
        timeout,
        max_body,
        allow_private_networks,
    }
}

fn themes(sections: Vec<Section<'_, '_>>, m: &mut Mistakes<'_>) -> (Themes, Vec<ThemeWords>) {
    let (mut themes, mut words, mut slugs) = (Themes::builtin(), Vec::new(), HashSet::new());
    for mut section in sections {
        let span = section.span.clone();
        let slug = section.string("slug", m).and_then(|at| {
            read(&at, m, |text| {
                SourceId::new(text).map(|_| text.to_owned()).map_err(|_| {
                    format!(
                        "unable to use {text:?} as a theme's slug: allowed are lower-case letters, digits and dashes"
                    )
                })
            })
        });
        let mut names = section.inner("names", m);
        let (en, fr) = (names.string("en", m), names.string("fr", m));
        names.close(m);
        let mut keywords = section.inner("keywords", m);
        let mut list = |key| {
            let (good, blank): (Vec<_>, Vec<_>) =
                keywords.strings(key, m).into_iter().partition(|at| at.value.chars().any(char::is_alphanumeric));
            for at in blank {
                m.add(&at.span, format!("unable to use {:?} as a keyword: it has no letter", at.value));
            }
            good.into_iter().map(|at| at.value).collect::<Vec<_>>()
        };
        let (words_en, words_fr, words_es) = (list("en"), list("fr"), list("es"));
        keywords.close(m);
        let reliefweb = section.string("reliefweb_theme", m).and_then(|at| read(&at, m, |text| {
            Themes::reliefweb(text).ok_or_else(|| format!("unable to use {text:?} as a ReliefWeb theme: it must be the English name of one of ReliefWeb's themes, such as \"Health\""))
        }));
        section.close(m);
        let Some(slug) = slug else {
            m.add(&span, "unable to use this [[theme]]: it has no slug");
            continue;
        };
        if !slugs.insert(slug.clone()) {
            m.add(&span, format!("unable to use the theme {slug:?} twice: put both into one [[theme]]"));
        }
        let old = themes.get(&slug).cloned();
        let name = |new: Option<At<String>>, old: Option<String>| {
            new.map(|at| at.value).or(old).unwrap_or_else(|| slug.clone())
        };
        themes.set(Theme {
            slug: ThemeSlug::new(&slug),
            name_en: name(en, old.as_ref().map(|t| t.name_en.clone())),
            name_fr: name(fr, old.as_ref().map(|t| t.name_fr.clone())),
            reliefweb: reliefweb.or_else(|| old.as_ref().and_then(|t| t.reliefweb.clone())),
        });
        if words_en.len() + words_fr.len() + words_es.len() > 0 {
            words.push(ThemeWords { slug: ThemeSlug::new(&slug), en: words_en, fr: words_fr, es: words_es });
        } else if old.is_none() {
            m.add(&span, format!("unable to use the new theme {slug:?}: it has no keywords; give keywords.en, keywords.fr or keywords.es"));
        }
    }
    (themes, words)
}

fn sources(
    sections: Vec<Section<'_, '_>>,
    profiles: &BTreeMap<String, Arc<Profile>>,
    crawl: &Crawl,
    default_body: Body,
    m: &mut Mistakes<'_>,
) -> Vec<Arc<Source>> {
    let (mut sources, mut ids) = (Vec::new(), HashSet::new());
    for mut section in sections {
        let span = section.span.clone();
        let id = section.string("id", m);
        let name = section.string("name", m);
        let kind = section.string("kind", m).and_then(|at| {
            read(&at, m, |text| match text {
                "html" => Ok(Kind::Html),
                "feed" => Ok(Kind::Feed),
                "sitemap" => Ok(Kind::Sitemap),
                _ => Err(format!(
                    "unable to use {text:?} as a kind of source: allowed are \"html\", \"feed\" and \"sitemap\""
                )),
            })
        });
        let url = section.string("url", m);
        let (no_id, no_url) = (id.is_none(), url.is_none());
        let id = id.and_then(|at| {
            let id = read(&at, m, |text| SourceId::new(text).map_err(|e| e.to_string()))?;
            if !ids.insert(id.clone()) {
                m.add(&at.span, format!("unable to use the source id {:?} twice: give each its own", id.as_str()));
            }
            Some(id)
        });
        let url = url.and_then(|at| read(&at, m, source_url));
        let country = section
            .string("country", m)
            .and_then(|at| read(&at, m, |text| Country::parse(text).map_err(|e| e.to_string())));
        let language = section
            .string("language", m)
            .and_then(|at| read(&at, m, |text| Language::parse(text).map_err(|e| e.to_string())));
        let base = section.string("profile", m).and_then(|at| {
            let found = profiles.get(&at.value);
            if found.is_none() {
                let names: Vec<&str> = profiles.keys().map(String::as_str).collect();
                m.add(
                    &at.span,
                    format!(
                        "unable to find the profile {:?}{}; there are: {}",
                        at.value,
                        suggestion(&at.value, &names),
                        names.join(", ")
                    ),
                );
            }
            found.cloned()
        });
        let every = section.string("every", m).and_then(|at| read(&at, m, measure::duration)).unwrap_or(crawl.every);
        let pages = section.integer("pages", m).and_then(|at| within(&at, 1, 50, "source.pages", m)).unwrap_or(1);
        let body = section.string("body", m).and_then(|at| read(&at, m, feed::body)).unwrap_or(default_body);
        // A profile of its own has its own name: what shares a name shares alarms.
        let own_name = id.as_ref().map_or_else(|| "source".to_owned(), |id| id.to_string());
        let own = rules(
            &mut section,
            base.as_ref().map(|p| p.rules()),
            base.as_ref().map_or_else(|| own_name.clone(), |p| p.rules().name.clone()).as_str(),
            m,
        );
        let profile = if own.written { compile(&own, &span, m) } else { base };
        section.close(m);
        if no_id || no_url {
            m.add(&span, format!("unable to use this [[source]]: it has no {}", if no_id { "id" } else { "url" }));
        }
        if let (Some(id), Some(url)) = (id, url) {
            let name = name.map_or_else(|| id.to_string(), |at| at.value);
            sources.push(Arc::new(Source {
                id,
                name,
                kind: kind.unwrap_or(Kind::Html),
                url,
                country,
                language,
                profile,
                every,
                pages: pages as u32,
                body,
            }));
        }
    }
    sources
}

fn source_url(text: &str) -> Result<Url, String> {
    // Before an `@` may stand a password: it is not repeated.
    let shown = if text.contains('@') { "…" } else { text };
    let wrong = |why: &str| format!("unable to use {shown:?} as an address: {why}");
    let url = Url::parse(text)
        .map_err(|e| wrong(&format!("{e}; write it whole, such as \"https://haiti.example/fr/news\"")))?;
    match url.scheme() {
        "http" | "https" if url.username().is_empty() && url.password().is_none() => Ok(url),
        "http" | "https" => Err(wrong("it must not carry a user name or password")),
        other => Err(wrong(&format!("the scheme is {other:?}, and only http and https are allowed"))),
    }
}

pub(super) fn read<T>(at: &At<String>, m: &mut Mistakes<'_>, reader: impl Fn(&str) -> Result<T, String>) -> Option<T> {
    reader(&at.value).map_err(|message| m.add(&at.span, message)).ok()
}

pub(super) fn within(at: &At<u64>, least: u64, most: u64, name: &str, m: &mut Mistakes<'_>) -> Option<u64> {
    if (least..=most).contains(&at.value) {
        return Some(at.value);
    }
    m.add(&at.span, format!("unable to use {} for {name}: allowed are {least} to {most}", at.value));
    None
}
