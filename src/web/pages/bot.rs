//! `/about/bot`: for the owner of a site that we ask. Who we are, how often we come, and how to be left alone.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use maud::html;

use super::{Shared, interface, layout};
use crate::article::Language;

/// How the crawler behaves, as it is set.
#[derive(Debug, Clone)]
pub struct Bot {
    /// The whole User-Agent.
    pub user_agent: String,
    /// The name that robots.txt is read for.
    pub robots_agent: String,
    /// Who runs this: an address or a mailbox.
    pub contact: Option<String>,
    /// Between two requests to one host.
    pub per_host_delay: Duration,
    /// The longest Crawl-delay that is honoured.
    pub max_crawl_delay: Duration,
    /// Between two looks at a list of articles.
    pub every: Duration,
    /// The longest that silence makes that.
    pub max_every: Duration,
    /// Hosts at once.
    pub hosts: usize,
}

struct Texts {
    title: &'static str,
    intro: &'static str,
    name: &'static str,
    name_text: &'static str,
    rates: &'static str,
    rate: [&'static str; 6],
    leave: &'static str,
    leave_text: &'static str,
    slower: &'static str,
    refused: &'static str,
    remove: &'static str,
    contact: &'static str,
    no_contact: &'static str,
}

const EN: Texts = Texts {
    title: "About our crawler",
    intro: "depeche reads the public news pages of humanitarian organisations and republishes titles, summaries and links as feeds, each pointing to the original. It keeps no cookie, logs in nowhere, runs no scripts, and downloads no images or documents.",
    name: "How to recognise it",
    name_text: "Every request carries this User-Agent, and no other:",
    rates: "How it asks",
    rate: [
        "one request at a time to a host; from the end of one to the start of the next at least",
        "a larger Crawl-delay in robots.txt is honoured, up to",
        "a list of articles is asked for every",
        "a site that publishes rarely is asked ever more rarely, down to every",
        "hosts that are read at once, at most",
        "Requests are conditional (ETag, Last-Modified). 429 and 503 are obeyed with their Retry-After, up to a day; after five failures in a row the host is left alone for a while, then one request decides.",
    ],
    leave: "How to be left alone",
    leave_text: "Put this into your robots.txt (RFC 9309). It is read again within 24 hours, and binds at once:",
    slower: "To be asked more slowly instead:",
    refused: "A robots.txt that answers with a server error or not at all means no, too. Answers with 444 or 451, or with 401 or 403 for the list of articles or three articles in a row, stop the reading of a site for a while, up to hours.",
    remove: "Write to the operator to have a text taken down; it is then kept out for good.",
    contact: "Contact of the operator:",
    no_contact: "The operator of this service has not given a contact.",
};

const FR: Texts = Texts {
    title: "À propos de notre robot",
    intro: "depeche lit les pages d’actualités publiques d’organisations humanitaires et republie titres, résumés et liens sous forme de flux ; chaque entrée renvoie à l’original. Il ne garde aucun cookie, ne s’identifie nulle part, n’exécute aucun script et ne télécharge ni images ni documents.",
    name: "Comment le reconnaître",
    name_text: "Chaque requête porte ce User-Agent, et aucun autre :",
    rates: "Comment il demande",
    rate: [
        "une requête à la fois par hôte ; de la fin de l’une au début de la suivante, au moins",
        "un Crawl-delay plus long dans robots.txt est respecté, jusqu’à",
        "une liste d’articles est demandée toutes les",
        "un site qui publie rarement est demandé de plus en plus rarement, jusqu’à toutes les",
        "hôtes lus en même temps, au plus",
        "Les requêtes sont conditionnelles (ETag, Last-Modified). 429 et 503 sont respectés avec leur Retry-After, jusqu’à un jour ; après cinq échecs de suite, l’hôte est laissé tranquille un moment, puis une seule requête décide.",
    ],
    leave: "Comment être laissé tranquille",
    leave_text: "Ajoutez ceci à votre robots.txt (RFC 9309). Il est relu dans les 24 heures et s’applique aussitôt :",
    slower: "Pour être demandé plus lentement :",
    refused: "Un robots.txt qui répond par une erreur de serveur, ou pas du tout, vaut aussi refus. Une réponse 444 ou 451, ou une réponse 401 ou 403 pour la liste d’articles ou pour trois articles de suite, arrête la lecture du site pour un moment, jusqu’à des heures.",
    remove: "Écrivez à l’exploitant pour faire retirer un texte ; il est alors exclu pour de bon.",
    contact: "Contact de l’exploitant :",
    no_contact: "L’exploitant de ce service n’a pas indiqué de contact.",
};

pub(in crate::web) async fn bot(State(site): Shared, uri: Uri, headers: HeaderMap) -> axum::response::Response {
    let (ui, _) = interface(&uri, &headers);
    let (t, bot) = (if ui == Language::FR { &FR } else { &EN }, &site.bot);
    let rates = [bot.per_host_delay, bot.max_crawl_delay, bot.every, bot.max_every].map(shown);
    let body = html! {
        h1 { (t.title) }
        p { (t.intro) }
        h2 { (t.name) }
        p { (t.name_text) br; code { (bot.user_agent) } }
        h2 { (t.rates) }
        ul {
            @for (text, rate) in t.rate.iter().zip(&rates) { li { (text) " " (rate) } }
            li { (t.rate[4]) " " (bot.hosts) }
            li { (t.rate[5]) }
        }
        h2 { (t.leave) }
        p { (t.leave_text) }
        pre { "User-agent: " (bot.robots_agent) "\nDisallow: /" }
        p { (t.slower) }
        pre { "User-agent: " (bot.robots_agent) "\nCrawl-delay: 30" }
        p { (t.refused) }
        p { (t.remove) }
        @match &bot.contact { Some(contact) => p { (t.contact) " " (contact) }, None => p { (t.no_contact) } }
    };
    layout(&site, ui, t.title, "about/bot", "", body)
}

/// As one writes it: "5 s", "30 min", "24 h".
fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        _ if seconds.is_multiple_of(3600) => format!("{} h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}
