//! The WebSub hub, from a subscriber's side.

mod asking;
mod others;
mod pushing;
pub mod reader;
