//! Every kind of damage that `verify --repair` puts right, planted in the engine's own trees: it is seen, it is put right,
//! nothing is lost by that, and a second repair finds nothing to do. What cannot be derived stays as it is, and is said.

use std::path::Path;

use depeche::article::{Article, ArticleId, Story, StoryId};
use depeche::store::{Change, ChangeKind, Opened, Store};
use serde::Serialize;
use tempfile::{TempDir, tempdir};

use crate::store::{article, put, put_of};

const ARTICLES: u64 = 130;

/// A record as the store writes it.
fn record<T: Serialize>(value: &T) -> Vec<u8> {
    [&[1][..], &zstd::encode_all(&serde_json::to_vec(value).unwrap()[..], 3).unwrap()].concat()
}

/// The engine itself, on a store that is closed.
fn plant<T>(data: &Path, damage: impl FnOnce(&sled::Db) -> T) -> T {
    loop {
        // A store that was just closed is let go of a moment later.
        if let Ok(db) = sled::Config::new().path(data).open() {
            let done = damage(&db);
            db.flush().unwrap();
            return done;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

fn set(db: &sled::Db, tree: &str, key: impl AsRef<[u8]>, value: impl Into<sled::IVec>) {
    db.open_tree(tree).unwrap().insert(key, value).unwrap();
}

fn take(db: &sled::Db, tree: &str, key: impl AsRef<[u8]>) -> sled::IVec {
    db.open_tree(tree).unwrap().remove(key).unwrap().expect("it is there")
}

fn id(n: u64) -> [u8; 16] {
    *article(n).id.0.as_bytes()
}

fn story_of(n: u64) -> [u8; 16] {
    *article(n).story.0.as_bytes()
}

fn change(seq: u64, of: &Article) -> Change {
    Change {
        seq,
        kind: ChangeKind::Created,
        article_id: of.id,
        story_id: of.story,
        url: of.url.clone(),
        at: of.first_seen,
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
        if from.is_dir() { copy(&from, &to) } else { std::fs::copy(&from, &to).map(|_| ()).unwrap() }
    }
}

/// Many articles; the first two are one story, the third is revised, the fourth withdrawn.
async fn filled() -> TempDir {
    let folder = tempdir().unwrap();
    let store = Store::open(&folder.path().join("data")).await.unwrap();
    for n in 1..=ARTICLES {
        put(&store, article(n), ChangeKind::Created).await;
    }
    let mut joined = put_of(&store, article(1), ChangeKind::Merged).await;
    joined.story.members.push(article(2).id);
    joined.others = vec![Article { story: article(1).story, ..article(2) }];
    joined.dissolved = vec![article(2).story];
    store.put(joined).await.unwrap();
    let edited = Article { title: "Corrigé".into(), ..article(3) };
    put(&store, edited, ChangeKind::Revised { fields: vec!["title".into()], material: true }).await;
    put(&store, article(4), ChangeKind::Withdrawn).await;
    assert_eq!(store.verify().await.unwrap().problems, Vec::<String>::new());
    assert_eq!(store.repair().await.unwrap(), Vec::<String>::new(), "nothing is wrong with it");
    folder
}

type Damage = (&'static str, fn(&sled::Db), &'static str);

const DAMAGES: &[Damage] = &[
    ("no address", |db| drop(take(db, "urls", &article(5).canonical)), "has no key for https"),
    ("no alias", |db| drop(take(db, "urls", &article(5).aliases[0])), "has no key for https"),
    ("an address to nowhere", |db| set(db, "urls", "https://x.example/", &[7; 16]), "which is not there"),
    ("an alias to nowhere", |db| set(db, "urls", &article(5).aliases[0], &[7; 16]), "which is not there"),
    ("an address to nonsense", |db| set(db, "urls", &article(5).canonical, b"junk"), "unable to read the record"),
    ("an address to another", |db| set(db, "urls", &article(5).canonical, &id(6)), "leads elsewhere"),
    ("no hash", |db| drop(take(db, "exact", 5u64.to_be_bytes())), "no key for its exact hash"),
    ("a hash to nowhere", |db| set(db, "exact", 5u64.to_be_bytes(), &[7; 16]), "which is not there"),
    ("a hash to another", |db| set(db, "exact", 5u64.to_be_bytes(), &id(6)), "which has another"),
    ("a hash of none", |db| set(db, "exact", 9_999u64.to_be_bytes(), &id(6)), "which has another"),
    ("no story", |db| drop(take(db, "stories", story_of(5))), "which does not name it"),
    ("no story of two", |db| drop(take(db, "stories", story_of(1))), "which does not name it"),
    ("no story of one withdrawn", |db| drop(take(db, "stories", story_of(4))), "which does not name it"),
    ("a story of nonsense", |db| set(db, "stories", story_of(1), b"\x01junk"), "unable to read the record"),
    (
        "a story without its member",
        |db| set(db, "stories", story_of(1), record(&Story::founded_by(&article(1)))),
        "which does not name it",
    ),
    (
        "a story of strangers",
        |db| {
            let mut story = Story::founded_by(&article(5));
            story.members.extend([ArticleId(uuid::Uuid::from_u128(7)), article(6).id]);
            story.entries[0].lead = ArticleId(uuid::Uuid::from_u128(7));
            set(db, "stories", story_of(5), record(&story));
        },
        "which is not there",
    ),
    (
        "a story of nobody",
        |db| {
            let mut story = Story::founded_by(&article(5));
            story.id = StoryId::founded_by(ArticleId(uuid::Uuid::from_u128(7)));
            story.members = vec![ArticleId(uuid::Uuid::from_u128(7))];
            set(db, "stories", story.id.0.as_bytes(), record(&story));
        },
        "which is not there",
    ),
    (
        "an article under another id",
        |db| set(db, "articles", [9; 16], take(db, "articles", id(5))),
        "stored under another id",
    ),
    ("an entry of nonsense", |db| set(db, "log", 5u64.to_be_bytes(), b"\x01junk"), "unable to read the record"),
    (
        "an entry for nobody",
        |db| {
            let nobody = Article { id: ArticleId(uuid::Uuid::from_u128(7)), ..article(5) };
            set(db, "log", 5u64.to_be_bytes(), record(&change(5, &nobody)));
        },
        "which is not there",
    ),
    (
        "an article that the log lacks",
        |db| set(db, "log", 5u64.to_be_bytes(), record(&change(5, &article(6)))),
        "the log does not name",
    ),
];

/// Everything that must come through a repair.
async fn kept(store: &Store) -> impl PartialEq + std::fmt::Debug + use<> {
    let articles = store.scan(None, 999).await.unwrap();
    let mut former = Vec::new();
    for article in &articles {
        former.push((store.revisions(article.id).await.unwrap(), store.withdrawn(article.id).await.unwrap()));
    }
    (articles, former, store.names().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_derived_is_put_right_and_nothing_is_lost() {
    let whole = filled().await;
    let original = Store::open(&whole.path().join("data")).await.unwrap();
    let (before, head) = (kept(&original).await, original.head().await.unwrap());
    let log = original.changes(0, 999).await.unwrap();
    let story = original.story(article(1).story).await.unwrap().unwrap();
    drop(original);
    for (name, damage, problem) in DAMAGES {
        let folder = tempdir().unwrap();
        copy(whole.path(), folder.path());
        let data = folder.path().join("data");
        plant(&data, damage);
        let (store, how) = Store::open_telling(&data).await.unwrap();
        assert_eq!(how, Opened::Whole, "{name}");
        let problems = store.verify().await.unwrap().problems;
        assert!(problems.iter().any(|p| p.contains(problem)), "{name}: {problems:?}");
        let done = store.repair().await.unwrap();
        assert!(!done.is_empty(), "{name}");
        assert_eq!(store.verify().await.unwrap().problems, Vec::<String>::new(), "{name}: {done:?}");
        assert_eq!(kept(&store).await, before, "{name}: {done:?}");
        assert_eq!(store.repair().await.unwrap(), Vec::<String>::new(), "{name}: a second time");
        // What of the log could be read is there under its number; where something had to be filled up, readers begin anew.
        let after = store.changes(0, 9_999).await.unwrap();
        let differ = log.iter().zip(&after).filter(|(was, is)| was != is).count();
        let filled = name.starts_with("an entry");
        assert_eq!(differ, usize::from(filled || name.contains("log")), "{name}: {done:?}");
        assert_eq!(store.head().await.unwrap().epoch != head.epoch, filled, "{name}: {done:?}");
        // Both are of one language and led by the first.
        let mended = store.story(article(1).story).await.unwrap().unwrap();
        assert_eq!((&mended.members, &mended.entries), (&story.members, &story.entries), "{name}");
        put(&store, article(500), ChangeKind::Created).await;
        let head = store.head().await.unwrap();
        drop(store);
        let (store, how) = Store::open_telling(&data).await.unwrap();
        assert_eq!((how, store.head().await.unwrap()), (Opened::Whole, head), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_jumps_is_filled_up_when_it_is_opened() {
    for missing in [&[5u64][..], &[50, 51, 52, 90], &[1], &[133, 134]] {
        let whole = filled().await;
        let data = whole.path().join("data");
        let (before, head) = {
            let store = Store::open(&data).await.unwrap();
            (kept(&store).await, store.head().await.unwrap())
        };
        plant(&data, |db| missing.iter().for_each(|seq| drop(take(db, "log", seq.to_be_bytes()))));
        let (store, how) = Store::open_telling(&data).await.unwrap();
        assert!(matches!(how, Opened::CutOff { .. }), "{missing:?}: {how}");
        assert_eq!(store.verify().await.unwrap().problems, Vec::<String>::new(), "{missing:?}");
        assert_eq!(kept(&store).await, before, "{missing:?}");
        // No number is given a second time: a former text bears the one that ended it.
        let after = store.head().await.unwrap();
        assert!(after.seq >= head.seq && after.epoch != head.epoch, "{missing:?}: {after:?}");
        put(&store, article(3), ChangeKind::Revised { fields: vec!["title".into()], material: true }).await;
        assert_eq!(store.revisions(article(3).id).await.unwrap().len(), 2, "{missing:?}");
        drop(store);
        assert_eq!(Store::open_telling(&data).await.unwrap().1, Opened::Whole, "{missing:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_stays_and_is_said() {
    let whole = filled().await;
    let data = whole.path().join("data");
    let log = Store::open(&data).await.unwrap().changes(0, 999).await.unwrap();
    plant(&data, |db| set(db, "articles", id(5), b"\x01junk"));
    let store = Store::open(&data).await.unwrap();
    store.repair().await.unwrap();
    let problems = store.verify().await.unwrap().problems;
    assert!(problems.iter().any(|p| p.contains("unable to read the record article")), "{problems:?}");
    assert_eq!(store.by_url(&article(5).canonical).await.unwrap(), Some(article(5).id), "its keys wait for it");
    assert_eq!(store.changes(0, 999).await.unwrap(), log);
    drop(store);
    // Put back, as from a copy of the folder, it is whole again.
    plant(&data, |db| set(db, "articles", id(5), record(&article(5))));
    assert_eq!(Store::open(&data).await.unwrap().verify().await.unwrap().problems, Vec::<String>::new());
}
