//! Made articles, and what is measured of them: what the benches share.

pub mod dice;

use std::time::Duration;

use depeche::article::{
    Article, ArticleId, Country, CountryTag, ExtractedBy, Fingerprint, How, Language, LanguageTag, PageDate, Published,
    SafeHtml, SourceId, StoryId,
};
use jiff::{SignedDuration, Timestamp};

use self::dice::Dice;

/// The generator of one article.
pub fn dice(n: usize) -> Dice {
    Dice(0x9E37_79B9 ^ (n as u64 + 1).wrapping_mul(0x2545_F491_4F6C_DD1D))
}

/// The bare record of the n-th article, ten minutes after the one before; what a bench needs of it besides, it adds.
pub fn article(n: usize, begin: Timestamp, canonical: String, language: Language, text: String) -> Article {
    let seen = begin.checked_add(SignedDuration::from_secs(n as i64 * 600)).unwrap();
    let date = PageDate {
        date: jiff::tz::TimeZone::UTC.to_datetime(seen).date(),
        time: None,
        offset_minutes: None,
        from: "bench".into(),
    };
    let published = Published::settle(Some(&date), seen);
    let id = ArticleId::of_canonical(&canonical);
    Article {
        id,
        story: StoryId::founded_by(id),
        source: SourceId::new("made").unwrap(),
        office: None,
        url: canonical.clone(),
        canonical,
        aliases: Vec::new(),
        title: String::new(),
        html: SafeHtml::default(),
        summary: text.chars().take(300).collect(),
        fingerprint: Fingerprint::default(),
        text,
        authors: Vec::new(),
        image: None,
        attachments: Vec::new(),
        contact: None,
        credit: None,
        language: LanguageTag { language, confidence: 99, how: How::Body, mixed: false, evidence: Vec::new() },
        countries: Vec::new(),
        themes: Vec::new(),
        news: true,
        updated: published.at,
        published,
        first_seen: seen,
        by: ExtractedBy::Generic,
        alternates: Vec::new(),
        node_id: None,
        backfill: false,
        declared: None,
    }
}

/// A country as the body names it.
pub fn tag(country: Country) -> CountryTag {
    CountryTag { country, confidence: 90, how: How::Body, evidence: Vec::new() }
}

pub fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[(times.len() - 1) * percent / 100]
}
