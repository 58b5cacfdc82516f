//! Files that only grow: the store is copied to fresh ones at its opening, and is the same store afterwards.

use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use depeche::article::Article;
use depeche::store::{ChangeKind, Compaction, Head, Opened, Store};
use tempfile::{TempDir, tempdir};

use crate::store::{article, put, story};

/// Every store is too large.
const ALWAYS: Compaction = Compaction { least: 0, times: 1 };

async fn open(data: &Path, when: Compaction) -> Store {
    Store::open_compacting(data, when).await.unwrap()
}

/// All that a store holds, and where its log stands.
async fn all(store: &Store) -> (Head, Vec<u8>) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("all");
    store.export(&path).await.unwrap();
    let mut rows = Vec::new();
    zstd::Decoder::new(fs::File::open(&path).unwrap()).unwrap().read_to_end(&mut rows).unwrap();
    assert_eq!(store.verify().await.unwrap().problems, Vec::<String>::new());
    (store.head().await.unwrap(), rows)
}

/// Another file is another inode.
fn file(data: &Path) -> u64 {
    fs::metadata(data.join("db")).unwrap().ino()
}

/// One of everything, and some articles, closed.
async fn filled() -> TempDir {
    let folder = tempdir().unwrap();
    let store = Store::open(&folder.path().join("data")).await.unwrap();
    story(&store).await;
    for n in 10..40 {
        put(&store, article(n), ChangeKind::Created).await;
    }
    store.note(vec![("a".into(), Some(serde_json::json!({"b": 1})))]).await.unwrap();
    folder
}

fn neighbours(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compacted_store_is_the_same_store() {
    let folder = filled().await;
    let data = folder.path().join("data");
    let first = file(&data);
    let store = Store::open(&data).await.unwrap();
    assert_eq!(file(&data), first, "under the usual limits a small store is left alone");
    let before = all(&store).await;
    drop(store);
    let store = open(&data, ALWAYS).await;
    assert_ne!(file(&data), first);
    assert_eq!(all(&store).await, before);
    assert_eq!(neighbours(folder.path()), ["data"]);
    let second = file(&data);
    put(&store, article(50), ChangeKind::Created).await;
    let head = store.head().await.unwrap();
    drop(store);
    // Files that did not grow since are no larger than they need be, whatever the proportion.
    let store = open(&data, ALWAYS).await;
    assert_eq!((file(&data), store.head().await.unwrap()), (second, head));
    drop(store);
    assert_eq!(Store::open_telling(&data).await.unwrap().1, Opened::Whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_gone_from_the_disk_once_that_is_asked_for() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let store = Store::open(&data).await.unwrap();
    let text: String = (0..400).map(|n| format!("{:x} ", n * n * 7_919)).collect();
    let secret = Article { text, ..article(1) };
    put(&store, secret.clone(), ChangeKind::Created).await;
    put(&store, article(2), ChangeKind::Created).await;
    let packed = zstd::bulk::compress(&serde_json::to_vec(&secret).unwrap(), 3).unwrap();
    let part = packed[packed.len() / 2..][..64].to_vec();
    let holds = |data: &Path| {
        let walk = fs::read_dir(data).unwrap().map(|e| e.unwrap().path()).filter(|path| path.is_file());
        walk.map(|path| fs::read(path).unwrap()).any(|bytes| bytes.windows(part.len()).any(|w| w == part))
    };
    let gone = Article { text: String::new(), ..secret };
    let mut withdrawal = crate::store::put_of(&store, gone, ChangeKind::Withdrawn).await;
    withdrawal.erase = true;
    store.put(withdrawal).await.unwrap();
    store.flush().await.unwrap();
    assert!(holds(&data), "the engine's file keeps what was deleted");
    store.ask_compaction().await.unwrap();
    let before = all(&store).await;
    let first = file(&data);
    drop(store);
    let store = Store::open(&data).await.unwrap();
    assert_ne!(file(&data), first);
    assert!(!holds(&data));
    assert_eq!(all(&store).await, before);
    let second = file(&data);
    drop(store);
    drop(Store::open(&data).await.unwrap());
    assert_eq!(file(&data), second, "it was asked for once");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_cannot_be_copied_the_store_goes_on_as_it_is() {
    let folder = filled().await;
    let (data, link) = (folder.path().join("data"), folder.path().join("link"));
    std::os::unix::fs::symlink(&data, &link).unwrap();
    let first = file(&data);
    let store = open(&link, ALWAYS).await;
    put(&store, article(50), ChangeKind::Created).await;
    assert_eq!(file(&data), first);
    assert_eq!(neighbours(folder.path()), ["data", "link"]);
}
