//! Profiles proposed from made-up offices: a listing and two of its articles, as `depeche profile` is given them.

use depeche::config::{Config, Kind, Source};
use depeche::demo::{self, Fixture};
use depeche::extract::{self, PageInput, Profile, Proposal};
use depeche::fetch;
use tempfile::tempdir;
use url::Url;

struct Site {
    listing: (Url, String),
    articles: Vec<(Url, String)>,
    /// What the office's own profile finds on the listing.
    known: usize,
}

fn input<'a>(url: &'a Url, html: &'a str) -> PageInput<'a> {
    PageInput { url, html, content_language: None, source_language: None, latest: None, memory: None }
}

/// The listing of an office, and the first two articles on it that have a page.
fn site(fixtures: &[Fixture], source: &Source) -> Option<Site> {
    let page = |url: &Url| {
        let fixture = fixtures.iter().find(|f| f.status == 200 && (f.url == *url || f.also.contains(url)))?;
        let is_page = fixture.headers.iter().any(|(name, value)| name == "content-type" && value.contains("html"));
        is_page.then(|| fetch::decode(fixture.body, None).0)
    };
    let html = page(&source.url)?;
    let profile = source.profile.as_deref();
    let listing = extract::listing(&input(&source.url, &html), profile).ok()?;
    let articles = listing.candidates.iter().filter_map(|c| Some((c.url.clone(), page(&c.url)?)));
    let articles: Vec<(Url, String)> = articles.take(2).collect();
    (articles.len() == 2).then_some(Site {
        listing: (source.url.clone(), html),
        articles,
        known: listing.candidates.len(),
    })
}

fn propose(site: &Site) -> Proposal {
    let articles: Vec<(Url, PageInput<'_>)> =
        site.articles.iter().map(|(url, html)| (url.clone(), input(url, html))).collect();
    extract::propose("proposed", &input(&site.listing.0, &site.listing.1), &articles).unwrap()
}

fn shown(source: &Source, site: &Site, proposal: &Proposal) -> String {
    let rules = &proposal.rules;
    let keys = [
        ("container", &rules.container),
        ("item", &rules.item),
        ("link", &rules.link),
        ("title", &rules.title),
        ("date", &rules.date),
        ("next", &rules.next),
        ("article.title", &rules.article_title),
        ("article.body", &rules.article_body),
        ("article.date", &rules.article_date),
        ("article.image", &rules.article_image),
    ];
    let mut shown = format!(
        "{}: {} of {} articles, {} with a date\n",
        source.id, proposal.listing.candidates, site.known, proposal.listing.dated
    );
    for (key, value) in keys {
        shown.push_str(&format!("  {key}: {}\n", value.as_deref().unwrap_or("-")));
    }
    shown.push_str(&format!("  remove: {:?}\n", rules.remove));
    for article in &proposal.articles {
        shown.push_str(&format!(
            "  {:?}, {}, {} of {} words, by the profile: {}\n",
            article.title,
            article.published.as_deref().unwrap_or("-"),
            article.words,
            article.words_of_generic,
            article.by_profile
        ));
    }
    shown
}

#[test]
fn a_profile_is_proposed_from_a_listing_and_two_of_its_articles() {
    let folder = tempdir().unwrap();
    let config: Config = demo::config(folder.path(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let fixtures = demo::fixtures().unwrap();
    let (mut table, mut sites, mut whole) = (String::new(), 0, 0);
    for source in config.sources.iter().filter(|source| source.kind == Kind::Html) {
        let Some(site) = site(&fixtures, source) else { continue };
        let proposal = propose(&site);
        table.push_str(&shown(source, &site, &proposal));
        sites += 1;
        let listed = proposal.listing.told && proposal.listing.candidates >= site.known;
        let read = proposal.articles.iter().all(|article| {
            article.by_profile && 20 * article.words.abs_diff(article.words_of_generic) <= article.words_of_generic
        });
        whole += usize::from(listed && read);
        Profile::compile(&proposal.rules).unwrap();
    }
    insta::assert_snapshot!(table);
    assert!(sites >= 8 && 10 * whole >= 8 * sites, "{whole} of {sites} whole:\n{table}");
}

#[test]
fn a_listing_that_does_not_show_the_articles_says_so() {
    let listing = Url::parse("https://office.example/news").unwrap();
    let html = "<main><div class=\"card\"><a href=\"/news/other\">Another story of the office</a></div></main>";
    let text = "A text that is long enough to be held for an article by anybody who reads it at all. ".repeat(20);
    let page = format!("<html><body><main><h1>A story that the list lacks</h1><p>{text}</p></main></body></html>");
    let urls = ["https://office.example/news/a", "https://office.example/news/b"].map(|url| Url::parse(url).unwrap());
    let articles = urls.each_ref().map(|url| (url.clone(), input(url, &page)));
    let proposal = extract::propose("x", &input(&listing, html), &articles).unwrap();
    assert!(!proposal.listing.told && proposal.rules.item.is_none());
    assert!(proposal.rules.article_body.is_some());
}
