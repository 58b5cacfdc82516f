//! Pages that say that something went wrong, and answer as if all were well (a "soft 404"). Told by their titles alone,
//! which no article bears, and by how little they say; a page that says much is never taken for one.

use crate::article::fold;

/// Longer texts are no error pages, whatever their titles.
const LONGEST: usize = 1_500;

/// Whole titles, folded, without punctuation at their ends.
const TITLES: &[&str] = &[
    "error",
    "page not found",
    "not found",
    "file not found",
    "page unavailable",
    "page cannot be found",
    "the page cannot be found",
    "the page you requested was not found",
    "this page could not be found",
    "we can't find that page",
    "access denied",
    "access forbidden",
    "permission denied",
    "forbidden",
    "unauthorized",
    "internal server error",
    "server error",
    "service unavailable",
    "service temporarily unavailable",
    "temporarily unavailable",
    "bad gateway",
    "bad request",
    "gateway timeout",
    "gateway time-out",
    "too many requests",
    "database error",
    "error establishing a database connection",
    "under maintenance",
    "site under maintenance",
    "website under maintenance",
    "site maintenance",
    "scheduled maintenance",
    "maintenance mode",
    "maintenance",
    "under construction",
    "site offline",
    "coming soon",
    "just a moment",
    "attention required",
    "one moment, please",
    "checking your browser",
    "are you a robot",
    "before you continue",
    "we value your privacy",
    "your privacy choices",
    "cookie consent",
    "session expired",
    "oops",
    "erreur",
    "page non trouvee",
    "page introuvable",
    "page inexistante",
    "cette page n'existe pas",
    "acces refuse",
    "acces interdit",
    "acces non autorise",
    "erreur interne du serveur",
    "erreur serveur",
    "service indisponible",
    "service temporairement indisponible",
    "site indisponible",
    "site en maintenance",
    "en maintenance",
    "site en construction",
    "avant de continuer",
    "votre vie privee",
    "session expiree",
    "pagina no encontrada",
    "pagina no disponible",
    "acceso denegado",
    "acceso prohibido",
    "error interno del servidor",
    "servicio no disponible",
    "sitio en mantenimiento",
    "en mantenimiento",
    "antes de continuar",
    "sesion expirada",
    "erro",
    "pagina nao encontrada",
    "acesso negado",
    "acesso proibido",
    "erro interno do servidor",
    "servico indisponivel",
    "site em manutencao",
    "em manutencao",
    "antes de prosseguir",
    "pagina non trovata",
    "accesso negato",
    "seite nicht gefunden",
    "الصفحة غير موجودة",
    "لم يتم العثور على الصفحة",
    "خطأ",
    "تم رفض الوصول",
    "страница не найдена",
    "доступ запрещен",
    "сторінку не знайдено",
];

/// True for a page that is no more than an error, a wall or a sign on a closed door. The title may hold the site's name,
/// with a mark between.
pub(super) fn is_one(title: &str, text: &str) -> bool {
    if text.chars().count() > LONGEST {
        return false;
    }
    let folded = fold(title);
    let parts = folded.split(['|', '–', '—', '·', '•', '»', '«']).flat_map(|part| part.split(" - "));
    parts.flat_map(|part| part.split("::")).chain([folded.as_str()]).any(says_so)
}

fn says_so(part: &str) -> bool {
    let ends = |c: char| !c.is_alphanumeric();
    let bare = part.trim_matches(ends);
    // "404 Not found", "Error 404: page not found", "Page not found (404)".
    let code =
        |word: &&str| word.len() == 3 && word.starts_with(['4', '5']) && word.bytes().all(|b| b.is_ascii_digit());
    let words: Vec<&str> = bare.split(|c: char| c.is_whitespace() || matches!(c, ':' | '(' | ')' | '-')).collect();
    let rest: Vec<&str> = words.iter().copied().filter(|word| !word.is_empty() && !code(word)).collect();
    let has_code = words.iter().any(code);
    let is_error = |word: &&&str| matches!(**word, "error" | "http" | "erreur" | "erro" | "oops" | "code");
    let named = rest.join(" ");
    let bare_named = rest.iter().filter(|word| !is_error(word)).copied().collect::<Vec<_>>().join(" ");
    TITLES.contains(&bare)
        || has_code && (bare_named.is_empty() || [named, bare_named].iter().any(|n| TITLES.contains(&n.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_from_news_of_one() {
        for title in [
            "404",
            "404 Not Found",
            "Error 404",
            "Erreur 404 : page introuvable",
            "Page not found (404)",
            "IOM Kenya :: Error",
            "Page non trouvée",
            "Accès refusé",
            "Site en maintenance",
            "Antes de continuar",
            "Access denied | IOM Niger",
            "OIM Haïti - Page introuvable",
            "Just a moment...",
            "503 Service Unavailable",
            "الصفحة غير موجودة",
        ] {
            assert!(is_one(title, "Please try again later."), "{title}");
        }
        let long = "Families came back to the hills. ".repeat(60);
        for (title, text) in [
            ("404 families come home", "Please try again later."),
            ("Access denied: how borders close", "People wait."),
            ("500 000 déplacés", "Ils attendent."),
            ("Error by error, a register is mended", "It took a year."),
            ("Maintenance of wells in Kati", "Pumps turn again."),
            ("Page not found", long.as_str()),
        ] {
            assert!(!is_one(title, text), "{title}");
        }
    }
}
