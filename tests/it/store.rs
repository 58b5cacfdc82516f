//! One story told to every store: put, conflict, keys, revisions, withdrawal, export and import, damage.

use std::fs;
use std::path::Path;

use depeche::article::{SourceId, Story};
use depeche::store::{ChangeKind, Put, PutOutcome, SourceState, Store};
use tempfile::tempdir;
use uuid::Uuid;

use crate::articles::second;
pub use crate::articles::{article, put, put_of};

pub async fn story(store: &Store) {
    let first = article(1);
    let id = first.id;
    let stale = store.head().await.unwrap();
    assert!(matches!(put(store, first.clone(), ChangeKind::Created).await, PutOutcome::Stored(_)));
    assert!(matches!(put(store, article(2), ChangeKind::Created).await, PutOutcome::Stored(_)));

    // A verdict on an old view is no verdict.
    let late = Put {
        head: stale,
        article: article(3),
        story: Story::founded_by(&article(3)),
        kind: ChangeKind::Created,
        at: second(6),
        page: None,
        others: Vec::new(),
        left: None,
        dissolved: Vec::new(),
        erase: false,
    };
    assert!(matches!(store.put(late).await.unwrap(), PutOutcome::Conflict(head) if head.seq == 2));
    assert_eq!(store.article(article(3).id).await.unwrap(), None, "nothing of a conflict is written");

    // Every key leads to the article; the first to claim an address keeps it.
    for address in [&first.canonical, &first.aliases[0]] {
        assert_eq!(store.by_url(address).await.unwrap(), Some(id));
    }
    store.alias("https://haiti.example/short", id).await.unwrap();
    store.alias("https://haiti.example/short", article(2).id).await.unwrap();
    assert_eq!(store.by_url("https://haiti.example/short").await.unwrap(), Some(id));
    assert_eq!(store.by_exact(1).await.unwrap(), Some(id));
    assert_eq!(store.page(&first.canonical).await.unwrap().unwrap().hash, 7);

    // A revision keeps the former text, and the hash moves.
    let mut edited = store.article(id).await.unwrap().unwrap();
    edited.title = "Relevé 1, corrigé".into();
    edited.fingerprint.exact = 101;
    put(store, edited, ChangeKind::Revised { fields: vec!["title".into()], material: true }).await;
    let former = store.revisions(id).await.unwrap();
    assert_eq!((former.len(), former[0].title.as_str(), former[0].seq), (1, "Relevé 1", 3));
    assert_eq!((store.by_exact(1).await.unwrap(), store.by_exact(101).await.unwrap()), (None, Some(id)));

    // Others that a put touches are logged as merged, in the same transaction.
    let (mut second_story, head) = (Story::founded_by(&first), store.head().await.unwrap());
    second_story.members.push(article(2).id);
    let mut moved = article(2);
    moved.story = first.story;
    let merge = Put {
        head,
        article: store.article(id).await.unwrap().unwrap(),
        story: second_story,
        kind: ChangeKind::Merged,
        at: second(9),
        page: None,
        others: vec![moved],
        left: None,
        dissolved: vec![article(2).story],
        erase: false,
    };
    assert!(matches!(store.put(merge).await.unwrap(), PutOutcome::Stored(changes) if changes.len() == 2));
    assert_eq!(store.story(article(2).story).await.unwrap(), None);
    let log = store.changes(3, 10).await.unwrap();
    assert_eq!(
        log.iter().map(|c| (c.seq, c.kind.clone())).collect::<Vec<_>>(),
        [(4, ChangeKind::Merged), (5, ChangeKind::Merged)]
    );

    // A withdrawn article is found by its address and by nothing else.
    let gone = store.article(id).await.unwrap().unwrap();
    let mut alone = Story::founded_by(&gone);
    alone.members.push(article(2).id);
    let withdrawal = Put {
        head: store.head().await.unwrap(),
        article: gone,
        story: alone,
        kind: ChangeKind::Withdrawn,
        at: second(10),
        page: None,
        others: Vec::new(),
        left: None,
        dissolved: Vec::new(),
        erase: true,
    };
    store.put(withdrawal).await.unwrap();
    assert_eq!((store.withdrawn(id).await.unwrap(), store.by_exact(101).await.unwrap()), (Some(second(10)), None));
    assert!(store.revisions(id).await.unwrap().is_empty(), "erased with it");

    // What is not in the log: sources, hosts, blocks, leases.
    let source = SourceId::new("haiti-fr").unwrap();
    store.save_source(&source, SourceState { found: 4, ..SourceState::default() }).await.unwrap();
    store.save_hosts(vec![("kenya.example".into(), second(50))], second(0)).await.unwrap();
    store.save_hosts(vec![("haiti.example".into(), second(99))], second(50)).await.unwrap();
    assert_eq!(store.hosts().await.unwrap(), [("haiti.example".to_owned(), second(99))], "what is past is forgotten");
    store.block("https://haiti.example/x", second(1)).await.unwrap();
    assert!(store.is_blocked("https://haiti.example/x").await.unwrap());
    let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
    assert!(store.lease(&source, one, second(0), second(60)).await.unwrap());
    assert!(!store.lease(&source, other, second(1), second(60)).await.unwrap());
    assert!(store.lease(&source, other, second(61), second(90)).await.unwrap(), "a lease ends by itself");
    store.release(&source, other).await.unwrap();
    assert!(store.names().await.unwrap().contains(&"source:haiti-fr".to_owned()));

    // The ledger: notes by key, in order, changed together.
    let note = |key: &str, value: Option<u32>| (key.to_owned(), value.map(|n| serde_json::json!({ "n": n })));
    store.note(vec![note("b/2", Some(2)), note("b/1", Some(1)), note("a", Some(0)), note("b/3", None)]).await.unwrap();
    store.note(vec![note("b/1", Some(7)), note("a", None)]).await.unwrap();
    let kept = [("b/1".to_owned(), serde_json::json!({"n": 7})), ("b/2".to_owned(), serde_json::json!({"n": 2}))];
    assert_eq!(store.ledger("b/").await.unwrap(), kept);
    assert_eq!(store.ledger("").await.unwrap(), kept);
    assert_eq!(store.verify().await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_memory() {
    story(&Store::memory()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_on_disk_and_what_a_new_process_finds() {
    let folder = tempdir().unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    story(&store).await;
    let source = SourceId::new("haiti-fr").unwrap();
    assert!(store.lease(&source, Uuid::new_v4(), second(0), second(9_999)).await.unwrap());
    let head = store.head().await.unwrap();
    drop(store);
    let store = Store::open(folder.path()).await.unwrap();
    assert_eq!(store.head().await.unwrap(), head);
    assert!(store.is_blocked("https://haiti.example/x").await.unwrap());
    assert!(
        store.lease(&source, Uuid::new_v4(), second(1), second(60)).await.unwrap(),
        "a lease dies with the process that held it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_moves_everything_to_another_store_under_a_new_epoch() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out").join("all.depeche");
    let from = Store::open(&folder.path().join("from")).await.unwrap();
    story(&from).await;
    let written = from.export(&path).await.unwrap();
    assert_eq!((written.articles, written.changes), (2, 6));
    for to in [Store::memory(), Store::open(&folder.path().join("to")).await.unwrap()] {
        assert_eq!(to.import(&path).await.unwrap().rows, written.rows);
        let (old, new) = (from.head().await.unwrap(), to.head().await.unwrap());
        assert!(old.seq == new.seq && old.epoch != new.epoch);
        assert_eq!(to.scan(None, 9).await.unwrap(), from.scan(None, 9).await.unwrap());
        assert_eq!(to.changes(0, 99).await.unwrap(), from.changes(0, 99).await.unwrap());
        assert_eq!(to.sources().await.unwrap(), from.sources().await.unwrap());
        assert_eq!(to.hosts().await.unwrap(), from.hosts().await.unwrap());
        assert_eq!(to.names().await.unwrap(), from.names().await.unwrap());
        assert_eq!(to.ledger("").await.unwrap(), from.ledger("").await.unwrap());
        assert!(to.is_blocked("https://haiti.example/x").await.unwrap());
        assert_eq!(to.verify().await.unwrap().problems, Vec::<String>::new());
        let again = folder.path().join("again.depeche");
        assert_eq!(to.export(&again).await.unwrap().rows, written.rows);
        let error = to.import(&path).await.unwrap_err().to_string();
        assert!(error.contains("holds 2 articles already"), "{error}");
    }
}

/// An export reads while articles are put, revised and moved between stories: the file is one moment of the store.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_up_nobody_and_is_of_one_moment() {
    let folder = tempdir().unwrap();
    let store = Store::open(&folder.path().join("from")).await.unwrap();
    for n in 0..60 {
        put(&store, article(n), ChangeKind::Created).await;
    }
    let writer = store.clone();
    let writing = tokio::spawn(async move {
        for n in 60..400 {
            put(&writer, article(n), ChangeKind::Created).await;
            let mut old = article(n % 60);
            old.text = format!("{} Corrigé {n} fois.", old.text);
            old.fingerprint.exact = n * 1_000;
            put(&writer, old, ChangeKind::Revised { fields: vec!["text".into()], material: true }).await;
        }
    });
    let mut moved = 0;
    for n in 0.. {
        let path = folder.path().join(format!("{n}.depeche"));
        let last = writing.is_finished();
        let before = store.head().await.unwrap().seq;
        let report = store.export(&path).await.unwrap();
        moved += u64::from(report.seq > before);
        let copy = Store::open(&folder.path().join(format!("to-{n}"))).await.unwrap();
        copy.import(&path).await.unwrap();
        assert_eq!(copy.head().await.unwrap().seq, report.seq);
        assert_eq!(copy.verify().await.unwrap().problems, Vec::<String>::new());
        assert_eq!(copy.changes(0, 9_999).await.unwrap(), store.changes(0, report.seq as usize).await.unwrap());
        if last {
            assert_eq!(copy.scan(None, 999).await.unwrap(), store.scan(None, 999).await.unwrap());
            break;
        }
    }
    writing.await.unwrap();
    assert!(moved > 0, "nothing was put while an export was at work: the trial proves nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_export_is_refused_whole() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("all.depeche");
    let store = Store::memory();
    story(&store).await;
    store.export(&path).await.unwrap();
    let bytes = fs::read(&path).unwrap();
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 0x10;
    let other = zstd::encode_all(
        &b"{\"depeche_export\":9,\"epoch\":\"00000000-0000-0000-0000-000000000000\",\"seq\":1}\n"[..],
        1,
    )
    .unwrap();
    for (damaged, why) in [
        (flipped, "unable to read"),
        (bytes[..bytes.len() - 9].to_vec(), "unable to read"),
        (other, "version is 9"),
        (b"hello".to_vec(), "unable to read"),
    ] {
        fs::write(&path, damaged).unwrap();
        let into = Store::memory();
        let error = into.import(&path).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        assert_eq!(into.scan(None, 9).await.unwrap(), Vec::new());
    }
}

pub async fn fill(folder: &Path, articles: u64) {
    let store = Store::open(folder).await.unwrap();
    for n in 0..articles {
        put(&store, article(n), ChangeKind::Created).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_told_who_holds_it() {
    let folder = tempdir().unwrap();
    let _held = Store::open(folder.path()).await.unwrap();
    let error = Store::open(folder.path()).await.err().unwrap().to_string();
    assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
}
