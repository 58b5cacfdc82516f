//! Whether a page has next to nothing to read because scripts would put it there. It never runs one.

use scraper::ElementRef;

use super::page::{Page, text_of};

/// A page with more to read than this has something on it.
const LITTLE: usize = 400;
/// A box with more to read than this is not waiting for a script.
const EMPTY: usize = 40;
/// Elements that frameworks put a page into.
const ROOTS: &str = "#root, #app, #__next, #__nuxt, #___gatsby, #q-app, #svelte, app-root, [ng-app], [ng-version], \
                     [data-reactroot], [data-server-rendered], [data-v-app]";
/// What a box says while it waits.
const WAITING: &[&str] = &["loading", "chargement", "cargando", "please wait", "veuillez patienter"];

/// True for a page that is made by scripts.
pub(super) fn makes(page: &Page<'_>) -> bool {
    let Some(body) = page.first("body") else { return false };
    let text = text_of(body);
    if text.chars().count() > LITTLE || page.first("script").is_none() {
        return false;
    }
    let waits = page.all(ROOTS).into_iter().any(|root| text_of(root).chars().count() <= EMPTY);
    let says = |text: &str| text.to_lowercase().contains("javascript");
    let told = page.all("noscript").into_iter().any(|e| says(&e.text().collect::<String>()));
    waits || told || says(&text)
}

/// True for a box that says that it waits for its content.
pub(super) fn waits(element: ElementRef<'_>) -> bool {
    let text = text_of(element).to_lowercase();
    text.chars().count() <= EMPTY && WAITING.iter().any(|word| text.contains(word))
}
