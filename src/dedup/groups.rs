//! Stories as they form while articles come in one by one: what a crawl does with its store, in memory alone.

use std::collections::HashMap;

use super::{Known, Memory, Verdict};
use crate::article::{ArticleId, StoryId};

/// Articles in groups, each group a story.
#[derive(Debug, Default)]
pub struct Groups {
    memory: Memory,
    all: HashMap<ArticleId, Known>,
    exact: HashMap<u64, ArticleId>,
    groups: Vec<Vec<ArticleId>>,
    of: HashMap<ArticleId, usize>,
}

impl Groups {
    /// None yet.
    pub fn new() -> Groups {
        Groups::default()
    }

    /// Judges an article against those before it and puts it where it belongs.
    pub fn take_in(&mut self, mut known: Known) -> Verdict {
        let twin = self.exact.get(&known.fingerprint.exact).copied();
        let judgement = self.memory.judge(&known, twin);
        let mut found: Vec<usize> = judgement.joins().filter_map(|id| self.of.get(&id).copied()).collect();
        let mut moved: Vec<ArticleId> = Vec::new();
        if let Some(taken) = judgement.taken
            && let Some(at) = self.of.get(&taken).copied().filter(|at| !found.contains(at))
        {
            // The founder's language stays.
            let language = |id: &ArticleId| self.all.get(id).map(|known| known.language);
            let stays = self.groups[at].first().and_then(language) == language(&taken);
            let leaving = if stays { Some(known.language) } else { language(&taken) };
            let (parted, rest) = self.groups[at].iter().copied().partition(|id| language(id) == leaving);
            self.groups[at] = rest;
            if stays {
                found.push(at);
                let own = self.found();
                self.move_all(parted, own);
            } else {
                moved = parted;
            }
        }
        found.sort_unstable();
        found.dedup();
        let at = found.first().copied().unwrap_or_else(|| self.found());
        // A copy of two, or a copy of one that translates another: the two are one, under the older.
        for younger in found.into_iter().skip(1) {
            moved.append(&mut self.groups[younger]);
        }
        self.move_all(moved, at);
        self.groups[at].push(known.id);
        self.of.insert(known.id, at);
        known.story = named(&self.groups[at], known.id);
        self.exact.entry(known.fingerprint.exact).or_insert(known.id);
        self.memory.insert(known.clone());
        self.all.insert(known.id, known);
        judgement.verdict()
    }

    /// The members of each group, the oldest group first.
    pub fn into_members(mut self) -> Vec<Vec<ArticleId>> {
        self.groups.retain(|group| !group.is_empty());
        self.groups
    }

    fn found(&mut self) -> usize {
        self.groups.push(Vec::new());
        self.groups.len() - 1
    }

    fn move_all(&mut self, moved: Vec<ArticleId>, to: usize) {
        for id in moved {
            self.of.insert(id, to);
            self.groups[to].push(id);
            if let Some(known) = self.all.get_mut(&id) {
                known.story = named(&self.groups[to], id);
                self.memory.insert(known.clone());
            }
        }
    }
}

/// The name that a group has while it is formed.
fn named(group: &[ArticleId], fallback: ArticleId) -> StoryId {
    StoryId::founded_by(group.first().copied().unwrap_or(fallback))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::article::{Country, Fingerprint, Language};
    use crate::dedup::Marks;

    fn told(name: &str, language: Language, numbers: &[u64]) -> Known {
        let id = ArticleId::of_canonical(name);
        Known {
            id,
            story: StoryId::founded_by(id),
            language,
            primary: Country::parse("HTI").ok(),
            published: Timestamp::UNIX_EPOCH,
            stored: Timestamp::UNIX_EPOCH,
            title: String::new(),
            fingerprint: Fingerprint { numbers: numbers.to_vec(), ..Fingerprint::default() },
            marks: Marks::default(),
        }
    }

    fn formed(order: &[&Known]) -> Vec<Vec<ArticleId>> {
        let mut groups = Groups::new();
        for known in order {
            let Known { id, fingerprint, .. } = known;
            // Each text is its own.
            let exact = u64::from_be_bytes(id.0.as_bytes()[..8].try_into().unwrap_or_default());
            groups.take_in(Known { fingerprint: Fingerprint { exact, ..fingerprint.clone() }, ..(*known).clone() });
        }
        groups.into_members()
    }

    #[test]
    fn a_better_translation_takes_the_place_of_a_neighbour() {
        let french = told("french", Language::FR, &[3181, 4712, 5277]);
        let (neighbour, english) =
            (told("neighbour", Language::EN, &[4712]), told("english", Language::EN, &[3181, 4712, 5277]));
        let (f, n, e) = (french.id, neighbour.id, english.id);
        assert_eq!(formed(&[&french, &neighbour]), [[f, n]], "as far as was known then");
        assert_eq!(formed(&[&french, &neighbour, &english]), [vec![f, e], vec![n]], "the founder's language stays");
        assert_eq!(formed(&[&neighbour, &french, &english]), [vec![n], vec![f, e]]);
        assert_eq!(formed(&[&french, &english, &neighbour]), [vec![f, e], vec![n]], "a worse one takes nothing");
        let rival = told("rival", Language::EN, &[4712]);
        assert_eq!(formed(&[&french, &neighbour, &rival]), [vec![f, n], vec![rival.id]], "nor does one no better");
        // Two halves that show nothing of each other, and the whole: one of each language.
        let (spanish, half) = (told("es", Language::ES, &[3181, 4712]), told("fr", Language::FR, &[5277, 9113]));
        let whole = told("whole", Language::EN, &[3181, 4712, 5277, 9113]);
        assert_eq!(formed(&[&spanish, &half]), [[spanish.id], [half.id]]);
        assert_eq!(formed(&[&spanish, &half, &whole]), [[spanish.id, half.id, whole.id]]);
    }
}
