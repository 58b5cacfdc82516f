//! The task that tells people: looks at the states of all sources, notes in the ledger what is to be said, posts what is
//! due. It never changes a state and never asks a source. Hooks and sources are read from the configuration at each look.

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

use crate::clock::Clock;
use crate::config::{Config, Live};
use crate::deliver::{Delivery, Outbox, render};
use crate::health::{Event, Health, Ledger, Message, Network, Watched};
use crate::net::Client;
use crate::pipeline::Line;
use crate::store::{Store, StoreError, row};

/// Between two looks.
pub(super) const LOOK: Duration = Duration::from_secs(5);

/// What the task holds. It is made of a line, and made again where the line is.
#[derive(Clone)]
pub struct Alarms {
    store: Store,
    client: Client,
    network: Network,
    clock: Clock,
}

impl Alarms {
    /// Of the line whose sources it looks at.
    pub fn of(line: &Line) -> Alarms {
        Alarms {
            store: line.store.clone(),
            client: line.fetcher.client(),
            network: line.fetcher.network().clone(),
            clock: line.clock.clone(),
        }
    }

    /// One look, then one try of every post that is due. Returns how many posts still wait.
    pub async fn pass(&self, config: &Config) -> Result<usize, StoreError> {
        self.look(config).await?;
        Outbox::of(self.store.clone()).post_due(&self.client, &config.webhooks, self.clock.now()).await
    }

    /// What is to be said is noted as said together with its deliveries: a crash neither repeats nor swallows it.
    async fn look(&self, config: &Config) -> Result<(), StoreError> {
        let now = self.clock.now();
        let before = self.store.alarms().await?;
        let states: HashMap<_, _> = self.store.sources().await?.into_iter().collect();
        let unknown = Health::default();
        let watched: Vec<Watched<'_>> = (config.sources.iter())
            .map(|source| {
                let health = states.get(&source.id).map_or(&unknown, |state| &state.health);
                let profile = source.profile.as_ref().map(|profile| profile.rules().name.as_str());
                let host = source.url.host_str().unwrap_or_default();
                Watched { id: source.id.as_str(), name: &source.name, host, profile, health }
            })
            .collect();
        let mut after = before.clone();
        let messages = after.look(&watched, self.network.outage().as_ref(), now);
        metrics::gauge!("depeche_alarms_open").set(after.open().count() as f64);
        if after == before {
            return Ok(());
        }
        messages.iter().for_each(log);
        let mut rows = vec![row(Ledger::KEY.to_owned(), &after)?];
        let page = format!("{}health", config.server.public_url);
        for hook in config.webhooks.iter().filter(|hook| hook.health) {
            for (order, batch) in messages.chunks(hook.batch).enumerate() {
                let id = Uuid::new_v4();
                rows.push(Delivery::new(id, hook, render(hook.format, id, &page, batch), now).row(order)?);
            }
        }
        self.store.note(rows).await
    }
}

/// The log is an exit as well, for those without a webhook.
fn log(message: &Message) {
    let (title, alarm) = (message.title().en, message.alarm.id);
    let sources = message.about.iter().map(|member| member.id.as_str()).collect::<Vec<_>>().join(" ");
    match message.event {
        Event::Recovered | Event::Left | Event::Removed => tracing::info!(%alarm, sources, "{title}"),
        Event::Raised | Event::Joined | Event::Reminder => {
            tracing::warn!(%alarm, sources, advice = message.alarm.advice.en, "{title}");
        }
    }
}

/// Looks for as long as the daemon runs. A post in hand when it stops is made again, under the same id.
pub(super) async fn watch(live: Live, line: Line) {
    let work = async {
        loop {
            if let Err(error) = Alarms::of(&line).pass(&live.get().config).await {
                tracing::error!(%error, "unable to look after alarms");
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! { () = work => {}, () = line.stop.cancelled() => {} }
}
