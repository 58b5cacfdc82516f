//! Causes of trouble, with the texts that people read of them in English and French. It never names a source.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Step, Trouble};

/// A text in both languages of the pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// English.
    pub en: String,
    /// French.
    pub fr: String,
}

/// Why something is wrong, or nothing comes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// The host has no address.
    Dns,
    /// The host cannot be connected to.
    Connection,
    /// No secure connection to the host.
    Tls {
        /// True when it is the certificate that is not accepted.
        certificate: bool,
    },
    /// It takes too long.
    Timeout,
    /// An answer that says neither yes nor no, such as 500.
    Status {
        /// Which.
        status: u16,
    },
    /// 404 or 410.
    Gone {
        /// Which.
        status: u16,
    },
    /// 401, 403, 429, 444 or 451.
    Refused {
        /// Which.
        status: u16,
    },
    /// A page that asks whether we are human.
    BotWall {
        /// Whose.
        by: String,
    },
    /// robots.txt says no.
    Robots,
    /// robots.txt cannot be had.
    RobotsUnavailable,
    /// It asked for patience, or failed too often.
    Later {
        /// Until when.
        until: Timestamp,
    },
    /// The listing redirects to another host for good.
    Moved {
        /// Which.
        host: String,
    },
    /// It redirects in a circle, or to nowhere.
    Redirects,
    /// Its address is one that we never ask: private, or a forbidden port.
    Unsafe,
    /// More than the limits allow, or broken on the way.
    Transfer,
    /// The page is made by scripts.
    NeedsJavascript,
    /// A selector of the profile matches nothing any more.
    MarkupChanged,
    /// Nothing on the page looks like a list of articles.
    NoList,
    /// It is no feed, sitemap or page that can be read.
    Unreadable,
    /// It is a feed, and configured as a page.
    IsFeed,
    /// The list is there, and empty.
    EmptyList,
    /// Nothing new for much longer than usual.
    Silent {
        /// Days since the last.
        days: u32,
        /// The longest pause that is usual, in days.
        usual: u32,
    },
    /// Some articles fail, others come.
    SomeFail {
        /// How many.
        failed: u32,
        /// Of how many.
        of: u32,
    },
    /// A defect of ours.
    Defect,
}

impl Cause {
    /// What it is, in a few words: a reason as issues and messages name it.
    pub fn name(&self) -> Words {
        let (en, fr) = match self {
            Cause::Dns => ("host not found".into(), "hôte introuvable".into()),
            Cause::Connection => ("no connection".into(), "connexion impossible".into()),
            Cause::Tls { certificate: true } => ("certificate not accepted".into(), "certificat non accepté".into()),
            Cause::Tls { .. } => ("no secure connection".into(), "connexion sécurisée impossible".into()),
            Cause::Timeout => ("too slow".into(), "trop lent".into()),
            Cause::Status { status } => (format!("answers {status}"), format!("répond {status}")),
            Cause::Gone { status } => (format!("gone ({status})"), format!("disparu ({status})")),
            Cause::Refused { status } => (format!("refused {status}"), format!("refusé {status}")),
            Cause::BotWall { by } => (format!("bot wall ({by})"), format!("barrière anti-robots ({by})")),
            Cause::Robots => ("robots.txt says no".into(), "robots.txt l’interdit".into()),
            Cause::RobotsUnavailable => ("robots.txt unavailable".into(), "robots.txt indisponible".into()),
            Cause::Later { until } => {
                (format!("left alone until {until}"), format!("laissé tranquille jusqu’à {until}"))
            }
            Cause::Moved { host } => (format!("moved to {host}"), format!("déménagé vers {host}")),
            Cause::Redirects => ("redirects to nowhere".into(), "redirections sans fin".into()),
            Cause::Unsafe => ("address not allowed".into(), "adresse non permise".into()),
            Cause::Transfer => ("answer not usable".into(), "réponse inutilisable".into()),
            Cause::NeedsJavascript => ("needs JavaScript".into(), "exige JavaScript".into()),
            Cause::MarkupChanged => ("markup changed".into(), "balisage modifié".into()),
            Cause::NoList => ("no list of articles".into(), "aucune liste d’articles".into()),
            Cause::Unreadable => ("not readable".into(), "illisible".into()),
            Cause::IsFeed => ("a feed, not a page".into(), "un flux, pas une page".into()),
            Cause::EmptyList => ("empty list".into(), "liste vide".into()),
            Cause::Silent { days, usual } => (
                format!("nothing new for {days} days (usually at most {usual})"),
                format!("rien de neuf depuis {days} jours (d’habitude {usual} au plus)"),
            ),
            Cause::SomeFail { failed, of } => {
                (format!("{failed} of {of} articles fail"), format!("{failed} articles sur {of} échouent"))
            }
            Cause::Defect => ("a defect of depeche".into(), "un défaut de depeche".into()),
        };
        Words { en, fr }
    }

    /// What tells it from other causes: its name, less the figures that differ from round to round.
    pub fn key(&self) -> String {
        match self {
            Cause::Status { .. } => "answers an error".into(),
            Cause::SomeFail { .. } => "some articles fail".into(),
            Cause::Later { .. } => "left alone".into(),
            Cause::Silent { .. } => "nothing new".into(),
            other => other.name().en,
        }
    }

    /// True where our own network may be at fault.
    pub fn may_be_ours(&self) -> bool {
        matches!(self, Cause::Dns | Cause::Connection | Cause::Tls { .. })
    }

    /// What to try.
    pub fn advice(&self) -> Words {
        let (en, fr) = match self {
            Cause::Dns => (
                "check the host's name in the source's url; if it is right, wait, or ask the office whether the site moved",
                "vérifiez le nom d’hôte dans l’url de la source ; s’il est juste, patientez ou demandez au bureau si le site a déménagé",
            ),
            Cause::Connection | Cause::Timeout => (
                "open the address in a browser; if it works there, raise crawl.timeout or ask whether this machine is shut out",
                "ouvrez l’adresse dans un navigateur ; si elle y répond, augmentez crawl.timeout ou demandez si cette machine est exclue",
            ),
            Cause::Tls { .. } => (
                "open the address in a browser: if it warns as well, tell the site's owner; if not, check this machine's clock and its list of certificate authorities",
                "ouvrez l’adresse dans un navigateur : s’il avertit aussi, prévenez le propriétaire du site ; sinon, vérifiez l’horloge de cette machine et sa liste d’autorités de certification",
            ),
            Cause::Status { .. } => (
                "open the address in a browser; a fault of the site passes by itself, otherwise change the source's url",
                "ouvrez l’adresse dans un navigateur ; une panne du site passe d’elle-même, sinon changez l’url de la source",
            ),
            Cause::Gone { .. } => (
                "look up the new address of the news page and change the source's url",
                "cherchez la nouvelle adresse de la page d’actualités et changez l’url de la source",
            ),
            Cause::Refused { .. } => (
                "write to the site's owner with the address of /about/bot, raise every and crawl.per_host_delay, or remove the source",
                "écrivez au propriétaire du site en donnant l’adresse de /about/bot, augmentez every et crawl.per_host_delay, ou retirez la source",
            ),
            Cause::BotWall { .. } => (
                "ask the site's owner to let depeche in (the address of /about/bot says who it is), or look for the site's feed or sitemap and use kind = \"feed\" or \"sitemap\"",
                "demandez au propriétaire du site de laisser passer depeche (/about/bot dit qui il est), ou cherchez un flux ou un plan du site et mettez kind = \"feed\" ou \"sitemap\"",
            ),
            Cause::Robots => (
                "ask the site's owner to allow depeche in robots.txt, or remove the source",
                "demandez au propriétaire du site d’autoriser depeche dans robots.txt, ou retirez la source",
            ),
            Cause::RobotsUnavailable => (
                "wait: without its robots.txt a site is not asked; if it lasts, tell the site's owner",
                "patientez : sans son robots.txt un site n’est pas interrogé ; si cela dure, prévenez son propriétaire",
            ),
            Cause::Later { .. } => ("wait: it is asked again by itself", "patientez : il sera de nouveau interrogé"),
            Cause::Moved { .. } => (
                "open the new address; if it is the office's, write it into the source's url",
                "ouvrez la nouvelle adresse ; si c’est bien celle du bureau, mettez-la dans l’url de la source",
            ),
            Cause::Redirects => (
                "open the address in a browser, and write the address that it ends at into the source's url",
                "ouvrez l’adresse dans un navigateur et mettez l’adresse d’arrivée dans l’url de la source",
            ),
            Cause::Unsafe => (
                "check the source's url and what it redirects to; crawl.allow_private_networks lets private addresses in",
                "vérifiez l’url de la source et ses redirections ; crawl.allow_private_networks admet les adresses privées",
            ),
            Cause::Transfer => (
                "open the address in a browser; raise crawl.max_body if the page is really that large",
                "ouvrez l’adresse dans un navigateur ; augmentez crawl.max_body si la page est vraiment si grande",
            ),
            Cause::NeedsJavascript => (
                "scripts are not run: look for the site's feed or sitemap and use kind = \"feed\" or \"sitemap\", or for a plain list of news",
                "les scripts ne sont pas exécutés : cherchez un flux ou un plan du site et mettez kind = \"feed\" ou \"sitemap\", ou une simple page de nouvelles",
            ),
            Cause::MarkupChanged => (
                "run `depeche preview` on the source, and adapt the selector named here in its profile",
                "lancez `depeche preview` sur la source et adaptez le sélecteur nommé ici dans son profil",
            ),
            Cause::NoList => (
                "run `depeche preview` on the source: describe its list in a profile (listing.container, listing.item), or use its feed or sitemap",
                "lancez `depeche preview` sur la source : décrivez sa liste dans un profil (listing.container, listing.item), ou prenez son flux ou son plan de site",
            ),
            Cause::Unreadable => (
                "open the address in a browser; check the source's kind and url",
                "ouvrez l’adresse dans un navigateur ; vérifiez kind et url de la source",
            ),
            Cause::IsFeed => (
                "this is a feed: write kind = \"feed\" in the source",
                "c’est un flux : mettez kind = \"feed\" dans la source",
            ),
            Cause::EmptyList => (
                "nothing: the page shows an empty list; look at it if that surprises you",
                "rien : la page montre une liste vide ; regardez-la si cela vous étonne",
            ),
            Cause::Silent { .. } => (
                "nothing, or see whether the office now publishes elsewhere",
                "rien, ou voyez si le bureau publie désormais ailleurs",
            ),
            Cause::SomeFail { .. } => (
                "see the failures with `depeche crawl --source`, and run `depeche preview` on one of the addresses",
                "voyez les échecs avec `depeche crawl --source` et lancez `depeche preview` sur l’une des adresses",
            ),
            Cause::Defect => {
                ("please report the page that it happens on", "merci de signaler la page où cela se produit")
            }
        };
        Words { en: en.into(), fr: fr.into() }
    }
}

impl Trouble {
    /// What to try; where it is the articles that cannot be had, the source's url is not to blame.
    pub fn advice(&self) -> Words {
        let of_articles = matches!(
            self.cause,
            Cause::Gone { .. } | Cause::Status { .. } | Cause::Redirects | Cause::Unreadable | Cause::Transfer
        );
        if self.step != Step::Article || !of_articles {
            return self.cause.advice();
        }
        Words {
            en: "the listing is read, but its articles are not: open one of them in a browser (`depeche crawl --source` names them); if it is not there, tell the office that its list points nowhere, and if it is, see with `depeche preview` whether listing.link takes the right links".into(),
            fr: "la liste est lue, mais pas ses articles : ouvrez l’un d’eux dans un navigateur (`depeche crawl --source` les nomme) ; s’il n’y est pas, dites au bureau que sa liste ne mène nulle part, et s’il y est, voyez avec `depeche preview` si listing.link prend les bons liens".into(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_named_as_agreed_and_every_one_has_a_next_step() {
        let all = [
            (Cause::NeedsJavascript, "needs JavaScript"),
            (Cause::BotWall { by: "Cloudflare".into() }, "bot wall (Cloudflare)"),
            (Cause::Moved { host: "new.example".into() }, "moved to new.example"),
            (Cause::Refused { status: 403 }, "refused 403"),
            (Cause::MarkupChanged, "markup changed"),
            (Cause::Tls { certificate: true }, "certificate not accepted"),
            (Cause::IsFeed, "a feed, not a page"),
        ];
        for (cause, name) in all {
            assert_eq!(cause.name().en, name);
            let advice = cause.advice();
            assert!(advice.en.len() > 20 && advice.fr.len() > 20 && advice.en != advice.fr);
            let text = serde_json::to_string(&cause).unwrap();
            assert_eq!(serde_json::from_str::<Cause>(&text).unwrap(), cause, "{text}");
        }
    }

    #[test]
    fn states_of_old_records_are_read() {
        for (old, state) in [("\"\"", "quiet"), ("\"ok\"", "ok"), ("\"blocked\"", "blocked")] {
            assert_eq!(serde_json::from_str::<crate::health::State>(old).unwrap().name(), state);
        }
    }
}
