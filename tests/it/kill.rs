//! kill -9 in the middle of a crawl: everything acknowledged is there, and the store is whole.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use depeche::demo::{self, Replay};
use depeche::store::Store;
use tempfile::tempdir;
use tokio::net::TcpListener;

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
async fn nothing_acknowledged_is_lost_in_twenty_kills() {
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
