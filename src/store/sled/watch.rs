//! Watches over an open engine, whose own threads write behind its callers' backs. Where such a write fails, sled 0.34.7 may
//! leave a flush waiting for ever: whoever waits is woken up here, and the store is failed. It also closes the engine, so
//! that nobody waits for that without end, either. It never writes.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use super::Answer;
use crate::store::StoreError;
use crate::store::failure::Failure;

/// How often it looks.
const LOOK: Duration = Duration::from_millis(200);
/// Looks in a row at which a flush is in hand and none ended: after a minute the engine is given up.
const STUCK: u32 = 300;
/// How long whoever drops the last of a store waits for the engine to close.
const CLOSING: Duration = Duration::from_secs(20);

/// Flushes that were begun, and those that ended.
#[derive(Default)]
struct Pulse {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// The watch over one engine. The last one of a store is dropped after all else that holds the engine.
pub(in crate::store) struct Watch {
    failure: Failure,
    pulse: Arc<Pulse>,
    close: Sender<Sender<()>>,
}

impl Watch {
    /// Begins. The folder's lock is kept for as long as the engine is open, however long that takes to close.
    pub(in crate::store) fn over(db: sled::Db, lock: Arc<File>) -> io::Result<Watch> {
        let (failure, pulse) = (Failure::default(), Arc::<Pulse>::default());
        let (close, closing) = channel();
        let watching = (failure.clone(), Arc::clone(&pulse));
        thread::Builder::new().name("store watch".to_owned()).spawn(move || {
            let told = look(&db, &watching.0, &watching.1, &closing);
            drop(db);
            drop(lock);
            // The closer may have gone.
            told.map(|told| told.send(()).ok());
        })?;
        Ok(Watch { failure, pulse, close })
    }

    pub(in crate::store) fn failure(&self) -> &Failure {
        &self.failure
    }

    /// Brings everything to the disk. Once that failed it is not tried again.
    pub(super) fn flush(&self, db: &sled::Db) -> Answer<()> {
        self.failure.check()?;
        self.pulse.begun.fetch_add(1, Ordering::AcqRel);
        let done = db.flush().map(|_| ()).map_err(StoreError::from);
        self.pulse.ended.fetch_add(1, Ordering::AcqRel);
        self.failure.judge(done)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let (tell, told) = channel();
        if self.close.send(tell).is_ok() && told.recv_timeout(CLOSING) == Err(RecvTimeoutError::Timeout) {
            tracing::error!("the store's engine does not close; it is left behind, and the end of the process ends it");
        }
    }
}

/// Looks until it is told to close, and gives whom to tell that it is done.
fn look(db: &sled::Db, failure: &Failure, pulse: &Pulse, closing: &Receiver<Sender<()>>) -> Option<Sender<()>> {
    let (mut last, mut still) = (0, 0);
    let mut woken = false;
    loop {
        match closing.recv_timeout(LOOK) {
            Ok(told) => return Some(told),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Err(error) = db.context.global_error()
            && !woken
        {
            failure.judge::<()>(Err(error.into())).ok();
            wake(db);
            woken = true;
        }
        let ended = pulse.ended.load(Ordering::Acquire);
        still = if pulse.begun.load(Ordering::Acquire) > ended && ended == last { still + 1 } else { 0 };
        last = ended;
        if still == STUCK {
            failure.fail(format!("its engine brought nothing to the disk for {} s", (LOOK * STUCK).as_secs()));
        }
    }
}

/// Wakes whoever waits for a write that failed. sled's write of a buffer that several threads filled notes its error and
/// wakes nobody (`Log::exit_reservation`); whatever begins a write meets the error and wakes all. Asking for a tree that is
/// not there begins one, and waits for none of the locks that a flush or a transaction may hold.
fn wake(db: &sled::Db) {
    if catch_unwind(AssertUnwindSafe(|| db.open_tree("wake").is_ok())).unwrap_or(true) {
        tracing::error!("the store's engine failed, and does not say so");
    }
}
