//! What a store needs over the years: room on its disk, exports, and the way back from one.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use depeche::config::{StorePlace, Upkeep};
use depeche::daemon::upkeep::export_if_due;
use depeche::daemon::{self, Role};
use depeche::pipeline::{Line, Recheck};
use depeche::store::{ChangeKind, Floor, Opened, PageMemory, SourceState, Store, exports_of};
use jiff::SignedDuration;
use tempfile::tempdir;

use crate::house::{House, noon};
use crate::serving::Server;
use crate::store::{article, put};

const MIB: u64 = 1 << 20;

/// A floor of 200 MiB, and what sets how much is free above it.
fn floor() -> (Floor, Arc<AtomicU64>) {
    let free = Arc::new(AtomicU64::new(1000 * MIB));
    let asked = Arc::clone(&free);
    (Floor::of(Path::new("here"), 200 * MIB, move |_| Ok(asked.load(Ordering::SeqCst))), free)
}

#[tokio::test(flavor = "multi_thread")]
async fn below_the_floor_nothing_goes_in_but_withdrawals_and_it_recovers_by_itself() {
    let folder = tempdir().unwrap();
    let (floor, free) = floor();
    let store = Store::open(&folder.path().join("data")).await.unwrap().with_floor(floor);
    put(&store, article(1), ChangeKind::Created).await;
    let source = article(1).source;
    free.store(199 * MIB, Ordering::SeqCst);
    let refused = [
        store.alias("https://haiti.example/x", article(1).id).await,
        store.save_page("https://haiti.example/x", PageMemory::default()).await,
        store.save_source(&source, SourceState::default()).await,
        store.save_hosts(Vec::new(), noon()).await,
        store.lease(&source, uuid::Uuid::nil(), noon(), noon()).await.map(|_| ()),
    ];
    for error in refused.into_iter().map(|done| done.unwrap_err().to_string()) {
        assert!(
            ["here", "199 MiB are free", "store.floor is 200 MiB"].iter().all(|part| error.contains(part)),
            "{error}"
        );
    }
    let head = store.head().await.unwrap();
    let unput = crate::store::put_of(&store, article(2), ChangeKind::Created).await;
    assert!(store.put(unput).await.is_err());
    assert_eq!(store.head().await.unwrap(), head, "nothing of it is written");
    store.block("https://haiti.example/x", noon()).await.unwrap();
    put(&store, article(1), ChangeKind::Withdrawn).await;
    // A little more than the floor is no room yet, or it would come and go with each article.
    for (mib, read_only) in [(201, true), (219, true), (221, false), (201, false), (199, true), (500, false)] {
        free.store(mib * MIB, Ordering::SeqCst);
        assert_eq!(store.space().unwrap().read_only, read_only, "{mib} MiB");
    }
    put(&store, article(2), ChangeKind::Created).await;
}

#[test]
fn the_real_disk_says_how_much_is_free() {
    let folder = tempdir().unwrap();
    for (least, is_low) in [(0, false), (1, false), (u64::MAX, true)] {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let store = runtime.block_on(Store::open(&folder.path().join(least.to_string()))).unwrap();
        let store = store.with_floor(Floor::new(folder.path(), least));
        assert_eq!(store.room().is_err(), is_low, "{least}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn below_the_floor_no_site_is_asked_and_everything_is_served() {
    let (floor, free) = floor();
    let server = Server::with(&["kenya"], |house| house.floor = Some(floor)).await;
    let (line, house) = (&server.line, &server.house);
    let feed = server.get("/feed.atom", &[]).await.text().await.unwrap();
    free.store(10 * MIB, Ordering::SeqCst);
    house.replay.take_asked();
    let source = &house.config.sources[0];
    let error = line.check(source, Recheck::All, &house.config.crawl).await.unwrap_err().to_string();
    assert!(error.contains("10 MiB are free"), "{error}");
    // The daemon's own crawl, of which every source is due.
    let crawling = Line { stop: tokio_util::sync::CancellationToken::new(), ..line.clone() };
    tokio::spawn(daemon::run(Arc::clone(&house.config), crawling.clone(), daemon::Plan::new(Role::Crawl, None)));
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(house.replay.take_asked(), Vec::new());
    assert_eq!(server.get("/feed.atom", &[]).await.text().await.unwrap(), feed);
    let ready = server.json("/health/ready").await;
    assert_eq!((ready["store"]["read_only"].as_bool(), ready["store"]["free"].as_u64()), (Some(true), Some(10 * MIB)));
    let metrics = server.get("/metrics", &[]).await.text().await.unwrap();
    assert!(metrics.contains("depeche_store_read_only 1"), "{metrics}");
    // An admin can still take something down.
    let article = line.store.scan(None, 1).await.unwrap().remove(0);
    line.withdraw(&article.url.parse().unwrap(), true, &house.config.sources).await.unwrap();
    assert!(line.store.withdrawn(article.id).await.unwrap().is_some());
    // With room again it crawls by itself.
    free.store(1000 * MIB, Ordering::SeqCst);
    while house.replay.take_asked().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.json("/health/ready").await["store"]["read_only"], false);
    crawling.stop.cancel();
    line.stop.cancel();
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(exports_of(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_are_made_when_due_and_the_newest_are_kept() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let (floor, free) = floor();
    let store = Store::open(&data).await.unwrap().with_floor(floor.clone());
    let upkeep = Upkeep { floor: 0, export_every: Some(Duration::from_secs(86_400)), keep_exports: 3 };
    let at = |hours: i64| noon() + SignedDuration::from_hours(hours);
    assert_eq!(export_if_due(&store, &data, &upkeep, at(0)).await.unwrap(), None, "there is nothing yet");
    put(&store, article(1), ChangeKind::Created).await;
    let off = Upkeep { export_every: None, ..upkeep.clone() };
    assert_eq!(export_if_due(&store, &data, &off, at(0)).await.unwrap(), None);
    // By hand, under a name of somebody's own: it is neither counted nor removed.
    store.export(&exports_of(&data).join("before-the-move.depeche")).await.unwrap();
    let due = async |store: &Store, hours| export_if_due(store, &data, &upkeep, at(hours)).await.unwrap().is_some();
    assert!(due(&store, 0).await);
    assert!(!due(&store, 23).await);
    drop(store);
    // The newest name tells when, so that a restart neither forgets nor repeats one.
    let store = Store::open(&data).await.unwrap().with_floor(floor);
    assert!(!due(&store, 23).await);
    for day in 1..5 {
        assert!(due(&store, 24 * day).await);
        assert!(!due(&store, 24 * day).await);
    }
    let kept = ["20261122T120000Z.depeche", "20261123T120000Z.depeche", "20261124T120000Z.depeche"];
    assert_eq!(names(&data), [&kept[..], &["before-the-move.depeche"]].concat());
    // One that cannot be made is said, and takes none of the others with it; a clock that was wrong once stops nothing.
    free.store(0, Ordering::SeqCst);
    assert!(export_if_due(&store, &data, &upkeep, at(24 * 5)).await.is_err());
    assert_eq!(names(&data).len(), 4);
    free.store(1000 * MIB, Ordering::SeqCst);
    fs::copy(exports_of(&data).join(kept[0]), exports_of(&data).join("20990101T000000Z.depeche")).unwrap();
    assert!(due(&store, 24 * 5).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_fails_leaves_nothing_half() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let store = Store::open(&data).await.unwrap();
    put(&store, article(1), ChangeKind::Created).await;
    // A file where the folder belongs.
    fs::write(exports_of(&data), b"in the way").unwrap();
    let upkeep = Upkeep { floor: 0, export_every: Some(Duration::from_secs(60)), keep_exports: 1 };
    let error = export_if_due(&store, &data, &upkeep, noon()).await.unwrap_err().to_string();
    assert!(error.contains("unable to write the export"), "{error}");
}

/// The whole way: a daemon's export, a store restored from it, readers who are told to begin anew.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_daemon_exported_is_restored_and_readers_begin_anew() {
    let first = Server::with(&["haiti-fr", "kenya"], |house| {
        Arc::make_mut(&mut house.config).upkeep.export_every = Some(Duration::from_secs(86_400));
    })
    .await;
    let cursor = first.json("/api/v1/changes?limit=1000").await["next"].as_str().unwrap().to_owned();
    let StorePlace::Sled(data) = &first.house.config.store;
    // The daemon exports at once where there is no export yet.
    while !exports_of(data).exists() || !names(data).iter().any(|name| name.ends_with(".depeche")) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let export = exports_of(data).join(&names(data)[0]);
    let folder = tempdir().unwrap();
    let restored = folder.path().join("restored");
    {
        let store = Store::open(&restored).await.unwrap();
        store.import(&export).await.unwrap();
        assert_eq!(store.verify().await.unwrap().problems, Vec::<String>::new());
    }
    assert_eq!(Store::open_telling(&restored).await.unwrap().1, Opened::Whole);
    let second = Server::with(&[], |house: &mut House| {
        Arc::make_mut(&mut house.config).store = StorePlace::Sled(restored.clone());
    })
    .await;
    let changes = second.json(&format!("/api/v1/changes?since={cursor}&limit=1000")).await;
    assert_eq!((changes["reset"].as_bool(), changes["changes"][0]["seq"].as_u64()), (Some(true), Some(1)));
    let next = changes["next"].as_str().unwrap();
    assert_ne!(next.split('-').next(), cursor.split('-').next(), "another epoch");
    assert!(second.json(&format!("/api/v1/changes?since={next}")).await.get("reset").is_none());
    let served = async |server: &Server| server.json("/api/v1/articles?limit=200&body=full").await["data"].clone();
    assert_eq!(served(&first).await, served(&second).await);
    first.line.stop.cancel();
    second.line.stop.cancel();
}
