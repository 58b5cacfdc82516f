//! Phrases of furniture in the languages of news sites: "read also", "sign up", "©". A phrase is a hint for the
//! model; alone it drops nothing.

use std::sync::LazyLock;

use foldhash::HashMap;

/// How many groups of phrases there are.
pub(super) const GROUPS: usize = 11;

/// Phrases by group. Letters beyond ASCII stand in both cases where a line may begin with them.
const PHRASES: [&[&str]; GROUPS] = [
    // Other stories.
    &[
        "read more",
        "read also",
        "also read",
        "see also",
        "related",
        "lire aussi",
        "à lire",
        "À lire",
        "a lire aussi",
        "lire la suite",
        "voir aussi",
        "sur le même sujet",
        "mehr zum thema",
        "lesen sie",
        "auch interessant",
        "mehr dazu",
        "hier lesen",
        "lee también",
        "lea también",
        "leer más",
        "te puede interesar",
        "ver también",
        "más información",
        "noticias relacionadas",
        "leia também",
        "leia mais",
        "veja também",
        "saiba mais",
        "leggi anche",
        "leggi di più",
        "lees ook",
        "les også",
        "läs också",
        "läs mer",
        "les mer",
        "recommended",
        "more from",
        "more on",
        "more stories",
        "more news",
        "you may also",
        "you might also",
        "don't miss",
        "read next",
        "continue reading",
        "click here",
        "watch:",
        "listen:",
        "connexes",
        "اقرأ أيضا",
        "اقرأ المزيد",
        "Читайте также",
        "baca juga",
        "ilgili haber",
        "next article",
        "previous article",
        "previous post",
        "next post",
        "most read",
        "trending",
        "top stories",
        "latest news",
        "contenu connexe",
        "relacionad",
        "on this topic",
        "more:",
        "see more",
        "also:",
        "en relation",
        "dans la même",
        "empfohlen",
        "thema:",
        "in diesem artikel",
        "leer también",
        "mer om",
        "artikel",
        "read:",
        "related:",
        "weitere",
        "lue myös",
        "recomendad",
        "aussi sur",
        "find out more",
        "learn more",
        "zum artikel",
        "zur startseite",
        "関連記事",
    ],
    // Newsletters, subscriptions, gifts.
    &[
        "newsletter",
        "subscribe",
        "sign up",
        "signup",
        "subscription",
        "subscriber",
        "abonnez",
        "abonner",
        "abonné",
        "inscrivez",
        "suscríbete",
        "suscríbase",
        "suscribirse",
        "suscriptor",
        "abonnieren",
        "abonnent",
        "anmelden",
        "registrieren",
        "iscriviti",
        "abbonati",
        "assine",
        "inscreva",
        "log in",
        "sign in",
        "register",
        "free trial",
        "donate",
        "faire un don",
        "your inbox",
        "premium",
        "already a",
        "become a member",
        "support our",
        "push alert",
        "get the latest",
        "stay up to date",
        "stay informed",
        "nyhetsbrev",
        "nieuwsbrief",
        "boletín",
        "login",
        "einloggen",
        "unlimited access",
        "e-paper",
        "epaper",
        "per e-mail",
        "jetzt testen",
        "angebot",
        "spende",
        "donation",
        "app ",
        "inbox",
        "junk folder",
        "welcome email",
        "already subscribed",
        "weiterlesen",
        "download our app",
        "download the app",
        "app store",
        "有料",
        "会員",
    ],
    // Sharing and following.
    &[
        "share",
        "follow us",
        "follow on",
        "follow me",
        "partager",
        "partagez",
        "suivez",
        "compart",
        "teilen",
        "condividi",
        "seguici",
        "síguenos",
        "siga",
        "facebook",
        "twitter",
        "whatsapp",
        "telegram",
        "linkedin",
        "pinterest",
        "instagram",
        "google news",
        "copy link",
        "copier le lien",
        "e-mail",
        "print",
        "imprimer",
        "drucken",
        "del ",
        "tweet",
        "youtube",
        "tiktok",
        "شارك",
        "on social media",
        "channel",
        "kanal",
    ],
    // Rights and credits.
    &[
        "©",
        "(c)",
        "copyright",
        "all rights reserved",
        "tous droits",
        "alle rechte",
        "todos los derechos",
        "getty",
        "reuters",
        "afp",
        "photo:",
        "photo by",
        "photo credit",
        "photo :",
        "photos:",
        "foto:",
        "crédit",
        "image:",
        "picture alliance",
        "dpa",
        "credit:",
        "photograph",
        "shutterstock",
        "courtesy",
        "unsplash",
        "imago",
        "picture:",
        "via ap",
        "ap photo",
        "quelle:",
        "source:",
        "bild:",
        "bildquelle",
        "file photo",
        "image source",
        "image caption",
        "fotograf",
        "imagen:",
        "fuente:",
        "fonte:",
        "via reuters",
    ],
    // Who wrote it.
    &[
        "by ",
        "par ",
        "von ",
        "por ",
        "di ",
        "door ",
        "written by",
        "author",
        "reporter",
        "editor",
        "redaktion",
        "about the",
        "staff",
        "contributor",
        "correspondent",
        "min read",
        "minute read",
        "reading time",
        "auteur",
        "autor",
        "journalist",
        "columnist",
        "min.",
        "minuten",
        "lesezeit",
        "min de lecture",
        "follow the author",
        "rédaction",
        "redacción",
        "redação",
        "redazione",
        "記者",
    ],
    // When it was written.
    &[
        "published",
        "updated",
        "posted",
        "publié",
        "mis à jour",
        "mise à jour",
        "modifié",
        "veröffentlicht",
        "aktualisiert",
        "stand:",
        "publicado",
        "actualizado",
        "atualizado",
        "pubblicato",
        "aggiornato",
        " uhr",
        " ago",
        "last modified",
        "güncelleme",
        "publisert",
        "oppdatert",
        "publicerad",
        "gepubliceerd",
        "opublikowano",
        "erstellt",
        "created",
        "p.m.",
        "a.m.",
        " gmt",
        " est",
        " edt",
        "نشر",
        "تحديث",
        "更新",
    ],
    // Advertisements.
    &[
        "advertisement",
        "continues below",
        "article continues",
        "anzeige",
        "werbung",
        "publicité",
        "publicidad",
        "publicidade",
        "pubblicità",
        "sponsored",
        "reklam",
        "affiliate",
        "commission",
        "paid content",
        "promoted",
        "story continues",
        "annonse",
        "advertentie",
        "scroll to continue",
        "إعلان",
        "ad feedback",
        "shop now",
        "buy now",
        "discount",
    ],
    // Comments.
    &[
        "comment",
        "kommentar",
        "commentaire",
        "comentar",
        "commenti",
        "join the conversation",
        "leave a reply",
        "reply",
        "your email address",
        "discussion",
        "reactie",
        "réagir",
        "réactions",
        "have your say",
        "what do you think",
        "let us know",
        "تعليق",
    ],
    // Contact.
    &[
        "@",
        "contact",
        "tel:",
        "phone",
        "email",
        "for more information",
        "for further information",
        "pour plus d",
        "para más información",
        "www.",
        "http",
        "call ",
        "visit ",
    ],
    // Terms.
    &[
        "cookie",
        "privacy",
        "terms of",
        "javascript",
        "browser",
        "datenschutz",
        "consent",
        "impressum",
        "accept",
        "externer inhalt",
        "external content",
        "inhalt",
        "confidentialité",
        "recaptcha",
        "enable",
        "personal data",
        "third-party",
        "privatsphäre",
        "redaktioneller inhalt",
        "externen inhalt",
        "contenu externe",
        "tiers",
        "drittanbieter",
        "zustimmung",
        "einwilligung",
        "loading",
        "video player",
        "play video",
        "video:",
        "audio",
        "podcast",
        "disclaimer",
    ],
    // Notes of the editors.
    &[
        "editor's note",
        "editors' note",
        "this article",
        "originally published",
        "this story",
        "correction",
        "note:",
        "contributed to this",
        "reporting by",
        "editing by",
        "cet article",
        "dieser artikel",
        "dieser text",
        "este artículo",
        "esta notícia",
        "(ap)",
        "the views expressed",
        "is a",
        "opinions expressed",
        "tags:",
        "filed under",
        "topics",
        "schlagworte",
        "themen",
        "mots-clés",
        "etiquetas",
        "categories",
        "in this article",
        "table of contents",
        "key points",
        "press release",
        "***",
        "disclosure",
        "with reporting",
    ],
];

/// A phrase and its group.
type Phrase = (&'static str, u8);

/// Phrases by their first two bytes: few words of a page begin as one of them does, which is told faster than an
/// automaton reads a word.
struct Starts {
    /// Whether a phrase begins with these two bytes, in either case.
    known: Vec<bool>,
    /// By the two in lower case.
    phrases: HashMap<u16, Vec<Phrase>>,
}

static STARTS: LazyLock<Starts> = LazyLock::new(|| {
    let mut starts = Starts { known: vec![false; 1 << u16::BITS], phrases: HashMap::default() };
    for (phrases, group) in PHRASES.iter().zip(0u8..) {
        for phrase in *phrases {
            let [first, second] = start(phrase.as_bytes()).to_be_bytes();
            // What is one byte long begins with any second one.
            let seconds = if phrase.len() == 1 { 0..=u8::MAX } else { second..=second };
            for second in seconds {
                starts.phrases.entry(lower([first, second])).or_default().push((phrase, group));
            }
        }
    }
    for (first, second) in (0..=u8::MAX).flat_map(|first| (0..=u8::MAX).map(move |second| (first, second))) {
        let is_known = starts.phrases.contains_key(&lower([first, second]));
        starts.known[usize::from(u16::from_be_bytes([first, second]))] = is_known;
    }
    starts
});

/// The first two bytes; a text of one has a second one of zero.
fn start(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([0, 1].map(|at| bytes.get(at).copied().unwrap_or(0)))
}

fn lower(start: [u8; 2]) -> u16 {
    u16::from_be_bytes(start.map(|b| b.to_ascii_lowercase()))
}

/// For each group: 2 where a phrase begins the line, 1 where one stands in it, 0 where none does. A phrase begins where
/// a word does, or is no word.
pub(super) fn read(line: &str) -> [u8; GROUPS] {
    let mut found = [0; GROUPS];
    let starts = &*STARTS;
    let bytes = line.as_bytes();
    let mut in_word = false;
    for at in 0..bytes.len() {
        let rest = &bytes[at..];
        let start = start(rest);
        let is_letter = rest[0].is_ascii_alphanumeric();
        let may_begin = starts.known[usize::from(start)] & !(in_word & is_letter);
        in_word = is_letter;
        if !may_begin || is_in_word(line, at) {
            continue;
        }
        for (phrase, group) in starts.phrases.get(&lower(start.to_be_bytes())).into_iter().flatten() {
            let is_here = rest.get(..phrase.len()).is_some_and(|here| here.eq_ignore_ascii_case(phrase.as_bytes()));
            if let Some(slot) = found.get_mut(usize::from(*group)).filter(|_| is_here) {
                *slot = (*slot).max(if at < 4 { 2 } else { 1 });
            }
        }
    }
    found
}

/// Letters or digits on both sides.
fn is_in_word(line: &str, at: usize) -> bool {
    let is_letter = char::is_alphanumeric;
    line.split_at_checked(at).is_none_or(|(before, after)| before.ends_with(is_letter) && after.starts_with(is_letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_at_word_beginnings() {
        assert_eq!(read("À lire aussi : la suite")[0], 2);
        assert_eq!(read("Photo: IOM 2015")[3], 2);
        assert_eq!(read("He sat by the standby line, unrelated")[0], 0);
        assert_eq!(read(""), [0; GROUPS]);
        assert_eq!(read("x"), [0; GROUPS]);
        assert!(["@", "to @", "a@b"].iter().all(|line| read(line).iter().any(|found| *found > 0)));
    }
}
