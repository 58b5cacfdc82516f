//! The one integration binary: offline, port 0, injected clock.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod examples;
mod fixtures;
mod house;
mod kill;
mod layering;
mod line;
mod manners;
mod serving;
