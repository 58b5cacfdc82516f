//! What a site answers in place of an article, or says wrongly of one: none of it may cost a story.

use depeche::article::Article;
use depeche::pipeline::Line;
use depeche::store::Store;
use tempfile::{TempDir, tempdir};

use crate::house::House;

const LISTING: &str = "http://haiti.example/fr/news";

fn html() -> Vec<(String, String)> {
    vec![("content-type".into(), "text/html; charset=utf-8".into())]
}

fn listing(slugs: &[&str]) -> Vec<u8> {
    let item = |slug: &&str| format!("<div class=\"views-row\"><a href=\"/fr/news/{slug}\">{slug}</a></div>");
    let items: String = slugs.iter().map(item).collect();
    format!("<html><body><div class=\"view-content\">{items}</div></body></html>").into_bytes()
}

/// A page as the profile knows it.
fn page(title: &str, text: &str, head: &str) -> Vec<u8> {
    format!("<html><head>{head}</head><body><main><h1>{title}</h1><div class=\"narrow-content\"><div class=\"field--type-text-with-summary\"><p>{text}</p></div></div></main></body></html>").into_bytes()
}

const WELLS: &str = "Les puits de la colline donnent de nouveau de l’eau, et les familles qui allaient la chercher à la rivière restent au village. \
    Les maçons ont travaillé trois semaines, avec des pierres que les voisins ont apportées chaque matin.";
const ROOFS: &str = "Avant la saison des pluies, deux cents toits sont refaits dans les quartiers du port, avec des tôles et des clous venus du chantier naval. \
    Une menuisière forme six apprentis, qui montent les charpentes et gardent les outils à la fin.";

async fn stored(line: &Line, url: &str) -> Option<Article> {
    let id = line.store.by_url(url).await.unwrap()?;
    line.store.article(id).await.unwrap()
}

async fn begun() -> (TempDir, House, Line) {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    (folder, house, line)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_answers_as_a_page_takes_no_storys_place() {
    let (_folder, house, line) = begun().await;
    house.replay.answer(LISTING, 200, &html(), listing(&["les-puits"]));
    let url = "http://haiti.example/fr/news/les-puits";
    house.replay.answer(url, 200, &html(), page("Les puits de la colline", WELLS, ""));
    house.crawl_some(&line, "haiti-fr").await;
    let before = stored(&line, "https://haiti.example/fr/news/les-puits").await.unwrap();
    for body in [
        // An error page in the site's own frame, one without it, a wall, and one that nobody could name.
        page("Page introuvable", "La page demandée n’existe pas, ou n’existe plus. Vérifiez l’adresse, ou revenez à l’accueil du site.", ""),
        "<html><title>Site en maintenance | OIM Haïti</title><body><h1>Site en maintenance</h1><p>Nous revenons dans un moment, merci de votre patience et à bientôt sur ce site.</p></body></html>".as_bytes().to_vec(),
        "<html><body><h1>Avant de continuer</h1><p>Ce site conserve des témoins de connexion. Acceptez-les tous, ou choisissez ceux que vous voulez garder.</p></body></html>".as_bytes().to_vec(),
        format!("<html><body><h1>Bienvenue sur le nouveau site</h1><p>{ROOFS}</p></body></html>").into_bytes(),
    ] {
        house.later(30);
        house.replay.answer(url, 200, &html(), body);
        house.crawl_some(&line, "haiti-fr").await;
        assert_eq!(stored(&line, "https://haiti.example/fr/news/les-puits").await.unwrap(), before);
    }
    // What is new and an error is no story either.
    house.replay.answer(LISTING, 200, &html(), listing(&["les-puits", "les-toits"]));
    house.replay.answer(
        "http://haiti.example/fr/news/les-toits",
        200,
        &html(),
        page("Accès refusé", "Vous n’avez pas le droit de lire cette page ; adressez-vous à qui tient ce site.", ""),
    );
    let round = house.crawl_some(&line, "haiti-fr").await.remove(0).1;
    assert!(stored(&line, "https://haiti.example/fr/news/les-toits").await.is_none());
    assert!(round.failed.iter().any(|failure| failure.why.contains("the page says \"Accès refusé\"")), "{round:?}");
    // The site recovers, and a correction is taken.
    house.later(30);
    house.replay.answer(url, 200, &html(), page("Les puits de la colline", &WELLS.replace("trois", "quatre"), ""));
    house.crawl_some(&line, "haiti-fr").await;
    assert!(stored(&line, "https://haiti.example/fr/news/les-puits").await.unwrap().text.contains("quatre semaines"));
    let log = line.store.changes(0, 99).await.unwrap();
    assert_eq!(log.len(), 2, "created, and revised once: {log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canonical_address_that_cannot_be_meant_is_not_believed() {
    let (_folder, house, line) = begun().await;
    for canonical in [LISTING, "http://haiti.example/", "http://haiti.example/fr/news/les-puits"] {
        let head = format!("<link rel=\"canonical\" href=\"{canonical}\">");
        house.replay.answer(LISTING, 200, &html(), listing(&["les-puits", "les-toits"]));
        house.replay.answer("http://haiti.example/fr/news/les-puits", 200, &html(), page("Les puits", WELLS, &head));
        house.replay.answer("http://haiti.example/fr/news/les-toits", 200, &html(), page("Les toits", ROOFS, &head));
        let line = house.line(Store::memory()).await;
        house.crawl_some(&line, "haiti-fr").await;
        let wells = stored(&line, "https://haiti.example/fr/news/les-puits").await.expect(canonical);
        let roofs = stored(&line, "https://haiti.example/fr/news/les-toits").await.expect(canonical);
        assert_eq!((wells.title.as_str(), roofs.title.as_str()), ("Les puits", "Les toits"), "{canonical}");
        assert!(wells.id != roofs.id && wells.aliases.is_empty() && roofs.aliases.is_empty(), "{canonical}");
    }
    // The same text under a second address means the first one.
    let head = "<link rel=\"canonical\" href=\"http://haiti.example/fr/news/les-puits\">";
    house.replay.answer("http://haiti.example/fr/news/les-puits", 200, &html(), page("Les puits", WELLS, head));
    house.replay.answer("http://haiti.example/fr/news/imprimer", 200, &html(), page("Les puits", WELLS, head));
    for slug in ["les-puits", "imprimer"] {
        house.replay.answer(LISTING, 200, &html(), listing(&[slug]));
        house.crawl_some(&line, "haiti-fr").await;
    }
    let wells = stored(&line, "https://haiti.example/fr/news/les-puits").await.unwrap();
    assert_eq!(wells.aliases, ["https://haiti.example/fr/news/imprimer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_is_asked_for_by_the_next_crawl() {
    let (_folder, house, line) = begun().await;
    let url = "http://haiti.example/fr/news/les-puits";
    house.replay.answer(LISTING, 200, &html(), listing(&["les-puits"]));
    house.replay.answer(url, 200, &html(), page("Les puits de la colline", WELLS, ""));
    house.crawl_some(&line, "haiti-fr").await;
    let id = stored(&line, "https://haiti.example/fr/news/les-puits").await.unwrap().id;
    house.later(2);
    house.replay.answer(url, 410, &html(), Vec::new());
    house.crawl_some(&line, "haiti-fr").await;
    assert!(line.store.withdrawn(id).await.unwrap().is_some());
    house.later(1);
    house.replay.answer(url, 200, &html(), page("Les puits de la colline", WELLS, ""));
    house.crawl_some(&line, "haiti-fr").await;
    assert!(line.store.withdrawn(id).await.unwrap().is_none());
    assert_eq!(stored(&line, "https://haiti.example/fr/news/les-puits").await.unwrap().id, id);
}
