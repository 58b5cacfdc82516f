//! Names to vetted addresses, once: the connection goes to the very address that was checked.

use std::collections::HashMap;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard;

/// A name that no address was found for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unresolved(String);

pub(super) struct Vetted {
    allow_private: bool,
    hosts: HashMap<String, SocketAddr>,
}

impl Vetted {
    pub(super) fn new(allow_private: bool, hosts: HashMap<String, SocketAddr>) -> Vetted {
        Vetted { allow_private, hosts }
    }
}

impl Resolve for Vetted {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        if let Some(address) = self.hosts.get(&host).copied() {
            return Box::pin(async move { Ok(Box::new(std::iter::once(address)) as Addrs) });
        }
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await.map_err(|e| Unresolved(e.to_string()))?;
            let all: Vec<SocketAddr> = found.collect();
            if !allow_private {
                vet_all(&all)?;
            }
            if all.is_empty() {
                return Err(Unresolved("it has no address".to_owned()).into());
            }
            Ok(Box::new(all.into_iter()) as Addrs)
        })
    }
}

/// One private address among public ones is as bad as only private ones: the client may take any.
pub(super) fn vet_all(all: &[SocketAddr]) -> Result<(), guard::Refusal> {
    all.iter().try_for_each(|address| guard::vet(address.ip()))
}
