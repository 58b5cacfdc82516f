//! Traps of addresses: one article under many, prefixes, pagers.

use depeche::dedup::{canonical, readable};
use url::Url;

use super::{candidate, fixture, listing, read};

fn canon(url: &str) -> String {
    canonical(&Url::parse(url).unwrap(), true)
}

const CLEAN: &str = "https://haiti.example/fr/news/un-article";

#[test]
fn os_parameter_of_a_share_script() {
    assert_eq!(canon("http://haiti.example/fr/news/un-article?os=fuzzsc"), CLEAN);
    let dirty = candidate("haiti/listing-1.html", "thomazeau");
    assert_eq!(canonical(&dirty.url, true), canonical(&fixture("haiti/thomazeau.html").url, true));
}

#[test]
fn os_parameter_goes_from_sites_that_keep_their_query() {
    let url = Url::parse("http://haiti.example/fr/news/un-article?os=fuzzsc").unwrap();
    assert_eq!(canonical(&url, false), CLEAN);
    assert_eq!(readable(&url).as_str(), "http://haiti.example/fr/news/un-article");
}

#[test]
fn userinfo_in_an_address() {
    assert_eq!(canon("http://name@haiti.example/fr/news/un-article"), CLEAN);
    let listed = candidate("haiti/listing-2.html", "ndeg-42");
    assert!(listed.url.username().is_empty(), "{}", listed.url);
}

#[test]
fn trailing_percent_3b() {
    for end in ["%3B", "%3b", ";", "%3B/", "/;"] {
        assert_eq!(canon(&format!("{CLEAN}{end}")), CLEAN, "{end}");
    }
    let listed = candidate("haiti/listing-2.html", "ouanaminthe");
    assert_eq!(canonical(&listed.url, true), canonical(&fixture("haiti/ouanaminthe.html").url, true));
}

#[test]
fn double_encoded_facets() {
    assert_eq!(canon(&format!("{CLEAN}?f%255B0%255D=theme%253A12")), CLEAN);
    let listed = listing("haiti/listing-1.html").candidates;
    assert!(listed.iter().all(|c| !c.url.as_str().contains("%255B")), "a facet is no article");
}

#[test]
fn http_and_https_are_one_site() {
    assert_eq!(canon(&CLEAN.replace("https", "http")), CLEAN);
}

#[test]
fn www_and_bare_host_are_one_site() {
    assert_eq!(canon("https://www.haiti.example/fr/news/un-article"), CLEAN);
}

#[test]
fn fragment_of_a_share_link() {
    assert_eq!(canon(&format!("{CLEAN}#main-content")), CLEAN);
}

#[test]
fn language_prefix_is_part_of_the_address() {
    assert_ne!(canon("https://haiti.example/news/un-article"), CLEAN);
}

#[test]
fn slugs_differ_per_language() {
    // The switcher is what links them, not the slug.
    let (french, english) = (read("haiti/thomazeau.html"), read("haiti/thomazeau-en.html"));
    let slug = |url: &Url| url.path().rsplit('/').next().unwrap().to_owned();
    assert_ne!(slug(&french.fixture.url), slug(&english.fixture.url));
    assert!(french.raw.alternates.iter().any(|other| other.url == english.fixture.url), "{:?}", french.raw.alternates);
}

#[test]
fn node_path_on_a_listing() {
    assert_eq!(candidate("haiti/listing-1.html", "/node/").url.as_str(), "http://haiti.example/node/1234");
    assert_eq!(fixture("haiti/node-1234.html").status, 301);
}

#[test]
fn index_php_node_path_on_a_listing() {
    assert_eq!(candidate("burundi/listing-1.html", "node").url.as_str(), "http://burundi.example/index.php/node/35511");
}

#[test]
fn story_path_instead_of_news() {
    assert_eq!(candidate("kenya/listing-1.html", "/stories/").title, "Herders of Turkana Plan for Drought Together");
    assert!(read("kenya/turkana.html").judged.news);
}

#[test]
fn statement_path_instead_of_news() {
    let listed = ["mexico/listing-es-1.html", "mexico/listing-es-2.html"].map(listing);
    let found = listed.iter().flat_map(|l| &l.candidates).any(|c| c.url.path().starts_with("/es/statements/"));
    assert!(found);
    assert!(read("mexico/declaracion-trata.html").judged.news);
}

#[test]
fn pager_links_are_a_query_only() {
    let next = listing("haiti/listing-1.html").next;
    assert_eq!(next.unwrap().as_str(), "http://haiti.example/fr/news?page=1");
}

#[test]
fn the_second_page_is_page_1() {
    let second = fixture("haiti/listing-2.html");
    assert_eq!(second.url.query(), Some("page=1"));
    assert!(!listing("haiti/listing-2.html").candidates.is_empty());
    assert_eq!(listing("haiti/listing-2.html").next, None, "the last page has no next one");
}

#[test]
fn search_listing_pages_keep_their_facets() {
    let next = listing("headquarters/listing-en-1.html").next.unwrap();
    let pairs: Vec<_> = next.query_pairs().collect();
    assert!(pairs.iter().any(|(k, v)| k == "page" && v == "1"), "{next}");
    assert!(pairs.iter().any(|(k, v)| k == "type[0]" && v == "press_release"), "{next}");
}

#[test]
fn page_parameter_of_a_listing_stays() {
    let url = Url::parse("https://haiti.example/fr/news?page=1").unwrap();
    assert_eq!(canonical(&url, false), "https://haiti.example/fr/news?page=1");
}

#[test]
fn styled_image_with_tokens() {
    let image = read("kenya/tana-floods.html").raw.image.unwrap().url;
    assert!(image.as_str().starts_with("http://kenya.example/sites/g/files/"), "{image}");
}

#[test]
fn slug_of_165_characters() {
    let listed = candidate("haiti/listing-2.html", "appel-doffres");
    assert!(listed.url.path().len() > 100);
    assert_eq!(canonical(&listed.url, true), canonical(&fixture("haiti/appel-offres.html").url, true));
}

#[test]
fn percent_encoded_em_dash_in_a_slug() {
    let listed = candidate("haiti/listing-1.html", "naufrage");
    assert!(listed.url.as_str().contains("%E2%80%94"), "{}", listed.url);
    assert_eq!(listed.url, fixture("haiti/naufrage.html").url);
    let plain = Url::parse("http://haiti.example/fr/news/a-—-b").unwrap();
    assert_eq!(canonical(&plain, true), "https://haiti.example/fr/news/a-%E2%80%94-b");
}

#[test]
fn percent_encoded_arabic_slug() {
    let page = fixture("egypt/ar-fayoum.html");
    assert_eq!(candidate("egypt/listing-ar-1.html", "%D8%B4%D8%A8").url, page.url);
}

#[test]
fn absolute_link_to_another_host() {
    // A regional office lists pages of others: the link stays what it is.
    let hosts: Vec<_> = ["headquarters/listing-en-1.html", "headquarters/listing-en-2.html"]
        .iter()
        .flat_map(|name| listing(name).candidates)
        .filter_map(|c| c.url.host_str().map(str::to_owned))
        .collect();
    assert!(hosts.iter().any(|host| host != "www.headquarters.example"), "{hosts:?}");
}

#[test]
fn one_article_three_times_on_a_listing() {
    let listed = listing("kenya/listing-1.html").candidates;
    let same: Vec<_> = listed.iter().filter(|c| c.title.starts_with("New Passenger Hall")).collect();
    let mut forms: Vec<_> = same.iter().map(|c| canonical(&c.url, true)).collect();
    forms.sort_unstable();
    forms.dedup();
    assert_eq!((same.len(), forms.len()), (3, 2), "the third is a redirect");
}

#[test]
fn link_to_a_page_that_is_gone() {
    let gone = fixture("haiti/gone.html");
    assert_eq!((candidate("haiti/listing-1.html", "change-dadresse").url, gone.status), (gone.url.clone(), 404));
}
