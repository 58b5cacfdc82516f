//! The commands as an admin types them: the binary itself, its exit codes, its words, and the daemon behind the socket.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use depeche::demo::{self, Replay};
use tempfile::{TempDir, tempdir};
use tokio::net::TcpListener;

pub fn depeche(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_depeche")).current_dir(folder).args(arguments).output().unwrap()
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn run(folder: &Path, arguments: &[&str]) -> Output {
    let (folder, arguments): (_, Vec<String>) =
        (folder.to_owned(), arguments.iter().map(|a| (*a).to_owned()).collect());
    tokio::task::spawn_blocking(move || depeche(&folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>()))
        .await
        .unwrap()
}

/// The Kenya office on a loopback address, and a configuration of it.
pub async fn office() -> (TempDir, Replay) {
    let replay = Replay::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for fixture in demo::fixtures().unwrap().iter().filter(|f| f.name.starts_with("kenya/")) {
        let own = format!("http://127.0.0.1:{port}");
        let local = |text: &str| text.replace("http://kenya.example", &own).replace("https://kenya.example", &own);
        let headers: Vec<_> = fixture.headers.iter().map(|(k, v)| (k.clone(), local(v))).collect();
        for url in std::iter::once(&fixture.url).chain(&fixture.also) {
            let mut at = url.clone();
            at.set_host(Some("127.0.0.1")).unwrap();
            let body = local(&String::from_utf8_lossy(fixture.body));
            replay.answer(at.as_str(), fixture.status, &headers, body.into_bytes());
        }
    }
    tokio::spawn(demo::serve(listener, replay.clone()));
    let folder = tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let shipped = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml")).unwrap();
    let profiles = &shipped[shipped.find("[[profile]]").unwrap()..shipped.find("# --- Themes").unwrap()];
    let config = format!(
        "[server]\nlisten = \"{free}\"\n[crawl]\nallow_private_networks = true\nper_host_delay = \"0ms\"\n{profiles}\n[[source]]\nid = \"kenya\"\nname = \"Kenya\"\nurl = \"http://127.0.0.1:{port}/news\"\ncountry = \"KEN\"\nprofile = \"iom-drupal\"\n"
    );
    fs::write(folder.path().join("config.toml"), config).unwrap();
    (folder, replay)
}

#[test]
fn init_check_and_wrong_use() {
    let folder = tempdir().unwrap();
    for arguments in [&["init"][..], &["init", "--blank", "--config", "blank.toml"]] {
        assert_eq!(depeche(folder.path(), arguments).status.code(), Some(0));
    }
    assert_eq!(depeche(folder.path(), &["init"]).status.code(), Some(2), "it never writes over a file");
    let fine = depeche(folder.path(), &["check"]);
    assert!(fine.status.code() == Some(0) && said(&fine).contains("fine"), "{}", said(&fine));
    assert_eq!(depeche(folder.path(), &["check", "--config", "blank.toml"]).status.code(), Some(0));
    fs::write(folder.path().join("bad.toml"), "[crawl]\nevry = \"5m\"\n[[source]]\nid = \"a\"\nurl = \"ftp://x\"\n")
        .unwrap();
    let bad = depeche(folder.path(), &["check", "--config", "bad.toml"]);
    assert_eq!(bad.status.code(), Some(2));
    assert!(
        said(&bad).contains("bad.toml:2:1") && said(&bad).contains("every") && said(&bad).contains("bad.toml:5:7"),
        "{}",
        said(&bad)
    );
    for wrong in [
        &["crawl", "--source", "nobody"][..],
        &["feed", "land=HTI"],
        &["withdraw", "nothing"],
        &["preview", "nobody"],
        &["nonsense"],
    ] {
        let output = depeche(folder.path(), wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", said(&output));
    }
}

#[test]
fn markup_that_the_parser_puts_right_is_no_warning() {
    let folder = tempdir().unwrap();
    let text = "<p>Teams reached 1,204 families in the hills, where wells had been dry for three years.</p>";
    let page = format!("<html><body><h1>Wells in the hills</h1>{text}<table><p>x</table><frameset>");
    fs::write(folder.path().join("page.html"), page).unwrap();
    let output = depeche(folder.path(), &["extract", "page.html", "--url", "https://office.example/a"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_days_work_of_an_admin() {
    let (folder, _replay) = office().await;
    let folder = folder.path();
    let preview = run(folder, &["preview", "kenya"]).await;
    assert_eq!(preview.status.code(), Some(0), "{}", said(&preview));
    for words in ["listing.container", "candidates         11", "article.body", "read by", "published", "countries"] {
        assert!(said(&preview).contains(words), "{words}: {}", said(&preview));
    }
    assert!(!folder.join("data").exists(), "a preview stores nothing");

    let crawl = run(folder, &["crawl", "--json"]).await;
    assert_eq!(crawl.status.code(), Some(0), "{}", said(&crawl));
    let table: serde_json::Value = serde_json::from_slice(&crawl.stdout).unwrap();
    assert_eq!(table["sources"][0]["stored"], 9);
    let sources = run(folder, &["sources", "--json"]).await;
    let sources: serde_json::Value = serde_json::from_slice(&sources.stdout).unwrap();
    assert_eq!(
        (sources["sources"][0]["state"].as_str(), sources["sources"][0]["stored"].as_u64()),
        (Some("ok"), Some(9))
    );
    let feed = run(folder, &["feed", "source=kenya&limit=200", "--format", "json"]).await;
    let items: serde_json::Value = serde_json::from_slice(&feed.stdout).unwrap();
    let url = items["items"][0]["url"].as_str().unwrap().to_owned();

    let export = run(folder, &["export", "all.depeche"]).await;
    assert_eq!(export.status.code(), Some(0), "{}", said(&export));
    let refused = run(folder, &["import", "all.depeche"]).await;
    assert!(refused.status.code() == Some(1) && said(&refused).contains("already"), "{}", said(&refused));
    fs::rename(folder.join("data"), folder.join("old")).unwrap();
    let import = run(folder, &["import", "all.depeche"]).await;
    assert_eq!(import.status.code(), Some(0), "{}", said(&import));
    assert_eq!(
        run(folder, &["feed", "source=kenya&limit=200", "--format", "json"]).await.stdout,
        feed.stdout,
        "a restore gives the same bytes"
    );

    // Other rules: shown, then applied to what is stored, then nothing is left to do.
    let config = fs::read_to_string(folder.join("config.toml")).unwrap();
    let changed = config.replacen("article.remove = [", "article.remove = [\"p:nth-of-type(2)\", ", 1);
    fs::write(folder.join("config.toml"), changed).unwrap();
    let dry = run(folder, &["reprocess", "--dry-run"]).await;
    assert!(dry.status.code() == Some(0) && said(&dry).contains("would change"), "{}", said(&dry));
    assert_eq!(run(folder, &["feed", "source=kenya&limit=200", "--format", "json"]).await.stdout, feed.stdout);
    let done = run(folder, &["reprocess", "--source", "kenya"]).await;
    assert!(done.status.code() == Some(0) && said(&done).contains("of 9 articles changed"), "{}", said(&done));
    assert!(said(&done).contains(" characters: …"), "{}", said(&done));
    let again = run(folder, &["reprocess"]).await;
    assert!(said(&again).contains("0 of 9 articles changed, 9 stay"), "{}", said(&again));
    assert_eq!(run(folder, &["reprocess", "--source", "nobody"]).await.status.code(), Some(2));

    let withdraw = run(folder, &["withdraw", &url]).await;
    assert!(withdraw.status.code() == Some(0) && said(&withdraw).contains(&url), "{}", said(&withdraw));
    let feed = run(folder, &["feed", "limit=200"]).await;
    assert!(!said(&feed).contains(&url));
    let verify = run(folder, &["verify"]).await;
    assert!(verify.status.code() == Some(0) && said(&verify).contains("the store is whole"), "{}", said(&verify));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposed_profile_is_pasted_and_crawls() {
    let (folder, _replay) = office().await;
    let folder = folder.path();
    let config = fs::read_to_string(folder.join("config.toml")).unwrap();
    let listing = config.split("url = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let preview = run(folder, &["preview", "kenya", "--json"]).await;
    let shown: serde_json::Value = serde_json::from_slice(&preview.stdout).unwrap();
    let url = |n: usize| shown["first candidates"][n]["url"].as_str().unwrap().to_owned();
    let few = run(folder, &["profile", &listing, &url(0)]).await;
    assert_eq!(few.status.code(), Some(2), "{}", said(&few));
    let proposed = run(folder, &["profile", &listing, &url(0), &url(1), "--name", "mine"]).await;
    assert_eq!(proposed.status.code(), Some(0), "{}", said(&proposed));
    let text = String::from_utf8(proposed.stdout).unwrap();
    assert!(text.starts_with("# 11 cards on the listing, 11 articles, 11 with a date."), "{text}");
    let head = &config[..config.find("[[profile]]").unwrap()];
    fs::write(folder.join("config.toml"), format!("{head}\n{text}")).unwrap();
    let crawl = run(folder, &["crawl", "--json"]).await;
    assert_eq!(crawl.status.code(), Some(0), "{}", said(&crawl));
    let table: serde_json::Value = serde_json::from_slice(&crawl.stdout).unwrap();
    assert_eq!(
        (table["sources"][0]["source"].as_str(), table["sources"][0]["stored"].as_u64()),
        (Some("mine"), Some(9))
    );
    let sources = run(folder, &["sources", "--json"]).await;
    let sources: serde_json::Value = serde_json::from_slice(&sources.stdout).unwrap();
    assert_eq!(sources["sources"][0]["by"], "profile", "{sources}");
}

/// A pipe that nobody reads.
fn unread() -> Stdio {
    std::io::pipe().unwrap().1.into()
}

/// A disk that is full.
fn full() -> Stdio {
    fs::OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_leaves_early_is_no_trouble_and_a_lost_answer_is() {
    let (folder, _replay) = office().await;
    let folder = folder.path();
    assert_eq!(run(folder, &["crawl"]).await.status.code(), Some(0));
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/kenya");
    let page =
        fs::read_dir(page).unwrap().map(|e| e.unwrap().path()).find(|p| p.extension().is_some_and(|e| e == "html"));
    let page = page.unwrap().to_str().unwrap().to_owned();
    let lines =
        format!("{}\n", serde_json::json!({"id": 1, "path": page, "url": "https://kenya.example/x"})).repeat(50);
    fs::write(folder.join("lines"), lines).unwrap();
    let said_by = async |arguments: &[&str], out: Stdio, err: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_depeche"));
        command.current_dir(folder).args(arguments).stdin(fs::File::open(folder.join("lines")).unwrap());
        command.stdout(out).stderr(err);
        tokio::task::spawn_blocking(move || command.spawn().unwrap().wait_with_output().unwrap()).await.unwrap()
    };
    for arguments in [
        &["check"][..],
        &["crawl"],
        &["crawl", "--json"],
        &["sources"],
        &["sources", "--json"],
        &["verify"],
        &["feed", "country=KEN"],
        &["export", "-"],
        &["extract", &page, "--url", "https://kenya.example/x"],
        &["extract", "--jsonl"],
        &["preview", "kenya"],
        &["reprocess"],
    ] {
        let left = said_by(arguments, unread(), Stdio::piped()).await;
        assert!(left.status.code() == Some(0) && !said(&left).contains("unable"), "{arguments:?}: {}", said(&left));
        assert_eq!(said_by(arguments, unread(), unread()).await.status.code(), Some(0), "{arguments:?}");
        let lost = said_by(arguments, full(), Stdio::piped()).await;
        assert!(lost.status.code() == Some(1), "{arguments:?}: {}", said(&lost));
        assert!(
            said(&lost).contains("unable to write to standard output: No space left"),
            "{arguments:?}: {}",
            said(&lost)
        );
    }
    // A code that tells of failure is told all the same.
    assert_eq!(said_by(&["feed", "land=KEN"], unread(), unread()).await.status.code(), Some(2));
    fs::write(folder.join("lines"), "no JSON\n").unwrap();
    assert_eq!(said_by(&["enrich", "--jsonl"], Stdio::piped(), unread()).await.status.code(), Some(1));
}

pub struct Daemon(pub Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_ask_the_daemon_that_holds_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, replay) = office().await;
    let folder = folder.path();
    let start = || {
        let child = Command::new(env!("CARGO_BIN_EXE_depeche"))
            .current_dir(folder)
            .args(["run"])
            .env("DEPECHE_LOG", "debug")
            .stdout(Stdio::null())
            // Whatever read its log is gone.
            .stderr(unread())
            .spawn();
        Daemon(child.unwrap())
    };
    let mut daemon = start();
    let socket = folder.join("data/desk.sock");
    let up = async || {
        for _ in 0..500 {
            if socket.exists() && said(&run(folder, &["sources", "--json"]).await).contains("\"stored\":9") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the daemon stored nothing: {}", said(&run(folder, &["sources"]).await));
    };
    up().await;
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let crawl = run(folder, &["crawl"]).await;
    assert!(crawl.status.code() == Some(0) && said(&crawl).contains("kenya"), "{}", said(&crawl));
    let verify = run(folder, &["verify", "--json"]).await;
    assert!(said(&verify).contains("\"articles\":9"), "{}", said(&verify));
    let feed = run(folder, &["feed", "country=KEN"]).await;
    assert!(said(&feed).contains("<feed"));
    let reprocess = run(folder, &["reprocess", "--json"]).await;
    let report: serde_json::Value = serde_json::from_slice(&reprocess.stdout).unwrap();
    assert_eq!((report["unchanged"].as_u64(), report["without_page"].as_u64()), (Some(9), Some(0)), "{report}");
    let wrong = run(folder, &["feed", "land=KEN"]).await;
    assert!(wrong.status.code() == Some(2) && said(&wrong).contains("country"), "{}", said(&wrong));
    let export = run(folder, &["export"]).await;
    assert_eq!(export.status.code(), Some(0), "{}", said(&export));
    assert_eq!(fs::read_dir(folder.join("data-exports")).unwrap().count(), 1);
    let import = run(folder, &["import", "all"]).await;
    assert!(
        import.status.code() == Some(1) && said(&import).contains("process"),
        "what must be offline names the holder: {}",
        said(&import)
    );
    let failed = {
        replay.answer("http://127.0.0.1/news", 500, &[], b"oops".to_vec());
        run(folder, &["crawl", "--json"]).await
    };
    assert!(failed.status.code() == Some(1) && said(&failed).contains("answers 500"), "{}", said(&failed));

    // kill -9, and on: the socket that it left does not stand in the way.
    daemon.0.kill().unwrap();
    daemon.0.wait().unwrap();
    assert!(socket.exists());
    assert!(said(&run(folder, &["verify"]).await).contains("the store is whole"));
    daemon = start();
    up().await;
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_that_cannot_be_reached_fail_with_a_reason_and_end_soon() {
    let folder = tempdir().unwrap();
    let mut config = "[crawl]\nallow_private_networks = true\n".to_owned();
    for n in 0..300 {
        // Loopback addresses where nobody listens: each is a host of its own.
        config.push_str(&format!(
            "[[source]]\nid = \"s{n}\"\nurl = \"http://127.9.{}.{}:9/news\"\n",
            n / 200,
            n % 200 + 1
        ));
    }
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let crawl = run(folder.path(), &["crawl", "--json"]).await;
    assert_eq!(crawl.status.code(), Some(1));
    let table: serde_json::Value = serde_json::from_slice(&crawl.stdout).unwrap();
    let rows = table["sources"].as_array().unwrap();
    assert_eq!(rows.len(), 300);
    assert!(rows.iter().all(|row| row["error"].as_str().is_some_and(|e| e.contains("unable to"))), "{}", rows[0]);
}
