//! A record on disk: a version byte and zstd JSON, so that fields can be added. It never guesses at a foreign version.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

const VERSION: u8 = 1;
const LEVEL: i32 = 3;

pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(value).map_err(|why| StoreError::Engine(why.to_string()))?;
    let packed = zstd::bulk::compress(&json, LEVEL).map_err(|why| StoreError::Engine(why.to_string()))?;
    let mut bytes = Vec::with_capacity(packed.len() + 1);
    bytes.push(VERSION);
    bytes.extend(packed);
    Ok(bytes)
}

pub(super) fn decode<T: DeserializeOwned>(key: &dyn std::fmt::Display, bytes: &[u8]) -> Result<T, StoreError> {
    let wrong = |why: String| StoreError::Record { key: key.to_string(), why };
    match bytes.split_first() {
        Some((&VERSION, packed)) => {
            let json = zstd::decode_all(packed).map_err(|e| wrong(e.to_string()))?;
            serde_json::from_slice(&json).map_err(|e| wrong(e.to_string()))
        }
        Some((other, _)) => Err(wrong(format!("its version is {other}, and this program reads {VERSION}"))),
        None => Err(wrong("it is empty".to_owned())),
    }
}

/// True for a record of a version that this program does not know yet: no damage, but nothing to touch.
pub(super) fn is_newer(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|version| *version > VERSION)
}
