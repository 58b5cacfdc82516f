//! Copies, cut copies and other stories in the same words: what each is to the article that came before it, for every
//! pattern of `tests/enrich/pairs.json` in English and in French.

use depeche::article::{ArticleId, Fingerprint, Language, StoryId};
use depeche::dedup::{self, Known, Marks, Memory, Verdict};
use jiff::Timestamp;

use super::pairs::{Pattern, patterns};

/// What a site puts around a release, some 90 words.
const FRAME: (&str, &str) = (
    "You are reading the news page of the regional partners’ platform. Pieces are taken over from member agencies with \
     their consent, and each stays the responsibility of the agency that wrote it. Write to the desk if a link on this \
     page is broken. ",
    " The platform was founded by nine agencies and is paid for by their members. It keeps a calendar of meetings, a \
     library of maps and a list of focal points, all of them free to use. Whoever wants the weekly letter may sign up \
     below, and may leave again whenever they like.",
);

/// A text as one that was stored or comes in, of no country: words, figures and names alone decide.
fn known(name: &str, title: &str, text: &str) -> Known {
    let id = ArticleId::of_canonical(name);
    Known {
        id,
        story: StoryId::founded_by(id),
        language: Language::EN,
        primary: None,
        published: Timestamp::UNIX_EPOCH,
        stored: Timestamp::UNIX_EPOCH,
        title: title.to_owned(),
        fingerprint: dedup::fingerprint(title, text),
        marks: Marks::default(),
    }
}

/// The verdict on a text beside one that is known, whichever of the two came first.
fn verdict(a: (&str, &str), b: (&str, &str)) -> &'static str {
    let told = |first: (&str, &str), second: (&str, &str)| {
        let mut memory = Memory::new();
        let first = known("first", first.0, first.1);
        let second = known("second", second.0, second.1);
        let exact = (first.fingerprint.exact == second.fingerprint.exact).then_some(first.id);
        memory.insert(first);
        match memory.judge(&second, exact).same {
            Some(Verdict::Duplicate { .. }) => "duplicate",
            Some(Verdict::Version { .. }) => "version",
            _ => "two stories",
        }
    };
    assert_eq!(told(a, b), told(b, a), "the order of arrival matters: {a:?} {b:?}");
    told(a, b)
}

const CITIES: [&str; 2] = ["Les Cayes", "Kousséri"];
const PEOPLE: [&str; 2] = ["Claudine Barandé", "Idriss Lwanzo"];

/// A pattern's title and text; `of` says whose places and people, `figures` which figures.
fn filled(pattern: &Pattern, french: bool, of: usize, figures: usize) -> (String, String) {
    let template = if french { &pattern.fr } else { &pattern.en };
    let country = [["Haiti", "Cameroon"], ["Haïti", "Cameroun"]][usize::from(french)][of];
    let figures = [["4712", "318", "57"], ["6230", "274", "91"]][figures];
    let fill = |text: &str| {
        let text = text.replace("{city}", CITIES[of]).replace("{person}", PEOPLE[of]);
        let text = text.replace("{country_en}", country).replace("{country_fr}", country);
        let text = text.replace("{day_en}", "8 September").replace("{day_fr}", "8 septembre");
        text.replace("{n1}", figures[0]).replace("{n2}", figures[1]).replace("{n3}", figures[2])
    };
    (fill(&template.title), fill(&template.text))
}

/// The first sentences of a text, with at least so many words.
fn cut(text: &str, words: usize) -> String {
    let mut kept = String::new();
    for sentence in text.split_inclusive(". ") {
        if kept.split_whitespace().count() >= words {
            break;
        }
        kept.push_str(sentence);
    }
    kept
}

#[test]
fn copies_are_told_from_neighbours_in_the_same_words() {
    let patterns = patterns();
    let mut wrong = Vec::new();
    let mut check = |what: String, (a, b): ((&str, &str), (&str, &str)), wanted: &str| {
        let told = verdict(a, b);
        if told != wanted {
            wrong.push(format!("{what}: {told}, not {wanted}"));
        }
    };
    for (n, pattern) in patterns.iter().enumerate() {
        for french in [false, true] {
            let of = |what: &str| format!("{what} of pattern {n}, {}", if french { "French" } else { "English" });
            let (title, text) = filled(pattern, french, 0, 0);
            let it = (title.as_str(), text.as_str());
            let framed = |text: &str| format!("{}{text}{}", FRAME.0, FRAME.1);

            check(of("a copy under another title"), (it, ("From our partners", &text)), "duplicate");
            let corrected = text.replacen(" two ", " three ", 1).replacen(" deux ", " trois ", 1);
            check(of("a copy with a word corrected"), (it, (&title, &corrected)), "duplicate");
            let dateline = format!("Geneva – {}", text.split_once(" – ").unwrap().1);
            check(of("a copy under another dateline"), (it, (&title, &dateline)), "duplicate");
            let words = text.split_whitespace().count() as f32;
            let in_frame = words / (words + FRAME.0.split(' ').count() as f32 + FRAME.1.split(' ').count() as f32);
            let expected = if in_frame > 0.62 { "duplicate" } else { "version" };
            check(of("a copy in a site's frame"), (it, ("From our partners", &framed(&text))), expected);
            let cut_copy = cut(&text, 42);
            let share = cut_copy.split_whitespace().count() as f32 / words;
            // Near the bound either will do.
            if !(0.55..0.66).contains(&share) {
                let expected = if share > 0.6 { "duplicate" } else { "version" };
                check(of("a cut copy"), (it, (&title, &cut_copy)), expected);
                check(of("a cut copy under another title"), (it, ("In brief", &cut_copy)), expected);
            }

            let (series_title, series) = filled(pattern, french, 0, 1);
            check(of("the next of a series"), (it, (&series_title, &series)), "two stories");
            let cut_series = cut(&series, 42);
            check(of("a cut copy of the next of a series"), (it, (&series_title, &cut_series)), "two stories");
            // In English the agency's own name, three words of it, and the month are most of the names; one text in
            // French names too few.
            if french && n != 4 {
                let (other_title, other) = filled(pattern, french, 1, 0);
                check(of("the same figures of other people"), (it, (&other_title, &other)), "two stories");
            }
            for other in patterns.iter().skip(n + 1) {
                let (other_title, other) = filled(other, french, 1, 1);
                let (a, b) = (framed(&text), framed(&other));
                check(of("two stories in one frame"), ((&title, &a), (&other_title, &b)), "two stories");
                check(of("two untitled stories in one frame"), (("", &a), ("", &b)), "two stories");
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
}

#[test]
fn what_a_fingerprint_of_before_lacks_is_seen() {
    let text = "mot ".repeat(80);
    let made = dedup::fingerprint("Titre", &text);
    assert!(!dedup::is_outdated(&made));
    assert!(!dedup::is_outdated(&dedup::fingerprint("Titre", "Trois mots seuls.")));
    // A record of an earlier version: its signature went by another name.
    let json = serde_json::to_string(&made).unwrap().replace("\"sketch\"", "\"signature\"");
    let read: Fingerprint = serde_json::from_str(&json).unwrap();
    assert!(dedup::is_outdated(&read));
}
