//! Traps of datelines: kept as they stand in the text, read for their country and day, left out of fingerprints.

use depeche::dedup::fingerprint;

use super::{holds, judge, minimal, read, source};

/// A page opens with its dateline, and the story's country and day are those of its sidecar.
fn opens(page: &str, dateline: &str) {
    let reading = read(page);
    assert!(reading.expect.first.starts_with(dateline), "{page} does not open with {dateline}");
    assert!(reading.text().starts_with(dateline), "{page}: {:.60}", reading.text());
    let want = reading.expect.country.first().map(String::as_str);
    assert_eq!(reading.country(), want, "{page}: {:?}", reading.judged.countries);
    assert_eq!(reading.day(), reading.expect.published.as_deref().map(|t| t[..10].to_owned()), "{page}");
}

#[test]
fn dateline_city() {
    opens("burundi/gatumba.html", "Bujumbura – ");
}

#[test]
fn dateline_geneva_slash_city() {
    opens("haiti/thomazeau-en.html", "Geneva/Port-au-Prince – ");
}

#[test]
fn dateline_geneva_slash_city_with_date() {
    opens("headquarters/libya.html", "Geneva/ Tripoli, 5 May 2025 – ");
    opens("kenya/shipwreck.html", "Geneva/ Nairobi, 5 May 2025 – ");
}

#[test]
fn dateline_with_em_dash() {
    opens("haiti/cyclone-en.html", "Les Cayes — ");
    opens("burundi/rapatries.html", "Gitega — ");
}

#[test]
fn dateline_with_ordinal_date() {
    opens("kenya/kakuma.html", "Kakuma, October 30th, 2025 – ");
    opens("tchad/faya-clinic.html", "N’Djamena, October 30th, 2019 – ");
}

#[test]
fn dateline_without_spaces() {
    opens("tchad/adre-en.html", "N’Djamena–A new");
    opens("kenya/namanga.html", "Namanga–A new");
}

#[test]
fn dateline_with_dash_glued_left() {
    opens("headquarters/sudan-en.html", "Geneva- The");
    opens("kenya/turkana.html", "Lodwar- The");
}

#[test]
fn dash_lost_after_cairo() {
    opens("egypt/en-2018-cairo.html", "Cairo IOM and");
}

#[test]
fn dash_lost_after_nairobi() {
    let reading = read("kenya/lebanon-return.html");
    assert!(reading.text().starts_with("Nairobi IOM and"));
    holds("dash_lost_after_nairobi", reading.country(), Some("KEN"));
}

#[test]
fn dash_lost_after_jakarta() {
    let raw = minimal("", "<p>Jakarta IOM and the coast guard have opened a training room for boarding teams.</p>");
    let got = judge(&raw, None).countries.first().map(|tag| tag.country.iso3());
    holds("dash_lost_after_jakarta", got, Some("IDN"));
}

#[test]
fn dateline_of_a_country() {
    opens("kenya/recruitment.html", "Kenya - IOM");
    opens("dakar/ghana-recruiters.html", "Ghana - IOM");
    opens("burundi/an-0024.html", "Burundi - ");
}

#[test]
fn dateline_of_several_cities() {
    opens("headquarters/asia-recruiters.html", "Colombo, New Delhi and Bangkok – ");
    opens("dakar/corridor-fr.html", "Accra, Lomé et Cotonou – ");
    opens("kenya/trafficking.html", "Nairobi, Kampala and Dodoma – ");
}

#[test]
fn dateline_of_headquarters_names_no_country() {
    let reading = read("headquarters/remittances.html");
    assert!(reading.text().starts_with("Geneva (IOM) – "));
    assert_eq!(reading.country(), None, "{:?}", reading.judged.countries);
}

#[test]
fn dateline_with_iom_in_parentheses() {
    opens("haiti/fr-anglais.html", "Port-au-Prince (IOM) – ");
}

#[test]
fn dateline_with_date_without_year() {
    opens("headquarters/haiti-fr.html", "Genève/ Port-au-Prince, 9 mars – ");
    opens("haiti/appel.html", "Genève/ Port-au-Prince, 9 mars – ");
}

#[test]
fn dateline_in_capitals() {
    opens("haiti/ouanaminthe.html", "OUANAMINTHE - ");
    opens("mexico/film-festival.html", "MEXICO CITY - ");
    opens("mexico/declaracion-trata.html", "CIUDAD DE MÉXICO - ");
    opens("haiti-kreyol/kolera-site-soley.html", "PÒTOPRENS - ");
}

#[test]
fn dateline_with_date_in_parentheses() {
    opens("niger/vol-conakry.html", "Niamey, Niger (16 octobre 2024) – ");
    opens("haiti/belladere.html", "Belladère, Haïti (16 octobre 2024) – ");
}

#[test]
fn dateline_with_date_between_dashes() {
    opens("dakar/nouakchott-pirogues.html", "Nouakchott – 01 aout 2024 - ");
    opens("haiti/cyclone.html", "Les Cayes – 01 aout 2025 - ");
}

#[test]
fn dateline_suisse_of_a_story_about_elsewhere() {
    opens("haiti/naufrage.html", "Suisse - ");
    for page in ["headquarters/med-1.html", "headquarters/med-2.html"] {
        let reading = read(page);
        assert!(reading.judged.countries.iter().all(|tag| tag.country.iso3() != "CHE"), "{page}");
    }
}

#[test]
fn dateline_with_u2212() {
    opens("dakar/langue-de-barbarie.html", "Sénégal − ");
    opens("haiti/cholera.html", "Haïti − ");
}

#[test]
fn dateline_with_ce_and_a_date() {
    opens("burundi/cohesion-cp1252.html", "Bujumbura - Ce 21 juillet 2021, ");
    opens("tchad/diaspora-2021.html", "N’Djamena - Ce 21 juillet 2021, ");
}

#[test]
fn dateline_with_city_and_region() {
    opens("mexico/guerrero-huracan.html", "Acapulco, Guerrero, 21 de octubre de 2025 – ");
    opens("mexico/tijuana-deportadas.html", "Tijuana, Baja California – ");
}

#[test]
fn no_dateline_before_2013() {
    let reading = read("egypt/en-2011-salloum.html");
    assert!(reading.text().starts_with("A shuttle of 130 buses"));
    assert_eq!(reading.country(), Some("EGY"));
}

#[test]
fn no_dateline_in_2007() {
    holds("no_dateline_in_2007", read("egypt/en-2007-villages.html").country(), Some("EGY"));
}

const BODY: &str = "More than one hundred families left the valley in the night after the river rose over its banks, and \
    teams of the local authorities opened three schools to them, handed out blankets and lamps, and counted who had \
    come and from where, so that nobody who needs a doctor waits for longer than one day, while the road to the north \
    stays closed until the water has gone and the engineers have looked at both of the bridges.";

/// A copy with another dateline has the same hash.
fn same_story(trap: &str, dateline: &str) {
    let same = fingerprint("", &format!("{dateline}{BODY}")).exact == fingerprint("", &format!("Juba – {BODY}")).exact;
    holds(trap, same, true);
}

#[test]
fn fingerprint_without_a_spaced_dateline() {
    for dateline in
        ["Beira — ", "PORT-AU-PRINCE - ", "Sénégal − ", "Geneva (IOM) – ", "Colombo, New Delhi and Bangkok – "]
    {
        same_story("fingerprint_without_a_spaced_dateline", dateline);
    }
}

#[test]
fn fingerprint_without_a_dated_dateline() {
    for dateline in
        ["Geneva/ Tunis, 5 May 2025 – ", "Juba, October 30th, 2019 – ", "Niamey, Niger (16 octobre 2024) – "]
    {
        same_story("fingerprint_without_a_dated_dateline", dateline);
    }
}

#[test]
fn fingerprint_without_a_date_between_dashes() {
    same_story("fingerprint_without_a_date_between_dashes", "Tanger – 01 aout 2024 - ");
}

#[test]
fn fingerprint_without_a_glued_dateline() {
    same_story("fingerprint_without_a_glued_dateline", "N’Djamena–");
}

#[test]
fn fingerprint_without_a_dateline_glued_left() {
    same_story("fingerprint_without_a_dateline_glued_left", "Geneva- ");
}

#[test]
fn contact_paragraph_after_stars() {
    for page in ["haiti/cholera.html", "kenya/kakuma.html", "burundi/gatumba.html"] {
        let reading = read(page);
        super::has(&reading, "***");
        let text = reading.text();
        assert!(!text.contains("***") && !text.to_lowercase().contains("pour plus d’informations"), "{page}");
        assert!(!text.contains("For more information, please contact"), "{page}");
    }
}

#[test]
fn contact_paragraph_without_stars() {
    let reading = read("haiti/naufrage.html");
    assert!(!reading.html.contains("<p>***</p>"));
    assert!(reading.raw.contact.is_some(), "the contact line is found");
}

#[test]
fn photo_credit_lines() {
    for page in ["haiti/thomazeau.html", "dakar/corridor-en.html", "tchad/adre-fr.html", "mexico/tapachula-empleo.html"]
    {
        let reading = read(page);
        super::has(&reading, "©");
        assert!(!reading.text().contains('©'), "{page}");
    }
}

#[test]
fn french_quotes_with_no_break_spaces() {
    let reading = read("haiti/thomazeau.html");
    assert!(reading.html.contains("«\u{A0}") || reading.html.contains("«&nbsp;"));
    assert!(reading.text().contains("« "));
}

#[test]
fn mixed_apostrophes_in_one_title() {
    let (curly, straight) = ("L’OIM et l’État", "L'OIM et l'État");
    assert_eq!(fingerprint(curly, "Court.").exact, fingerprint(straight, "Court.").exact);
    let nbsp = fingerprint("« Ici »", "Un texte « court »\u{202F}: voilà.").exact;
    assert_eq!(nbsp, fingerprint("«\u{A0}Ici\u{A0}»", "Un texte «\u{A0}court\u{A0}» : voilà.").exact);
    assert_eq!(read("niger/zinder-traite.html").raw.title, read("niger/zinder-traite.html").expect.title);
}

#[test]
fn the_office_is_no_country_of_a_headquarters_story() {
    assert_eq!(source(super::fixture("headquarters/libya.html")).country, None);
}
