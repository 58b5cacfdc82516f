//! The task that tells webhooks of articles: follows the log up to where the edition stands, a lane a hook, and posts what
//! its query's feed shows anew. The place in the log and the post's id are noted before each first try, so that a crash
//! loses none, and repeats one under the same id at most. A new hook is told of what comes from then on.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;

use crate::config::Live;
use crate::deliver::{Digest, Hook, Lane, Outcome, count, post};
use crate::edition::{Asked, Edition, EditionError, Event, Notice};
use crate::pipeline::Line;
use crate::store::StoreError;
use crate::web::Front;

/// Between two looks at the edition.
const LOOK: Duration = Duration::from_millis(500);
/// After a failure of the store.
const PAUSE: Duration = Duration::from_secs(5);
/// Changes that are read at once.
const CHANGES: usize = 500;

/// Works until stopped. What is in hand then is posted again after the next start, under the same id.
pub(super) async fn run(live: Live, front: Front, line: Line) {
    let work = async {
        loop {
            let (site, mut pause) = (front.get(), LOOK);
            if site.ready.load(Ordering::Acquire) {
                let desk = Teller { edition: &site.edition, line: &line };
                match desk.pass(&live.get().config.webhooks).await {
                    Ok(()) => {}
                    // The words of what came last are on their way.
                    Err(EditionError::Behind) => tracing::debug!("webhooks wait for the index of words"),
                    Err(error) => {
                        tracing::error!(%error, "unable to tell webhooks of articles; they are told later");
                        pause = PAUSE;
                    }
                }
            }
            tokio::time::sleep(pause).await;
        }
    };
    tokio::select! { () = work => {}, () = line.stop.cancelled() => {} }
}

struct Teller<'a> {
    edition: &'a Edition,
    line: &'a Line,
}

impl Teller<'_> {
    /// Brings every hook level with the edition, as far as it takes what it is told. A slow one holds up no other.
    async fn pass(&self, hooks: &[Hook]) -> Result<(), EditionError> {
        let store = &self.line.store;
        let mut lanes = BTreeMap::new();
        for (key, value) in store.ledger(Lane::PREFIX).await? {
            lanes.insert(key.clone(), Lane::read(&key, value)?);
        }
        let head = store.head().await?.seq;
        let (mut rows, mut work) = (Vec::new(), Vec::new());
        for hook in hooks {
            let Some(asked) = &hook.articles else { continue };
            match lanes.remove(&format!("{}{}", Lane::PREFIX, hook.name)) {
                // A store that was restored may end before the place that was noted.
                Some(lane) if lane.place <= head => work.push(self.tell(hook, asked, lane)),
                _ => rows.push(Lane::from(head).row(hook)?),
            }
        }
        // A hook that comes back is a new one.
        rows.extend(lanes.into_keys().map(|key| (key, None)));
        if !rows.is_empty() {
            store.note(rows).await?;
        }
        join_all(work).await.into_iter().collect()
    }

    async fn tell(&self, hook: &Hook, asked: &Asked, mut lane: Lane) -> Result<(), EditionError> {
        let page = self.edition.address("", asked);
        while lane.is_due(self.now()) {
            let (notices, until) = self.gather(&lane, asked, hook.batch).await?;
            if notices.is_empty() {
                // Nothing of what it was to be told is there any more, or nothing was for it.
                if until > lane.place {
                    lane.told(until);
                    self.note(hook, &lane).await?;
                }
                return Ok(());
            }
            let is_new = lane.post.is_none();
            let id = lane.begin(until, self.now());
            if is_new {
                self.note(hook, &lane).await?;
            }
            let body = Digest { page: &page, ui: asked.interface(), notices: &notices }.render(id, hook);
            let client = self.line.fetcher.client();
            match post(&client, hook, id, body, self.now()).await {
                Outcome::Arrived => {
                    count(hook, "delivered", 1);
                    lane.told(until);
                }
                Outcome::Gone => {
                    count(hook, "dropped", 1);
                    tracing::warn!(
                        hook = hook.name,
                        "the webhook answers 410: what waits for it is dropped; remove it from the configuration"
                    );
                    lane.told(self.edition.version());
                }
                Outcome::Failed(why, asked) => match lane.failed(hook, asked, self.now()) {
                    Some(next) => {
                        count(hook, "failed", 1);
                        tracing::warn!(hook = hook.name, delivery = %id, %next, why, "articles are not delivered, and tried again later");
                    }
                    None => {
                        count(hook, "dropped", 1);
                        tracing::error!(hook = hook.name, delivery = %id, why, "given up: the webhook took nothing for three days, and what waits for it is dropped");
                        lane.told(self.edition.version());
                    }
                },
            }
            self.note(hook, &lane).await?;
        }
        Ok(())
    }

    /// What a hook is told next, and the change up to which that goes: a batch, or what is in hand.
    async fn gather(&self, lane: &Lane, asked: &Asked, most: usize) -> Result<(Vec<Notice>, u64), EditionError> {
        let end = lane.post.as_ref().map_or(self.edition.version(), |post| post.until);
        let (mut after, mut notices, mut gone) = (lane.place, Vec::<Notice>::new(), HashSet::new());
        while after < end {
            let changes = self.line.store.changes(after, CHANGES).await?;
            let Some(last) = changes.last().map(|change| change.seq) else { break };
            for change in changes.iter().filter(|change| change.seq <= end) {
                let Some(notice) = self.edition.notice(change, asked).await? else { continue };
                // The copies of an entry that is withdrawn go with it, each with a change of its own.
                if notice.event != Event::Withdrawn || gone.insert(notice.id.clone()) {
                    notices.push(notice);
                }
                if notices.len() == most {
                    return Ok((notices, change.seq));
                }
            }
            after = last;
        }
        Ok((notices, end))
    }

    async fn note(&self, hook: &Hook, lane: &Lane) -> Result<(), StoreError> {
        self.line.store.note(vec![lane.row(hook)?]).await
    }

    fn now(&self) -> Timestamp {
        self.line.clock.now()
    }
}
