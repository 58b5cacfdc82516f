//! A sitemap (sitemaps.org 0.9) or an index of sitemaps to addresses, gzip or not. It never fetches the parts that an
//! index names, and never believes a list of addresses longer than the protocol allows.

use std::io::Read;

use quick_xml::Reader;
use quick_xml::events::Event;
use url::Url;

use super::date::Reader as DateReader;
use super::{Candidate, DateOrder, ExtractError, PageInput};
use crate::article::{ExtractedBy, Language, PageDate, PageKind, RawArticle, clean_line};

/// Bytes of one sitemap after decompression, as the protocol has it.
const LONGEST: u64 = 50 << 20;
/// Addresses of one sitemap, as the protocol has it.
const MOST: usize = 50_000;
/// A page with less text than this, or with more than half of it in links, is no article.
const LEAST_TEXT: usize = 250;

/// What a sitemap is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sitemap {
    /// A list of further sitemaps, with when each changed last.
    Index(Vec<(Url, Option<PageDate>)>),
    /// A list of pages.
    Pages(Vec<Candidate>),
}

#[derive(Default)]
struct Row {
    loc: String,
    lastmod: String,
    news_title: String,
    news_date: String,
    language: String,
}

/// Reads a sitemap. `bytes` are the page's own: a part may be gzip under any label.
pub fn sitemap(input: &PageInput<'_>, bytes: &[u8]) -> Result<Sitemap, ExtractError> {
    let wrong = |why: String| ExtractError::Sitemap { why };
    let unpacked;
    let text = if bytes.starts_with(&[0x1F, 0x8B]) {
        let mut plain = Vec::new();
        let read = flate2::read::MultiGzDecoder::new(bytes).take(LONGEST + 1).read_to_end(&mut plain);
        read.map_err(|e| wrong(format!("its gzip is broken: {e}")))?;
        if plain.len() as u64 > LONGEST {
            return Err(wrong(format!("it is larger than {LONGEST} bytes")));
        }
        unpacked = String::from_utf8_lossy(&plain).into_owned();
        unpacked.as_str()
    } else {
        input.html
    };
    if !text.contains('<') {
        return plain_list(input, text)
            .map(Sitemap::Pages)
            .ok_or_else(|| wrong("it is neither XML nor a list".to_owned()));
    }
    let mut reader = Reader::from_str(text.trim_start_matches('\u{FEFF}'));
    reader.config_mut().check_end_names = false;
    let (mut root, mut path, mut row, mut rows) = (String::new(), Vec::<String>::new(), Row::default(), Vec::new());
    loop {
        match reader.read_event().map_err(|e| wrong(e.to_string()))? {
            Event::Eof if !path.is_empty() => return Err(wrong("it ends before its end".to_owned())),
            Event::Eof => break,
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_owned();
                if path.is_empty() && root.is_empty() {
                    root.clone_from(&name);
                }
                path.push(name);
            }
            Event::End(end) => {
                if matches!(end.local_name().as_ref(), "url" | "sitemap") && rows.len() < MOST {
                    rows.push(std::mem::take(&mut row));
                }
                path.pop();
            }
            Event::Text(text) => add(&path, &mut row, &text),
            Event::CData(text) => add(&path, &mut row, &text),
            Event::GeneralRef(name) => add(
                &path,
                &mut row,
                match name.as_ref() as &str {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    _ => "",
                },
            ),
            _ => {}
        }
    }
    let dates = DateReader { order: DateOrder::Dmy, latest: input.latest };
    let address = |row: &Row| input.url.join(row.loc.trim()).ok().filter(|u| matches!(u.scheme(), "http" | "https"));
    match root.as_str() {
        "sitemapindex" => Ok(Sitemap::Index(
            rows.iter().filter_map(|row| Some((address(row)?, dates.read(&row.lastmod, "lastmod")))).collect(),
        )),
        "urlset" => Ok(Sitemap::Pages(
            rows.iter()
                .filter_map(|row| {
                    Some(Candidate {
                        url: address(row)?,
                        title: clean_line(&row.news_title),
                        // When a page changed is not when it was published; only a news sitemap says that.
                        date: dates.read(&row.news_date, "news:publication_date"),
                        language: Language::parse(row.language.trim()).ok().filter(|_| !row.language.trim().is_empty()),
                        modified: dates.read(&row.lastmod, "lastmod").and_then(|d| d.instant()),
                        has_page: true,
                        entry: None,
                    })
                })
                .collect(),
        )),
        other => Err(wrong(format!("its root element is <{other}>, not <urlset> or <sitemapindex>"))),
    }
}

fn add(path: &[String], row: &mut Row, text: &str) {
    let [.., parent, name] = path else { return };
    let into = match (parent.as_str(), name.as_str()) {
        ("url" | "sitemap", "loc") => &mut row.loc,
        ("url" | "sitemap", "lastmod") => &mut row.lastmod,
        ("news", "title") => &mut row.news_title,
        ("news", "publication_date") => &mut row.news_date,
        ("publication", "language") => &mut row.language,
        _ => return,
    };
    into.push_str(text);
}

/// A text file with an address a line is a sitemap too.
fn plain_list(input: &PageInput<'_>, text: &str) -> Option<Vec<Candidate>> {
    let page = |line: &str| {
        let url = Url::parse(line.trim()).ok().filter(|u| u.host_str() == input.url.host_str())?;
        Some(Candidate::of_page(url, String::new(), None))
    };
    let found: Vec<Candidate> = text.lines().filter_map(page).take(MOST).collect();
    (!found.is_empty()).then_some(found)
}

/// A sitemap names every page of a site: its short and list-like ones are no articles.
pub fn is_article(raw: &RawArticle, has_profile: bool) -> bool {
    // Where a profile says how an article looks, a page that it does not fit must at least declare when it was published:
    // what stands on a home page looks like a text, too.
    let machine = ["json-ld", "published", "itemprop", "dcterms"];
    let declared = raw.published.as_ref().is_some_and(|date| machine.iter().any(|mark| date.from.contains(mark)));
    if has_profile && !matches!(raw.by, ExtractedBy::Profile(_)) && !declared {
        return false;
    }
    raw.text.chars().count() >= LEAST_TEXT && raw.kind != PageKind::Listing
}
