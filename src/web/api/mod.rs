//! `/api/v1`: articles, changes and vocabularies as JSON, keyed by ISO 3166 and ReliefWeb ids. Described by
//! `/api/openapi.json`. It shows no more of a text than its source allows.

mod articles;
mod changes;
mod openapi;
mod vocabulary;

pub(super) use articles::{article, articles};
pub(crate) use articles::{find, reworded};
pub(super) use changes::changes;
pub(super) use openapi::openapi;
pub(super) use vocabulary::{countries, sources, themes};
