//! Names of months and weekdays, folded, in the languages of the offices and of their neighbours. Words in, numbers out.

use jiff::civil::Weekday;

/// The names of each month, January first.
#[rustfmt::skip]
const MONTHS: [&[&str]; 12] = [
    &[
        "january", "janvier", "enero", "janeiro", "jan", "ene", "januar", "jaenner", "januari", "gennaio", "ocak",
        "janvye", "janner", "января", "يناير", "januara", "јануара", "ianuarie", "stycznia", "січня", "ιανουαριου",
        "جانفي"
    ],
    &[
        "february", "fevrier", "febrero", "fevereiro", "feb", "fev", "fevr", "februar", "februari", "febbraio",
        "subat", "fevriye", "февраля", "فبراير", "februara", "фебруара", "februarie", "lutego", "лютого",
        "φεβρουαριου", "فيفري", "شباط"
    ],
    &[
        "march", "mars", "marzo", "marco", "mar", "marz", "maerz", "mrz", "maart", "mart", "marts", "марта", "مارس",
        "marca", "marta", "martie", "maret", "machi", "березня", "μαρτιου", "آذار", "اذار"
    ],
    &[
        "april", "avril", "abril", "apr", "avr", "abr", "aprile", "nisan", "апреля", "أبريل", "ابريل", "aprila",
        "априла", "aprilie", "aprili", "kwietnia", "квітня", "απριλιου", "أفريل", "افريل", "نيسان"
    ],
    &[
        "may", "mai", "mayo", "maio", "mei", "maj", "maggio", "mag", "mayis", "мая", "مايو", "maja", "маја",
        "травня", "μαιου", "ماي", "أيار", "ايار"
    ],
    &[
        "june", "juin", "junio", "junho", "jun", "juni", "giugno", "giu", "haziran", "июня", "يونيو", "juna", "јуна",
        "iunie", "czerwca", "червня", "ιουνιου", "جوان", "حزيران"
    ],
    &[
        "july", "juillet", "julio", "julho", "jul", "juil", "juli", "luglio", "lug", "temmuz", "июля", "يوليو",
        "jula", "јула", "iulie", "julai", "lipca", "липня", "ιουλιου", "جويلية", "يوليوز", "تموز"
    ],
    &[
        "august", "aout", "agosto", "aug", "ago", "augusti", "augustus", "agustos", "августа", "أغسطس", "اغسطس",
        "avgusta", "agosti", "agustus", "sierpnia", "серпня", "αυγουστου", "أوت", "اوت", "غشت", "آب"
    ],
    &[
        "september", "septembre", "septiembre", "setembro", "sept", "sep", "set", "settembre", "septanm", "eylul",
        "сентября", "سبتمبر", "septembra", "септембра", "septembrie", "septemba", "wrzesnia", "вересня",
        "σεπτεμβριου", "شتنبر", "أيلول", "ايلول"
    ],
    &[
        "october", "octobre", "octubre", "outubro", "oct", "out", "oktober", "okt", "ottobre", "ott", "ekim",
        "октября", "أكتوبر", "اكتوبر", "oktobra", "октобра", "octombrie", "oktoba", "pazdziernika", "жовтня",
        "οκτωβριου"
    ],
    &[
        "november", "novembre", "noviembre", "novembro", "nov", "novanm", "kasim", "ноября", "نوفمبر", "novembra",
        "новембра", "noiembrie", "novemba", "listopada", "листопада", "νοεμβριου", "نونبر"
    ],
    &[
        "december", "decembre", "diciembre", "dezembro", "dec", "dic", "dez", "dezember", "desember", "dicembre",
        "desanm", "aralik", "декабря", "ديسمبر", "decembra", "децембра", "decembrie", "desemba", "grudnia", "грудня",
        "δεκεμβριου", "دجنبر"
    ],
];

/// The names of each weekday, and how they are cut short; Monday first.
#[rustfmt::skip]
const WEEKDAYS: [&[&str]; 7] = [
    &[
        "monday", "mon", "lundi", "lun", "lunes", "segunda", "seg", "lunedi", "montag", "lendi", "الاثنين", "الإثنين",
        "понедельник"
    ],
    &[
        "tuesday", "tue", "tues", "mardi", "mar", "martes", "terca", "ter", "martedi", "dienstag", "madi", "الثلاثاء",
        "вторник"
    ],
    &[
        "wednesday", "wed", "mercredi", "mer", "miercoles", "mie", "quarta", "qua", "mercoledi", "mittwoch",
        "mekredi", "الأربعاء", "среда"
    ],
    &[
        "thursday", "thu", "thur", "thurs", "jeudi", "jeu", "jueves", "jue", "quinta", "qui", "giovedi", "gio",
        "donnerstag", "jedi", "الخميس", "четверг"
    ],
    &[
        "friday", "fri", "vendredi", "ven", "viernes", "vie", "sexta", "sex", "venerdi", "freitag", "vandredi",
        "الجمعة", "пятница"
    ],
    &["saturday", "sat", "samedi", "sam", "sabado", "sab", "sabato", "samstag", "samdi", "السبت", "суббота"],
    &["sunday", "sun", "dimanche", "dim", "domingo", "dom", "domenica", "sonntag", "dimanch", "الأحد", "воскресенье"],
];

/// Names of two words, each with its place in the year.
const OF_TWO_WORDS: [(&str, &str); 4] =
    [("كانون الثاني", "يناير"), ("تشرين الأول", "أكتوبر"), ("تشرين الثاني", "نوفمبر"), ("كانون الأول", "ديسمبر")];

/// Arabic months in one word, and once: many organisations write both names of a month, with a stroke between.
pub(super) fn in_one_word(text: String) -> String {
    if !text.contains(|c| ('\u{600}'..='\u{6FF}').contains(&c)) {
        return text;
    }
    let mut text = OF_TWO_WORDS.iter().fold(text, |text, (two, one)| text.replace(two, one));
    let mut from = 0;
    while let Some(stroke) = text[from..].find('/').map(|at| from + at) {
        let name = |c: char| c.is_alphabetic();
        let before = text[..stroke].trim_end();
        let first = &before[before.trim_end_matches(name).len()..];
        let behind = text[stroke + 1..].trim_start();
        let second = &behind[..behind.len() - behind.trim_start_matches(name).len()];
        if month(first).is_some() && month(first) == month(second) {
            let end = text.len() - behind.len() + second.len();
            text.replace_range(before.len()..end, "");
        }
        from = (stroke + 1).min(text.len());
        while !text.is_char_boundary(from) {
            from += 1;
        }
    }
    text
}

/// The month of a name, 1 to 12.
pub(super) fn month(name: &str) -> Option<i8> {
    (1..).zip(MONTHS).find(|(_, names)| names.contains(&name)).map(|(month, _)| month)
}

/// The weekday that stands straight before or behind a date: a name, and no more than a comma or a bracket between.
pub(super) fn weekday_beside(before: &str, after: &str) -> Option<Weekday> {
    let name = |c: char| c.is_alphabetic();
    let gap = |c: char| matches!(c, ' ' | ',' | '.' | '(' | ')' | '-' | '–' | '\u{A0}');
    let head = before.trim_end_matches(gap);
    // Portuguese days are numbers of the fair: `segunda-feira`.
    let head = head.strip_suffix("feira").map_or(head, |head| head.trim_end_matches(gap));
    let start = head.char_indices().rev().take_while(|(_, c)| name(*c)).last().map_or(head.len(), |(at, _)| at);
    let tail = after.trim_start_matches(gap);
    let end = tail.find(|c| !name(c)).unwrap_or(tail.len());
    weekday(&head[start..]).or_else(|| weekday(&tail[..end]))
}

/// True for a weekday's name.
pub(super) fn is_weekday(name: &str) -> bool {
    weekday(name).is_some()
}

fn weekday(name: &str) -> Option<Weekday> {
    let at = WEEKDAYS.iter().position(|names| names.contains(&name))?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_of_two_months() {
        let all: Vec<&str> = MONTHS.iter().copied().flatten().copied().collect();
        let (mut sorted, before) = (all.clone(), all.len());
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), before);
    }

    #[test]
    fn both_names_of_a_month_are_one() {
        for (text, want) in [
            ("26 تشرين الثاني/نوفمبر 2026", "26 نوفمبر 2026"),
            ("26 نوفمبر / تشرين الثاني 2026", "26 نوفمبر 2026"),
            ("مايو/يونيو 2026", "مايو/يونيو 2026"),
            ("أ/ب/", "أ/ب/"),
            ("26/11/2026", "26/11/2026"),
        ] {
            assert_eq!(in_one_word(text.to_owned()), want);
        }
    }

    proptest::proptest! {
        #[test]
        fn strokes_never_panic(text in "([ا-ي/ ]|نوفمبر|تشرين الثاني){0,30}") {
            in_one_word(text);
        }
    }
}
