//! Headings: what feeds choose articles by. They follow from the articles in whatever way a store came about, and nothing
//! that feeds say is forgotten with a restart.

use std::path::Path;

use depeche::article::{ArticleId, Heading, Mark, ThemeTag};
use depeche::article::{How, ThemeSlug};
use depeche::edition::{Asked, Edition, Issue};
use depeche::publish::Format;
use depeche::store::{ChangeKind, Put, PutOutcome, Store};
use jiff::Timestamp;
use tempfile::tempdir;

use crate::house::House;
use crate::store::article;

async fn headings(store: &Store) -> Vec<Heading> {
    store.headings(None, usize::MAX).await.unwrap()
}

/// Takes the headings away, as a store of before has none.
fn of_before(data: &Path) {
    loop {
        // A store that was just closed is let go of a moment later.
        if let Ok(db) = sled::Config::new().path(data).open() {
            assert!(db.drop_tree("headings").unwrap());
            db.open_tree("meta").unwrap().remove("headings").unwrap().expect("the store says so");
            db.flush().unwrap();
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_before_gets_its_headings_at_opening_and_feeds_stay_the_same() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let before = {
        let line = house.line(house.store().await).await;
        house.crawl(&line).await;
        let url = house.feed(&line.store, "country=KEN&limit=1", Format::Json).await;
        let url: serde_json::Value = serde_json::from_str(&url).unwrap();
        house.later(1);
        line.withdraw(&url["items"][0]["url"].as_str().unwrap().parse().unwrap(), false, &house.config.sources)
            .await
            .unwrap();
        (headings(&line.store).await, house.feeds(&line.store).await)
    };
    assert!(before.0.iter().any(|h| h.withdrawn) && before.0.iter().any(|h| !h.alone), "there is something to tell");
    of_before(&folder.path().join("data"));
    let store = house.store().await;
    assert_eq!(headings(&store).await, before.0);
    assert_eq!(house.feeds(&store).await, before.1);
    assert_eq!(store.verify().await.unwrap().problems, Vec::<String>::new());

    // By way of an export it is the same, and in memory as on disk.
    let path = folder.path().join("all.depeche");
    store.export(&path).await.unwrap();
    let memory = Store::memory();
    memory.import(&path).await.unwrap();
    let disk = Store::open_for_import(&folder.path().join("other")).await.unwrap();
    disk.import(&path).await.unwrap();
    for other in [memory, disk] {
        assert_eq!(headings(&other).await, before.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_and_disk_have_the_same_headings() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let disk = house.line(house.store().await).await;
    let memory = house.line(Store::memory()).await;
    house.crawl(&disk).await;
    house.crawl(&memory).await;
    let on_disk = headings(&disk.store).await;
    assert!(on_disk.len() > 30);
    assert_eq!(on_disk, headings(&memory.store).await);
}

/// When a feed last changed.
async fn last_change(store: &Store, house: &House, query: &str) -> Option<Timestamp> {
    let edition = Edition::new(store.clone(), &house.config);
    edition.follow().await.unwrap();
    let asked = Asked::parse(query, &edition.vocabulary()).unwrap();
    let Issue::Feed(_, changed) = edition.feed(&asked, Format::Atom).await.unwrap() else { panic!("moved") };
    changed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_was_taken_away_is_remembered_over_a_restart() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let mut tagged = article(1);
    let tag =
        |theme: &str| ThemeTag { theme: ThemeSlug::new(theme), confidence: 90, how: How::Title, evidence: Vec::new() };
    tagged.themes = vec![tag("displacement")];
    let noon = house.clock.now();
    let store = house.store().await;
    let put = async |article, kind, hours| {
        let mut put: Put = crate::store::put_of(&store, article, kind).await;
        put.at = noon + jiff::SignedDuration::from_hours(hours);
        assert!(matches!(store.put(put).await.unwrap(), PutOutcome::Stored(_)));
    };
    put(tagged.clone(), ChangeKind::Created, 0).await;
    tagged.themes = vec![tag("health")];
    put(tagged.clone(), ChangeKind::Revised { fields: vec!["themes".into()], material: false }, 1).await;
    let at = noon + jiff::SignedDuration::from_hours(1);
    assert_eq!(last_change(&store, &house, "theme=displacement").await, Some(at), "the feed that it left changed");
    drop(store);
    let store = house.store().await;
    assert_eq!(last_change(&store, &house, "theme=displacement").await, Some(at), "and says so after a restart");
    // A third set of tags keeps what went before.
    tagged.themes.clear();
    let heading = store.heading(tagged.id).await.unwrap().unwrap();
    let next = Heading::of(&tagged, Mark::default(), Some(&heading));
    assert_eq!(next.former.themes, [ThemeSlug::new("displacement"), ThemeSlug::new("health")]);
}

#[tokio::test]
async fn a_wrong_heading_is_named_and_mended() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    {
        let store = Store::open(&data).await.unwrap();
        for n in 1..=4 {
            crate::store::put(&store, article(n), ChangeKind::Created).await;
        }
    }
    let id = |n: u64| article(n).id;
    loop {
        if let Ok(db) = sled::Config::new().path(&data).open() {
            let tree = db.open_tree("headings").unwrap();
            let first = tree.remove(id(1).0.as_bytes()).unwrap().unwrap();
            tree.insert(id(2).0.as_bytes(), first).unwrap();
            tree.insert(id(3).0.as_bytes(), b"\x01?").unwrap();
            tree.insert(ArticleId::of_canonical("https://nowhere.example/").0.as_bytes(), b"\x01?").unwrap();
            db.flush().unwrap();
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let store = Store::open(&data).await.unwrap();
    let problems = store.verify().await.unwrap().problems;
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert_eq!(problems.iter().filter(|problem| problem.contains("heading")).count(), 4, "{problems:?}");
    assert_eq!(store.repair().await.unwrap(), ["4 headings follow from their articles again"]);
    assert_eq!(store.verify().await.unwrap().problems, Vec::<String>::new());
    assert_eq!(headings(&store).await.len(), 4);
    assert_eq!(store.repair().await.unwrap(), Vec::<String>::new());
}
