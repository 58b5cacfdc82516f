//! Whether a text shows the language that it looks like, or is in one that the model does not know: small words
//! first, letters of other alphabets, and a detector of all languages. It never says that a language of ours is meant.

use whatlang::{Detector, Lang};

use super::letters::{Letters, Script};
use crate::article::Language;

/// Fewer words show nothing, and are taken for what they look like.
const ENOUGH: usize = 16;
/// The least share of small words in such a text. In prose they are 25 to 50 of 100 words, in a list of names 15.
const LEAST: f32 = 0.15;
/// In fewer than `SHORT` words chance plays a part; where the detector agrees, less will do.
const LEAST_SHORT: f32 = 0.12;
const LEAST_AGREED: f32 = 0.05;
const SHORT: usize = 20;
/// Different small words: one in so many, but no fewer and no more than these. `na` again and again is no Portuguese.
const APART: usize = 8;
const DIFFERENT: (usize, usize) = (2, 6);
/// What needs no second look.
const CLEAR: (f32, usize) = (0.25, 4);
/// Letters of another alphabet, of a thousand, and how many different ones. Names bring single ones.
const STRANGE: (usize, usize) = (15, 2);

/// The languages of the detector that the model, the small words or the letters tell.
const OURS: &[Lang] = &[
    Lang::Eng,
    Lang::Fra,
    Lang::Spa,
    Lang::Por,
    Lang::Ita,
    Lang::Cat,
    Lang::Ron,
    Lang::Deu,
    Lang::Rus,
    Lang::Ukr,
    Lang::Ara,
];

/// Those whose name it gives to no sisters that it does not know. Left out are Indonesian (given to Malay and Javanese),
/// Tagalog (Cebuano), Croatian (Bosnian), Amharic (Tigrinya), Zulu, Shona and others.
const BELIEVED: &[Lang] = &[
    Lang::Aze,
    Lang::Bel,
    Lang::Ben,
    Lang::Bul,
    Lang::Ces,
    Lang::Cmn,
    Lang::Dan,
    Lang::Ell,
    Lang::Est,
    Lang::Fin,
    Lang::Heb,
    Lang::Hin,
    Lang::Hun,
    Lang::Hye,
    Lang::Jpn,
    Lang::Kat,
    Lang::Khm,
    Lang::Kor,
    Lang::Lav,
    Lang::Lit,
    Lang::Mkd,
    Lang::Mya,
    Lang::Nep,
    Lang::Nld,
    Lang::Nob,
    Lang::Pes,
    Lang::Pol,
    Lang::Sin,
    Lang::Slk,
    Lang::Slv,
    Lang::Srp,
    Lang::Swe,
    Lang::Tam,
    Lang::Tha,
    Lang::Tur,
    Lang::Urd,
    Lang::Uzb,
    Lang::Vie,
];

/// The judge of what the others took a text for.
pub(super) struct Proof {
    all: Detector,
}

/// What small words a text has of one language.
struct Small {
    words: usize,
    share: f32,
    different: usize,
    /// One of three letters or more: single letters are words of many languages.
    long: bool,
}

impl Proof {
    pub(super) fn new() -> Proof {
        Proof { all: Detector::new() }
    }

    /// The language to give in place of the one that the text looks like, `und` where none can be told; nothing
    /// where the text stands for itself.
    pub(super) fn instead(
        &self,
        letters: &Letters,
        (text, words, script): (&str, &[String], Script),
        looks: Option<Language>,
    ) -> Option<Language> {
        let strange = is_strange(text, script);
        let small = looks.map(|language| Small::of(letters, language, words));
        let clear = match script {
            // The list has no Arabic: its letters tell.
            Script::Arabic => looks.is_some(),
            _ => small.as_ref().is_some_and(Small::is_clear),
        };
        if clear && !strange {
            return None;
        }
        // Belarusian has a letter of its own; without it the word was said of broken Ukrainian.
        let broken = |lang: Lang| lang == Lang::Bel && !text.contains(['ў', 'Ў']);
        let said = self.all.detect(text).filter(whatlang::Info::is_reliable).map(|info| info.lang());
        let said = said.filter(|lang| !broken(*lang));
        match said {
            // It does not know Creole, and has many names for it.
            Some(lang) if !OURS.contains(&lang) && looks != Some(Language::HT) => Some(named(lang, text, script)),
            _ if strange || looks.is_none() => Some(Language::UND),
            _ => {
                let agreed = said.is_some_and(|lang| looks == Language::parse(lang.code()).ok());
                // A Cyrillic text with the letters of ours alone is in ours, where the detector says so too.
                let settled = agreed && script == Script::Cyrillic;
                small.is_some_and(|small| !settled && !small.is_enough(agreed)).then_some(Language::UND)
            }
        }
    }

    /// Whether the words of a whole text show its language. Where the page says another one, that we do not know, a
    /// short text must show it too.
    pub(super) fn holds(&self, letters: &Letters, language: Language, words: &[String], doubted: bool) -> bool {
        let small = Small::of(letters, language, words);
        // The list has no Arabic.
        language == Language::AR || small.is_enough(false) && (!doubted || small.share >= LEAST)
    }
}

impl Small {
    fn of(letters: &Letters, language: Language, words: &[String]) -> Small {
        let mut found: Vec<&String> = words.iter().filter(|w| letters.has(language, w)).collect();
        let share = found.len() as f32 / words.len().max(1) as f32;
        found.sort_unstable();
        found.dedup();
        let long = found.iter().any(|w| w.chars().nth(2).is_some());
        Small { words: words.len(), share, different: found.len(), long }
    }

    fn is_clear(&self) -> bool {
        self.share >= CLEAR.0 && self.different >= CLEAR.1 && self.long
    }

    fn is_enough(&self, agreed: bool) -> bool {
        let (fewest, most) = DIFFERENT;
        self.words < ENOUGH
            || agreed && self.share >= LEAST_AGREED
            || self.share >= if self.words < SHORT { LEAST_SHORT } else { LEAST }
                && self.different >= (self.words / APART).clamp(fewest, most)
    }
}

/// The language that the detector names, where it can be believed.
fn named(lang: Lang, text: &str, script: Script) -> Language {
    let theirs = |letters: &str| text.chars().any(|c| letters.contains(c));
    let believed = match lang {
        // It takes Yoruba for Vietnamese, Pashto and Kurdish for Persian, and languages of Central Asia for Slavic ones.
        Lang::Vie => theirs("đơưĐƠƯ"),
        Lang::Pes => !theirs("ټډړږښځڅېۍګڼەێۆڵڕ"),
        Lang::Mya => !text.chars().any(|c| matches!(c, '\u{1050}'..='\u{109f}')),
        Lang::Urd => !theirs("ټډړږښځڅېۍګڼڻڄٻ"),
        _ if script == Script::Cyrillic => !theirs("өүұңқғҳҷӣӯәһӨҮҰҢҚҒҲҶӢӮӘҺ"),
        lang => BELIEVED.contains(&lang),
    };
    if !believed || !BELIEVED.contains(&lang) {
        return Language::UND;
    }
    Language::parse(match lang {
        Lang::Pes => "fa",
        Lang::Cmn => "zh",
        lang => lang.code(),
    })
    .unwrap_or(Language::UND)
}

/// Whether the letters are of an alphabet that none of our languages of this script has.
fn is_strange(text: &str, script: Script) -> bool {
    let ours: fn(char) -> bool = match script {
        Script::Cyrillic => |c| matches!(c, 'а'..='я') || "ёіїєґ".contains(c),
        Script::Arabic => |c| matches!(c, '\u{621}'..='\u{63a}' | '\u{640}'..='\u{652}' | '\u{670}' | '\u{671}'),
        // Names bring letters of everywhere into Latin texts.
        Script::Latin | Script::Other => return false,
    };
    let (mut all, mut strange) = (0, Vec::new());
    for c in text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase) {
        all += 1;
        if !ours(c) && Script::of(c.encode_utf8(&mut [0; 4])) == script {
            strange.push(c);
        }
    }
    let share = strange.len() * 1000;
    strange.sort_unstable();
    strange.dedup();
    let (least, different) = STRANGE;
    share >= all * least && strange.len() >= different
}
