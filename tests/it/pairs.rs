//! Translations in a stream of made articles: which French text tells the story of which English one, where other stories
//! of the same country, week and topic stand beside it. The texts are patterns of `tests/enrich/pairs.json`, each with
//! places, people and figures of its own.

#[path = "../../benches/made/dice.rs"]
pub mod dice;

use std::collections::HashMap;

use depeche::article::{ArticleId, Country, DeclaredLanguages, Language, StoryId};
use depeche::dedup::{self, Groups, Known, Marks, Verdict};
use depeche::enrich::{Enricher, Input};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use self::dice::Dice;

#[derive(Deserialize)]
pub struct Text {
    pub title: String,
    pub text: String,
}

#[derive(Deserialize)]
pub struct Pattern {
    pub en: Text,
    pub fr: Text,
}

pub fn patterns() -> Vec<Pattern> {
    serde_json::from_str(include_str!("../enrich/pairs.json")).unwrap()
}

/// Country, its name in both languages, towns of it.
const PLACES: &[(&str, &str, &str, [&str; 3])] = &[
    ("HTI", "Haiti", "Haïti", ["Les Cayes", "Jérémie", "Gonaïves"]),
    ("TCD", "Chad", "Tchad", ["Abéché", "Adré", "Bongor"]),
    ("NER", "Niger", "Niger", ["Agadez", "Diffa", "Arlit"]),
    ("COD", "the Democratic Republic of the Congo", "République démocratique du Congo", ["Goma", "Bunia", "Kalemie"]),
    ("BDI", "Burundi", "Burundi", ["Gitega", "Rumonge", "Ngozi"]),
    ("MLI", "Mali", "Mali", ["Gao", "Mopti", "Kayes"]),
    ("CMR", "Cameroon", "Cameroun", ["Maroua", "Kousséri", "Garoua"]),
    ("SEN", "Senegal", "Sénégal", ["Kolda", "Tambacounda", "Ziguinchor"]),
];
const FIRST: &[&str] =
    &["Mariam", "Ousmane", "Claudine", "Idriss", "Fabienne", "Halima", "Jonas", "Aïcha", "Désiré", "Nadège"];
const LAST: &[&str] = &[
    "Tokoro", "Barandé", "Mbaïki", "Lwanzo", "Sarkita", "Dolmane", "Kerouba", "Yandié", "Fotali", "Ndouma", "Galiaté",
];
const MONTHS: (&str, &str) = ("September", "septembre");

/// A made article: its story, and what is known of it.
struct Made {
    story: usize,
    known: Known,
}

fn grouped(n: usize, separator: char) -> String {
    if n < 1_000 { n.to_string() } else { format!("{}{separator}{:03}", n / 1_000, n % 1_000) }
}

/// Some 320 articles in the order in which they come: most stories in both languages, some in one alone; of each kind
/// several in the same country and week.
fn stream(enricher: &Enricher) -> Vec<Made> {
    let patterns = patterns();
    let begin: Timestamp = "2026-09-01T12:00:00Z".parse().unwrap();
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    let (mut all, mut story) = (Vec::new(), 0);
    for place in PLACES {
        for pattern in &patterns {
            // Three of one topic within one week: the hardest to tell apart.
            let week = dice.roll(3) * 7;
            for rank in 0..3 {
                story += 1;
                let day = 1 + week + dice.roll(6);
                let figures = [200 + dice.roll(9_000), 20 + dice.roll(900), 12 + dice.roll(400)];
                let person = format!("{} {}", FIRST[dice.roll(FIRST.len())], LAST[dice.roll(LAST.len())]);
                let languages: &[Language] = match (rank, dice.roll(3)) {
                    (2, 0) => &[Language::EN],
                    (2, 1) => &[Language::FR],
                    _ => &[Language::EN, Language::FR],
                };
                for language in languages {
                    let french = *language == Language::FR;
                    let text = if french { &pattern.fr } else { &pattern.en };
                    let mut figures = figures;
                    // Of every third translation one figure was brought up to date meanwhile.
                    if french && languages.len() == 2 && dice.roll(3) == 0 {
                        figures[dice.roll(3)] += 3 + dice.roll(60);
                    }
                    let fill = |template: &str| {
                        let separator = if french { '\u{202F}' } else { ',' };
                        let (month, country) = if french { (MONTHS.1, place.2) } else { (MONTHS.0, place.1) };
                        let date = format!("{day} {month}");
                        let mut filled = template.replace("{city}", place.3[rank]).replace("{person}", &person);
                        for (name, value) in [
                            ("{country_en}", country),
                            ("{country_fr}", country),
                            ("{day_en}", &date),
                            ("{day_fr}", &date),
                        ] {
                            filled = filled.replace(name, value);
                        }
                        for (n, figure) in figures.iter().enumerate() {
                            filled = filled.replace(&format!("{{n{}}}", n + 1), &grouped(*figure, separator));
                        }
                        filled
                    };
                    let (title, text) = (fill(&text.title), fill(&text.text));
                    let judged = enricher.enrich(&Input {
                        title: &title,
                        text: &text,
                        declared: DeclaredLanguages::default(),
                        source_country: None,
                    });
                    let canonical = format!("https://office.example/{}/{story}-{language}", place.0);
                    let id = ArticleId::of_canonical(&canonical);
                    let fingerprint = dedup::fingerprint(&title, &text);
                    // A translation may come days after the first text.
                    let late = if french { dice.roll(4) } else { 0 };
                    let known = Known {
                        id,
                        story: StoryId::founded_by(id),
                        language: judged.language.language,
                        primary: judged.countries.first().map(|tag| tag.country),
                        published: begin + SignedDuration::from_hours(24 * (day + late) as i64),
                        stored: begin + SignedDuration::from_hours(24 * (day + late) as i64),
                        title,
                        marks: Marks::of_address(Some(&canonical)),
                        fingerprint,
                    };
                    assert_eq!(known.language, *language, "{}", known.title);
                    assert_eq!(known.primary, Country::parse(place.0).ok(), "{}", known.title);
                    all.push(Made { story, known });
                }
            }
        }
    }
    all.sort_by_key(|made| (made.known.published, made.known.id));
    all
}

#[test]
fn translations_are_found_and_neighbours_are_not() {
    let stream = stream(&Enricher::new(&[]).unwrap());
    assert!(stream.len() >= 300, "{}", stream.len());
    let mut groups = Groups::new();
    let (mut all, mut pairs, mut merged): (HashMap<ArticleId, &Made>, _, _) = (HashMap::new(), 0, Vec::new());
    for made in &stream {
        pairs += usize::from(all.values().any(|other| other.story == made.story));
        if let Verdict::Duplicate { of } | Verdict::Version { of } = groups.take_in(made.known.clone()) {
            merged.push(format!("{} with {}", made.known.title, all[&of].known.title));
        }
        all.insert(made.known.id, made);
    }
    let members = groups.into_members();
    let linked: Vec<Vec<&Made>> =
        members.iter().filter(|ids| ids.len() > 1).map(|ids| ids.iter().map(|id| all[id]).collect()).collect();
    assert!(linked.iter().all(|members| members.len() == 2), "one to one");
    let (right, wrong): (Vec<_>, Vec<_>) = linked.into_iter().partition(|pair| pair[0].story == pair[1].story);
    let wrong: Vec<_> = wrong.iter().map(|pair| (&pair[0].known.title, &pair[1].known.title)).collect();
    let (precision, recall) =
        (right.len() as f64 / (right.len() + wrong.len()) as f64, right.len() as f64 / pairs as f64);
    assert!(precision >= 0.98 && recall >= 0.90, "precision {precision:.3}, recall {recall:.3}: {wrong:#?}");
    assert_eq!(merged, Vec::<String>::new(), "reports of one kind that differ in their figures are no copies");
}
