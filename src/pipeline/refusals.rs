//! Which hosts want no further request in a round, by what they answered so far. It remembers nothing beyond a round.

use std::collections::HashMap;

use super::entry::{EntryError, Outcome};

/// Different pages in a row that a host refuses with 401 or 403 before it is believed to mean all of them: a single one may
/// be for members.
const BELIEVED: u32 = 3;

/// Pages that each host refused in a row.
#[derive(Default)]
pub(super) struct Refusals(HashMap<String, u32>);

impl Refusals {
    /// Takes what became of a page of `host`; answers with the host that is not to be asked again in this round.
    pub fn note(&mut self, host: &str, outcome: &Result<Outcome, EntryError>) -> Option<String> {
        match outcome {
            Ok(outcome) => {
                if outcome.is_answer() {
                    self.0.remove(host);
                }
                None
            }
            Err(EntryError::Fetch(error)) => {
                let refusing = error.refusing()?;
                let in_a_row = self.0.entry(refusing.clone()).or_default();
                *in_a_row += 1;
                (!error.may_be_of_page() || *in_a_row >= BELIEVED).then_some(refusing)
            }
            Err(_) => None,
        }
    }
}
