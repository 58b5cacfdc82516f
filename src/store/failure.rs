//! Whether a store can still be written. Once its engine failed to write, what it holds in memory is not known to be what
//! the disk holds: nothing more is written until the store is opened again, which compares the two. Reading goes on.

use std::io::{Error, ErrorKind};
use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use super::StoreError;

/// The failure of one open store; clones tell of the same one.
#[derive(Debug, Clone, Default)]
pub(super) struct Failure {
    why: Arc<OnceLock<String>>,
    told: CancellationToken,
}

impl Failure {
    /// From here on the store refuses every write. The first reason stays.
    pub(super) fn fail(&self, why: String) {
        if self.why.set(why).is_ok() {
            let why = self.why().unwrap_or_default();
            tracing::error!(
                why,
                "the store cannot be written any more: nothing more is stored until it is opened again"
            );
            self.told.cancel();
        }
    }

    pub(super) fn why(&self) -> Option<&str> {
        self.why.get().map(String::as_str)
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.why().map_or(Ok(()), |why| Err(StoreError::Failed(why.to_owned())))
    }

    /// What the engine answered to a write: an error of its own fails the store.
    pub(super) fn judge<T>(&self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(StoreError::Engine(why) | StoreError::Failed(why)) = &done {
            self.fail(why.clone());
            self.check()?;
        }
        done
    }

    /// Waits until the store fails, which it may never do.
    pub(super) async fn told(&self) {
        self.told.cancelled().await;
    }

    /// A write, answered with an error at once where the store failed before, or fails meanwhile: the engine may leave
    /// whoever writes then without an answer.
    pub(super) async fn guard<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        self.check()?;
        tokio::select! {
            biased;
            done = work => self.judge(done),
            () = self.told() => {
                self.check()?;
                Err(StoreError::Failed("its engine failed".to_owned()))
            }
        }
    }
}

/// What the system says when there is no more room, or no writing at all, in words. None for any other error.
pub(super) fn unwritable(error: &Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::StorageFull => Some("no space is left on its disk"),
        ErrorKind::QuotaExceeded => Some("its disk quota is used up"),
        ErrorKind::FileTooLarge => Some("a file of it may grow no further"),
        ErrorKind::ReadOnlyFilesystem => Some("its disk is read-only"),
        ErrorKind::PermissionDenied => Some("the system does not permit it"),
        _ => None,
    }
}
