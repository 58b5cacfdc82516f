//! Themes, by the patterns of a lexicon. A title counts three times, a body needs two hits or more.
//! Strong patterns make a theme; weak ones (training, youth, a partner) only where nothing stronger was said.
//! It never tags a tender or a vacancy: those are no news.

use std::collections::BTreeMap;

use super::pattern::{Found, Patterns};
use super::words::{Folded, Word};
use super::{EnrichError, ThemeWords};
use crate::article::{Evidence, How, ThemeSlug, ThemeTag};

/// Phrases that hold a pattern's word and mean something else.
const NEVER: &[&str] = &[
    // What else is trafficked or smuggled.
    "drug/arms/weapon*/wildlife/ivory/narcotics/timber/antiquities traffick*",
    "traffick* in drugs/arms/wildlife/narcotics",
    "drug/arms/weapon*/cigarette*/fuel/goods/gold smuggl*",
    "smuggl* of drugs/arms/weapons/goods/fuel/gold/cigarettes",
    "trafiquant* de drogue*",
    "trafiquant* d arme*",
    "traficante* de droga*",
    "traficante* de armas",
    "la traite des vaches",
    "la traite negriere",
    // Other environments, climates, protections, emergencies.
    "safe/enabling/protective/working/business/learning/secure/supportive/friendly/hostile/political environment*",
    "environment* conducive",
    "work environment*",
    "environnement* sur/protecteur*/favorable*/propice*/scolaire/numerique/professionnel",
    "environnement de travail",
    "environnement des affaires",
    "climat de/des/du/social/politique",
    "clima de/laboral/politico",
    "social/civil/data/consumer/crop/patent protection",
    "protection sociale/civile/juridique",
    "protection des donnees",
    "protection de l environnement",
    "protection of the environment",
    "environmental protection",
    "proteccion social/civil",
    "proteccion de datos",
    "proteccion del medio",
    "protection internationale",
    "international/temporary protection",
    "state of emergency",
    "emergency exit/landing/fund",
    "etat d urgence",
    "estado de emergencia",
    "appelle/appel/appellent/demande/demandent d urgence",
    "de toute urgence",
    "humanitarian border",
    "gestion humanitaire",
    "humanitarian/humanitaire visa",
    "business climate",
    "political climate",
    // Movements that are not displacement; returns that are none.
    "en deplacement a/au/aux/dans/officiel",
    "deplacement* ~ directeur/directrice/ministre/president/chef/officiel",
    "frais de deplacement",
    "return* ~ work/school/class/classes/office/normal/field/play/duty",
    "deplace* ~ rentr* chez",
    "deplace* ~ de retour chez",
    "deplace* ~ regagn*",
    "displac* ~ return* home",
    "desplazad* ~ regres* ~ casa/hogar*",
    "ex combatant/fighter ~ reintegrat*",
    "reintegrat* of ~ ex combatant/fighter/combatants",
    "reintegr* des ~ combattants",
    "demobilis* ~ reintegr*",
    "retour* ~ refugie*",
    // Camps, tents and shelters of other kinds.
    "training/summer/boot/military/football/base camp",
    "camp d entrainement",
    "camp de vacances",
    "camp ~ football",
    "animal/bus/tax shelter*",
    "shelter dog/dogs/cat/cats/animal/pet/pets",
    "mis/mise/mettre a l abri",
    "a l abri",
    // Gifts, grants and contributions of other kinds.
    "donate/donates/donated blood",
    "blood donation/donor",
    "don/dons/donneur* de sang",
    "organ donation/donor",
    "donacion de sangre",
    "grant/grants ~ asylum/citizenship/status/visa/visas/residence/permission",
    "contribution* of ~ migrants/diaspora",
    "contribution* des ~ migrants",
    "contribution* de la diaspora",
    "contribu* ~ migrantes",
    "appeal* against",
    "appeals court",
    "appeal* to ~ stop/end/respect",
    "appel* au calme",
    // Campaigns and days of other kinds.
    "election/electoral/military/presidential/agricultural campaign",
    "campagne electorale/agricole/militaire/presidentielle",
    "campana electoral/agricola/militar",
    "vaccination campaign",
    "campagne* ~ vaccin*",
    "campana* ~ vacunacion",
    "competition law",
    // Integration of other kinds.
    "integrated ~ approach/response/border",
    "integration ~ regional*",
    "regional integration",
    "integration africaine/economique/europeenne",
    "european integration",
    "integracion regional/economica",
    "inclusive of",
    // Where the common word is part of something that is said anyway.
    "refugie* & reinstall*",
    "refugee* & resettl*",
    "refugiad* & reasent*",
    "drowned in debt",
    "stormed",
    "flooded with",
    "ce/tout/tous genre de",
    "genre humain",
    "du meme genre",
    "legal clinic",
    "clinique juridique",
    "sante financiere",
    "financial health",
    "international mother language day",
    "atelier de couture/menuiserie/mecanique/soudure/tricot/coiffure/poterie",
    "taller de costura/mecanica/carpinteria",
    "sewing/tailoring/repair/carpentry/mechanic* workshop",
    "toutes les formes de",
    "formes de",
    "data breach",
    "report to",
    "art director",
    "peace corps",
    "conflict of interest",
    "conflit d interet",
];

/// What a hit is worth.
const STRONG: u32 = 2;
const WEAK: u32 = 1;
/// What a hit in the title counts.
const TITLE: u32 = 3;
/// How many themes an article may have, and how many of them on weak words alone.
const MOST: usize = 6;
const MOST_WEAK: usize = 2;

/// The patterns of every theme.
pub(super) struct Lexicon {
    patterns: Patterns,
    /// What each pattern says; nothing: it only hides others.
    says: Vec<Option<(ThemeSlug, u32)>>,
}

struct Score {
    total: u32,
    strong: u32,
    how: How,
    evidence: Vec<Evidence>,
}

impl Lexicon {
    pub(super) fn new(overrides: &[ThemeWords]) -> Result<Lexicon, EnrichError> {
        let mut lexicon = Lexicon { patterns: Patterns::default(), says: Vec::new() };
        for pattern in NEVER {
            lexicon.add(pattern, None);
        }
        let mut reader = csv::Reader::from_reader(include_str!("../../data/themes.csv").as_bytes());
        for row in reader.records() {
            let row = row.map_err(|e| EnrichError::Words { what: "the themes", why: e.to_string() })?;
            let slug = row.get(0).unwrap_or_default();
            if overrides.iter().any(|o| o.slug.as_str() == slug) {
                continue;
            }
            for (column, worth) in [(3, STRONG), (4, STRONG), (6, STRONG), (7, WEAK), (8, WEAK), (9, WEAK)] {
                for pattern in row.get(column).unwrap_or_default().split('|') {
                    lexicon.add(pattern, Some((ThemeSlug::new(slug), worth)));
                }
            }
        }
        for theme in overrides {
            for pattern in theme.en.iter().chain(&theme.fr).chain(&theme.es) {
                lexicon.add(pattern, Some((theme.slug.clone(), STRONG)));
            }
        }
        Ok(lexicon)
    }

    fn add(&mut self, pattern: &str, says: Option<(ThemeSlug, u32)>) {
        if self.patterns.add(pattern).is_some() {
            self.says.push(says);
        }
    }

    pub(super) fn judge(&self, title: &str, text: &str) -> Vec<ThemeTag> {
        let mut scores: BTreeMap<&ThemeSlug, Score> = BTreeMap::new();
        self.read("title", title, &mut scores);
        let words = self.read("body", text, &mut scores);
        // The longer the text, the more a passing mention must be repeated to be what it is about.
        let needed = STRONG * (2 + words / 300) as u32;
        let best = scores.values().filter(|s| s.strong > 0).map(|s| s.total).max().unwrap_or(0);
        let mut kept: Vec<(bool, &ThemeSlug, Score)> = scores
            .into_iter()
            .map(|(slug, score)| (score.strong > 0, slug, score))
            .filter(|(strong, _, score)| {
                if *strong {
                    (score.how == How::Title && score.total >= TITLE * STRONG)
                        || score.total >= needed && score.total * 5 >= best
                } else {
                    score.total > WEAK * 2 && score.total > best
                }
            })
            .collect();
        kept.sort_by(|a, b| b.2.total.cmp(&a.2.total).then_with(|| b.0.cmp(&a.0)).then_with(|| a.1.cmp(b.1)));
        let mut weak = 0;
        kept.retain(|(strong, ..)| {
            weak += usize::from(!strong);
            *strong || weak <= MOST_WEAK
        });
        let tag = |(strong, slug, score): (bool, &ThemeSlug, Score)| ThemeTag {
            theme: slug.clone(),
            confidence: if strong { (50 + 5 * score.total).min(95) } else { (20 + 5 * score.total).min(50) } as u8,
            how: score.how,
            evidence: score.evidence,
        };
        kept.into_iter().take(MOST).map(tag).collect()
    }

    /// Adds what a field says to the scores; returns how many words it has.
    fn read<'a>(&'a self, field: &str, content: &str, scores: &mut BTreeMap<&'a ThemeSlug, Score>) -> usize {
        let (how, times) = if field == "title" { (How::Title, TITLE) } else { (How::Body, 1) };
        let folded = Folded::new(content);
        let words = folded.words(content);
        for hit in self.outermost(self.patterns.find(&words)) {
            let Some((slug, worth)) = &self.says[hit.pattern] else { continue };
            let entry = scores.entry(slug).or_insert_with(|| Score { total: 0, strong: 0, how, evidence: Vec::new() });
            entry.total += worth * times;
            entry.strong += u32::from(*worth == STRONG);
            if entry.evidence.len() < 8 {
                entry.evidence.push(evidence(field, content, &words, hit));
            }
        }
        words.len()
    }

    /// Of hits that lie inside a longer one only the longer counts; of several of one theme on one word, the best.
    fn outermost(&self, mut found: Vec<Found>) -> Vec<Found> {
        let length = |f: &Found| f.last - f.first;
        found.sort_by_key(|f| (f.first, std::cmp::Reverse(f.last)));
        // What a phrase skipped over it does not own.
        let owns = |longer: &Found, f: &Found| longer.tight || f.first == longer.first || f.last == longer.last;
        let hides = |longer: &Found, f: &Found| {
            longer.first <= f.first
                && f.last <= longer.last
                && owns(longer, f)
                && (longer.tight && length(longer) > length(f) || self.says[longer.pattern].is_none())
        };
        let mut kept: Vec<Found> = Vec::new();
        for (i, hit) in found.iter().enumerate() {
            let Some((slug, worth)) = &self.says[hit.pattern] else { continue };
            let near = found[..i].iter().rev().take(64).chain(found[i + 1..].iter().take(64));
            if near.clone().any(|other| hides(other, hit)) {
                continue;
            }
            // The same theme twice on the same words is one hit, at the better worth.
            let same = |k: &Found| k.last >= hit.first && matches!(&self.says[k.pattern], Some((s, _)) if s == slug);
            if let Some(k) = kept.iter_mut().rev().take(16).find(|k| same(k)) {
                if matches!(&self.says[k.pattern], Some((_, w)) if w < worth) {
                    *k = *hit;
                }
                continue;
            }
            kept.push(*hit);
        }
        kept
    }
}

fn evidence(field: &str, content: &str, words: &[Word<'_>], hit: Found) -> Evidence {
    let (start, end) = (words[hit.first].start, words[hit.last].end);
    Evidence {
        field: field.to_owned(),
        words: content.get(start..end).unwrap_or_default().to_owned(),
        offset: start as u32,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::article::Themes;

    #[test]
    fn every_built_in_theme_has_words() {
        let lexicon = Lexicon::new(&[]).unwrap();
        for theme in Themes::builtin().iter() {
            assert!(lexicon.says.iter().flatten().any(|(slug, _)| *slug == theme.slug), "{}", theme.slug);
        }
    }

    #[test]
    fn a_configured_theme_has_only_its_own_words() {
        let words =
            ThemeWords { slug: ThemeSlug::new("wash"), en: vec!["cash assistance".into()], fr: vec![], es: vec![] };
        let lexicon = Lexicon::new(&[words]).unwrap();
        let slugs = |title: &str| -> Vec<String> {
            lexicon.judge(title, "").iter().map(|t| t.theme.as_str().to_owned()).collect()
        };
        assert!(slugs("Cash assistance for families").contains(&"wash".to_owned()));
        assert!(!slugs("Latrines for a school").contains(&"wash".to_owned()));
    }

    #[test]
    fn evidence_is_what_stands_there() {
        let lexicon = Lexicon::new(&[]).unwrap();
        let title = "À Kaya, l’eau potable arrive";
        for tag in lexicon.judge(title, "") {
            for e in tag.evidence {
                assert_eq!(&title[e.offset as usize..e.offset as usize + e.words.len()], e.words);
                assert_eq!(e.words, "eau potable");
            }
        }
    }
}
