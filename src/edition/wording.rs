//! How the wording of an article changed: each former text against the one that took its place, word by word. Pure, and
//! the same texts give the same pieces; it shows only what it is handed, which is cut to the source's ceiling.

use serde::Serialize;
use similar::{Algorithm, DiffTag, capture_diff_slices};

use crate::article::Article;
use crate::store::Revision;

/// Words of both texts together that are compared one by one. Beyond them paragraphs are: the cost grows with the square.
const MOST_WORDS: usize = 6_000;
/// Former texts that are compared; older ones are shown by themselves.
const COMPARED: usize = 20;

/// A stretch of text, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Piece {
    pub(crate) op: Op,
    pub(crate) text: String,
}

/// What became of a stretch of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Op {
    Same,
    Removed,
    Added,
}

/// What a change of an article's wording did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewording {
    pub(crate) title: Vec<Piece>,
    pub(crate) text: Vec<Piece>,
}

/// What became of each of the last former texts, in their order.
pub(crate) fn rewordings(former: &[Revision], article: &Article) -> Vec<Rewording> {
    let begin = former.len().saturating_sub(COMPARED);
    let after = former.iter().skip(begin + 1).map(|next| (next.title.as_str(), next.text.as_str()));
    let after = after.chain(std::iter::once((article.title.as_str(), article.text.as_str())));
    let pairs = former[begin..].iter().zip(after);
    pairs
        .map(|(before, (title, text))| Rewording {
            title: pieces(&before.title, title),
            text: pieces(&before.text, text),
        })
        .collect()
}

/// Words, each with the space before it: what is put in at the end of a paragraph leaves its last word alone. The end of a
/// paragraph is a word of its own; a no-break space parts nothing, since figures are grouped by it.
fn words(text: &str) -> Vec<String> {
    #[derive(PartialEq, Clone, Copy)]
    enum Kind {
        Space,
        Letter,
        End,
    }
    let kind = |c: char| match c {
        '\n' => Kind::End,
        '\u{A0}' | '\u{202F}' => Kind::Letter,
        c if c.is_whitespace() => Kind::Space,
        _ => Kind::Letter,
    };
    let mut words: Vec<String> = Vec::new();
    let mut last = None;
    for c in text.chars() {
        let now = kind(c);
        match words.last_mut() {
            Some(word) if last == Some(now) || last == Some(Kind::Space) && now == Kind::Letter => word.push(c),
            _ => words.push(c.to_string()),
        }
        last = Some(now);
    }
    words
}

/// One text made into another.
fn pieces(before: &str, after: &str) -> Vec<Piece> {
    let lines = |text: &str| text.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>();
    let (mut a, mut b) = (words(before), words(after));
    if a.len() + b.len() > MOST_WORDS {
        (a, b) = (lines(before), lines(after));
    }
    let mut pieces = Vec::new();
    let mut add = |op: Op, words: &[String]| {
        if !words.is_empty() {
            pieces.push(Piece { op, text: words.concat() });
        }
    };
    if a.len() + b.len() > MOST_WORDS {
        add(Op::Removed, &a);
        add(Op::Added, &b);
        return pieces;
    }
    for op in capture_diff_slices(Algorithm::Patience, &a, &b) {
        if op.tag() == DiffTag::Equal {
            add(Op::Same, &a[op.old_range()]);
        } else {
            add(Op::Removed, &a[op.old_range()]);
            add(Op::Added, &b[op.new_range()]);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn side(pieces: &[Piece], without: Op) -> String {
        pieces.iter().filter(|piece| piece.op != without).map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn words_are_marked_and_the_rest_is_left_alone() {
        let shown: String = pieces(
            "Some 300 families left Goma.\nThey need water.",
            "Some 450 families left Goma.\nThey need clean water.",
        )
        .iter()
        .map(|piece| match piece.op {
            Op::Same => piece.text.clone(),
            Op::Removed => format!("[-{}-]", piece.text),
            Op::Added => format!("[+{}+]", piece.text),
        })
        .collect();
        assert_eq!(shown, "Some[- 300-][+ 450+] families left Goma.\nThey need[+ clean+] water.");
        let figures = pieces("Ils sont 3\u{202F}460.\nL’OIM aide.", "Ils sont 3\u{202F}912.\nL’OIM, elle, aide.");
        let removed = figures.iter().filter(|piece| piece.op == Op::Removed).map(|piece| piece.text.as_str());
        assert_eq!(removed.collect::<Vec<_>>(), [" 3\u{202F}460.", "L’OIM"], "a figure is one word, and so is a break");
        let long = "mot ".repeat(4_000);
        assert_eq!(pieces(&long, &format!("{long}fin")).len(), 2, "one paragraph for another");
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_back(before in "[a-c \n]{0,60}", after in "[a-cé \n]{0,60}") {
            let pieces = pieces(&before, &after);
            prop_assert_eq!(side(&pieces, Op::Added), before);
            prop_assert_eq!(side(&pieces, Op::Removed), after);
            prop_assert!(pieces.windows(2).all(|two| two[0].op != two[1].op));
        }
    }
}
