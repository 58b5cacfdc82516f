//! `/opml`: every country and theme feed, in folders, narrowed by the same filters. Names are English or, with `ui=fr`, French.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use super::answer::{self, Parameters};
use super::{Problem, Shared, Site};
use crate::article::{Country, Language, Region};
use crate::edition::Asked;
use crate::publish::opml::{CONTENT_TYPE, Outline, render};
use crate::query::Query;

pub(super) async fn opml(State(site): Shared, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let parameters = Parameters::of(&uri, &["ui"]);
    let ui = parameters.interface()?;
    let query = Query::parse(&parameters.rest, &site.edition.vocabulary())?;
    let title = site.edition.title(&query, ui);
    let bytes = render(&title, &outlines(&site, ui, &query))
        .map_err(|why| answer::internal("the list could not be written", &why.to_string()))?;
    answer::document(&headers, CONTENT_TYPE, bytes)
}

fn outlines(site: &Site, ui: Language, query: &Query) -> Vec<Outline> {
    let french = ui == Language::FR;
    let name = |en: &str, fr: &str| if french { fr.to_owned() } else { en.to_owned() };
    let counts = site.edition.counts();
    let mut countries: BTreeSet<Country> = counts.countries.keys().copied().collect();
    countries.extend(site.edition.sources().filter_map(|(_, card)| card.country));
    // Narrowed to some, the list is of these alone.
    countries.retain(|country| {
        let in_region = query.regions.is_empty() || query.regions.contains(&country.region());
        in_region && (query.countries.is_empty() || query.countries.contains(country))
    });
    // A region of one country is that country.
    let regions: BTreeSet<Region> =
        countries.iter().filter(|_| query.countries.is_empty()).map(|country| country.region()).collect();
    let sorted = |mut feeds: Vec<Outline>| {
        feeds.sort_by_key(|feed| match feed {
            Outline::Feed { text, .. } | Outline::Folder { text, .. } => crate::article::fold(text),
        });
        feeds
    };
    let by_region = regions
        .iter()
        .map(|region| feed(site, ui, region.name(ui), Query { regions: BTreeSet::from([*region]), ..query.clone() }));
    let by_country = countries.iter().map(|country| {
        feed(site, ui, country.name(ui), Query { countries: BTreeSet::from([*country]), ..query.clone() })
    });
    let themes = site.edition.themes.iter();
    let themes = themes.filter(|theme| query.themes.is_empty() || query.themes.contains(&theme.slug));
    let by_theme = themes.map(|theme| {
        feed(site, ui, theme.name(ui), Query { themes: BTreeSet::from([theme.slug.clone()]), ..query.clone() })
    });
    let folders = [
        (name("Regions", "Régions"), sorted(by_region.collect())),
        (name("Countries", "Pays"), sorted(by_country.collect())),
        (name("Themes", "Thèmes"), sorted(by_theme.collect())),
    ];
    let folders = folders.into_iter().filter(|(_, outlines)| !outlines.is_empty());
    let folders = folders.map(|(text, outlines)| Outline::Folder { text, outlines });
    std::iter::once(feed(site, ui, &name("Everything", "Tout"), query.clone())).chain(folders).collect()
}

fn feed(site: &Site, ui: Language, text: &str, query: Query) -> Outline {
    let languages: Vec<Language> = query.languages.iter().copied().collect();
    // A French list is of feeds with French titles and labels.
    let asked = Asked { ui: (ui == Language::FR).then_some(ui), ..Asked::from(query) };
    Outline::Feed {
        text: text.to_owned(),
        feed_url: site.edition.address("feed.atom", &asked),
        home_url: site.edition.address("", &asked),
        language: if let [one] = languages[..] { Some(one) } else { None },
    }
}
