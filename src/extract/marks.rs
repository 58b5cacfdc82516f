//! What class and id names say about an element, as a set of marks. A name is only ever a hint: nothing is
//! kept or dropped here.

use foldhash::HashMap;

/// A set of marks, one bit each.
pub(super) type Marks = u32;

/// Words of an article: `post`, `story`.
pub(super) const ARTICLE: Marks = 1;
/// Words of a text: `body`, `content`.
pub(super) const BODY: Marks = 1 << 1;
/// An article word straight before a body word: `entry-content`, `articleBody`.
pub(super) const BODY_MARK: Marks = 1 << 2;
/// A text field of Drupal.
pub(super) const FIELD_TEXT: Marks = 1 << 3;
pub(super) const SHARE: Marks = 1 << 4;
pub(super) const RELATED: Marks = 1 << 5;
pub(super) const PROMO: Marks = 1 << 6;
pub(super) const ADVERT: Marks = 1 << 7;
pub(super) const COMMENT: Marks = 1 << 8;
pub(super) const CAPTION: Marks = 1 << 9;
pub(super) const BYLINE: Marks = 1 << 10;
pub(super) const META: Marks = 1 << 11;
pub(super) const NAV: Marks = 1 << 12;
pub(super) const CHROME: Marks = 1 << 13;
pub(super) const WIDGET: Marks = 1 << 14;
pub(super) const LEAD: Marks = 1 << 15;
pub(super) const TITLE: Marks = 1 << 16;
pub(super) const QUOTE: Marks = 1 << 17;
pub(super) const MEDIA: Marks = 1 << 18;
pub(super) const HIDDEN: Marks = 1 << 19;
pub(super) const LIST: Marks = 1 << 20;
/// How many marks there are.
pub(super) const COUNT: usize = 21;

/// Marks of class lists already read: pages repeat theirs by the hundred.
#[derive(Default)]
pub(super) struct Reader<'a> {
    known: HashMap<&'a str, Marks>,
}

impl<'a> Reader<'a> {
    /// The marks of one attribute's words.
    pub fn read(&mut self, names: &'a str) -> Marks {
        *self.known.entry(names).or_insert_with(|| read(names))
    }
}

/// Names longer than this are generated: their beginning says enough.
const LONGEST: usize = 400;

fn read(names: &str) -> Marks {
    let mut marks = 0;
    let names = names.get(..LONGEST).unwrap_or(names);
    for name in names.split_ascii_whitespace() {
        let mut before = 0;
        let (mut start, mut last_lower) = (0, false);
        let bytes = name.as_bytes();
        for end in 0..=bytes.len() {
            let b = bytes.get(end).copied().unwrap_or(b'-');
            let cut = !b.is_ascii_alphabetic() || (b.is_ascii_uppercase() && last_lower);
            if cut && end > start {
                let one = word(name.get(start..end).unwrap_or_default());
                if one & BODY != 0 && before & ARTICLE != 0 {
                    marks |= BODY_MARK;
                }
                marks |= one;
                before = one;
            }
            if cut {
                start = if b.is_ascii_alphabetic() { end } else { end + 1 };
            }
            last_lower = b.is_ascii_lowercase();
        }
        if name.contains("name-body") || name.eq_ignore_ascii_case("articlebody") {
            marks |= BODY_MARK | FIELD_TEXT;
        } else if name.contains("type-text") {
            marks |= FIELD_TEXT;
        }
    }
    marks
}

/// The mark of one word, in any case.
fn word(word: &str) -> Marks {
    let mut lower = [0u8; 16];
    let Some(into) = lower.get_mut(..word.len()) else { return 0 };
    into.copy_from_slice(word.as_bytes());
    into.make_ascii_lowercase();
    match &*into {
        b"article" | b"story" | b"post" | b"entry" | b"news" | b"single" | b"artikel" | b"articulo" => ARTICLE,
        b"body" | b"content" | b"text" | b"copy" | b"paragraph" | b"paragraphs" | b"prose" | b"rte" | b"richtext"
        | b"wysiwyg" | b"texte" | b"texto" | b"inhalt" | b"main" | b"bodytext" | b"p" => BODY,
        b"share" | b"sharing" | b"shares" | b"social" | b"follow" | b"facebook" | b"twitter" | b"whatsapp"
        | b"addthis" | b"socials" | b"like" => SHARE,
        b"related" | b"recommend" | b"recommended" | b"recommendation" | b"recommendations" | b"more" | b"similar"
        | b"readmore" | b"also" | b"further" | b"trending" | b"popular" | b"most" | b"latest" | b"next"
        | b"previous" | b"prev" | b"recent" | b"suggested" | b"connexes" | b"inread" | b"seealso" | b"crosslink"
        | b"crosslinks" | b"readalso" | b"onward" => RELATED,
        b"newsletter" | b"subscribe" | b"subscription" | b"signup" | b"promo" | b"promotion" | b"cta" | b"paywall"
        | b"donate" | b"donation" | b"offer" | b"membership" | b"register" | b"registration" | b"abo" | b"join"
        | b"optin" | b"piano" => PROMO,
        b"ad" | b"ads" | b"advert" | b"advertisement" | b"sponsor" | b"sponsored" | b"banner" | b"outbrain"
        | b"taboola" | b"dfp" | b"teads" | b"adslot" | b"advertising" | b"anzeige" | b"gpt" | b"affiliate"
        | b"disclaimer" => ADVERT,
        b"comment" | b"comments" | b"disqus" | b"reply" | b"respond" | b"commentlist" | b"discussion" => COMMENT,
        b"caption" | b"figcaption" | b"credit" | b"credits" | b"copyright" | b"photographer" | b"legend"
        | b"captions" | b"legende" | b"bildunterschrift" => CAPTION,
        b"byline" | b"author" | b"authors" | b"bio" | b"contributor" | b"avatar" | b"writer" | b"auteur" | b"autor"
        | b"biography" | b"profile" | b"signature" => BYLINE,
        b"meta" | b"date" | b"time" | b"timestamp" | b"published" | b"updated" | b"tags" | b"tag" | b"category"
        | b"categories" | b"topics" | b"topic" | b"keywords" | b"label" | b"labels" | b"kicker" | b"eyebrow"
        | b"info" | b"details" | b"datetime" | b"pubdate" | b"overline" | b"dateline" => META,
        b"nav" | b"navigation" | b"menu" | b"breadcrumb" | b"breadcrumbs" | b"pager" | b"pagination" | b"toc"
        | b"skip" | b"navbar" | b"submenu" | b"dropdown" => NAV,
        b"footer" | b"masthead" | b"toolbar" | b"cookie" | b"cookies" | b"consent" | b"modal" | b"popup"
        | b"overlay" | b"gdpr" | b"login" | b"foot" | b"header" | b"dialog" | b"lightbox" | b"tooltip" | b"bottom"
        | b"search" | b"footnote" | b"footnotes" | b"references" => CHROME,
        b"widget" | b"sidebar" | b"aside" | b"rail" | b"box" | b"module" | b"teaser" | b"card" | b"cards"
        | b"infobox" | b"factbox" | b"tile" | b"carousel" | b"slider" | b"teasers" | b"callout" | b"panel"
        | b"secondary" | b"widgets" | b"inset" | b"complementary" | b"swiper" | b"slide" => WIDGET,
        b"lead" | b"lede" | b"intro" | b"standfirst" | b"summary" | b"subtitle" | b"dek" | b"chapo" | b"excerpt"
        | b"abstract" | b"deck" | b"description" | b"subhead" | b"introduction" | b"sub" | b"bullets"
        | b"highlights" | b"takeaways" | b"subheadline" => LEAD,
        b"title" | b"headline" | b"heading" | b"titre" | b"titulo" => TITLE,
        b"quote" | b"pullquote" | b"blockquote" | b"pull" => QUOTE,
        b"image" | b"photo" | b"video" | b"gallery" | b"slideshow" | b"figure" | b"picture" | b"media" | b"embed"
        | b"player" | b"img" | b"audio" | b"podcast" | b"tweet" | b"instagram" => MEDIA,
        b"hidden" | b"hide" | b"sr" | b"visually" | b"screen" | b"invisible" | b"print" | b"none" => HIDDEN,
        b"list" | b"items" | b"item" | b"grid" | b"feed" | b"listing" | b"results" => LIST,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_word_by_word() {
        assert_eq!(read("clearfix entry-content"), ARTICLE | BODY | BODY_MARK);
        assert_eq!(read("articleBody"), ARTICLE | BODY | BODY_MARK | FIELD_TEXT);
        assert_eq!(read("field field--name-body field--type-text-with-summary") & BODY_MARK, BODY_MARK);
        assert_eq!(read("header shadow"), CHROME);
        assert_eq!(read("c-shareBar__inner 12 x"), SHARE);
        assert_eq!(read(""), 0);
    }
}
