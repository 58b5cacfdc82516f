//! The title of a page, of the several that it has: the headline readers see, where what the page declares agrees
//! with it; never the site's name.

use std::collections::HashSet;

use scraper::ElementRef;

use super::facts::Facts;
use super::page::{Page, bare_host, text_of};
use super::profile::Profile;
use crate::article::{clean_line, fold, is_too_wild};

/// What parts a title from the site's name.
const PARTS: &[&str] = &[" | ", " – ", " - ", " — ", " :: ", " • ", " · ", "｜", " » ", " « ", "|"];

pub(super) fn find(page: &Page<'_>, facts: &Facts<'_>, profile: Option<&Profile>) -> String {
    let by_profile = profile.iter().flat_map(|p| &p.article_title).flat_map(|s| page.html.select(s)).map(text_of);
    if let Some(title) = by_profile.into_iter().find(|t| !t.is_empty()) {
        return title;
    }
    let site = Site::of(page, facts);
    let shared = ["og:title", "twitter:title", "dc.title", "title"];
    let shared = shared.iter().find_map(|n| facts.meta(n)).map(|t| site.strip(t)).unwrap_or_default();
    let document = site.strip(&facts.title);
    let headline = facts
        .json_values("headline")
        .into_iter()
        .filter_map(|v| v.as_str())
        .map(|t| site.strip(&plain(t)))
        .find(|t| !t.is_empty())
        .unwrap_or_default();
    let declared = [headline.as_str(), shared.as_str(), document.as_str()];
    let seen = facts.headings.iter().map(|h| without_kicker(*h)).filter(|t| !t.is_empty() && !site.is(t));
    // Of several headlines the one that the page's other titles speak of.
    let seen = seen
        .map(|heading| {
            let likeness = declared.iter().map(|other| likeness(&heading, other)).fold(0.0, f32::max);
            (likeness, heading)
        })
        .reduce(|best, next| if next.0 > best.0 { next } else { best });
    let Some((likeness, heading)) = seen else {
        return first(&[&shared, &headline, &document]);
    };
    let is_alone = declared.iter().all(|other| other.is_empty());
    if likeness < 0.34 && !is_alone {
        return first(&[&headline, &shared, &document]);
    }
    // Two declarations that agree, and the heading under its kicker, outweigh the heading alone.
    let same = |a: &str, b: &str| !a.is_empty() && letters(a) == letters(b);
    let is_whole = shared.contains(':') && shared.len() > heading.len() && fold(&shared).ends_with(&fold(&heading));
    if is_whole || same(&headline, &shared) {
        return shared;
    }
    // A kicker stands in the heading with the headline.
    let is_kicked = |inner: &str| {
        inner.chars().count() > 15 && heading.len() > inner.len() && fold(&heading).ends_with(&fold(inner))
    };
    match [&headline, &shared].into_iter().find(|inner| is_kicked(inner)) {
        Some(inner) => inner.clone(),
        None => heading,
    }
}

/// What each signal says, without the site's name: for whoever asks what a title was chosen from.
pub(super) fn signals(page: &Page<'_>, facts: &Facts<'_>, profile: Option<&Profile>) -> Vec<(String, String)> {
    let site = Site::of(page, facts);
    let by_profile = profile.into_iter().flat_map(|p| &p.article_title).flat_map(|s| page.html.select(s)).take(4);
    let mut all: Vec<(String, String)> = by_profile.map(|e| ("article.title".to_owned(), text_of(e))).collect();
    let headings = facts.headings.iter().take(4).map(|heading| ("h1".to_owned(), without_kicker(*heading)));
    all.extend(headings);
    for name in ["og:title", "twitter:title", "dc.title", "title"] {
        all.extend(facts.meta(name).map(|text| (name.to_owned(), site.strip(text))));
    }
    let headlines = facts.json_values("headline").into_iter().filter_map(|value| value.as_str());
    all.extend(headlines.map(|text| ("json-ld headline".to_owned(), site.strip(&plain(text)))));
    all.push(("<title>".to_owned(), site.strip(&facts.title)));
    all.retain(|(_, text)| !text.is_empty());
    all
}

/// The text of a heading, less the line above the headline that some sites put into it.
fn without_kicker(heading: ElementRef<'_>) -> String {
    const KICKERS: &[&str] = &["kicker", "overline", "eyebrow", "topline", "roofline", "surtitre", "antetitulo"];
    let is_kicker = |e: &ElementRef<'_>| {
        let class = e.value().attr("class").unwrap_or_default().to_ascii_lowercase();
        class.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| KICKERS.contains(&part))
    };
    let whole = text_of(heading);
    let kickers = heading.child_elements().filter(is_kicker).map(text_of);
    let rest = kickers.fold(whole.as_str(), |rest, kicker| rest.strip_prefix(kicker.as_str()).unwrap_or(rest));
    let rest = rest.trim_start_matches(['-', '–', '—', '|', ':', '·', ' ', '\u{A0}']);
    if rest.split_whitespace().count() > 2 { rest.to_owned() } else { whole }
}

fn first(titles: &[&String]) -> String {
    titles.iter().find(|t| !t.is_empty()).map(|t| (*t).clone()).unwrap_or_default()
}

/// Structured data may hold markup in a title.
fn plain(text: &str) -> String {
    if text.contains(['<', '&']) && !is_too_wild(text) {
        let fragment = scraper::Html::parse_fragment(text);
        return clean_line(&fragment.root_element().text().collect::<String>());
    }
    clean_line(text)
}

/// Shared words, by the smaller of two titles.
fn likeness(a: &str, b: &str) -> f32 {
    let words = |text: &str| -> HashSet<String> {
        fold(text).split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
    };
    let (a, b) = (words(a), words(b));
    let least = a.len().min(b.len());
    if least == 0 { 0.0 } else { a.intersection(&b).count() as f32 / least as f32 }
}

/// The names that a site goes by.
struct Site {
    names: Vec<String>,
    /// The words of its address: a name made of them alone is its own.
    words: Vec<String>,
}

impl Site {
    fn of(page: &Page<'_>, facts: &Facts<'_>) -> Site {
        let mut names: Vec<String> = ["og:site_name", "application-name", "al:ios:app_name"]
            .iter()
            .filter_map(|n| facts.meta(n))
            .map(letters)
            .collect();
        names.push(letters(bare_host(page.input.url)));
        // The name before the top-level domain.
        let host = bare_host(page.input.url);
        names.extend(host.rsplit('.').nth(1).map(letters));
        names.retain(|name| name.chars().count() > 2);
        let mut words: Vec<String> = host.split(['.', '-']).filter(|word| word.len() > 2).map(letters).collect();
        // The organisation writes its name in two ways, its address in one.
        words.extend(words.contains(&"iom".to_owned()).then(|| "oim".to_owned()));
        Site { names, words }
    }

    /// The site's name, or words of its address: `IOM Kenya` on kenya.iom.int.
    fn is_name(&self, part: &str) -> bool {
        let words: Vec<String> = part.split_whitespace().map(letters).filter(|word| !word.is_empty()).collect();
        self.is(part) || words.len() > 1 && words.iter().all(|word| self.words.contains(word))
    }

    /// A title that is nothing but the site's name.
    fn is(&self, title: &str) -> bool {
        let title = letters(title);
        self.names.contains(&title)
    }

    /// A title without the site's name behind or before it.
    fn strip(&self, title: &str) -> String {
        let mut title = clean_line(title);
        for _ in 0..3 {
            let parts = PARTS.iter().filter_map(|part| title.rsplit_once(part).map(|(head, tail)| (head, tail, *part)));
            // The last of the marks, wherever it stands.
            let Some((head, tail, part)) = parts.max_by_key(|(head, ..)| head.len()) else { break };
            let name = letters(tail);
            let is_site = !name.is_empty()
                && self.names.iter().any(|known| known.contains(&name) || (name.contains(known) && known.len() > 3));
            let is_bar = part.contains(['|', '｜', ':', '•']);
            let is_short = tail.split_whitespace().count() <= 4 && head.split_whitespace().count() >= 3;
            if !(is_site || self.is_name(tail) || (is_bar && is_short)) || head.trim().is_empty() {
                break;
            }
            title = clean_line(head);
        }
        for part in PARTS {
            if let Some((name, rest)) = title.split_once(part)
                && self.is_name(name)
                && !rest.trim().is_empty()
            {
                return clean_line(rest);
            }
        }
        title
    }
}

/// Letters and digits alone, folded.
fn letters(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_site_goes() {
        let of = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let site = Site { names: of(&["lacanaille", "haitioffice"]), words: of(&["haiti", "iom", "int", "oim"]) };
        for (title, want) in [
            ("Une école rouvre | La Canaille", "Une école rouvre"),
            ("La Canaille - Une école rouvre", "Une école rouvre"),
            ("Une école rouvre – le récit", "Une école rouvre – le récit"),
            ("Port-au-Prince: a school reopens | News | Haiti Office", "Port-au-Prince: a school reopens"),
            ("La Canaille", "La Canaille"),
            ("OIM Haïti :: Une école rouvre", "Une école rouvre"),
            ("Une école rouvre - IOM Haiti", "Une école rouvre"),
            ("Haïti :: Une école rouvre", "Haïti :: Une école rouvre"),
        ] {
            assert_eq!(site.strip(title), want, "{title}");
        }
    }

    #[test]
    fn the_line_above_a_headline_is_no_part_of_it() {
        for (heading, want) in [
            (
                "<span class='title__kicker'>Mali</span> <span>A well for the people of Kati</span>",
                "A well for the people of Kati",
            ),
            ("<span class='overline'>Mali</span><span> – </span>A well for Kati", "A well for Kati"),
            ("<span class='kicker'>Mali:</span> A well", "Mali: A well"),
            ("A well for the people of Kati", "A well for the people of Kati"),
        ] {
            let html = scraper::Html::parse_fragment(&format!("<h1>{heading}</h1>"));
            let h1 = html.select(&scraper::Selector::parse("h1").unwrap()).next().unwrap();
            assert_eq!(without_kicker(h1), want, "{heading}");
        }
    }
}
