//! Which addresses may be asked: public ones, by http or https. Everything else is refused by name of its class.

use std::net::IpAddr;

use url::{Host, Url};

use crate::article::not_public;

/// Why an address may not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not http or https.
    #[error("only http and https are asked")]
    Scheme,
    /// A user name or password.
    #[error("addresses with a user name or password are not asked")]
    Userinfo,
    /// No host.
    #[error("it names no host")]
    Host,
    /// A port other than 80 and 443.
    #[error("only ports 80 and 443 are asked, and this is {0}; crawl.allow_private_networks lifts that")]
    Port(u16),
    /// An address of no public host.
    #[error("{address} is {class}, no public address; crawl.allow_private_networks lifts that")]
    Address {
        /// The address.
        address: IpAddr,
        /// Its class.
        class: &'static str,
    },
}

/// Checks all of a URL but what its name resolves to.
pub(super) fn vet_url(url: &Url, lenient: bool) -> Result<(), Refusal> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refusal::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::Userinfo);
    }
    let host = url.host().ok_or(Refusal::Host)?;
    if lenient {
        return Ok(());
    }
    match url.port_or_known_default() {
        Some(80 | 443) => {}
        other => return Err(Refusal::Port(other.unwrap_or_default())),
    }
    // An address written as such never reaches the resolver, so it is checked here.
    match host {
        Host::Ipv4(address) => vet(address.into()),
        Host::Ipv6(address) => vet(address.into()),
        Host::Domain(_) => Ok(()),
    }
}

/// Checks one address.
pub fn vet(address: IpAddr) -> Result<(), Refusal> {
    not_public(address).map_or(Ok(()), |class| Err(Refusal::Address { address, class }))
}
