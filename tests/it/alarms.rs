//! Alarms from the states of sources to a receiver on loopback: once, grouped, signed, in order, and again after failures.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use depeche::article::SourceId;
use depeche::clock::Clock;
use depeche::config::Config;
use depeche::daemon::{self, alarms::Alarms};
use depeche::deliver::Secret;
use depeche::health::{Cause, Health, LastGood, Outage, State, Step, Trouble, Unreachable};
use depeche::pipeline::Line;
use depeche::store::{SourceState, Store};
use jiff::SignedDuration;
use serde_json::Value;
use tempfile::tempdir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use crate::house::{Log, noon};

const SECRET: &str = "a-secret-that-nobody-prints";

/// A post as it arrived.
#[derive(Debug, Clone, PartialEq)]
struct Post {
    path: String,
    headers: HashMap<String, String>,
    body: String,
}

impl Post {
    fn message(&self) -> Value {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(body["messages"].as_array().unwrap().len(), 1, "{body}");
        body["messages"][0].clone()
    }
}

/// Answers with what is queued, else with 204, and keeps what it got.
#[derive(Clone, Default)]
struct Receiver {
    answers: Arc<Mutex<VecDeque<&'static str>>>,
    posts: Arc<Mutex<Vec<Post>>>,
}

impl Receiver {
    async fn open() -> (Receiver, SocketAddr) {
        let receiver = Receiver::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, own) = (listener.local_addr().unwrap(), receiver.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = Vec::new();
                let post = loop {
                    let mut part = [0; 4096];
                    let n = stream.read(&mut part).await.unwrap_or(0);
                    bytes.extend_from_slice(&part[..n]);
                    if let Some(post) = whole(&bytes) {
                        break post;
                    }
                    if n == 0 {
                        break Post { path: "cut".into(), headers: HashMap::new(), body: String::new() };
                    }
                };
                own.posts.lock().unwrap().push(post);
                let answer = own.answers.lock().unwrap().pop_front().unwrap_or("204 No Content\r\n");
                let head = format!("HTTP/1.1 {answer}connection: close\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(head.as_bytes()).await.ok();
            }
        });
        (receiver, address)
    }

    fn answer(&self, answer: &'static str) {
        self.answers.lock().unwrap().push_back(answer);
    }

    fn take(&self) -> Vec<Post> {
        std::mem::take(&mut *self.posts.lock().unwrap())
    }
}

fn whole(bytes: &[u8]) -> Option<Post> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: HashMap<String, String> =
        lines.filter_map(|l| l.split_once(": ")).map(|(k, v)| (k.to_ascii_lowercase(), v.to_owned())).collect();
    let length: usize = headers.get("content-length")?.parse().ok()?;
    (body.len() >= length).then(|| Post { path, headers, body: body.to_owned() })
}

/// Two offices of one profile, one without, one hook.
struct Bell {
    config: Config,
    line: Line,
    clock: Clock,
    receiver: Receiver,
    address: SocketAddr,
}

fn config(folder: &Path, url: &str, secret: &str) -> Config {
    let text = format!(
        "[server]\npublic_url = \"https://feeds.example/\"\n[[profile]]\nname = \"iom\"\nlisting.item = \"li\"\nlisting.link = \"a\"\n\
         [[source]]\nid = \"a\"\nname = \"Office A\"\nurl = \"https://a.example/\"\nprofile = \"iom\"\n\
         [[source]]\nid = \"b\"\nname = \"Office B\"\nurl = \"https://b.example/\"\nprofile = \"iom\"\n\
         [[source]]\nid = \"c\"\nname = \"Office C\"\nurl = \"https://c.example/\"\n\
         [[webhook]]\nname = \"ops\"\nurl = \"{url}\"\nsecret_env = \"OPS_SECRET\"\n"
    );
    Config::parse(&text, folder, &[("OPS_SECRET".into(), secret.into())]).unwrap()
}

impl Bell {
    async fn open(folder: &Path) -> Bell {
        let (receiver, address) = Receiver::open().await;
        let hosts = HashMap::from([("hooks.example".to_owned(), address)]);
        let config = config(folder, "http://hooks.example/T0KEN", SECRET);
        let clock = Clock::fixed(noon());
        let line = line(&config, hosts, &clock).await;
        Bell { config, line, clock, receiver, address }
    }

    async fn pass(&self) -> (usize, Vec<Post>) {
        let waiting = Alarms::of(&self.line).pass(&self.config).await.unwrap();
        (waiting, self.receiver.take())
    }

    async fn set(&self, id: &str, health: Health) {
        let state = SourceState { health, ..SourceState::default() };
        self.line.store.save_source(&SourceId::new(id).unwrap(), state).await.unwrap();
    }

    fn later(&self, minutes: i64) {
        self.clock.set(self.clock.now() + SignedDuration::from_mins(minutes));
    }
}

async fn line(config: &Config, hosts: HashMap<String, SocketAddr>, clock: &Clock) -> Line {
    let store = daemon::open_store(config).await.unwrap();
    daemon::line(config, store, hosts, clock.clone(), CancellationToken::new()).await.unwrap()
}

fn broken() -> Health {
    let trouble = Trouble {
        step: Step::Container,
        selector: Some("ul.news".into()),
        cause: Cause::MarkupChanged,
        why: "unable to find the container".into(),
    };
    Health { state: State::Broken, since: Some(noon()), trouble: Some(trouble), ..Health::default() }
}

fn well() -> Health {
    Health { state: State::Ok, ..Health::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_signed_message_a_group_on_change_a_day_and_on_recovery() {
    let folder = tempdir().unwrap();
    let bell = Bell::open(folder.path()).await;
    assert_eq!(bell.pass().await.1.len(), 0, "quiet sources are no news");
    bell.set("a", broken()).await;
    bell.set("b", broken()).await;
    bell.set("c", well()).await;
    let (waiting, posts) = bell.pass().await;
    assert_eq!((waiting, posts.len()), (0, 1));
    let (post, message) = (&posts[0], posts[0].message());
    assert_eq!(post.path, "/T0KEN");
    assert_eq!(post.headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(post.headers["x-depeche-signature"], Secret::new(SECRET.into()).sign(post.body.as_bytes()).unwrap());
    let body: Value = serde_json::from_str(&post.body).unwrap();
    assert_eq!(body["id"], post.headers["x-depeche-delivery"].as_str());
    assert_eq!((&body["type"], &body["page"]), (&"health".into(), &"https://feeds.example/health".into()));
    assert_eq!((&message["event"], &message["state"]), (&"raised".into(), &"broken".into()));
    let ids: Vec<&str> = message["sources"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["a", "b"]);

    bell.later(60 * 23);
    assert_eq!(bell.pass().await.1.len(), 0);
    bell.later(60);
    assert_eq!(bell.pass().await.1[0].message()["event"], "reminder");
    bell.set("a", well()).await;
    bell.set("b", well()).await;
    let recovered = bell.pass().await.1;
    assert_eq!((recovered.len(), &recovered[0].message()["event"]), (1, &"recovered".into()));
    assert_eq!(recovered[0].message()["alarm"], message["alarm"]);
    assert_eq!(bell.pass().await.1.len(), 0);
}

/// A source that cannot be had, or whose articles cannot.
fn fails(step: Step, cause: Cause) -> Health {
    let state = if matches!(cause, Cause::Refused { .. }) { State::Blocked } else { State::Broken };
    let trouble = Trouble { step, selector: None, cause, why: "unable to".into() };
    Health { state, since: Some(noon()), trouble: Some(trouble), ..Health::default() }
}

fn titles(posts: &[Post]) -> Vec<String> {
    let bodies = posts.iter().map(|post| serde_json::from_str::<Value>(&post.body).unwrap());
    bodies
        .flat_map(|body| body["messages"].as_array().unwrap().clone())
        .map(|message| message["title"]["en"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_of_one_profile_fail_each_for_itself_and_nobody_speaks_for_another() {
    let folder = tempdir().unwrap();
    let bell = Bell::open(folder.path()).await;
    let fetch = |cause| fails(Step::Fetch, cause);
    let steps: [(&str, Health, &[&str]); 9] = [
        ("a", fetch(Cause::Gone { status: 404 }), &["Office A: gone (404) (fetch)"]),
        ("b", fetch(Cause::Status { status: 500 }), &["Office B: answers 500 (fetch)"]),
        // A site that is down answers now this, now that: it is down all the same.
        ("b", fetch(Cause::Status { status: 502 }), &[]),
        ("a", well(), &["Office A: recovered from gone (404) (fetch)"]),
        ("c", fetch(Cause::Refused { status: 451 }), &["Office C: refused 451 (fetch)"]),
        (
            "c",
            fetch(Cause::Refused { status: 429 }),
            &["Office C: no longer refused 451 (fetch), but not well yet", "Office C: refused 429 (fetch)"],
        ),
        ("a", fails(Step::Article, Cause::Gone { status: 404 }), &["Office A: gone (404) (article)"]),
        ("b", well(), &["Office B: recovered from answers 502 (fetch)"]),
        ("c", well(), &["Office C: recovered from refused 429 (fetch)"]),
    ];
    for (id, health, said) in steps {
        bell.set(id, health).await;
        assert_eq!(titles(&bell.pass().await.1), said, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_an_alarm_leaves_it_or_is_configured_no_more_is_said() {
    let folder = tempdir().unwrap();
    let mut bell = Bell::open(folder.path()).await;
    let steps: [(&str, Health, &[&str]); 5] = [
        ("a", broken(), &["Office A: markup changed (container)"]),
        ("b", broken(), &["Office B, too: markup changed (container)"]),
        ("a", well(), &["Office A: recovered from markup changed (container), which goes on for 1 more"]),
        ("a", broken(), &["Office A, too: markup changed (container)"]),
        ("c", broken(), &["Office C: markup changed (container)"]),
    ];
    let mut last = Vec::new();
    for (id, health, said) in steps {
        bell.set(id, health).await;
        let posts = bell.pass().await.1;
        assert_eq!(titles(&posts), said, "{id}");
        last.push(posts[0].message());
    }
    // The message names whom it is about, and all who are in it.
    let (joined, ids) = (&last[1], |list: &Value| list.as_array().unwrap().len());
    assert_eq!((joined["event"].as_str(), &joined["alarm"]), (Some("joined"), &last[0]["alarm"]));
    assert_eq!((joined["about"][0]["id"].as_str(), ids(&joined["about"]), ids(&joined["sources"])), (Some("b"), 1, 2));

    let without = |config: &Config, ids: &[&str]| {
        let mut config = config.clone();
        config.sources.retain(|source| !ids.contains(&source.id.as_str()));
        config
    };
    bell.config = without(&bell.config, &["b"]);
    let removed = bell.pass().await.1;
    let title = |name: &str| format!("{name}: removed from the configuration, was markup changed (container)");
    assert_eq!(titles(&removed), [title("Office B")]);
    assert_eq!((&removed[0].message()["event"], &removed[0].message()["over"]), (&"removed".into(), &Value::Null));
    bell.config = without(&bell.config, &["a", "c"]);
    let over = bell.pass().await.1;
    assert_eq!(titles(&over), [title("Office A"), title("Office C")]);
    let ledger = bell.line.store.alarms().await.unwrap();
    assert_eq!(ledger.open().count(), 0);
    assert!(ledger.alarms.iter().all(|alarm| alarm.headline().en.contains("removed from the configuration")));
    assert!(bell.pass().await.1.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_network_is_one_alarm_and_sources_are_held_back() {
    let folder = tempdir().unwrap();
    let bell = Bell::open(folder.path()).await;
    let network = bell.line.fetcher.network().clone();
    for host in ["a.example", "b.example", "c.example"] {
        network.unreachable(host, Unreachable::Dns, noon());
    }
    assert!(matches!(network.outage(), Some(Outage { failing: 3, .. })));
    bell.set("a", broken()).await;
    bell.set("c", broken()).await;
    let posts = bell.pass().await.1;
    assert_eq!((posts.len(), &posts[0].message()["subject"]["subject"]), (1, &"network".into()));
    bell.later(10);
    network.reached("a.example", bell.clock.now());
    let posts = bell.pass().await.1;
    let body: Value = serde_json::from_str(&posts[0].body).unwrap();
    let events: Vec<&str> = body["messages"].as_array().unwrap().iter().map(|m| m["event"].as_str().unwrap()).collect();
    assert_eq!((posts.len(), events), (1, vec!["recovered", "raised", "raised"]), "one post a pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_after_a_restart_too_under_the_same_id_and_in_order() {
    let folder = tempdir().unwrap();
    let mut bell = Bell::open(folder.path()).await;
    bell.receiver.answer("500 Oops\r\n");
    bell.receiver.answer("503 Later\r\nretry-after: 7200\r\n");
    bell.set("c", broken()).await;
    let (waiting, first) = bell.pass().await;
    assert_eq!((waiting, first.len()), (1, 1));
    assert_eq!(bell.pass().await, (1, vec![]), "not before its time");
    bell.later(1);
    let second = bell.pass().await.1;
    // A recovery waits behind the alarm that it ends.
    bell.set("c", well()).await;
    bell.later(119);
    assert_eq!(bell.pass().await, (2, vec![]), "Retry-After is obeyed");

    // Another process takes over.
    let hosts = HashMap::from([("hooks.example".to_owned(), bell.address)]);
    let (config, clock) = (bell.config.clone(), bell.clock.clone());
    drop(bell.line);
    bell.line = line(&config, hosts, &clock).await;
    bell.later(2);
    let (waiting, posts) = bell.pass().await;
    assert_eq!((waiting, posts.len()), (0, 2));
    let key = |post: &Post| (post.headers["x-depeche-delivery"].clone(), post.body.clone());
    assert!(key(&first[0]) == key(&second[0]) && key(&first[0]) == key(&posts[0]), "the same post at every try");
    assert_eq!(posts[1].message()["event"], "recovered");
    assert_eq!(bell.pass().await, (0, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_gone_drops_and_what_never_arrives_is_given_up() {
    let folder = tempdir().unwrap();
    let bell = Bell::open(folder.path()).await;
    bell.receiver.answer("307 Elsewhere\r\nlocation: http://hooks.example/other\r\n");
    bell.set("c", broken()).await;
    let (waiting, posts) = bell.pass().await;
    assert_eq!((waiting, posts.len(), posts[0].path.as_str()), (1, 1, "/T0KEN"));
    bell.receiver.answer("410 Gone\r\n");
    bell.set("c", well()).await;
    bell.later(60 * 7);
    let (waiting, posts) = bell.pass().await;
    assert_eq!((waiting, posts.len()), (0, 1), "both are dropped");
    assert_eq!(bell.pass().await, (0, vec![]));

    bell.receiver.answer("500 Oops\r\n");
    bell.set("c", broken()).await;
    assert_eq!(bell.pass().await.0, 1);
    bell.later(60 * 73);
    bell.receiver.answer("500 Oops\r\n");
    let (waiting, posts) = bell.pass().await;
    // The first is given up, and the reminder that came meanwhile arrives.
    assert_eq!((waiting, posts.len()), (0, 2));
    assert_eq!(posts[1].message()["event"], "reminder");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_refused_and_secrets_and_addresses_stay_out_of_records_and_logs() {
    // Alone in a process of its own: beside other tests, which settle what is logged at all, a log may stay empty.
    if std::env::var_os("DEPECHE_TEST_ALONE").is_none() {
        let name = "alarms::a_private_address_is_refused_and_secrets_and_addresses_stay_out_of_records_and_logs";
        let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
        let done = alone.args([name, "--exact"]).env("DEPECHE_TEST_ALONE", "1").output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let folder = tempdir().unwrap();
    let log = Log::default();
    let _taken_down = log.begin();
    let (receiver, address) = Receiver::open().await;
    let clock = Clock::fixed(noon());
    let config = config(folder.path(), &format!("http://{address}/T0KEN"), SECRET);
    let line = line(&config, HashMap::new(), &clock).await;
    let bell = Bell { config, line, clock, receiver, address };
    bell.set("c", broken()).await;
    assert_eq!(bell.pass().await, (1, vec![]), "it waits, and nobody was asked");
    let export = folder.path().join("all.depeche");
    bell.line.store.export(&export).await.unwrap();
    let rows = String::from_utf8(zstd::decode_all(&std::fs::read(&export).unwrap()[..]).unwrap()).unwrap();
    assert!(rows.contains("\"row\":\"ledger\""), "what waits is exported");
    assert!(log.text().contains("not delivered"), "{}", log.text());
    for text in [rows, format!("{:?}", bell.config), log.text()] {
        assert!(!text.contains(SECRET) && !text.contains("T0KEN"), "{text}");
    }
    // A store that takes the export over delivers what waited.
    let other = Store::memory();
    other.import(&export).await.unwrap();
    assert_eq!(other.ledger("delivery/").await.unwrap(), bell.line.store.ledger("delivery/").await.unwrap());
    assert_eq!(other.alarms().await.unwrap().open().count(), 1);
}

#[test]
fn a_webhook_is_checked_and_a_missing_secret_is_named() {
    let folder = Path::new("/nowhere");
    let hook = |lines: &str, secret: &str| {
        let text = format!("[[webhook]]\nname = \"ops\"\nurl = \"https://hooks.example/T0KEN\"\n{lines}\n");
        Config::parse(&text, folder, &[("OPS_SECRET".into(), secret.into())])
    };
    for (lines, why) in [
        ("secret_env = \"OTHER_SECRET\"", "\"OTHER_SECRET\" that secret_env names is missing"),
        ("events = [\"weather\"]", "\"health\" and \"articles\""),
        ("events = \"health\"\nquery = \"lang=fr\"", "add \"articles\" or drop it"),
        ("query = \"land=fr\"", "allowed are body, country"),
        ("query = \"theme=nonsense\"", "allowed are"),
        ("query = \"lang=fr&since=2026-01-01\"", "unable to use since in a webhook's query"),
        ("query = \"prefer=fr\"", "unable to use prefer"),
        ("query = \"archive=2026-01\"", "unable to use archive"),
        ("format = \"xml\"", "\"json\", \"slack\" and \"teams\""),
        ("batch = 0", "1 to 100"),
    ] {
        let mistakes = hook(lines, "x").unwrap_err();
        let message = &mistakes[0].message;
        assert!(message.contains(why) && mistakes[0].line >= 4, "{lines}: {mistakes:?}");
        assert!(!message.contains("T0KEN"), "{message}");
    }
    assert!(hook("secret_env = \"OPS_SECRET\"", "").is_err(), "an empty secret signs nothing");
    for (lines, health, articles) in [
        ("", true, None),
        ("query = \"lang=fr\"", false, Some("lang=fr")),
        ("query = \"lang=fr\"\nevents = [\"health\", \"articles\"]", true, Some("lang=fr")),
        ("events = [\"articles\"]", false, Some("")),
    ] {
        let config = hook(lines, "x").unwrap();
        let canonical = config.webhooks[0].articles.as_ref().map(|asked| asked.canonical());
        assert_eq!((config.webhooks[0].health, canonical.as_deref()), (health, articles), "{lines}");
    }
    let text = "[[webhook]]\nname = \"ops\"\nurl = \"https://u:T0KEN@hooks.example/\"\n";
    let mistakes = Config::parse(text, folder, &[]).unwrap_err();
    assert!(!mistakes[0].message.contains("T0KEN"), "{mistakes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_page_and_its_feed_tell_people_in_both_languages() {
    let folder = tempdir().unwrap();
    let bell = Bell::open(folder.path()).await;
    let mut gone = broken();
    gone.last_good =
        Some(LastGood { title: "Flood <b>relief</b>".into(), url: "https://a.example/flood".into(), at: noon() });
    for id in ["a", "b"] {
        bell.set(id, gone.clone()).await;
    }
    bell.pass().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(daemon::run(
        Arc::new(bell.config.clone()),
        bell.line.clone(),
        daemon::Plan::new(daemon::Role::Serve, Some(listener)),
    ));
    let get = async |path: &str| {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let response = client.get(format!("http://{address}{path}")).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.text().await.unwrap()
    };
    for (ui, parts) in [
        ("en", ["State of the sources", "markup changed", ">broken<", "Try: run `depeche preview`", "not asked yet"]),
        ("fr", ["État des sources", "balisage modifié", ">en panne<", "À essayer : lancez", "pas encore interrogée"]),
    ] {
        let page = get(&format!("/health?ui={ui}")).await;
        let common =
            ["<code>ul.news</code>", "https://a.example/flood", "Flood &lt;b&gt;relief", "health/sources.atom"];
        for part in parts.iter().chain(&common) {
            assert!(page.contains(part), "{ui} lacks {part}: {page}");
        }
        assert!(!page.contains("<script"));
        let first = page.find("source-a").unwrap();
        assert!(first < page.find("source-c").unwrap(), "what needs a look comes first");
    }
    let feed = get("/health/sources.atom").await;
    let parsed = feed_rs::parser::parse(feed.as_bytes()).unwrap();
    assert_eq!(parsed.entries.len(), 1, "one entry an alarm");
    let entry = &parsed.entries[0];
    assert_eq!(entry.title.as_ref().unwrap().content, "2 sources of the profile iom: markup changed (container)");
    assert!(get("/health/sources.atom?ui=fr").await.contains("2 sources du profil iom : balisage modifié"));
    assert_eq!(get("/health/sources.atom").await, feed, "no change, same bytes");

    bell.later(30);
    bell.set("b", well()).await;
    bell.pass().await;
    bell.later(30);
    bell.set("a", well()).await;
    bell.pass().await;
    let after = get("/health/sources.atom").await;
    let later = feed_rs::parser::parse(after.as_bytes()).unwrap();
    assert_eq!((later.entries.len(), &later.entries[0].id), (1, &entry.id), "an alarm keeps its id");
    assert!(later.entries[0].updated > entry.updated && after.contains("Office A: recovered from"), "{after}");
    assert!(!get("/feed.atom").await.contains("recovered"), "never in a news feed");
    let metrics = get("/metrics").await;
    for name in ["depeche_alarms_open", "depeche_deliveries_total{hook=\"ops\",result=\"delivered\"}"] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }
    bell.line.stop.cancel();
}
