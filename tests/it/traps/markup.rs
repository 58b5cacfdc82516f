//! Traps of markup: cards, menus, debris of migrations, furniture inside the body.

use depeche::extract;
use scraper::{Html, Selector};
use url::Url;

use super::{candidate, decoded, fixture, folded, has, input, listing, minimal, read, source};

/// Nothing that the sidecar calls chrome is in the text, and the text begins and ends where it should.
fn is_clean(page: &str) {
    let reading = read(page);
    let text = reading.text();
    for absent in &reading.expect.absent {
        assert!(!text.contains(&folded(absent)), "{page}: {absent}");
    }
    assert!(text.starts_with(&folded(&reading.expect.first)), "{page}: {text:.120}");
    assert!(text.contains(&folded(&reading.expect.last)), "{page}");
}

#[test]
fn card_is_the_parent_of_article_detail() {
    // On www the link stands beside `div.article-detail`, not in it.
    let listed = listing("headquarters/listing-en-1.html");
    assert!(listed.candidates.len() >= 4, "{}", listed.candidates.len());
    assert!(listed.candidates.iter().all(|c| !c.title.is_empty()));
}

#[test]
fn tag_with_white_space_is_no_title() {
    for page in ["haiti/listing-1.html", "headquarters/listing-en-1.html"] {
        for found in listing(page).candidates {
            assert!(
                !["Communiqué", "Press Release"].iter().any(|kind| found.title.starts_with(kind)),
                "{}",
                found.title
            );
            assert!(!found.title.contains(['\n', '\t']) && !found.title.contains("  "));
        }
    }
}

#[test]
fn nested_anchors_leave_an_empty_one_first() {
    let html = decoded(fixture("haiti/listing-1.html"));
    let first = Html::parse_document(&html);
    let empty = Selector::parse("a.title[href='']").unwrap();
    assert!(first.select(&empty).next().is_some_and(|a| a.text().collect::<String>().is_empty()));
    for (page, part) in [
        ("haiti/listing-1.html", "ouanaminthe"),
        ("haiti/listing-2.html", "belladere"),
        ("kenya/listing-1.html", "domestic-workers"),
        ("burundi/listing-1.html", "kobero"),
        ("dakar/listing-1.html", "cattle-routes"),
    ] {
        assert!(candidate(page, part).title.len() > 20, "{part}");
    }
    assert!(listing("haiti/listing-1.html").candidates.iter().all(|c| c.url.path() != "/fr/news"));
}

#[test]
fn teaser_without_apostrophes_is_no_title() {
    let listed = candidate("kenya/listing-1.html", "trafficking");
    assert!(!listed.title.contains("callers name"));
    assert_eq!(listed.title, read("kenya/trafficking.html").raw.title);
}

#[test]
fn page_one_is_not_the_newest() {
    let days: Vec<_> = listing("haiti/listing-1.html").candidates.into_iter().filter_map(|c| c.date).collect();
    assert!(days.len() > 5);
    assert!(!days.windows(2).all(|pair| pair[0].date >= pair[1].date), "sorted by relevance");
}

#[test]
fn filters_of_a_listing_are_no_articles() {
    let listed = listing("haiti/listing-1.html").candidates;
    assert!(listed.iter().all(|c| c.url.path().contains("/news/") || c.url.path().starts_with("/node/")));
}

#[test]
fn no_og_no_json_ld_at_all() {
    let reading = read("haiti/cholera.html");
    assert!(!reading.html.contains("og:title") && !reading.html.contains("ld+json"));
    assert_eq!(reading.raw.title, reading.expect.title);
}

#[test]
fn heading_with_kind_and_scope() {
    // `Communiqué / Local / title`: the first two are no part of it.
    let reading = read("haiti/thomazeau.html");
    has(&reading, "Communiqué");
    assert_eq!(reading.raw.title, reading.expect.title);
}

#[test]
fn mega_menu_longer_than_the_article() {
    for page in ["haiti/cyclone.html", "kenya/namanga.html", "mexico/tapachula-empleo.html", "niger/diffa-crue.html"] {
        is_clean(page);
    }
}

#[test]
fn mega_menu_without_a_profile() {
    for page in ["haiti/cyclone.html", "kenya/namanga.html", "tchad/bol-en.html"] {
        let html = decoded(fixture(page));
        let raw = extract::article(&input(fixture(page), &html), None).unwrap();
        for menu in ["Qui sommes nous", "Who We Are", "2030 AGENDA", "Data and Resources"] {
            assert!(!raw.text.contains(menu), "{page}: {menu}");
        }
    }
}

#[test]
fn country_named_by_the_menu_only() {
    let reading = read("kenya/shipwreck.html");
    assert_eq!(reading.country(), Some("DJI"));
}

#[test]
fn scripts_and_styles_inside_the_body() {
    for page in ["haiti/cholera.html", "kenya/kakuma.html", "mexico/juarez-salud-mental.html"] {
        let reading = read(page);
        has(&reading, "<script");
        let text = reading.text();
        assert!(!text.contains("dataLayer") && !text.contains("{border") && !text.contains("function"), "{page}");
        assert!(!reading.raw.html.as_str().contains("<style"), "{page}");
        is_clean(page);
    }
}

#[test]
fn noscript_with_a_style() {
    let body =
        "<noscript><style>.x{color:red}</style></noscript><p>Les équipes ont terminé la distribution prévue.</p>";
    assert_eq!(folded(&minimal("", body).text), "Les équipes ont terminé la distribution prévue.");
}

#[test]
fn hard_line_wraps_inside_paragraphs() {
    for page in ["haiti/cyclone.html", "kenya/recruitment.html", "burundi/traite-2016.html"] {
        is_clean(page);
    }
    let raw = minimal("", "<p>Une phrase que quelqu’un\na coupée\nà soixante signes.</p><p>Une autre.</p>");
    assert_eq!(raw.text.lines().filter(|line| !line.is_empty()).count(), 2, "{:?}", raw.text);
}

#[test]
fn hard_wraps_by_br() {
    is_clean("headquarters/chad-appeal.html");
}

#[test]
fn paragraph_twice() {
    for page in ["haiti/retour-bresil.html", "kenya/tana-floods.html", "niger/dirkou-secours.html"] {
        let reading = read(page);
        let lines: Vec<_> = reading.raw.text.lines().filter(|line| line.len() > 60).collect();
        for (i, line) in lines.iter().enumerate() {
            assert!(!lines[..i].contains(line), "{page}: {line}");
        }
        is_clean(page);
    }
}

#[test]
fn connexes_block_at_the_end() {
    for page in ["haiti/cyclone.html", "niger/assamaka.html", "tchad/diaspora-2021.html"] {
        let reading = read(page);
        has(&reading, "Connexes");
        assert!(!reading.text().contains("Connexes"), "{page}");
    }
}

#[test]
fn oe_lost() {
    let reading = read("haiti/abris-2016.html");
    is_clean("haiti/abris-2016.html");
    assert_eq!(reading.language(), "fr");
}

#[test]
fn footnote_stars() {
    is_clean("haiti/abris-2016.html");
    is_clean("niger/tillaberi-dtm.html");
}

#[test]
fn jahia_images_and_style_text() {
    let reading = read("haiti/abris-2016.html");
    has(&reading, "/jahia/webdav");
    assert!(!reading.text().contains("border:") && !reading.text().contains("margin: 0pt"), "style text");
    for page in ["burundi/traite-2016.html", "egypt/en-2007-villages.html", "egypt/en-2015-money.html"] {
        is_clean(page);
    }
}

#[test]
fn jahia_style_attribute_broken_open() {
    is_clean("egypt/en-2011-salloum.html");
}

#[test]
fn g1_fields_run_together() {
    for page in ["burundi/gatumba.html", "burundi/rapatries.html", "egypt/en-2018-cairo.html"] {
        is_clean(page);
    }
    let reading = read("burundi/gatumba.html");
    has(&reading, "Region-Country:");
    assert!(!reading.text().contains("Region-Country"));
    let titles: Vec<_> = listing("burundi/listing-1.html").candidates.into_iter().map(|c| c.title).collect();
    assert!(titles.iter().all(|t| !t.contains("Language") && !t.contains("Themes:")), "{titles:?}");
}

#[test]
fn email_obfuscator() {
    let reading = read("haiti/cholera.html");
    has(&reading, "/cdn-cgi/l/email-protection");
    assert!(!reading.text().contains("[email"));
    assert!(!reading.raw.html.as_str().contains("email-protection"), "a link that leads nowhere");
}

#[test]
fn photo_in_a_figure_keeps_its_caption_out() {
    for page in ["haiti/cyclone-en.html", "kenya/tana-floods.html", "dakar/retour-yankhoba.html"] {
        is_clean(page);
    }
}

#[test]
fn relative_addresses_in_the_body() {
    let reading = read("haiti/cyclone.html");
    let html = Html::parse_fragment(reading.raw.html.as_str());
    let links = Selector::parse("a[href], img[src]").unwrap();
    for element in html.select(&links) {
        let address = element.value().attr("href").or(element.value().attr("src")).unwrap();
        assert!(Url::parse(address).is_ok(), "{address}");
    }
}

#[test]
fn tables_keep_their_figures() {
    for page in ["haiti/suivi-41.html", "tchad/report-202.html", "headquarters/med-1.html"] {
        has(&read(page), "<table");
        is_clean(page);
    }
}

#[test]
fn related_teasers_in_article_elements() {
    for page in ["haiti/naufrage.html", "kenya/shipwreck.html"] {
        is_clean(page);
    }
}

#[test]
fn cp1252_under_the_name_of_latin_1() {
    let text = read("burundi/cohesion-cp1252.html").text();
    assert!(text.contains('’') && !text.contains('\u{92}'), "{text:.80}");
}

#[test]
fn charset_in_meta_only() {
    let page = fixture("dakar/sierra-leone-2020.html");
    assert!(page.headers.get("content-type").is_none_or(|value| !value.contains("charset")));
    is_clean("dakar/sierra-leone-2020.html");
}

#[test]
fn canonical_link_of_a_page() {
    let reading = read("haiti/thomazeau.html");
    assert_eq!(reading.raw.canonical.as_ref().map(Url::path), Some(reading.fixture.url.path()));
}

#[test]
fn node_id_of_the_page() {
    has(&read("haiti/cholera.html"), "data-history-node-id=\"2488\"");
    assert!(read("haiti/cholera.html").raw.node_id.is_some());
}

#[test]
fn listing_of_a_site_that_changed() {
    let page = fixture("haiti/listing-1.html");
    let html = "<html><body><div class=new><p>Rien de ce que le profil connaît.</p></div></body></html>";
    let listed = extract::listing(&input(page, html), source(page).profile.as_deref()).unwrap();
    assert_eq!((listed.container, listed.candidates.len()), (extract::Container::Missing, 0));
}
