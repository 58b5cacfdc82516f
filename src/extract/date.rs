//! Dates as pages write them: ISO, in words of five languages, and in digits of either order. Text in, day out.
//! It never takes "33 min ago" for a date, and never believes a year before 1990 or a day in the future.

use std::sync::LazyLock;

use jiff::civil::{Date, Time, Weekday};
use regex::{Captures, Regex};

use super::{DateOrder, calendar};
use crate::article::{PageDate, fold};

/// A pattern of ours; one that does not compile matches nothing, and the tests notice.
fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

static ISO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"\b((?:19|20)\d{2})[-/.年]\s?(\d{1,2})[-/.月]\s?(\d{1,2})(?:(?:T|日|,|\s)*(\d{2}):(\d{2})(?::\d{2}(?:[.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?",
    )
});
static COMPACT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"^\s*((?:19|20)\d{2})(0[1-9]|1[0-2])([0-3]\d)(?:T?(\d{2}):?(\d{2})(?::?\d{2})?(Z|[+-]\d{2}:?\d{2})?)?\s*$")
});
static SHORT: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"\b(\d{1,2})[/.](\d{1,2})[/.](\d{2})(?:\s|,|$)"));
static DAY_FIRST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"\b(\d{1,2})(?:er|st|nd|rd|th|º|°)?[\s.\-]*(?:de\s+)?(\p{L}{2,12})\.?[\s,.\-]*(?:de\s+|del\s+)?(\d{4})\b")
});
/// `24 tháng 11 năm 2026`, folded.
static VIETNAMESE: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"\b(\d{1,2})\s+thang\s+(\d{1,2}),?\s+(?:nam\s+)?(\d{4})\b"));
static MONTH_FIRST: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"\b(\p{L}{2,12})\.?[\s\-]*(\d{1,2})(?:st|nd|rd|th)?[\s,.\-]+(\d{4})\b"));
static DIGITS: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"\b(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})\b"));
static CLOCK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"^\s*(?:[-–,à]|at)?\s*(\d{1,2})[:h](\d{2})\b(?::\d{2})?(?:\s*(z|[a-z]{2,4}|[+-]\d{4})\b|([+-]\d{2}:\d{2})\b)?",
    )
});

/// The zones that RFC 822 names and those of the offices, in minutes.
const ZONES: &[(&str, i16)] = &[
    ("z", 0),
    ("ut", 0),
    ("utc", 0),
    ("gmt", 0),
    ("wat", 60),
    ("cet", 60),
    ("cest", 120),
    ("cat", 120),
    ("eat", 180),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
];

/// What a reading of dates needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// How numeric dates are read when both readings are possible.
    pub order: DateOrder,
    /// No later day is believed.
    pub latest: Option<Date>,
}

impl Reader {
    /// The first credible date of a text.
    pub fn read(&self, text: &str, from: &str) -> Option<PageDate> {
        if !text.bytes().any(|b| b.is_ascii_digit()) && !text.chars().any(|c| digit(c).is_some()) {
            return None;
        }
        let mut folded = String::with_capacity(text.len());
        for c in text.chars() {
            if c.is_ascii() {
                folded.push(c.to_ascii_lowercase());
            } else if let Some(digit) = digit(c) {
                folded.push(digit);
            } else if c == 'ı' {
                folded.push('i');
            } else if c.is_alphabetic() && c < '\u{400}' {
                // Accents go; letters of other scripts stay as they are.
                folded.push_str(&fold(c.encode_utf8(&mut [0; 4])));
            } else {
                folded.extend(c.to_lowercase());
            }
        }
        let folded = calendar::in_one_word(folded);
        let mut found: Vec<(usize, PageDate)> = Vec::new();
        let mut keep = |captures: &Captures<'_>, year: i16, month: i8, day: i8| {
            let (Some(whole), Ok(date)) = (captures.get(0), Date::new(year, month, day)) else { return };
            if self.is_credible(date) {
                let clock = CLOCK.as_ref().and_then(|p| p.captures(&folded[whole.end()..])).and_then(|c| {
                    let zone = c.get(3).or_else(|| c.get(4)).and_then(|zone| offset(zone.as_str()));
                    Some((Time::new(number(&c, 1)?, number(&c, 2)?, 0, 0).ok()?, zone))
                });
                let (time, offset_minutes) = (clock.map(|(time, _)| time), clock.and_then(|(_, zone)| zone));
                found.push((whole.start(), PageDate { date, time, offset_minutes, from: from.to_owned() }));
            }
        };
        for captures in DAY_FIRST.iter().flat_map(|p| p.captures_iter(&folded)) {
            if let (Some(day), Some(month), Some(year)) =
                (number(&captures, 1), calendar::month(&captures[2]), number(&captures, 3))
            {
                keep(&captures, year, month, day);
            }
        }
        for captures in MONTH_FIRST.iter().flat_map(|p| p.captures_iter(&folded)) {
            if let (Some(month), Some(day), Some(year)) =
                (calendar::month(&captures[1]), number(&captures, 2), number(&captures, 3))
            {
                keep(&captures, year, month, day);
            }
        }
        for captures in VIETNAMESE.iter().flat_map(|p| p.captures_iter(&folded)) {
            if let (Some(day), Some(month), Some(year)) =
                (number(&captures, 1), number(&captures, 2), number(&captures, 3))
            {
                keep(&captures, year, month, day);
            }
        }
        // Two digits of a year are believed in a short line only.
        let short = SHORT.iter().filter(|_| folded.len() < 40);
        for captures in DIGITS.iter().chain(short).flat_map(|p| p.captures_iter(&folded)) {
            let (Some(whole), Some(a), Some(b), Some(year)) =
                (captures.get(0), number(&captures, 1), number(&captures, 2), number::<i16>(&captures, 3))
            else {
                continue;
            };
            let year = match (year, captures[3].len()) {
                (0..90, 2) => 2000 + year,
                (_, 2) => 1900 + year,
                _ => year,
            };
            let beside = calendar::weekday_beside(&folded[..whole.start()], &folded[whole.end()..]);
            let (month, day) = self.month_and_day(a, b, year, beside);
            keep(&captures, year, month, day);
        }
        let upper = folded.to_ascii_uppercase();
        for captures in ISO.iter().chain(COMPACT.iter()).flat_map(|p| {
            p.captures_iter(&upper).map(|c| (c.get(0).map_or(0, |m| m.start()), iso(&c))).collect::<Vec<_>>()
        }) {
            if let (at, Some((date, time, offset_minutes))) = captures
                && self.is_credible(date)
            {
                found.push((at, PageDate { date, time, offset_minutes, from: from.to_owned() }));
            }
        }
        found.into_iter().min_by_key(|(at, _)| *at).map(|(_, date)| date)
    }

    /// Which of two numbers is the month: the one that can be; else the one that makes the date fall on its weekday;
    /// else the order that the site is known for.
    fn month_and_day(&self, a: i8, b: i8, year: i16, beside: Option<Weekday>) -> (i8, i8) {
        let falls = |month, day| Date::new(year, month, day).is_ok_and(|date| Some(date.weekday()) == beside);
        let is_month_first = match (a > 12, b > 12) {
            (true, _) => false,
            (false, true) => true,
            (false, false) => match (falls(a, b), falls(b, a)) {
                (true, false) => true,
                (false, true) => false,
                _ => self.order == DateOrder::Mdy,
            },
        };
        if is_month_first { (a, b) } else { (b, a) }
    }

    fn is_credible(&self, date: Date) -> bool {
        let latest = self.latest.and_then(|latest| latest.tomorrow().ok());
        date.year() >= 1990 && latest.map_or(date.year() <= 2100, |latest| date <= latest)
    }
}

/// A digit as Arabic and Persian write it.
fn digit(c: char) -> Option<char> {
    let value = match c {
        '\u{660}'..='\u{669}' => u32::from(c) - 0x660,
        '\u{6F0}'..='\u{6F9}' => u32::from(c) - 0x6F0,
        _ => return None,
    };
    char::from_digit(value, 10)
}

fn iso(captures: &Captures<'_>) -> Option<(Date, Option<Time>, Option<i16>)> {
    let date = Date::new(number(captures, 1)?, number(captures, 2)?, number(captures, 3)?).ok()?;
    let time = number(captures, 4).zip(number(captures, 5)).and_then(|(h, m)| Time::new(h, m, 0, 0).ok());
    let offset = captures.get(6).and_then(|zone| offset(&zone.as_str().to_lowercase()));
    Some((date, time, offset))
}

/// The minutes east of UTC that a folded zone stands for: a name, `+0100` or `+01:00`.
fn offset(zone: &str) -> Option<i16> {
    if !zone.starts_with(['+', '-']) {
        return ZONES.iter().find(|(name, _)| *name == zone).map(|(_, minutes)| *minutes);
    }
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = (digits.get(..2)?.parse::<i16>().ok()?, digits.get(2..4)?.parse::<i16>().ok()?);
    // No place on Earth is further from UTC: what says so is a slip, and RFC 3339 could not write it.
    if hours > 14 || minutes > 59 {
        return None;
    }
    let minutes = hours * 60 + minutes;
    Some(if zone.starts_with('-') { -minutes } else { minutes })
}

fn number<T: std::str::FromStr>(captures: &Captures<'_>, group: usize) -> Option<T> {
    captures.get(group)?.as_str().parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<String> {
        Reader { order: DateOrder::Mdy, latest: Some("2026-11-20".parse().unwrap()) }
            .read(text, "test")
            .map(|d| d.to_rfc3339())
    }

    #[test]
    fn dates_met_on_real_pages() {
        for (text, want) in [
            ("Posted: Wednesday, September 19, 2018 - 17:11", "2018-09-19T17:11:00Z"),
            ("Fri, 01/22/2021 - 03:19", "2021-01-22T03:19:00Z"),
            ("07/30/2016", "2016-07-30"),
            ("07/04/2016", "2016-07-04"),
            ("Mar, 08/08/2017 - 10:00", "2017-08-08T10:00:00Z"),
            ("Tue, 02/13/2024 - 15:21", "2024-02-13T15:21:00Z"),
            ("Dec 24 2020", "2020-12-24"),
            ("01 Apr 2022", "2022-04-01"),
            ("Posted on Fri. July-01-2016", "2016-07-01"),
            ("Posted on Tue. Nov-24-2015", "2015-11-24"),
            ("April 25, 2016 Today, …", "2016-04-25"),
            ("20 Déc 2024", "2024-12-20"),
            ("01 aout 2024", "2024-08-01"),
            ("Hier, 1er juin 2025", "2025-06-01"),
            ("October 30th, 2019", "2019-10-30"),
            ("21 de octubre de 2025", "2025-10-21"),
            ("2018-09-19T17:11:00+02:00", "2018-09-19T17:11:00+02:00"),
            ("Tue, 13 Feb 2024 15:21:00 +0100", "2024-02-13T15:21:00+01:00"),
            ("13 Feb 2024 15:21 EST", "2024-02-13T15:21:00-05:00"),
            ("13 Feb 2024 10:00 - 12:00 noon", "2024-02-13T10:00:00Z"),
            ("15 مارس 2024", "2024-03-15"),
            ("١٥ آذار/مارس ٢٠٢٤", "2024-03-15"),
            ("26 تشرين الأول/أكتوبر 2024", "2024-10-26"),
            ("3 آب 2024", "2024-08-03"),
            ("12 غشت 2024", "2024-08-12"),
            ("24 листопада 2024", "2024-11-24"),
            ("24 Kasım 2024", "2024-11-24"),
            ("24. novembra 2024.", "2024-11-24"),
            ("24 października 2024", "2024-10-24"),
            ("24 Ιανουαρίου 2024", "2024-01-24"),
            ("Hà Nội, ngày 24 tháng 11 năm 2024", "2024-11-24"),
            ("24 Novemba 2024", "2024-11-24"),
        ] {
            assert_eq!(day(text).as_deref(), Some(want), "{text}");
        }
        for text in ["Updated: 33 min 5 sec ago", "03/12/0024", "12/31/2031", "40/40/2020", "juin", ""] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn the_weekday_beside_numbers_tells_day_from_month() {
        let read = |order, text: &str| {
            Reader { order, latest: None }.read(text, "test").map(|date| date.date.to_string()).unwrap_or_default()
        };
        for (text, day_first, month_first) in [
            // The third of April 2018 was a Tuesday, the fourth of March a Sunday.
            ("Tue, 04/03/2018 - 10:00", "2018-04-03", "2018-04-03"),
            ("mardi 03/04/2018", "2018-04-03", "2018-04-03"),
            ("Dimanche, 04/03/2018", "2018-03-04", "2018-03-04"),
            ("Mar, 04/03/18", "2018-04-03", "2018-04-03"),
            ("04/03/2018 (Tuesday)", "2018-04-03", "2018-04-03"),
            ("domingo, 04.03.2018", "2018-03-04", "2018-03-04"),
            ("terça-feira, 04/03/2018", "2018-04-03", "2018-04-03"),
            // A weekday of neither reading, of another thing, or none: the order that is known.
            ("Monday, 04/03/2018", "2018-03-04", "2018-04-03"),
            ("Tuesday at noon, 04/03/2018", "2018-03-04", "2018-04-03"),
            ("marché 04/03/2018", "2018-03-04", "2018-04-03"),
            ("04/03/2018", "2018-03-04", "2018-04-03"),
            ("04/03/97", "1997-03-04", "1997-04-03"),
        ] {
            assert_eq!(read(DateOrder::Dmy, text), day_first, "{text}");
            assert_eq!(read(DateOrder::Mdy, text), month_first, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,80}|[0-9/ .:,-]{0,40}") {
            day(&text);
        }
    }
}
