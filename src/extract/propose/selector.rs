//! Selectors for an element that stands on a page: short, made of names that mean something, and the same on every page
//! that is shown. Names that a build tool or an editor made up are left alone: they are others tomorrow.

use std::collections::HashSet;

use scraper::{ElementRef, Selector};

/// Ancestors that may help to tell an element from others of its name.
const MOST_AROUND: usize = 6;
/// Words of class names that say how something looks or where it stands in a grid, not what it is.
const LOOKS: &[&str] = &[
    "col",
    "row",
    "grid",
    "flex",
    "clearfix",
    "container",
    "wrapper",
    "inner",
    "outer",
    "left",
    "right",
    "center",
    "odd",
    "even",
    "first",
    "last",
    "active",
    "text",
    "bg",
    "btn",
    "mb",
    "mt",
    "pb",
    "pt",
    "px",
    "py",
    "mx",
    "my",
    "d",
    "w",
    "h",
    "animated",
    "fade",
    "js",
    "views",
    "block",
    "region",
    "layout",
    "field",
    "label",
    "hidden",
];

/// Where an element stands: on its page, or within the part of one that selectors are asked in.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) within: ElementRef<'a>,
    pub(super) element: ElementRef<'a>,
}

/// Names of an element by itself, from the one that means most to the plainest.
pub(super) fn names(element: ElementRef<'_>) -> Vec<String> {
    let tag = element.value().name();
    let mut names = Vec::new();
    if let Some(id) = element.value().id().filter(|id| is_lasting(id)) {
        names.push(format!("#{id}"));
    }
    names.extend(
        element.value().attr("itemprop").filter(|name| is_lasting(name)).map(|name| format!("{tag}[itemprop={name}]")),
    );
    let mut classes: Vec<&str> = element.value().classes().filter(|class| is_lasting(class)).collect();
    classes.sort_by_key(|class| looks(class));
    let (plain, telling): (Vec<&str>, Vec<&str>) = classes.into_iter().partition(|class| looks(class) == 2);
    names.extend(telling.iter().map(|class| format!("{tag}.{class}")));
    if !matches!(tag, "div" | "span" | "a" | "p" | "ul" | "li" | "td" | "tr") {
        names.push(tag.to_owned());
    }
    names.extend(plain.iter().map(|class| format!("{tag}.{class}")));
    names.push(tag.to_owned());
    let mut known = HashSet::new();
    names.retain(|name| known.insert(name.clone()));
    names
}

/// 0 where no word of a name is about looks, 1 where some are, 2 where all are.
fn looks(name: &str) -> u8 {
    let words: Vec<String> = name.split(['-', '_']).map(str::to_ascii_lowercase).filter(|w| !w.is_empty()).collect();
    let looks = words.iter().filter(|word| LOOKS.contains(&word.as_str())).count();
    match looks {
        0 => 0,
        n if n == words.len() => 2,
        _ => 1,
    }
}

/// True for a name that people gave: letters and joints, no digits, no `sc-bdVaJa`.
fn is_lasting(name: &str) -> bool {
    let mixed = |word: &str| {
        let upper = word.chars().skip(1).filter(char::is_ascii_uppercase).count();
        let vowels = word.chars().filter(|c| "aeiouyAEIOUY".contains(*c)).count();
        upper > 2 || (word.len() >= 5 && vowels == 0)
    };
    name.len() <= 60
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_'))
        && !name.split(['-', '_']).any(mixed)
}

/// A selector whose first match is the element, on each page; where there is one, of which it is the only match.
pub(super) fn first_match(spots: &[Spot<'_>]) -> Option<String> {
    let hits = |text: &str, alone: bool| {
        Selector::parse(text).is_ok_and(|selector| {
            spots.iter().all(|spot| {
                let mut found = spot.within.select(&selector);
                found.next().is_some_and(|first| first.id() == spot.element.id()) && !(alone && found.next().is_some())
            })
        })
    };
    let element = spots.first()?.element;
    let own = names(element);
    let around = element.ancestors().filter_map(ElementRef::wrap).take(MOST_AROUND);
    let around = around.filter(|above| !matches!(above.value().name(), "html" | "body")).flat_map(names);
    let both = around.flat_map(|above| own.iter().map(move |name| format!("{above} {name}")).collect::<Vec<_>>());
    let all: Vec<String> = own.iter().cloned().chain(both).collect();
    let best = |alone| all.iter().find(|text| hits(text, alone)).cloned();
    best(true).or_else(|| best(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_gave() {
        for name in ["news-list", "field--name-body", "entry_title", "articleBody", "card"] {
            assert!(is_lasting(name), "{name}");
        }
        for name in ["css-1q2w3e", "post-1234", "sc-bdVaJaXz", "2col", "x:hover", "jkxvt", ""] {
            assert!(!is_lasting(name), "{name}");
        }
        assert_eq!((looks("col-md"), looks("news-row"), looks("teaser")), (1, 1, 0));
    }
}
