//! What a page declares of itself, collected in one walk: meta elements, structured data, headings, times.
//! Nothing here decides which of it is true.

use foldhash::HashSet;
use scraper::{ElementRef, Node};
use serde_json::Value;

use super::page::{Page, text_of};

/// Declarations, in the order of the page.
#[derive(Default)]
pub(super) struct Facts<'a> {
    /// Name, property or itemprop in lower case, and content.
    pub metas: Vec<(String, &'a str)>,
    pub json: Vec<Value>,
    pub headings: Vec<ElementRef<'a>>,
    pub times: Vec<ElementRef<'a>>,
    /// Elements other than `meta` with an `itemprop` or `property`.
    pub props: Vec<ElementRef<'a>>,
    pub title: String,
    /// `link` elements and language links of the body.
    pub links: Vec<ElementRef<'a>>,
    /// Elements with `rel=author`.
    pub authors: Vec<ElementRef<'a>>,
    /// The content system's own number of the page.
    pub node_id: Option<&'a str>,
}

/// More structured data than this is a catalogue.
const MOST_SCRIPTS: usize = 20;

impl<'a> Facts<'a> {
    pub fn read(page: &'a Page<'_>) -> Facts<'a> {
        let mut facts = Facts::default();
        for node in page.html.root_element().descendants() {
            let Node::Element(element) = node.value() else { continue };
            let Some(here) = ElementRef::wrap(node) else { continue };
            match element.name().as_bytes() {
                b"meta" => {
                    let key = ["property", "name", "itemprop", "http-equiv"].iter().find_map(|k| element.attr(k));
                    if let (Some(key), Some(content)) = (key, element.attr("content")) {
                        facts.metas.push((key.to_ascii_lowercase(), content));
                    }
                }
                b"script" if facts.json.len() < MOST_SCRIPTS => {
                    if element.attr("type").is_some_and(|t| t.trim().eq_ignore_ascii_case("application/ld+json")) {
                        facts.json.extend(parse(&here.text().collect::<String>()));
                    }
                }
                b"link" => facts.links.push(here),
                b"a" if element.attr("hreflang").is_some() => facts.links.push(here),
                b"a" if element.attr("rel").is_some_and(|rel| rel.split_whitespace().any(|r| r == "author")) => {
                    facts.authors.push(here);
                }
                b"h1" => facts.headings.push(here),
                b"time" => facts.times.push(here),
                // An icon may have a title of its own.
                b"title" if facts.title.is_empty() => facts.title = text_of(here),
                _ => {
                    let mut is_marked = false;
                    // Asking for each attribute by its name would cost more than all the rest of this walk.
                    for (name, value) in element.attrs() {
                        match name {
                            "data-history-node-id" => {
                                facts.node_id.get_or_insert(value);
                            }
                            "itemprop" | "property" => is_marked = true,
                            _ => {}
                        }
                    }
                    if is_marked {
                        facts.props.push(here);
                    }
                }
            }
        }
        facts
    }

    /// The first meta element of that name with any content.
    pub fn meta(&self, name: &str) -> Option<&'a str> {
        self.metas.iter().filter(|(key, content)| key == name && !content.trim().is_empty()).map(|(_, c)| *c).next()
    }

    /// Every value of a key in the structured data, those of articles first.
    pub fn json_values(&self, key: &str) -> Vec<&Value> {
        let (mut of_articles, mut of_others) = (Vec::new(), Vec::new());
        let mut open: Vec<&Value> = self.json.iter().rev().collect();
        while let Some(value) = open.pop() {
            match value {
                Value::Object(map) => {
                    if let Some(found) = map.get(key) {
                        if is_article(map.get("@type")) { of_articles.push(found) } else { of_others.push(found) }
                    }
                    open.extend(map.values().rev().filter(|v| v.is_object() || v.is_array()));
                }
                Value::Array(list) => open.extend(list.iter().rev()),
                _ => {}
            }
        }
        of_articles.extend(of_others);
        of_articles
    }

    /// The body as the structured data has it: often cut, never with furniture.
    pub fn json_body(&self) -> Option<&str> {
        self.json_values("articleBody").into_iter().find_map(|v| v.as_str()).filter(|body| body.len() > 200)
    }
}

fn is_article(kind: Option<&Value>) -> bool {
    let named = |v: &Value| {
        v.as_str().is_some_and(|s| s.ends_with("Article") || s.ends_with("Posting") || s.ends_with("Report"))
    };
    match kind {
        Some(Value::Array(list)) => list.iter().any(named),
        Some(one) => named(one),
        None => false,
    }
}

/// Structured data as sites really write it: with line breaks in strings, in a comment, with a trailing semicolon.
fn parse(text: &str) -> Option<Value> {
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let from = clean.find(['{', '['])?;
    let to = clean.rfind(['}', ']'])?;
    serde_json::from_str(clean.get(from..=to)?).ok()
}

/// Hashes of a text's runs of three words, case and punctuation aside: what two texts are compared by.
pub(super) fn runs(text: &str) -> Vec<u64> {
    // FNV-1a: a word is hashed as it is read.
    const BASIS: u64 = 0xCBF2_9CE4_8422_2325;
    let mut words = Vec::with_capacity(text.len() / 6 + 1);
    let mut hash = BASIS;
    for c in text.chars().chain([' ']) {
        if c.is_alphanumeric() {
            hash = (hash ^ u64::from(c)).wrapping_mul(0x0100_0000_01B3);
        } else if hash != BASIS {
            words.push(hash);
            hash = BASIS;
        }
    }
    words.windows(3).map(|w| w[0].rotate_left(7) ^ w[1].rotate_left(23) ^ w[2]).collect()
}

/// The share of a text's runs that are known.
pub(super) fn share(runs: &[u64], known: &HashSet<u64>) -> f32 {
    if runs.is_empty() || known.is_empty() {
        return 0.0;
    }
    runs.iter().filter(|run| known.contains(run)).count() as f32 / runs.len() as f32
}
