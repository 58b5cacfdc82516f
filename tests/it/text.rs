//! Searching for words: what is found, what is not, and an index of words that may be lost at any moment.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use depeche::article::{Article, ArticleId, Language, fold, words};
use depeche::edition::{Edition, EditionError, Words};
use depeche::index::text::{Numbers, Plan, Scope, Text, text_of};
use depeche::query::{Query, TextFilter};
use depeche::store::{ChangeKind, Head, Store};
use proptest::prelude::*;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use tempfile::tempdir;
use uuid::Uuid;

use crate::house::House;
use crate::serving::{Server, header};
use crate::store::{article, put};

fn says(n: u64, language: Language, title: &str, text: &str) -> Article {
    let mut article = article(n);
    article.language.language = language;
    (article.title, article.summary, article.text) = (title.to_owned(), String::new(), text.to_owned());
    article
}

/// An index of these articles, numbered as they come.
fn index(articles: &[Article]) -> impl Fn(&str) -> BTreeSet<u32> + use<> {
    let mut text = Text::in_memory().unwrap();
    articles.iter().for_each(|article| text.put(article).unwrap());
    text.commit(articles.len() as u64).unwrap();
    let ids: Vec<ArticleId> = articles.iter().map(|article| article.id).collect();
    let number = |asked: &[ArticleId]| {
        asked.iter().map(|id| ids.iter().position(|other| other == id).map(|n| n as u32)).collect()
    };
    let snapshot = text.snapshot(&mut Numbers::new(), number).unwrap();
    move |q| {
        let filter = TextFilter::of(&Query { q: Some(q.to_owned()), ..Query::default() }).unwrap();
        snapshot.find(&Plan::of(&filter), Scope::Text).unwrap().into_iter().collect()
    }
}

#[test]
fn what_is_asked_for_is_found_and_nothing_else() {
    use Language as L;
    let urgent = "L’aide d’urgence est arrivée : 1 204 familles déplacées, peut-être plus.";
    let rows: &[(Language, &str, &[&str], &[&str])] = &[
        // French: stems, accents left out or not, what runs into the next word.
        (
            L::FR,
            urgent,
            &[
                "aide",
                "AIDES",
                "l'aide",
                "d’aide",
                "urgence",
                "urgences",
                "familles",
                "famille",
                "déplacée",
                "deplacees",
                "Déplacés",
            ],
            &["aider-nous", "placées", "amille", "l’eau", "d'eau"],
        ),
        (
            L::FR,
            urgent,
            &[
                "\"aide d'urgence\"",
                "“aide d’urgence”",
                "« aide d'urgence »",
                "1 204",
                "\"1 204\"",
                "peut-être",
                "peut être",
            ],
            &["\"urgence aide\"", "\"204 1\"", "être-peut", "\"familles peut\""],
        ),
        (
            L::FR,
            urgent,
            &["aide -pluie", "-\"urgence aide\"", "aide -\"eau potable\""],
            &["aide -famille", "-urgence", "-\"aide d'urgence\"", "-l’aide"],
        ),
        (L::FR, "Les migrations forcées; un migrant migre", &["migration", "forcée", "migrants"], &["migratoire"]),
        (L::FR, "Œuvre de cœur à Cotonou", &["oeuvre", "œuvres", "coeur"], &["uvre"]),
        (
            L::FR,
            "La Côte d’Ivoire, l’OIM et la vitamine C",
            &[
                "cote d ivoire",
                "\"cote d ivoire\"",
                "\"Côte d'Ivoire\"",
                "oim",
                "l’oim",
                "d",
                "vitamine C",
                "\"la vitamine c\"",
            ],
            &["\"c vitamine\"", "\"la ivoire\"", "\"vitamine d\""],
        ),
        // English.
        (
            L::EN,
            "Displaced families were receiving shelters; IOM’s teams don't rest.",
            &["displace", "family", "shelter", "receive", "IOM", "\"IOM's team\"", "\"displaced family\"", "don’t"],
            &["families displaced shelterless", "\"families displaced\"", "place", "dont"],
        ),
        // Others: Spanish and Portuguese by their stems, the rest as they are written.
        (L::ES, "Las migraciones de niños", &["migración", "ninos", "niño"], &["migra"]),
        (L::PT, "As migrações das crianças", &["criança", "crianca", "migracoes"], &["cria"]),
        (L::AR, "وصل المُهاجرون إلى طرابلس", &["المهاجرون", "طرابلس", "\"إلى طرابلس\""], &["مهاجرون", "\"طرابلس إلى\""]),
        (L::RU, "Международная Организация по Миграции", &["организация", "МИГРАЦИИ"], &["миграция"]),
        (L::UND, "国际移民组织在日内瓦", &["移民", "国际移民组织", "\"移民组织\"", "日内瓦"], &["民移", "日瓦"]),
        (L::UND, "ผู้ลี้ภัยชาวโรฮิงญา", &["ลี้ภัย", "ชาวโรฮิงญา"], &["ภัยลี้"]),
        // Words of one language are none of another's.
        (L::EN, "The news portal", &["news", "portal"], &["porte", "nouvelles"]),
        (L::FR, "", &["...", "-rien"], &["rien"]),
    ];
    let articles: Vec<Article> =
        rows.iter().enumerate().map(|(n, (language, text, ..))| says(n as u64, *language, "Titre", text)).collect();
    let find = index(&articles);
    for (n, (_, text, found, not)) in rows.iter().enumerate() {
        for (queries, want) in [(found, true), (not, false)] {
            for q in *queries {
                assert_eq!(find(q).contains(&(n as u32)), want, "{q} in {text}");
            }
        }
    }
    // Words may stand in title and text apart; a phrase stands in one of them.
    let find = index(&[says(1, L::FR, "Eau potable", "Elle manque")]);
    assert_eq!((find("manque potable").len(), find("\"potable elle\"").len()), (1, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever stands in a text is found by it, as written and folded; a phrase is in fewer than its words; what must not
    /// stand there is the rest. Nothing that anybody asks panics.
    #[test]
    fn searching_is_about_sets(
        texts in prop::collection::vec("([a-eéèœA-E’' -]|الم|移民|[0-9]){0,30}", 1..6),
        languages in prop::collection::vec(0usize..4, 6),
        wild in "\\PC{0,30}",
        from in 0usize..6,
        length in 1usize..4,
    ) {
        let languages = languages.into_iter().map(|n| [Language::FR, Language::EN, Language::ES, Language::AR][n]);
        let articles: Vec<Article> =
            texts.iter().zip(languages).enumerate().map(|(n, (text, l))| says(n as u64, l, "", text)).collect();
        let find = index(&articles);
        let all: BTreeSet<u32> = (0..articles.len() as u32).collect();
        find(&wild);
        for (n, text) in texts.iter().enumerate() {
            let there: Vec<&str> = words(text).map(|word| word.text).collect();
            let some: Vec<&str> = there.iter().copied().skip(from).take(length).collect();
            for q in there.iter().map(|word| (*word).to_owned()).chain(there.iter().map(|word| fold(word))).chain([some.join(" ")]) {
                prop_assert!(find(&q).contains(&(n as u32)), "{q} in {text}");
            }
            if some.is_empty() {
                continue;
            }
            let place = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
            let slice = &text[place(some[0])..place(some[some.len() - 1]) + some[some.len() - 1].len()];
            let phrase = find(&format!("\"{slice}\""));
            prop_assert!(phrase.contains(&(n as u32)), "the phrase {slice} in {text}");
            let each: Vec<BTreeSet<u32>> = some.iter().map(|word| find(word)).collect();
            let both = each.iter().fold(all.clone(), |left, right| left.intersection(right).copied().collect());
            prop_assert_eq!(find(&some.join(" ")), both.clone());
            // A short word that French may run into the next one need not stand there.
            if some.iter().all(|word| word.chars().count() > 2) {
                prop_assert!(phrase.is_subset(&both));
            }
            let without: BTreeSet<u32> = all.difference(&phrase).copied().collect();
            prop_assert_eq!(find(&format!("-\"{slice}\"")), without);
        }
    }
}

/// A store of three articles on disk, and what its edition finds.
async fn stored(folder: &Path) -> (House, Store) {
    let house = House::open(folder).await;
    let store = house.store().await;
    for (n, text) in [(1, "Des familles déplacées"), (2, "L’eau potable"), (3, "Une famille, de l’eau")] {
        put(&store, says(n, Language::FR, &format!("Relevé {n}"), text), ChangeKind::Created).await;
    }
    (house, store)
}

fn data(house: &House) -> &Path {
    let depeche::config::StorePlace::Sled(folder) = &house.config.store;
    folder
}

/// How many the edition finds; every source of these articles shows its full text.
async fn found(house: &House, store: &Store, q: &str) -> Result<usize, EditionError> {
    let mut config = depeche::config::Config::clone(&house.config);
    let source = config.sources.iter_mut().find(|s| s.id.as_str() == "haiti-fr").unwrap();
    Arc::make_mut(source).body = depeche::query::Body::Full;
    let edition = Edition::new(store.clone(), &config).with(Words::of(store, data(house)));
    edition.follow().await.unwrap();
    let query = Query::parse(&format!("q={q}&dedupe=none"), &edition.vocabulary()).unwrap();
    Ok(edition.select(&query).await?.ids.len())
}

fn parts(folder: &Path) -> BTreeSet<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.starts_with('.') && name != "meta.json").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_indexed_is_not_indexed_again_and_what_came_meanwhile_is() {
    let folder = tempdir().unwrap();
    let (house, store) = stored(folder.path()).await;
    assert_eq!(found(&house, &store, "famille").await.unwrap(), 2);
    let before = parts(&text_of(data(&house)));
    assert!(!before.is_empty());
    assert_eq!(found(&house, &store, "eau").await.unwrap(), 2);
    assert_eq!(parts(&text_of(data(&house))), before, "nothing was written");
    put(&store, says(1, Language::FR, "Relevé 1", "Des abris"), ChangeKind::Created).await;
    put(&store, says(4, Language::FR, "Relevé 4", "Des familles"), ChangeKind::Created).await;
    for (q, want) in [("famille", 2), ("abris", 1), ("deplacees", 0), ("releve", 4)] {
        assert_eq!(found(&house, &store, q).await.unwrap(), want, "{q}");
    }
    assert!(parts(&text_of(data(&house))).is_superset(&before), "only what changed was written");
    let head = store.head().await.unwrap();
    let text = Text::open(&text_of(data(&house)), head).unwrap();
    assert_eq!((text.head(), text.size().1), (head, 4));
    // While somebody holds it, it is neither used nor taken for a torn one.
    let held = found(&house, &store, "famille").await.unwrap_err().to_string();
    assert!(held.contains("in use"), "{held}");
    drop(text);
    assert_eq!(found(&house, &store, "famille").await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_words_that_is_lost_torn_older_or_of_another_log_is_built_anew() {
    let folder = tempdir().unwrap();
    let (house, store) = stored(folder.path()).await;
    let text = text_of(data(&house));
    let meta = |from: &str, to: &str| {
        let path = text.join("meta.json");
        let old = fs::read_to_string(&path).unwrap();
        let new = old.replace(from, to);
        assert_ne!(old, new, "{from}");
        fs::write(path, new).unwrap();
    };
    let segment = |ending: &str| {
        let name = parts(&text).into_iter().find(|name| name.ends_with(ending));
        text.join(name.unwrap_or_else(|| panic!("no {ending} in {:?}", parts(&text))))
    };
    let epoch = store.head().await.unwrap().epoch.to_string();
    type Damage<'a> = (&'a str, Box<dyn Fn() + 'a>);
    let damages: Vec<Damage> = vec![
        ("deleted", Box::new(|| fs::remove_dir_all(&text).unwrap())),
        (
            "emptied",
            Box::new(|| fs::read_dir(&text).unwrap().for_each(|f| fs::remove_file(f.unwrap().path()).unwrap())),
        ),
        ("without a part", Box::new(|| fs::remove_file(segment(".term")).unwrap())),
        (
            "cut",
            Box::new(|| {
                let bytes = fs::read(segment(".idx")).unwrap();
                fs::write(segment(".idx"), &bytes[..bytes.len() / 2]).unwrap();
            }),
        ),
        (
            "with a wrong byte",
            Box::new(|| {
                let mut bytes = fs::read(segment(".term")).unwrap();
                bytes[3] ^= 0x55;
                fs::write(segment(".term"), bytes).unwrap();
            }),
        ),
        ("torn", Box::new(|| fs::write(text.join("meta.json"), "{\"segm").unwrap())),
        ("without a payload", Box::new(|| meta("\"payload\"", "\"was_payload\""))),
        ("older", Box::new(|| meta("\\\"format\\\":", "\\\"format\\\":9"))),
        ("of another log", Box::new(|| meta(&epoch, "00000000-0000-4000-8000-000000000000"))),
        ("ahead of the log", Box::new(|| meta("\\\"seq\\\":3", "\\\"seq\\\":30"))),
        ("of other fields", Box::new(|| meta("\"summary\"", "\"lead\""))),
    ];
    assert_eq!(found(&house, &store, "famille").await.unwrap(), 2);
    for (how, damage) in damages {
        damage();
        assert_eq!(found(&house, &store, "famille").await.unwrap(), 2, "{how}");
        assert_eq!(found(&house, &store, "eau+-potable").await.unwrap(), 1, "{how}");
        let size = Text::open(&text, store.head().await.unwrap()).unwrap().size();
        assert_eq!(size.1, 3, "{how}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn until_the_words_are_level_q_is_told_to_wait_and_all_else_is_served() {
    let mut held = None;
    let server = Server::unsettled(&["kenya"], |house| {
        // Whoever holds the index keeps the daemon from bringing it level.
        held = Some(Text::open(&text_of(data(house)), Head { epoch: Uuid::nil(), seq: 0 }).unwrap());
    })
    .await;
    for path in
        ["/feed.atom", "/feed.json?country=KEN", "/", "/api/v1/articles?limit=1", "/opml?q=iom", "/health/sources"]
    {
        assert_eq!(server.get(path, &[]).await.status(), 200, "{path}");
    }
    let ready = server.json("/health/ready").await;
    assert_eq!(ready["words"]["ready"], false);
    assert!(ready["words"]["behind"].as_u64().unwrap() > 0);
    for path in
        ["/feed.atom?q=iom", "/feed.rss?exclude=iom", "/feed.json?archive=2026-11&q=iom", "/api/v1/articles?q=iom"]
    {
        let answer = server.get(path, &[]).await;
        assert_eq!(answer.status(), 503, "{path}");
        assert_eq!(header(&answer, RETRY_AFTER), "5", "{path}");
        assert_eq!(header(&answer, CONTENT_TYPE), "application/problem+json; charset=utf-8", "{path}");
        assert!(answer.text().await.unwrap().contains("leave out q and exclude"), "{path}");
    }
    for (page, says) in [("/?q=iom&ui=en", "Try again"), ("/?q=iom&ui=fr", "Réessayez")] {
        let answer = server.get(page, &[]).await;
        assert_eq!((answer.status().as_u16(), header(&answer, RETRY_AFTER).as_str()), (503, "5"), "{page}");
        assert!(answer.text().await.unwrap().contains(says), "{page}");
    }
    drop(held);
    server.words().await;
    let feed = server.get("/feed.atom?q=iom", &[]).await;
    assert_eq!(feed.status(), 200);
    assert!(feed.text().await.unwrap().contains("<entry"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_kept_is_what_a_new_search_would_give() {
    let server = Server::of(&["kenya"]).await;
    let queries =
        ["q=iom", "q=oim", "q=%22IOM%22%20-Kakuma", "exclude=iom", "lang=fr&q=oim", "country=HTI&exclude=eau"];
    let sources: Vec<String> = server.house.config.sources.iter().map(|s| s.id.to_string()).collect();
    let mut moved = 0;
    let mut last = vec![String::new(); queries.len()];
    for source in &sources {
        server.house.crawl_some(&server.line, source).await;
        server.settle().await;
        for (query, last) in queries.iter().zip(&mut last) {
            let served = server.get(&format!("/feed.json?{query}"), &[]).await;
            assert_eq!(served.status(), 200, "{query} after {source}");
            let served = served.text().await.unwrap();
            let anew = server.house.feed(&server.line.store, query, depeche::publish::Format::Json).await;
            assert_eq!(served, anew, "{query} after {source}");
            moved += usize::from(*last != served);
            *last = served;
        }
    }
    assert!(moved > 2 * queries.len(), "only {moved} bodies changed");
}

/// Every term that the files of an index of words hold, whether an article still has it or not.
pub fn terms(folder: &Path) -> Vec<String> {
    let index = tantivy::Index::open_in_dir(folder).unwrap();
    let searcher = index.reader().unwrap().searcher();
    let mut all = Vec::new();
    for part in searcher.segment_readers() {
        for field in ["title", "summary", "text"] {
            let words = part.inverted_index(part.schema().get_field(field).unwrap()).unwrap();
            let mut stream = words.terms().stream().unwrap();
            while stream.advance() {
                all.push(String::from_utf8_lossy(stream.key()).into_owned());
            }
        }
    }
    // No file of a part that is gone is left.
    let living: BTreeSet<String> =
        searcher.segment_readers().iter().map(|part| part.segment_id().uuid_string()).collect();
    for name in parts(folder) {
        assert!(living.iter().any(|id| name.starts_with(id.as_str())), "{name} is of no part of {living:?}");
    }
    all
}
