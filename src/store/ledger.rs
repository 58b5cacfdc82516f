//! What the ledger holds, as types. It knows keys and values only; what they mean is for those who note them.

use serde::Serialize;

use super::{Store, StoreError};
use crate::health;

/// Rows of the ledger whose keys begin so hold secrets: no export has them, and a store that was restored from one lacks them.
pub const PRIVATE: &str = "private/";

/// True for a row that an export may hold.
pub(super) fn is_exported(key: &str) -> bool {
    !key.starts_with(PRIVATE)
}

/// A row of the ledger to be written, or, without a value, to be struck out.
pub type LedgerRow = (String, Option<serde_json::Value>);

/// The row that holds this under a key.
pub fn row(key: String, value: &impl Serialize) -> Result<LedgerRow, StoreError> {
    match serde_json::to_value(value) {
        Ok(value) => Ok((key, Some(value))),
        Err(why) => Err(StoreError::Record { key, why: why.to_string() }),
    }
}

impl Store {
    /// The alarms, and what was said of them.
    pub async fn alarms(&self) -> Result<health::Ledger, StoreError> {
        let rows = self.ledger(health::Ledger::KEY).await?;
        let Some((key, value)) = rows.into_iter().find(|(key, _)| key == health::Ledger::KEY) else {
            return Ok(health::Ledger::default());
        };
        serde_json::from_value(value).map_err(|why| StoreError::Record { key, why: why.to_string() })
    }
}
