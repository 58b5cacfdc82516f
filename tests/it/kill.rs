//! kill -9 in the middle of a crawl: everything acknowledged is there, and the store is whole.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use depeche::demo::{self, Replay};
use depeche::store::{ChangeKind, Opened, PutOutcome, Store, exports_of};
use tempfile::tempdir;
use tokio::net::TcpListener;

use crate::store::{article, put};

/// The child: crawls the offices into the folder it is told, and says each acknowledged change.
/// It runs only when the parent asks for it by the environment.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let (Ok(folder), Ok(offices)) = (std::env::var("DEPECHE_TEST_FOLDER"), std::env::var("DEPECHE_TEST_OFFICES"))
    else {
        return;
    };
    let fixtures = demo::fixtures().unwrap();
    let mut config = demo::config(folder.as_ref(), "127.0.0.1:0".parse().unwrap()).unwrap();
    config.crawl.per_host_delay = Duration::ZERO;
    let store = depeche::daemon::open_store(&config).await.unwrap();
    let line = depeche::daemon::line(
        &config,
        store.clone(),
        demo::hosts(&fixtures, offices.parse().unwrap()),
        depeche::clock::Clock::system(),
        Default::default(),
    )
    .await
    .unwrap();
    // The pulse: what the log shows to a reader is on disk, so the parent may count on it.
    tokio::spawn(async move {
        let mut after = 0;
        loop {
            for change in store.changes(after, 100).await.unwrap() {
                after = change.seq;
                eprintln!("acknowledged {} {}", change.seq, change.article_id);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    line.check_all(&config.sources, &config.crawl).await;
}

/// Makes every article again from what the kill left of the archive: each page that is there gives the article that is there.
async fn archived(folder: &std::path::Path, store: Store) -> (usize, usize) {
    let config = demo::config(folder, "127.0.0.1:0".parse().unwrap()).unwrap();
    let clock = depeche::clock::Clock::system();
    let line = depeche::daemon::line(&config, store, Default::default(), clock, Default::default()).await.unwrap();
    let wanted = depeche::pipeline::Wanted { dry_run: true, ..Default::default() };
    let report = line.reprocess(&config.sources, &wanted).await.unwrap();
    assert_eq!((report.changed, report.left.len()), (0, 0), "{report:?}");
    assert_eq!(line.archive.state().trouble, None);
    (report.looked_at, report.looked_at - report.without_page)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_in_twenty_kills_of_a_crawl() {
    let fixtures = demo::fixtures().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let replay = Replay::of(&fixtures);
    for fixture in fixtures.iter().filter(|f| f.url.path() == "/robots.txt") {
        replay.answer(fixture.url.as_str(), 404, &[], Vec::new());
    }
    tokio::spawn(demo::serve(listener, replay));
    let mut lost = 0;
    let mut seen = 0;
    let mut folder = tempdir().unwrap();
    for trial in 0..20u64 {
        // Every fifth trial begins on an empty store; the others go on with what the kill before left.
        if trial % 5 == 0 {
            folder = tempdir().unwrap();
        }
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["kill::child", "--exact", "--nocapture"])
            .env("DEPECHE_TEST_FOLDER", folder.path())
            .env("DEPECHE_TEST_OFFICES", address.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut acknowledged = Vec::new();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let enough = 3 + (trial % 5) * 9;
        for line in lines.map_while(Result::ok) {
            let mut words = line.split(' ');
            if words.next() == Some("acknowledged") {
                acknowledged.push((words.next().unwrap().parse::<u64>().unwrap(), words.next().unwrap().to_owned()));
            }
            if acknowledged.len() as u64 >= enough {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let store = Store::open(&folder.path().join("data")).await.unwrap();
        let report = store.verify().await.unwrap();
        assert_eq!(report.problems, Vec::<String>::new(), "trial {trial}");
        for (seq, id) in &acknowledged {
            let change = store.changes(seq - 1, 1).await.unwrap().pop();
            let kept = change.is_some_and(|c| c.seq == *seq && c.article_id.to_string() == *id);
            lost += usize::from(!kept);
        }
        seen += acknowledged.len();
        let (looked_at, from_page) = archived(folder.path(), store).await;
        assert!(looked_at >= acknowledged.len().min(3), "trial {trial}: {looked_at}");
        assert!(from_page * 10 >= looked_at * 8, "trial {trial}: {from_page} of {looked_at} articles have their page");
    }
    assert!(seen > 100, "the kills came too early to prove anything: {seen} acknowledged");
    assert_eq!(lost, 0, "of {seen} acknowledged");
}

/// The other child: puts article after article and says each that was acknowledged, exporting all the while.
/// It runs only when the parent asks for it by the environment.
#[tokio::test(flavor = "multi_thread")]
async fn writer() {
    let Ok(folder) = std::env::var("DEPECHE_TEST_STORE") else { return };
    let folder = std::path::PathBuf::from(folder);
    eprintln!("opening");
    let store = Store::open(&folder).await.unwrap();
    let exporter = store.clone();
    tokio::spawn(async move {
        loop {
            exporter.export(&exports_of(&folder).join("20260901T000000Z.depeche")).await.unwrap();
        }
    });
    loop {
        let n = store.head().await.unwrap().seq;
        if let PutOutcome::Stored(changes) = put(&store, article(n), ChangeKind::Created).await {
            eprintln!("acknowledged {}", changes[0].seq);
        }
    }
}

/// kill -9 of a store that is opened, written, and exported, with torn snapshots planted between: `DEPECHE_KILLS` cycles,
/// 100 where that is not set.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_survives_every_kill() {
    let cycles: u64 = std::env::var("DEPECHE_KILLS").map_or(100, |n| n.parse().unwrap());
    tracing_subscriber::fmt().with_env_filter("error").with_writer(std::io::stderr).try_init().ok();
    let (mut acknowledged, mut while_opening, mut without_snapshots) = (0u64, 0u64, 0u64);
    let mut folder = tempdir().unwrap();
    let mut least = 0;
    for cycle in 0..cycles {
        if cycle % 25 == 0 {
            (folder, least) = (tempdir().unwrap(), 0);
        }
        let data = folder.path().join("data");
        std::fs::create_dir_all(&data).unwrap();
        if cycle % 3 == 1 {
            let size = (cycle * 131 % 5_000) as usize;
            std::fs::write(data.join(format!("snap.{cycle:016X}.generating")), vec![0xA5; size]).unwrap();
        }
        if cycle % 10 == 7 {
            std::fs::write(data.join("snap.0000000000FFFFFF"), vec![0xA5; cycle as usize]).unwrap();
        }
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["kill::writer", "--exact", "--nocapture"])
            .env("DEPECHE_TEST_STORE", &data)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut last = 0u64;
        let mut read = |lines: &mut dyn Iterator<Item = String>, enough: u64| {
            let mut seen = 0;
            while seen < enough
                && let Some(line) = lines.next()
            {
                if let Some(seq) = line.strip_prefix("acknowledged ") {
                    last = seq.parse().unwrap();
                    seen += 1;
                }
                assert!(!line.contains("panicked"), "cycle {cycle}: {line}");
            }
        };
        // Every fourth dies while it opens, somewhere within the time that this takes; the others after some puts.
        if cycle % 4 == 3 {
            while lines.next().is_some_and(|line| line != "opening") {}
            std::thread::sleep(Duration::from_micros(cycle * 977 % 20_000));
        } else {
            read(&mut lines, 1 + cycle * 7 % 23);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        read(&mut lines, u64::MAX);
        while_opening += u64::from(last == 0);
        acknowledged += last.saturating_sub(least);
        least = least.max(last);

        let (store, how) = Store::open_telling(&data).await.unwrap();
        if how.lost() > 0 {
            panic!("cycle {cycle}: {how}; all of it stays in {}", folder.keep().display());
        }
        assert!(matches!(how, Opened::Whole | Opened::WithoutSnapshots), "cycle {cycle}: {how}");
        without_snapshots += u64::from(how == Opened::WithoutSnapshots);
        let head = store.head().await.unwrap().seq;
        assert!(head >= least, "cycle {cycle}: {least} was acknowledged, and the log ends at {head}");
        let report = store.verify().await.unwrap();
        assert_eq!((report.articles, report.problems), (head, Vec::<String>::new()), "cycle {cycle}");
        for n in 0..head {
            assert_eq!(store.article(article(n).id).await.unwrap(), Some(article(n)), "cycle {cycle}");
        }
        for export in std::fs::read_dir(exports_of(&data)).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if export.extension().is_some_and(|e| e == "depeche") {
                Store::memory().import(&export).await.unwrap();
            }
        }
    }
    eprintln!(
        "{cycles} kills: {acknowledged} changes acknowledged, none lost; {while_opening} died before their first put; {without_snapshots} opened without their snapshots"
    );
    assert!(acknowledged > cycles, "the kills came too early to prove anything: {acknowledged} acknowledged");
}
