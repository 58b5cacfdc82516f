//! Names to vetted addresses, once: the connection goes to the very address that was checked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{NetSettings, guard};

/// Finds the addresses of a name; port 0 leaves the port to the URL.
pub type Lookup = Arc<dyn Fn(&str) -> std::io::Result<Vec<SocketAddr>> + Send + Sync>;

/// Who turns names into addresses. Whoever it is, what it answers is vetted.
#[derive(Clone, Default)]
pub enum Resolver {
    /// This machine's.
    #[default]
    System,
    /// One that tests give, to flap and to lie.
    Given(Lookup),
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Resolver::System => "System",
            Resolver::Given(_) => "Given",
        })
    }
}

impl Resolver {
    async fn lookup(self, host: &str) -> std::io::Result<Vec<SocketAddr>> {
        match self {
            Resolver::System => Ok(tokio::net::lookup_host((host, 0)).await?.collect()),
            Resolver::Given(lookup) => lookup(host),
        }
    }
}

/// A name that no address was found for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unresolved(String);

pub(super) struct Vetted {
    allow_private: bool,
    hosts: HashMap<String, SocketAddr>,
    resolver: Resolver,
}

impl Vetted {
    pub(super) fn of(settings: &NetSettings) -> Vetted {
        Vetted {
            allow_private: settings.allow_private,
            hosts: settings.hosts.clone(),
            resolver: settings.resolver.clone(),
        }
    }
}

impl Resolve for Vetted {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        if let Some(address) = self.hosts.get(&host).copied() {
            return Box::pin(async move { Ok(Box::new(std::iter::once(address)) as Addrs) });
        }
        let (allow_private, resolver) = (self.allow_private, self.resolver.clone());
        Box::pin(async move {
            let all = resolver.lookup(&host).await.map_err(|e| Unresolved(e.to_string()))?;
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
