//! `/api/v1/changes`: every change exactly once, by a cursor that is good for ever. After a restore an older cursor is
//! answered from the beginning, and says so: at least once, never silently wrong.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::json;
use uuid::Uuid;

use super::super::answer::{self, Parameters, bad};
use super::super::{Problem, Shared};
use crate::query::QueryError;

/// Changes in one answer, unless `limit` says.
const USUAL: usize = 500;
/// The most that `limit` may say.
const MOST: usize = 1000;
/// How long lists and feeds are waited for, and how often they are looked at.
const PATIENCE: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(20);

pub(in crate::web) async fn changes(State(site): Shared, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let parameters = Parameters::of(&uri, &["since", "limit"]);
    if let Some(name) =
        parameters.rest.split('&').next().and_then(|pair| pair.split('=').next()).filter(|n| !n.is_empty())
    {
        let error = QueryError::Form(format!("{name:?} is no parameter here; allowed are limit and since"));
        return Err(error.into());
    }
    let limit = match parameters.get("limit")? {
        None => USUAL,
        Some(text) => text
            .parse()
            .ok()
            .filter(|n| (1..=MOST).contains(n))
            .ok_or_else(|| bad("limit", &text, "allowed are 1 to 1000"))?,
    };
    let head = site.store.head().await?;
    let (mut after, mut reset) = (0, false);
    if let Some(text) = parameters.get("since")?.filter(|text| !text.is_empty()) {
        let cursor = text
            .split_once('-')
            .and_then(|(epoch, seq)| Some((Uuid::parse_str(epoch).ok()?, seq.parse::<u64>().ok()?)));
        let (epoch, seq) = cursor
            .ok_or_else(|| bad("since", &text, "it must be the `next` of an earlier answer; leave it out to begin"))?;
        reset = epoch != head.epoch || seq > head.seq;
        after = if reset { 0 } else { seq };
    }
    // No further than lists and feeds tell of: whoever takes a cursor and then lists must not miss what lies between.
    // They are some moments behind at most, which is waited for.
    let mut waited = Duration::ZERO;
    while site.edition.version() < head.seq && waited < PATIENCE {
        tokio::time::sleep(STEP).await;
        waited += STEP;
    }
    let shown = site.edition.version().min(head.seq);
    let mut changes = site.store.changes(after, limit).await?;
    changes.retain(|change| change.seq <= shown);
    let last = changes.last().map_or(after, |change| change.seq);
    let mut body = json!({
        "changes": changes,
        "next": format!("{}-{last}", head.epoch.simple()),
        "more": last < shown,
    });
    if reset {
        body["reset"] = json!(true);
    }
    answer::json(&headers, &body)
}
