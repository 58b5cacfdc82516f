//! `/health`: how every source is, for people. What needs a look comes first. Reading it never triggers a fetch.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use jiff::Timestamp;
use maud::{Markup, html};

use super::{interface, layout, texts};
use crate::article::{Language, SourceId};
use crate::edition::SourceCard;
use crate::health::{Health, Outage, State as Is, Step, Words};
use crate::store::SourceState;
use crate::web::health::states;
use crate::web::{Problem, Shared};

struct Texts {
    intro: &'static str,
    all_well: &'static str,
    need: &'static str,
    of: &'static str,
    follow: &'static str,
    machine: &'static str,
    network: &'static str,
    network_text: &'static str,
    head: [&'static str; 5],
    since: &'static str,
    step: &'static str,
    selector: &'static str,
    advice: &'static str,
    generic: &'static str,
    none: &'static str,
    never: &'static str,
    articles: &'static str,
    states: [&'static str; 5],
    steps: [&'static str; 9],
}

const EN: Texts = Texts {
    intro: "How every source is, and what to try where one is not well. The last good articles stay in the feeds meanwhile.",
    all_well: "No source needs a look.",
    need: "need a look:",
    of: "of",
    follow: "Alarms as a feed",
    machine: "for machines",
    network: "Our own network seems to be down.",
    network_text: "Most hosts cannot be reached at once, so no source is to blame and none changes its state. Check this machine's network and DNS. Hosts that fail, of those tried:",
    head: ["Source", "State", "What is wrong, and what to try", "Last good article", "Next check"],
    since: "since",
    step: "Step:",
    selector: "selector",
    advice: "Try:",
    generic: "The generic rules stand in.",
    none: "none yet",
    never: "not asked yet",
    articles: "articles",
    states: ["ok", "quiet", "degraded", "broken", "blocked"],
    steps: ["robots.txt", "fetching", "listing", "container", "items", "articles", "title", "date", "text"],
};

const FR: Texts = Texts {
    intro: "Comment va chaque source, et que faire quand l’une ne va pas. Les derniers bons articles restent dans les flux entre-temps.",
    all_well: "Aucune source ne demande d’attention.",
    need: "demandent de l’attention :",
    of: "sur",
    follow: "Les alarmes en flux",
    machine: "pour les machines",
    network: "Notre propre réseau semble en panne.",
    network_text: "La plupart des hôtes sont injoignables à la fois : aucune source n’est en cause, et aucune ne change d’état. Vérifiez le réseau et le DNS de cette machine. Hôtes en échec, parmi ceux essayés :",
    head: ["Source", "État", "Ce qui ne va pas, et que faire", "Dernier bon article", "Prochaine visite"],
    since: "depuis",
    step: "Étape :",
    selector: "sélecteur",
    advice: "À essayer :",
    generic: "Les règles génériques y suppléent.",
    none: "aucun encore",
    never: "pas encore interrogée",
    articles: "articles",
    states: ["en ordre", "calme", "dégradée", "en panne", "bloquée"],
    steps: ["robots.txt", "lecture", "liste", "conteneur", "éléments", "articles", "titre", "date", "texte"],
};

impl Texts {
    fn state(&self, state: Is) -> &'static str {
        self.states[match state {
            Is::Ok => 0,
            Is::Quiet => 1,
            Is::Degraded => 2,
            Is::Broken => 3,
            Is::Blocked => 4,
        }]
    }

    fn step(&self, step: Step) -> &'static str {
        self.steps[match step {
            Step::Robots => 0,
            Step::Fetch => 1,
            Step::Listing => 2,
            Step::Container => 3,
            Step::Items => 4,
            Step::Article => 5,
            Step::Title => 6,
            Step::Date => 7,
            Step::Body => 8,
        }]
    }
}

pub(in crate::web) async fn health(
    State(site): Shared,
    uri: Uri,
    headers: HeaderMap,
) -> Result<axum::response::Response, Problem> {
    let (ui, _) = interface(&uri, &headers);
    let (t, title, root) =
        (if ui == Language::FR { &FR } else { &EN }, texts(ui).health, site.edition.public_url.path());
    let mut rows: Vec<(SourceId, SourceCard, SourceState)> = (states(&site).await?.into_iter())
        .map(|(id, _, state)| (id.clone(), site.edition.source(&id), state))
        .collect();
    rows.sort_by_key(|(_, card, state)| (std::cmp::Reverse(state.health.state), crate::article::fold(&card.name)));
    let sick = rows.iter().filter(|(_, _, state)| state.health.state.needs_a_look()).count();
    let body = html! {
        h1 { (title) }
        p { (t.intro) }
        @if let Some(outage) = site.network.outage() { (banner(t, &outage)) }
        p {
            @if sick == 0 { (t.all_well) } @else { strong { (sick) } " " (t.of) " " (rows.len()) " " (t.need) }
            " " span.meta { a href={ (root) "health/sources.atom?ui=" (ui.tag()) } { (t.follow) } " · " a href={ (root) "health/sources" } { "JSON" } " (" (t.machine) ")" }
        }
        table.health {
            thead { tr { @for name in t.head { th scope="col" { (name) } } } }
            tbody { @for (id, card, state) in &rows { (row(t, ui, root, id, card, state)) } }
        }
    };
    Ok(layout(&site, ui, title, "health", "", body))
}

fn banner(t: &Texts, outage: &Outage) -> Markup {
    html! {
        div.alarm role="alert" {
            strong { (t.network) } " " (t.since) " " (time(outage.since)) ". "
            (t.network_text) " " (outage.failing) "/" (outage.tried) "."
        }
    }
}

fn row(t: &Texts, ui: Language, root: &str, id: &SourceId, card: &SourceCard, state: &SourceState) -> Markup {
    let health = &state.health;
    html! {
        tr id={ "source-" (id) } {
            td data-label=(t.head[0]) {
                a href=(card.url) rel="noopener noreferrer" { (card.name) } br;
                a.meta href={ (root) "?source=" (id) "&ui=" (ui.tag()) } { (state.stored) " " (t.articles) }
            }
            td data-label=(t.head[1]) {
                span class={ "state " (health.state) } { (t.state(health.state)) }
                @if let Some(since) = health.since { br; span.meta { (t.since) " " (time(since)) } }
            }
            td data-label=(t.head[2]) { (wrong(t, ui, health)) }
            td data-label=(t.head[3]) {
                @match &health.last_good {
                    Some(good) => { a href=(good.url) rel="noopener noreferrer" { (good.title) } br; span.meta { (time(good.at)) } }
                    None => span.meta { (t.none) },
                }
            }
            td data-label=(t.head[4]) {
                @match (state.last_round, state.next_due) {
                    (_, Some(due)) => (time(due)),
                    (None, None) => span.meta { (t.never) },
                    (Some(_), None) => "–",
                }
            }
        }
    }
}

/// Cause, step and selector, the sentence of the round in English, and what to try.
fn wrong(t: &Texts, ui: Language, health: &Health) -> Markup {
    let own = |words: Words| if ui == Language::FR { words.fr } else { words.en };
    html! {
        @if let Some(trouble) = &health.trouble {
            strong { (own(trouble.cause.name())) }
            @if health.state.needs_a_look() {
                br; span.meta { (t.step) " " (t.step(trouble.step))
                    @if let Some(selector) = &trouble.selector { ", " (t.selector) " " code { (selector) } }
                }
            }
            br; span.meta lang="en" { (trouble.why) }
            br; (t.advice) " " (own(trouble.advice()))
        } @else if let Some(reason) = &health.reason { span lang="en" { (reason) } }
        @if health.generic_stands_in() { br; (t.generic) }
    }
}

/// To the minute, as UTC.
pub(super) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (at.strftime("%Y-%m-%d %H:%M")) " UTC" } }
}
