//! Traps of language and duplicates: declarations that lie, series that are no copies.

use depeche::dedup::fingerprint;

use super::{candidate, has, listing, read};

fn is(page: &str, language: &str) {
    let reading = read(page);
    assert_eq!(reading.expect.language, language, "{page}");
    assert_eq!(reading.language(), language, "{page}");
}

#[test]
fn english_body_under_fr() {
    is("haiti/fr-anglais.html", "en");
    is("dakar/ghana-recruiters.html", "en");
}

#[test]
fn english_title_over_a_french_body() {
    is("burundi/an-0024.html", "fr");
    is("dakar/cattle-routes.html", "fr");
}

#[test]
fn listing_without_fr_full_of_french() {
    for page in ["dakar/langue-de-barbarie.html", "dakar/nouakchott-pirogues.html", "dakar/retour-yankhoba.html"] {
        assert!(!read(page).fixture.url.path().starts_with("/fr/"));
        is(page, "fr");
    }
    assert!(listing("dakar/listing-1.html").candidates.len() >= 6);
}

#[test]
fn hreflang_en_on_a_french_item() {
    has(&read("haiti/ouanaminthe.html"), "hreflang=\"en\"");
    is("haiti/ouanaminthe.html", "fr");
    let listed = candidate("dakar/listing-1.html", "yankhoba");
    assert_eq!(listed.language, None, "a listing's hreflang is no declaration");
}

#[test]
fn hreflang_en_on_a_spanish_item() {
    is("mexico/tijuana-deportadas.html", "es");
}

#[test]
fn html_lang_en_around_french() {
    for page in ["haiti/abris-2016.html", "haiti/appel.html", "haiti/thomazeau.html", "burundi/gatumba.html"] {
        has(&read(page), "lang=\"en\"");
        is(page, "fr");
    }
}

#[test]
fn html_lang_fr_around_english() {
    has(&read("tchad/faya-clinic.html"), "lang=\"fr\"");
    is("tchad/faya-clinic.html", "en");
}

#[test]
fn content_language_header_lies() {
    for page in ["dakar/cattle-routes.html", "tchad/faya-clinic.html", "mexico/tijuana-deportadas.html"] {
        let reading = read(page);
        let header = &reading.fixture.headers["content-language"];
        assert_ne!(*header, reading.expect.language, "{page}");
        is(page, &reading.expect.language);
    }
}

#[test]
fn spanish_page() {
    is("mexico/guerrero-huracan.html", "es");
}

#[test]
fn arabic_page() {
    is("egypt/ar-delta.html", "ar");
    is("egypt/ar-fayoum.html", "ar");
}

#[test]
fn haitian_creole_under_html_lang_fr() {
    for page in ["jeremi-siklon", "kolera-site-soley", "potoprens-sit", "wanament-depotasyon"] {
        is(&format!("haiti-kreyol/{page}.html"), "ht");
    }
}

/// A short text in a language that no fixture has.
fn short(text: &str) -> String {
    let raw = super::minimal("", &format!("<p>{text}</p>"));
    let judged = super::ENRICHER.enrich(&depeche::enrich::Input {
        title: "",
        text: &raw.text,
        declared: raw.declared,
        source_country: None,
    });
    judged.language.language.tag().to_owned()
}

#[test]
fn portuguese_text() {
    let text = "As equipas distribuíram mantas e água potável às famílias que perderam as suas casas durante as cheias, e \
                continuam a trabalhar com as autoridades locais para abrir novos abrigos na província.";
    assert_eq!(short(text), "pt");
}

#[test]
fn italian_text() {
    let text = "Le squadre hanno distribuito coperte e acqua potabile alle famiglie che hanno perso la casa durante le \
                inondazioni, e continuano a lavorare con le autorità locali per aprire nuovi rifugi nella provincia.";
    assert_eq!(short(text), "it");
}

#[test]
fn ukrainian_text() {
    let text = "Команди роздали ковдри та питну воду родинам, які втратили свої домівки під час повені, і продовжують \
                працювати з місцевою владою, щоб відкрити нові притулки в області.";
    assert_eq!(short(text), "uk");
}

#[test]
fn russian_text() {
    let text = "Сотрудники раздали одеяла и питьевую воду семьям, потерявшим свои дома во время наводнения, и продолжают \
                работать с местными властями, чтобы открыть новые убежища в этой области.";
    assert_eq!(short(text), "ru");
}

#[test]
fn one_release_on_two_offices() {
    let (haiti, burundi) = (read("haiti/appel.html").raw, read("burundi/appel-haiti.html").raw);
    assert_eq!(fingerprint(&haiti.title, &haiti.text).exact, fingerprint(&burundi.title, &burundi.text).exact);
}

#[test]
fn one_release_on_three_hosts_with_other_slugs() {
    let pages = ["headquarters/chad-appeal.html", "tchad/appeal-chad.html", "dakar/appeal-regional.html"];
    let prints = pages.map(|page| {
        let raw = read(page).raw;
        fingerprint(&raw.title, &raw.text)
    });
    let shared = |a: &[u16], b: &[u16]| a.iter().zip(b).filter(|(a, b)| a == b).count() as f32 / a.len() as f32;
    for other in &prints[1..] {
        assert!(!other.signature.is_empty());
        let likeness = shared(&prints[0].signature, &other.signature);
        assert!(likeness > 0.5, "{likeness}");
    }
}

/// Two reports of one series: nearly all words agree, the figures tell them apart.
fn apart(a: &str, b: &str) {
    let (a, b) = (read(a).raw, read(b).raw);
    let (x, y) = (fingerprint(&a.title, &a.text), fingerprint(&b.title, &b.text));
    assert_ne!(x.exact, y.exact);
    assert_ne!(x.numbers, y.numbers, "digits were dropped");
}

#[test]
fn numbered_reports_are_no_copies() {
    apart("tchad/report-202.html", "tchad/report-203.html");
    apart("haiti/suivi-41.html", "haiti/suivi-42.html");
}

#[test]
fn figures_in_titles_tell_a_series_apart() {
    apart("headquarters/med-1.html", "headquarters/med-2.html");
    let of = |title: &str| fingerprint(title, "Le bilan de la quinzaine est en ligne.").exact;
    assert_ne!(of("Arrivées : plus de 71 000 ; décès en mer : 1 650"), of("Arrivées : 16 847 ; décès en mer : 557"));
    assert_ne!(of("Emergency Tracking Tool Report 202"), of("Emergency Tracking Tool Report 203"));
}
