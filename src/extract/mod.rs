//! Turns a page into facts: the candidates of a listing, or one article.
//!
//! A site's profile (CSS selectors) is asked first; where there is none, or it matches nothing, the generic
//! extractor takes over and says so. This module never does I/O, never reads the clock, and never judges
//! language, country or theme: it reports what the page declares.

mod article;
mod blocks;
mod calendar;
mod date;
mod error_page;
mod facts;
mod features;
mod feed;
mod generic;
mod judge;
mod listing;
mod marks;
mod memory;
mod page;
mod phrases;
mod pieces;
mod places;
mod probe;
mod profile;
mod propose;
mod published;
mod rivals;
mod scene;
mod scripts;
mod sitemap;
mod structure;
mod title;
#[allow(clippy::approx_constant, reason = "the thresholds are data")]
mod weights;

pub use article::{Matched, Reading, article, attachment, read};
pub use date::Reader as DateReader;
pub use feed::{entry, feed, is_feed};
pub use listing::listing;
pub use memory::{BlockKey, HostMemory};
pub use probe::{Dropped, Probe, dropped, probe_article, probe_listing};
pub use profile::{BadSelector, DateOrder, Profile, ProfileRules};
pub use propose::{Proposal, Trial, TrialOfArticle, propose};
pub use published::is_weak;
pub use rivals::{Rival, left_out, rivals};
pub use sitemap::{Sitemap, is_article, sitemap};
pub use structure::LeftOut;

use jiff::Timestamp;
use url::Url;

pub use crate::article::FeedEntry;
use crate::article::{Language, PageDate};

/// A page as it is handed to extraction.
#[derive(Debug, Clone, Copy)]
pub struct PageInput<'a> {
    /// The address after redirects.
    pub url: &'a Url,
    /// The page, decoded.
    pub html: &'a str,
    /// The `Content-Language` header.
    pub content_language: Option<&'a str>,
    /// The language that the source's configuration declares.
    pub source_language: Option<Language>,
    /// No date later than the day after this is believed. None: up to the year 2100.
    pub latest: Option<jiff::civil::Date>,
    /// What is remembered of the host's other pages.
    pub memory: Option<&'a HostMemory>,
}

/// Whether a listing's container was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// It was: an empty listing is really empty, unless there are links in it.
    Found,
    /// It was not: the site has changed.
    Missing,
    /// The profile names none.
    NotAsked,
}

/// What a listing page offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Whether the container was there.
    pub container: Container,
    /// How many items matched, before links without address and repeated ones were left out.
    pub items_matched: usize,
    /// Items whose title the profile found; none where it does not say where titles are.
    pub titled: Option<usize>,
    /// Items whose date the profile found; none where it does not say where dates are.
    pub dated: Option<usize>,
    /// True when the profile's selectors found no candidate and the generic rules did.
    pub fallback: bool,
    /// True when there is next to nothing on the page because scripts would put it there.
    pub needs_javascript: bool,
    /// Links with a title in a container in which nothing was found as an article.
    pub missed: usize,
    /// Links that the reading by structure left out; all 0 where it was not needed.
    pub left_out: LeftOut,
    /// Links to articles, unique, in the order of the page.
    pub candidates: Vec<Candidate>,
    /// The next page of the listing.
    pub next: Option<Url>,
    /// True for a feed that ends before its end: what came whole is here.
    pub cut: bool,
}

/// Candidates that are taken of one page or feed, the first ones: more is no list of news, and would keep a host busy
/// for hours.
pub const MOST_CANDIDATES: usize = 1_000;

impl Listing {
    /// A listing that is nothing but candidates: a feed's, a sitemap's.
    pub fn of(candidates: Vec<Candidate>) -> Listing {
        Listing {
            container: Container::Found,
            items_matched: candidates.len(),
            titled: None,
            dated: None,
            fallback: false,
            needs_javascript: false,
            missed: 0,
            left_out: LeftOut::default(),
            candidates,
            next: None,
            cut: false,
        }
    }
}

/// A link to an article, as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Absolute, http or https, without fragment and userinfo.
    pub url: Url,
    /// The title that the listing shows; may be empty.
    pub title: String,
    /// The date that the listing shows.
    pub date: Option<PageDate>,
    /// The language that a feed or sitemap gives the item; never trusted alone.
    pub language: Option<Language>,
    /// When the page changed last, as a sitemap says.
    pub modified: Option<Timestamp>,
    /// False for a feed's item without a link: its entry is all there is.
    pub has_page: bool,
    /// What a feed carries of the article itself.
    pub entry: Option<Box<FeedEntry>>,
}

impl Candidate {
    /// A link on a page, which says no more of the article than this.
    pub(crate) fn of_page(url: Url, title: String, date: Option<PageDate>) -> Candidate {
        Candidate { url, title, date, language: None, modified: None, has_page: true, entry: None }
    }
}

/// Why a page could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// More bytes than are worth parsing.
    #[error("unable to read the page: {bytes} bytes of markup, more than {} are refused", page::MAX_BYTES)]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// More nodes than are worth scoring.
    #[error("unable to read the page: {nodes} nodes, more than {} are refused", page::MAX_NODES)]
    TooManyNodes {
        /// How many.
        nodes: usize,
    },
    /// Nested so deeply, or with so many attributes, that it can only be an accident or an attack.
    #[error("unable to read the page: its elements are nested too deeply, or carry too many attributes")]
    TooDeep,
    /// An error, a wall or a sign on a closed door, whatever its status says.
    #[error(
        "unable to find an article: the page says {title:?}, and nothing else; the site answers errors as if they were pages"
    )]
    ErrorPage {
        /// Its title.
        title: String,
    },
    /// Neither a title nor any text.
    #[error("unable to find an article: the page has neither a title nor any text")]
    Empty,
    /// Scripts would put the text there.
    #[error("unable to find an article: the page needs JavaScript, which is not run")]
    NeedsJavascript,
    /// A feed that no repair helps.
    #[error("unable to read it as a feed: {why}; is the address that of an RSS, Atom or JSON feed?")]
    Feed {
        /// Why.
        why: String,
    },
    /// A proposed profile that cannot be tried.
    #[error("unable to try the proposed profile: {why}; this is a defect, please report the pages")]
    Proposal {
        /// Why.
        why: String,
    },
    /// A sitemap that is none.
    #[error("unable to read it as a sitemap: {why}")]
    Sitemap {
        /// Why.
        why: String,
    },
}
