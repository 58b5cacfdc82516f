//! The real program as a daemon on a folder of its own, and a slow office on loopback that it watches.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Html;
use tempfile::{TempDir, tempdir};
use tokio::net::TcpListener;

/// `depeche run`, killed when dropped.
pub struct Running {
    pub folder: TempDir,
    pub url: String,
    pub client: reqwest::Client,
    child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Running {
    /// Starts it on this configuration, in a folder that `lay` prepares.
    pub async fn start(config: &str) -> Running {
        Running::laid(|folder| fs::write(folder.join("config.toml"), config).unwrap()).await
    }

    pub async fn laid(lay: impl FnOnce(&Path)) -> Running {
        let folder = tempdir().unwrap();
        lay(folder.path());
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_depeche"))
            .current_dir(folder.path())
            .arg("run")
            .env("DEPECHE_LOG", "debug")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        // Whichever test comes first: a second installation fails, and the first one serves.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut running = Running { folder, url: String::new(), client, child };
        running.until("it serves", async |r| r.log().contains("serves on")).await;
        let log = running.log();
        let rest = log.split("serves on ").nth(1).unwrap();
        running.url = rest.split_whitespace().next().unwrap().trim_end_matches('/').to_owned();
        running
            .until("it is ready", async |r| r.get("/health/ready").await.is_ok_and(|(status, _)| status == 200))
            .await;
        running
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    pub async fn get(&self, path: &str) -> reqwest::Result<(u16, String)> {
        let response = self.client.get(format!("{}{path}", self.url)).send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    pub async fn json(&self, path: &str) -> serde_json::Value {
        let (status, text) = self.get(path).await.unwrap();
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub async fn until(&self, what: &str, done: impl AsyncFn(&Running) -> bool) {
        for _ in 0..600 {
            if done(self).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not in half a minute: {what}; the log: {}", self.log());
    }

    pub fn hangup(&self) {
        assert!(Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Another command in the same folder.
    pub async fn ask(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_depeche"));
        command.current_dir(self.folder.path()).args(arguments);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// An office whose articles take their time.
#[derive(Clone)]
pub struct Slow {
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    pause: Duration,
}

/// Articles of the slow office.
pub const ARTICLES: usize = 6;

impl Slow {
    pub async fn open(pause: Duration) -> Slow {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let slow = Slow { port: listener.local_addr().unwrap().port(), asked: Arc::default(), pause };
        let router = Router::new().fallback(page).with_state(slow.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        slow
    }

    /// How often this path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| asked.as_str() == path).count()
    }

    /// A source that reads it.
    pub fn source(&self, id: &str, more: &str) -> String {
        let port = self.port;
        format!(
            "[[source]]\nid = \"{id}\"\nname = \"{id}\"\nkind = \"html\"\nurl = \"http://127.0.0.1:{port}/news\"\ncountry = \"KEN\"\nlisting.item = \"li\"\n{more}\n"
        )
    }
}

async fn page(State(slow): State<Slow>, uri: Uri) -> (axum::http::StatusCode, Html<String>) {
    slow.asked.lock().unwrap().push(uri.path().to_owned());
    let text = match uri.path().strip_prefix("/news/") {
        None if uri.path() == "/robots.txt" => return (axum::http::StatusCode::NOT_FOUND, Html(String::new())),
        None => {
            let items = (0..ARTICLES).map(|n| {
                format!("<li><a href=\"/news/{}\">{}</a> <time>2026-11-0{}</time></li>", name(n), title(n), n + 1)
            });
            format!("<html><body><ul>{}</ul></body></html>", items.collect::<String>())
        }
        Some(rest) => {
            tokio::time::sleep(slow.pause).await;
            let n = (0..ARTICLES).find(|n| name(*n) == rest).unwrap_or_default();
            let body: String = (0..6).map(|k| format!("<p>{} In the {} round, teams reached {} families in camp {}, said the office on Monday, and went on to the {} next valley.</p>", title(n), name(n), n * 1000 + k * 37 + 11, n * 7 + k, name((n + k) % ARTICLES))).collect();
            format!(
                "<html lang=en><head><title>{0}</title></head><body><main><h1>{0}</h1><time datetime=\"2026-11-0{1}\"></time><article>{body}</article></main></body></html>",
                title(n),
                n + 1
            )
        }
    };
    (axum::http::StatusCode::OK, Html(text))
}

fn name(n: usize) -> &'static str {
    [
        "wells-of-garissa",
        "boats-for-lamu",
        "seeds-in-turkana",
        "clinic-at-dadaab",
        "bridges-near-moyale",
        "schools-of-wajir",
    ][n]
}

fn title(n: usize) -> &'static str {
    [
        "New Wells Bring Water to Villages around Garissa",
        "Fishing Boats Return to Lamu after the Storm",
        "Drought-resistant Seeds Are Sown in Turkana",
        "A Clinic Opens Its Doors to Refugees at Dadaab",
        "Engineers Repair Two Bridges near Moyale",
        "Schools of Wajir Welcome Displaced Children Again",
    ][n]
}
