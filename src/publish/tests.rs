#![allow(clippy::unwrap_used)]
use proptest::prelude::*;
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
        hub: None,
        language: Some(Language::FR),
        updated: "2024-12-21T08:30:00Z".parse().unwrap(),
        rights: Some("© the offices".to_owned()),
        author: "IOM news".to_owned(),
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
fn an_empty_feed_is_a_feed() {
    for format in FORMATS {
        let bytes = render(&feed(Vec::new()), format).unwrap();
        assert_eq!(feed_rs::parser::parse(bytes.as_slice()).unwrap().entries.len(), 0);
    }
}

proptest! {
    #[test]
    fn any_text_gives_a_feed_that_reads_back(title in "\\PC{1,60}|[\\x00-\\x{FFFF}]{1,40}", html in "\\PC{0,80}|(]]>|&#8;|<b>|</p>|[\\x00-\\x20]){0,12}") {
        let feed = feed(vec![entry(&title, &html, Language::FR)]);
        let want = legal(&title).split_whitespace().collect::<Vec<_>>().join(" ");
        for format in FORMATS {
            let bytes = render(&feed, format).unwrap();
            if format == Format::Json {
                let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                prop_assert_eq!(value["items"][0]["title"].as_str().unwrap(), title.as_str());
                continue;
            }
            let parsed = feed_rs::parser::parse(bytes.as_slice()).unwrap();
            prop_assert_eq!(parsed.entries.len(), 1);
            let got = parsed.entries[0].title.as_ref().map(|t| t.content.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default();
            prop_assert_eq!(got, want.clone());
        }
    }
}
