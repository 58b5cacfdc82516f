#![allow(clippy::unwrap_used)]
use proptest::prelude::*;
use quick_xml::events::Event;
use url::Url;

use super::*;

fn entry(title: &str, html: &str, language: Language) -> Entry {
    Entry {
        id: "urn:uuid:7a9a7e3c-3f9c-5d8e-9d0b-0d0f6f0e1a11".to_owned(),
        url: "https://haiti.example/fr/news/a?b=1&c=2".to_owned(),
        title: title.to_owned(),
        language,
        published: "2024-12-20T12:00:00Z".parse().unwrap(),
        updated: "2024-12-21T08:30:00Z".parse().unwrap(),
        authors: vec!["Équipe de presse".to_owned()],
        summary: Some(title.to_owned()),
        content: Some(SafeHtml::sanitise(html, &Url::parse("https://haiti.example/").unwrap())),
        categories: vec![Category {
            kind: CategoryKind::Country,
            term: "HTI".to_owned(),
            scheme: "urn:iso:std:iso:3166".to_owned(),
            label: "Haïti".to_owned(),
        }],
        image: Some(Image { url: Url::parse("https://haiti.example/x.jpg").unwrap(), alt: "Une école".to_owned() }),
        attachments: Vec::new(),
        source: Origin {
            id: "haiti-fr".to_owned(),
            name: "OIM Haïti".to_owned(),
            url: "https://haiti.example/fr/news".to_owned(),
        },
        also: vec![Origin { id: "hq".to_owned(), name: "Siège".to_owned(), url: "https://hq.example/a".to_owned() }],
        translations: vec![Alternate {
            language: Language::EN,
            url: Url::parse("https://haiti.example/news/b").unwrap(),
        }],
        rights: None,
        extension: serde_json::json!({"countries": ["HTI"]}),
    }
}

fn feed(entries: Vec<Entry>) -> Feed {
    Feed {
        id: "https://feeds.example/feed.atom".to_owned(),
        title: "IOM news – Haïti".to_owned(),
        description: "News & more".to_owned(),
        home_url: "https://feeds.example/".to_owned(),
        self_url: "https://feeds.example/feed.atom?country=HTI&lang=fr".to_owned(),
        hubs: vec!["https://feeds.example/hub".into()],
        language: Some(Language::FR),
        ui: Language::EN,
        updated: "2024-12-21T08:30:00Z".parse().unwrap(),
        rights: Some("© the offices".to_owned()),
        author: "IOM news".to_owned(),
        history: History::default(),
        entries,
    }
}

const FORMATS: [Format; 3] = [Format::Rss, Format::Atom, Format::Json];

#[test]
fn a_feed_in_three_formats() {
    let feed = feed(vec![
        entry("« 8 400 » déplacés & <familles>", "<p>Un ]]> deux</p>", Language::FR),
        entry("خبر", "<p>نص</p>", Language::AR),
    ]);
    for format in FORMATS {
        insta::assert_snapshot!(format.extension(), String::from_utf8(render(&feed, format).unwrap()).unwrap());
    }
}

#[test]
fn an_archive_in_three_formats() {
    let archive = |format: Format| Feed {
        language: None,
        ui: Language::FR,
        // What never changes is never pushed.
        hubs: Vec::new(),
        self_url: format!("https://feeds.example/feed.{}?archive=2024-12&v=0a", format.extension()),
        history: History {
            current: Some(format!("https://feeds.example/feed.{}", format.extension())),
            previous: Some(format!("https://feeds.example/feed.{}?archive=2024-11&v=0b", format.extension())),
            gone: vec![Tombstone {
                id: "urn:uuid:0d0f6f0e-1a11-5d8e-9d0b-7a9a7e3c3f9c".to_owned(),
                at: "2024-12-22T10:00:00Z".parse().unwrap(),
            }],
        },
        entries: vec![Entry { content: None, ..entry("خبر & <b>", "", Language::AR) }],
        ..feed(Vec::new())
    };
    for format in FORMATS {
        let text = String::from_utf8(render(&archive(format), format).unwrap()).unwrap();
        insta::assert_snapshot!(format!("archive_{}", format.extension()), text);
    }
}

#[test]
fn an_empty_feed_is_a_feed() {
    for format in FORMATS {
        let bytes = render(&feed(Vec::new()), format).unwrap();
        assert_eq!(feed_rs::parser::parse(bytes.as_slice()).unwrap().entries.len(), 0);
    }
}

/// Text that has broken feeds: controls, what XML cannot carry, ends of sections, both directions, beyond the first plane.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\u{0}",
        "\u{8}",
        "\u{b}",
        "\u{1f}",
        "\u{7f}",
        "\u{85}",
        "\u{feff}",
        "\u{fffe}",
        "\u{ffff}",
        "\u{1fffe}",
        "\u{2028}",
        "]]>",
        "]]",
        ">",
        "<![CDATA[",
        "<",
        "&",
        "&amp;",
        "&#8;",
        "\"",
        "'",
        "<b>",
        "</p>",
        "<!--",
        "--",
        "?>",
        "\u{202e}",
        "خبر",
        "שלום",
        "\u{200f}",
        "é",
        "😀",
        "👩\u{200d}🚒",
        "𝒳",
        "\n",
        "\r\n",
        "\r",
        "\t",
        "  ",
        "\u{a0}",
        "plain words",
    ]);
    prop_oneof![
        prop::collection::vec(pieces, 1..12).prop_map(|pieces| pieces.concat()),
        any::<String>(),
        "[\\x00-\\x{FFFF}]{1,40}",
    ]
}

/// What a strict XML parser reads in the elements of this name, in their order.
fn elements(document: &[u8], name: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_reader(document);
    let (mut found, mut open) = (Vec::new(), false);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) if start.name().as_ref() == name => {
                open = true;
                found.push(String::new());
            }
            Event::End(end) if end.name().as_ref() == name => open = false,
            Event::Text(text) if open => found.last_mut().unwrap().push_str(&text.xml10_content()),
            Event::CData(text) if open => found.last_mut().unwrap().push_str(&text.xml10_content()),
            Event::GeneralRef(reference) if open => {
                let name = reference.xml10_content();
                let text = match reference.resolve_char_ref().unwrap() {
                    Some(c) => c.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&name).unwrap().to_owned(),
                };
                found.last_mut().unwrap().push_str(&text);
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

/// Every format is well-formed, and reads back what went in, less what XML cannot carry.
fn reads_back(text: &str, html: &str, language: Language) {
    let mut one = entry(text, html, language);
    one.authors = vec![text.to_owned()];
    one.categories[0].label = text.to_owned();
    one.rights = Some(text.to_owned());
    one.image = Some(Image { url: Url::parse("https://haiti.example/x.jpg").unwrap(), alt: text.to_owned() });
    one.also[0].name = text.to_owned();
    let content = one.content.clone().unwrap().as_str().to_owned();
    let feed =
        Feed { title: text.to_owned(), description: text.to_owned(), rights: Some(text.to_owned()), ..feed(vec![one]) };
    let (want, content) = (legal(text).into_owned(), directed(&content, language));
    let summary = if language.is_rtl() { as_html(text, language) } else { want.clone() };

    let atom = render(&feed, Format::Atom).unwrap();
    // The feed's, the entry's, its source's.
    assert_eq!(elements(&atom, "title"), [want.as_str(), want.as_str(), "OIM Haïti"]);
    assert_eq!(elements(&atom, "summary"), [summary]);
    assert_eq!(elements(&atom, "content"), [content.as_str()]);
    assert_eq!(elements(&atom, "rights"), [want.clone(), want.clone()]);
    let rss = render(&feed, Format::Rss).unwrap();
    assert_eq!(elements(&rss, "title"), [want.clone(), want.clone()]);
    assert_eq!(elements(&rss, "description"), [want.clone(), as_html(text, language)]);
    assert_eq!(elements(&rss, "content:encoded"), [content.as_str()]);
    assert_eq!(elements(&rss, "dc:creator"), [want.as_str()]);
    for document in [&atom, &rss] {
        let parsed = feed_rs::parser::parse(document.as_slice()).unwrap();
        assert_eq!(parsed.entries.len(), 1);
    }
    let json = render(&feed, Format::Json).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let item = &json["items"][0];
    assert_eq!((&json["title"], &item["title"], &item["summary"]), (&text.into(), &text.into(), &text.into()));
    assert_eq!((&item["authors"][0]["name"], &item["content_html"]), (&text.into(), &content.into()));
}

proptest! {
    #[test]
    fn any_text_gives_a_feed_that_reads_back(text in hostile(), html in hostile(), rtl in any::<bool>()) {
        reads_back(&text, &html, if rtl { Language::AR } else { Language::FR });
    }
}

#[test]
fn a_megabyte_reads_back() {
    let piece = "déplacés ]]> <b> & 😀 خبر \u{8}";
    let text = piece.repeat(1_048_576 / piece.len() + 1);
    reads_back(&text, &format!("<p>{text}</p>"), Language::FR);
}
