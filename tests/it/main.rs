//! The one integration binary: offline, port 0, injected clock.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod alarms;
mod api;
mod articles;
mod commands;
mod compaction;
mod crashes;
mod damage;
mod examples;
mod exits;
mod faults;
mod feeds;
mod fixtures;
mod full;
mod gate;
mod guard;
mod health;
mod history;
mod holes;
mod house;
mod kill;
mod kinds;
mod ladder;
mod layering;
mod line;
mod manners;
mod pairs;
mod recheck;
mod reload;
mod reprocess;
mod running;
mod serving;
mod store;
mod takedown;
mod traps;
mod upkeep;
