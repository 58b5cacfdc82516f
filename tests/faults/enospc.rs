//! Fills a small disk to its last byte under a store, several times, each time by a process of its own that is then started
//! again with room: `tests/enospc` mounts the disk and runs this. It says what was acknowledged and ends at what was lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, dead_code, missing_docs)]

#[path = "../it/articles.rs"]
mod articles;
#[path = "../it/full/filling.rs"]
mod filling;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use depeche::store::{ChangeKind, Opened, Store, exports_of};

use articles::{large, put};

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["fill", data, from] => filling::fill(data.as_ref(), from.parse().unwrap()).await,
        ["trials", disk, trials] => run(disk.as_ref(), trials.parse().unwrap()).await,
        _ => panic!("enospc trials DISK NUMBER"),
    }
}

async fn run(disk: &Path, trials: u64) {
    let (data, ballast) = (disk.join("data"), disk.join("ballast"));
    let mut all: Vec<u64> = Vec::new();
    for trial in 0..trials {
        // Something else takes more or less of the disk, so that the store meets its end at different steps.
        fs::write(&ballast, vec![1; (4 << 20) + (trial as usize) * 37_117]).unwrap();
        let told = fill(&data, trial * 100_000).await;
        assert!(told.closed, "it hangs: {told:?}");
        assert!(told.again.iter().all(|said| *said == told.refused), "{told:?}");
        assert_eq!(told.read.1, 0, "{told:?}");
        println!(
            "trial {trial}: {} acknowledged, {} of them still read; then: {}",
            told.acknowledged.len(),
            told.read.0,
            told.refused
        );
        all.extend(told.acknowledged);

        // Started again while the disk is still full: it opens or says why not, and writes nothing more in either case.
        let again = fill(&data, trial * 100_000 + 50_000).await;
        assert!(again.unopened.is_some() || again.closed, "it hangs: {again:?}");
        let why = again.unopened.unwrap_or_else(|| again.refused.clone());
        println!("  started again, full: {} acknowledged, then: {why}", again.acknowledged.len());
        all.extend(again.acknowledged);
        assert_eq!(beside(disk), ["ballast", "data"], "something was left by the side");

        fs::remove_file(&ballast).unwrap();
        whole(&data, &all, "  with room").await;
        if fs::metadata(data.join("db")).unwrap().len() > 8 << 20 {
            fs::remove_dir_all(&data).unwrap();
            all.clear();
        }
    }
    fs::remove_dir_all(&data).ok();
    without_room_for_a_copy(disk).await;
    println!("{trials} times full, nothing acknowledged was lost");
}

async fn fill(data: &Path, from: u64) -> filling::Told {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("fill").arg(data).arg(from.to_string());
    tokio::task::spawn_blocking(|| filling::listen(command)).await.unwrap()
}

async fn whole(data: &Path, all: &[u64], when: &str) {
    let (store, how) = Store::open_telling(data).await.unwrap();
    assert!(matches!(how, Opened::Whole | Opened::WithoutSnapshots), "{how}");
    assert_eq!(store.verify().await.unwrap().problems, Vec::<String>::new());
    for n in all {
        assert_eq!(store.article(large(*n).id).await.unwrap(), Some(large(*n)), "acknowledged and lost");
    }
    println!("{when}: {how}; all {} are there", all.len());
    // An export that does not fit leaves nothing half.
    let filler = data.with_file_name("ballast");
    let free = rustix::fs::statvfs(data).unwrap();
    fs::write(&filler, vec![1; (free.f_bavail * free.f_frsize) as usize - (64 << 10)]).unwrap();
    let path = exports_of(data).join("20260901T000000Z.depeche");
    let done = store.export(&path).await;
    assert!(done.is_ok() == path.exists() && !path.with_extension("part").exists(), "{done:?}");
    println!("  an export: {}", done.map_or_else(|error| error.to_string(), |_| "fits".to_owned()));
    fs::remove_dir_all(exports_of(data)).ok();
    fs::remove_file(filler).unwrap();
}

/// A damaged store, and a disk without room for the copy that comes before anything is tried on it.
async fn without_room_for_a_copy(disk: &Path) {
    let (data, ballast) = (disk.join("data"), disk.join("ballast"));
    let store = Store::open(&data).await.unwrap();
    for n in 0..60 {
        put(&store, large(n), ChangeKind::Created).await;
    }
    drop(store);
    let db = sled::Config::new().path(&data).open().unwrap();
    let log = db.open_tree("log").unwrap();
    log.remove(30u64.to_be_bytes()).unwrap().expect("a log of sixty entries");
    drop((log, db));
    let free = rustix::fs::statvfs(disk).unwrap();
    // Room enough for the engine to open, and too little for a copy.
    fs::write(&ballast, vec![1; (free.f_bavail * free.f_frsize) as usize - (1 << 20)]).unwrap();
    let told = fill(&data, 1_000).await;
    let error = told.unopened.expect("it needs a copy, and there is no room");
    assert!(error.contains("unable to keep a copy") && error.contains("no space left in"), "{error}");
    assert_eq!(beside(disk), ["ballast", "data"]);
    println!("damaged, full: {error}");
    fs::remove_file(&ballast).unwrap();
    let (store, how) = Store::open_telling(&data).await.unwrap();
    assert_eq!(store.verify().await.unwrap().problems, Vec::<String>::new(), "{how}");
    for n in 0..60 {
        assert_eq!(store.article(large(n).id).await.unwrap(), Some(large(n)), "{how}");
    }
    println!("damaged, with room: {how}");
}

fn beside(disk: &Path) -> Vec<String> {
    let entries = fs::read_dir(disk).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<PathBuf> = entries.filter(|path| !path.ends_with("data-exports")).collect();
    names.sort();
    names.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}
