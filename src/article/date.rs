//! Dates: what a page says, and what is stored of it.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

/// A date as a page gives it: its own day, and the time and offset where it has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageDate {
    /// The page's own calendar day.
    pub date: Date,
    /// The time of day, where the page gives one.
    pub time: Option<Time>,
    /// Minutes east of UTC, where the page says.
    pub offset_minutes: Option<i16>,
    /// Where it was found, such as `json-ld datePublished` or `article.date: span.date-display-single`.
    pub from: String,
}

impl PageDate {
    /// The instant: a missing offset reads as UTC, a missing time as noon.
    pub fn instant(&self) -> Option<Timestamp> {
        let offset = Offset::from_seconds(i32::from(self.offset_minutes.unwrap_or(0)) * 60).ok()?;
        let time = self.time.unwrap_or(Time::constant(12, 0, 0, 0));
        offset.to_timestamp(self.date.to_datetime(time)).ok()
    }

    /// RFC 3339: the full date-time in the page's own offset where there is a time, else the day alone.
    pub fn to_rfc3339(&self) -> String {
        let Some(time) = self.time else { return self.date.to_string() };
        let stamp = format!("{}T{:02}:{:02}:{:02}", self.date, time.hour(), time.minute(), time.second());
        match self.offset_minutes {
            None | Some(0) => format!("{stamp}Z"),
            Some(m) => format!("{stamp}{}{:02}:{:02}", if m < 0 { '-' } else { '+' }, m.abs() / 60, m.abs() % 60),
        }
    }
}

/// How exact a stored date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// The page gave a day; the instant carried by feeds is noon UTC, or first sighting if earlier that day.
    Day,
    /// The page gave a time of day.
    Minute,
}

/// A stored publication date. It is fixed once stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The instant that feeds carry and entries are sorted by.
    pub at: Timestamp,
    /// The page's own day, which pages and API show.
    pub day: Date,
    /// How exact it is.
    pub precision: Precision,
    /// Where it was found; `first sighting` when the page has no credible date.
    pub from: String,
}

impl Published {
    /// The date to store for a page seen first at `first_seen`. Never "now" in place of an unknown date:
    /// an undated article is dated by first sighting and says so; a date in the future is clamped to it.
    pub fn settle(found: Option<&PageDate>, first_seen: Timestamp) -> Published {
        let sighting = |from: &str| Published {
            at: first_seen,
            day: TimeZone::UTC.to_datetime(first_seen).date(),
            precision: Precision::Minute,
            from: from.to_owned(),
        };
        let Some((found, at)) = found.and_then(|found| Some((found, found.instant()?))) else {
            return sighting("first sighting");
        };
        match found.time {
            Some(_) if at <= first_seen => {
                Published { at, day: found.date, precision: Precision::Minute, from: found.from.clone() }
            }
            None if found.date <= TimeZone::UTC.to_datetime(first_seen).date() => Published {
                at: at.min(first_seen),
                day: found.date,
                precision: Precision::Day,
                from: found.from.clone(),
            },
            _ => sighting(&format!("first sighting ({} says {}, in the future)", found.from, found.to_rfc3339())),
        }
    }
}
