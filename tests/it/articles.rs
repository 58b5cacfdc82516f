//! Articles for tests of the store, and puts of them.

use depeche::article::{
    Article, ArticleId, ExtractedBy, Fingerprint, How, Language, LanguageTag, PageDate, Published, SafeHtml, SourceId,
    Story, StoryId,
};
use depeche::store::{ChangeKind, PageMemory, Put, PutOutcome, Store};
use jiff::Timestamp;

pub fn second(n: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + n).unwrap()
}

pub fn article(n: u64) -> Article {
    let canonical = format!("https://haiti.example/fr/news/{n}");
    let id = ArticleId::of_canonical(&canonical);
    let base = "http://haiti.example/".parse().unwrap();
    let text = format!("Port-au-Prince – Le relevé numéro {n} recense {} personnes.", 1000 + n);
    let date = PageDate { date: "2026-09-01".parse().unwrap(), time: None, offset_minutes: None, from: "test".into() };
    Article {
        id,
        story: StoryId::founded_by(id),
        source: SourceId::new("haiti-fr").unwrap(),
        office: None,
        url: format!("http://haiti.example/fr/news/{n}"),
        canonical,
        aliases: vec![format!("https://haiti.example/node/{n}")],
        title: format!("Relevé {n}"),
        html: SafeHtml::sanitise(&format!("<p>{text}</p>"), &base),
        summary: text.clone(),
        text,
        authors: Vec::new(),
        image: None,
        attachments: Vec::new(),
        contact: None,
        credit: None,
        language: LanguageTag {
            language: Language::FR,
            confidence: 99,
            how: How::Body,
            mixed: false,
            evidence: Vec::new(),
        },
        countries: Vec::new(),
        themes: Vec::new(),
        news: true,
        published: Published::settle(Some(&date), second(0)),
        first_seen: second(0),
        updated: second(0),
        by: ExtractedBy::Generic,
        alternates: Vec::new(),
        node_id: None,
        fingerprint: Fingerprint { exact: n, words: 9, ..Fingerprint::default() },
        backfill: false,
        declared: None,
    }
}

pub async fn put(store: &Store, article: Article, kind: ChangeKind) -> PutOutcome {
    store.put(put_of(store, article, kind).await).await.unwrap()
}

/// A put of an article that is alone in its story.
pub async fn put_of(store: &Store, article: Article, kind: ChangeKind) -> Put {
    let story = Story::founded_by(&article);
    let head = store.head().await.unwrap();
    let page = PageMemory { hash: 7, ..PageMemory::default() };
    let page = Some((article.canonical.clone(), page));
    Put {
        head,
        article,
        story,
        kind,
        at: second(5),
        page,
        others: Vec::new(),
        left: None,
        dissolved: Vec::new(),
        erase: false,
    }
}

/// An article whose text does not compress well.
pub fn large(n: u64) -> Article {
    let mut state = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut word = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:x} ", state >> 20)
    };
    Article { text: (0..1_500).map(|_| word()).collect(), ..article(n) }
}
