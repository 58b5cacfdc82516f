//! A system that lets nothing more be written: nothing acknowledged is lost, nobody waits for ever, and it is said. A limit
//! on the size of files stands for the full disk here, which the engine meets at the same place; `tests/enospc` fills one.

mod filling;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::response::Html;
use depeche::store::{Opened, Store};
use tempfile::tempdir;
use tokio::net::TcpListener;

use crate::articles::large;
use crate::store::fill;

/// A command under which no file may grow beyond so many bytes. The signal that would end it is ignored, as a full disk
/// sends none.
fn limited(bytes: u64, program: &Path) -> Command {
    let mut command = Command::new("sh");
    let blocks = (bytes / 512).to_string();
    command.args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh", &blocks]).arg(program);
    command
}

/// The process that fills a store. It runs only when the test below asks for it by the environment.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    if let (Ok(data), Ok(from)) = (std::env::var("DEPECHE_TEST_FULL"), std::env::var("DEPECHE_TEST_FROM")) {
        filling::fill(data.as_ref(), from.parse().unwrap()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_system_does_not_write_is_refused_and_nothing_acknowledged_is_lost() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let (mut all, mut read) = (Vec::new(), 0);
    for trial in 0..8u64 {
        // Each goes on where the one before was stopped, with some more room, ending at another step.
        let size = fs::metadata(data.join("db")).map_or(0, |file| file.len());
        let mut command = limited(size + (1 << 20) + trial * 37_117, &std::env::current_exe().unwrap());
        command.args(["full::child", "--exact", "--nocapture"]);
        command.env("DEPECHE_TEST_FULL", &data).env("DEPECHE_TEST_FROM", (trial * 100_000).to_string());
        let told = tokio::task::spawn_blocking(|| filling::listen(command)).await.unwrap();
        assert!(told.unopened.is_none() && told.closed, "trial {trial}: {told:?}");
        for said in ["unable to write to the store", "may grow no further", "start again"] {
            assert!(told.refused.contains(said), "trial {trial}: {told:?}");
        }
        assert!(
            told.again.len() == 7 && told.again.iter().all(|said| *said == told.refused),
            "trial {trial}: {told:?}"
        );
        assert_eq!(told.read.1, 0, "trial {trial}: {told:?}");
        read += told.read.0;
        all.extend(told.acknowledged);

        let (store, how) = Store::open_telling(&data).await.unwrap();
        assert!(matches!(how, Opened::Whole | Opened::WithoutSnapshots), "trial {trial}: {how}");
        assert_eq!(store.verify().await.unwrap().problems, Vec::<String>::new(), "trial {trial}");
        for n in &all {
            assert_eq!(store.article(large(*n).id).await.unwrap(), Some(large(*n)), "trial {trial}");
        }
    }
    assert!(
        read * 3 > all.len(),
        "of {} acknowledged only {read} were still read by the processes that failed",
        all.len()
    );
    assert!(all.len() > 100, "the limit came too early to prove anything: {} acknowledged", all.len());
}

/// Nothing is given up where nothing can be written: no copy is left, no export is taken, no empty store begins.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_written_at_its_opening_stays_as_it_is() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    fill(&data, 200).await;
    for snapshots in [true, false] {
        if !snapshots {
            // Torn, so that the ladder has something to do.
            for entry in fs::read_dir(&data).unwrap().map(|entry| entry.unwrap()) {
                if entry.file_name().to_string_lossy().starts_with("snap.") {
                    fs::write(entry.path(), b"torn").unwrap();
                }
            }
        }
        let mut command = limited(512, &std::env::current_exe().unwrap());
        command.args(["full::child", "--exact", "--nocapture"]);
        command.env("DEPECHE_TEST_FULL", &data).env("DEPECHE_TEST_FROM", "1000");
        let told = tokio::task::spawn_blocking(|| filling::listen(command)).await.unwrap();
        let error = told.unopened.unwrap();
        assert!(error.contains("unable to open the store") && error.contains("stays as it is"), "{error}");
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["data"], "{error}");
    }
    let (store, how) = Store::open_telling(&data).await.unwrap();
    assert!(matches!(how, Opened::Whole | Opened::WithoutSnapshots), "{how}");
    assert_eq!(store.verify().await.unwrap().articles, 200);
}

/// An office of many long articles.
async fn office() -> u16 {
    async fn page(uri: Uri) -> (StatusCode, Html<String>) {
        let mut text = String::new();
        match uri.path().strip_prefix("/news/") {
            None if uri.path() == "/robots.txt" => return (StatusCode::NOT_FOUND, Html(text)),
            None => (0..200).for_each(|n| {
                write!(text, "<li><a href=\"/news/{n}\">Camp {n} Is Home to {} More Families</a></li>", n * 7 + 3)
                    .unwrap();
            }),
            Some(n) => {
                let n: u64 = n.parse().unwrap_or_default();
                write!(text, "<main><h1>Camp {n} Is Home to {} More Families</h1><article>", n * 7 + 3).unwrap();
                for part in large(n).text.as_bytes().chunks(200) {
                    let part = String::from_utf8_lossy(part);
                    write!(text, "<p>In the camp the teams met families, and the office counted {part} on Monday.</p>")
                        .unwrap();
                }
                text += "</article></main>";
            }
        }
        (StatusCode::OK, Html(format!("<html lang=en><title>News</title><body><ul>{text}</ul>")))
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(page)).await });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_and_a_crawl_whose_store_cannot_be_written_end_with_exit_code_1() {
    let port = office().await;
    for command in ["run", "crawl"] {
        let folder = tempdir().unwrap();
        let config = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nfloor = \"0B\"\n[archive]\nmax_size = \"0B\"\n[crawl]\nallow_private_networks = true\nper_host_delay = \"0s\"\n[[source]]\nid = \"kenya\"\nname = \"Kenya\"\nkind = \"html\"\nurl = \"http://127.0.0.1:{port}/news\"\ncountry = \"KEN\"\nlisting.item = \"li\"\n"
        );
        fs::write(folder.path().join("config.toml"), config).unwrap();
        let mut child = limited(2 << 20, env!("CARGO_BIN_EXE_depeche").as_ref());
        child.arg(command).current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{command}: {said}");
        assert!(said.contains("unable to write to the store: a file of it may grow no further"), "{command}: {said}");

        // Started again without the limit, everything that was stored is there and whole.
        let (store, how) = Store::open_telling(&folder.path().join("data")).await.unwrap();
        assert!(matches!(how, Opened::Whole | Opened::WithoutSnapshots), "{command}: {how}");
        let report = store.verify().await.unwrap();
        assert_eq!(report.problems, Vec::<String>::new(), "{command}");
        assert!(report.articles > 10, "{command}: {} articles", report.articles);
    }
}
