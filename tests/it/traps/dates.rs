//! Traps of dates: the order of US chrome on French pages, weekdays that look like months, dates that are none.

use super::{holds, minimal, read, shown_day};

/// The day of a page whose chrome shows this text, and whose body names none.
fn chrome(text: &str) -> Option<String> {
    let raw =
        minimal(text, "<p>Les équipes ont terminé la distribution prévue dans les trois communes du littoral.</p>");
    raw.published.map(|date| date.to_rfc3339())
}

/// The day of a page without a date in its chrome, whose body begins so.
fn prose(opening: &str) -> Option<String> {
    let body = format!("<p>{opening} les équipes ont terminé la distribution prévue dans les trois communes.</p>");
    minimal("", &body).published.map(|date| date.to_rfc3339())
}

#[test]
fn posted_weekday_month_day_year_and_time() {
    let got = chrome("Posted: Wednesday, September 19, 2018 - 17:11");
    assert_eq!(got.as_deref(), Some("2018-09-19T17:11:00Z"));
    assert_eq!(read("egypt/en-2018-cairo.html").day().as_deref(), Some("2018-09-19"));
}

#[test]
fn us_date_with_weekday_and_time() {
    assert_eq!(chrome("Fri, 01/22/2021 - 03:19").as_deref(), Some("2021-01-22T03:19:00Z"));
    assert_eq!(read("mexico/tenosique-ninez.html").day().as_deref(), Some("2021-01-22"));
}

#[test]
fn us_date_on_a_french_page() {
    assert_eq!(chrome("07/30/2016").as_deref(), Some("2016-07-30"));
    assert_eq!(read("burundi/traite-2016.html").day().as_deref(), Some("2016-07-30"));
}

#[test]
fn ambiguous_us_date_on_a_french_page() {
    assert_eq!(chrome("07/04/2016").as_deref(), Some("2016-07-04"));
    assert_eq!(read("tchad/sarh-formation.html").day().as_deref(), Some("2016-07-04"));
    let shown = shown_day("dakar/listing-1.html", "nouakchott");
    assert_eq!(shown.as_deref(), Some("2024-08-01"));
}

#[test]
fn mar_08_08_2017_is_a_tuesday() {
    assert_eq!(chrome("Mar, 08/08/2017 - 10:00").as_deref(), Some("2017-08-08T10:00:00Z"));
    for page in ["burundi/kobero.html", "tchad/bol-fr.html"] {
        assert_eq!(read(page).day().as_deref(), Some("2017-08-08"), "{page}");
    }
}

#[test]
fn english_value_under_a_french_label() {
    let got = chrome("Date de publication Tue, 02/13/2024 - 15:21");
    assert_eq!(got.as_deref(), Some("2024-02-13T15:21:00Z"));
    for page in ["burundi/rapatries.html", "niger/assamaka.html"] {
        assert_eq!(read(page).day().as_deref(), Some("2024-02-13"), "{page}");
    }
}

#[test]
fn both_orders_of_words_on_one_site() {
    for (listing, part, day) in [
        ("dakar/listing-1.html", "sierra-leonean", "2020-12-24"),
        ("dakar/listing-1.html", "langue-de-barbarie", "2022-04-01"),
        ("kenya/listing-1.html", "recruitment-agencies", "2020-12-24"),
        ("kenya/listing-1.html", "tana-river", "2024-05-16"),
    ] {
        assert_eq!(shown_day(listing, part).as_deref(), Some(day), "{part}");
    }
}

#[test]
fn posted_on_weekday_with_month_in_dashes() {
    assert_eq!(chrome("Posted on Fri. July-01-2016").as_deref(), Some("2016-07-01"));
    assert_eq!(read("egypt/en-2016-july.html").day().as_deref(), Some("2016-07-01"));
}

#[test]
fn posted_on_weekday_with_short_month_in_dashes() {
    assert_eq!(chrome("Posted on Tue. Nov-24-2015").as_deref(), Some("2015-11-24"));
    assert_eq!(read("egypt/en-2015-money.html").day().as_deref(), Some("2015-11-24"));
    assert_eq!(shown_day("burundi/listing-1.html", "kobero").as_deref(), Some("2017-08-08"));
}

#[test]
fn date_glued_before_today_in_the_first_sentence() {
    assert_eq!(prose("April 25, 2016 Today,").as_deref(), Some("2016-04-25"));
    assert_eq!(read("egypt/en-2016-april.html").day().as_deref(), Some("2016-04-25"));
}

#[test]
fn updated_minutes_ago_is_no_date() {
    assert_eq!(chrome("Updated: 33 min 5 sec ago"), None);
    for page in ["haiti/belladere.html", "kenya/namanga.html", "tchad/logone-fr.html"] {
        let reading = read(page);
        assert!(reading.html.contains("33 min"), "{page}");
        assert_eq!(reading.day(), reading.expect.published.as_deref().map(|t| t[..10].to_owned()), "{page}");
    }
}

#[test]
fn year_0024_is_no_year() {
    assert_eq!(chrome("03/12/0024"), None);
    assert_eq!(read("burundi/an-0024.html").day(), None);
    assert_eq!(read("headquarters/gcm-review.html").day(), None);
    assert_eq!(shown_day("burundi/listing-1.html", "farmers-imbo"), None);
    assert_eq!(shown_day("headquarters/listing-en-1.html", "global-compact"), None);
}

#[test]
fn year_before_1990_is_no_year() {
    assert_eq!(chrome("07/30/1970"), None);
    assert_eq!(chrome("01/01/1990").as_deref(), Some("1990-01-01"));
}

#[test]
fn a_day_to_come_is_no_date() {
    assert_eq!(chrome("12/31/2027"), None);
}

#[test]
fn prose_day_in_parentheses_is_no_publication_date() {
    // `(9/03)` has no year: the page's own date stands.
    let reading = read("headquarters/haiti-en.html");
    super::has(&reading, "(9/03)");
    assert_eq!(reading.day().as_deref(), Some("2026-03-10"));
}

#[test]
fn prose_weekday_with_day_in_parentheses() {
    let reading = read("niger/dirkou-secours.html");
    super::has(&reading, "(12/04)");
    assert_eq!(reading.day().as_deref(), Some("2018-04-13"));
    assert_eq!(prose("Niamey – Arrivés jeudi (12/04),"), None);
}

#[test]
fn hier_premier_juin_is_the_day_before() {
    // "Yesterday, 1 June" without a year is no date of the page.
    assert_eq!(prose("Cap-Haïtien – Hier, 1er juin,"), None);
    for page in ["haiti/retour-bresil.html", "niger/tillaberi-dtm.html"] {
        assert_eq!(read(page).day().as_deref(), Some("2026-06-02"), "{page}");
    }
}

#[test]
fn month_without_accent() {
    assert_eq!(prose("Tanger – 01 aout 2024 -").as_deref(), Some("2024-08-01"));
    assert_eq!(read("haiti/cyclone.html").day().as_deref(), Some("2025-08-01"));
}

#[test]
fn ordinal_day() {
    assert_eq!(prose("Juba, October 30th, 2019 –").as_deref(), Some("2019-10-30"));
    assert_eq!(read("tchad/faya-clinic.html").day().as_deref(), Some("2019-10-30"));
}

#[test]
fn french_short_month_with_accent() {
    assert_eq!(chrome("20 Déc 2024").as_deref(), Some("2024-12-20"));
    assert_eq!(shown_day("haiti/listing-1.html", "thomazeau").as_deref(), Some("2024-12-20"));
}

#[test]
fn spanish_short_month() {
    assert_eq!(shown_day("mexico/listing-es-1.html", "licitar").as_deref(), Some("2026-08-12"));
}

#[test]
fn machine_date_with_a_zone() {
    let reading = read("burundi/gatumba.html");
    super::has(&reading, "2024-04-19T17:11:00+02:00");
    let got = reading.raw.published.as_ref().map(|d| d.to_rfc3339());
    assert_eq!(got.as_deref(), Some("2024-04-19T17:11:00+02:00"));
}

#[test]
fn date_before_the_first_word() {
    assert_eq!(read("haiti/abris-2016.html").day().as_deref(), Some("2016-11-24"));
}

#[test]
fn date_of_another_card_is_not_the_pages() {
    // The block of latest news shows dates too.
    let reading = read("haiti/cholera.html");
    super::has(&reading, "16 Oct 2024");
    assert_eq!(reading.day().as_deref(), Some("2025-11-04"));
}

#[test]
fn arabic_indic_digits() {
    assert_eq!(read("egypt/ar-fayoum.html").day().as_deref(), Some("2026-06-22"));
}

#[test]
fn english_date_on_an_arabic_page() {
    assert_eq!(read("egypt/ar-aswan.html").day().as_deref(), Some("2025-09-17"));
}

#[test]
fn old_g1_dates_outside_the_profile() {
    holds("old_g1_dates_outside_the_profile", read("egypt/en-2007-villages.html").day(), Some("2007-09-12".to_owned()));
}

#[test]
fn old_g1_us_date_outside_the_profile() {
    holds(
        "old_g1_us_date_outside_the_profile",
        read("egypt/en-2011-salloum.html").day(),
        Some("2011-03-08".to_owned()),
    );
}
