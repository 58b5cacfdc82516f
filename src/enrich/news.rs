//! Tenders and vacancies are a class of their own, and no news. Only a title tells: stories mention tenders too.

use super::pattern::Patterns;
use super::words::Folded;
use crate::article::Evidence;

/// What the title of a tender or a vacancy says, in English, French, Spanish and Portuguese.
const NO_NEWS: &[&str] = &[
    // Tenders.
    "appel* d offre*",
    "avis d appel",
    "appel* a ~ manifestation*",
    "avis ~ manifestation* d interet",
    "manifestation* d interet",
    "demande de cotation",
    "demande de prix",
    "demande de devis",
    "demande de proposition",
    "demande de renseignement",
    "demande d expression*",
    "appel a proposition",
    "appel a candidature",
    "appel* a consultant*",
    "appel a soumission*",
    "invitation a/to soumissionner/bid/tender/quote",
    "dossier d appel",
    "avis de marche",
    "passation de marche",
    "avis ~ consultation ~ fournisseur*",
    "termes de reference",
    "terms of reference",
    "call for tender",
    "call for proposal",
    "call for application",
    "call for bids",
    "call for expression*",
    "call for consultan*",
    "call for quotation",
    "invitation for bids",
    "invitation to bid",
    "invitation to tender",
    "request for quotation",
    "request for proposal",
    "request for expression*",
    "request for information",
    "request for bids",
    "request for tender",
    "expression of interest",
    "expressions of interest",
    "tender notice/announcement/reference",
    "notice of tender",
    "public tender",
    "procurement notice",
    "bid notice/announcement/reference",
    "RFQ",
    "RFP",
    "ITB",
    "EOI",
    "licitac*",
    "solicitud de cotizaci*",
    "solicitud de propuesta",
    "solicitud de oferta",
    "invitacion a licitar/cotizar/ofertar",
    "llamado a licitacion",
    "expresion de interes",
    "expresiones de interes",
    "terminos de referencia",
    "termos de referencia",
    "concurso publico",
    "pedido de cotac*",
    // Vacancies.
    "avis de vacance",
    "avis de recrutement",
    "avis de poste",
    "vacance de poste",
    "poste vacant",
    "poste a pourvoir",
    "offre* d emploi",
    "offre* de stage",
    "offre* de poste",
    "OIM/IOM recrute",
    "recrutement d un/une consultant*",
    "recrutement ~ consultant*",
    "vacancy",
    "vacancies",
    "vacant position",
    "job opening",
    "job vacancy",
    "job announcement",
    "job opportunity",
    "career opportunities",
    "position announcement",
    "internship opportunity",
    "internship vacancy",
    "consultancy",
    "open to internal and external candidates",
    "special vacancy notice",
    "vacante",
    "aviso de vacante",
    "oferta de empleo",
    "oferta laboral",
    "oferta de trabajo",
    "convocatoria*",
    "oportunidad de empleo",
    "oportunidad laboral",
    "vaga de emprego",
    "aviso de vaga",
];

/// Titles that hold such words and are news.
const NEWS: &[&str] = &[
    "convocatoria* de prensa",
    "avis d appel a temoin*",
    "job vacancy ~ rate*",
    "vacancy/vacancies ~ filled",
    "fill/fills/filled/filling ~ vacancy/vacancies",
];

/// Tells stories from tenders and vacancies.
pub(super) struct Notices {
    patterns: Patterns,
    /// From this pattern on, the title is news after all.
    news: usize,
}

impl Notices {
    pub(super) fn new() -> Notices {
        let mut patterns = Patterns::default();
        let news = NO_NEWS.iter().filter(|p| patterns.add(p).is_some()).count();
        for pattern in NEWS {
            patterns.add(pattern);
        }
        Notices { patterns, news }
    }

    /// What makes a title that of a tender or a vacancy; `None` for a story's.
    pub(super) fn found(&self, title: &str) -> Option<Evidence> {
        let folded = Folded::new(title);
        let words = folded.words(title);
        let found = self.patterns.find(&words);
        let first = found.first().filter(|_| found.iter().all(|f| f.pattern < self.news))?;
        let (start, end) = (words[first.first].start, words[first.last].end);
        let words = title.get(start..end).unwrap_or_default().to_owned();
        Some(Evidence { field: "title".to_owned(), words, offset: start as u32 })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_title_tells_notices_from_stories() {
        let notices = Notices::new();
        for title in [
            "Request for Proposals: Supply of Tents",
            "APPEL D’OFFRES N° 12",
            "Avis de vacance de poste",
            "RFQ-2024-17 Generators",
            "Invitación a licitar",
        ] {
            let found = notices.found(title).unwrap();
            assert!(title[found.offset as usize..].starts_with(&found.words), "{title}: {found:?}");
        }
        for title in [
            "Migrants seek proposals of marriage",
            "Appel à la paix",
            "IOM Appeals for USD 3 Million",
            "Vacancies Filled: Clinic Has Its Nurses Back",
        ] {
            assert!(notices.found(title).is_none(), "{title}");
        }
    }
}
