//! What is usual for a source: items a fetch, shares, the gap between publications. Bounded, whatever a site does.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Cause, Finding, Seen, Share, State, Step, Tally, Trouble};

/// Counts of items that are remembered.
const MOST_ITEMS: usize = 8;
/// Instants of publication that are remembered.
const MOST_PUBLISHED: usize = 24;
/// Fewer gaps than this say nothing.
const LEAST_GAPS: usize = 5;
/// No pause shorter than this is silence.
const SHORTEST_SILENCE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A list usually shorter than this may well fall to nothing.
const LEAST_ITEMS: u32 = 8;

/// What is usual for a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Expectations {
    /// Items of the latest listings that were read, the latest last.
    pub items: Vec<u32>,
    /// Listings whose container was there.
    pub container: Share,
    /// Items whose title the profile finds.
    pub listing_title: Share,
    /// Items whose date the profile finds.
    pub listing_date: Share,
    /// Articles whose title the profile finds.
    pub title: Share,
    /// Articles with a date.
    pub date: Share,
    /// Articles whose date the profile finds.
    pub profile_date: Share,
    /// Articles with a text.
    pub body: Share,
    /// Articles whose text the profile finds.
    pub profile: Share,
    /// When the latest articles were published, sorted.
    pub published: Vec<Timestamp>,
}

impl Default for Expectations {
    fn default() -> Expectations {
        Expectations {
            items: Vec::new(),
            container: Share::default(),
            listing_title: Share::default(),
            listing_date: Share::default(),
            title: Share::default(),
            date: Share::default(),
            profile_date: Share::default(),
            body: Share::default(),
            // Whoever configures a selector expects it to match.
            profile: Share::presumed_high(),
            published: Vec::new(),
        }
    }
}

impl Expectations {
    /// Takes in what a round saw.
    pub(super) fn learn(&mut self, seen: &Seen) {
        if let Some(listing) = &seen.listing {
            self.items.push(listing.items);
            if self.items.len() > MOST_ITEMS {
                self.items.remove(0);
            }
            self.container.note(listing.container);
            self.listing_title.note(listing.titled);
            self.listing_date.note(listing.dated);
        }
        let articles = &seen.articles;
        self.title.note(articles.titled);
        self.date.note(articles.dated);
        self.profile_date.note(articles.dated_by_profile);
        self.body.note(articles.bodied);
        self.profile.note(articles.by_profile);
        self.published.extend(&seen.published);
        self.published.sort_unstable();
        self.published.dedup();
        let surplus = self.published.len().saturating_sub(MOST_PUBLISHED);
        self.published.drain(..surplus);
    }

    /// Forgets what depends on selectors: they were changed.
    pub(super) fn begin_anew(&mut self, is_mixed: bool) {
        *self = Expectations {
            date: std::mem::take(&mut self.date),
            body: std::mem::take(&mut self.body),
            published: std::mem::take(&mut self.published),
            ..Expectations::default()
        };
        self.date.begin_anew();
        self.body.begin_anew();
        if is_mixed {
            self.profile = Share::default();
        }
    }

    /// The usual number of items, once three listings were read.
    pub fn usual_items(&self) -> Option<u32> {
        if self.items.len() < 3 {
            return None;
        }
        let mut sorted = self.items.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    /// The longest gap that is usual between two publications: nine in ten are shorter.
    pub fn usual_gap(&self) -> Option<SignedDuration> {
        let pairs = self.published.windows(2);
        let mut gaps: Vec<SignedDuration> = pairs.map(|pair| pair[1].duration_since(pair[0])).collect();
        if gaps.len() < LEAST_GAPS {
            return None;
        }
        gaps.sort_unstable();
        gaps.get(gaps.len() * 9 / 10).copied()
    }

    /// The selector that the articles' texts are no longer found by: broken where it finds none, degraded where it finds
    /// some.
    pub(super) fn body_by_profile(&self, seen: &Seen) -> Option<Finding> {
        let fallen = self.profile.fallen()?;
        let state = if fallen.hits == 0 { State::Broken } else { State::Degraded };
        let selector = seen.selectors.body.clone();
        let shown = selector.as_deref().unwrap_or_default();
        let why = format!(
            "unable to find the text by {shown:?} (article.body) in {} of {} articles: the site's markup changed; the generic rules read them",
            fallen.of - fallen.hits,
            fallen.of
        );
        Some(Finding { state, trouble: Trouble { step: Step::Body, selector, cause: Cause::MarkupChanged, why } })
    }

    /// The first of the other shares that fell.
    pub(super) fn fallen_share(&self, seen: &Seen) -> Option<Finding> {
        let selectors = &seen.selectors;
        let rows: [(&Share, Step, &Option<String>, &str); 6] = [
            (&self.body, Step::Body, &selectors.body, "a text"),
            (&self.date, Step::Date, &selectors.date, "a date"),
            (&self.title, Step::Title, &selectors.title, "the title that article.title finds"),
            (&self.profile_date, Step::Date, &selectors.date, "the date that article.date finds"),
            (&self.listing_title, Step::Title, &selectors.listing_title, "the title that listing.title finds"),
            (&self.listing_date, Step::Date, &selectors.listing_date, "the date that listing.date finds"),
        ];
        let degraded = |step, selector: &Option<String>, why| {
            let trouble = Trouble { step, selector: selector.clone(), cause: Cause::MarkupChanged, why };
            Finding { state: State::Degraded, trouble }
        };
        for (share, step, selector, what) in rows {
            if let Some(Tally { hits, of }) = share.fallen() {
                let usual = share.usual().unwrap_or_default() * 100.0;
                let why =
                    format!("unable to find {what} in {} of the {of} latest: {usual:.0} % usually have it", of - hits);
                return Some(degraded(step, selector, why));
            }
        }
        let (now, usual) = (self.items.last().copied()?, self.usual_items()?);
        (seen.listing.is_some() && usual >= LEAST_ITEMS && now > 0 && now * 4 < usual).then(|| {
            let why = format!("unable to find more than {now} items on the listing, which usually has {usual}");
            degraded(Step::Items, &selectors.item, why)
        })
    }

    /// Nothing new for far longer than ever.
    pub(super) fn silence(&self, last_new: Option<Timestamp>, now: Timestamp) -> Option<Finding> {
        let usual = self.usual_gap()?;
        let last = last_new.max(self.published.last().copied())?;
        let silent = now.duration_since(last);
        if silent <= SHORTEST_SILENCE || silent <= usual.saturating_mul(3) {
            return None;
        }
        let days = |d: SignedDuration| u32::try_from(d.as_hours() / 24).unwrap_or(u32::MAX);
        let cause = Cause::Silent { days: days(silent), usual: days(usual).max(1) };
        let why = cause.name().en;
        Some(Finding { state: State::Quiet, trouble: Trouble { step: Step::Items, selector: None, cause, why } })
    }
}
