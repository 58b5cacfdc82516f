//! What the sites hold: listings by page, feed and sitemap, articles in words of their own, and a part that robots.txt
//! keeps us out of.

use std::fmt::Write as _;
use std::io::Write as _;

use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use super::site::{HOSTS, SHOWN};

/// An answer when all is well.
pub struct Page {
    pub status: u16,
    pub headers: &'static str,
    pub body: Vec<u8>,
}

const HTML: &str = "content-type: text/html; charset=utf-8\r\n";
const XML: &str = "content-type: application/xml\r\n";
const WORDS: &str = "families road river school market bridge clinic teacher rain harvest tent blanket water kitchen \
    volunteer mayor engineer driver convoy village coast island border camp training course radio story garden seed boat \
    fisher nurse child mother elder youth council plan report visit week morning night summer winter north south valley \
    hill forest lake well pump pipe roof wall door window lamp fuel stove bread rice maize bean goat cattle shop loan";

/// How a site is listed.
pub fn kind(host: usize) -> &'static str {
    match host {
        0..6 => "html",
        6..9 => "feed",
        _ => "sitemap",
    }
}

/// The configuration of all of them: two sources stand on the first host, one of them under `www.`.
pub fn config(crawl: &str) -> String {
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sled:data\"\n[crawl]\n{crawl}\nallow_private_networks = true\n\
         [[profile]]\nname = \"p\"\nlisting.container = \"ul.list\"\nlisting.item = \"li\"\nlisting.link = \"a\"\nlisting.next = \"a.next\"\n\
         article.title = \"h1\"\narticle.body = \"div.body\"\narticle.date = \"time\"\n"
    );
    for host in 0..HOSTS {
        let path = match kind(host) {
            "html" => "news",
            "feed" => "feed.xml",
            _ => "sitemap.xml",
        };
        let kind = kind(host);
        write!(
            text,
            "[[source]]\nid = \"h{host}\"\nname = \"H{host}\"\nkind = \"{kind}\"\nurl = \"http://h{host}.example/{path}\"\nprofile = \"p\"\npages = 3\n"
        )
        .unwrap();
    }
    text + "[[source]]\nid = \"h0-www\"\nname = \"H0\"\nkind = \"html\"\nurl = \"http://www.h0.example/news\"\nprofile = \"p\"\n"
}

/// The address of an article.
pub fn address(host: usize, n: usize) -> String {
    format!("http://h{host}.example/news/story-number-{n}")
}

/// What stands there.
pub fn page(host: &str, path: &str, published: &[Vec<Timestamp>], edition: u64) -> Page {
    let bare = host.trim_start_matches("www.").trim_end_matches(".example");
    let Some(number) = bare.strip_prefix('h').and_then(|n| n.parse::<usize>().ok()).filter(|n| *n < HOSTS) else {
        return nothing();
    };
    let all = &published[number];
    let ok = |headers, text: String| Page { status: 200, headers, body: text.into_bytes() };
    let path = path.strip_prefix("/moved").unwrap_or(path);
    let first = all.len().saturating_sub(SHOWN);
    let latest = || (first..all.len()).rev();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    match path {
        "/robots.txt" => {
            let delay = if number == 5 { "Crawl-delay: 0.4\n" } else { "" };
            ok("content-type: text/plain\r\n", format!("User-agent: *\nDisallow: /private/\n{delay}"))
        }
        // Round and round.
        "/loop" => Page { status: 302, headers: "location: /loop\r\n", body: Vec::new() },
        "/news" => {
            // Ten a page, and a pager that never ends.
            let page: usize = query.strip_prefix("page=").and_then(|n| n.parse().ok()).unwrap_or(0);
            let items: String = latest()
                .skip(page * 10)
                .take(10)
                .map(|n| format!("<li><a href='{}'>Story number {n} of site {number}</a></li>", address(number, n)))
                .collect();
            let secret = format!(
                "<li><a href='http://h{number}.example/private/p{page}'>What robots.txt keeps us out of</a></li>"
            );
            ok(
                HTML,
                format!(
                    "<html><body><ul class=list>{items}{secret}</ul><a class=next href='/news?page={}'>next</a></body></html>",
                    page + 1
                ),
            )
        }
        "/feed.xml" => {
            let items: String = latest()
                .map(|n| format!("<item><title>Story number {n} of site {number}</title><link>{}</link><pubDate>{}</pubDate></item>", address(number, n), all[n].strftime("%a, %d %b %Y %H:%M:%S +0000")))
                .collect();
            ok(
                XML,
                format!(
                    "<rss version='2.0'><channel><title>H{number}</title><link>http://h{number}.example/</link>{items}<item><title>What robots.txt keeps us out of</title><link>http://h{number}.example/private/f</link></item></channel></rss>"
                ),
            )
        }
        "/sitemap.xml" => ok(
            XML,
            format!("<sitemapindex><sitemap><loc>http://h{number}.example/part.xml.gz</loc></sitemap></sitemapindex>"),
        ),
        "/part.xml.gz" => {
            let rows: String = latest()
                .map(|n| format!("<url><loc>{}</loc><lastmod>{}</lastmod></url>", address(number, n), all[n]))
                .collect();
            let text = format!("<urlset>{rows}<url><loc>http://h{number}.example/private/s</loc></url></urlset>");
            Page { status: 200, headers: "content-type: application/gzip\r\n", body: gzip(text.as_bytes()) }
        }
        _ => match path.strip_prefix("/news/story-number-").and_then(|n| n.parse::<usize>().ok()) {
            Some(n) if is_gone(n, all.len()) => Page { status: 410, headers: HTML, body: Vec::new() },
            Some(n) if n < all.len() => ok(HTML, article(number, n, all[n], if n % 5 == 0 { edition } else { 0 })),
            _ => nothing(),
        },
    }
}

/// What left the listing is gone after a while, here and there.
pub fn is_gone(n: usize, published: usize) -> bool {
    n % 10 == 4 && n + SHOWN + 5 < published
}

fn nothing() -> Page {
    Page { status: 404, headers: HTML, body: b"nothing here".to_vec() }
}

fn article(host: usize, n: usize, at: Timestamp, edition: u64) -> String {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut text = String::new();
    for paragraph in 0..6u64 {
        text.push_str("<p>In the");
        for word in 0..60u64 {
            let draw = xxh3_64(format!("{host} {n} {paragraph} {word}").as_bytes());
            write!(text, " {}", words[draw as usize % words.len()]).unwrap();
        }
        write!(text, " of {}.</p>", host * 1_000 + n).unwrap();
    }
    let note =
        if edition > 0 { format!("<p>Corrected: the figure is {edition} hundred and {n}.</p>") } else { String::new() };
    format!(
        "<html lang=en><head><title>Story</title><link rel=canonical href='{}'></head><body><h1>Story number {n} of site {host}</h1><time datetime='{at}'>{at}</time><div class=body>{text}{note}</div></body></html>",
        address(host, n)
    )
}

pub fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}
