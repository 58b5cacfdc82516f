//! Which addresses may be asked: public ones, by http or https. Everything else is refused by name of its class.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

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
    let class = match address {
        IpAddr::V4(v4) => class_v4(v4),
        IpAddr::V6(v6) => class_v6(v6),
    };
    class.map_or(Ok(()), |class| Err(Refusal::Address { address, class }))
}

fn class_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, _] = ip.octets();
    Some(match (a, b, c) {
        (0, ..) => "in 0.0.0.0/8 (this network)",
        (127, ..) => "loopback",
        (10, ..) | (192, 168, _) => "private",
        (172, 16..=31, _) => "private",
        (169, 254, _) => "link-local",
        (100, 64..=127, _) => "carrier-grade NAT",
        (192, 0, 0) => "reserved (192.0.0.0/24)",
        (192, 0, 2) | (198, 51, 100) | (203, 0, 113) => "documentation",
        (198, 18..=19, _) => "benchmarking",
        (192, 88, 99) => "6to4 relay",
        (224..=239, ..) => "multicast",
        (240..=255, ..) => "reserved or broadcast",
        _ => return None,
    })
}

fn class_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let s = ip.segments();
    Some(match s {
        [0, 0, 0, 0, 0, 0, 0, 0] => "unspecified",
        [0, 0, 0, 0, 0, 0, 0, 1] => "loopback",
        [0, 0, 0, 0, 0, 0xFFFF, ..] => "IPv4-mapped",
        [0, 0, 0, 0, 0, 0, ..] => "IPv4-compatible",
        [0x64, 0xFF9B, ..] => "NAT64",
        [0x2002, ..] => "6to4",
        [0x2001, 0, ..] => "Teredo",
        [0x2001, 0xDB8, ..] => "documentation",
        [0x100, 0, 0, 0, ..] => "discard-only",
        [0xFC00..=0xFDFF, ..] => "unique local",
        [0xFE80..=0xFEBF, ..] => "link-local",
        [0xFEC0..=0xFEFF, ..] => "site-local",
        [0xFF00..=0xFFFF, ..] => "multicast",
        [0x2000..=0x3FFF, ..] => return None,
        _ => "not global unicast",
    })
}
