//! The language, by vote of 25-word windows; what the page declares only breaks ties.

use std::collections::BTreeMap;

use whatlang::{Detector, Lang};

use crate::article::{DeclaredLanguages, How, Language, LanguageTag, fold};

/// Languages that offices publish in.
const ALLOWED: &[(Lang, Language)] = &[
    (Lang::Eng, Language::EN),
    (Lang::Fra, Language::FR),
    (Lang::Spa, Language::ES),
    (Lang::Por, Language::PT),
    (Lang::Ara, Language::AR),
    (Lang::Rus, Language::RU),
    (Lang::Ukr, Language::UK),
    (Lang::Ita, Language::IT),
    (Lang::Deu, Language::DE),
    (Lang::Ron, Language::RO),
    (Lang::Cat, Language::CA),
];

/// Words that stand in nearly every sentence of a language, folded.
const FUNCTION: &[(Language, &str)] = &[
    (
        Language::EN,
        "the of and to in for with that is on by from as are was were has have at their this its which been iom will",
    ),
    (
        Language::FR,
        "le la les des du et en pour dans que qui une un par sur avec est au aux ont sont plus ce cette oim leur",
    ),
    (Language::ES, "el los las del y en para que una un por con es se al han son mas esta sus como su entre desde fue"),
    (Language::PT, "o os as do da dos das e em para que uma um por com foi ao nao sao mais esta seus como no na pelo"),
    (
        Language::IT,
        "il lo gli della di e in per che una un con sono dei delle nel alla piu questo dal sul anche e da si",
    ),
    (
        Language::DE,
        "der die das und in den von mit fur ist im zu dem auf des ein eine sich als auch werden wurde nach bei aus",
    ),
    (
        Language::RO,
        "si in de la cu pentru este din care sunt au pe mai prin o un fost sau al ale lor acest aceasta dintre",
    ),
    (
        Language::CA,
        "els les amb per una que es del dels i de la mes aquest aquesta han son als pel seva entre fins tambe ser",
    ),
];

/// Function words of Haitian Creole, which whatlang takes for French.
const CREOLE: &[&str] = &[
    "nan", "yo", "ki", "pou", "ak", "gen", "te", "moun", "li", "pa", "tout", "chak", "dwa", "oswa", "sou", "ou", "ka",
    "nou", "sa",
];

/// Words of a window.
const WINDOW: usize = 25;

pub(super) fn judge(title: &str, text: &str, declared: &DeclaredLanguages) -> LanguageTag {
    let whole = if title.is_empty() { text.to_owned() } else { format!("{title}\n{text}") };
    let words: Vec<&str> = whole.split_whitespace().filter(|w| w.chars().any(char::is_alphabetic)).collect();
    let letters: usize = words.iter().map(|w| w.chars().filter(|c| c.is_alphabetic()).count()).sum();
    if letters < 4 {
        return prior(declared, Vec::new());
    }
    let detector = Detector::with_allowlist(ALLOWED.iter().map(|(lang, _)| *lang).collect());
    let mut votes: BTreeMap<Language, f32> = BTreeMap::new();
    for window in words.chunks(WINDOW) {
        let joined = window.join(" ");
        let folded: Vec<String> = window.iter().map(|w| fold(w.trim_matches(|c: char| !c.is_alphanumeric()))).collect();
        if is_creole(&folded) {
            *votes.entry(Language::HT).or_default() += joined.len() as f32;
            continue;
        }
        let plain: Vec<&str> =
            window.iter().copied().filter(|w| !w.chars().all(|c| !c.is_lowercase()) || !w.is_ascii()).collect();
        let Some(info) = detector.detect(if plain.is_empty() { joined.as_str() } else { &joined }) else { continue };
        let Some((_, mut language)) = ALLOWED.iter().find(|(lang, _)| *lang == info.lang()).copied() else { continue };
        let mut weight = if info.is_reliable() { 1.0 } else { 0.3 };
        if !info.is_reliable()
            && let Some((lead, by)) = by_function_words(&folded)
            && by >= 2
        {
            (language, weight) = (lead, 0.6);
        }
        *votes.entry(language).or_default() += weight * joined.len() as f32;
    }
    let total: f32 = votes.values().sum();
    let Some((language, most)) = votes.iter().max_by(|a, b| a.1.total_cmp(b.1)).map(|(l, w)| (*l, *w)) else {
        return prior(declared, Vec::new());
    };
    let share = most / total;
    let evidence: Vec<String> = votes.iter().map(|(l, w)| format!("body: {l} {:.0} %", 100.0 * w / total)).collect();
    // A weak vote of a short text gives way to what is declared, where that got votes or the text is tiny.
    let weak = words.len() < WINDOW && most / whole.len() as f32 <= 0.5;
    if weak && let Some((declared, from)) = first(declared).filter(|(d, _)| *d != language) {
        let folded: Vec<String> = words.iter().map(|w| fold(w.trim_matches(|c: char| !c.is_alphanumeric()))).collect();
        if by_function_words(&folded).is_none_or(|(lead, by)| lead == declared || by < 2) {
            let evidence = evidence.into_iter().chain([format!("{from}: {declared}")]).collect();
            return LanguageTag { language: declared, confidence: 60, how: How::Declared, mixed: false, evidence };
        }
    }
    let confidence = (100.0 * share * if weak { 0.6 } else { 1.0 }) as u8;
    LanguageTag { language, confidence, how: How::Body, mixed: share < 0.75, evidence }
}

fn first(declared: &DeclaredLanguages) -> Option<(Language, &'static str)> {
    let all = [
        (declared.item, "declared by the item"),
        (declared.page, "declared by the page"),
        (declared.source, "declared by the source"),
    ];
    all.into_iter().find_map(|(language, from)| Some((language?, from)))
}

fn prior(declared: &DeclaredLanguages, mut evidence: Vec<String>) -> LanguageTag {
    match first(declared) {
        Some((language, from)) => {
            evidence.push(format!("{from}: {language}"));
            LanguageTag { language, confidence: 30, how: How::Declared, mixed: false, evidence }
        }
        None => LanguageTag { language: Language::UND, confidence: 0, how: How::Undetermined, mixed: false, evidence },
    }
}

fn is_creole(words: &[String]) -> bool {
    let creole = words.iter().filter(|w| CREOLE.contains(&w.as_str())).count();
    let french = FUNCTION.iter().find(|(l, _)| *l == Language::FR).map_or("", |(_, list)| list);
    creole >= 2 && creole > words.iter().filter(|w| french.split(' ').any(|f| f == w.as_str())).count()
}

/// The language whose function words lead, and by how many.
fn by_function_words(words: &[String]) -> Option<(Language, usize)> {
    let mut counts: Vec<(usize, Language)> = FUNCTION
        .iter()
        .map(|(language, list)| (words.iter().filter(|w| list.split(' ').any(|f| f == w.as_str())).count(), *language))
        .collect();
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let (best, second) = (counts.first()?, counts.get(1)?);
    (best.0 > second.0).then_some((best.1, best.0 - second.0))
}
