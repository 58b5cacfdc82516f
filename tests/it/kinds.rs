//! Offices by feed and by sitemap: pages where they can be had, the feed's own entry where not, and never twice.

use depeche::article::ExtractedBy;
use depeche::demo;
use depeche::store::Store;
use tempfile::tempdir;

use crate::house::House;

fn html() -> Vec<(String, String)> {
    vec![("content-type".into(), "text/html; charset=utf-8".into())]
}

fn xml() -> Vec<(String, String)> {
    vec![("content-type".into(), "application/xml; charset=utf-8".into())]
}

#[tokio::test(flavor = "multi_thread")]
async fn translations_are_linked_and_nothing_else_is() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    house.crawl(&line).await;
    let fixtures = demo::fixtures().unwrap();
    let mut story_of = std::collections::HashMap::new();
    for fixture in fixtures.iter().filter(|f| f.expect.is_some()) {
        let id = line.store.by_url(&depeche::dedup::canonical(&fixture.url, true)).await.unwrap();
        if let Some(id) = id {
            let article = line.store.article(id).await.unwrap().unwrap();
            story_of.insert(fixture.url.clone(), (article.story, article.language.language));
        }
    }
    let (mut right, mut missed) = (0, Vec::new());
    for fixture in &fixtures {
        let Some(other) = fixture.expect.as_ref().and_then(|e| e.translation_of.clone()) else { continue };
        match (story_of.get(&fixture.url), story_of.get(&other)) {
            (Some(a), Some(b)) if a.0 == b.0 => right += 1,
            _ => missed.push(fixture.name.clone()),
        }
    }
    assert!(right >= 11 && missed.len() <= 1, "{right} linked, missed {missed:?}");
    // Every story of two articles or more is one that the fixtures name.
    let mut named: Vec<(url::Url, url::Url)> = Vec::new();
    for fixture in &fixtures {
        let Some(expect) = &fixture.expect else { continue };
        named.extend(expect.translation_of.iter().chain(&expect.same_story).map(|o| (fixture.url.clone(), o.clone())));
    }
    let related = |a: &url::Url, b: &url::Url| {
        let (mut group, mut grown) = (vec![a.clone()], true);
        while grown {
            grown = false;
            for (x, y) in &named {
                for (one, other) in [(x, y), (y, x)] {
                    if group.contains(one) && !group.contains(other) {
                        group.push(other.clone());
                        grown = true;
                    }
                }
            }
        }
        group.contains(b)
    };
    let urls: Vec<_> = story_of.keys().cloned().collect();
    let mut wrong = Vec::new();
    for (i, a) in urls.iter().enumerate() {
        for b in &urls[i + 1..] {
            if story_of[a].0 == story_of[b].0 && !related(a, b) {
                wrong.push(format!("{a} and {b}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_gives_pages_and_its_own_entry_where_a_page_cannot_be_had() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    let feed = r#"<rss><channel><title>T</title><link>http://niger.example/</link><language>fr</language>
        <item><title>Interdit</title><link>http://niger.example/prive/a</link><pubDate>Tue, 02 Jun 2026 23:30:00 +0100</pubDate>
          <description>&lt;p&gt;Le bureau ouvre un centre d’accueil à Agadez pour les personnes secourues dans le désert.&lt;/p&gt;</description></item>
        <item><title>Sans lien</title><description>Une note sans page, publiée dans le flux seulement, à propos de la région de Diffa.</description></item>
        <item><title>Vidéo</title><link>http://niger.example/v.mp4</link><description>Une vidéo de la distribution de kits à Tillabéri, avec les voix de trois familles.</description></item>
        </channel></rss>"#;
    house.replay.answer("http://niger.example/rss.xml", 200, &xml(), feed.into());
    house.replay.answer(
        "http://niger.example/robots.txt",
        200,
        &[("content-type".into(), "text/plain".into())],
        b"User-agent: *\nDisallow: /prive/\n".to_vec(),
    );
    house.replay.answer(
        "http://niger.example/v.mp4",
        200,
        &[("content-type".into(), "video/mp4".into())],
        b"....".to_vec(),
    );
    let round = house.crawl_some(&line, "niger").await.remove(0).1;
    assert_eq!((round.found, round.stored, round.failed.len()), (3, 3, 0), "{round:?}");
    let stored = line.store.scan(None, 9).await.unwrap();
    assert!(stored.iter().all(|a| a.by == ExtractedBy::Feed && a.language.language.tag() == "fr"));
    let private = stored.iter().find(|a| a.title == "Interdit").unwrap();
    assert_eq!(
        (private.published.day.to_string(), private.published.at.to_string()),
        ("2026-06-02".into(), "2026-06-02T22:30:00Z".into())
    );

    // Again: nothing new, nothing revised, the same ids. Then an edit of an entry.
    house.later(2);
    house.replay.answer("http://niger.example/rss.xml", 200, &xml(), format!("{feed}<!-- again -->").into_bytes());
    let round = house.crawl_some(&line, "niger").await.remove(0).1;
    assert_eq!((round.stored, round.revised, round.unchanged), (0, 0, 3), "{round:?}");
    let edited = feed.replace("trois familles", "trente-sept familles de Téra");
    house.replay.answer("http://niger.example/rss.xml", 200, &xml(), edited.into_bytes());
    assert_eq!(house.crawl_some(&line, "niger").await[0].1.revised, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_none_says_so() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    house.replay.answer(
        "http://niger.example/rss.xml",
        200,
        &html(),
        b"<html><body>maintenance</body></html>".to_vec(),
    );
    let error = house.crawl_some(&line, "niger").await[0].1.error.clone().unwrap();
    assert!(error.contains("unable to read it as a feed") && error.contains("rss.xml"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sitemap_gives_articles_and_leaves_what_is_none_alone() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    let round = house.crawl_some(&line, "tchad").await.remove(0).1;
    let expected =
        demo::fixtures().unwrap().iter().filter(|f| f.name.starts_with("tchad/") && f.expect.is_some()).count();
    let all: Vec<String> = line
        .store
        .scan(None, 99)
        .await
        .unwrap()
        .into_iter()
        .map(|a| format!("{} {:?} {}", a.url, a.by, a.published.from))
        .collect();
    assert_eq!(round.stored + round.duplicate, expected, "{}", all.join("\n"));
    assert!(round.unchanged >= 3 && round.failed.is_empty(), "home, list and contact pages are no articles: {round:?}");

    // Nothing changed: home and contact pages are not asked for again, the parts answer 304.
    house.later(3);
    house.replay.take_asked();
    house.crawl_some(&line, "tchad").await;
    let asked = house.replay.take_asked();
    assert!(asked.iter().all(|(url, status)| *status == 304 || url.ends_with("/robots.txt")), "{asked:?}");

    // One part fails: what it gave before stays.
    house.later(3);
    house.replay.answer("http://tchad.example/sitemap-2.xml.gz", 500, &html(), b"oops".to_vec());
    let round = house.crawl_some(&line, "tchad").await.remove(0).1;
    assert_eq!((round.error, round.stored), (None, 0));
    house.replay.answer("http://tchad.example/sitemap.xml", 200, &html(), b"<html>no sitemap</html>".to_vec());
    let error = house.crawl_some(&line, "tchad").await[0].1.error.clone().unwrap();
    assert!(error.contains("<html>, not <urlset> or <sitemapindex>"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_translates_another_story_makes_the_two_one_under_the_older_id() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    let english = "Port-au-Prince – Families from Cité Soleil moved to the school of Delmas after the flood, and volunteers brought water, soap and blankets for every child. \
        The mayor said that the road to the coast would stay closed for another week, while engineers look at the bridge that the river carried away on Sunday night. \
        Teachers keep the lessons going in the yard, and the kitchen of the parish feeds all who come until the market opens again.";
    let french = "Port-au-Prince – Le marché rouvre lundi et la cantine de la paroisse nourrit encore les familles venues du littoral, selon la mairie de la commune. \
        Les enseignants donnent leurs cours dans la cour, tandis que des ingénieurs examinent le pont emporté par la rivière dans la nuit de dimanche à lundi dernier. \
        Des volontaires ont apporté de l’eau, du savon et des couvertures pour chaque enfant arrivé avec ses parents.";
    let page = |title: &str, text: &str, more: &str| {
        format!("<html><head>{more}</head><body><main><h1>{title}</h1><div class=\"narrow-content\"><div class=\"field--type-text-with-summary\"><p>{text}</p></div></div></main></body></html>").into_bytes()
    };
    let listing = |slugs: &[&str]| {
        let items: String =
            slugs.iter().map(|s| format!("<div class=\"views-row\"><a href=\"{s}\">{s}</a></div>")).collect();
        format!("<html><body><div class=\"view-content\">{items}</div></body></html>").into_bytes()
    };
    house.replay.answer("http://haiti.example/fr/news", 200, &html(), listing(&["/fr/news/le-marche-rouvre"]));
    house.replay.answer(
        "http://haiti.example/fr/news/le-marche-rouvre",
        200,
        &html(),
        page("Le marché rouvre", french, ""),
    );
    house.replay.answer("http://kenya.example/news", 200, &html(), listing(&["/news/families-moved-to-school"]));
    house.replay.answer(
        "http://kenya.example/news/families-moved-to-school",
        200,
        &html(),
        page("Families moved to the school", english, ""),
    );
    house.crawl_some(&line, "haiti-fr").await;
    house.later(1);
    house.crawl_some(&line, "kenya").await;
    let of = async |url: &str| {
        let id = line.store.by_url(url).await.unwrap().unwrap();
        line.store.article(id).await.unwrap().unwrap()
    };
    let (fr, en) = (
        of("https://haiti.example/fr/news/le-marche-rouvre").await,
        of("https://kenya.example/news/families-moved-to-school").await,
    );
    assert_ne!(fr.story, en.story);

    house.later(1);
    let linked = page(
        "Families moved to the school",
        english,
        "<link rel=\"alternate\" hreflang=\"fr\" href=\"http://haiti.example/fr/news/le-marche-rouvre\">",
    );
    house.replay.answer("http://haiti.example/news", 200, &html(), listing(&["/news/families-moved-to-the-school"]));
    house.replay.answer("http://haiti.example/news/families-moved-to-the-school", 200, &html(), linked);
    house.crawl_some(&line, "haiti-en").await;
    let (fr, en) = (
        of("https://haiti.example/fr/news/le-marche-rouvre").await,
        of("https://kenya.example/news/families-moved-to-school").await,
    );
    let copy = of("https://haiti.example/news/families-moved-to-the-school").await;
    assert_eq!((en.story, copy.story), (fr.story, fr.story), "the older story's id survives");
    let story = line.store.story(fr.story).await.unwrap().unwrap();
    assert_eq!((story.members.len(), story.entries.len()), (3, 2));
    assert_eq!(line.store.verify().await.unwrap().problems, Vec::<String>::new());
    let log = line.store.changes(0, 99).await.unwrap();
    assert!(log.iter().filter(|c| c.kind == depeche::store::ChangeKind::Merged).count() >= 2, "{log:?}");
}

/// A translation that comes months later is linked by the page alone: nothing is remembered for so long.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_linked_to_the_translation_that_it_names_however_old_that_is() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    let page = |title: &str, text: &str, link: &str| {
        format!("<html><head>{link}</head><body><main><h1>{title}</h1><div class=\"narrow-content\"><div class=\"field--type-text-with-summary\"><p>{text}</p></div></div></main></body></html>").into_bytes()
    };
    let listing = |slug: &str| {
        format!("<html><body><div class=\"view-content\"><div class=\"views-row\"><a href=\"{slug}\">{slug}</a></div></div></body></html>").into_bytes()
    };
    let french = "Le marché rouvre lundi et la cantine de la paroisse nourrit encore les familles venues du littoral, selon la mairie de la commune. \
        Des volontaires ont apporté de l’eau, du savon et des couvertures pour chaque enfant arrivé avec ses parents.";
    let english = "The market opens again on Monday, and the kitchen of the parish still feeds the families who came from the coast, the town hall says. \
        Volunteers brought water, soap and blankets for every child who arrived with its parents.";
    house.replay.answer("http://haiti.example/fr/news", 200, &html(), listing("/fr/news/le-marche-rouvre"));
    let first = page("Le marché rouvre", french, "");
    house.replay.answer("http://haiti.example/fr/news/le-marche-rouvre", 200, &html(), first);
    house.crawl_some(&line, "haiti-fr").await;
    house.later(24 * 100);
    house.replay.answer("http://haiti.example/news", 200, &html(), listing("/news/the-market-opens"));
    let link = "<link rel=\"alternate\" hreflang=\"fr\" href=\"http://haiti.example/fr/news/le-marche-rouvre\">";
    let second = page("The market opens", english, link);
    house.replay.answer("http://haiti.example/news/the-market-opens", 200, &html(), second);
    house.crawl_some(&line, "haiti-en").await;
    let of = async |url: &str| {
        let id = line.store.by_url(url).await.unwrap().unwrap();
        line.store.article(id).await.unwrap().unwrap()
    };
    let old = of("https://haiti.example/fr/news/le-marche-rouvre").await;
    let new = of("https://haiti.example/news/the-market-opens").await;
    assert_eq!(old.story, new.story);
    let story = line.store.story(old.story).await.unwrap().unwrap();
    assert_eq!((story.members.len(), story.entries.len()), (2, 2));
    assert_eq!(line.store.verify().await.unwrap().problems, Vec::<String>::new());
}
