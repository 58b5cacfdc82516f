//! Work for whoever holds the store: done here when it is free, asked of the daemon when it is not.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;

use super::WRONG_USE;
use super::out::say;
use crate::clock::Clock;
use crate::config::{Config, StorePlace};
use crate::daemon;
use crate::desk::{self, Desk, Reply, Request};
use crate::pipeline::Step;
use crate::store::StoreError;

/// The answer, or the exit code of one that says no; what it says is on standard error by then.
pub(super) async fn ask(
    config: Config,
    request: Request,
    show: impl AsyncFnOnce(UnboundedReceiver<Step>) -> io::Result<()>,
) -> anyhow::Result<Result<Reply, u8>> {
    let (tell, steps) = unbounded_channel();
    let showing = show(steps);
    let work = async move {
        let StorePlace::Sled(folder) = config.store.clone();
        let reply = match daemon::open_store(&config).await {
            Ok(store) => {
                let stop = CancellationToken::new();
                daemon::stop_on_signal(stop.clone())?;
                let line = daemon::line(&config, store, HashMap::new(), Clock::system(), stop).await?;
                Desk::new(Arc::new(config), line, None).answer(request, tell).await
            }
            Err(held @ StoreError::Held { .. }) => {
                let Some(mut replies) = desk::forward(&folder, &request).await? else { return Err(held.into()) };
                loop {
                    match replies.recv().await {
                        Some(Reply::Step(step)) => {
                            tell.send(step).ok();
                        }
                        Some(reply) => break reply,
                        None => break Reply::Failed("the daemon ended before it answered".to_owned()),
                    }
                }
            }
            Err(error) => return Err(error.into()),
        };
        anyhow::Ok(reply)
    };
    let (reply, shown) = tokio::join!(work, showing);
    shown?;
    Ok(match reply? {
        Reply::Refused(why) => {
            say(why);
            Err(WRONG_USE)
        }
        Reply::Failed(why) => {
            say(why);
            Err(1)
        }
        reply => Ok(reply),
    })
}

/// For work without steps worth showing.
pub(super) async fn silently(mut steps: UnboundedReceiver<Step>) -> io::Result<()> {
    while steps.recv().await.is_some() {}
    Ok(())
}
