//! A fixture: the bytes of one response, and the sidecar that says where they stand and what is expected of them.

use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use url::Url;

static FIXTURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures");

/// One response of a made-up office.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// `office/file`.
    pub name: String,
    /// The address that answers with it.
    pub url: Url,
    /// Other addresses that do.
    pub also: Vec<Url>,
    /// The status.
    pub status: u16,
    /// Headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: &'static [u8],
    /// What a perfect extractor and classifier give, for article pages.
    pub expect: Option<Expect>,
}

/// What a perfect extractor and classifier give.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The title as on the page.
    pub title: String,
    /// A day, or an instant; none where the page has no usable date.
    pub published: Option<String>,
    /// BCP 47.
    pub language: String,
    /// ISO3, most relevant first.
    pub country: Vec<String>,
    /// Slugs that a reader would certainly expect.
    pub themes: Vec<String>,
    /// False for tenders and vacancies.
    pub news: bool,
    /// First sentence of the body, white space folded.
    pub first: String,
    /// Last sentence of the body proper.
    pub last: String,
    /// On the page, never in the text.
    #[serde(default)]
    pub absent: Vec<String>,
    /// What makes the page hard.
    #[serde(default)]
    pub traps: Vec<String>,
    /// The page that this one translates.
    pub translation_of: Option<Url>,
    /// A page that tells the same story.
    pub same_story: Option<Url>,
}

/// A sidecar that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("unable to read the fixture {name}: {why}")]
pub struct FixtureError {
    name: String,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sidecar {
    url: Url,
    #[serde(default)]
    also: Vec<Url>,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    expect: Option<Expect>,
}

fn ok() -> u16 {
    200
}

/// Every fixture, in the order of the names.
pub fn fixtures() -> Result<Vec<Fixture>, FixtureError> {
    let mut fixtures = Vec::new();
    for file in FIXTURES.dirs().flat_map(Dir::files) {
        let name = file.path().display().to_string();
        let Some(sidecar) = FIXTURES.get_file(format!("{name}.toml")) else { continue };
        let wrong = |why: String| FixtureError { name: name.clone(), why };
        let text = sidecar.contents_utf8().ok_or_else(|| wrong("its sidecar is not UTF-8".to_owned()))?;
        let sidecar: Sidecar = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let headers = sidecar.headers.into_iter().map(|(k, v)| (k.to_ascii_lowercase(), v)).collect();
        fixtures.push(Fixture {
            name: name.clone(),
            url: sidecar.url,
            also: sidecar.also,
            status: sidecar.status,
            headers,
            body: file.contents(),
            expect: sidecar.expect,
        });
    }
    fixtures.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(fixtures)
}

/// The `[[source]]` tables of every office.
pub(super) fn sources() -> Vec<&'static str> {
    let mut offices: Vec<_> = FIXTURES.dirs().collect();
    offices.sort_by_key(|dir| dir.path());
    let texts =
        offices.into_iter().filter_map(|dir| FIXTURES.get_file(dir.path().join("office.toml"))?.contents_utf8());
    texts.collect()
}
