//! What the ledger holds, as types. It knows keys and values only; what they mean is for those who note them.

use super::{Store, StoreError};
use crate::health;

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
