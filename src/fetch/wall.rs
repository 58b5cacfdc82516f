//! Pages that ask whether we are human, told from real ones by the marks of those who make them. It never answers one.

use http::HeaderMap;

use crate::net::Response;

/// Larger pages are real ones.
const LARGEST: usize = 512 << 10;
/// A page with a maker's mark and more to read than this is a real one that the maker guards.
const MARKED: usize = 1_500;
/// A page with a general mark and more to read than this is a real one with a form on it.
const GENERAL: usize = 500;

/// Marks of makers, in lower case.
const MAKERS: &[(&str, &str)] = &[
    ("_cf_chl_opt", "Cloudflare"),
    ("cf-browser-verification", "Cloudflare"),
    ("<title>just a moment", "Cloudflare"),
    ("attention required! | cloudflare", "Cloudflare"),
    ("_incapsula_resource", "Imperva"),
    ("incapsula incident id", "Imperva"),
    ("sucuri website firewall", "Sucuri"),
    ("sucuri_cloudproxy_js", "Sucuri"),
    ("captcha-delivery.com", "DataDome"),
    ("px-captcha", "HUMAN"),
    ("awswafcookiedomainlist", "AWS WAF"),
    ("window.gokuprops", "AWS WAF"),
    ("ddos-guard", "DDoS-Guard"),
    ("/.within.website/x/cmd/anubis", "Anubis"),
    ("errors.edgesuite.net", "Akamai"),
];

/// Marks that many use.
const MARKS: &[&str] = &[
    "g-recaptcha",
    "h-captcha",
    "cf-turnstile",
    "checking your browser",
    "checking if the site connection is secure",
    "verify you are human",
    "verifying you are human",
    "are not a robot",
    "are you a robot",
    "enable javascript and cookies to continue",
    "unusual traffic from",
    "vérification de votre navigateur",
    "vérifiez que vous êtes humain",
    "pas un robot",
];

/// Who asks, if the answer is such a page.
pub(super) fn of(answer: &Response) -> Option<&'static str> {
    if let Some(by) = by_header(&answer.headers) {
        return Some(by);
    }
    if answer.body.len() > LARGEST {
        return None;
    }
    let page = String::from_utf8_lossy(&answer.body).to_lowercase();
    let maker = MAKERS.iter().find(|(mark, _)| page.contains(mark)).map(|(_, by)| *by);
    let general = || MARKS.iter().any(|mark| page.contains(mark)).then_some("captcha");
    let by = maker.or_else(general)?;
    let limit = if maker.is_some() { MARKED } else { GENERAL };
    (readable(&page) <= limit).then_some(by)
}

fn by_header(headers: &HeaderMap) -> Option<&'static str> {
    let is = |name: &str, values: &[&str]| {
        headers.get(name).and_then(|v| v.to_str().ok()).is_some_and(|v| values.contains(&v.trim()))
    };
    if is("cf-mitigated", &["challenge"]) {
        return Some("Cloudflare");
    }
    is("x-amzn-waf-action", &["challenge", "captcha"]).then_some("AWS WAF")
}

/// Letters and digits outside of tags, scripts and styles; roughly, since it only tells much from little.
fn readable(page: &str) -> usize {
    let mut count = 0;
    let mut rest = page;
    while let Some(open) = rest.find('<') {
        count += letters(&rest[..open]);
        rest = &rest[open..];
        let hidden = ["script", "style", "svg", "head"].into_iter().find(|name| {
            rest[1..].strip_prefix(name).is_some_and(|after| after.starts_with(|c: char| !c.is_ascii_alphanumeric()))
        });
        let end = match hidden {
            Some(name) => rest.find(&format!("</{name}")),
            None => rest.find('>').map(|end| end + 1),
        };
        match end {
            Some(end) => rest = &rest[end..],
            None => return count,
        }
    }
    count + letters(rest)
}

fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&'static str, &'static str)], body: &str) -> Response {
        let headers =
            headers.iter().map(|(k, v)| (http::HeaderName::from_static(k), http::HeaderValue::from_static(v)));
        Response { status: 200, headers: headers.collect(), body: body.to_owned().into() }
    }

    #[test]
    fn walls_are_told_from_pages_that_are_guarded_or_have_a_form() {
        let text = "<p>Des abris pour les familles déplacées, et de l’eau.</p>".repeat(60);
        let guarded = format!("<script src=/cdn-cgi/challenge-platform/scripts/jsd/main.js></script>{text}");
        let incapsula = format!("<script src=/_Incapsula_Resource?x=1></script>{text}");
        let form = format!("<div class=g-recaptcha></div>{text}");
        let spoken = format!("<h1>Checking your browser?</h1>{text}");
        for (headers, body, by) in [
            (&[][..], "<title>Just a moment...</title><script>window._cf_chl_opt={}</script>", Some("Cloudflare")),
            (&[("cf-mitigated", "challenge")], "", Some("Cloudflare")),
            (&[], "<body><iframe src='/_Incapsula_Resource?x=1'></iframe>", Some("Imperva")),
            (&[], "<h1>Are you a robot?</h1><div class=h-captcha></div>", Some("captcha")),
            (&[], "<p>Vérifiez que vous êtes humain", Some("captcha")),
            (&[], "<p>Nothing new</p>", None),
            (&[], &guarded, None),
            (&[], &incapsula, None),
            (&[], &form, None),
            (&[], &spoken, None),
        ] {
            assert_eq!(of(&answer(headers, body)), by, "{body:.80}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(body in "(<script|</script|<|>|<style>|é|px-captcha|[a-z ]{0,4}){0,20}") {
            of(&answer(&[], &body));
        }
    }
}
