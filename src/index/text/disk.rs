//! The index of words on disk: opened where it is whole and of this log, thrown away and begun anew where it is not.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use tantivy::directory::{Directory, INDEX_WRITER_LOCK, MmapDirectory};

use super::{FORMAT, Payload, Text, TextError, schema};
use crate::store::Head;

/// Where the words of the store in a folder are indexed: beside it.
pub fn text_of(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    folder.with_file_name(format!("{name}-text"))
}

impl Text {
    /// Opens the index in a folder, for a log that stands there. One that is missing, torn, of another format or of another
    /// log is begun anew.
    pub fn open(folder: &Path, head: Head) -> Result<Text, TextError> {
        let failed = |why| TextError::Folder { path: folder.to_owned(), why };
        fs::create_dir_all(folder).map_err(failed)?;
        let directory = MmapDirectory::open(folder).map_err(tantivy::TantivyError::from)?;
        // Held by an owner that is just ending, it is whole: it must not be taken for a torn one.
        let lock = directory.acquire_lock(&INDEX_WRITER_LOCK).map_err(|_| TextError::Held(folder.to_owned()))?;
        let read = catch_unwind(AssertUnwindSafe(|| whole(folder, head)));
        drop(lock);
        let why = match read {
            Ok(Ok((index, payload))) => {
                let head = Head { seq: payload.seq, ..head };
                match catch_unwind(AssertUnwindSafe(|| Text::over(index, head, payload.unclean))) {
                    Ok(Ok(text)) => return Ok(text),
                    Ok(Err(error)) => error.to_string(),
                    Err(_) => "the library panicked".to_owned(),
                }
            }
            Ok(Err(why)) => why,
            Err(_) => "the library panicked".to_owned(),
        };
        tracing::warn!(folder = %folder.display(), %why, "the index of words is built anew from the store");
        fs::remove_dir_all(folder).map_err(failed)?;
        fs::create_dir_all(folder).map_err(failed)?;
        let index = tantivy::Index::create_in_dir(folder, schema().0)?;
        Text::over(index, Head { seq: 0, ..head }, false)
    }
}

/// The index in a folder, if all of it can be read and it belongs to this log.
fn whole(folder: &Path, head: Head) -> Result<(tantivy::Index, Payload), String> {
    if !folder.join("meta.json").exists() {
        return Err("there is none yet".to_owned());
    }
    let index = tantivy::Index::open_in_dir(folder).map_err(|error| error.to_string())?;
    if index.schema() != schema().0 {
        return Err("it has other fields".to_owned());
    }
    let payload = index.load_metas().map_err(|error| error.to_string())?.payload.unwrap_or_default();
    let payload: Payload = serde_json::from_str(&payload).map_err(|_| "it does not say how far it is".to_owned())?;
    if payload.format != FORMAT {
        return Err(format!("it has format {}, this program writes {FORMAT}", payload.format));
    }
    if payload.epoch != head.epoch {
        return Err("it belongs to another log".to_owned());
    }
    if payload.seq > head.seq {
        return Err(format!("it knows change {}, the log ends with {}", payload.seq, head.seq));
    }
    // A part that was cut off or damaged would only be noticed by who searches it.
    let damaged = index.validate_checksum().map_err(|error| error.to_string())?;
    match damaged.into_iter().next() {
        Some(file) => Err(format!("its file {} is damaged", file.display())),
        None => Ok((index, payload)),
    }
}
