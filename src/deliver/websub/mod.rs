//! Our WebSub hub (W3C Recommendation of 23 January 2018): who subscribed to which feed, proven by the callback itself,
//! until when, and what each is still owed. It never shows a callback or a secret: both are what a subscriber trusts us with.

mod ask;
mod book;
mod callback;
mod ping;
mod subscription;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::net::Client;

pub use ask::{Ask, AskError, Mode};
pub use book::{Book, Caps, Full, Intent};
pub use callback::{Answer, Push, Verdict, deny, push, verify};
pub use ping::{Pings, ping};
pub use subscription::{Key, Owed, Subscription};

/// The hub, shared by the handler that takes requests and the task that acts on them.
#[derive(Clone)]
pub struct Hub {
    book: Arc<Mutex<Book>>,
    /// Rung when a request was taken.
    pub asked: Arc<Notify>,
    client: Arc<dyn Fn() -> Client + Send + Sync>,
}

impl Hub {
    /// An empty hub. `client` gives the one in force, under whose guard callbacks are asked.
    pub fn new(caps: Caps, client: impl Fn() -> Client + Send + Sync + 'static) -> Hub {
        Hub { book: Arc::new(Mutex::new(Book::new(caps))), asked: Arc::default(), client: Arc::new(client) }
    }

    /// What is known. Held for no longer than a look-up takes.
    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client in force.
    pub fn client(&self) -> Client {
        (self.client)()
    }
}
