//! How many links of a page are no candidates, and why: what is said where nothing looks like a list.

use std::fmt;

/// Links of a page that were left out, by the kind of reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct LeftOut {
    /// Links that were looked at, taken ones among them.
    pub links: usize,
    /// In a menu, a header, a footer, a side column, a pager, or among labels.
    pub in_menus: usize,
    /// To another host.
    pub elsewhere: usize,
    /// To the page itself, to a part of it, or to no page.
    pub to_itself: usize,
    /// In the middle of a sentence.
    pub in_sentences: usize,
    /// Without words enough for a title.
    pub untitled: usize,
    /// With a title, but not in a list of articles.
    pub scattered: usize,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reasons = [
            (self.in_menus, "in menus, headers, footers or side columns"),
            (self.elsewhere, "to other hosts"),
            (self.to_itself, "to the page itself or to no page"),
            (self.in_sentences, "within sentences"),
            (self.untitled, "without a title"),
            (self.scattered, "with a title, but not in a list that looks like one of articles"),
        ];
        reasons.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        match self.links {
            0 => return write!(f, "the page has no links; perhaps it is made by scripts"),
            1 => write!(f, "of 1 link")?,
            links => write!(f, "of {links} links")?,
        }
        for (at, (count, reason)) in reasons.iter().filter(|(count, _)| *count > 0).enumerate() {
            write!(f, "{} {count} {reason}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}
