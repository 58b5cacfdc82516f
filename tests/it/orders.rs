//! The articles of `tests/enrich/orders.json` in many orders of arrival: copies, a cut and a retold version, translations,
//! and the neighbouring story that a translation may be taken for at first. Whoever reads the feeds meanwhile never sees
//! an entry come back as new, and in the end every order has told the same stories.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use depeche::article::ArticleId;
use depeche::config::{Config, Source};
use depeche::demo::Fixture;
use depeche::edition::{Asked, Edition, Issue};
use depeche::pipeline::{Line, Recheck};
use depeche::publish::{self, Format};
use depeche::store::Store;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;
use tempfile::tempdir;

use crate::house::House;
use crate::pairs::dice::Dice;

#[derive(Deserialize, Default)]
pub struct Told {
    pub name: String,
    pub story: String,
    pub country: Option<String>,
    pub day: String,
    pub language: String,
    pub title: String,
    pub text: String,
    /// In the end it leads its story in its language.
    #[serde(default)]
    pub leads: bool,
}

fn told() -> Vec<Told> {
    serde_json::from_str(include_str!("../enrich/orders.json")).unwrap()
}

pub fn url(name: &str) -> String {
    format!("http://{name}.example/news/ravine")
}

pub fn page(Told { day, language, title, text, .. }: &Told) -> String {
    format!(
        "<html lang=\"{language}\"><body><h1>{title}</h1><time datetime=\"{day}\">{day}</time>\
         <div class=\"body\"><p>{text}</p></div></body></html>"
    )
}

/// Each article on a site of its own.
pub async fn house(folder: &std::path::Path, told: &[Told]) -> House {
    let mut text = String::from(
        "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sled:data\"\n[[profile]]\nname = \"plain\"\n\
         listing.container = \"ul\"\nlisting.item = \"li\"\nlisting.link = \"a\"\n\
         article.title = \"h1\"\narticle.body = \".body\"\narticle.date = \"time\"\n",
    );
    let mut pages = Vec::new();
    for told in told {
        let Told { name, country, title, .. } = told;
        text.push_str(&format!(
            "[[source]]\nid = \"{name}\"\nname = \"{name}\"\nurl = \"http://{name}.example/news\"\nprofile = \"plain\"\n"
        ));
        text.extend(country.iter().map(|country| format!("country = \"{country}\"\n")));
        let listing = format!("<html><body><ul><li><a href=\"{}\">{title}</a></li></ul></body></html>", url(name));
        let page = page(told);
        for (url, body) in [(format!("http://{name}.example/news"), listing), (url(name), page)] {
            pages.push(Fixture {
                name: name.clone(),
                url: url.parse().unwrap(),
                also: Vec::new(),
                status: 200,
                headers: BTreeMap::from([("content-type".into(), "text/html; charset=utf-8".into())]),
                body: Box::leak(body.into_bytes().into_boxed_slice()),
                expect: None,
            });
        }
    }
    let config = Config::parse(&text, folder, &[]).unwrap();
    House::of(&pages, config).await
}

/// What a reader of one feed has seen so far.
#[derive(Default)]
struct Reader {
    /// Entries, with every article that they have shown.
    shown: HashMap<String, BTreeSet<String>>,
    gone: BTreeSet<String>,
    now: BTreeSet<String>,
}

impl Reader {
    /// Reads the feed again. Gives what would look like old news sold as new.
    fn read(&mut self, feed: &str) -> Vec<String> {
        let feed: Value = serde_json::from_str(feed).unwrap();
        let items = feed["items"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let entries: Vec<(String, String)> = items.iter().map(|i| (text(&i["id"]), text(&i["url"]))).collect();
        let mut wrong = Vec::new();
        for (id, url) in &entries {
            if self.gone.contains(id) {
                wrong.push(format!("the entry {id} ({url}) went and came back"));
            }
            if !self.shown.contains_key(id)
                && let Some((other, _)) = self.shown.iter().find(|(_, shown)| shown.contains(url))
            {
                wrong.push(format!("{url} comes as new under {id}, and was shown under {other} before"));
            }
        }
        let now: BTreeSet<String> = entries.iter().map(|(id, _)| id.clone()).collect();
        assert_eq!(now.len(), entries.len(), "an entry stands twice");
        self.gone.extend(self.now.difference(&now).cloned());
        self.now = now;
        for (id, url) in entries {
            self.shown.entry(id).or_default().insert(url);
        }
        wrong
    }
}

/// Every article's story, as the set of its members' names, and who leads in which language.
async fn stories(line: &Line, told: &[Told]) -> BTreeSet<(BTreeSet<String>, BTreeSet<String>)> {
    let mut stories = BTreeSet::new();
    let name = |id: &ArticleId, url: &str| {
        told.iter().find(|t| self::url(&t.name) == url).map_or_else(|| format!("{id:?}"), |told| told.name.clone())
    };
    for article in line.store.scan(None, 100).await.unwrap() {
        let story = line.store.story(article.story).await.unwrap().unwrap();
        assert!(story.members.contains(&article.id));
        let (mut members, mut leads) = (BTreeSet::new(), BTreeSet::new());
        for id in &story.members {
            let member = line.store.article(*id).await.unwrap().unwrap();
            assert_eq!(member.story, story.id);
            members.insert(name(id, &member.url));
            leads.extend(story.entries.iter().any(|entry| entry.lead == *id).then(|| name(id, &member.url)));
        }
        stories.insert((members, leads));
    }
    stories
}

fn expected(told: &[Told]) -> BTreeSet<(BTreeSet<String>, BTreeSet<String>)> {
    let of = |story: &str, leads: bool| {
        told.iter().filter(|t| t.story == story && (t.leads || !leads)).map(|t| t.name.clone()).collect()
    };
    told.iter().map(|t| (of(&t.story, false), of(&t.story, true))).collect()
}

/// Brings the articles in an order, with readers of some feeds looking after each.
async fn bring(house: &House, told: &[Told], order: &[usize], queries: &[&'static str]) -> Vec<String> {
    let line = house.line(Store::memory()).await;
    let edition = Edition::new(line.store.clone(), &house.config);
    let mut readers: Vec<(&'static str, Reader)> = queries.iter().map(|query| (*query, Reader::default())).collect();
    let mut wrong = Vec::new();
    let names: Vec<&str> = order.iter().map(|n| told[*n].name.as_str()).collect();
    for (at, name) in names.iter().enumerate() {
        let source: &Source = house.config.sources.iter().find(|source| source.id.as_str() == *name).unwrap();
        let round = line.check(source, Recheck::All, &house.config.crawl).await.unwrap().unwrap();
        assert_eq!((round.stored + round.duplicate, round.error), (1, None), "{name}");
        house.clock.set(house.clock.now() + SignedDuration::from_mins(1));
        edition.follow().await.unwrap();
        for (query, reader) in &mut readers {
            let asked = Asked::parse(query, &edition.vocabulary()).unwrap();
            let Issue::Feed(feed, _) = edition.feed(&asked, Format::Json).await.unwrap() else {
                panic!("{query}: moved")
            };
            let feed = String::from_utf8(publish::render(&feed, Format::Json).unwrap()).unwrap();
            wrong.extend(
                reader.read(&feed).into_iter().map(|what| format!("{query} after {:?}: {what}", &names[..=at])),
            );
        }
    }
    let (ended, expected) = (stories(&line, told).await, expected(told));
    if ended != expected {
        let differ: Vec<_> = ended.difference(&expected).collect();
        wrong.push(format!("{names:?} ends in {differ:?}"));
    }
    wrong.extend(line.store.verify().await.unwrap().problems);
    wrong
}

/// Every order of some of them, or so many at random.
fn orders(of: &[usize], most: usize) -> Vec<Vec<usize>> {
    let all: usize = (1..=of.len()).product();
    let mut dice = Dice(0x0D15_EA5E);
    (0..all.min(most))
        .map(|n| {
            let (mut left, mut order, mut n) = (of.to_vec(), Vec::new(), n);
            while !left.is_empty() {
                let at = if all <= most { n % left.len() } else { dice.roll(left.len()) };
                n /= left.len();
                order.push(left.remove(at));
            }
            order
        })
        .collect()
}

const FEEDS: [&str; 4] = ["limit=200", "limit=200&lang=fr", "country=HTI&limit=200", "dedupe=none&limit=200"];

/// One entry a story. Where a translation was linked to a neighbour first, the story that it leaves keeps its entry, so
/// that it stands under another one from then on: nothing else could be done but to leave it wrong.
const PREFERRED: [&str; 3] = ["limit=200&prefer=fr", "limit=200&prefer=en", "limit=200&prefer=es"];

async fn check(names: &[&str], most: usize, queries: &[&'static str]) {
    let mut told = told();
    told.retain(|t| names.is_empty() || names.contains(&t.name.as_str()));
    let folder = tempdir().unwrap();
    let house = house(folder.path(), &told).await;
    let all: Vec<usize> = (0..told.len()).collect();
    let mut wrong = Vec::new();
    for order in orders(&all, most) {
        wrong.extend(bring(&house, &told, &order, queries).await);
    }
    assert!(wrong.is_empty(), "{} wrong: {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_and_versions_in_every_order() {
    check(&["original", "framed", "abridged", "retold"], 24, &[FEEDS.as_slice(), &PREFERRED].concat()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_and_its_translations_in_every_order() {
    check(&["original", "copy", "french", "spanish"], 24, &[FEEDS.as_slice(), &PREFERRED].concat()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_neighbouring_stories_and_their_translations_in_every_order() {
    check(&["original", "french", "follow-up-copy", "follow-up-french"], 24, &FEEDS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_it_in_many_orders() {
    check(&[], 30, &FEEDS).await;
}
