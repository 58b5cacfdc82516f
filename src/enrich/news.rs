//! Tenders and vacancies are a class of their own, and no news. Only a title tells: stories mention tenders too.

use crate::article::fold;

const NO_NEWS: &[&str] = &[
    "appel d'offres",
    "appel d'offre",
    "appels d'offres",
    "avis de vacance",
    "vacance de poste",
    "avis de recrutement",
    "demande de cotation",
    "demande de prix",
    "manifestation d'interet",
    "termes de reference",
    "offre d'emploi",
    "avis d'appel",
    "call for tender",
    "invitation to bid",
    "request for quotation",
    "request for proposal",
    "request for expression",
    "expression of interest",
    "vacancy",
    "vacancies",
    "job opening",
    "tender notice",
    "procurement notice",
    "call for applications",
    "terms of reference",
    "licitacion",
    "convocatoria",
    "solicitud de cotizacion",
    "solicitud de cotizaciones",
    "invitacion a licitar",
    "invitacion a cotizar",
    "concurso publico",
    "vacante",
    "call for proposals",
    "invitation a soumissionner",
    "poste vacant",
];

pub(super) fn is_news(title: &str) -> bool {
    let title = fold(title);
    !NO_NEWS.iter().any(|mark| {
        title.match_indices(mark).any(|(i, _)| {
            let whole = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
            whole(title[..i].chars().next_back()) && whole(title[i + mark.len()..].chars().next())
        })
    })
}
