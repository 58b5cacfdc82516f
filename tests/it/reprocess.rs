//! Stored articles made again from the archive: the same rules change nothing, other rules change what they say and no more.

use std::collections::BTreeMap;
use std::sync::Arc;

use depeche::article::{Article, ArticleId, Story, StoryEntry, StoryId, ThemeSlug};
use depeche::config::{Config, Source};
use depeche::demo;
use depeche::enrich::{Enricher, ThemeWords};
use depeche::extract::Profile;
use depeche::pipeline::{Difference, Line, Reprocessed, Step, Wanted};
use depeche::publish::Format;
use depeche::store::{ChangeKind, Put, PutOutcome, Store};
use tempfile::tempdir;
use tokio::sync::mpsc::unbounded_channel;

use crate::house::House;

async fn all(store: &Store) -> BTreeMap<ArticleId, Article> {
    store.scan(None, 10_000).await.unwrap().into_iter().map(|article| (article.id, article)).collect()
}

async fn reprocess(line: &Line, config: &Config, dry_run: bool) -> (Reprocessed, Vec<Difference>) {
    let (tell, mut steps) = unbounded_channel();
    let line = Line { progress: Some(tell), ..line.clone() };
    let wanted = Wanted { dry_run, ..Wanted::default() };
    let report = line.reprocess(&config.sources, &wanted).await.unwrap();
    drop(line);
    let mut differences = Vec::new();
    while let Some(step) = steps.recv().await {
        if let Step::Differs(difference) = step {
            differences.push(*difference);
        }
    }
    (report, differences)
}

/// The configuration with Kenya's profile changed: another headline, and no second paragraph.
fn with_other_rules(config: &Config) -> Config {
    let mut config = config.clone();
    for source in &mut config.sources {
        if source.id.as_str() == "kenya" {
            let mut rules = source.profile.as_ref().unwrap().rules().clone();
            rules.remove.push("p:nth-of-type(2)".to_owned());
            let profile = Some(Arc::new(Profile::compile(&rules).unwrap()));
            *source = Arc::new(Source { profile, ..source.as_ref().clone() });
        }
    }
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_rules_give_the_same_articles() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(house.store().await).await;
    house.crawl(&line).await;
    let head = line.store.head().await.unwrap();
    house.later(500);
    let (report, differences) = reprocess(&line, &house.config, false).await;
    assert_eq!(differences, Vec::new());
    assert_eq!((report.changed, report.left.len()), (0, 0), "{:?}", report.left);
    assert!(report.unchanged > 50 && report.without_page <= 2, "{report:?}");
    assert_eq!(line.store.head().await.unwrap(), head);
    assert_eq!(line.archive.state().trouble, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_rules_change_what_they_say_once_and_nothing_that_is_given_for_ever() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(house.store().await).await;
    house.crawl(&line).await;
    let before = all(&line.store).await;
    let feeds = async |query: &str| house.feed(&line.store, query, Format::Json).await;
    let (kenya, mexico) = (feeds("source=kenya&limit=200").await, feeds("source=mexico-es&limit=200").await);
    let head = line.store.head().await.unwrap();
    let config = with_other_rules(&house.config);
    house.later(100);

    let (dry, shown) = reprocess(&line, &config, true).await;
    assert!(dry.changed >= 5 && dry.changed == shown.len(), "{dry:?}");
    assert!(shown.iter().all(|d| d.source.as_str() == "kenya" && d.from_page));
    assert!(shown.iter().flat_map(|d| &d.fields).any(|f| f.field == "text" && f.before != f.after));
    assert_eq!(line.store.head().await.unwrap(), head, "a dry run changes nothing");
    assert_eq!(all(&line.store).await, before);

    let (done, differences) = reprocess(&line, &config, false).await;
    assert_eq!(differences, shown, "what is changed is what was shown");
    assert_eq!(done.changed, dry.changed);
    let after = all(&line.store).await;
    let mut changed = 0;
    for (id, was) in &before {
        let is = &after[id];
        let given = |a: &Article| {
            (
                a.id,
                a.story,
                a.source.clone(),
                a.published.clone(),
                a.first_seen,
                a.updated,
                a.aliases.clone(),
                a.backfill,
            )
        };
        assert_eq!(given(is), given(was));
        changed += usize::from(is.text != was.text);
    }
    assert_eq!(changed, done.changed);
    let log = line.store.changes(head.seq, 1000).await.unwrap();
    assert!(log.iter().all(|c| matches!(c.kind, ChangeKind::Revised { material: false, .. })), "{log:?}");
    assert_eq!(log.len(), done.changed);
    let ids = |feed: &str| {
        let feed: serde_json::Value = serde_json::from_str(feed).unwrap();
        let of = |i: &serde_json::Value| (i["id"].clone(), i["date_published"].clone(), i["date_modified"].clone());
        feed["items"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let now = feeds("source=kenya&limit=200").await;
    assert!(now != kenya && ids(&now) == ids(&kenya), "the same entries, unmoved");
    assert_eq!(feeds("source=mexico-es&limit=200").await, mexico, "the same bytes, hence the same ETag");
    assert_eq!(line.store.verify().await.unwrap().problems, Vec::<String>::new());

    let head = line.store.head().await.unwrap();
    let (again, differences) = reprocess(&line, &config, false).await;
    assert_eq!((again.changed, differences), (0, Vec::new()));
    assert_eq!(line.store.head().await.unwrap(), head, "a second run finds nothing to do");
    // Nor does a crawl: the pages are what they were.
    house.crawl(&line).await;
    assert_eq!(line.store.head().await.unwrap(), head);
    // Back under the old rules everything is as it was.
    reprocess(&line, &house.config, false).await;
    assert_eq!(all(&line.store).await, before);
    // The archive has another name, since its months did change in between.
    let items = |feed: &str| serde_json::from_str::<serde_json::Value>(feed).unwrap()["items"].clone();
    assert!(items(&feeds("source=kenya&limit=200").await) == items(&kenya));
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_half_way_it_goes_on_and_ends_alike() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let whole = house.line(Store::memory()).await;
    house.crawl_some(&whole, "kenya").await;
    let config = with_other_rules(&house.config);
    let (tell, mut steps) = unbounded_channel();
    let halting = Line { progress: Some(tell), ..whole.clone() };
    let stop = halting.stop.clone();
    let halt = tokio::spawn(async move {
        steps.recv().await;
        stop.cancel();
    });
    let report = halting.reprocess(&config.sources, &Wanted::default()).await.unwrap();
    drop(halting);
    halt.await.unwrap();
    let further = Line { stop: Default::default(), ..whole.clone() };
    let (rest, _) = reprocess(&further, &config, false).await;
    assert!(report.changed >= 1 && report.changed + rest.changed >= 5, "{report:?} {rest:?}");
    let (again, _) = reprocess(&further, &config, false).await;
    assert_eq!(again.changed, 0);
    assert_eq!(whole.store.verify().await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_page_the_text_stays_and_is_judged_again() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let mut line = house.line(house.store().await).await;
    house.crawl_some(&line, "kenya").await;
    let before = all(&line.store).await;
    // The archive is gone, a theme is new, and Kenya's rules have changed, which nothing is left to apply to.
    line.archive = depeche::archive::Archive::off();
    std::fs::remove_dir_all(folder.path().join("data-archive")).unwrap();
    let (same, _) = reprocess(&line, &with_other_rules(&house.config), false).await;
    assert_eq!((same.changed, same.unchanged, same.without_page), (0, before.len(), before.len()));
    let words =
        ThemeWords { slug: ThemeSlug::new("clinics"), en: vec!["clinic".to_owned()], fr: Vec::new(), es: Vec::new() };
    line.enricher = Arc::new(Enricher::new(&[words]).unwrap());
    let (report, differences) = reprocess(&line, &house.config, false).await;
    assert!(report.changed > 0 && differences.iter().all(|d| !d.from_page), "{report:?}");
    let after = all(&line.store).await;
    for (id, was) in &before {
        assert_eq!((&after[id].text, &after[id].html, &after[id].language), (&was.text, &was.html, &was.language));
    }
    assert!(after.values().any(|a| a.themes.iter().any(|t| t.theme.as_str() == "clinics")));
    assert_eq!(reprocess(&line, &house.config, false).await.0.changed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_withdrawn_is_left_alone_and_an_older_page_overwrites_nothing() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let mut line = house.line(house.store().await).await;
    house.crawl_some(&line, "kenya").await;
    let fixture = |name: &str| demo::fixtures().unwrap().into_iter().find(|f| f.name == name).unwrap();
    let id = async |line: &Line, url: &url::Url| {
        line.store.by_url(&depeche::dedup::canonical(url, true)).await.unwrap().unwrap()
    };
    let (turkana, kakuma) = (fixture("kenya/turkana.html"), fixture("kenya/kakuma.html"));
    line.withdraw(&kakuma.url, true, &house.config.sources).await.unwrap();
    let erased = line.store.article(id(&line, &kakuma.url).await).await.unwrap().unwrap();

    // The archive fails for a while, and in that time a page is edited.
    let archive = std::mem::take(&mut line.archive);
    let page = String::from_utf8(turkana.body.to_vec()).unwrap();
    let title = turkana.expect.unwrap().title;
    let headers = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
    let edited = page.replace(title.as_str(), "A wholly different headline");
    house.replay.answer(turkana.url.as_str(), 200, &headers, edited.into_bytes());
    house.later(2);
    house.crawl_some(&line, "kenya").await;
    line.archive = archive;
    let at = id(&line, &turkana.url).await;
    assert_eq!(line.store.article(at).await.unwrap().unwrap().title, "A wholly different headline");

    let (report, _) = reprocess(&line, &with_other_rules(&house.config), false).await;
    assert_eq!((report.withdrawn, report.without_page), (1, 1), "{report:?}");
    assert_eq!(line.store.article(at).await.unwrap().unwrap().title, "A wholly different headline");
    assert_eq!(line.store.article(erased.id).await.unwrap().unwrap(), erased);
}

#[tokio::test(flavor = "multi_thread")]
async fn stories_are_formed_anew_when_that_is_asked_for() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    for store in [house.store().await, Store::memory()] {
        let line = house.line(store).await;
        house.crawl(&line).await;
        let stories = async || {
            let mut groups: BTreeMap<_, Vec<ArticleId>> = BTreeMap::new();
            all(&line.store).await.into_values().for_each(|a| groups.entry(a.story).or_default().push(a.id));
            groups
        };
        let regroup = async |dry_run| {
            let wanted = Wanted { dry_run, stories: true, ..Wanted::default() };
            line.reprocess(&house.config.sources, &wanted).await.unwrap()
        };
        let (before, head) = (stories().await, line.store.head().await.unwrap());
        assert!(before.values().any(|members| members.len() > 2));
        let report = regroup(false).await;
        assert_eq!((report.changed, report.regrouped), (0, 0), "the same rules form the same stories");
        assert_eq!(line.store.head().await.unwrap(), head);

        // An article that stands in the wrong story goes home, and one that was torn out of its own comes back.
        let feed = house.feed(&line.store, "limit=200", Format::Json).await;
        let lone: Vec<_> = before.values().filter(|members| members.len() == 1).take(2).map(|m| m[0]).collect();
        let pair = before.values().find(|members| members.len() == 2).unwrap().clone();
        misplace(&line, lone[0], before.iter().find(|(_, m)| m.contains(&lone[1])).map(|(s, _)| *s)).await;
        misplace(&line, pair[1], None).await;
        assert_eq!(line.store.verify().await.unwrap().problems, Vec::<String>::new());
        assert_ne!(stories().await, before);
        let (moved, head) = (stories().await, line.store.head().await.unwrap());
        let dry = regroup(true).await;
        assert_eq!((stories().await, line.store.head().await.unwrap()), (moved, head));
        let done = regroup(false).await;
        assert!(dry.regrouped == done.regrouped && done.regrouped >= 2, "{dry:?} {done:?}");
        assert_eq!(stories().await.into_values().collect::<Vec<_>>().len(), before.len());
        let same = |groups: &BTreeMap<_, Vec<ArticleId>>| {
            let mut groups: Vec<_> = groups.values().cloned().collect();
            groups.sort();
            groups
        };
        assert_eq!(same(&stories().await), same(&before));
        assert_eq!(line.store.verify().await.unwrap().problems, Vec::<String>::new());
        assert_eq!(regroup(false).await.regrouped, 0);
        let now = house.feed(&line.store, "limit=200", Format::Json).await;
        let ids = |feed: &str| {
            let feed: serde_json::Value = serde_json::from_str(feed).unwrap();
            let mut ids: Vec<String> =
                feed["items"].as_array().unwrap().iter().map(|i| i["id"].as_str().unwrap().to_owned()).collect();
            ids.sort();
            let all = ids.len();
            ids.dedup();
            assert_eq!(ids.len(), all, "no two entries share an id");
            ids
        };
        assert_eq!(ids(&now).len(), ids(&feed).len());
    }
}

/// Puts an article where it does not belong: into another story, or into one of its own.
async fn misplace(line: &Line, id: ArticleId, into: Option<StoryId>) {
    let mut article = line.store.article(id).await.unwrap().unwrap();
    let mut left = line.store.story(article.story).await.unwrap().unwrap();
    left.members.retain(|member| *member != id);
    let others = line.store.articles(left.members.clone()).await.unwrap();
    for entry in left.entries.iter_mut().filter(|entry| entry.lead == id) {
        let next = others.iter().find(|other| other.language.language == entry.language);
        (entry.entry, entry.lead) = next.map_or((id, id), |next| (next.id, next.id));
    }
    left.entries.retain(|entry| entry.lead != id);
    article.story = into.unwrap_or(StoryId(uuid::Uuid::new_v4()));
    let story = match into {
        Some(story) => {
            let mut story = line.store.story(story).await.unwrap().unwrap();
            story.members.push(id);
            let language = article.language.language;
            if story.entries.iter().all(|entry| entry.language != language) {
                story.entries.push(StoryEntry { language, entry: id, lead: id });
            }
            story
        }
        None => Story::founded_by(&article),
    };
    let put = Put {
        head: line.store.head().await.unwrap(),
        article,
        story,
        kind: ChangeKind::Merged,
        at: line.clock.now(),
        page: None,
        others: Vec::new(),
        dissolved: if left.members.is_empty() { vec![left.id] } else { Vec::new() },
        left: (!left.members.is_empty()).then_some(left),
        erase: false,
    };
    assert!(matches!(line.store.put(put).await.unwrap(), PutOutcome::Stored(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_under_other_rules_tells_an_edit_from_the_rules() {
    let folder = tempdir().unwrap();
    let mut house = House::open(folder.path()).await;
    let line = house.line(house.store().await).await;
    house.crawl_some(&line, "kenya").await;
    house.config = Arc::new(with_other_rules(&house.config));
    let answer = |name: &str, edit: &dyn Fn(String) -> String| {
        let fixture = demo::fixtures().unwrap().into_iter().find(|f| f.name == name).unwrap();
        let headers = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
        let page = edit(String::from_utf8(fixture.body.to_vec()).unwrap());
        house.replay.answer(fixture.url.as_str(), 200, &headers, page.into_bytes());
        depeche::dedup::canonical(&fixture.url, true)
    };
    let touched = answer("kenya/turkana.html", &|page| page.replace("</body>", "<!-- built anew --></body>"));
    let edited =
        answer("kenya/kakuma.html", &|page| page.replace("Kakuma Clinic Screens", "Kakuma Hospital Turns Away"));
    house.later(3);
    let rounds = house.crawl_some(&line, "kenya").await;
    assert_eq!(rounds[0].1.revised, 2, "{rounds:?}");
    for (url, moved) in [(touched, false), (edited, true)] {
        let id = line.store.by_url(&url).await.unwrap().unwrap();
        let article = line.store.article(id).await.unwrap().unwrap();
        assert_eq!(article.updated == house.clock.now(), moved, "{url}");
        let change = line.store.changes(0, 1000).await.unwrap().into_iter().rfind(|c| c.article_id == id).unwrap();
        assert!(matches!(change.kind, ChangeKind::Revised { material, .. } if material == moved), "{change:?}");
    }
}
