//! What an edit of a page is worth: figures, the title, more than a few words move `updated`; white space, punctuation,
//! a corrected word and another way to write a number do not.

use depeche::store::{ChangeKind, Store};
use tempfile::tempdir;

use crate::orders::{Told, house, page, url};

const TITLE: &str = "Wells of Lodwar Are Full Again";
const TEXT: &str = "Rain has filled the wells of Lodwar for the second time this year. Nine families have gone home, and 7 \
                    stay in the school until the road is dry. IOM brought 1,200 blankets and a pump. Theo, a teacher, \
                    says that the classes will begin on Monday. The road north is open again to lorries.";

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_updated_and_what_does_not() {
    let told = |title: &str, text: &str| Told {
        name: "wells".into(),
        day: "2026-11-18".into(),
        language: "en".into(),
        title: title.into(),
        text: text.into(),
        ..Told::default()
    };
    let folder = tempdir().unwrap();
    let house = house(folder.path(), &[told(TITLE, TEXT)]).await;
    let line = house.line(Store::memory()).await;
    house.crawl(&line).await;
    let canonical = depeche::dedup::canonical(&url("wells").parse().unwrap(), true);
    let id = line.store.by_url(&canonical).await.unwrap().unwrap();
    let headers = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
    let (mut title, mut text) = (TITLE.to_owned(), TEXT.to_owned());
    for (what, from, to, material) in [
        ("white space", " the wells", "  the\n wells", false),
        ("punctuation and accents", "Theo, a teacher,", "Théo – a teacher –", false),
        ("a corrected word", "lorries", "lorry drivers", false),
        ("another way to write a number", "1,200", "1\u{202F}200", false),
        ("a few words", "for the second time", "for a third time", false),
        ("a figure of one digit", "and 7 stay", "and 9 stay", true),
        ("a figure", "1\u{202F}200", "1\u{202F}350", true),
        ("a sentence", "a pump.", "a pump. The district has promised two more of them by the end of the year.", true),
        ("the title's punctuation", "Lodwar Are", "Lodwar – Are", false),
        ("the title", "Wells of Lodwar –", "Six Wells of Lodwar", true),
    ] {
        let before = line.store.article(id).await.unwrap().unwrap();
        let seen = line.store.head().await.unwrap().seq;
        assert!(title.contains(from) || text.contains(from), "{what}");
        (title, text) = (title.replacen(from, to, 1), text.replacen(from, to, 1));
        house.later(2);
        house.replay.answer(&url("wells"), 200, &headers, page(&told(&title, &text)).into_bytes());
        house.crawl(&line).await;
        let after = line.store.article(id).await.unwrap().unwrap();
        let moved = after.updated != before.updated;
        assert_eq!(moved, material, "{what}");
        assert!(!moved || after.updated == house.clock.now());
        let log = line.store.changes(seen, 10).await.unwrap();
        let said = log.iter().any(|change| matches!(change.kind, ChangeKind::Revised { material: true, .. }));
        assert_eq!(said, material, "{what}: {log:?}");
    }
}
