//! Every rung of the ladder that opens a store: whatever was done to its files, it opens, and says what is lost.

use std::fs;
use std::path::Path;

use depeche::store::{ChangeKind, Opened, Store, exports_of};
use tempfile::{TempDir, tempdir};

use crate::store::{article, fill, put};

const ARTICLES: u64 = 40;

/// A store of 40 articles, closed. With `export`, its first 25 are in an export beside it.
async fn filled(export: bool) -> TempDir {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    fill(&data, 25).await;
    let store = Store::open(&data).await.unwrap();
    if export {
        store.export(&exports_of(&data).join("20260901T000000Z.depeche")).await.unwrap();
    }
    for n in 25..ARTICLES {
        put(&store, article(n), ChangeKind::Created).await;
    }
    store.flush().await.unwrap();
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
        if from.is_dir() { copy(&from, &to) } else { fs::copy(&from, &to).map(|_| ()).unwrap() }
    }
}

/// What opening a damaged copy gives. What it holds and what it says is lost make up all that there was; what it holds is
/// whole; readers' cursors are reset exactly when something is lost; and the next opening finds nothing more to do.
async fn opens(from: &Path, name: &str, damage: impl FnOnce(&Path)) -> Opened {
    let folder = tempdir().unwrap();
    copy(from, folder.path());
    let data = folder.path().join("data");
    let before = Store::open(&data).await.unwrap().head().await.unwrap();
    damage(&data);
    let (store, how) = Store::open_telling(&data).await.unwrap();
    let after = store.head().await.unwrap();
    assert_eq!(after.seq + how.lost(), ARTICLES, "{name}: {how}");
    assert_eq!(
        before.epoch == after.epoch,
        how.lost() == 0 && !matches!(how, Opened::Restored { .. }),
        "{name}: {how}"
    );
    let report = store.verify().await.unwrap();
    assert_eq!((report.articles, report.problems), (after.seq, Vec::<String>::new()), "{name}: {how}");
    assert_eq!(report.opening.is_some(), how != Opened::Whole, "{name}");
    for n in 0..after.seq {
        let kept = store.article(article(n).id).await.unwrap();
        assert_eq!(kept, Some(article(n)), "{name}");
    }
    put(&store, article(99), ChangeKind::Created).await;
    drop(store);
    let (store, again) = Store::open_telling(&data).await.unwrap();
    // The engine does not see a flip in the header of the segment that it writes on, and forgets what it writes there: the
    // next opening cannot bring that back, but it must say so.
    assert!(again == Opened::Whole || name.starts_with("a bit"), "{name}: {again}");
    assert_eq!(store.head().await.unwrap().seq + again.lost(), after.seq + 1, "{name}: {again}");
    how
}

fn of_name(data: &Path, start: &str) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(start)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_of_any_kind_are_no_loss() {
    let folder = filled(true).await;
    for size in [0usize, 1, 7, 8, 9, 64, 511, 4_096, 70_000] {
        let how = opens(folder.path(), "torn while it was made", |data| {
            fs::write(data.join("snap.0000000000000FFF.generating"), vec![0xA5; size]).unwrap();
        });
        assert_eq!(how.await, Opened::Whole, "{size}");
        let how = opens(folder.path(), "planted", |data| {
            fs::write(data.join("snap.0000000000FFFFFF"), vec![0xA5; size]).unwrap();
        });
        assert!(matches!(how.await, Opened::Whole | Opened::WithoutSnapshots), "{size}");
    }
    for part in [0, 1, 2, 3] {
        let how = opens(folder.path(), "cut", |data| {
            for snapshot in of_name(data, "snap.") {
                let bytes = fs::read(&snapshot).unwrap();
                fs::write(&snapshot, &bytes[..bytes.len() * part / 4]).unwrap();
            }
        });
        assert!(matches!(how.await, Opened::Whole | Opened::WithoutSnapshots), "{part}");
    }
    let how = opens(folder.path(), "missing", |data| {
        of_name(data, "snap.").iter().for_each(|snapshot| fs::remove_file(snapshot).unwrap());
    });
    assert_eq!(how.await, Opened::Whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_and_broken_files() {
    for export in [true, false] {
        let folder = filled(export).await;
        for name in ["conf", "blobs", "holder.pid", "head"] {
            let how = opens(folder.path(), name, |data| {
                let path = data.join(name);
                if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
            });
            assert_eq!(how.await.lost(), 0, "{name}");
        }
        let how = opens(folder.path(), "conf", |data| fs::write(data.join("conf"), b"no configuration").unwrap()).await;
        assert_eq!(how, Opened::WithoutSnapshots);
        for damage in [
            (|data: &Path| fs::remove_file(data.join("db")).unwrap()) as fn(&Path),
            |data| fs::write(data.join("db"), b"").unwrap(),
            |data| fs::write(data.join("db"), vec![0x5A; 1 << 20]).unwrap(),
        ] {
            let how = opens(folder.path(), "db", damage).await;
            match how {
                Opened::Restored { seq, .. } => assert!(export && seq == 25),
                Opened::CutOff { seq, .. } => assert!(!export && seq == 0),
                other => assert!(!export && matches!(other, Opened::Empty { .. }), "{other}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_cut_off_anywhere() {
    for export in [true, false] {
        let folder = filled(export).await;
        let size = fs::metadata(folder.path().join("data/db")).unwrap().len();
        let mut cut = 0;
        for part in 0..24 {
            let length = size * part / 24 + part * 13;
            let name = format!("cut at {length} of {size}");
            let how = opens(folder.path(), &name, |data| {
                fs::File::options().write(true).open(data.join("db")).unwrap().set_len(length).unwrap();
            });
            cut += usize::from(how.await.lost() > 0);
        }
        assert!(cut > 3, "only {cut} of 24 lost anything: the trial proves nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bit_that_flipped_anywhere() {
    for export in [true, false] {
        let folder = filled(export).await;
        let size = fs::metadata(folder.path().join("data/db")).unwrap().len();
        let mut seen = 0;
        for part in 0..32 {
            let at = (size * part / 32 + part * 37) as usize;
            let name = format!("a bit at {at} of {size}");
            let how = opens(folder.path(), &name, |data| {
                let mut bytes = fs::read(data.join("db")).unwrap();
                bytes[at] ^= 1 << (part % 8);
                fs::write(data.join("db"), bytes).unwrap();
            });
            seen += usize::from(how.await != Opened::Whole);
        }
        assert!(seen > 0, "no flip was noticed: the trial proves nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_folder_is_restored_from_the_newest_export_that_is_whole() {
    let folder = filled(true).await;
    let data = folder.path().join("data");
    fs::write(exports_of(&data).join("20260902T000000Z.depeche"), b"not an export").unwrap();
    fs::remove_dir_all(&data).unwrap();
    fs::create_dir(&data).unwrap();
    let (store, how) = Store::open_telling(&data).await.unwrap();
    let Opened::Restored { from, seq: 25, lost: 0, .. } = how else { panic!("{how}") };
    assert!(from.ends_with("20260901T000000Z.depeche"));
    drop(store);
    // Somebody who imports means what they say.
    fs::remove_dir_all(&data).unwrap();
    let store = Store::open_for_import(&data).await.unwrap();
    assert_eq!(store.import(&from).await.unwrap().articles, 25);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_a_newer_version_wrote_is_refused_and_left_alone() {
    let folder = filled(true).await;
    let data = folder.path().join("data");
    {
        let db = sled::open(&data).unwrap();
        let log = db.open_tree("log").unwrap();
        log.insert(ARTICLES.to_be_bytes(), &[2, 0, 0]).unwrap();
        db.flush().unwrap();
    }
    let error = Store::open(&data).await.err().unwrap().to_string();
    assert!(error.contains("a newer version of depeche wrote it"), "{error}");
    let there: Vec<_> = of_name(folder.path(), "data.").into_iter().collect();
    assert!(there.is_empty() && data.join("db").exists(), "{there:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_that_was_cut_short_is_finished_or_undone() {
    let folder = filled(false).await;
    let of = |name: &str| folder.path().join(name);
    let data = of("data");
    let whole = async |name: &str| {
        let (store, how) = Store::open_telling(&data).await.unwrap();
        assert_eq!((how, store.head().await.unwrap().seq), (Opened::Whole, ARTICLES), "{name}");
        drop(store);
        for rest in ["data.depeche-building", "data.depeche-fresh", "data.depeche-old"] {
            assert!(!of(rest).exists(), "{name}: {rest}");
        }
    };
    fs::create_dir(of("data.depeche-building")).unwrap();
    fs::write(of("data.depeche-building/db"), b"half").unwrap();
    whole("while it was built").await;
    copy(&data, &of("data.depeche-fresh"));
    whole("before the old one went").await;
    fs::rename(&data, of("data.depeche-old")).unwrap();
    copy(&of("data.depeche-old"), &of("data.depeche-fresh"));
    whole("between the two renames").await;
    copy(&data, &of("data.depeche-old"));
    whole("before the old one was removed").await;
    fs::rename(&data, of("data.depeche-old")).unwrap();
    whole("with nothing but the old one").await;
    // What a person put out of the way is not ours.
    copy(&data, &of("data.old"));
    whole("beside a person's own copy").await;
    assert!(of("data.old").exists());
}
