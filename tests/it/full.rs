//! A disk that is full for real: a store without a floor writes until the system says no. It needs a small disk of its own,
//! which `tests/enospc` gives it.

use std::fs;
use std::panic::AssertUnwindSafe;
use std::path::Path;

use depeche::article::{Article, ArticleId};
use depeche::store::{ChangeKind, Opened, PutOutcome, Store, exports_of};

use crate::store::{article, put_of};

/// An article whose text does not compress well.
fn large(n: u64) -> Article {
    let mut state = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut word = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:x} ", state >> 20)
    };
    Article { text: (0..1_500).map(|_| word()).collect(), ..article(n) }
}

/// Puts until the disk is full; gives what was acknowledged.
async fn write_until_full(data: &Path, from: u64) -> (Vec<ArticleId>, String) {
    let store = Store::open(data).await.unwrap();
    let mut acknowledged = Vec::new();
    for n in from..from + 100_000 {
        let put = put_of(&store, large(n), ChangeKind::Created).await;
        match store.put(put).await {
            Ok(PutOutcome::Stored(_)) => acknowledged.push(large(n).id),
            Ok(other) => panic!("{other:?}"),
            Err(error) => {
                // Whatever was refused, reading goes on.
                let readable = acknowledged.iter().rev().take(20).filter(|_| true);
                for id in readable {
                    store.article(*id).await.ok();
                }
                let closing = AssertUnwindSafe(|| drop(store));
                std::panic::catch_unwind(closing).ok();
                return (acknowledged, error.to_string());
            }
        }
    }
    panic!("the disk was never full");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_tears_nothing_and_loses_nothing_acknowledged() {
    let Ok(disk) = std::env::var("DEPECHE_SMALL_DISK") else { return };
    let disk = Path::new(&disk);
    let (data, ballast) = (disk.join("data"), disk.join("ballast"));
    let mut all: Vec<ArticleId> = Vec::new();
    for trial in 0..8u64 {
        // Something else takes more or less of the disk, so that the store meets its end at different steps.
        fs::write(&ballast, vec![1; (4 << 20) + (trial as usize) * 37_117]).unwrap();
        let (acknowledged, error) = write_until_full(&data, trial * 100_000).await;
        all.extend(&acknowledged);
        // An export does not fit, either; it leaves nothing half.
        let full = Store::open(&data).await;
        eprintln!("trial {trial}: {} acknowledged, then: {error}", acknowledged.len());
        match full {
            Ok(store) => {
                let path = exports_of(&data).join("20260901T000000Z.depeche");
                let done = store.export(&path).await;
                assert!(done.is_ok() == path.exists() && !path.with_extension("part").exists(), "{done:?}");
                fs::remove_file(&path).ok();
                eprintln!("  full, it opens; export: {}", done.map_or_else(|e| e.to_string(), |_| "ok".into()));
            }
            Err(error) => eprintln!("  full, it does not open: {error}"),
        }
        fs::remove_file(&ballast).unwrap();
        let (store, how) = Store::open_telling(&data).await.unwrap();
        assert_eq!(how.lost(), 0, "{how}");
        eprintln!("  with room: {how}");
        assert!(matches!(how, Opened::Whole | Opened::WithoutSnapshots), "{how}");
        assert_eq!(store.verify().await.unwrap().problems, Vec::<String>::new());
        let kept = store.articles(all.clone()).await.unwrap();
        assert_eq!(kept.len(), all.len(), "acknowledged and lost");
        drop(store);
        if all.len() > 1_000 || fs::metadata(data.join("db")).unwrap().len() > 8 << 20 {
            fs::remove_dir_all(&data).unwrap();
            all.clear();
        }
    }
}
