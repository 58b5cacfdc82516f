//! The WebSub hub, from a subscriber's side.

mod asking;
mod pushing;
mod reader;
