//! A language, as a BCP 47 primary subtag (RFC 5646 section 2.2.1).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language that depeche knows by name. `und` is an answer: the text was too short, or in none of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(u8);

/// A language tag that depeche does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unable to use {0:?} as a language: allowed are {allowed}", allowed = Language::allowed())]
pub struct UnknownLanguage(pub String);

/// Tag, ISO 639-3 code, English name, French name, own name; in the order of the tags, `und` last.
/// Records store the tag, never the row, so rows can be added.
const TABLE: &[(&str, &str, &str, &str, &str)] = &[
    ("am", "amh", "Amharic", "amharique", "አማርኛ"),
    ("ar", "ara", "Arabic", "arabe", "العربية"),
    ("az", "aze", "Azerbaijani", "azéri", "azərbaycan"),
    ("be", "bel", "Belarusian", "biélorusse", "беларуская"),
    ("bg", "bul", "Bulgarian", "bulgare", "български"),
    ("bn", "ben", "Bengali", "bengali", "বাংলা"),
    ("bs", "bos", "Bosnian", "bosnien", "bosanski"),
    ("ca", "cat", "Catalan", "catalan", "català"),
    ("cs", "ces", "Czech", "tchèque", "čeština"),
    ("da", "dan", "Danish", "danois", "dansk"),
    ("de", "deu", "German", "allemand", "Deutsch"),
    ("el", "ell", "Greek", "grec", "Ελληνικά"),
    ("en", "eng", "English", "anglais", "English"),
    ("es", "spa", "Spanish", "espagnol", "español"),
    ("et", "est", "Estonian", "estonien", "eesti"),
    ("fa", "fas", "Persian", "persan", "فارسی"),
    ("fi", "fin", "Finnish", "finnois", "suomi"),
    ("fr", "fra", "French", "français", "français"),
    ("ha", "hau", "Hausa", "haoussa", "Hausa"),
    ("he", "heb", "Hebrew", "hébreu", "עברית"),
    ("hi", "hin", "Hindi", "hindi", "हिन्दी"),
    ("hr", "hrv", "Croatian", "croate", "hrvatski"),
    ("ht", "hat", "Haitian Creole", "créole haïtien", "kreyòl ayisyen"),
    ("hu", "hun", "Hungarian", "hongrois", "magyar"),
    ("hy", "hye", "Armenian", "arménien", "հայերեն"),
    ("id", "ind", "Indonesian", "indonésien", "Indonesia"),
    ("it", "ita", "Italian", "italien", "italiano"),
    ("ja", "jpn", "Japanese", "japonais", "日本語"),
    ("ka", "kat", "Georgian", "géorgien", "ქართული"),
    ("kk", "kaz", "Kazakh", "kazakh", "қазақша"),
    ("km", "khm", "Khmer", "khmer", "ខ្មែរ"),
    ("ko", "kor", "Korean", "coréen", "한국어"),
    ("ku", "kur", "Kurdish", "kurde", "kurdî"),
    ("ky", "kir", "Kyrgyz", "kirghize", "кыргызча"),
    ("ln", "lin", "Lingala", "lingala", "lingála"),
    ("lt", "lit", "Lithuanian", "lituanien", "lietuvių"),
    ("lv", "lav", "Latvian", "letton", "latviešu"),
    ("mg", "mlg", "Malagasy", "malgache", "malagasy"),
    ("mk", "mkd", "Macedonian", "macédonien", "македонски"),
    ("ms", "msa", "Malay", "malais", "Melayu"),
    ("my", "mya", "Burmese", "birman", "မြန်မာ"),
    ("nb", "nob", "Norwegian", "norvégien", "norsk"),
    ("ne", "nep", "Nepali", "népalais", "नेपाली"),
    ("nl", "nld", "Dutch", "néerlandais", "Nederlands"),
    ("pl", "pol", "Polish", "polonais", "polski"),
    ("ps", "pus", "Pashto", "pachto", "پښتو"),
    ("pt", "por", "Portuguese", "portugais", "português"),
    ("rn", "run", "Kirundi", "kirundi", "Ikirundi"),
    ("ro", "ron", "Romanian", "roumain", "română"),
    ("ru", "rus", "Russian", "russe", "русский"),
    ("rw", "kin", "Kinyarwanda", "kinyarwanda", "Ikinyarwanda"),
    ("si", "sin", "Sinhala", "singhalais", "සිංහල"),
    ("sk", "slk", "Slovak", "slovaque", "slovenčina"),
    ("sl", "slv", "Slovenian", "slovène", "slovenščina"),
    ("so", "som", "Somali", "somali", "Soomaali"),
    ("sq", "sqi", "Albanian", "albanais", "shqip"),
    ("sr", "srp", "Serbian", "serbe", "српски"),
    ("sv", "swe", "Swedish", "suédois", "svenska"),
    ("sw", "swa", "Swahili", "swahili", "Kiswahili"),
    ("ta", "tam", "Tamil", "tamoul", "தமிழ்"),
    ("tg", "tgk", "Tajik", "tadjik", "тоҷикӣ"),
    ("th", "tha", "Thai", "thaï", "ไทย"),
    ("ti", "tir", "Tigrinya", "tigrigna", "ትግርኛ"),
    ("tl", "tgl", "Tagalog", "tagalog", "Tagalog"),
    ("tr", "tur", "Turkish", "turc", "Türkçe"),
    ("uk", "ukr", "Ukrainian", "ukrainien", "українська"),
    ("ur", "urd", "Urdu", "ourdou", "اردو"),
    ("uz", "uzb", "Uzbek", "ouzbek", "oʻzbek"),
    ("vi", "vie", "Vietnamese", "vietnamien", "Tiếng Việt"),
    ("zh", "zho", "Chinese", "chinois", "中文"),
    ("und", "und", "undetermined", "indéterminée", ""),
];

const fn row(tag: &str) -> Language {
    let mut i = 0;
    while i < TABLE.len() {
        let (a, b) = (TABLE[i].0.as_bytes(), tag.as_bytes());
        if a.len() == b.len() && a[0] == b[0] && a[1] == b[1] && (a.len() == 2 || a[2] == b[2]) {
            return Language(i as u8);
        }
        i += 1;
    }
    panic!("a language constant names no row of the table")
}

impl Language {
    /// Undetermined (ISO 639-3 `und`).
    pub const UND: Language = row("und");
    /// English.
    pub const EN: Language = row("en");
    /// French.
    pub const FR: Language = row("fr");
    /// Spanish.
    pub const ES: Language = row("es");
    /// Portuguese.
    pub const PT: Language = row("pt");
    /// Arabic.
    pub const AR: Language = row("ar");
    /// Russian.
    pub const RU: Language = row("ru");
    /// Ukrainian.
    pub const UK: Language = row("uk");
    /// Italian.
    pub const IT: Language = row("it");
    /// Haitian Creole.
    pub const HT: Language = row("ht");
    /// German.
    pub const DE: Language = row("de");
    /// Romanian.
    pub const RO: Language = row("ro");
    /// Catalan.
    pub const CA: Language = row("ca");

    /// Reads a BCP 47 tag or an ISO 639-3 code; region and script are dropped: `fr-FR`, `FRA` and `fr` are one.
    pub fn parse(tag: &str) -> Result<Language, UnknownLanguage> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        TABLE
            .iter()
            .position(|row| row.0 == primary || row.1 == primary)
            .map(|row| Language(row as u8))
            .ok_or_else(|| UnknownLanguage(tag.to_owned()))
    }

    /// The BCP 47 tag, such as `fr`.
    pub fn tag(self) -> &'static str {
        TABLE[self.0 as usize].0
    }

    /// The ISO 639-3 code, such as `fra`.
    pub fn alpha3(self) -> &'static str {
        TABLE[self.0 as usize].1
    }

    /// The name in the language of the interface; anything but French gets English.
    pub fn name(self, ui: Language) -> &'static str {
        let row = &TABLE[self.0 as usize];
        if ui == Language::FR { row.3 } else { row.2 }
    }

    /// The language's name in itself.
    pub fn own_name(self) -> &'static str {
        TABLE[self.0 as usize].4
    }

    /// True where text runs from right to left.
    pub fn is_rtl(self) -> bool {
        matches!(self.tag(), "ar" | "fa" | "he" | "ps" | "ur")
    }

    /// Every language, in the order of the tags, `und` last.
    pub fn all() -> impl Iterator<Item = Language> {
        (0..TABLE.len()).map(|row| Language(row as u8))
    }

    /// Every allowed tag, for messages.
    pub fn allowed() -> String {
        TABLE.iter().map(|row| row.0).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl TryFrom<String> for Language {
    type Error = UnknownLanguage;
    fn try_from(tag: String) -> Result<Language, UnknownLanguage> {
        Language::parse(&tag)
    }
}

impl From<Language> for String {
    fn from(language: Language) -> String {
        language.tag().to_owned()
    }
}
