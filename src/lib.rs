//! **depeche** watches the news pages of IOM / OIM country offices and republishes them as filtered feeds.
//!
//! The flow, one way; each stage takes one type and returns another:
//!
//! ```text
//! config -> schedule -> fetch -> extract -> enrich -> dedup -> store -> index -> publish -> web
//! Page -> Listing{Candidate} ; Page -> RawArticle -> Article -> Verdict -> Put -> Change
//! ```
//!
//! The story is told in [`pipeline`]; the map and the reasons are in ARCHITECTURE.md.

pub mod archive;
pub mod article;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod daemon;
pub mod dedup;
pub mod deliver;
pub mod demo;
pub mod desk;
pub mod edition;
pub mod enrich;
pub mod extract;
pub mod fetch;
pub mod health;
pub mod index;
pub mod net;
pub mod pipeline;
pub mod publish;
pub mod query;
pub mod schedule;
pub mod store;
pub mod web;
