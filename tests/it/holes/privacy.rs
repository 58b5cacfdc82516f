//! What is nobody's business: readers in logs, metrics and on disk; secrets in logs, errors and on any route.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{ask, request, routes, send};
use crate::commands::{Daemon, depeche, office, said};

const SECRET: &str = "hunter2-quokka";
/// A reader that is told from everybody else on this machine.
const READER: &str = "127.0.0.77";

fn files(folder: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.is_file() {
            into.push((path.display().to_string(), fs::read(&path).unwrap_or_default()));
        }
    }
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|part| part == word.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_and_secrets_stay_out_of_logs_metrics_and_files() {
    let (folder, _replay) = office().await;
    let config = folder.path().join("config.toml");
    let mut text = fs::read_to_string(&config).unwrap();
    let listen: SocketAddr = text.split('"').nth(1).unwrap().parse().unwrap();
    text.push_str(
        "\n[[webhook]]\nname = \"quokkahook\"\nurl = \"https://hooks.invalid/T0KEN\"\nsecret_env = \"OPS_SECRET\"\n",
    );
    fs::write(&config, text).unwrap();
    let log = folder.path().join("log.txt");
    let child = Command::new(env!("CARGO_BIN_EXE_depeche"))
        .current_dir(folder.path())
        .args(["run"])
        .env("DEPECHE_LOG", "debug,depeche=trace")
        .env("OPS_SECRET", SECRET)
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let daemon = Daemon(child);
    let mut id = None;
    for _ in 0..1_000 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        if tokio::net::TcpStream::connect(listen).await.is_ok() {
            let feed = ask(listen, "GET", "/feed.json", "").await.body;
            let feed: serde_json::Value = serde_json::from_str(&feed).unwrap_or_default();
            id = feed["items"][0]["_depeche"]["article_id"].as_str().map(str::to_owned);
            let ready = ask(listen, "GET", "/health/ready", "").await.body;
            let ready: serde_json::Value = serde_json::from_str(&ready).unwrap_or_default();
            if ready["words"]["ready"] == true
                && id.is_some()
                && fs::read_to_string(&log).unwrap().contains("round ended")
            {
                break;
            }
        }
    }
    let id = id.expect("an article is served");

    // A reader that says who it is in every way there is, on every route, well and badly.
    let who = "user-agent: quokkaagent\r\nx-forwarded-for: 203.0.113.77\r\nx-real-ip: 203.0.113.77\r\nforwarded: for=203.0.113.77\r\n\
               referer: https://quokkareferer.example/\r\ncookie: quokkacookie=1\r\nauthorization: Bearer quokkabearer\r\naccept-language: quokkalanguage\r\n";
    let words = [
        "quokkaagent",
        "203.0.113.77",
        "quokkareferer",
        "quokkacookie",
        "quokkabearer",
        "quokkalanguage",
        "quokkaquery",
        "quokkapath",
        READER,
    ];
    let secrets = [SECRET, "T0KEN", "quokkahook", "OPS_SECRET"];
    let place = folder.path().display().to_string();
    let mut targets = routes(&id);
    targets.extend(["/quokkapath", "/articles/quokkapath", "/api/v1/articles/quokkapath"].map(str::to_owned));
    for target in &targets {
        for target in [target.clone(), format!("{target}?q=quokkaquery"), format!("{target}?quokkaquery=1")] {
            for method in ["GET", "POST"] {
                let said = send(listen, READER, &request(method, &target, who)).await;
                assert!((200..500).contains(&said.status), "{target}: {}", said.status);
                for word in secrets.iter().copied().chain([place.as_str()]) {
                    assert!(
                        !said.head.contains(word) && !said.body.contains(word),
                        "{word} at {target}: {}",
                        said.body
                    );
                }
            }
        }
    }
    // Anybody may read the metrics, so they hold nothing that is anybody's: routes by their pattern, never by what was asked.
    let metrics = ask(listen, "GET", "/metrics", "").await.body;
    let patterns: Vec<String> = routes("{id}").into_iter().chain(["other".to_owned()]).collect();
    let routed: Vec<&str> = metrics.split("route=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(routed.len() > 20 && routed.iter().all(|route| patterns.iter().any(|p| p == route)), "{routed:?}");
    for word in words.iter().chain(&secrets) {
        assert!(!metrics.contains(word), "{word} in the metrics");
    }

    drop(daemon);
    let logged = fs::read_to_string(&log).unwrap();
    assert!(logged.contains("round ended") && logged.contains("DEBUG"), "the log says something: {logged}");
    for word in words.iter().chain(&[SECRET, "T0KEN"]) {
        let line = logged.lines().find(|line| line.contains(word));
        assert_eq!(line, None, "{word} is in the log");
    }
    let mut kept = Vec::new();
    files(folder.path(), &mut kept);
    assert!(kept.len() > 3);
    for (name, bytes) in kept.iter().filter(|(name, _)| !name.ends_with("config.toml")) {
        for word in words.iter().chain(&[SECRET, "T0KEN"]) {
            assert!(!holds(bytes, word), "{word} in {name}");
        }
    }
}

#[test]
fn a_mistake_never_repeats_a_password() {
    let (folder, source) = (tempfile::tempdir().unwrap(), "[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\n");
    for text in [
        "[store]\nurl = \"postgres://u:hunter2@db/x\"\n",
        "[store]\nurl = \"postgress://u:hunter2@db/x\"\n",
        "[store]\nurl = \"postgres:/u:hunter2@db/x\n",
        "[store]\nurl = postgres://u:hunter2@db/x\n",
        "[store]\nurl = \"sled:data\"\nurl = \"postgres://u:hunter2@db/x\"\n",
        "[server]\npublic_url = \"https://me:hunter2@feeds.example/\"\n",
        "[server]\npublic_url = \"https://:hunter2@feeds.example/\"\n",
        "[server]\npublic_url = \"https://me:hunter2@fe eds.example/\"\n",
        "[[source]]\nid = \"b\"\nurl = \"https://me:hunter2@b.example/\"\n",
        "[[source]]\nid = \"b\"\nurl = \"https://me:hunter2@b .example/\"\n",
        "[[webhook]]\nname = \"w\"\nurl = \"https://me:hunter2@hooks.example/\"\n",
        "[[webhook]]\nname = \"w\"\nurl = \"ftp://hooks.example/hunter2\"\n",
    ] {
        fs::write(folder.path().join("config.toml"), format!("{text}{source}")).unwrap();
        let output = depeche(folder.path(), &["check"]);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(!said(&output).is_empty() && !said(&output).contains("hunter2"), "{text}: {}", said(&output));
    }
}

#[test]
fn a_log_setting_that_cannot_be_meant_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (value, code) in [("debgu", 2), ("depeche=nonsense", 2), ("depeche::fetch=trace", 0), ("", 0)] {
        let output = Command::new(env!("CARGO_BIN_EXE_depeche"))
            .current_dir(folder.path())
            .env("DEPECHE_LOG", value)
            .args(["init", "--config", &format!("{code}{}.toml", value.len())])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{value:?}: {}", said(&output));
        assert!(code == 0 || said(&output).contains(value), "{value:?}: {}", said(&output));
    }
}
