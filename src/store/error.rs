//! Why a store did not do what it was asked for.

use super::Bytes;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it.
    #[error("unable to open the store {folder}: {holder} holds it; end that process first, or use its web address")]
    Held {
        /// The folder.
        folder: String,
        /// Who.
        holder: String,
    },
    /// The folder cannot be used.
    #[error("unable to open the store {folder}: {why}")]
    Open {
        /// The folder.
        folder: String,
        /// Why.
        why: String,
    },
    /// sled failed.
    #[error("unable to use the store: {0}; is the disk full or failing?")]
    Engine(String),
    /// sled failed to write.
    #[error(
        "unable to write to the store: {0}; nothing more is stored: make room on its disk, or mend it, and start again"
    )]
    Failed(String),
    /// Our own work on it ended in the middle.
    #[error("unable to finish a task of the store: {0}; this is a defect, please report it")]
    Task(String),
    /// The disk is nearly full.
    #[error(
        "unable to write to the store {folder}: {free} are free there, and store.floor is {floor}; free some room, and it goes on by itself"
    )]
    Full {
        /// The store's folder.
        folder: String,
        /// What is free.
        free: Bytes,
        /// What must be.
        floor: Bytes,
    },
    /// An export cannot be written or read.
    #[error("unable to {what} the export {path}: {why}")]
    Export {
        /// `write` or `read`.
        what: &'static str,
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// A store that is not empty.
    #[error(
        "unable to import: the store holds {articles} articles already; move its folder away first, or name another with store.url"
    )]
    NotEmpty {
        /// How many.
        articles: u64,
    },
    /// A record cannot be read.
    #[error("unable to read the record {key} of the store: {why}; run `depeche verify`")]
    Record {
        /// Which.
        key: String,
        /// Why.
        why: String,
    },
}
