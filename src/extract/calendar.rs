//! Names of months and weekdays, folded, in the languages of the offices and of their neighbours. Words in, numbers out.

use jiff::civil::Weekday;

/// The names of each month, January first.
#[rustfmt::skip]
const MONTHS: [&[&str]; 12] = [
    &[
        "january", "janvier", "enero", "janeiro", "jan", "ene", "januar", "jaenner", "januari", "gennaio", "ocak",
        "janvye", "janner", "января", "يناير"
    ],
    &[
        "february", "fevrier", "febrero", "fevereiro", "feb", "fev", "fevr", "februar", "februari", "febbraio",
        "subat", "fevriye", "февраля", "فبراير"
    ],
    &["march", "mars", "marzo", "marco", "mar", "marz", "maerz", "mrz", "maart", "mart", "marts", "марта", "مارس"],
    &["april", "avril", "abril", "apr", "avr", "abr", "aprile", "nisan", "апреля", "أبريل", "ابريل"],
    &["may", "mai", "mayo", "maio", "mei", "maj", "maggio", "mag", "mayis", "мая", "مايو"],
    &["june", "juin", "junio", "junho", "jun", "juni", "giugno", "giu", "haziran", "июня", "يونيو"],
    &["july", "juillet", "julio", "julho", "jul", "juil", "juli", "luglio", "lug", "temmuz", "июля", "يوليو"],
    &["august", "aout", "agosto", "aug", "ago", "augusti", "augustus", "agustos", "августа", "أغسطس", "اغسطس"],
    &[
        "september", "septembre", "septiembre", "setembro", "sept", "sep", "set", "settembre", "septanm", "eylul",
        "сентября", "سبتمبر"
    ],
    &[
        "october", "octobre", "octubre", "outubro", "oct", "out", "oktober", "okt", "ottobre", "ott", "ekim",
        "октября", "أكتوبر", "اكتوبر"
    ],
    &["november", "novembre", "noviembre", "novembro", "nov", "novanm", "kasim", "ноября", "نوفمبر"],
    &[
        "december", "decembre", "diciembre", "dezembro", "dec", "dic", "dez", "dezember", "desember", "dicembre",
        "desanm", "aralik", "декабря", "ديسمبر"
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

fn weekday(name: &str) -> Option<Weekday> {
    let at = WEEKDAYS.iter().position(|names| names.contains(&name))?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}
