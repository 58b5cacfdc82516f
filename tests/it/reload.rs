//! Edits of the configuration of a running daemon: each way of editing, with requests and a slow crawl in hand.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::running::{ARTICLES, Running, Slow};

fn config(title: &str, more: &str) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://one.example/\"\n[crawl]\nevery = \"1h\"\nallow_private_networks = true\nper_host_delay = \"0s\"\n[feed]\ntitle = \"{title}\"\nbody = \"full\"\n{more}"
    )
}

fn by_rename(folder: &Path, text: &str) {
    fs::write(folder.join(".config.toml.swp"), text).unwrap();
    fs::rename(folder.join(".config.toml.swp"), folder.join("config.toml")).unwrap();
}

/// As a mounted ConfigMap is changed: `config.toml -> ..data/config.toml`, and `..data` is swapped.
fn by_link(folder: &Path, text: &str, version: &str) {
    fs::create_dir_all(folder.join(version)).unwrap();
    fs::write(folder.join(version).join("config.toml"), text).unwrap();
    symlink(version, folder.join("..tmp")).unwrap();
    fs::rename(folder.join("..tmp"), folder.join("..data")).unwrap();
}

async fn title_is(running: &Running, title: &str) {
    running.until(title, async |r| r.json("/feed.json").await["title"] == title).await;
}

async fn state_is(running: &Running, state: &str) -> serde_json::Value {
    running.until(state, async |r| r.json("/health/ready").await["config"]["state"] == state).await;
    running.json("/health/ready").await["config"].clone()
}

/// Asks without a pause until told to stop; gives how many requests were made and which failed.
struct Hammer(Arc<AtomicBool>, tokio::task::JoinHandle<(usize, Vec<String>)>);

impl Hammer {
    fn on(running: &Running) -> Hammer {
        let (stop, client, url) = (Arc::new(AtomicBool::new(false)), running.client.clone(), running.url.clone());
        let told = Arc::clone(&stop);
        let task = tokio::spawn(async move {
            let (mut asked, mut failed) = (0, Vec::new());
            while !told.load(Ordering::Relaxed) {
                for path in ["/feed.json", "/feed.rss?limit=7", "/health/sources", "/?ui=fr", "/api/v1/sources"] {
                    asked += 1;
                    match client.get(format!("{url}{path}")).send().await {
                        Ok(response) => {
                            let status = response.status();
                            if status != 200 || response.bytes().await.is_err() {
                                failed.push(format!("{path}: {status}, or not whole"));
                            }
                        }
                        Err(error) => failed.push(format!("{path}: {error}")),
                    }
                }
            }
            (asked, failed)
        });
        Hammer(stop, task)
    }

    async fn rest(self) {
        self.0.store(true, Ordering::Relaxed);
        let (asked, failed) = self.1.await.unwrap();
        assert!(asked > 50 && failed.is_empty(), "{} of {asked} failed: {:?}", failed.len(), failed.first());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_editing_applies_without_dropping_what_is_in_hand() {
    let slow = Slow::open(Duration::from_millis(700)).await;
    let with = slow.source("slow", "");
    let running = Running::start(&config("zero", &with)).await;
    let folder = running.folder.path();
    let hammer = Hammer::on(&running);
    running.until("the slow round runs", async |_| slow.asked("/news") == 1).await;
    let series = "depeche_source_state{source=\"slow\"";
    assert!(running.get("/metrics").await.unwrap().1.contains(series));

    by_rename(folder, &config("renamed", &with));
    title_is(&running, "renamed").await;
    fs::write(folder.join("config.toml"), config("in place", &with)).unwrap();
    title_is(&running, "in place").await;
    // The source leaves the configuration in the middle of its round: the round goes on to its end.
    by_rename(folder, &config("without", ""));
    title_is(&running, "without").await;
    running
        .until("the slow round ended", async |r| {
            r.get("/feed.json?source=slow").await.unwrap().1.matches("\"id\": \"urn").count() == ARTICLES
        })
        .await;
    assert_eq!((slow.asked("/news"), slow.asked("/news/wells-of-garissa")), (1, 1), "nothing was begun anew");
    assert_eq!(running.json("/health/sources").await["sources"].as_array().unwrap().len(), 0);
    let metrics = running.get("/metrics").await.unwrap().1;
    assert!(!metrics.contains("source=\"slow\""), "no series outlives its source: {metrics}");
    assert_eq!(running.get("/feed.json?source=slow").await.unwrap().0, 200, "its name stays valid");

    // From a file to links, and the links swapped.
    by_link(folder, &config("linked", ""), "..v1");
    symlink("..data/config.toml", folder.join("link")).unwrap();
    fs::rename(folder.join("link"), folder.join("config.toml")).unwrap();
    title_is(&running, "linked").await;
    by_link(folder, &config("swapped", ""), "..v2");
    title_is(&running, "swapped").await;
    hammer.rest().await;

    // SIGHUP reads again what did not change.
    let count = async |r: &Running| {
        let text = r.get("/metrics").await.unwrap().1;
        let line = text
            .lines()
            .find(|l| l.starts_with("depeche_config_reloads_total{result=\"applied\"}"))
            .unwrap()
            .to_owned();
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let before = count(&running).await;
    running.hangup();
    running.until("SIGHUP is heard", async |r| count(r).await == before + 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_edit_keeps_the_old_one_and_says_why() {
    let running = Running::start(&config("good", "")).await;
    let folder = running.folder.path();
    let bad = config("bad", "").replace("body = ", "boddy = ")
        + "[[source]]\nid = \"x\"\nurl = \"ftp://me:hunter2@x.example/secret\"\n";
    by_rename(folder, &bad);
    let state = state_is(&running, "rejected").await;
    let told = state["mistakes"].to_string();
    assert!(
        told.contains("config.toml:10:1") && told.contains("did you mean") && told.contains("config.toml:13:7"),
        "{told}"
    );
    assert!(!told.contains("hunter2") && !running.log().contains("hunter2"), "{told}");
    assert_eq!(running.json("/feed.json").await["title"], "good");
    assert_eq!(running.json("/health/sources").await["config"]["state"], "rejected");
    let metrics = running.get("/metrics").await.unwrap().1;
    assert!(
        metrics.contains("depeche_config_last_ok 0")
            && metrics.contains("depeche_config_reloads_total{result=\"rejected\"} 1"),
        "{metrics}"
    );
    assert!(running.log().contains("config.toml:10:1"), "{}", running.log());

    // A file that is empty, or gone for a moment, is no wish for nothing.
    for gone in [true, false] {
        if gone {
            fs::remove_file(folder.join("config.toml")).unwrap()
        } else {
            fs::write(folder.join("config.toml"), "").unwrap()
        }
        let word = if gone { "unable to read" } else { "empty" };
        running
            .until(word, async |r| r.json("/health/ready").await["config"]["mistakes"].to_string().contains(word))
            .await;
        assert_eq!(running.json("/feed.json").await["title"], "good");
    }
    by_rename(folder, &config("mended", ""));
    title_is(&running, "mended").await;
    assert_eq!(state_is(&running, "applied").await["mistakes"], serde_json::json!([]));
    assert!(running.get("/metrics").await.unwrap().1.contains("depeche_config_last_ok 1"));

    // What needs a restart is named; the rest applies.
    by_rename(folder, &config("moved", "[store]\nurl = \"sled:elsewhere\"\n").replace("127.0.0.1:0", "127.0.0.1:9"));
    let state = state_is(&running, "needs_restart").await;
    // Where the archive's folder is not written it goes with the store's.
    assert_eq!(state["needs_restart"], serde_json::json!(["server.listen", "store.url", "archive.dir"]));
    assert_eq!(running.json("/feed.json").await["title"], "moved");
    assert!(!folder.join("elsewhere").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_reaches_whoever_takes_it() {
    let slow = Slow::open(Duration::ZERO).await;
    let running = Running::start(&config("a", &slow.source("one", ""))).await;
    let folder = running.folder.path();
    running
        .until("stored", async |r| {
            r.get("/feed.json?source=one").await.unwrap().1.matches("content_html").count() == ARTICLES
        })
        .await;

    // The ceiling holds at once; the address, the title, the rights and the limit are those of now.
    let mut text = config("b", &slow.source("one", "body = \"none\"")).replace("one.example", "two.example/path");
    text = text.replace("body = \"full\"\n", "body = \"full\"\nlimit = 2\nrights = \"all of them\"\n");
    by_rename(folder, &text);
    title_is(&running, "b").await;
    let feed = running.json("/feed.json").await;
    assert_eq!(feed["feed_url"], "http://two.example/path/feed.json");
    assert!(!feed.to_string().contains("teams reached"), "the ceiling: {feed}");
    assert!(running.get("/feed.atom").await.unwrap().1.contains("all of them"));
    assert!(running.get("/about/bot").await.unwrap().1.contains("two.example/path"));

    // A source that is added is read at once and known to every command; one whose rules change is read again, although
    // it is due in an hour only.
    let listed = slow.asked("/news");
    let more =
        slow.source("one", "article.body = \"article\"") + &slow.source("two", "").replace("/news\"", "/news?two\"");
    by_rename(folder, &config("c", &more));
    running.until("both are read", async |_| slow.asked("/news") == listed + 2).await;
    assert!(running.ask(&["sources", "--json"]).await.contains("\"id\":\"two\""));
    assert_eq!(running.get("/feed.json?source=two").await.unwrap().0, 200);

    // A theme of its own is a filter.
    by_rename(
        folder,
        &config("d", "[[theme]]\nslug = \"locusts\"\nnames.en = \"Locusts\"\nkeywords.en = [\"locust\"]\n"),
    );
    title_is(&running, "d").await;
    assert_eq!(running.get("/feed.json?theme=locusts").await.unwrap().0, 200);
}

/// An edit is no fresh start for who asks too often, unless it is the limit that is edited.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_leaves_what_a_client_used_up() {
    let text = |title: &str, limit: u32| {
        let keys = format!("\nrequests_per_minute = {limit}\ntrusted_proxies = [\"127.0.0.0/8\"]\n[crawl]");
        config(title, "").replacen("\n[crawl]", &keys, 1)
    };
    let running = Running::start(&text("a", 2)).await;
    let status = async |path: &str| {
        let request = running.client.get(format!("{}{path}", running.url)).header("x-forwarded-for", "203.0.113.1");
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!([status("/feed.rss").await, status("/opml").await, status("/feed.rss").await], [200, 200, 429]);
    by_rename(running.folder.path(), &text("b", 2));
    title_is(&running, "b").await;
    assert_eq!([status("/opml").await, status("/feed.rss").await], [429, 429]);
    by_rename(running.folder.path(), &text("c", 3));
    title_is(&running, "c").await;
    assert_eq!([status("/opml").await, status("/feed.rss").await], [200, 200]);
}

/// Edits under fire: four, or as many as `DEPECHE_TEST_EDITS` says, which prints how long they took as well.
#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_in_edit_after_edit() {
    let edits = std::env::var("DEPECHE_TEST_EDITS").map_or(4, |n| n.parse().unwrap());
    let slow = Slow::open(Duration::from_millis(20)).await;
    let with = slow.source("slow", "");
    let running = Running::start(&config("start", &with)).await;
    let hammers: Vec<Hammer> = (0..4).map(|_| Hammer::on(&running)).collect();
    let mut took = Vec::new();
    for n in 0..edits {
        let begun = std::time::Instant::now();
        match n % 2 {
            0 => by_rename(running.folder.path(), &config(&format!("edit {n}"), &with)),
            _ => fs::write(running.path("config.toml"), config(&format!("edit {n}"), &with)).unwrap(),
        }
        title_is(&running, &format!("edit {n}")).await;
        took.push(begun.elapsed());
    }
    took.sort();
    eprintln!("median {:?}, longest {:?}", took[took.len() / 2], took[took.len() - 1]);
    for hammer in hammers {
        hammer.rest().await;
    }
}
