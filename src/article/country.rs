//! Countries and IOM regions, from `data/countries.csv`: codes from ISO 3166, names from CLDR in UN form.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{Language, fold};

/// A country or territory of ISO 3166-1. It is stored and served as its alpha-3 code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country(u16);

/// A region as IOM divides the world, named by its slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(u8);

/// A country code or slug that names none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unable to use {0:?} as a country: allowed are ISO 3166-1 codes of two or three letters, such as HT or HTI, and slugs, such as haiti"
)]
pub struct UnknownCountry(pub String);

/// A region slug that names none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unable to use {0:?} as a region: allowed are {allowed}", allowed = Region::allowed())]
pub struct UnknownRegion(pub String);

struct Row {
    iso2: String,
    iso3: String,
    name_en: String,
    name_fr: String,
    slug: String,
    region: u8,
    source: csv::StringRecord,
}

struct Table {
    rows: Vec<Row>,
    /// Name and slug.
    regions: Vec<(String, String)>,
}

/// The file is part of the program; a test reads every row of it.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(include_str!("../../data/countries.csv").as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().flatten().collect();
    let mut names: Vec<String> = records.iter().filter_map(|r| r.get(7)).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    let regions: Vec<(String, String)> =
        names.into_iter().map(|name| (slug(&name), name)).map(|(s, n)| (n, s)).collect();
    let mut rows: Vec<Row> = records
        .into_iter()
        .filter_map(|record| {
            Some(Row {
                iso2: record.get(0)?.to_owned(),
                iso3: record.get(1)?.to_owned(),
                name_en: record.get(2)?.to_owned(),
                name_fr: record.get(3)?.to_owned(),
                slug: slug(record.get(2)?),
                region: regions.iter().position(|(name, _)| Some(name.as_str()) == record.get(7))? as u8,
                source: record,
            })
        })
        .collect();
    rows.sort_by(|a, b| a.iso3.cmp(&b.iso3));
    Table { rows, regions }
});

fn slug(name: &str) -> String {
    let folded = fold(name);
    let words = folded.split(|c: char| !c.is_ascii_alphanumeric() && c != '\'').map(|w| w.replace('\'', ""));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

impl Country {
    /// Reads an ISO 3166-1 code (two or three letters, any case) or a slug of the English name.
    pub fn parse(code: &str) -> Result<Country, UnknownCountry> {
        // The rows stand in the order of this code, which is what records hold.
        if let Ok(row) = TABLE.rows.binary_search_by(|row| row.iso3.as_str().cmp(code)) {
            return Ok(Country(row as u16));
        }
        let (upper, lower) = (code.trim().to_ascii_uppercase(), code.trim().to_ascii_lowercase());
        TABLE
            .rows
            .iter()
            .position(|row| row.iso3 == upper || row.iso2 == upper || row.slug == lower)
            .map(|row| Country(row as u16))
            .ok_or_else(|| UnknownCountry(code.to_owned()))
    }

    /// Every country, in the order of the alpha-3 codes.
    pub fn all() -> impl Iterator<Item = Country> {
        (0..TABLE.rows.len()).map(|row| Country(row as u16))
    }

    /// ISO 3166-1 alpha-3, such as `HTI`.
    pub fn iso3(self) -> &'static str {
        &self.row().iso3
    }

    /// ISO 3166-1 alpha-2, such as `HT`.
    pub fn iso2(self) -> &'static str {
        &self.row().iso2
    }

    /// The slug of the English name, such as `haiti`.
    pub fn slug(self) -> &'static str {
        &self.row().slug
    }

    /// The name in the language of the interface; anything but French gets English.
    pub fn name(self, ui: Language) -> &'static str {
        if ui == Language::FR { &self.row().name_fr } else { &self.row().name_en }
    }

    /// The IOM region it belongs to.
    pub fn region(self) -> Region {
        Region(self.row().region)
    }

    /// A column of `data/countries.csv`, for the gazetteer.
    pub fn column(self, index: usize) -> &'static str {
        self.row().source.get(index).unwrap_or_default()
    }

    fn row(self) -> &'static Row {
        &TABLE.rows[self.0 as usize]
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.iso3())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.iso3())
    }
}

impl TryFrom<String> for Country {
    type Error = UnknownCountry;
    fn try_from(code: String) -> Result<Country, UnknownCountry> {
        Country::parse(&code)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> String {
        country.iso3().to_owned()
    }
}

impl Region {
    /// Reads a region's slug, such as `latin-america-and-the-caribbean`.
    pub fn parse(slug: &str) -> Result<Region, UnknownRegion> {
        let lower = slug.trim().to_ascii_lowercase();
        TABLE
            .regions
            .iter()
            .position(|(_, slug)| *slug == lower)
            .map(|row| Region(row as u8))
            .ok_or_else(|| UnknownRegion(slug.to_owned()))
    }

    /// Every region, in the order of the names.
    pub fn all() -> impl Iterator<Item = Region> {
        (0..TABLE.regions.len()).map(|row| Region(row as u8))
    }

    /// The slug.
    pub fn slug(self) -> &'static str {
        &TABLE.regions[self.0 as usize].1
    }

    /// The name in the language of the interface; anything but French gets English.
    pub fn name(self, ui: Language) -> &'static str {
        let english: &'static str = &TABLE.regions[self.0 as usize].0;
        if ui != Language::FR {
            return english;
        }
        match self.slug() {
            "asia-and-the-pacific" => "Asie et Pacifique",
            "east-horn-and-southern-africa" => "Afrique de l’Est, corne de l’Afrique et Afrique australe",
            "europe-and-central-asia" => "Europe et Asie centrale",
            "latin-america-and-the-caribbean" => "Amérique latine et Caraïbes",
            "middle-east-and-north-africa" => "Moyen-Orient et Afrique du Nord",
            "west-and-central-africa" => "Afrique de l’Ouest et du Centre",
            _ => english,
        }
    }

    /// Every allowed slug, for messages.
    pub fn allowed() -> String {
        TABLE.regions.iter().map(|(_, slug)| slug.as_str()).collect::<Vec<_>>().join(", ")
    }
}
