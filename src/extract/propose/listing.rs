//! The listing half of a proposal: which cards the list is made of, and where a card has its link, title and date.

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::{ElementRef, Selector};
use url::Url;

use super::selector::{Spot, first_match, names};
use crate::extract::ProfileRules;
use crate::extract::page::{Page, bare_host, outermost, text_of};
use crate::extract::published::reader;

/// Links to the next page, as content systems write them.
const NEXT: &[&str] = &[
    "a[rel=next]",
    "li.pager__item--next a",
    "li.pager-next a",
    "li.next a",
    "a.next",
    ".pagination a[aria-label=Next]",
    ".nav-previous a",
];
/// A text longer than this is no date.
const LONGEST_DATE: usize = 60;

/// What a listing is made of, judged by where it shows these articles. None: it does not show two of them.
pub(super) fn propose(page: &Page<'_>, articles: &[Url], rules: &mut ProfileRules) -> Option<()> {
    let any = Selector::parse("a[href]").ok()?;
    let chains: Vec<(Vec<ElementRef<'_>>, &Url)> =
        articles.iter().filter_map(|url| Some((chain(page, url)?, url))).collect();
    let ((one, first), (other, second)) = (chains.first()?, chains.get(1)?);
    let above: HashSet<NodeId> = other.iter().map(|e| e.id()).collect();
    let container = *one.iter().find(|element| above.contains(&element.id()))?;
    let inside = |chain: &[ElementRef<'_>]| {
        chain.iter().take_while(|e| e.id() != container.id()).map(|e| e.id()).collect::<HashSet<_>>()
    };
    let (in_one, in_other) = (inside(one), inside(other));
    // The name that most cards bear; of equals the one that stands highest, since it holds the date as well.
    let mut best: Option<(usize, String, Vec<ElementRef<'_>>)> = None;
    for element in one.iter().take_while(|e| e.id() != container.id()) {
        for name in names(*element) {
            let Ok(selector) = Selector::parse(&name) else { continue };
            let cards = outermost(container.select(&selector).collect());
            let holds = |ids: &HashSet<NodeId>| cards.iter().any(|card| ids.contains(&card.id()));
            let linked = cards.iter().filter(|card| card.select(&any).next().is_some()).count();
            if !holds(&in_one) || !holds(&in_other) || 10 * linked < 9 * cards.len() {
                continue;
            }
            if best.as_ref().is_none_or(|(count, ..)| linked >= *count) {
                best = Some((linked, name, cards));
                break;
            }
        }
    }
    let (_, item, cards) = best?;
    let card = |ids: &HashSet<NodeId>| cards.iter().copied().find(|card| ids.contains(&card.id()));
    let pair = [(card(&in_one)?, *first), (card(&in_other)?, *second)];
    rules.container = first_match(&[Spot { within: page.html.root_element(), element: container }]);
    rules.item = Some(item);
    rules.link = link(page, &any, &pair);
    rules.title = title(&pair);
    rules.date = date(page, &pair);
    rules.next = NEXT
        .iter()
        .find(|next| page.first(next).is_some_and(|a| a.value().attr("href").is_some()))
        .map(|next| (*next).to_owned());
    Some(())
}

/// The link to an article that carries the most text, and what it stands in, from the inside out.
fn chain<'a>(page: &'a Page<'_>, article: &Url) -> Option<Vec<ElementRef<'a>>> {
    let links = page.all("a[href]").into_iter().filter(|a| leads_to(page, *a, article));
    let link = links.max_by_key(|a| text_of(*a).chars().count().min(200))?;
    Some(std::iter::once(link).chain(link.ancestors().filter_map(ElementRef::wrap)).collect())
}

/// True where a link leads to an article: what follows the path says how one came, and a slash at its end nothing.
fn leads_to(page: &Page<'_>, link: ElementRef<'_>, article: &Url) -> bool {
    let bare = |url: &Url| {
        (bare_host(url).to_owned(), url.path().trim_end_matches('/').to_owned(), url.query().map(str::to_owned))
    };
    link.value().attr("href").and_then(|href| page.link(href)).is_some_and(|url| bare(&url) == bare(article))
}

type Card<'a, 'b> = (ElementRef<'a>, &'b Url);

fn link(page: &Page<'_>, any: &Selector, cards: &[Card<'_, '_>]) -> Option<String> {
    let found = |text: &str| {
        Selector::parse(text).is_ok_and(|selector| {
            cards.iter().all(|(card, url)| card.select(&selector).next().is_some_and(|a| leads_to(page, a, url)))
        })
    };
    let headings = ["h2 a[href]", "h3 a[href]", "h4 a[href]", "h5 a[href]", "a[href]"];
    if let Some(text) = headings.iter().find(|text| found(text)) {
        return Some((*text).to_owned());
    }
    let (card, url) = cards.first()?;
    let link = card.select(any).find(|a| leads_to(page, *a, url))?;
    names(link).into_iter().map(|name| format!("{name}[href]")).find(|text| found(text))
}

/// The heading of a card; none where its link is all the title there is.
fn title(cards: &[Card<'_, '_>]) -> Option<String> {
    let texts = |text: &str| {
        Selector::parse(text).is_ok_and(|selector| {
            cards
                .iter()
                .all(|(card, _)| card.select(&selector).next().is_some_and(|e| text_of(e).chars().count() >= 10))
        })
    };
    let (card, _) = cards.first()?;
    let heading = card.descendants().filter_map(ElementRef::wrap).find(|e| {
        matches!(e.value().name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6") && text_of(*e).chars().count() >= 10
    });
    let titled = card
        .descendants()
        .filter_map(ElementRef::wrap)
        .find(|e| e.value().classes().any(|class| class.contains("title")));
    heading.or(titled).and_then(|e| names(e).into_iter().find(|name| texts(name)))
}

/// What shows a card's date: the innermost element that reads as one, in each card.
fn date(page: &Page<'_>, cards: &[Card<'_, '_>]) -> Option<String> {
    let reader = reader(&page.input, None);
    let dated = |e: ElementRef<'_>| {
        let text = text_of(e);
        text.chars().count() <= LONGEST_DATE && reader.read(&text, "listing.date").is_some()
    };
    let (card, _) = cards.first()?;
    let all: Vec<ElementRef<'_>> = card.descendants().filter_map(ElementRef::wrap).filter(|e| dated(*e)).collect();
    let names = all.into_iter().rev().flat_map(names);
    names.into_iter().find(|name| {
        Selector::parse(name)
            .is_ok_and(|selector| cards.iter().all(|(card, _)| card.select(&selector).next().is_some_and(&dated)))
    })
}
