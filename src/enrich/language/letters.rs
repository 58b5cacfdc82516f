//! How much a text's letters and small words look like each language: the reader of `data/language_model.txt`,
//! which `tests/train/language.py` makes, and of `data/function_words.txt`. It knows no text, only groups of letters.

use std::collections::HashMap;

use crate::article::Language;
use crate::enrich::EnrichError;

/// How the model writes a weight: one character, nought at this one, a step an eighth.
const MIDDLE: i32 = 80;
const STEP: i32 = 8;
/// What a function word weighs, in steps.
const FUNCTION: i32 = 24;
/// The longest group of letters, and the longest word that is a group of its own, both with their borders.
const GROUP: usize = 4;
const WORD: usize = 10;
/// Languages of one script at most.
const MOST: usize = 8;

/// The weights of one script's groups.
struct Model {
    languages: Vec<Language>,
    weights: HashMap<u64, [i8; MOST]>,
}

/// Everything known of the languages.
pub(super) struct Letters {
    latin: Model,
    cyrillic: Model,
    /// The languages that have a function word, by place in `listed`.
    functions: HashMap<String, u16>,
    listed: Vec<Language>,
}

/// The language that a text looks like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guess {
    pub(super) language: Language,
    /// How far the second lies behind; below some fifteen it may well be wrong.
    pub(super) lead: f32,
}

/// The scripts told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Arabic,
    Other,
}

impl Script {
    /// The script of most letters.
    pub(super) fn of(text: &str) -> Script {
        let mut counts = [0usize; 4];
        for c in text.chars().filter(|c| c.is_alphabetic()) {
            counts[match c {
                '\u{0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => 0,
                '\u{400}'..='\u{52f}' => 1,
                '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' => 2,
                _ => 3,
            }] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or(0);
        match counts.iter().position(|c| *c == most) {
            Some(0) => Script::Latin,
            Some(1) => Script::Cyrillic,
            Some(2) => Script::Arabic,
            _ => Script::Other,
        }
    }
}

impl Letters {
    pub(super) fn new() -> Result<Letters, EnrichError> {
        let bad = |why: String| EnrichError::Words { what: "the languages", why };
        let tag = |tag: &str| Language::parse(tag).map_err(|e| bad(e.to_string()));
        let mut models: Vec<Model> = Vec::new();
        for line in include_str!("../../../data/language_model.txt").lines() {
            if let Some(head) = line.strip_prefix("# ") {
                let languages = head.split(' ').skip(1).map(tag).collect::<Result<Vec<_>, _>>()?;
                models.push(Model { languages, weights: HashMap::new() });
            } else if let (Some(model), Some((group, weights))) = (models.last_mut(), line.split_once('\t')) {
                let mut row = [0i8; MOST];
                for (place, c) in row.iter_mut().zip(weights.bytes()) {
                    *place = (i32::from(c) - MIDDLE) as i8;
                }
                model.weights.insert(group.chars().fold(SEED, mix), row);
            }
        }
        let mut functions: HashMap<String, u16> = HashMap::new();
        let mut listed = Vec::new();
        for line in include_str!("../../../data/function_words.txt").lines() {
            let mut words = line.split(' ');
            let Some(first) = words.next() else { continue };
            let bit = 1u16 << listed.len();
            listed.push(tag(first)?);
            for word in words {
                *functions.entry(word.to_owned()).or_default() |= bit;
            }
        }
        let (Some(cyrillic), Some(latin)) = (models.pop(), models.pop()) else {
            return Err(bad("the model names no two scripts".to_owned()));
        };
        Ok(Letters { latin, cyrillic, functions, listed })
    }

    /// What the letters of these words, in lower case, look like; nothing where they say nothing.
    pub(super) fn guess(&self, words: &[String], script: Script) -> Option<Guess> {
        let model = match script {
            Script::Latin => &self.latin,
            Script::Cyrillic => &self.cyrillic,
            Script::Arabic => return Some(Guess { language: Language::AR, lead: f32::MAX }),
            Script::Other => return None,
        };
        let mut sums = [0i32; MOST];
        for word in words {
            model.add(word, &mut sums);
        }
        for (language, count) in self.function_words(words) {
            if let Some(place) = model.languages.iter().position(|l| *l == language) {
                sums[place] += FUNCTION * count as i32;
            }
        }
        let sums = sums.get(..model.languages.len())?;
        let (best, most) = sums.iter().enumerate().max_by_key(|(i, sum)| (**sum, std::cmp::Reverse(*i)))?;
        let second = sums.iter().enumerate().filter(|(i, _)| *i != best).map(|(_, sum)| *sum).max()?;
        if sums.iter().all(|sum| *sum == 0) {
            return None;
        }
        Some(Guess { language: *model.languages.get(best)?, lead: (most - second) as f32 / STEP as f32 })
    }

    /// How many function words of each language there are.
    pub(super) fn function_words(&self, words: &[String]) -> Vec<(Language, usize)> {
        let mut counts = vec![0; self.listed.len()];
        for mask in words.iter().filter_map(|word| self.functions.get(word)) {
            for (place, count) in counts.iter_mut().enumerate() {
                *count += usize::from(mask >> place & 1 == 1);
            }
        }
        self.listed.iter().copied().zip(counts).collect()
    }

    /// Whether a word is on a language's list.
    pub(super) fn has(&self, language: Language, word: &str) -> bool {
        let place = self.listed.iter().position(|l| *l == language);
        place.zip(self.functions.get(word)).is_some_and(|(place, mask)| mask >> place & 1 == 1)
    }
}

impl Model {
    fn add(&self, word: &str, sums: &mut [i32; MOST]) {
        let mut padded = ['_'; 64];
        let mut length = 1;
        for c in word.chars().take(62) {
            padded[length] = c;
            length += 1;
        }
        let padded = &padded[..=length];
        for from in 0..padded.len() {
            let mut key = SEED;
            for c in padded[from..].iter().take(GROUP) {
                key = mix(key, *c);
                self.count(key, sums);
            }
        }
        if (GROUP + 1..=WORD).contains(&padded.len()) {
            self.count(padded.iter().copied().fold(SEED, mix), sums);
        }
    }

    fn count(&self, key: u64, sums: &mut [i32; MOST]) {
        if let Some(weights) = self.weights.get(&key) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += i32::from(*weight);
            }
        }
    }
}

/// A group's key is a hash of its letters: twenty thousand groups do not meet in 64 bits.
const SEED: u64 = 0xcbf2_9ce4_8422_2325;

fn mix(key: u64, c: char) -> u64 {
    (key ^ u64::from(c as u32)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23)
}
